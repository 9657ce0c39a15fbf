/** What `#import` gives: pure parts of a few of Python's modules. */
import { bind, textArgument } from '../python/arguments';
import { iterate, toArray } from '../python/collections';
import { asDouble, asCount, int } from '../python/numbers';
import { binary } from '../python/operators';
import { PyFloat, PyFunction, PyList, PyNamespace, raise, typeName, type Call, type Value } from '../python/values';
import { fromJson, toJson } from '../python/json';
import type { Import } from './nodes';
import type { Rendering } from './render';
import { formatTime, timeFields } from '../python/time';

type Members = [string, Value][];

const fn = (name: string, call: Call): [string, Value] => [name, new PyFunction(name, call)];
const moduleOf = (name: string, members: Members): PyNamespace => new PyNamespace('module', name, new Map(members));

const STRING: Members = [
  ['ascii_letters', 'abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['ascii_lowercase', 'abcdefghijklmnopqrstuvwxyz'],
  ['ascii_uppercase', 'ABCDEFGHIJKLMNOPQRSTUVWXYZ'],
  ['digits', '0123456789'],
  ['hexdigits', '0123456789abcdefABCDEF'],
  ['octdigits', '01234567'],
  ['punctuation', '!"#$%&\'()*+,-./:;<=>?@[\\]^_`{|}~'],
  ['whitespace', ' \t\n\r\v\f'],
];

const number = (value: Value | undefined): number => {
  const double = asDouble(value ?? null);
  if (double === undefined) raise('TypeError', `must be real number, not ${typeName(value ?? null)}`);
  return double;
};

const MATH: Members = [
  ['pi', new PyFloat(Math.PI)],
  ['e', new PyFloat(Math.E)],
  fn('floor', ([value]) => int(BigInt(Math.floor(finite(value))))),
  fn('ceil', ([value]) => int(BigInt(Math.ceil(finite(value))))),
  fn('sqrt', ([value]) => {
    if (number(value) < 0) raise('ValueError', 'math domain error');
    return new PyFloat(Math.sqrt(number(value)));
  }),
  fn('pow', ([x, y], _, budget) => new PyFloat(number(binary('**', new PyFloat(number(x)), y ?? null, budget)))),
  fn('log', ([value, base]) => {
    if (number(value) <= 0) raise('ValueError', 'math domain error');
    return new PyFloat(base === undefined ? Math.log(number(value)) : Math.log(number(value)) / Math.log(number(base)));
  }),
];

function finite(value: Value | undefined): number {
  const double = number(value);
  if (!Number.isFinite(double)) raise('OverflowError', 'cannot convert float infinity to integer');
  return double;
}

const text = (value: Value | undefined): string => textArgument(value, 'the path');

/** os.path of POSIX, the functions that look at nothing but the path's text. */
const OS_PATH: Members = [
  ['sep', '/'],
  fn('basename', ([path]) => text(path).slice(text(path).lastIndexOf('/') + 1)),
  fn('dirname', ([path]) => dirname(text(path))),
  fn('split', ([path], _, budget) => {
    const at = text(path).lastIndexOf('/') + 1;
    budget.step();
    return new PyList([dirname(text(path)), text(path).slice(at)]);
  }),
  fn('isabs', ([path]) => text(path).startsWith('/')),
  fn('join', (parts) => parts.map(text).reduce(joinPath)),
];

function dirname(path: string): string {
  const head = path.slice(0, path.lastIndexOf('/') + 1);
  return /^\/+$/.test(head) ? head : trimSlashes(head);
}

function trimSlashes(text_: string): string {
  let end = text_.length;
  while (end > 0 && text_[end - 1] === '/') end -= 1;
  return text_.slice(0, end);
}

function joinPath(left: string, right: string): string {
  if (right.startsWith('/')) return right;
  return left === '' || left.endsWith('/') ? left + right : `${left}/${right}`;
}

const JSON_MODULE: Members = [
  fn('dumps', (args, keywords, budget) => toJson(args[0] ?? null, keywords, budget)),
  fn('loads', ([given], _, budget) => fromJson(textArgument(given, 'the JSON object'), budget)),
];

function randomModule(random: () => number): Members {
  const below = (size: number): number => Math.min(Math.floor(random() * size), size - 1);
  const items = (value: Value | undefined, budget: Parameters<Call>[2]): Value[] => {
    const found = toArray(value ?? null, budget);
    if (found.length === 0) raise('IndexError', 'Cannot choose from an empty sequence');
    return found;
  };
  return [
    fn('random', () => new PyFloat(random())),
    fn('randint', (args, keywords) => {
      const [low, high] = bind('randint', ['a', 'b'], 2, args, keywords).map((value) => asCount(value!));
      if (low! > high!) raise('ValueError', `empty range for randint(${low!}, ${high!})`);
      return low! + below(high! - low! + 1);
    }),
    fn('randrange', (args) => {
      const [first, second] = args.map(asCount);
      const low = second === undefined ? 0 : first!;
      const size = (second ?? first ?? 0) - low;
      if (size <= 0) raise('ValueError', 'empty range for randrange()');
      return low + below(size);
    }),
    fn('choice', ([list], _, budget) => {
      const found = items(list, budget);
      return found[below(found.length)]!;
    }),
    fn('sample', ([list, count], _, budget) => {
      const found = shuffled(toArray(list ?? null, budget), below);
      const wanted = asCount(count ?? null);
      if (wanted < 0 || wanted > found.length) raise('ValueError', 'Sample larger than population or is negative');
      return new PyList(found.slice(0, wanted));
    }),
    fn('shuffle', ([list], _, budget) => {
      if (!(list instanceof PyList)) raise('TypeError', 'shuffle() takes a list');
      list.items.splice(0, list.items.length, ...shuffled([...iterate(list, budget)], below));
      return null;
    }),
  ];
}

function shuffled(items: Value[], below: (size: number) => number): Value[] {
  for (let at = items.length - 1; at > 0; at -= 1) {
    const other = below(at + 1);
    [items[at], items[other]] = [items[other]!, items[at]!];
  }
  return items;
}

function timeModule(now: Date): Members {
  return [
    fn('time', () => new PyFloat(now.getTime() / 1000)),
    fn('gmtime', ([given]) => timeFields(given === undefined ? now : new Date(number(given) * 1000))),
    fn('localtime', ([given]) => timeFields(given === undefined ? now : new Date(number(given) * 1000))),
    fn('ctime', () => formatTime('%a %b %e %H:%M:%S %Y', timeFields(now))),
    fn('strftime', ([form, given]) => formatTime(textArgument(form, 'the format'), given ?? timeFields(now))),
  ];
}

function findModule(rendering: Rendering, name: string): PyNamespace | null {
  switch (name) {
    case 'string':
      return moduleOf('string', STRING);
    case 'math':
      return moduleOf('math', MATH);
    case 'json':
      return moduleOf('json', JSON_MODULE);
    case 'os':
      return moduleOf('os', [
        ['path', moduleOf('os.path', OS_PATH)],
        ['sep', '/'],
        ['linesep', '\n'],
      ]);
    case 'os.path':
      return moduleOf('os.path', OS_PATH);
    case 'random':
      return rendering.random === null ? null : moduleOf('random', randomModule(rendering.random));
    case 'time':
      return rendering.now === null ? null : moduleOf('time', timeModule(rendering.now));
    default:
      return null;
  }
}

/** Puts what an import names into the module's names. ImportError for what there is not. */
export function importModule(rendering: Rendering, wanted: Import, names: Map<string, Value>): void {
  const found = findModule(rendering, wanted.module);
  if (found === null || findModule(rendering, wanted.written) === null) {
    raise(
      'ImportError',
      `the module '${wanted.written}' cannot be imported; templates may import json, math, os.path, random, string and time`,
    );
  }
  if (wanted.member === null) {
    names.set(wanted.as, found);
    return;
  }
  if (wanted.member === '*') {
    for (const [name, value] of found.attributes) names.set(name, value);
    return;
  }
  const member = found.attributes.get(wanted.member);
  if (member === undefined) raise('ImportError', `cannot import name '${wanted.member}' from '${wanted.module}'`);
  names.set(wanted.as, member);
}
