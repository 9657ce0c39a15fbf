/** Python's numbers: ints without end (to a limit), floats that stay floats. */
import type { Budget } from '../limits';
import { INTEGER_DIGITS } from '../limits';
import { PyFloat, raise, typeName, type Value } from './values';

export type Int = number | bigint;

/** Bits of an integer of INTEGER_DIGITS decimal digits. */
const INTEGER_BITS = Math.ceil(INTEGER_DIGITS * Math.log2(10));
const LARGEST = 10n ** BigInt(INTEGER_DIGITS);

/** A small integer as a number, any other as a bigint, so that equal integers are equal values. */
export function int(value: bigint): Int {
  if (value >= -9007199254740991n && value <= 9007199254740991n) return Number(value);
  if (value > LARGEST || value < -LARGEST) raise('OverflowError', `integers may have at most ${INTEGER_DIGITS} digits`);
  return value;
}

/** The value as an integer (True is 1), or undefined for what is none. */
export function asInt(value: Value): Int | undefined {
  if (typeof value === 'number' || typeof value === 'bigint') return value;
  return typeof value === 'boolean' ? Number(value) : undefined;
}

/** The value as a double, or undefined for what is no number. */
export function asDouble(value: Value): number | undefined {
  if (value instanceof PyFloat) return value.value;
  const whole = asInt(value);
  return whole === undefined ? undefined : Number(whole);
}

export function isNumber(value: Value): boolean {
  return asInt(value) !== undefined || value instanceof PyFloat;
}

/** An index or a count: an integer in the safe range; `what` begins the TypeError for anything else. */
export function asIndex(value: Value, what: string): number {
  const whole = asInt(value);
  if (whole === undefined) raise('TypeError', `${what} must be integers or slices, not ${typeName(value)}`);
  if (typeof whole === 'bigint') return whole > 0n ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER;
  return whole;
}

/** An int argument of a function. */
export function asCount(value: Value): number {
  const whole = asInt(value);
  if (whole === undefined) raise('TypeError', `'${typeName(value)}' object cannot be interpreted as an integer`);
  return typeof whole === 'bigint' ? (whole > 0n ? Number.MAX_SAFE_INTEGER : -Number.MAX_SAFE_INTEGER) : whole;
}

function bitLength(value: Int): number {
  const size = typeof value === 'bigint' ? (value < 0n ? -value : value).toString(16).length * 4 : 53;
  return size;
}

export type Arithmetic = '+' | '-' | '*' | '/' | '//' | '%' | '**';
export type Bitwise = '<<' | '>>' | '&' | '|' | '^';

/** left OP right for two numbers; undefined when one of them is none. */
export function arithmetic(op: Arithmetic, left: Value, right: Value, budget: Budget): Value | undefined {
  const a = asInt(left);
  const b = asInt(right);
  if (a !== undefined && b !== undefined) return integers(op, a, b, budget);
  const x = asDouble(left);
  const y = asDouble(right);
  if (x === undefined || y === undefined) return undefined;
  return new PyFloat(doubles(op, x, y));
}

function integers(op: Arithmetic, a: Int, b: Int, budget: Budget): Value {
  if (op === '/') {
    if (Number(b) === 0) raise('ZeroDivisionError', 'division by zero');
    return new PyFloat(Number(a) / Number(b));
  }
  if (op === '**') return power(a, b, budget);
  if ((op === '//' || op === '%') && (b === 0 || b === 0n)) {
    raise('ZeroDivisionError', op === '%' ? 'integer modulo by zero' : 'integer division or modulo by zero');
  }
  if (typeof a === 'number' && typeof b === 'number') {
    const quick = small(op, a, b);
    if (Number.isSafeInteger(quick)) return quick === 0 ? 0 : quick;
  }
  budget.make((bitLength(a) + bitLength(b)) / 8);
  return int(big(op, BigInt(a), BigInt(b)));
}

