/** The built-in functions and types templates may use. */
import type { Budget } from '../limits';
import { bind, countArgument, textArgument } from './arguments';
import { attribute, getAttribute } from './attributes';
import { iterate, length, toArray } from './collections';
import { reversed, updateDict } from './container-methods';
import { EXCEPTION_TYPES } from './exceptions';
import { roundFloat } from './floats';
import { format } from './format';
import { arithmetic, asCount, asDouble, asInt, int } from './numbers';
import { binary } from './operators';
import { repr, str } from './repr';
import { callValue, extreme, sort } from './sorting';
import { strip } from './text';
import {
  firstOf,
  isTrue,
  PyDict,
  PyException,
  PyFloat,
  PyFunction,
  PyIterator,
  PyList,
  PyRange,
  PySet,
  PySlice,
  PyTuple,
  PyType,
  raise,
  typeName,
  type Call,
  type Keywords,
  type Value,
} from './values';
import { isKindOf } from './exceptions';

function toInt(args: readonly Value[], keywords: Keywords): Value {
  const [value = 0, given] = bind('int', ['x', 'base'], 0, args, keywords);
  if (typeof value === 'string') return parseInt_(value, given === undefined ? 10 : asCount(given));
  if (given !== undefined) raise('TypeError', "int() can't convert non-string with explicit base");
  if (value instanceof PyFloat) {
    if (Number.isNaN(value.value)) raise('ValueError', 'cannot convert float NaN to integer');
    if (!Number.isFinite(value.value)) raise('OverflowError', 'cannot convert float infinity to integer');
    return int(BigInt(Math.trunc(value.value)));
  }
  const whole = asInt(value);
  if (whole === undefined) {
    raise(
      'TypeError',
      `int() argument must be a string, a bytes-like object or a real number, not '${typeName(value)}'`,
    );
  }
  return whole;
}

/** Digits of a number that is not decimal. */
const MOST_DIGITS_OF_BASE = 200;
const DIGITS = '0123456789abcdefghijklmnopqrstuvwxyz';

function parseInt_(text: string, base: number): Value {
  const bad = (): never => raise('ValueError', `invalid literal for int() with base ${base}: ${quoted(text)}`);
  if (base !== 0 && (base < 2 || base > 36)) raise('ValueError', 'int() base must be >= 2 and <= 36, or 0');
  const found = /^([+-]?)(0[xXoObB])?_?([0-9a-zA-Z]+(?:_[0-9a-zA-Z]+)*)$/.exec(strip(text, null, 'both'));
  if (found === null || text.length > 5000) return bad();
  const [, sign, prefix, body] = found as unknown as [string, string, string | undefined, string];
  const named = prefix === undefined ? undefined : { x: 16, o: 8, b: 2 }[prefix[1]!.toLowerCase()];
  let digits = body.replaceAll('_', '').toLowerCase();
  let radix = base === 0 ? (named ?? 10) : base;
  if (prefix !== undefined && named !== radix) {
    digits = `${prefix.toLowerCase()}${digits}`;
    if (base === 0) radix = 10;
  }
  if (base === 0 && prefix === undefined && /^0\d*[1-9]/.test(digits)) return bad();
  if (radix === 10) {
    if (!/^\d+$/.test(digits)) return bad();
    return int(BigInt(sign + digits));
  }
  if (digits.length > MOST_DIGITS_OF_BASE)
    raise('ValueError', `at most ${MOST_DIGITS_OF_BASE} digits of another base are read`);
  let value = 0n;
  for (const digit of digits) {
    const worth = DIGITS.indexOf(digit);
    if (worth < 0 || worth >= radix) return bad();
    value = value * BigInt(radix) + BigInt(worth);
  }
  return int(sign === '-' ? -value : value);
}

function quoted(text: string): string {
  return text.includes("'") ? `"${text}"` : `'${text}'`;
}

