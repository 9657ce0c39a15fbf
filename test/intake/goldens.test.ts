import { existsSync, readdirSync, readFileSync, writeFileSync } from 'node:fs';
import { join } from 'node:path';
import fc from 'fast-check';
import { INSTALLERS } from '../../src/intake/installers';
import { briefly, linesOf, readEitherWay, verdictOf, type LogVerdict } from './read-log';

const FIXTURES = join(__dirname, '../../fixtures/intake');
/** Folders of real logs: one per installer, in it one per install. */
const FOLDERS = foldersIn(FIXTURES);
const CASES = FOLDERS.flatMap((folder) => foldersIn(join(FIXTURES, folder)).map((name) => join(folder, name)));
const filesOf = (name: string): string[] => readdirSync(join(FIXTURES, name)).sort();
const EVERY_FILE = CASES.flatMap((name) => filesOf(name).map((file) => [name, file] as const));
const SUCCESSES = CASES.filter((name) => /-success\b|clean-install$/.test(name));

/** An interactive install: its installer did wait for a human on the way. */
const ASKS_ON_THE_WAY = new Set(['subiquity/ubuntu22.10-subiquity23.04-success']);

function foldersIn(path: string): string[] {
  return readdirSync(path, { withFileTypes: true })
    .filter((entry) => entry.isDirectory())
    .map((entry) => entry.name);
}

test('every installer with markers of its own has real logs', () => {
  const withLogs = INSTALLERS.filter(({ name }) => name !== 'kernel').map(({ name }) => name);
  expect([...FOLDERS].sort()).toEqual([...withLogs].sort());
});

interface Expected {
  [file: string]: LogVerdict & { says: string[] };
}

describe.each(CASES)('%s', (name) => {
  const path = join(FIXTURES, `${name}.expected.json`);

  test('each file says what it said when its reading was last checked', () => {
    const found: Expected = {};
    for (const file of filesOf(name)) {
      const drafts = readEitherWay(file, linesOf(join(FIXTURES, name, file)));
      found[file] = { ...verdictOf(drafts), says: drafts.map(briefly) };
    }
    if (process.env['GOLDEN_UPDATE'] || !existsSync(path)) writeFileSync(path, `${JSON.stringify(found, null, 2)}\n`);
    expect(found).toEqual(JSON.parse(readFileSync(path, 'utf8')));
  });
});

test.each(SUCCESSES)('%s never looks like a failure, not even cut short', (name) => {
  for (const file of filesOf(name)) {
    const lines = linesOf(join(FIXTURES, name, file));
    for (const share of [0.25, 0.5, 0.75, 1]) {
      const verdict = verdictOf(readEitherWay(file, lines.slice(0, Math.floor(lines.length * share))));
      expect(verdict.outcome).not.toBe('failed');
      if (!ASKS_ON_THE_WAY.has(name)) expect(verdict.outcome).not.toBe('blocked');
    }
  }
});

test.each(EVERY_FILE)('%s/%s cut at a quarter, a half and three quarters is never complete', (name, file) => {
  const lines = linesOf(join(FIXTURES, name, file));
  const whole = verdictOf(readEitherWay(file, lines));
  for (const share of [0.25, 0.5, 0.75]) {
    const cut = verdictOf(readEitherWay(file, lines.slice(0, Math.floor(lines.length * share))));
    expect(cut.outcome).not.toBe('complete');
    if (whole.outcome !== 'failed') expect(cut.outcome).not.toBe('failed');
  }
});

test.each(EVERY_FILE)('%s/%s says the same however its lines are split into uploads', (name, file) => {
  const lines = linesOf(join(FIXTURES, name, file));
  const whole = verdictOf(readEitherWay(file, lines));
  fc.assert(
    fc.property(fc.uniqueArray(fc.integer({ min: 0, max: lines.length }), { maxLength: 12 }), (cuts) => {
      const sorted = cuts.sort((a, b) => a - b);
      expect(verdictOf(readEitherWay(file, lines, sorted))).toEqual(whole);
    }),
    { numRuns: 15 },
  );
});

test.each(EVERY_FILE)('%s/%s uploaded line by line never repeats a fact', (name, file) => {
  const lines = linesOf(join(FIXTURES, name, file)).slice(0, 800);
  const drafts = readEitherWay(
    file,
    lines,
    lines.map((_, index) => index),
  );
  const keys = drafts.flatMap((draft) => draft.dedupeKey ?? []);
  expect(new Set(keys).size).toBe(keys.length);
});

test.each(EVERY_FILE)('%s/%s read at once becomes few facts', (name, file) => {
  const drafts = readEitherWay(file, linesOf(join(FIXTURES, name, file)));
  expect(drafts.length).toBeLessThanOrEqual(20);
});

test.each(EVERY_FILE)('%s/%s with every line twice comes to the same end', (name, file) => {
  const lines = linesOf(join(FIXTURES, name, file));
  const { phase, outcome } = verdictOf(readEitherWay(file, lines));
  const doubled = lines.flatMap(({ line, offset }) => [
    { line, offset: 2 * offset },
    { line, offset: 2 * offset + 1 },
  ]);
  expect(verdictOf(readEitherWay(file, doubled))).toMatchObject({ phase, outcome });
});
