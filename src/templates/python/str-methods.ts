/** Methods of str. */
import type { Budget } from '../limits';
import { bind, countArgument, optionalText, textArgument, type Method } from './arguments';
import { iterate } from './collections';
import { isSpaceAt, isWide, strip, textLength, textSlice, toCodePoints } from './text';
import { PyList, PyTuple, raise, typeName, type Keywords, type Value } from './values';

type StrMethod = Method<string>;

/** Start and end of find, count, startswith …, as UTF-16 positions; null when nothing can be found there. */
function within(text: string, start: Value | undefined, end: Value | undefined): { start: number; end: number } | null {
  const size = textLength(text);
  const clamp = (value: Value | undefined, otherwise: number): number => {
    const at = value === undefined || value === null ? otherwise : countArgument(value, otherwise);
    return at < 0 ? Math.max(0, at + size) : at;
  };
  const from = clamp(start, 0);
  const to = Math.min(clamp(end, size), size);
  if (from > to) return null;
  if (!isWide(text)) return { start: from, end: to };
  return { start: textSlice(text, 0, from).length, end: textSlice(text, 0, to).length };
}

function find(name: string, last: boolean, mustFind: boolean): StrMethod {
  return (self, args, keywords, budget) => {
    const [part, start, end] = bind(name, ['sub', 'start', 'end'], 1, args, keywords);
    const wanted = textArgument(part, 'argument 1');
    const range = within(self, start, end);
    budget.make(self.length);
    let at = -1;
    if (range !== null) {
      at = last ? self.lastIndexOf(wanted, range.end - wanted.length) : self.indexOf(wanted, range.start);
      if (range.end - wanted.length < 0 || at < range.start || at + wanted.length > range.end) at = -1;
    }
    if (at < 0 && mustFind) raise('ValueError', 'substring not found');
    return toCodePoints(self, at);
  };
}

function edge(name: 'startswith' | 'endswith'): StrMethod {
  return (self, args, keywords) => {
    const [given, start, end] = bind(name, ['prefix', 'start', 'end'], 1, args, keywords);
    const range = within(self, start, end);
    const candidates = given instanceof PyTuple ? given.items : [given!];
    return candidates.some((candidate) => {
      if (typeof candidate !== 'string') {
        raise('TypeError', `${name} first arg must be str or a tuple of str, not ${typeName(candidate)}`);
      }
      if (range === null) return false;
      const part = self.slice(range.start, range.end);
      return name === 'startswith' ? part.startsWith(candidate) : part.endsWith(candidate);
    });
  };
}

function stripping(name: string, sides: 'left' | 'right' | 'both'): StrMethod {
  return (self, args, keywords, budget) => {
    const [characters] = bind(name, ['chars'], 0, args, keywords);
    budget.make(self.length);
    return strip(self, optionalText(characters, `${name} arg`), sides);
  };
}

function split(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [separator, most] = bind('split', ['sep', 'maxsplit'], 0, args, keywords);
  const at = optionalText(separator, 'sep');
  const limit = countArgument(most, -1);
  budget.make(self.length);
  const parts = at === null ? splitSpace(self, limit) : splitAt(self, at, limit, budget);
  return new PyList(parts);
}

function splitAt(text: string, separator: string, limit: number, budget: Budget): string[] {
  if (separator === '') raise('ValueError', 'empty separator');
  const parts: string[] = [];
  let from = 0;
  while (limit < 0 || parts.length < limit) {
    const at = text.indexOf(separator, from);
    if (at < 0) break;
    budget.step();
    parts.push(text.slice(from, at));
    from = at + separator.length;
  }
  parts.push(text.slice(from));
  return parts;
}

function splitSpace(text: string, limit: number): string[] {
  const parts: string[] = [];
  let at = 0;
  for (;;) {
    while (at < text.length && isSpaceAt(text, at)) at += 1;
    if (at >= text.length) return parts;
    if (limit >= 0 && parts.length >= limit) {
      parts.push(text.slice(at));
      return parts;
    }
    const from = at;
    while (at < text.length && !isSpaceAt(text, at)) at += 1;
    parts.push(text.slice(from, at));
  }
}

