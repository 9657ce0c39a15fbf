import xmlrpc from 'xmlrpc';

/** What the XML-RPC client hands over and takes. */
export type WireValue = null | boolean | number | string | Date | Buffer | WireDouble | WireValue[] | WireStruct;
/** A struct on the wire. */
export interface WireStruct {
  [key: string]: WireValue;
}

/** A number that leaves as `<double>`; whole ones would leave as `<int>`, which ends at 2^31. */
export class WireDouble extends xmlrpc.CustomType {
  override tagName = 'double';
}

/** Seconds since 1970 as the API takes them. */
export function toWireSeconds(at: number): WireDouble {
  return new WireDouble((at / 1000).toFixed(3));
}

/** True for a struct, false for everything else. */
export function isWireStruct(value: WireValue | undefined): value is WireStruct {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Date) &&
    !Buffer.isBuffer(value) &&
    !(value instanceof WireDouble)
  );
}

/** An answer as JSON: the same keys, and null where the API says `~` for unknown. */
export function toJson(value: WireValue): unknown {
  if (value === '~') return null;
  if (Array.isArray(value)) return value.map(toJson);
  if (isWireStruct(value)) return Object.fromEntries(Object.entries(value).map(([key, each]) => [key, toJson(each)]));
  if (Buffer.isBuffer(value)) return value.toString('base64');
  return value;
}

/** Python's escapes inside the quotes of a fault text. */
const ESCAPES: Record<string, string> = { n: '\n', r: '\r', t: '\t', '\\': '\\', "'": "'", '"': '"' };

/** The sentence inside a fault text: `<class '…'>:'sentence'` without the wrapping. */
export function faultSentence(faultString: string): string {
  const detail = /^<(?:class|type) '[^']*'>:(.*)$/s.exec(faultString)?.[1] ?? faultString;
  const quoted = /^(['"])(.*)\1$/s.exec(detail)?.[2];
  if (quoted === undefined) return detail;
  return quoted.replace(/\\(x[0-9a-f]{2}|u[0-9a-f]{4}|U[0-9a-f]{8}|.)/gs, (_, code: string) =>
    code.length === 1 ? (ESCAPES[code] ?? code) : String.fromCodePoint(parseInt(code.slice(1), 16)),
  );
}
