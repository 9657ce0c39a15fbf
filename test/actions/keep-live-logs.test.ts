import { mkdtemp, readFile, rm, stat, symlink, mkdir } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createLiveLogs, LIVE_LOG_FILE, MAX_LIVE_BYTES } from '../../src/actions/keep-live-logs';

let dataDir: string;
let complaints: string[];
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-live-'));
  complaints = [];
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

const logs = (statfs?: Parameters<typeof createLiveLogs>[0]['statfs']) =>
  createLiveLogs({ dataDir, warn: (_key, sentence) => complaints.push(sentence), ...(statfs && { statfs }) });
const fileOf = (runId: string): string => path.join(dataDir, 'runs', runId, LIVE_LOG_FILE);

test('the lines of a run are kept in the order they came, across writes', async () => {
  const live = logs();
  live.keep('7', ['one', 'two']);
  live.keep('8', ['other']);
  await live.write();
  live.keep('7', ['three']);
  await live.write();
  expect(await readFile(fileOf('7'), 'utf8')).toBe('one\ntwo\nthree\n');
  expect(await readFile(fileOf('8'), 'utf8')).toBe('other\n');
});

test('a run that never stops talking does not fill the disk', async () => {
  const live = logs();
  const line = 'x'.repeat(1_000_000);
  for (let n = 0; n < 70; n += 10) {
    live.keep('7', Array<string>(10).fill(line));
    await live.write();
  }
  expect((await stat(fileOf('7'))).size).toBeLessThanOrEqual(MAX_LIVE_BYTES);
  expect(complaints).toEqual(['The live log of a run is not kept any more: it has reached its limit.']);
});

test('a disk that is nearly full keeps its room', async () => {
  const live = logs(() => Promise.resolve({ bavail: 10, bsize: 4_096 }));
  live.keep('7', ['one']);
  await live.write();
  await expect(stat(fileOf('7'))).rejects.toThrow('ENOENT');
  expect(complaints).toEqual(['Live logs are not kept: the disk is nearly full.']);
});

test('a link in the place of the file is not followed', async () => {
  await mkdir(path.join(dataDir, 'runs', '7'), { recursive: true });
  await symlink(path.join(dataDir, 'elsewhere'), fileOf('7'));
  const live = logs();
  live.keep('7', ['one']);
  await live.write();
  await expect(stat(path.join(dataDir, 'elsewhere'))).rejects.toThrow('ENOENT');
  expect(complaints).toEqual(['The live log of a run could not be kept.']);
});

test('a run number that is no number never becomes a path', () => {
  expect(() => logs().keep('../7', ['x'])).toThrow();
});
