import fc from 'fast-check';
import { renderTemplate, TemplateError, type TemplateLanguage } from '../../src/templates';
import { SourceCache } from '../../src/templates/cache';

const DATA = { s: 'text', l: [1, 2], d: { k: 'v' }, f: 1.5 };

function refusal(source: string, defaultLanguage: TemplateLanguage = 'cheetah'): string {
  try {
    const { text } = renderTemplate(source, { name: 't', data: DATA, defaultLanguage, missing: 'error' });
    return `rendered: ${text.slice(0, 100)}`;
  } catch (error) {
    if (error instanceof TemplateError) return error.sentence;
    throw error;
  }
}

describe('a template cannot take more than its share', () => {
  test.each([
    ['a loop that never ends', '#while 1\n#set $i = 1\n#end while'],
    ['a loop over a huge range', '#for $i in range(10**12)\n#pass\n#end for'],
    ['a repetition', '#repeat 10**12\n#pass\n#end repeat'],
    ['a text that doubles', '#set $a = "x"\n#while 1\n#set $a = $a + $a\n#end while'],
    ['a list that doubles', '#set $a = [1]\n#while 1\n#silent $a.extend($a)\n#end while'],
    ['a long repetition of text', '${"x" * 10**9}'],
    ['a long list', '${[0] * 10**9}'],
    ['a list of a huge range', '${list(range(10**9))}'],
    ['a comprehension', '${[x for x in range(10**9)]}'],
    ['a wide field', '${"%999999999d" % 1}'],
    ['a wide field of format', '${"{:999999999}".format(1)}'],
    ['padding', '${"a".zfill(10**9)}'],
    ['joining', '${"b".join(["a"] * 10**8)}'],
    ['replacing', '${("a" * 100000).replace("a", "b" * 100000)}'],
    ['summing', '${sum(range(10**12))}'],
    ['searching', '#while "zz" in "a" * 100000\n#end while\n#while 1\n$s.find("b")\n#end while'],
  ])('%s is stopped', (_, source) => {
    expect(refusal(source)).toMatch(/steps and was stopped|longer than/);
  });

  test.each([
    ['a power', '${10 ** 10 ** 10}', 'digits'],
    ['a shift', '${1 << 10 ** 10}', 'digits'],
    ['a product', '#set $a = 10 ** 1000\n#while 1\n#set $a = $a * $a\n#end while', 'digits'],
    ['output without end', '#while 1\nxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxxx\n#end while', 'longer than'],
    ['a function that calls itself', '#def f\n$f\n#end def\n$f', 'nested'],
    ['a lambda that calls itself', '#set $f = lambda: f()\n$f()', 'nested'],
    ['deep brackets', `\${${'('.repeat(500)}1${')'.repeat(500)}}`, 'nested'],
    ['deep directives', '#if 1\n'.repeat(500), 'nested'],
    ['a long sum', `\${${'1+'.repeat(5000)}1}`, 'operators'],
    ['a huge template', 'x'.repeat(1024 * 1024 + 1), 'allowed'],
  ])('%s is refused', (_, source, words) => {
    expect(refusal(source)).toContain(words);
  });

  test.each([
    ['a loop', '{% for i in range(10**9) %}{% endfor %}'],
    [
      'a text that doubles',
      '{% set n = namespace(a="x") %}{% for i in range(100) %}{% set n.a = n.a ~ n.a %}{% endfor %}',
    ],
    ['a multiplication', '{{ "x" * 10**9 }}'],
    ['an indentation', '{{ ("\\n" * 100000)|indent(1000) }}'],
    ['a batch', '{{ [1]|batch(10**9, 0)|list }}'],
    ['a macro that calls itself', '{% macro m() %}{{ m() }}{% endmacro %}{{ m() }}'],
  ])('Jinja2: %s is stopped', (_, source) => {
    expect(refusal(source, 'jinja2')).toMatch(/steps and was stopped|nested/);
  });

  test('no #except and no #finally of the template goes on after a limit', () => {
    expect(refusal('#try\n#while 1\n#pass\n#end while\n#except\ncaught\n#finally\nlast\n#end try\nafter')).toContain(
      'steps',
    );
  });

  test('the numbers of the limits are the caller’s', () => {
    const options = { name: 't', data: {}, limits: { steps: 50, output: 20 } };
    expect(() => renderTemplate('#for $i in range(100)\n#pass\n#end for', options)).toThrow('more than 50 steps');
    expect(() => renderTemplate('x'.repeat(21), options)).toThrow('longer than 20');
    expect(renderTemplate('x'.repeat(20), options).text).toBe('x'.repeat(20));
  });
});

