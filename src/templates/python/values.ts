/**
 * Python's values as templates see them. None is null, str a string, bool a boolean, int a safe integer `number` or else
 * a `bigint`; all others are objects of the classes below, which hold nothing of JavaScript's own: attributes and methods
 * are looked up in tables (methods.ts), never on the object.
 */
import type { Budget } from '../limits';

export type Value =
  | null
  | boolean
  | number
  | bigint
  | string
  | PyFloat
  | PyList
  | PyTuple
  | PyDict
  | PySet
  | PyRange
  | PyView
  | PyIterator
  | PySlice
  | PyFunction
  | PyType
  | PyException
  | PyNamespace
  | PyUndefined;

export class PyFloat {
  readonly type = 'float';
  constructor(readonly value: number) {}
}

export class PyList {
  readonly type = 'list';
  constructor(readonly items: Value[]) {}
}

export class PyTuple {
  readonly type = 'tuple';
  constructor(readonly items: readonly Value[]) {}
}

/** What a value is found under in dicts and sets: equal values, equal keys (1, 1.0 and True are one). */
export type Key = string | number | bigint | null | object;

export class PyDict {
  readonly type = 'dict';
  readonly entries = new Map<Key, readonly [key: Value, value: Value]>();

  get(key: Value): Value | undefined {
    return this.entries.get(keyOf(key))?.[1];
  }

  /** The first of two equal keys stays, as in Python. */
  set(key: Value, value: Value): void {
    const found = keyOf(key);
    const before = this.entries.get(found);
    this.entries.set(found, [before === undefined ? key : before[0], value]);
  }

  keys(): Value[] {
    return Array.from(this.entries.values(), ([key]) => key);
  }

  values(): Value[] {
    return Array.from(this.entries.values(), ([, value]) => value);
  }

  items(): Value[] {
    return Array.from(this.entries.values(), ([key, value]) => new PyTuple([key, value]));
  }
}

/** Iterates in the order of insertion; Python's own order depends on the hash and may differ from run to run. */
export class PySet {
  readonly type: 'set' | 'frozenset';
  readonly entries = new Map<Key, Value>();

  constructor(items: Iterable<Value> = [], frozen = false) {
    this.type = frozen ? 'frozenset' : 'set';
    for (const item of items) this.add(item);
  }

  add(item: Value): void {
    const key = keyOf(item);
    if (!this.entries.has(key)) this.entries.set(key, item);
  }
}

export class PyRange {
  readonly type = 'range';
  constructor(
    readonly start: number,
    readonly stop: number,
    readonly step: number,
  ) {}

  get length(): number {
    return Math.max(0, Math.ceil((this.stop - this.start) / this.step));
  }
}

/** `dict.keys()`, `.values()`, `.items()`: shows the dict as it is at any time. */
export class PyView {
  constructor(
    readonly dict: PyDict,
    readonly type: 'dict_keys' | 'dict_values' | 'dict_items',
  ) {}

  items(): Value[] {
    if (this.type === 'dict_keys') return this.dict.keys();
    return this.type === 'dict_values' ? this.dict.values() : this.dict.items();
  }
}

/** Something that can be gone through once: a generator expression, `enumerate`, `zip`, `reversed`, `map`, `filter`. */
export class PyIterator {
  constructor(
    readonly type: string,
    readonly iterator: Iterator<Value, unknown>,
  ) {}
}

export class PySlice {
  readonly type = 'slice';
  constructor(
    readonly start: Value,
    readonly stop: Value,
    readonly step: Value,
  ) {}
}

export type Keywords = ReadonlyMap<string, Value>;
export type Call = (args: readonly Value[], keywords: Keywords, budget: Budget) => Value;

/** A function or a bound method: NameMapper calls it by itself when its name is all that is written. */
export class PyFunction {
  constructor(
    readonly name: string,
    readonly call: Call,
    readonly type: 'function' | 'method' | 'builtin_function_or_method' = 'builtin_function_or_method',
    readonly attributes?: ReadonlyMap<string, Value>,
  ) {}
}

/** A class such as `str` or `ValueError`: can be called, is never called by itself. */
export class PyType {
  readonly type = 'type';
  constructor(
    readonly name: string,
    readonly call: Call,
  ) {}
}

export class PyException {
  readonly type: string;
  constructor(
    type: string,
    readonly args: readonly Value[],
  ) {
    this.type = type;
  }
}

