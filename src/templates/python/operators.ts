/** Python's operators on values. */
import type { Budget } from '../limits';
import { iterate, replaceItems } from './collections';
import { contains, equals, isSame, ordered, type Order } from './compare';
import { combineSets } from './container-methods';
import { percentFormat } from './format';
import { arithmetic, asCount, asInt, bitwise, int, type Arithmetic, type Bitwise } from './numbers';
import { PyDict, PyFloat, PyList, PySet, PyTuple, PyUndefined, PyView, raise, typeName, type Value } from './values';

export type BinaryOperator = Arithmetic | Bitwise;
export type CompareOperator = Order | '==' | '!=' | 'in' | 'not in' | 'is' | 'is not';

const ARITHMETIC: ReadonlySet<string> = new Set(['+', '-', '*', '/', '//', '%', '**']);

/** left OP right. TypeError for values the operator does not know. */
export function binary(op: BinaryOperator, left: Value, right: Value, budget: Budget): Value {
  if (typeof left === 'string') {
    if (op === '%') return percentFormat(left, right, budget);
    if (op === '+' && typeof right === 'string') {
      budget.make(left.length + right.length);
      return left + right;
    }
  }
  const result = ARITHMETIC.has(op)
    ? arithmetic(op as Arithmetic, left, right, budget)
    : bitwise(op as Bitwise, left, right, budget);
  const found = result ?? onContainers(op, left, right, budget);
  if (found === undefined) unsupported(op, left, right);
  return found;
}

function unsupported(op: BinaryOperator, left: Value, right: Value): never {
  for (const side of [left, right]) if (side instanceof PyUndefined) side.refuse();
  if (op === '+' && typeof left === 'string') {
    raise('TypeError', `can only concatenate str (not "${typeName(right)}") to str`);
  }
  if (op === '+' && (left instanceof PyList || left instanceof PyTuple)) {
    raise('TypeError', `can only concatenate ${left.type} (not "${typeName(right)}") to ${left.type}`);
  }
  const shown = op === '**' ? '** or pow()' : op;
  raise('TypeError', `unsupported operand type(s) for ${shown}: '${typeName(left)}' and '${typeName(right)}'`);
}

function onContainers(op: BinaryOperator, left: Value, right: Value, budget: Budget): Value | undefined {
  if (op === '*') return repeat(left, right, budget) ?? repeat(right, left, budget);
  if (op === '+' && left instanceof PyList && right instanceof PyList) {
    budget.makeItems(left.items.length + right.items.length);
    return new PyList([...left.items, ...right.items]);
  }
  if (op === '+' && left instanceof PyTuple && right instanceof PyTuple) {
    budget.makeItems(left.items.length + right.items.length);
    return new PyTuple([...left.items, ...right.items]);
  }
  if (op === '|' && left instanceof PyDict && right instanceof PyDict) {
    const merged = new PyDict();
    budget.makeItems(left.entries.size + right.entries.size);
    for (const dict of [left, right]) for (const [key, value] of dict.entries.values()) merged.set(key, value);
    return merged;
  }
  if (op === '|' || op === '&' || op === '-' || op === '^') {
    const a = asSet(left);
    const b = left instanceof PyView && !(right instanceof PySet) ? new PySet(iterate(right, budget)) : asSet(right);
    if (a !== undefined && b !== undefined) return combineSets(op, a, b, budget);
  }
  return undefined;
}

function asSet(value: Value): PySet | undefined {
  if (value instanceof PySet) return value;
  return value instanceof PyView && value.type !== 'dict_values' ? new PySet(value.items()) : undefined;
}

function repeat(value: Value, times: Value, budget: Budget): Value | undefined {
  if (asInt(times) === undefined) return undefined;
  const count = Math.max(0, asCount(times));
  if (typeof value === 'string') {
    budget.make(value.length * count);
    return value.repeat(count);
  }
  if (!(value instanceof PyList || value instanceof PyTuple)) return undefined;
  budget.makeItems(value.items.length * count);
  const items: Value[] = [];
  for (let turn = 0; turn < count && value.items.length > 0; turn += 1)
    for (const item of value.items) items.push(item);
  return value instanceof PyList ? new PyList(items) : new PyTuple(items);
}

/** left OP= right: lists, dicts and sets are changed in place, anything else makes a new value. */
export function augmented(
  op: BinaryOperator,
  left: Value,
  right: Value,
  budget: Budget,
  toArray: (value: Value) => Value[],
): Value {
  if (op === '+' && left instanceof PyList) {
    for (const item of toArray(right)) left.items.push(item);
    return left;
  }
  if (op === '*' && left instanceof PyList) {
    const repeated = binary(op, left, right, budget) as PyList;
    replaceItems(left, repeated.items);
    return left;
  }
  return binary(op, left, right, budget);
}

/** left OP right for one link of a chain of comparisons. */
export function compare(op: CompareOperator, left: Value, right: Value, budget: Budget): boolean {
  switch (op) {
    case '==':
      return equals(left, right, budget);
    case '!=':
      return !equals(left, right, budget);
    case 'in':
      return contains(right, left, budget);
    case 'not in':
      return !contains(right, left, budget);
    case 'is':
      return isSame(left, right);
    case 'is not':
      return !isSame(left, right);
    default:
      return ordered(op, left, right, budget);
  }
}

/** -value, +value, ~value. */
export function unary(op: '-' | '+' | '~', value: Value): Value {
  const whole = asInt(value);
  if (whole !== undefined) {
    if (op === '+') return whole;
    if (op === '~') return int(-BigInt(whole) - 1n);
    return typeof whole === 'bigint' ? int(-whole) : 0 - whole;
  }
  if (value instanceof PyFloat && op !== '~') return op === '-' ? new PyFloat(-value.value) : value;
  if (value instanceof PyUndefined) value.refuse();
  raise('TypeError', `bad operand type for unary ${op}: '${typeName(value)}'`);
}
