/** Equality, order and membership. */
import type { Budget } from '../limits';
import { asDouble, asInt } from './numbers';
import { repr } from './repr';
import {
  keyOf,
  PyDict,
  PyError,
  PyException,
  PyFloat,
  PyIterator,
  PyList,
  PyRange,
  PySet,
  PyTuple,
  PyUndefined,
  PyView,
  raise,
  typeName,
  type Value,
} from './values';

/** left == right. */
export function equals(left: Value, right: Value, budget: Budget, depth = 0): boolean {
  if (typeof left === 'string' && typeof right === 'string') {
    budget.make(left.length === right.length ? left.length : 0);
    return left === right;
  }
  if (left === right) return true;
  budget.step();
  if (depth > 200) raise('RecursionError', 'maximum recursion depth exceeded in comparison');
  if (left instanceof PyUndefined || right instanceof PyUndefined) {
    for (const side of [left, right]) if (side instanceof PyUndefined) side.look();
    return typeName(left) === typeName(right);
  }
  const x = asNumber(left);
  const y = asNumber(right);
  // JavaScript's loose == compares a bigint with a number by value.
  // eslint-disable-next-line eqeqeq
  if (x !== undefined && y !== undefined) return x == y;
  const same = (a: readonly Value[], b: readonly Value[]): boolean =>
    a.length === b.length && a.every((item, at) => equals(item, b[at]!, budget, depth + 1));
  if (left instanceof PyList && right instanceof PyList) return same(left.items, right.items);
  if (left instanceof PyTuple && right instanceof PyTuple) return same(left.items, right.items);
  if (left instanceof PyDict && right instanceof PyDict) {
    if (left.entries.size !== right.entries.size) return false;
    for (const [key, [, value]] of left.entries) {
      const other = right.entries.get(key);
      if (other === undefined || !equals(value, other[1], budget, depth + 1)) return false;
    }
    return true;
  }
  if (isSetLike(left) && isSetLike(right)) {
    if (left instanceof PyView && right instanceof PyView && left.type === 'dict_items' && right.type === left.type) {
      return equals(left.dict, right.dict, budget, depth + 1);
    }
    budget.makeItems(setSize(left) + setSize(right));
    const a = setKeys(left)!;
    const b = setKeys(right)!;
    return a.size === b.size && [...a].every((key) => b.has(key));
  }
  if (left instanceof PyRange && right instanceof PyRange) {
    const size = left.length;
    return (
      size === right.length && (size === 0 || (left.start === right.start && (size === 1 || left.step === right.step)))
    );
  }
  return false;
}

function asNumber(value: Value): number | bigint | undefined {
  return value instanceof PyFloat ? value.value : asInt(value);
}

function setSize(value: PySet | PyView): number {
  return value instanceof PySet ? value.entries.size : value.dict.entries.size;
}

function isSetLike(value: Value): value is PySet | PyView {
  return value instanceof PySet || (value instanceof PyView && value.type !== 'dict_values');
}

/** The keys of what behaves as a set. */
export function setKeys(value: Value): Set<unknown> | undefined {
  if (value instanceof PySet) return new Set(value.entries.keys());
  if (value instanceof PyView && value.type === 'dict_keys') return new Set(value.dict.entries.keys());
  if (value instanceof PyView && value.type === 'dict_items') return new Set(value.items().map(keyOf));
  return undefined;
}

export type Order = '<' | '<=' | '>' | '>=';

