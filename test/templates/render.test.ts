import { renderTemplate, TemplateError, type RenderOptions } from '../../src/templates';

const DATA = { name: 'web17', ports: [80, 443], meta: { role: 'web' }, nothing: null };

function render(source: string, options: Partial<RenderOptions> = {}): string {
  return renderTemplate(source, { name: 'sample.ks', data: DATA, ...options }).text;
}

function failure(source: string, options: Partial<RenderOptions> = {}): TemplateError {
  try {
    render(source, options);
  } catch (error) {
    if (error instanceof TemplateError) return error;
    throw error;
  }
  throw new Error(`${source} was rendered`);
}

describe('the language of a template', () => {
  test('is Cheetah when nothing says otherwise', () => {
    expect(render('$name {{ name }}\n')).toBe('web17 {{ name }}\n');
  });

  test('is what the first line says, which is not part of the result', () => {
    expect(render('#template=jinja2\n$name {{ name }}\n')).toBe('$name web17');
    expect(render('#template=cheetah\r\n$name {{ name }}', { defaultLanguage: 'jinja2' })).toBe('web17 {{ name }}');
  });

  test('is the site’s default when the first line says nothing', () => {
    expect(render('{{ name }}', { defaultLanguage: 'jinja2' })).toBe('web17');
  });

  test('must be one there is', () => {
    expect(failure('#template=erb\nx')).toMatchObject({ line: 1, sentence: expect.stringContaining("'erb'") });
  });
});

describe('an error tells where it is', () => {
  test('in the template', () => {
    const error = failure('one\ntwo\n#if $missing\n#pass\n#end if\n');
    expect(error).toMatchObject({ template: 'sample.ks', line: 3, sentence: "cannot find 'missing'" });
    expect(error.message).toBe("sample.ks, line 3: cannot find 'missing'");
  });

  test('in a snippet, by the snippet’s name and line', () => {
    const snippets = (): string => 'fine\n#set $x = 1 / 0\n';
    expect(failure("one\n$SNIPPET('net')\n", { snippets })).toMatchObject({
      template: 'net',
      line: 2,
      sentence: 'ZeroDivisionError: division by zero',
    });
  });

  test('behind a snippet, in the template again', () => {
    const error = failure("$SNIPPET('net')\n\n#silent $ports[9]\n", { snippets: () => 'a\nb\nc\nd\n' });
    expect(error).toMatchObject({ template: 'sample.ks', line: 3 });
  });

  test('with the line that chose the language counted', () => {
    expect(failure('#template=jinja2\nx\n{{ 1 / 0 }}').line).toBe(3);
    expect(failure('#template=cheetah\nx\n#if\n').line).toBe(3);
  });

  test.each([
    ['#if $name\n', 1, 'never closed'],
    ['#for $x in $ports\n#end if\n', 2, 'line 1'],
    ['a\n#end for\n', 2, 'closes nothing'],
    ['#set $x = [1,\n2\n', 1, "'['"],
    ['#set $x = $\n', 1, 'not understood'],
    ['#break\n', 1, 'outside a loop'],
    ['#extends base\n', 1, 'SNIPPET'],
    ['<% import os %>\n', 1, 'cannot be run'],
    ['#import os.system\n', 1, 'cannot be imported'],
    ['#import subprocess\n', 1, 'json, math'],
    ['x\n${eval("1")}\n', 2, 'cannot be used'],
  ])('%j is refused with a sentence to act on', (source, line, words) => {
    const error = failure(source);
    expect(error.line).toBe(line);
    expect(error.sentence).toContain(words);
  });
});

describe('a variable that is not there', () => {
  test('stays as it is written, so that the shell’s variables survive, and is reported', () => {
    const { text, warnings } = renderTemplate('echo $HOME ${LOGNAME} $(date) $name\n$meta.tier\n', {
      name: 'sample.ks',
      data: DATA,
    });
    expect(text).toBe('echo $HOME ${LOGNAME} $(date) web17\n$meta.tier\n');
    expect(warnings.map(({ line }) => line)).toEqual([1, 1, 1, 2]);
    expect(warnings[0]).toEqual({
      template: 'sample.ks',
      line: 1,
      sentence: "cannot find 'HOME'; '$HOME' was left as it is",
    });
  });

  test('is an error when the caller wants that', () => {
    expect(failure('$HOME', { missing: 'error' }).sentence).toBe("cannot find 'HOME'");
    expect(failure('{{ HOME }}', { missing: 'error', defaultLanguage: 'jinja2' }).sentence).toBe("'HOME' is undefined");
  });

  test('is nothing in Jinja2', () => {
    expect(render('[{{ HOME }}]', { defaultLanguage: 'jinja2' })).toBe('[]');
  });

  test('is reported a hundred times at most', () => {
    const { warnings } = renderTemplate('#for $i in range(500)\n$zz\n#end for', { name: 'a', data: {} });
    expect(warnings).toHaveLength(100);
  });
});

