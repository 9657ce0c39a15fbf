/** str.format, format specs and the % operator (Python's "Format String Syntax" and "printf-style String Formatting"). */
import type { Budget } from '../limits';
import { exponentText, fixed, floatRepr, significant } from './floats';
import { asDouble, asInt, type Int } from './numbers';
import { repr, str } from './repr';
import { textLength, textSlice } from './text';
import { PyDict, PyFloat, PyList, PyRange, PyTuple, raise, typeName, type Value } from './values';

interface Spec {
  fill: string;
  align: string;
  sign: string;
  alternate: boolean;
  width: number;
  grouping: string;
  precision: number | null;
  kind: string;
}

const SPEC =
  /^(?:(?<fill>.)?(?<align>[<>=^]))?(?<sign>[-+ ])?(?<alternate>#)?(?<zero>0)?(?<width>\d{0,9})(?<grouping>[_,])?(?:\.(?<precision>\d{1,9}))?(?<kind>[a-zA-Z%])?$/su;

function readSpec(text: string): Spec {
  const found = SPEC.exec(text)?.groups;
  if (found === undefined) raise('ValueError', 'Invalid format specifier');
  return {
    fill: found['fill'] ?? (found['zero'] === undefined ? ' ' : '0'),
    align: found['align'] ?? (found['zero'] === undefined ? '' : '0'),
    sign: found['sign'] ?? '-',
    alternate: found['alternate'] !== undefined,
    width: Number(found['width'] || 0),
    grouping: found['grouping'] ?? '',
    precision: found['precision'] === undefined ? null : Number(found['precision']),
    kind: found['kind'] ?? '',
  };
}

/** Where the padding goes: as the spec says, else by the kind of value; a width that begins with 0 (`0`) has its own way. */
function alignOf(spec: Spec, otherwise: string, zero: string): string {
  return spec.align === '0' ? zero : spec.align || otherwise;
}

/** format(value, spec). */
export function format(value: Value, spec: string, budget: Budget): string {
  if (spec === '') return str(value, budget);
  if (typeof value === 'string') return formatText(value, readSpec(spec), budget);
  const whole = asInt(value);
  if (whole !== undefined) {
    return formatInt(whole, readSpec(spec), budget);
  }
  if (value instanceof PyFloat) return formatFloat(value.value, readSpec(spec), budget);
  raise('TypeError', `unsupported format string passed to ${typeName(value)}.__format__`);
}

function formatText(text: string, spec: Spec, budget: Budget): string {
  if (spec.kind !== '' && spec.kind !== 's') unknownCode(spec.kind, 'str');
  if (spec.sign !== '-') raise('ValueError', 'Sign not allowed in string format specifier');
  if (spec.grouping !== '') raise('ValueError', `Cannot specify '${spec.grouping}' with 's'.`);
  if (spec.align === '=') raise('ValueError', "'=' alignment not allowed in string format specifier");
  const cut = spec.precision === null ? text : textSlice(text, 0, spec.precision);
  return pad(cut, spec, alignOf(spec, '<', '<'), budget);
}

function unknownCode(kind: string, type: string): never {
  raise('ValueError', `Unknown format code '${kind}' for object of type '${type}'`);
}

function formatInt(value: Int, spec: Spec, budget: Budget): string {
  if ('eEfFgG%'.includes(spec.kind) && spec.kind !== '') return formatFloat(Number(value), spec, budget);
  if (spec.kind === 'c') return pad(String.fromCodePoint(Number(value)), spec, alignOf(spec, '<', '<'), budget);
  const base = { '': 10, d: 10, n: 10, x: 16, X: 16, o: 8, b: 2 }[spec.kind];
  if (base === undefined) unknownCode(spec.kind, 'int');
  if (spec.precision !== null) raise('ValueError', 'Precision not allowed in integer format specifier');
  const magnitude = value < 0 ? -value : value;
  let digits = magnitude.toString(base);
  if (spec.kind === 'X') digits = digits.toUpperCase();
  const prefix = spec.alternate && base !== 10 ? `0${spec.kind}` : '';
  return padNumber(value < 0, prefix, digits, '', spec, budget);
}

function formatFloat(value: number, spec: Spec, budget: Budget): string {
  const negative = value < 0 || Object.is(value, -0);
  if (!Number.isFinite(value)) {
    const name = Number.isNaN(value) ? 'nan' : 'inf';
    const word = 'EFG'.includes(spec.kind) && spec.kind !== '' ? name.toUpperCase() : name;
    return padNumber(negative, '', word, spec.kind === '%' ? '%' : '', { ...spec, grouping: '' }, budget);
  }
  if (spec.kind === '%') {
    return padNumber(negative, '', fixed(value * 100, spec.precision ?? 6), '%', spec, budget);
  }
  const text = magnitude(Math.abs(value), spec);
  return padNumber(negative, '', text, '', spec, budget);
}

function magnitude(value: number, spec: Spec): string {
  switch (spec.kind.toLowerCase()) {
    case 'f': {
      const text = fixed(value, spec.precision ?? 6);
      return spec.alternate && spec.precision === 0 ? `${text}.` : text;
    }
    case 'e': {
      const text = scientific(value, spec.precision ?? 6);
      return spec.kind === 'E' ? text.toUpperCase() : text;
    }
    case 'g':
    case 'n': {
      const text = general(value, spec.precision ?? 6, spec.alternate, false);
      return spec.kind === 'G' ? text.toUpperCase() : text;
    }
    case '':
      return spec.precision === null ? floatRepr(value) : general(value, spec.precision, spec.alternate, true);
    default:
      return unknownCode(spec.kind, 'float');
  }
}

function scientific(value: number, precision: number): string {
  const { digits, exponent } = significant(value, precision + 1);
  return `${digits[0]!}${precision === 0 ? '' : `.${digits.slice(1)}`}e${exponentText(exponent)}`;
}

/** `%g`; `asRepr` is how a precision without a letter differs: a float keeps its point. */
function general(value: number, given: number, alternate: boolean, asRepr: boolean): string {
  const precision = Math.max(1, given);
  const { exponent } = significant(value, precision);
  const trim = (text: string): string => (alternate || !text.includes('.') ? text : text.replace(/\.?0+$/, ''));
  if (exponent < -4 || exponent >= (asRepr ? Math.max(precision, 1) : precision) || (asRepr && exponent >= precision)) {
    const [mantissa, power] = scientific(value, precision - 1).split('e') as [string, string];
    return `${trim(mantissa)}e${power}`;
  }
  const text = trim(fixed(value, Math.max(0, precision - 1 - exponent)));
  return asRepr && !text.includes('.') ? `${text}.0` : text;
}

function padNumber(
  negative: boolean,
  prefix: string,
  body: string,
  suffix: string,
  spec: Spec,
  budget: Budget,
): string {
  const sign = negative ? '-' : spec.sign === '-' ? '' : spec.sign;
  const grouped = group(body, spec, sign.length + prefix.length + suffix.length) + suffix;
  const align = alignOf(spec, '>', '=');
  if (align === '=') {
    const missing = Math.max(0, spec.width - sign.length - prefix.length - grouped.length);
    budget.make(missing);
    return sign + prefix + spec.fill.repeat(missing) + grouped;
  }
  return pad(sign + prefix + grouped, spec, align, budget);
}

/** Thousands marks in the whole part, in the zeros put before it too. */
function group(body: string, spec: Spec, around: number): string {
  if (spec.grouping === '') return body;
  const size = 'xXob'.includes(spec.kind) && spec.kind !== '' ? 4 : 3;
  const [, whole, rest] = /^([0-9a-fA-F]*)(.*)$/s.exec(body) as unknown as [string, string, string];
  const split = (digits: string): string => {
    const parts: string[] = [];
    for (let end = digits.length; end > 0; end -= size) parts.unshift(digits.slice(Math.max(0, end - size), end));
    return parts.join(spec.grouping);
  };
  let digits = whole;
  if (alignOf(spec, '>', '=') === '=' && spec.fill === '0') {
    while (split(digits).length + rest.length + around < Math.min(spec.width, 4096)) digits = `0${digits}`;
  }
  return split(digits) + rest;
}

function pad(text: string, spec: Pick<Spec, 'fill' | 'width'>, align: string, budget: Budget): string {
  budget.make(text.length);
  const missing = spec.width - textLength(text);
  if (missing <= 0) return text;
  budget.make(missing);
  if (align === '<') return text + spec.fill.repeat(missing);
  if (align === '>' || align === '=') return spec.fill.repeat(missing) + text;
  const before = Math.floor(missing / 2);
  return spec.fill.repeat(before) + text + spec.fill.repeat(missing - before);
}

const PERCENT =
  /%(?:\((?<key>[^()]*)\))?(?<flags>[-+ #0]*)(?<width>\*|\d{0,9})(?:\.(?<precision>\*|\d{0,9}))?[hlL]?(?<kind>.?)/gsu;

/** text % values. */
export function percentFormat(text: string, values: Value, budget: Budget): string {
  budget.make(text.length);
  const positional = values instanceof PyTuple ? values.items : [values];
  let used = 0;
  let byName = false;
  const next = (): Value => {
    const value = positional[used];
    if (value === undefined) raise('TypeError', 'not enough arguments for format string');
    used += 1;
    return value;
  };
  const result = text.replace(PERCENT, (...match) => {
    const found = match.at(-1) as Record<string, string | undefined>;
    if (found['kind'] === '%') return '%';
    const named = found['key'] !== undefined;
    byName ||= named;
    if (named && !(values instanceof PyDict)) raise('TypeError', 'format requires a mapping');
    const width = found['width'] === '*' ? Number(asInt(next()) ?? 0) : Number(found['width'] || 0);
    const given = found['precision'];
    const precision = given === undefined ? null : given === '*' ? Number(asInt(next()) ?? 0) : Number(given || 0);
    const value = named ? mapped(values as PyDict, found['key']!, budget) : next();
    return percentPart(value, { flags: found['flags'] ?? '', width, precision, kind: found['kind'] ?? '' }, budget);
  });
  // Whatever could be indexed might have been a mapping; Python lets it pass.
  const mayBeMapping = values instanceof PyDict || values instanceof PyList || values instanceof PyRange;
  const leftOver = used < positional.length && !byName && !mayBeMapping;
  if (leftOver) raise('TypeError', 'not all arguments converted during string formatting');
  return result;
}

function mapped(values: PyDict, key: string, budget: Budget): Value {
  const value = values.get(key);
  if (value === undefined) raise('KeyError', key);
  budget.step();
  return value;
}

interface PercentPart {
  flags: string;
  width: number;
  precision: number | null;
  kind: string;
}

function percentPart(value: Value, part: PercentPart, budget: Budget): string {
  const left = part.flags.includes('-') || part.width < 0;
  const sign = part.flags.includes('+') ? '+' : part.flags.includes(' ') ? ' ' : '-';
  const zero = part.flags.includes('0') && !left;
  const spec: Spec = {
    fill: zero ? '0' : ' ',
    align: left ? '<' : zero ? '=' : '>',
    sign,
    alternate: part.flags.includes('#'),
    width: Math.abs(part.width),
    grouping: '',
    precision: part.precision,
    kind: part.kind,
  };
  switch (part.kind) {
    case 's':
    case 'r':
    case 'a': {
      const text = part.kind === 's' ? str(value, budget) : repr(value, budget);
      const cut = part.precision === null ? text : textSlice(text, 0, part.precision);
      return pad(cut, { fill: ' ', width: spec.width }, left ? '<' : '>', budget);
    }
    case 'c': {
      const character = typeof value === 'string' ? value : String.fromCodePoint(Number(asInt(value) ?? 0));
      return pad(character, { fill: ' ', width: spec.width }, left ? '<' : '>', budget);
    }
    case 'd':
    case 'i':
    case 'u':
    case 'x':
    case 'X':
    case 'o':
      return percentInt(value, spec, budget);
    case 'e':
    case 'E':
    case 'f':
    case 'F':
    case 'g':
    case 'G': {
      const number = asDouble(value);
      if (number === undefined) raise('TypeError', `must be real number, not ${typeName(value)}`);
      return formatFloat(number, spec, budget);
    }
    case '':
      raise('ValueError', 'incomplete format');
    default:
      raise('ValueError', `unsupported format character '${part.kind}'`);
  }
}

function percentInt(value: Value, spec: Spec, budget: Budget): string {
  let whole = asInt(value);
  if (whole === undefined && value instanceof PyFloat && !'xXo'.includes(spec.kind))
    whole = BigInt(Math.trunc(value.value));
  if (whole === undefined) {
    const wanted = 'xXo'.includes(spec.kind) ? 'an integer is required' : 'a real number is required';
    raise('TypeError', `%${spec.kind} format: ${wanted}, not ${typeName(value)}`);
  }
  const kind = 'iu'.includes(spec.kind) ? 'd' : spec.kind;
  const digits = spec.precision ?? 0;
  const text = formatInt(
    whole < 0 ? -whole : whole,
    { ...spec, kind, precision: null, width: 0, align: '>', sign: '-', alternate: false },
    budget,
  );
  const prefix = spec.alternate && 'xXo'.includes(kind) ? `0${kind}` : '';
  return padNumber(whole < 0, prefix, text.padStart(digits, '0'), '', spec, budget);
}
