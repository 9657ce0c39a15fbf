import { readFileSync } from 'node:fs';
import path from 'node:path';
import { DIFFERENCES, judge, RULES } from './differences';

const page = readFileSync(path.join(__dirname, '../../docs/compatibility.md'), 'utf8');

test('every rule by which answers may differ is explained to users', () => {
  for (const rule of Object.keys(RULES)) expect(page).toMatch(new RegExp(`\\| \\*\\*${rule} `));
  const used = Object.values(DIFFERENCES).flatMap((labels) => Object.values(labels).flatMap((list) => list.split(' ')));
  expect(used.filter((rule) => !Object.hasOwn(RULES, rule))).toEqual([]);
});

test('every exchange that may differ is listed for users', () => {
  const rows = page.split('\n').filter((line) => line.startsWith('|'));
  let theme = '';
  const listed = new Map<string, string>();
  for (const row of rows) {
    const [first = '', exchanges = ''] = row
      .split('|')
      .slice(1)
      .map((cell) => cell.trim());
    if (/^\d\d-/.test(first)) theme = first;
    if (theme !== '') listed.set(theme, `${listed.get(theme) ?? ''} · ${exchanges.replaceAll('\\', '')}`);
  }
  for (const [name, labels] of Object.entries(DIFFERENCES)) {
    const text = listed.get(name) ?? '';
    const all = text.includes('as 06-repo') ? text + listed.get('06-repo')! : text;
    for (const label of Object.keys(labels)) expect(`${name}: ${all}`).toContain(label);
  }
});

test('an answer that differs otherwise than by its rule is not explained', () => {
  expect(judge('06-repo', 'get', ["$.ks_meta: extra '{}'"])).toBe('explained');
  expect(judge('06-repo', 'get', ["$.ks_meta: extra '{}'", "$.breed: 'none' recorded, '' now"])).toBe('unexplained');
  expect(judge('06-repo', 'save', ["$: 'True' recorded, 'False' now"])).toBe('unexplained');
  expect(judge('06-repo', 'get', [])).toBe('equal');
});
