/** Jinja2's filters of lists and mappings. */
import { asCount } from '../python/numbers';
import { countArgument, textArgument } from '../python/arguments';
import { toArray } from '../python/collections';
import { equals } from '../python/compare';
import { binary } from '../python/operators';
import { str } from '../python/repr';
import { extreme, sort } from '../python/sorting';
import {
  isTrue,
  keyOf,
  PyDict,
  PyFunction,
  PyIterator,
  PyList,
  PyTuple,
  PyUndefined,
  raise,
  type Key,
  type Value,
} from '../python/values';
import { applyFilter, hasFilter, type Filter } from './filters';
import { applyTest } from './tests';
import type { JinjaScope } from './scope';

const items = (value: Value, scope: JinjaScope): Value[] => toArray(value, scope.budget);

/** The item's attribute by a path such as `name` or `network.0.ip`; the item itself without one. */
function pick(item: Value, path: Value | undefined, scope: JinjaScope, otherwise?: Value): Value {
  if (path === undefined || path === null) return item;
  const names = typeof path === 'string' ? path.split('.') : [path];
  let value = item;
  for (const name of names) {
    value = scope.item(value, typeof name === 'string' && /^\d+$/.test(name) ? Number(name) : name);
    if (value instanceof PyUndefined && otherwise !== undefined) return otherwise;
  }
  return value;
}

/** Texts of different case count as one unless asked. */
function folded(value: Value, isSensitive: Value | undefined): Value {
  return typeof value === 'string' && !isTrue(isSensitive ?? false) ? value.toLowerCase() : value;
}

function keyFunction(scope: JinjaScope, path: Value | undefined, isSensitive: Value | undefined): Value {
  const paths = typeof path === 'string' ? path.split(',') : [path];
  return new PyFunction('key', ([item]) => {
    const keys = paths.map((one) => folded(pick(item!, one, scope), isSensitive));
    return keys.length === 1 ? keys[0]! : new PyList(keys);
  });
}

function best(op: '<' | '>'): Filter {
  return {
    names: ['case_sensitive', 'attribute'],
    run: (value, [isSensitive, path], scope) => {
      const key = keyFunction(scope, path, isSensitive);
      const found = extreme(op, items(value, scope), key, scope.budget);
      return found === undefined ? scope.undefined('No aggregated item, sequence was empty.') : found;
    },
  };
}

function join(value: Value, separator: string, path: Value | undefined, scope: JinjaScope): string {
  const texts = items(value, scope).map((item) => str(pick(item, path, scope), scope.budget));
  scope.budget.make(texts.reduce((size, text) => size + text.length + separator.length, 0));
  return texts.join(separator);
}

function unique(value: Value, isSensitive: Value | undefined, path: Value | undefined, scope: JinjaScope): Value {
  const seen = new Set<Key>();
  const kept = items(value, scope).filter((item) => {
    const key = keyOf(folded(pick(item, path, scope), isSensitive));
    if (seen.has(key)) return false;
    seen.add(key);
    return true;
  });
  return generator(kept);
}

/** Jinja2 gives an iterator where a list would do; it shows when it is printed. */
function generator(values: readonly Value[]): PyIterator {
  return new PyIterator('generator', values.values());
}

/** `map('upper')`, `map(attribute='name')`. */
const MAP: Filter = {
  names: ['#filter', '#1', '#2', '#3', 'attribute', 'default'],
  run: (value, [name, first, second, third, path, otherwise], scope) => {
    // Whatever is empty or 0 has nothing to go through.
    if (!isTrue(value)) return generator([]);
    if (path !== undefined) return generator(items(value, scope).map((item) => pick(item, path, scope, otherwise)));
    const filter = textArgument(name, 'the name of a filter');
    if (!hasFilter(filter)) raise('TypeError', `there is no filter '${filter}'`);
    const args = [first, second, third].filter((arg) => arg !== undefined);
    return generator(items(value, scope).map((item) => applyFilter(filter, item, args, new Map(), scope)));
  },
};

function choosing(wanted: boolean, byAttribute: boolean): Filter {
  return {
    names: ['#1', '#2', '#3', '#4'],
    run: (value, given, scope) => {
      if (!isTrue(value)) return generator([]);
      const args = given.filter((arg) => arg !== undefined);
      const path = byAttribute ? args.shift() : undefined;
      const [test, ...rest] = args;
      const holds = (item: Value): boolean => {
        const found = pick(item, path, scope);
        return test === undefined
          ? isTrue(found)
          : applyTest(textArgument(test, 'the name of a test'), found, rest, scope.budget);
      };
      return generator(items(value, scope).filter((item) => holds(item) === wanted));
    },
  };
}

function dictsort(value: Value, isSensitive: Value | undefined, by: Value, reverse: Value, scope: JinjaScope): Value {
  if (!(value instanceof PyDict)) raise('TypeError', 'dictsort takes a mapping');
  const at = by === 'value' ? 1 : 0;
  const key = new PyFunction('key', ([item]) => folded((item as PyTuple).items[at]!, isSensitive));
  return new PyList(sort(value.items(), key, reverse, scope.budget));
}