describe('a template reaches nothing but its data', () => {
  const NAMES = [
    'constructor',
    '__proto__',
    'prototype',
    'toString',
    'valueOf',
    'hasOwnProperty',
    '__class__',
    'length',
  ];
  const VALUES = ['$s', '$l', '$d', '$f', '1', 'None', 'True', 'len', 'str', '$s.upper', '(1, 2)', '{1}', 'range(3)'];

  test.each(NAMES)('%s is a name like any other', (name) => {
    expect(refusal(`$${name}`)).toBe(`cannot find '${name}'`);
    for (const value of VALUES) {
      expect(refusal(`#set $v = ${value}\n$v.${name}`)).toMatch(/^cannot find|^TypeError/);
      expect(refusal(`#set $v = ${value}\n\${v.upper if 0 else getattr(v, '${name}')}`)).toMatch(
        /^AttributeError|^cannot find/,
      );
    }
    for (const value of ['s', 'l', 'd', '1', 'range', '[]', '{}', '"a"']) {
      expect(refusal(`{{ ${value}.${name} }}`, 'jinja2')).toMatch(/undefined|no attribute|invalid syntax/);
      expect(refusal(`{{ ${value}['${name}'] }}`, 'jinja2')).toMatch(/undefined|no element/);
      expect(refusal(`{{ ${value}|attr('${name}') }}`, 'jinja2')).toMatch(/no attribute/);
    }
  });

  test('process, require, globalThis and Python’s modules are not there', () => {
    for (const name of ['process', 'require', 'globalThis', 'module', 'os', 'sys', 'Function']) {
      expect(refusal(`$${name}`)).toBe(`cannot find '${name}'`);
      expect(refusal(`{{ ${name} }}`, 'jinja2')).toBe(`'${name}' is undefined`);
    }
  });
});

describe('whatever is written', () => {
  const piece = fc.constantFrom(
    ...[
      '$',
      '#',
      '##',
      '#*',
      '*#',
      '{',
      '}',
      '(',
      ')',
      '[',
      ']',
      '"',
      "'",
      '\\',
      '\n',
      '\r\n',
      ' ',
      ':',
      ',',
      '=',
      '.',
    ],
    ...[
      'if ',
      'for ',
      'end ',
      'set ',
      'def ',
      'else',
      'try',
      'except',
      'raw',
      'in ',
      'x',
      's',
      'l',
      '1',
      '%',
      '|',
      '*',
    ],
    ...[
      '{{',
      '}}',
      '{%',
      '%}',
      '{#',
      '#}',
      '-',
      'macro ',
      'endif',
      'endfor',
      '$s',
      '${s}',
      '$l[0]',
      '#slurp',
      'SNIPPET::',
    ],
  );
  const source = fc.array(piece, { maxLength: 30 }).map((pieces) => pieces.join(''));

  test.each(['cheetah', 'jinja2'] as const)('%s renders it or says why not', (defaultLanguage) => {
    fc.assert(
      fc.property(source, fc.constantFrom('echo' as const, 'error' as const), (text, missing) => {
        try {
          expect(typeof renderTemplate(text, { name: 't', data: DATA, defaultLanguage, missing }).text).toBe('string');
        } catch (error) {
          expect(error).toBeInstanceOf(TemplateError);
          expect((error as TemplateError).line).toBeLessThanOrEqual(text.split(/\r\n|\n|\r/).length + 1);
        }
      }),
      { numRuns: 3000 },
    );
  });

  test('text without $, #, < and \\ comes out of Cheetah as it went in', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (given) => {
        const text = given.replace(/[$#<\\]/g, '').replaceAll('SNIPPET::', '');
        expect(renderTemplate(text, { name: 't', data: {} }).text).toBe(text);
      }),
    );
  });

  test('a value comes out as it went in, whatever is in it', () => {
    fc.assert(
      fc.property(fc.string({ unit: 'grapheme' }), (value) => {
        const data = { value };
        expect(renderTemplate('<$value>', { name: 't', data }).text).toBe(`<${value}>`);
        expect(renderTemplate('<{{ value }}>', { name: 't', data, defaultLanguage: 'jinja2' }).text).toBe(`<${value}>`);
      }),
    );
  });
});

describe('templates that were read are kept', () => {
  test('up to a number and a size, the least used go first', () => {
    const cache = new SourceCache<string>(2, 10);
    const made: string[] = [];
    const get = (key: string): string => cache.get(key, () => (made.push(key), key));
    ['a', 'b', 'a', 'c', 'a', 'b'].forEach(get);
    expect(made).toEqual(['a', 'b', 'c', 'b']);
    get('long enough to fill it all');
    expect(cache.count).toBe(1);
  });

  test('what cannot be read is not kept', () => {
    const cache = new SourceCache<string>(2, 10);
    const fail = (): string => {
      throw new Error('no');
    };
    expect(() => cache.get('a', fail)).toThrow('no');
    expect(cache.get('a', () => 'read')).toBe('read');
  });
});