/** left OP right. TypeError for values that have no order. */
export function ordered(op: Order, left: Value, right: Value, budget: Budget): boolean {
  const x = asNumber(left);
  const y = asNumber(right);
  if (x !== undefined && y !== undefined) return decide(op, x < y, x > y, x >= y && x <= y);
  if (typeof left === 'string' && typeof right === 'string') {
    budget.make(left.length + right.length);
    const way = compareText(left, right);
    return decide(op, way < 0, way > 0, way === 0);
  }
  const lists =
    (left instanceof PyList && right instanceof PyList) || (left instanceof PyTuple && right instanceof PyTuple);
  if (lists) return orderedItems(op, left.items, right.items, budget);
  if (isSetLike(left) && isSetLike(right)) {
    budget.makeItems(setSize(left) + setSize(right));
    const a = setKeys(left)!;
    const b = setKeys(right)!;
    const within = (one: Set<unknown>, other: Set<unknown>): boolean => [...one].every((key) => other.has(key));
    if (op === '<=') return within(a, b);
    if (op === '>=') return within(b, a);
    return op === '<' ? a.size < b.size && within(a, b) : b.size < a.size && within(b, a);
  }
  for (const side of [left, right]) if (side instanceof PyUndefined) side.refuse();
  raise('TypeError', `'${op}' not supported between instances of '${typeName(left)}' and '${typeName(right)}'`);
}

function decide(op: Order, less: boolean, greater: boolean, same: boolean): boolean {
  if (op === '<') return less;
  if (op === '>') return greater;
  return op === '<=' ? less || same : greater || same;
}

function orderedItems(op: Order, left: readonly Value[], right: readonly Value[], budget: Budget): boolean {
  const shared = Math.min(left.length, right.length);
  for (let at = 0; at < shared; at += 1) {
    if (!equals(left[at]!, right[at]!, budget)) return ordered(op, left[at]!, right[at]!, budget);
  }
  return decide(op, left.length < right.length, left.length > right.length, left.length === right.length);
}

/** By code point, as Python does; UTF-16 order differs above U+FFFF. */
export function compareText(left: string, right: string): number {
  if (left === right) return 0;
  if (!/[\ud800-\udfff]/.test(left) && !/[\ud800-\udfff]/.test(right)) return left < right ? -1 : 1;
  const a = [...left];
  const b = [...right];
  for (let at = 0; at < Math.min(a.length, b.length); at += 1) {
    const way = a[at]!.codePointAt(0)! - b[at]!.codePointAt(0)!;
    if (way !== 0) return way;
  }
  return a.length - b.length;
}

/** item in container. */
export function contains(container: Value, item: Value, budget: Budget): boolean {
  if (typeof container === 'string') {
    if (typeof item !== 'string') {
      raise('TypeError', `'in <string>' requires string as left operand, not ${typeName(item)}`);
    }
    budget.make(container.length);
    return container.includes(item);
  }
  if (container instanceof PyDict || container instanceof PySet) return container.entries.has(keyOf(item));
  if (container instanceof PyView && container.type === 'dict_keys') return container.dict.entries.has(keyOf(item));
  if (container instanceof PyRange) {
    const whole = asDouble(item);
    if (whole === undefined || !Number.isInteger(whole)) return false;
    const offset = (whole - container.start) / container.step;
    return Number.isInteger(offset) && offset >= 0 && offset < container.length;
  }
  if (container instanceof PyList || container instanceof PyTuple) {
    return container.items.some((entry) => equals(entry, item, budget));
  }
  if (container instanceof PyView) {
    budget.makeItems(container.dict.entries.size);
    return container.items().some((entry) => equals(entry, item, budget));
  }
  if (container instanceof PyIterator) {
    for (let next = container.iterator.next(); next.done !== true; next = container.iterator.next()) {
      if (equals(next.value, item, budget)) return true;
    }
    return false;
  }
  if (container instanceof PyUndefined) {
    container.look();
    return false;
  }
  raise('TypeError', `argument of type '${typeName(container)}' is not iterable`);
}

/** left is right: the same object; small values are the same when they are equal. */
export function isSame(left: Value, right: Value): boolean {
  if (left instanceof PyTuple && right instanceof PyTuple) return left.items.length === 0 && right.items.length === 0;
  return left === right;
}

/** A KeyError for a key that a dict does not have. */
export function keyError(key: Value, budget: Budget): never {
  throw new PyError(new PyException('KeyError', [key]), repr(key, budget));
}