function toFloat(args: readonly Value[], keywords: Keywords): Value {
  const [value = 0] = bind('float', ['x'], 0, args, keywords);
  if (typeof value === 'string') {
    const text = strip(value, null, 'both').toLowerCase();
    const special = /^([+-]?)(inf|infinity|nan)$/.exec(text);
    if (special !== null) return new PyFloat(special[2] === 'nan' ? NaN : special[1] === '-' ? -Infinity : Infinity);
    if (text.length > 2000 || !/^[+-]?(\d[\d_]*\.?(\d[\d_]*)?|\.\d[\d_]*)(e[+-]?\d+)?$/.test(text)) {
      raise('ValueError', `could not convert string to float: ${quoted(value)}`);
    }
    return new PyFloat(Number(text.replaceAll('_', '')));
  }
  const double = asDouble(value);
  if (double === undefined)
    raise('TypeError', `float() argument must be a string or a real number, not '${typeName(value)}'`);
  return new PyFloat(double);
}

function range(args: readonly Value[]): Value {
  if (args.length < 1 || args.length > 3) raise('TypeError', `range expected at least 1 argument, got ${args.length}`);
  const [first, second, third] = args.map(asCount);
  const step = third ?? 1;
  if (step === 0) raise('ValueError', 'range() arg 3 must not be zero');
  return second === undefined ? new PyRange(0, first!, 1) : new PyRange(first!, second, step);
}

function round(args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [value, digits] = bind('round', ['number', 'ndigits'], 1, args, keywords);
  const places = digits === undefined || digits === null ? null : asCount(digits);
  budget.make(Math.min(Math.abs(places ?? 0), 400) * 4);
  if (value instanceof PyFloat) {
    if (places !== null) return new PyFloat(roundFloat(value.value, places));
    return toInt([new PyFloat(roundFloat(value.value, 0))], new Map());
  }
  const whole = asInt(value!);
  if (whole === undefined) raise('TypeError', `type ${typeName(value!)} doesn't define __round__ method`);
  if (places === null || places >= 0) return whole;
  if (places < -400) return 0;
  const unit = 10n ** BigInt(-places);
  const twice = arithmetic('%', whole, int(unit), budget)!;
  const rest = BigInt(asInt(twice)!);
  const low = BigInt(whole) - rest;
  const up = rest * 2n > unit || (rest * 2n === unit && (low / unit) % 2n !== 0n);
  return int(up ? low + unit : low);
}

function sum(args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [items, start = 0] = bind('sum', ['iterable', 'start'], 1, args, keywords);
  if (typeof start === 'string') raise('TypeError', "sum() can't sum strings [use ''.join(seq) instead]");
  let total: Value = start;
  for (const item of iterate(items!, budget)) total = binary('+', total, item, budget);
  return total;
}

function best(op: '<' | '>', name: string): Call {
  return (args, keywords, budget) => {
    const [key, otherwise] = bind(name, ['key', 'default'], 0, [], keywords);
    if (args.length === 0) raise('TypeError', `${name} expected at least 1 argument, got 0`);
    const items = args.length === 1 ? toArray(args[0]!, budget) : args;
    const found = firstOf(extreme(op, items, key ?? null, budget), otherwise);
    if (found === undefined) raise('ValueError', `${name}() arg is an empty sequence`);
    return found;
  };
}

function isinstance(args: readonly Value[]): Value {
  const [value, wanted] = bind('isinstance', ['object', 'class'], 2, args, new Map());
  const types = wanted instanceof PyTuple ? wanted.items : [wanted!];
  return types.some((type) => {
    if (!(type instanceof PyType))
      raise('TypeError', 'isinstance() arg 2 must be a type, a tuple of types, or a union');
    if (type.name === 'object') return true;
    if (value instanceof PyException) return isKindOf(value.type, type.name);
    return typeName(value!) === type.name || (typeof value === 'boolean' && type.name === 'int');
  });
}

function* zip(lists: readonly Value[], budget: Budget): Generator<Value, void> {
  const iterators = lists.map((list) => iterate(list, budget));
  if (iterators.length === 0) return;
  for (;;) {
    const row: Value[] = [];
    for (const iterator of iterators) {
      const next = iterator.next();
      if (next.done === true) return;
      row.push(next.value);
    }
    yield new PyTuple(row);
  }
}

