import fc from 'fast-check';
import { FieldError, isSameValue, type ItemData, type ItemValue } from '../../src/domain/item-value';
import {
  clearable,
  flag,
  oneOf,
  options,
  pairs,
  splitWords,
  someOf,
  text,
  whole,
  words,
} from '../../src/domain/item-values';
import { flattenPairs } from '../../src/domain/inheritance';

const at = { type: 'system', field: 'comment', values: {} };

describe('words of a shell line', () => {
  test.each([
    ['a b  c', ['a', 'b', 'c']],
    [`'a b' "c d"`, ['a b', 'c d']],
    [`k="a b" x='' y`, ['k=a b', 'x=', 'y']],
    ['a\\ b', ['a b']],
    [`"a\\"b" "c\\d"`, ['a"b', 'c\\d']],
    ['', []],
    ['  \t\n ', []],
    [`""`, ['']],
  ])('%j are %j', (line, expected) => {
    expect(splitWords(line)).toEqual(expected);
  });

  test.each([`a 'b`, `a "b`, 'a\\'])('%j is left open and refused', (line) => {
    expect(() => splitWords(line)).toThrow(FieldError);
  });

  test('any words come back when each is quoted', () => {
    fc.assert(
      fc.property(fc.array(fc.string()), (list) => {
        const line = list.map((word) => `'${word.replaceAll("'", `'"'"'`)}'`).join(' ');
        expect(splitWords(line)).toEqual(list);
      }),
    );
  });
});

describe('pairs', () => {
  test('a repeated kernel option holds all its values, one without = is null, the empty key goes', () => {
    expect(options('a=1 b=2 c=3 c=4 d =x e=', at)).toEqual({ a: '1', b: '2', c: ['3', '4'], d: null, e: '' });
  });

  test('of a repeated path the last one wins', () => {
    expect(pairs('/a=1 /a=2', at)).toEqual({ '/a': '2' });
  });

  test.each([null, '', 'delete'])('%j empties them', (value) => {
    expect(options(value, at)).toEqual({});
  });

  test('a list is refused', () => {
    expect(() => options(['a=1'], at)).toThrow(FieldError);
  });

  test('a key called __proto__ is a key like any other', () => {
    const read = options('__proto__=1 __proto__=2', at) as ItemData;
    expect(Object.getPrototypeOf(read)).toBe(Object.prototype);
    expect(JSON.stringify(read)).toBe('{"__proto__":["1","2"]}');
  });

  test('what is flattened reads back the same, as far as the form can carry it', () => {
    const word = fc.stringMatching(/^[A-Za-z0-9_.:/-]{1,8}$/);
    const value: fc.Arbitrary<ItemValue> = fc.oneof(
      fc.constant(null),
      word,
      fc.tuple(word, word).map(([a, b]) => `${a} ${b}`),
      fc.array(word, { minLength: 2, maxLength: 4 }),
    );
    fc.assert(
      fc.property(fc.dictionary(word, value), (given) => {
        expect(isSameValue(options(flattenPairs(given), at), { ...given })).toBe(true);
      }),
    );
  });
});

describe('single values', () => {
  test.each([
    [true, true],
    [1, true],
    ['Yes', true],
    ['on', true],
    ['0', false],
    ['anything', false],
    [null, false],
    [2, false],
  ])('%j as a flag is %j', (value, expected) => {
    expect(flag(value, at)).toBe(expected);
  });

  test('a number may come as digits, and nothing is 0', () => {
    expect([whole(0)('512', at), whole(0)('', at), whole(-1)(-1, at)]).toEqual([512, 0, -1]);
  });

  test.each([['-1'], ['x'], [1.5], [true], [3_000_000_000]])('%j is no number of megabytes', (value) => {
    expect(() => whole(0)(value, at)).toThrow(FieldError);
  });

  test('a choice is found whatever its case', () => {
    expect(oneOf(['x86_64', 'aarch64'])('X86_64', at)).toBe('x86_64');
    expect(() => oneOf(['x86_64'])('sparc', at)).toThrow(/choices include/);
  });

  test('a list may only hold what it may inherit', () => {
    expect(someOf(['grub', 'pxe'])('grub', { ...at, inherited: ['grub'] })).toEqual(['grub']);
    expect(() => someOf(['grub', 'pxe'])('pxe', { ...at, inherited: ['grub'] })).toThrow(/Allowed here: \['grub'\]/);
  });

  test.each([null, '', 'delete', 'None', '~'])('%j clears a reference', (value) => {
    expect(clearable(text)(value, at)).toBe('');
  });

  test('a list is given as an array or as words', () => {
    expect([words(['a', 'b c'], at), words('a "b c"', at), words('delete', at)]).toEqual([
      ['a', 'b c'],
      ['a', 'b c'],
      [],
    ]);
  });
});
