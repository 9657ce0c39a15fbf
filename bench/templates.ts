/**
 * Speed of the templates: a Cheetah and a Jinja2 template of 300 lines, read anew and from the cache, and how long a
 * template that never ends holds the process up.
 *
 *     npx tsx bench/templates.ts
 */
import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { renderTemplate, TemplateError, type RenderOptions, type TemplateLanguage } from '../src/templates';
import { printTable, type Figure } from './table';

const FIXTURES = join(__dirname, '../fixtures/templates');
const LINES = 300;
const ROUNDS = 300;
/** Milliseconds a warm rendering of 300 lines may take. */
const TARGET_MS = 2;
/** Milliseconds an endless template may hold up everything else. */
const ENDLESS_MS = 1_000;

const data = JSON.parse(readFileSync(join(FIXTURES, 'data.json'), 'utf8')) as RenderOptions['data'];
const snippets = JSON.parse(readFileSync(join(FIXTURES, 'snippets.json'), 'utf8')) as Record<string, string>;

function options(defaultLanguage: TemplateLanguage): RenderOptions {
  return { name: 'bench.ks', data, snippets: (name) => snippets[name] ?? null, defaultLanguage };
}

/** Real directives and values in every line: the densest of the fixtures, over and over. */
function longTemplate(path: string): string {
  const lines = readFileSync(join(FIXTURES, path), 'utf8').split('\n');
  return Array.from({ length: Math.ceil(LINES / lines.length) }, () => lines.join('\n')).join('\n');
}

function milliseconds(run: () => void): number {
  const started = performance.now();
  run();
  return performance.now() - started;
}

function median(values: number[]): number {
  return values.sort((a, b) => a - b)[Math.floor(values.length / 2)]!;
}

function measure(language: TemplateLanguage, path: string): Figure[] {
  const source = longTemplate(path);
  const render = (text: string) => () => void renderTemplate(text, options(language));
  const cold = Array.from({ length: 20 }, (_, at) => milliseconds(render(`${source}\n${at}`)));
  const warm = Array.from({ length: ROUNDS }, () => milliseconds(render(source)));
  const lines = source.split('\n').length;
  const figure = median(warm);
  return [
    { what: `${language}, ${lines} lines, read and rendered`, figure: `${median(cold).toFixed(2)} ms` },
    {
      what: `${language}, ${lines} lines, rendered from the cache`,
      figure: `${figure.toFixed(2)} ms`,
      target: `< ${TARGET_MS} ms`,
      isMet: figure < TARGET_MS,
    },
  ];
}

const ENDLESS: readonly [string, string][] = [
  ['a loop', '#while 1\n#set $i = 1\n#end while'],
  ['a list that grows', '#set $l = []\n#while 1\n#silent $l.append($l)\n#end while'],
  ['a text that grows', '#set $a = "x"\n#while 1\n#set $a += "xxxxxxxxxxxxxxxx"\n#end while'],
  ['a dict that grows', '#set $d = {}\n#set $i = 0\n#while 1\n#set $i += 1\n#set $d[(i, str(i))] = i\n#end while'],
  ['a long text searched', '#set $a = "é😀" * 500000\n#while 1\n#set $n = len($a) + $a.find("z")\n#end while'],
  ['long texts compared', '#set $a = "a" * 1000000\n#set $b = $a + ""\n#while $a == $b\n#set $c = $a < $b\n#end while'],
  ['a long list sorted', '#set $l = list(range(50000))\n#while 1\n#silent $l.sort(reverse=True)\n#end while'],
  ['a set compared', '#set $l = set(range(10000))\n#while $l == $l\n#end while'],
  [
    'a dict gone through',
    '#set $d = {i: i for i in range(50000)}\n#while 1\n#for $k in $d\n#break\n#end for\n#end while',
  ],
  ['long integers', '#set $a = 7 ** 4000\n#while 1\n#set $b = str($a * 3 // 7)\n#end while'],
  ['many digits', '#while 1\n#set $a = "%.1000f" % 0.1\n#set $b = round(0.1, 300)\n#end while'],
  ['a long template in one line', '#if 1#x#end if#'.repeat(17_000)],
  ['a long template of names', '$a '.repeat(85_000)],
];

function endless(): Figure[] {
  return ENDLESS.map(([what, source]) => {
    let outcome = 'rendered';
    const figure = milliseconds(() => {
      try {
        renderTemplate(source, { name: 'endless.ks', data: {} });
      } catch (error) {
        if (!(error instanceof TemplateError)) throw error;
        outcome = error.sentence.slice(0, 60);
      }
    });
    return {
      what: `${what}, until it is stopped`,
      figure: `${figure.toFixed(0)} ms`,
      target: `< ${ENDLESS_MS} ms`,
      isMet: figure < ENDLESS_MS,
      detail: outcome,
    };
  });
}

printTable(
  [...measure('cheetah', 'cheetah/network.tmpl'), ...measure('jinja2', 'jinja2/partition.tmpl'), ...endless()],
  [`Node ${process.version}, median of ${ROUNDS}`],
);
