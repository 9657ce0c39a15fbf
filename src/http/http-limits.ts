/** Every bound of the HTTP listener. Times in milliseconds. */
export const HTTP_LIMITS = {
  /** Open connections; more are closed as they come. A fleet of thousands talks in short bursts. */
  connections: 4096,
  /** From connecting to the end of the headers. Installers send at once; whoever says nothing is cut off. */
  headersMs: 10_000,
  /** From connecting to the end of the body: 64 MiB at 2 Mbit/s. */
  requestMs: 300_000,
  /** How often the two above are looked at. */
  checkEveryMs: 2_000,
  /** A connection without a request in hand. */
  keepAliveMs: 30_000,
  /** TLS handshake. */
  handshakeMs: 10_000,
  /** Bytes of the request line and all headers. */
  headerBytes: 16 * 1024,
  /** Requests on one connection before it is closed, so that none lives for ever. */
  requestsPerConnection: 10_000,
  /** Bodies in hand, all requests together: beyond it callers are asked to try again. */
  bodyBytesInHand: 256 * 1024 * 1024,
  /** Of a body that is refused, how much is read and thrown away so that its sender gets to read the answer. */
  drainBytes: 256 * 1024 * 1024,
  /** How long that may take. */
  drainMs: 60_000,
  /** A connection on which nothing moves, whatever it waits for: longer than any call takes. */
  deadMs: 900_000,
  /** A reader that takes nothing of its answer for that long is cut off. */
  stalledReaderMs: 60_000,
  /** Answers above that many bytes are compressed for those who accept it: the number of Python's XML-RPC server. */
  gzipFrom: 1400,
  /** zlib level: XML shrinks to a tenth at any level, and 1 costs the least. */
  gzipLevel: 1,
  /** Requests in hand when the server stops. */
  stopMs: 10_000,
} as const;

/** The shape of HTTP_LIMITS, for callers that want other numbers. */
export type HttpLimits = { readonly [K in keyof typeof HTTP_LIMITS]: number };
