/** A floating-point number on the wire, so that 1.0 stays `<double>`; plain numbers are `<int>`. */
export class Double {
  constructor(readonly value: number) {}
}

/** A dateTime.iso8601 as its wall-clock text (`YYYYMMDDTHH:MM:SS`): XML-RPC carries no zone, so none is invented. */
export class DateTime {
  constructor(readonly text: string) {}
}

/** Already serialised `<value>…</value>`, for answers put together from cached pieces. */
export class Fragment {
  constructor(readonly xml: string) {}
}

/** A struct. Made without a prototype, so that `__proto__` is a key like any other. */
export interface Struct {
  [key: string]: XmlRpcValue;
}

/** Anything XML-RPC can carry. `number` is `<int>` (or `<i8>` in requests, when exact); bigint only from an inexact `<i8>`. */
export type XmlRpcValue =
  null | boolean | number | bigint | string | Double | DateTime | Fragment | Uint8Array | XmlRpcValue[] | Struct;

/** An empty struct without a prototype. */
export function struct(entries: Record<string, XmlRpcValue> = {}): Struct {
  return Object.assign(Object.create(null) as Struct, entries);
}

/** True for a struct, false for arrays, scalars and the wrapper classes. */
export function isStruct(value: XmlRpcValue | undefined): value is Struct {
  return (
    typeof value === 'object' &&
    value !== null &&
    !Array.isArray(value) &&
    !(value instanceof Uint8Array) &&
    !(value instanceof Double) &&
    !(value instanceof DateTime) &&
    !(value instanceof Fragment)
  );
}
