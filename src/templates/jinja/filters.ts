/** Jinja2's filters: `value|name(arguments)`. Those of lists are in list-filters.ts. */
import { bind, countArgument, textArgument } from '../python/arguments';
import { BUILTINS } from '../python/builtins';
import { length } from '../python/collections';
import { percentFormat } from '../python/format';
import { toJson } from '../python/json';
import { asInt, isNumber } from '../python/numbers';
import { str } from '../python/repr';
import { callValue } from '../python/sorting';
import { STR_METHODS } from '../python/str-methods';
import { strip, textLength, textSlice } from '../python/text';
import {
  isTrue,
  NO_KEYWORDS,
  PyDict,
  PyError,
  PyFloat,
  PyTuple,
  PyUndefined,
  raise,
  type Keywords,
  type Value,
} from '../python/values';
import { getAttribute } from '../python/attributes';
import { LIST_FILTERS } from './list-filters';
import type { JinjaScope } from './scope';

/** `args` are the arguments by position, in the order of the filter's `names`. */
export type Filter = {
  names: readonly string[];
  required?: number;
  run: (value: Value, args: readonly (Value | undefined)[], scope: JinjaScope) => Value;
};

const text = (value: Value, scope: JinjaScope): string => str(value, scope.budget);

/** The text, for something that makes up to `times` as much of it. */
function counted(value: string, times: number, scope: JinjaScope): string {
  scope.budget.make(value.length * times);
  return value;
}

function onText(method: string): Filter {
  return {
    names: [],
    run: (value, _, scope) => STR_METHODS.get(method)!(text(value, scope), [], NO_KEYWORDS, scope.budget),
  };
}

const defaulting: Filter = {
  names: ['default_value', 'boolean'],
  run: (value, [otherwise = '', alsoFalse = false]) =>
    value instanceof PyUndefined || (isTrue(alsoFalse) && !isTrue(value)) ? otherwise : value,
};

const counting: Filter = { names: [], run: (value) => length(value) };

const escaping: Filter = {
  names: [],
  run: (value, _, scope) =>
    counted(text(value, scope), 5, scope)
      .replaceAll('&', '&amp;')
      .replaceAll('<', '&lt;')
      .replaceAll('>', '&gt;')
      .replaceAll("'", '&#39;')
      .replaceAll('"', '&#34;'),
};

function indent(value: string, width: Value, first: boolean, blank: boolean, scope: JinjaScope): string {
  const prefix = typeof width === 'string' ? width : ' '.repeat(Math.min(Math.max(0, Number(asInt(width) ?? 4)), 1000));
  const lines = value.split('\n');
  scope.budget.make(lines.length * prefix.length);
  return lines
    .map((line, at) => (at === 0 ? (first ? prefix : '') : line !== '' || blank ? prefix : '') + line)
    .join('\n');
}

function truncate(value: string, size: number, kill: boolean, end: string, leeway: number): string {
  if (textLength(value) <= size + leeway) return value;
  const cut = textSlice(value, 0, Math.max(0, size - textLength(end)));
  if (kill) return cut + end;
  const space = cut.lastIndexOf(' ');
  return (space < 0 ? cut : cut.slice(0, space)) + end;
}

function toNumber(name: 'int' | 'float'): Filter {
  return {
    names: ['default', ...(name === 'int' ? ['base'] : [])],
    run: (value, [otherwise = name === 'int' ? 0 : new PyFloat(0), base], scope) => {
      const type = BUILTINS.get(name)!;
      const attempt = (given: Value, more: readonly Value[]): Value | undefined => {
        try {
          return callValue(type, [given, ...more], scope.budget);
        } catch (error) {
          if (error instanceof PyError) return undefined;
          throw error;
        }
      };
      const isText = typeof value === 'string';
      const found = attempt(value, isText && base !== undefined ? [base] : []);
      if (found !== undefined) return found;
      // '3.7'|int is 3.
      const float = name === 'int' && isText ? callFloat(value, scope) : undefined;
      const whole = float === undefined ? undefined : attempt(float, []);
      return whole === undefined ? otherwise : whole;
    },
  };
}

function callFloat(value: Value, scope: JinjaScope): Value | undefined {
  try {
    return callValue(BUILTINS.get('float')!, [value], scope.budget);
  } catch (error) {
    if (error instanceof PyError) return undefined;
    throw error;
  }
}

function round(value: Value, precision: number, method: string, scope: JinjaScope): Value {
  if (!isNumber(value)) raise('TypeError', 'round() takes a number');
  if (method === 'common') return callValue(BUILTINS.get('round')!, [value, precision], scope.budget);
  const factor = 10 ** precision;
  const double = value instanceof PyFloat ? value.value : Number(asInt(value));
  const whole =
    method === 'ceil' ? Math.ceil(double * factor) : method === 'floor' ? Math.floor(double * factor) : null;
  if (whole === null) raise('ValueError', 'method must be common, ceil or floor');
  return new PyFloat(whole / factor);
}