function rsplit(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [separator, most] = bind('rsplit', ['sep', 'maxsplit'], 0, args, keywords);
  const mark = optionalText(separator, 'sep');
  const limit = countArgument(most, -1);
  if (limit < 0) return split(self, args, keywords, budget);
  budget.make(self.length);
  const parts: string[] = [];
  let end = self.length;
  if (mark === '') raise('ValueError', 'empty separator');
  if (mark !== null) {
    while (parts.length < limit) {
      const at = end - mark.length < 0 ? -1 : self.lastIndexOf(mark, end - mark.length);
      if (at < 0) break;
      budget.step();
      parts.push(self.slice(at + mark.length, end));
      end = at;
    }
    parts.push(self.slice(0, end));
    return new PyList(parts.reverse());
  }
  for (;;) {
    while (end > 0 && isSpaceAt(self, end - 1)) end -= 1;
    if (end === 0) return new PyList(parts.reverse());
    if (parts.length >= limit) {
      parts.push(self.slice(0, end));
      return new PyList(parts.reverse());
    }
    const to = end;
    while (end > 0 && !isSpaceAt(self, end - 1)) end -= 1;
    budget.step();
    parts.push(self.slice(end, to));
  }
}

function splitlines(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [keep] = bind('splitlines', ['keepends'], 0, args, keywords);
  budget.make(self.length);
  const keepEnds = keep === true || (typeof keep === 'number' && keep !== 0);
  const lines: string[] = [];
  let from = 0;
  for (const match of self.matchAll(/\r\n|[\n\r\v\f\u001c-\u001e\u0085\u2028\u2029]/g)) {
    lines.push(self.slice(from, keepEnds ? match.index + match[0].length : match.index));
    from = match.index + match[0].length;
  }
  if (from < self.length) lines.push(self.slice(from));
  return new PyList(lines);
}

function partition(name: 'partition' | 'rpartition'): StrMethod {
  return (self, args, keywords, budget) => {
    const [given] = bind(name, ['sep'], 1, args, keywords);
    const mark = textArgument(given, 'sep');
    if (mark === '') raise('ValueError', 'empty separator');
    budget.make(self.length);
    const at = name === 'partition' ? self.indexOf(mark) : self.lastIndexOf(mark);
    if (at < 0) return new PyTuple(name === 'partition' ? [self, '', ''] : ['', '', self]);
    return new PyTuple([self.slice(0, at), mark, self.slice(at + mark.length)]);
  };
}

function replace(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [from, to, most] = bind('replace', ['old', 'new', 'count'], 2, args, keywords);
  const old = textArgument(from, 'replace() argument 1');
  const replacement = textArgument(to, 'replace() argument 2');
  const limit = countArgument(most, -1);
  budget.make(self.length);
  if (old === '') {
    const characters = [...self];
    const turns = limit < 0 ? characters.length + 1 : Math.min(limit, characters.length + 1);
    budget.make(turns * replacement.length);
    return (
      characters.map((character, at) => (at < turns ? replacement + character : character)).join('') +
      (turns > characters.length ? replacement : '')
    );
  }
  const parts = splitAt(self, old, limit, budget);
  budget.make((parts.length - 1) * replacement.length);
  return parts.join(replacement);
}

function join(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [given] = bind('join', ['iterable'], 1, args, keywords);
  const parts: string[] = [];
  for (const item of iterate(given!, budget)) {
    if (typeof item !== 'string') {
      raise('TypeError', `sequence item ${parts.length}: expected str instance, ${typeName(item)} found`);
    }
    budget.make(item.length + self.length);
    parts.push(item);
  }
  return parts.join(self);
}

function padding(name: 'ljust' | 'rjust' | 'center'): StrMethod {
  return (self, args, keywords, budget) => {
    const [wanted, given] = bind(name, ['width', 'fillchar'], 1, args, keywords);
    const fill = given === undefined ? ' ' : textArgument(given, 'The fill character');
    if (textLength(fill) !== 1) raise('TypeError', 'The fill character must be exactly one character long');
    const width = countArgument(wanted, 0);
    const missing = Math.max(0, width - textLength(self));
    budget.make(missing);
    // CPython's way of halving an odd number of characters.
    const left = name === 'ljust' ? 0 : name === 'rjust' ? missing : Math.floor(missing / 2) + (missing & width & 1);
    return fill.repeat(left) + self + fill.repeat(missing - left);
  };
}

function zfill(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [wanted] = bind('zfill', ['width'], 1, args, keywords);
  const missing = Math.max(0, countArgument(wanted, 0) - textLength(self));
  budget.make(missing);
  const signed = self.startsWith('-') || self.startsWith('+');
  return signed ? self[0]! + '0'.repeat(missing) + self.slice(1) : '0'.repeat(missing) + self;
}