function groupby(value: Value, path: Value | undefined, otherwise: Value | undefined, scope: JinjaScope): Value {
  const keyed = items(value, scope).map(
    (item) =>
      new PyTuple([folded(pick(item, path, scope, otherwise), false), pick(item, path, scope, otherwise), item]),
  );
  const first = new PyFunction('key', ([pair]) => (pair as PyTuple).items[0]!);
  const groups: PyTuple[] = [];
  let last: { key: Value; list: PyList } | null = null;
  for (const pair of sort(keyed, first, false, scope.budget)) {
    const [key, shown, item] = (pair as PyTuple).items as [Value, Value, Value];
    if (last === null || !equals(last.key, key, scope.budget)) {
      last = { key, list: new PyList([]) };
      groups.push(new PyTuple([shown, last.list]));
    }
    last.list.items.push(item);
  }
  return new PyList(groups);
}

function batch(value: Value, size: number, fill: Value | undefined, scope: JinjaScope): Value {
  if (size < 1) raise('ValueError', 'batch takes a positive number');
  const all = items(value, scope);
  const rows: PyList[] = [];
  for (let at = 0; at < all.length; at += size) rows.push(new PyList(all.slice(at, at + size)));
  const last = rows.at(-1);
  if (last !== undefined && fill !== undefined && fill !== null) {
    scope.budget.makeItems(size - last.items.length);
    while (last.items.length < size) last.items.push(fill);
  }
  return generator(rows);
}

function reverse(value: Value, scope: JinjaScope): Value {
  if (typeof value === 'string') return [...value].reverse().join('');
  return new PyIterator('reversed', items(value, scope).reverse().values());
}

function end(value: Value, at: 0 | -1, scope: JinjaScope): Value {
  const found = items(value, scope).at(at);
  return found === undefined ? scope.undefined(`No ${at === 0 ? 'first' : 'last'} item, sequence was empty.`) : found;
}

export const LIST_FILTERS: readonly [string, Filter][] = [
  [
    'join',
    {
      names: ['d', 'attribute'],
      run: (value, [mark = '', path], scope) => join(value, str(mark, scope.budget), path, scope),
    },
  ],
  ['first', { names: [], run: (value, _, scope) => end(value, 0, scope) }],
  ['last', { names: [], run: (value, _, scope) => end(value, -1, scope) }],
  ['list', { names: [], run: (value, _, scope) => new PyList(items(value, scope)) }],
  ['reverse', { names: [], run: (value, _, scope) => reverse(value, scope) }],
  [
    'sort',
    {
      names: ['reverse', 'case_sensitive', 'attribute'],
      run: (value, [backwards = false, isSensitive, path], scope) =>
        new PyList(sort(items(value, scope), keyFunction(scope, path, isSensitive), backwards, scope.budget)),
    },
  ],
  [
    'unique',
    {
      names: ['case_sensitive', 'attribute'],
      run: (value, [isSensitive, path], scope) => unique(value, isSensitive, path, scope),
    },
  ],
  ['min', best('<')],
  ['max', best('>')],
  [
    'sum',
    {
      names: ['attribute', 'start'],
      run: (value, [path, start = 0], scope) =>
        items(value, scope).reduce<Value>(
          (total, item) => binary('+', total, pick(item, path, scope), scope.budget),
          start,
        ),
    },
  ],
  ['map', MAP],
  ['select', choosing(true, false)],
  ['reject', choosing(false, false)],
  ['selectattr', choosing(true, true)],
  ['rejectattr', choosing(false, true)],
  [
    'dictsort',
    {
      names: ['case_sensitive', 'by', 'reverse'],
      run: (value, [isSensitive, by = 'key', backwards = false], scope) =>
        dictsort(value, isSensitive, by, backwards, scope),
    },
  ],
  [
    'items',
    {
      names: [],
      run: (value) => {
        if (value instanceof PyUndefined) return generator([]);
        if (!(value instanceof PyDict)) raise('TypeError', 'Can only get item pairs from a mapping.');
        return generator(value.items());
      },
    },
  ],
  [
    'groupby',
    {
      names: ['attribute', 'default'],
      required: 1,
      run: (value, [path, otherwise], scope) => groupby(value, path, otherwise, scope),
    },
  ],
  [
    'batch',
    {
      names: ['linecount', 'fill_with'],
      required: 1,
      run: (value, [size, fill], scope) => batch(value, countArgument(size, 1), fill, scope),
    },
  ],
  [
    'slice',
    {
      names: ['slices', 'fill_with'],
      required: 1,
      run: (value, [count, fill], scope) => slices(value, asCount(count!), fill, scope),
    },
  ],
];

function slices(value: Value, count: number, fill: Value | undefined, scope: JinjaScope): Value {
  const all = items(value, scope);
  if (count < 1) raise('ValueError', 'slice takes a positive number');
  scope.budget.makeItems(count);
  const each = Math.floor(all.length / count);
  const longer = all.length % count;
  let at = 0;
  const rows: PyList[] = [];
  for (let row = 0; row < count; row += 1) {
    const size = each + (row < longer ? 1 : 0);
    const part = all.slice(at, at + size);
    if (fill !== undefined && fill !== null && row >= longer) part.push(fill);
    rows.push(new PyList(part));
    at += size;
  }
  return generator(rows);
}