describe('snippets', () => {
  test('see the data and what was set globally, not what is local to the template', () => {
    const snippets = (): string => '$name/$getVar("shared", "-")/$getVar("local", "-")';
    expect(render("#set global $shared = 1\n#set $local = 2\n$SNIPPET('a')", { snippets })).toBe('web17/1/-');
  });

  test('of old spelling are rendered in plain text and put in as they are in raw text', () => {
    const snippets = (): string => '[$name]';
    expect(render('a SNIPPET::x b\n#raw\nSNIPPET::x $name\n#end raw\n', { snippets })).toBe(
      'a [web17] b\n[$name] $name\n',
    );
  });

  test('that do not exist leave a comment and are reported', () => {
    const { text, warnings } = renderTemplate("a\n$SNIPPET('nope')\nb", { name: 'sample.ks', data: {} });
    expect(text).toBe('a\n# Error: no snippet data for nope\n\nb');
    expect(warnings).toEqual([{ template: 'sample.ks', line: 2, sentence: "there is no snippet 'nope'" }]);
  });

  test('are what Jinja2 includes', () => {
    const snippets = (name: string): string | null => (name === 'a' ? 'in {{ name }}' : null);
    expect(render("[{% include 'a' %}]", { snippets, defaultLanguage: 'jinja2' })).toBe('[in web17]');
  });

  test('that include themselves are stopped', () => {
    expect(failure("$SNIPPET('a')", { snippets: () => "$SNIPPET('a')" }).sentence).toContain('nested');
    const jinja = { snippets: (): string => "{% include 'a' %}", defaultLanguage: 'jinja2' } as const;
    expect(failure("{% include 'a' %}", jinja).sentence).toContain('nested');
  });
});

describe('what a template is given', () => {
  test('is never changed by it', () => {
    const data = { list: [1], dict: { a: [1] } };
    render('#silent $list.append(2)\n#silent $dict.a.append(2)\n#silent $dict.update({"b": 1})\n', { data });
    render('{% if list.append(2) %}{% endif %}', { data, defaultLanguage: 'jinja2' });
    expect(data).toEqual({ list: [1], dict: { a: [1] } });
  });

  test('may be a map, and integers beyond 2^53', () => {
    const data = new Map([['big', 12345678901234567890n]]);
    expect(render('${big + 1} $big', { data })).toBe('12345678901234567891 12345678901234567890');
  });

  test('may have keys of any name', () => {
    const data = JSON.parse('{"__proto__": "p", "constructor": "c", "d": {"__proto__": 1}}') as Record<string, string>;
    expect(render('$__proto__ $constructor $d.__proto__', { data })).toBe('p c 1');
    expect(render('{{ constructor }} {{ d.__proto__ }}', { data, defaultLanguage: 'jinja2' })).toBe('c 1');
  });

  test('includes functions of the caller, whose failures are errors of the template', () => {
    const functions = {
      sedesc: (text: string) => text.replaceAll('/', '\\/'),
      fail: () => {
        throw new Error('out of order');
      },
    };
    expect(render("$sedesc('a/b')", { functions })).toBe('a\\/b');
    expect(render("{{ sedesc('a/b') }}", { functions, defaultLanguage: 'jinja2' })).toBe('a\\/b');
    expect(failure('$fail()', { functions }).sentence).toContain('out of order');
    expect(failure('$sedesc($ports)', { functions }).sentence).toContain('takes texts');
  });

  test('includes time and chance only when they are handed in', () => {
    const now = new Date('2026-11-25T13:04:05Z');
    expect(render("#import time\n$time.strftime('%Y-%m-%d %H:%M:%S')", { now })).toBe('2026-11-25 13:04:05');
    expect(render('#import random\n$random.choice([1, 2, 3])', { random: () => 0.99 })).toBe('3');
    expect(failure('#import time\n').sentence).toContain('cannot be imported');
    expect(failure('#import random\n').sentence).toContain('cannot be imported');
  });

  test('includes files only through the caller', () => {
    const includes = (path: string): string | null => (path === '/etc/x' ? 'x of $name' : null);
    expect(render('#include "/etc/x"\n', { includes })).toBe('x of web17');
    expect(failure('#include "/etc/passwd"\n', { includes }).sentence).toContain('/etc/passwd');
  });
});