function expandtabs(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [given] = bind('expandtabs', ['tabsize'], 0, args, keywords);
  const size = countArgument(given, 8);
  let column = 0;
  let result = '';
  for (const character of self) {
    budget.step();
    if (character === '\t') {
      const wide = size <= 0 ? 0 : size - (column % size);
      budget.make(wide);
      result += ' '.repeat(wide);
      column += wide;
    } else {
      result += character;
      column = character === '\n' || character === '\r' ? 0 : column + 1;
    }
  }
  return result;
}

function title(text: string): string {
  let inWord = false;
  let result = '';
  for (const character of text) {
    const letter = /\p{L}/u.test(character);
    result += letter ? (inWord ? character.toLowerCase() : character.toUpperCase()) : character;
    inWord = letter;
  }
  return result;
}

function capitalize(text: string): string {
  const [first = ''] = text;
  return first.toUpperCase() + text.slice(first.length).toLowerCase();
}

function plain(name: string, change: (text: string) => Value): [string, StrMethod] {
  return [
    name,
    (self, args, keywords, budget) => {
      bind(name, [], 0, args, keywords);
      budget.make(self.length);
      return change(self);
    },
  ];
}

const cased = (text: string): boolean => text.toLowerCase() !== text.toUpperCase();

function swapcase(text: string): string {
  return Array.from(text, (one) => (one === one.toUpperCase() ? one.toLowerCase() : one.toUpperCase())).join('');
}

function count(self: string, args: readonly Value[], keywords: Keywords, budget: Budget): Value {
  const [part, start, end] = bind('count', ['sub', 'start', 'end'], 1, args, keywords);
  const wanted = textArgument(part, 'argument 1');
  const range = within(self, start, end);
  if (range === null) return 0;
  const text = self.slice(range.start, range.end);
  budget.make(text.length);
  return wanted === '' ? textLength(text) + 1 : splitAt(text, wanted, -1, budget).length - 1;
}

function removing(name: 'removeprefix' | 'removesuffix'): StrMethod {
  return (self, args, keywords) => {
    const [given] = bind(name, ['part'], 1, args, keywords);
    const part = textArgument(given, `${name}() argument`);
    if (part === '') return self;
    if (name === 'removeprefix') return self.startsWith(part) ? self.slice(part.length) : self;
    return self.endsWith(part) ? self.slice(0, -part.length) : self;
  };
}

/** `format` is added where attributes are known (attributes.ts). */
export const STR_METHODS: ReadonlyMap<string, StrMethod> = new Map<string, StrMethod>([
  plain('lower', (text) => text.toLowerCase()),
  plain('upper', (text) => text.toUpperCase()),
  plain('casefold', (text) => text.toLowerCase().replaceAll('ß', 'ss')),
  plain('capitalize', capitalize),
  plain('title', title),
  plain('swapcase', swapcase),
  plain('isalnum', (text) => /^[\p{L}\p{N}]+$/u.test(text)),
  plain('isalpha', (text) => /^\p{L}+$/u.test(text)),
  plain('isascii', (text) => !/[^\u0000-\u007f]/.test(text)),
  plain('isdecimal', (text) => /^\p{Nd}+$/u.test(text)),
  plain('isdigit', (text) => /^[\p{Nd}¹²³⁰⁴-⁹₀-₉]+$/u.test(text)),
  plain('isnumeric', (text) => /^\p{N}+$/u.test(text)),
  plain('isidentifier', (text) => /^[\p{L}_][\p{L}\p{Nd}_]*$/u.test(text)),
  plain('islower', (text) => cased(text) && text === text.toLowerCase()),
  plain('isupper', (text) => cased(text) && text === text.toUpperCase()),
  plain('isspace', (text) => text !== '' && strip(text, null, 'both') === ''),
  plain('istitle', (text) => cased(text) && text === title(text)),
  ['find', find('find', false, false)],
  ['rfind', find('rfind', true, false)],
  ['index', find('index', false, true)],
  ['rindex', find('rindex', true, true)],
  ['count', count],
  ['startswith', edge('startswith')],
  ['endswith', edge('endswith')],
  ['strip', stripping('strip', 'both')],
  ['lstrip', stripping('lstrip', 'left')],
  ['rstrip', stripping('rstrip', 'right')],
  ['split', split],
  ['rsplit', rsplit],
  ['splitlines', splitlines],
  ['partition', partition('partition')],
  ['rpartition', partition('rpartition')],
  ['replace', replace],
  ['join', join],
  ['ljust', padding('ljust')],
  ['rjust', padding('rjust')],
  ['center', padding('center')],
  ['zfill', zfill],
  ['expandtabs', expandtabs],
  ['removeprefix', removing('removeprefix')],
  ['removesuffix', removing('removesuffix')],
]);
