/** Every bound of the codec and the dispatcher. A request or an answer beyond one of them is a fault, never a crash. */
export const LIMITS = {
  /** Bytes of one request, after gzip is undone. The largest honest ones are whole logs and templates of a few MiB. */
  bodyBytes: 64 * 1024 * 1024,
  /** Arrays and structs inside one another, both ways. Cobbler's deepest answer has 6 levels. */
  depth: 200,
  /** Entries of one array. */
  arrayLength: 1_000_000,
  /** Members of one struct. */
  structMembers: 100_000,
  /** Values in one document: bounds the time a document of small values can take (about half a second). */
  values: 2_000_000,
  /** UTF-16 units of a member name: template_files has paths for keys. */
  nameLength: 4096,
  /** UTF-16 units of a method name. */
  methodNameLength: 255,
  /** UTF-16 units of one tag, attributes included. */
  tagLength: 4096,
  /** Digits of a number: reading digits takes quadratic time. Python has the same bound. */
  numberLength: 4300,
  /** Calls in one system.multicall. */
  multicallEntries: 1000,
  /** UTF-16 units of the answers of one system.multicall: it is in memory as a whole, and anybody may ask. */
  multicallAnswer: 64 * 1024 * 1024,
} as const;

/** The shape of LIMITS, for callers that want other numbers. */
export type Limits = { readonly [K in keyof typeof LIMITS]: number };