function small(op: Arithmetic, a: number, b: number): number {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//':
      return Math.floor(a / b);
    default: {
      const rest = a % b;
      return rest !== 0 && rest < 0 !== b < 0 ? rest + b : rest;
    }
  }
}

function big(op: Arithmetic, a: bigint, b: bigint): bigint {
  switch (op) {
    case '+':
      return a + b;
    case '-':
      return a - b;
    case '*':
      return a * b;
    case '//': {
      const whole = a / b;
      return a % b !== 0n && a < 0n !== b < 0n ? whole - 1n : whole;
    }
    default: {
      const rest = a % b;
      return rest !== 0n && rest < 0n !== b < 0n ? rest + b : rest;
    }
  }
}

function power(a: Int, b: Int, budget: Budget): Value {
  if (b < 0) {
    if (a === 0) raise('ZeroDivisionError', '0.0 cannot be raised to a negative power');
    return new PyFloat(Number(a) ** Number(b));
  }
  if (a === 0 || a === 1 || b === 0) return b === 0 ? 1 : a;
  if (a === -1) return BigInt(b) % 2n === 0n ? 1 : -1;
  const bits = bitLength(typeof a === 'number' ? BigInt(a) : a) * Number(b);
  if (bits > INTEGER_BITS + 64) raise('OverflowError', `integers may have at most ${INTEGER_DIGITS} digits`);
  budget.make(bits / 8);
  return int(BigInt(a) ** BigInt(b));
}

function doubles(op: Arithmetic, x: number, y: number): number {
  switch (op) {
    case '+':
      return x + y;
    case '-':
      return x - y;
    case '*':
      return x * y;
    case '/':
      if (y === 0) raise('ZeroDivisionError', 'float division by zero');
      return x / y;
    case '**': {
      if (x === 0 && y < 0) raise('ZeroDivisionError', '0.0 cannot be raised to a negative power');
      const result = x ** y;
      if (!Number.isFinite(result) && Number.isFinite(x) && Number.isFinite(y)) {
        if (Number.isNaN(result)) raise('ValueError', 'complex numbers are not supported');
        raise('OverflowError', "(34, 'Numerical result out of range')");
      }
      return result;
    }
    default:
      return floored(op, x, y);
  }
}

function floored(op: '//' | '%', x: number, y: number): number {
  if (y === 0) raise('ZeroDivisionError', op === '%' ? 'float modulo' : 'float floor division by zero');
  let rest = x % y;
  if (rest !== 0 && rest < 0 !== y < 0) rest += y;
  if (op === '%') return rest === 0 ? (y < 0 || Object.is(y, -0) ? -0 : 0) : rest;
  const whole = (x - rest) / y;
  const floor = Math.floor(whole);
  return whole - floor > 0.5 ? floor + 1 : floor;
}

/** left OP right on integers; undefined when one is none. Two bools give a bool for & | ^. */
export function bitwise(op: Bitwise, left: Value, right: Value, budget: Budget): Value | undefined {
  const a = asInt(left);
  const b = asInt(right);
  if (a === undefined || b === undefined) return undefined;
  if (op === '<<' || op === '>>') return shift(op, a, b, budget);
  const x = BigInt(a);
  const y = BigInt(b);
  budget.make((bitLength(a) + bitLength(b)) / 8);
  const result = op === '&' ? x & y : op === '|' ? x | y : x ^ y;
  return typeof left === 'boolean' && typeof right === 'boolean' ? result !== 0n : int(result);
}

function shift(op: '<<' | '>>', a: Int, b: Int, budget: Budget): Value {
  if (b < 0) raise('ValueError', 'negative shift count');
  const bits = Number(b);
  if (op === '>>') return int(BigInt(a) >> BigInt(Math.min(bits, INTEGER_BITS * 2)));
  if (a === 0) return 0;
  if (bits + bitLength(typeof a === 'number' ? BigInt(a) : a) > INTEGER_BITS + 64) {
    raise('OverflowError', `integers may have at most ${INTEGER_DIGITS} digits`);
  }
  budget.make(bits / 8);
  return int(BigInt(a) << BigInt(bits));
}
