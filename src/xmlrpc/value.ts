/** A floating-point number on the wire, so that 1.0 stays `<double>`; plain numbers are `<int>`. */
export class Double {
  constructor(readonly value: number) {}
}

/**
 * A dateTime.iso8601 as its wall-clock text: `YYYYMMDDTHH:MM:SS`. XML-RPC carries no zone, so none is invented; one that
 * the sender wrote all the same (`Z`, `+0100`, `+01:00`) is kept behind the seconds.
 */
export class DateTime {
  constructor(readonly text: string) {}
}

/** Already serialised `<value>…</value>`, for answers put together from cached pieces: see `makeFragment` in codec.ts. */
export class Fragment {
  constructor(readonly xml: string) {}
}

/** A struct. Made without Object's prototype, so that `__proto__` is a key like any other. */
export interface Struct {
  [key: string]: XmlRpcValue;
}

/**
 * Anything XML-RPC can carry. `number` is `<int>` (or `<i8>` in requests, when exact); bigint only from an inexact
 * `<i8>`. A number with a fraction leaves as `<double>`, a whole one beyond 32 bits is a fault: wrap it in `Double`.
 */
export type XmlRpcValue =
  null | boolean | number | bigint | string | Double | DateTime | Fragment | Uint8Array | XmlRpcValue[] | Struct;

/**
 * Objects of this class inherit from an empty object without a prototype: no `__proto__` setter, no `toString` to
 * shadow, and (unlike `Object.create(null)`) V8 keeps their fields in fast mode.
 */
const Bare = function () {} as unknown as new () => Struct;
Object.defineProperty(Bare, 'prototype', { value: Object.freeze(Object.create(null)) });

/** An empty struct, or one with these entries. */
export function struct(entries?: Record<string, XmlRpcValue>): Struct {
  const made = new Bare();
  return entries === undefined ? made : Object.assign(made, entries);
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