function* enumerate(items: Value, start: number, budget: Budget): Generator<Value, void> {
  let at = start;
  for (const item of iterate(items, budget)) {
    yield new PyTuple([at, item]);
    at += 1;
  }
}

function* map(callee: Value, lists: readonly Value[], budget: Budget): Generator<Value, void> {
  for (const row of zip(lists, budget)) yield callValue(callee, (row as PyTuple).items, budget);
}

function* filter(callee: Value, items: Value, budget: Budget): Generator<Value, void> {
  for (const item of iterate(items, budget)) {
    if (isTrue(callee === null ? item : callValue(callee, [item], budget))) yield item;
  }
}

function collect(args: readonly Value[], budget: Budget): Value[] {
  if (args.length > 1) raise('TypeError', `expected at most 1 argument, got ${args.length}`);
  return args[0] === undefined ? [] : toArray(args[0], budget);
}

function based(name: string, base: number, prefix: string): [string, Call] {
  return [
    name,
    (args) => {
      const whole = asInt(args[0] ?? null);
      if (whole === undefined)
        raise('TypeError', `'${typeName(args[0] ?? null)}' object cannot be interpreted as an integer`);
      return `${whole < 0 ? '-' : ''}${prefix}${(whole < 0 ? -whole : whole).toString(base)}`;
    },
  ];
}

function divmod(args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [a, b] = bind('divmod', ['x', 'y'], 2, args, keywords);
  return new PyTuple([binary('//', a!, b!, budget), binary('%', a!, b!, budget)]);
}

function abs(args: readonly Value[], keywords: Keywords): Value {
  const [value] = bind('abs', ['x'], 1, args, keywords);
  if (value instanceof PyFloat) return new PyFloat(Math.abs(value.value));
  const whole = asInt(value!);
  if (whole === undefined) raise('TypeError', `bad operand type for abs(): '${typeName(value!)}'`);
  return whole < 0 ? -whole : whole;
}

function next(args: readonly Value[]): Value {
  const [from, otherwise] = args;
  if (!(from instanceof PyIterator)) raise('TypeError', `'${typeName(from ?? null)}' object is not an iterator`);
  const found = from.iterator.next();
  if (found.done !== true) return found.value;
  if (otherwise === undefined) raise('StopIteration', '');
  return otherwise;
}

const FUNCTIONS: [string, Call][] = [
  ['abs', abs],
  ['all', (args, _, budget) => [...iterate(args[0] ?? null, budget)].every(isTrue)],
  ['any', (args, _, budget) => [...iterate(args[0] ?? null, budget)].some(isTrue)],
  based('bin', 2, '0b'),
  ['callable', (args) => args[0] instanceof PyFunction || args[0] instanceof PyType],
  ['chr', (args) => character(args[0] ?? null)],
  ['divmod', divmod],
  [
    'format',
    (args, _, budget) =>
      format(args[0] ?? null, args[1] === undefined ? '' : textArgument(args[1], 'format() argument 2'), budget),
  ],
  ['getattr', (args) => dynamicAttribute(args)],
  ['hasattr', (args) => getAttribute(args[0] ?? null, textArgument(args[1], 'attribute name')) !== undefined],
  based('hex', 16, '0x'),
  ['isinstance', isinstance],
  ['iter', (args, _, budget) => new PyIterator('iterator', iterate(args[0] ?? null, budget))],
  ['len', (args, keywords) => length(bind('len', ['obj'], 1, args, keywords)[0]!)],
  ['max', best('>', 'max')],
  ['min', best('<', 'min')],
  ['next', next],
  based('oct', 8, '0o'),
  ['ord', (args) => ordinal(args[0] ?? null)],
  ['pow', (args, _, budget) => binary('**', args[0] ?? null, args[1] ?? null, budget)],
  ['repr', (args, keywords, budget) => repr(bind('repr', ['obj'], 1, args, keywords)[0]!, budget)],
  ['round', round],
  [
    'sorted',
    (args, keywords, budget) => {
      const [key, reverse] = bind('sorted', ['key', 'reverse'], 0, [], keywords);
      return new PyList(sort(toArray(args[0] ?? null, budget), key ?? null, reverse ?? false, budget));
    },
  ],
  ['sum', sum],
];

