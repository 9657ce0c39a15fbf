import { readFileSync } from 'node:fs';
import path from 'node:path';
import type { LogOutcome, LogPiece } from '../../src/actions/upload-log';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { openUploadSite, PEER, type UploadSite } from '../support/uploads';

const CURTIN_LOG = readFileSync(
  path.join(
    __dirname,
    '../../fixtures/intake/subiquity/ubuntu22.04.3-subiquity-partitioning-failure/curtin-install.log',
  ),
);

let database: TestDatabase;
let site: UploadSite;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  site = await openUploadSite(database.knex);
});
afterEach(() => site.close());

const take = (data: string | Uint8Array, rest: Partial<LogPiece> = {}): Promise<LogOutcome> =>
  site.uploads.takeLog({
    ...{ type: null, name: 'web1', file: 'my.log', whole: false, receivedAt: site.server.now },
    caller: { peer: PEER, authority: 'anonymous' },
    ...rest,
    data: typeof data === 'string' ? Buffer.from(data) : data,
  });

test('pieces are added to the end, a whole one takes the place of what there was', async () => {
  expect(await take('one\n')).toEqual({ ok: true, bytes: 4 });
  expect(await take('two\n')).toEqual({ ok: true, bytes: 8 });
  expect(await site.content('web1', 'my.log')).toBe('one\ntwo\n');
  expect(await take('three\n', { whole: true })).toEqual({ ok: true, bytes: 6 });
  expect(await take('', {})).toEqual({ ok: true, bytes: 6 });
  expect(await site.content('web1', 'my.log')).toBe('three\n');
});

test('pieces that come at the same time are all kept', async () => {
  const lines = Array.from({ length: 20 }, (_, index) => `line ${index}\n`);
  await Promise.all(lines.map((line) => take(line)));
  const kept = (await site.content('web1', 'my.log')).trimEnd().split('\n');
  expect(kept.sort()).toEqual(lines.map((line) => line.trimEnd()).sort());
});

test('a log is read as it grows, as an uploaded one is', async () => {
  for (let at = 0; at < CURTIN_LOG.length; at += 4_000) {
    await take(CURTIN_LOG.subarray(at, at + 4_000), { file: 'curtin-install.log' });
  }
  const run = await site.latestRun();
  expect(run).toMatchObject({ status: 'failed', phase: 'storage' });
  expect(run.reason).toContain('wipefs: error: /dev/pve/data');
});

test('the next install begins a log of its own', async () => {
  await site.server.say('install-started');
  await take('of the first\n');
  site.server.now += 600_000;
  await site.server.say('install-finished');
  site.server.now += 600_000;
  await site.server.say('install-started');
  expect(await take('of the second\n')).toEqual({ ok: true, bytes: 14 });
  expect(await site.content('web1', 'my.log')).toBe('of the second\n');
});

test.each([
  [{ name: 'nobody' }, 'unknown'],
  [{ file: '..' }, 'name'],
  [{ file: 'a/b' }, 'name'],
  [{ file: 'x'.repeat(300) }, 'name'],
  [{ caller: { peer: '10.9.9.9', authority: 'anonymous' as const } }, 'refused'],
])('%j is refused with a sentence', async (rest, problem) => {
  const outcome = await take('x', rest);
  expect(outcome).toMatchObject({ ok: false, problem });
  expect(!outcome.ok && outcome.reason).toMatch(/\.$/);
});

test('nothing is taken while uploads are switched off', async () => {
  site.uploads = site.start({ isEnabled: () => false });
  expect(await take('x')).toMatchObject({ ok: false, problem: 'off' });
});

test('while the database is away, senders it is not known of whether they may are told to try again', async () => {
  site.uploads = site.start({ findReported: () => Promise.reject(new Error('away')) });
  expect(await take('x')).toMatchObject({ ok: false, problem: 'away' });
});