function urlencode(value: Value, scope: JinjaScope): string {
  const quote = (part: Value): string =>
    encodeURIComponent(counted(text(part, scope), 9, scope)).replace(
      /[!'()*]/g,
      (mark) => `%${mark.charCodeAt(0).toString(16).toUpperCase()}`,
    );
  if (!(value instanceof PyDict)) return quote(value).replaceAll('%2F', '/');
  return Array.from(value.entries.values(), ([key, item]) => `${quote(key)}=${quote(item)}`).join('&');
}

/** As Jinja2 writes JSON: safe inside HTML, keys in order. */
function json(value: Value, indentation: Value, scope: JinjaScope): string {
  const keywords = new Map<string, Value>([
    ['sort_keys', true],
    ['indent', indentation],
  ]);
  return toJson(value, keywords, scope.budget)
    .replaceAll('<', '\\u003c')
    .replaceAll('>', '\\u003e')
    .replaceAll('&', '\\u0026')
    .replaceAll("'", '\\u0027');
}

const FILTERS: ReadonlyMap<string, Filter> = new Map<string, Filter>([
  ...LIST_FILTERS,
  ['default', defaulting],
  ['d', defaulting],
  ['upper', onText('upper')],
  ['lower', onText('lower')],
  ['capitalize', onText('capitalize')],
  [
    'title',
    {
      names: [],
      run: (value, _, scope) =>
        counted(text(value, scope), 2, scope).replace(/[^-\s([{<]+/gu, (word) => {
          const [first = ''] = word;
          return first.toUpperCase() + word.slice(first.length).toLowerCase();
        }),
    },
  ],
  [
    'trim',
    {
      names: ['chars'],
      run: (value, [chars], scope) =>
        strip(counted(text(value, scope), 1, scope), chars == null ? null : textArgument(chars, 'chars'), 'both'),
    },
  ],
  [
    'replace',
    {
      names: ['old', 'new', 'count'],
      required: 2,
      run: (value, [old, by, count], scope) => {
        const most = count == null ? -1 : countArgument(count, -1);
        const parts = [text(old!, scope), text(by!, scope), most];
        return STR_METHODS.get('replace')!(text(value, scope), parts, NO_KEYWORDS, scope.budget);
      },
    },
  ],
  ['length', counting],
  ['count', counting],
  ['string', { names: [], run: (value, _, scope) => text(value, scope) }],
  ['safe', { names: [], run: (value) => value }],
  ['escape', escaping],
  ['e', escaping],
  ['forceescape', escaping],
  ['int', toNumber('int')],
  ['float', toNumber('float')],
  ['abs', { names: [], run: (value, _, scope) => callValue(BUILTINS.get('abs')!, [value], scope.budget) }],
  [
    'round',
    {
      names: ['precision', 'method'],
      run: (value, [precision, method = 'common'], scope) =>
        round(value, countArgument(precision, 0), textArgument(method, 'method'), scope),
    },
  ],
  [
    'indent',
    {
      names: ['width', 'first', 'blank'],
      run: (value, [width = 4, first = false, blank = false], scope) =>
        indent(counted(text(value, scope), 1, scope), width, isTrue(first), isTrue(blank), scope),
    },
  ],
  [
    'truncate',
    {
      names: ['length', 'killwords', 'end', 'leeway'],
      run: (value, [size, kill = false, end = '...', leeway], scope) =>
        truncate(
          counted(text(value, scope), 1, scope),
          countArgument(size, 255),
          isTrue(kill),
          text(end, scope),
          leeway == null ? 5 : countArgument(leeway, 5),
        ),
    },
  ],
  [
    'center',
    {
      names: ['width'],
      run: (value, [width], scope) =>
        STR_METHODS.get('center')!(text(value, scope), [countArgument(width, 80)], NO_KEYWORDS, scope.budget),
    },
  ],
  [
    'wordcount',
    {
      names: [],
      run: (value, _, scope) => (counted(text(value, scope), 4, scope).match(/[\p{L}\p{N}_]+/gu) ?? []).length,
    },
  ],
  ['urlencode', { names: [], run: (value, _, scope) => urlencode(value, scope) }],
  ['tojson', { names: ['indent'], run: (value, [indentation], scope) => json(value, indentation ?? null, scope) }],
  [
    'attr',
    {
      names: ['name'],
      required: 1,
      run: (value, [name], scope) => {
        const found = getAttribute(value, text(name!, scope));
        return found === undefined ? scope.undefined(`there is no attribute '${text(name!, scope)}'`) : found;
      },
    },
  ],
]);

/** The filtered value. TypeError for a filter that is not known. */
export function applyFilter(
  name: string,
  value: Value,
  args: readonly Value[],
  keywords: Keywords,
  scope: JinjaScope,
): Value {
  scope.budget.step();
  if (name === 'format') return format(value, args, keywords, scope);
  const filter = FILTERS.get(name);
  if (filter === undefined) raise('TypeError', `there is no filter '${name}'`);
  return filter.run(value, bind(name, filter.names, filter.required ?? 0, args, keywords), scope);
}

function format(value: Value, args: readonly Value[], keywords: Keywords, scope: JinjaScope): Value {
  if (keywords.size === 0) return percentFormat(text(value, scope), new PyTuple(args), scope.budget);
  const dict = new PyDict();
  for (const [key, item] of keywords) dict.set(key, item);
  return percentFormat(text(value, scope), dict, scope.budget);
}

/** Whether there is a filter of that name. */
export function hasFilter(name: string): boolean {
  return name === 'format' || FILTERS.has(name);
}