function character(value: Value): string {
  const code = asCount(value);
  if (code < 0 || code > 0x10ffff) raise('ValueError', 'chr() arg not in range(0x110000)');
  return String.fromCodePoint(code);
}

function ordinal(value: Value): number {
  if (typeof value !== 'string' || value.length > 2 || [...value].length !== 1)
    raise('TypeError', 'ord() expected a character');
  return value.codePointAt(0)!;
}

function dynamicAttribute(args: readonly Value[]): Value {
  const [object, name, otherwise] = bind('getattr', ['object', 'name', 'default'], 2, args, new Map());
  const wanted = textArgument(name, 'attribute name');
  return otherwise === undefined ? attribute(object!, wanted) : firstOf(getAttribute(object!, wanted), otherwise)!;
}

const TYPES: [string, Call][] = [
  ['bool', (args) => isTrue(args[0] ?? false)],
  [
    'dict',
    (args, keywords, budget) => {
      const dict = new PyDict();
      updateDict(dict, args[0], keywords, budget);
      return dict;
    },
  ],
  [
    'enumerate',
    (args, keywords, budget) => {
      const [items, start] = bind('enumerate', ['iterable', 'start'], 1, args, keywords);
      return new PyIterator('enumerate', enumerate(items!, countArgument(start, 0), budget));
    },
  ],
  ['filter', (args, _, budget) => new PyIterator('filter', filter(args[0] ?? null, args[1] ?? null, budget))],
  ['float', toFloat],
  ['frozenset', (args, _, budget) => new PySet(collect(args, budget), true)],
  ['int', toInt],
  ['list', (args, _, budget) => new PyList(collect(args, budget))],
  ['map', (args, _, budget) => new PyIterator('map', map(args[0] ?? null, args.slice(1), budget))],
  ['object', () => raise('TypeError', 'object() is not supported')],
  ['range', range],
  ['reversed', (args, keywords, budget) => reversed(bind('reversed', ['sequence'], 1, args, keywords)[0]!, budget)],
  ['set', (args, _, budget) => new PySet(collect(args, budget))],
  [
    'slice',
    (args) =>
      args.length < 2 ? new PySlice(null, args[0] ?? null, null) : new PySlice(args[0]!, args[1]!, args[2] ?? null),
  ],
  ['str', (args, _, budget) => (args.length === 0 ? '' : str(args[0]!, budget))],
  ['type', (args) => typeOf(args[0] ?? null)],
  ['tuple', (args, _, budget) => new PyTuple(collect(args, budget))],
  ['zip', (args, _, budget) => new PyIterator('zip', zip(args, budget))],
];

/** type(value): only good for its name and for comparing with the built-in types. */
function typeOf(value: Value): Value {
  return firstOf(
    BUILTINS.get(typeName(value)),
    new PyType(typeName(value), () => raise('TypeError', 'this type cannot be called')),
  )!;
}

/** Names of Python's built-ins that templates cannot have here, so that `$id` fails as it does under Cheetah. */
const REFUSED = [
  ...['ascii', 'breakpoint', 'compile', 'delattr', 'dir', 'eval', 'exec', 'exit', 'globals', 'hash', 'help', 'id'],
  ...['input', 'issubclass', 'locals', 'open', 'print', 'quit', 'setattr', 'vars', '__import__'],
];

function refused(name: string): [string, Value] {
  return [
    name,
    new PyFunction(name, () =>
      raise('TypeError', `${name}() cannot be used in a template; for the text $${name} write \\$${name}`),
    ),
  ];
}

/** Name → value. */
export const BUILTINS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ...FUNCTIONS.map(([name, call]): [string, Value] => [name, new PyFunction(name, call)]),
  ...TYPES.map(([name, call]): [string, Value] => [name, new PyType(name, call)]),
  ...REFUSED.map(refused),
  ['True', true],
  ['False', false],
  ['None', null],
  ...EXCEPTION_TYPES.filter(([name]) => name !== 'NotFound'),
]);
