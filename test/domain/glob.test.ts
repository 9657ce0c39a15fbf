import fc from 'fast-check';
import { isGlob, matchesGlob } from '../../src/domain/glob';

test.each([
  ['web1', 'web1'],
  ['web1', 'WEB1'],
  ['web*', 'web'],
  ['web*', 'web12'],
  ['*', ''],
  ['*-db', 'rack-12-db'],
  ['web?', 'web1'],
  ['web[12]', 'web2'],
  ['web[0-9]', 'web7'],
  ['web[!0-9]', 'webx'],
  ['a[]]b', 'a]b'],
  ['a[b', 'a[b'],
  ['rack-1*-*-a', 'rack-12-db-a'],
])('%s covers %s', (pattern, text) => {
  expect(matchesGlob(pattern, text)).toBe(true);
});

test.each([
  ['web1', 'web12'],
  ['web?', 'web'],
  ['web[12]', 'web3'],
  ['web[!0-9]', 'web7'],
  ['', 'web'],
  ['*-db', 'db'],
])('%s does not cover %s', (pattern, text) => {
  expect(matchesGlob(pattern, text)).toBe(false);
});

test('a pattern made to be slow is not', () => {
  const started = process.cpuUsage().user;
  expect(matchesGlob(`${'*a'.repeat(200)}b`, 'a'.repeat(2000))).toBe(false);
  expect(process.cpuUsage().user - started).toBeLessThan(2_000_000);
});

test('text without pattern characters covers itself and nothing that differs', () => {
  const name = fc.stringMatching(/^[a-z0-9_.:-]{0,12}$/);
  fc.assert(
    fc.property(name, name, (a, b) => {
      expect(isGlob(a)).toBe(false);
      expect(matchesGlob(a, b)).toBe(a === b);
      expect(matchesGlob(`${a}*`, a + b)).toBe(true);
      expect(matchesGlob(`*${b}`, a + b)).toBe(true);
    }),
  );
});
