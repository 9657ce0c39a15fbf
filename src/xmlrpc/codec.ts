/** The XML-RPC codec: documents to values and back. */
export { parseCall, parseResponse, type ParsedCall, type ParsedResponse } from './parse';
export { escapeText, makeFragment, serializeCall, serializeFault, serializeResponse, type Document } from './serialize';
