/** Methods of list, tuple, dict, set, int and float. */
import type { Budget } from '../limits';
import { bind, countArgument, type Method } from './arguments';
import { iterate, length, replaceItems, toArray } from './collections';
import { equals, keyError } from './compare';
import { sort } from './sorting';
import { repr } from './repr';
import {
  firstOf,
  keyOf,
  PyDict,
  type PyFloat,
  PyIterator,
  PyList,
  PySet,
  PyTuple,
  PyView,
  raise,
  typeName,
  type Value,
} from './values';

function indexOf(items: readonly Value[], wanted: Value, start: number, end: number, budget: Budget): number {
  const size = items.length;
  const from = start < 0 ? Math.max(0, start + size) : start;
  const to = Math.min(end < 0 ? end + size : end, size);
  for (let at = from; at < to; at += 1) if (equals(items[at]!, wanted, budget)) return at;
  return -1;
}

function sequenceIndex(type: string): Method<PyList | PyTuple> {
  return (self, args, keywords, budget) => {
    const [wanted, start, end] = bind('index', ['value', 'start', 'stop'], 1, args, keywords);
    const at = indexOf(self.items, wanted!, countArgument(start, 0), countArgument(end, self.items.length), budget);
    if (at < 0)
      raise(
        'ValueError',
        type === 'list' ? `${repr(wanted!, budget)} is not in list` : 'tuple.index(x): x not in tuple',
      );
    return at;
  };
}

const sequenceCount: Method<PyList | PyTuple> = (self, args, keywords, budget) => {
  const [wanted] = bind('count', ['value'], 1, args, keywords);
  return self.items.filter((item) => equals(item, wanted!, budget)).length;
};

export const TUPLE_METHODS: ReadonlyMap<string, Method<PyTuple>> = new Map([
  ['index', sequenceIndex('tuple')],
  ['count', sequenceCount],
]);

function pop(self: PyList, given: Value | undefined): Value {
  if (self.items.length === 0) raise('IndexError', 'pop from empty list');
  const at = countArgument(given, -1);
  const found = at < 0 ? at + self.items.length : at;
  if (found < 0 || found >= self.items.length) raise('IndexError', 'pop index out of range');
  return self.items.splice(found, 1)[0]!;
}

export const LIST_METHODS: ReadonlyMap<string, Method<PyList>> = new Map<string, Method<PyList>>([
  ['index', sequenceIndex('list')],
  ['count', sequenceCount],
  [
    'append',
    (self, args, keywords, budget) => {
      const [item] = bind('append', ['object'], 1, args, keywords);
      budget.makeItems(1);
      self.items.push(item!);
      return null;
    },
  ],
  [
    'extend',
    (self, args, keywords, budget) => {
      const [items] = bind('extend', ['iterable'], 1, args, keywords);
      for (const item of toArray(items!, budget)) self.items.push(item);
      return null;
    },
  ],
  [
    'insert',
    (self, args, keywords, budget) => {
      const [at, item] = bind('insert', ['index', 'object'], 2, args, keywords);
      budget.makeItems(1 + self.items.length);
      const place = countArgument(at, 0);
      self.items.splice(place < 0 ? Math.max(0, place + self.items.length) : place, 0, item!);
      return null;
    },
  ],
  [
    'remove',
    (self, args, keywords, budget) => {
      const [item] = bind('remove', ['value'], 1, args, keywords);
      const at = indexOf(self.items, item!, 0, self.items.length, budget);
      if (at < 0) raise('ValueError', 'list.remove(x): x not in list');
      self.items.splice(at, 1);
      return null;
    },
  ],
  [
    'pop',
    (self, args, keywords, budget) => {
      budget.make(self.items.length);
      return pop(self, bind('pop', ['index'], 0, args, keywords)[0]);
    },
  ],
  [
    'clear',
    (self) => {
      self.items.length = 0;
      return null;
    },
  ],
  [
    'copy',
    (self, _args, _keywords, budget) => {
      budget.makeItems(self.items.length);
      return new PyList([...self.items]);
    },
  ],
  [
    'reverse',
    (self, _args, _keywords, budget) => {
      budget.makeItems(self.items.length);
      self.items.reverse();
      return null;
    },
  ],
  [
    'sort',
    (self, args, keywords, budget) => {
      if (args.length > 0) raise('TypeError', 'sort() takes no positional arguments');
      const [key, reverse] = bind('sort', ['key', 'reverse'], 0, [], keywords);
      const items = sort(self.items, key ?? null, reverse ?? false, budget);
      replaceItems(self, items);
      return null;
    },
  ],
]);

/** Puts a mapping's entries, or pairs, or keywords into the dict. */
export function updateDict(
  dict: PyDict,
  source: Value | undefined,
  keywords: Iterable<[string, Value]>,
  budget: Budget,
): void {
  if (source instanceof PyDict) {
    budget.makeItems(source.entries.size);
    for (const [key, value] of [...source.entries.values()]) dict.set(key, value);
  } else if (source !== undefined) {
    let at = 0;
    for (const pair of iterate(source, budget)) {
      const items = toArray(pair, budget);
      if (items.length !== 2) {
        raise('ValueError', `dictionary update sequence element #${at} has length ${items.length}; 2 is required`);
      }
      dict.set(items[0]!, items[1]!);
      at += 1;
    }
  }
  for (const [key, value] of keywords) dict.set(key, value);
}

