/** The braces of str.format and of f-strings: `{0.name[key]!r:>{width}}`. */
import type { Budget } from '../limits';
import { getItem } from './collections';
import { format } from './format';
import { repr, str } from './repr';
import { raise, type Keywords, type Value } from './values';

type GetAttribute = (object: Value, name: string) => Value;

interface Fields {
  args: readonly Value[];
  keywords: Keywords | ((name: string) => Value | undefined);
  attribute: GetAttribute;
  budget: Budget;
  /** Number of the next `{}`. */
  next: number;
}

/** text.format(*args, **keywords); `attribute` is how `{0.name}` looks a name up. */
export function braceFormat(
  text: string,
  args: readonly Value[],
  keywords: Keywords,
  attribute: GetAttribute,
  budget: Budget,
): string {
  return expand(text, { args, keywords, attribute, budget, next: 0 }, 0);
}

function expand(text: string, fields: Fields, depth: number): string {
  if (depth > 2) raise('ValueError', 'Max string recursion exceeded');
  let result = '';
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if ((character === '{' || character === '}') && text[at + 1] === character) {
      result += character;
      at += 2;
    } else if (character === '}') {
      raise('ValueError', "Single '}' encountered in format string");
    } else if (character === '{') {
      const end = closing(text, at);
      const made = field(text.slice(at + 1, end), fields, depth);
      fields.budget.make(made.length);
      result += made;
      at = end + 1;
    } else {
      result += character;
      at += 1;
    }
    fields.budget.step();
  }
  return result;
}

function closing(text: string, open: number): number {
  let depth = 0;
  for (let at = open; at < text.length; at += 1) {
    if (text[at] === '{') depth += 1;
    else if (text[at] === '}') {
      depth -= 1;
      if (depth === 0) return at;
    }
  }
  raise('ValueError', "expected '}' before end of string");
}

const FIELD = /^(?<name>[^!:[]*(?:\[[^\]]*\][^!:[]*)*)(?:!(?<conversion>[^:]*))?(?::(?<spec>.*))?$/s;

function field(text: string, fields: Fields, depth: number): string {
  const found = FIELD.exec(text)?.groups;
  if (found === undefined) raise('ValueError', 'invalid format field');
  const value = lookUp(found['name']!, fields);
  const spec = expand(found['spec'] ?? '', fields, depth + 1);
  return format(convert(value, found['conversion'], fields.budget), spec, fields.budget);
}

/** `!r`, `!s`, `!a` of a replacement field. */
export function convert(value: Value, conversion: string | undefined, budget: Budget): Value {
  if (conversion === undefined) return value;
  if (conversion === 'r' || conversion === 'a') return repr(value, budget);
  if (conversion === 's') return str(value, budget);
  raise('ValueError', `Unknown conversion specifier ${conversion}`);
}

function lookUp(path: string, fields: Fields): Value {
  const [, first, rest] = /^([^.[]*)(.*)$/s.exec(path) as unknown as [string, string, string];
  let value = first === '' || /^\d+$/.test(first) ? positional(first, fields) : byName(first, fields);
  for (const [, attribute, index] of rest.matchAll(/\.([^.[]+)|\[([^\]]*)\]/g)) {
    if (attribute !== undefined) value = fields.attribute(value, attribute);
    else value = getItem(value, /^\d+$/.test(index!) ? Number(index) : index!, fields.budget);
  }
  return value;
}

function positional(text: string, fields: Fields): Value {
  const at = text === '' ? fields.next : Number(text);
  if (text === '') fields.next += 1;
  const value = fields.args[at];
  if (value === undefined) raise('IndexError', `Replacement index ${at} out of range for positional args tuple`);
  return value;
}

function byName(name: string, fields: Fields): Value {
  const value = typeof fields.keywords === 'function' ? fields.keywords(name) : fields.keywords.get(name);
  if (value === undefined) raise('KeyError', name);
  return value;
}