/** A named set of attributes: a module, or the template itself (`$self`). */
export class PyNamespace {
  constructor(
    readonly type: string,
    readonly name: string,
    readonly attributes: Map<string, Value>,
  ) {}
}

/** Jinja2's value of what is not there: empty wherever it is only looked at, an error in everything else. */
export class PyUndefined {
  readonly type = 'Undefined';
  constructor(
    readonly sentence: string,
    /** An error already when it is looked at. */
    readonly isStrict: boolean,
  ) {}

  /** It is printed, gone through or taken for true or false. */
  look(): void {
    if (this.isStrict) this.refuse();
  }

  refuse(): never {
    raise('UndefinedError', this.sentence);
  }
}

export const NO_KEYWORDS: Keywords = new Map();

/** Python's error, on its way to an `#except` or to the person who wrote the template. */
export class PyError extends Error {
  readonly value: PyException;

  constructor(value: PyException, message: string) {
    super(message);
    this.name = 'PyError';
    this.value = value;
  }
}

/** The first that is there; None is. */
export function firstOf(...found: readonly (Value | undefined)[]): Value | undefined {
  return found.find((value) => value !== undefined);
}

/** Throws Python's `type(message)`. */
export function raise(type: string, message: string): never {
  throw new PyError(new PyException(type, [message]), message);
}

/** The name of the value's class, as `type(value).__name__` gives it. */
export function typeName(value: Value): string {
  switch (typeof value) {
    case 'boolean':
      return 'bool';
    case 'number':
    case 'bigint':
      return 'int';
    case 'string':
      return 'str';
    default:
      return value === null ? 'NoneType' : value.type;
  }
}

/** Throws TypeError for what cannot be a key. */
export function keyOf(value: Value): Key {
  switch (typeof value) {
    case 'string':
    case 'number':
    case 'bigint':
      return value;
    case 'boolean':
      return value ? 1 : 0;
    default:
      break;
  }
  if (value === null) return null;
  if (value instanceof PyFloat)
    return Number.isSafeInteger(value.value) || !Number.isInteger(value.value) ? value.value : BigInt(value.value);
  if (value instanceof PyTuple) {
    return `\u0000tuple ${joinKeys(value.items.map(keyOf))}`;
  }
  if (value instanceof PySet && value.type === 'frozenset') {
    return `\u0000frozenset ${joinKeys([...value.entries.keys()], true)}`;
  }
  if (value instanceof PyList || value instanceof PyDict || value instanceof PySet || value instanceof PySlice) {
    raise('TypeError', `unhashable type: '${value.type}'`);
  }
  return value;
}

const objectIds = new WeakMap<object, number>();
let lastObjectId = 0;

/** Items of a tuple, and characters of an item, in a key; real keys are pairs of names. */
const MOST_KEY_ITEMS = 100;
const MOST_KEY_CHARACTERS = 10_000;

function joinKeys(keys: readonly Key[], isSorted = false): string {
  if (keys.length > MOST_KEY_ITEMS) raise('ValueError', `a tuple of more than ${MOST_KEY_ITEMS} items cannot be a key`);
  const parts = keys.map(tagged);
  if (parts.some((part) => part.length > MOST_KEY_CHARACTERS)) raise('ValueError', 'a tuple that long cannot be a key');
  return JSON.stringify(isSorted ? parts.sort() : parts);
}

function tagged(key: Key): string {
  if (typeof key !== 'object' || key === null) return `${typeof key}:${String(key)}`;
  let id = objectIds.get(key);
  if (id === undefined) {
    lastObjectId += 1;
    id = lastObjectId;
    objectIds.set(key, id);
  }
  return `object:${id}`;
}

/** Whether the value counts as true. */
export function isTrue(value: Value): boolean {
  switch (typeof value) {
    case 'boolean':
      return value;
    case 'number':
      return value !== 0;
    case 'bigint':
      return value !== 0n;
    case 'string':
      return value !== '';
    default:
      break;
  }
  if (value === null) return false;
  if (value instanceof PyFloat) return value.value !== 0;
  if (value instanceof PyList || value instanceof PyTuple) return value.items.length > 0;
  if (value instanceof PyDict || value instanceof PySet) return value.entries.size > 0;
  if (value instanceof PyView) return value.dict.entries.size > 0;
  if (value instanceof PyRange) return value.length > 0;
  if (!(value instanceof PyUndefined)) return true;
  value.look();
  return false;
}