export const DICT_METHODS: ReadonlyMap<string, Method<PyDict>> = new Map<string, Method<PyDict>>([
  ['keys', (self) => new PyView(self, 'dict_keys')],
  ['values', (self) => new PyView(self, 'dict_values')],
  ['items', (self) => new PyView(self, 'dict_items')],
  [
    'get',
    (self, args, keywords) => {
      const [key, otherwise] = bind('get', ['key', 'default'], 1, args, keywords);
      return firstOf(self.get(key!), otherwise, null)!;
    },
  ],
  [
    'setdefault',
    (self, args, keywords, budget) => {
      const [key, otherwise] = bind('setdefault', ['key', 'default'], 1, args, keywords);
      const found = self.get(key!);
      if (found !== undefined) return found;
      budget.makeItems(1);
      self.set(key!, otherwise ?? null);
      return otherwise ?? null;
    },
  ],
  [
    'pop',
    (self, args, keywords, budget) => {
      const [key, otherwise] = bind('pop', ['key', 'default'], 1, args, keywords);
      const found = self.get(key!);
      self.entries.delete(keyOf(key!));
      if (found !== undefined) return found;
      return otherwise === undefined ? keyError(key!, budget) : otherwise;
    },
  ],
  [
    'popitem',
    (self, _args, _keywords, budget) => {
      budget.makeItems(self.entries.size);
      const last = self.items().at(-1);
      if (!(last instanceof PyTuple)) raise('KeyError', 'popitem(): dictionary is empty');
      self.entries.delete(keyOf(last.items[0]!));
      return last;
    },
  ],
  [
    'update',
    (self, args, keywords, budget) => {
      if (args.length > 1) raise('TypeError', `update expected at most 1 argument, got ${args.length}`);
      updateDict(self, args[0], keywords, budget);
      return null;
    },
  ],
  [
    'copy',
    (self, _args, _keywords, budget) => {
      const copy = new PyDict();
      updateDict(copy, self, [], budget);
      return copy;
    },
  ],
  [
    'clear',
    (self) => {
      self.entries.clear();
      return null;
    },
  ],
]);

/** Set algebra on anything that can be gone through. */
export function combineSets(op: '|' | '&' | '-' | '^', left: PySet, right: Value, budget: Budget): PySet {
  const others = right instanceof PySet ? right : new PySet(iterate(right, budget));
  const result = new PySet([], left.type === 'frozenset');
  budget.makeItems(left.entries.size + others.entries.size);
  for (const [key, item] of left.entries) {
    if (op === '|' || others.entries.has(key) === (op === '&')) result.entries.set(key, item);
  }
  if (op === '|' || op === '^') {
    for (const [key, item] of others.entries) if (!left.entries.has(key)) result.entries.set(key, item);
  }
  return result;
}

function algebra(name: string, op: '|' | '&' | '-' | '^'): [string, Method<PySet>] {
  return [
    name,
    (self, args, _keywords, budget) => {
      let result = combineSets('|', self, new PySet(), budget);
      for (const other of args) result = combineSets(op, result, other, budget);
      return result;
    },
  ];
}

function comparing(name: string, holds: (one: PySet, other: PySet) => boolean): [string, Method<PySet>] {
  return [
    name,
    (self, args, keywords, budget) => {
      const [other] = bind(name, ['other'], 1, args, keywords);
      return holds(self, new PySet(iterate(other!, budget)));
    },
  ];
}

const inside = (one: PySet, other: PySet): boolean => [...one.entries.keys()].every((key) => other.entries.has(key));

const changing: [string, Method<PySet>][] = [
  [
    'add',
    (self, args, keywords, budget) => {
      budget.makeItems(1);
      self.add(bind('add', ['elem'], 1, args, keywords)[0]!);
      return null;
    },
  ],
  [
    'discard',
    (self, args, keywords) => {
      self.entries.delete(keyOf(bind('discard', ['elem'], 1, args, keywords)[0]!));
      return null;
    },
  ],
  [
    'remove',
    (self, args, keywords, budget) => {
      const [item] = bind('remove', ['elem'], 1, args, keywords);
      if (!self.entries.delete(keyOf(item!))) keyError(item!, budget);
      return null;
    },
  ],
  [
    'update',
    (self, args, _keywords, budget) => {
      for (const other of args) for (const item of toArray(other, budget)) self.add(item);
      return null;
    },
  ],
  [
    'clear',
    (self) => {
      self.entries.clear();
      return null;
    },
  ],
];

export const FROZENSET_METHODS: ReadonlyMap<string, Method<PySet>> = new Map([
  algebra('union', '|'),
  algebra('intersection', '&'),
  algebra('difference', '-'),
  algebra('symmetric_difference', '^'),
  algebra('copy', '|'),
  comparing('issubset', inside),
  comparing('issuperset', (one, other) => inside(other, one)),
  comparing('isdisjoint', (one, other) => ![...one.entries.keys()].some((key) => other.entries.has(key))),
]);

export const SET_METHODS: ReadonlyMap<string, Method<PySet>> = new Map([...FROZENSET_METHODS, ...changing]);

export const INT_METHODS: ReadonlyMap<string, Method<number | bigint | boolean>> = new Map<
  string,
  Method<number | bigint | boolean>
>([
  [
    'bit_length',
    (self) => {
      const size = BigInt(self);
      return size === 0n ? 0 : (size < 0n ? -size : size).toString(2).length;
    },
  ],
]);

export const FLOAT_METHODS: ReadonlyMap<string, Method<PyFloat>> = new Map<string, Method<PyFloat>>([
  ['is_integer', (self) => Number.isInteger(self.value)],
]);

/** reversed(value). */
export function reversed(value: Value, budget: Budget): PyIterator {
  const isSequence =
    typeof value === 'string' || value instanceof PyList || value instanceof PyTuple || typeName(value) === 'range';
  if (!isSequence && !(value instanceof PyDict) && !(value instanceof PyView)) {
    raise('TypeError', `'${typeName(value)}' object is not reversible`);
  }
  budget.makeItems(length(value));
  return new PyIterator('reversed', toArray(value, budget).reverse().values());
}
