import { readFileSync } from 'node:fs';
import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { AWAY_MS } from '../../src/actions/upload-log';
import { AppError } from '../../src/domain/errors';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { openUploadSite, PEER, sample, type Piece, type UploadSite } from '../support/uploads';
import { readKinds } from '../support/write-path';

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

describe('the copies of a run', () => {
  const copies = async (): Promise<string[]> =>
    readdir(path.join(site.dataDir, 'runs', (await site.latestRun()).runId));

  test('hold the same bytes as the latest file', async () => {
    const log = sample('f36-kickstart-success/anaconda.log');
    await site.sendWhole('anaconda.log', log.subarray(0, 40_000));
    await site.sendWhole('anaconda.log', log);
    const run = await site.latestRun();
    expect((await readFile(path.join(site.dataDir, 'runs', run.runId, 'anaconda.log'))).equals(log)).toBe(true);
  });

  test('stay when the next install begins and the latest files go', async () => {
    await site.sendWhole('anaconda.log', 'first\n');
    await site.sendWhole('ks.cfg', 'rootpw x\n');
    const first = (await site.latestRun()).runId;
    await site.uploads.clear('web1', PEER);
    expect(await readdir(path.join(site.dataDir, 'anamon/web1'))).toEqual([]);
    expect((await readdir(path.join(site.dataDir, 'runs', first))).sort()).toEqual(['anaconda.log', 'ks.cfg']);
    expect((await stat(path.join(site.dataDir, 'runs', first, 'ks.cfg'))).mode & 0o777).toBe(0o640);
  });

  test('hold what was never closed before a clearing', async () => {
    await site.send({ data: '05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n' });
    await site.uploads.clear('web1', PEER);
    expect(await copies()).toEqual(['anaconda.log']);
  });

  test('keep an older content beside the newer one', async () => {
    await site.sendWhole('X.log', 'one server\n');
    await site.sendWhole('X.log', 'another server\n');
    const run = await site.latestRun();
    expect((await copies()).sort()).toEqual(['X.log', 'X.log.1']);
    expect(await readFile(path.join(site.dataDir, 'runs', run.runId, 'X.log.1'), 'utf8')).toBe('one server\n');
  });

  test('are not made of a name that may not become a path', async () => {
    await site.uploads.clear('../..', PEER);
    await site.uploads.clear('/etc', PEER);
  });

  test('are not touched when an administrator empties the latest files', async () => {
    await site.sendWhole('anaconda.log', 'first\n');
    await site.uploads.truncate('web1');
    expect(await site.content('web1', 'anaconda.log')).toBe('');
    expect((await stat(path.join(site.dataDir, 'runs', (await site.latestRun()).runId, 'anaconda.log'))).size).toBe(6);
  });
});

test('machines installed by one profile are read apart, and share the latest files as in Cobbler', async () => {
  const line = (text: string): string => `05:00:22,762 INF main: ${text}\n`;
  const one = line('Parsing kickstart: /a') + line('x'.repeat(100));
  const two = line('Found a kickstart file: /b');
  const from = (peer: string): Piece => ({ name: 'web', peer, file: 'anaconda.log' });
  await site.send({ ...from('10.1.1.1'), data: one.slice(0, 50) });
  await site.sendWhole('anaconda.log', two, from('10.1.1.2'));
  await site.send({ ...from('10.1.1.1'), offset: 50, data: one.slice(50) });
  await site.send({ ...from('10.1.1.1'), offset: -1, size: one.length });
  expect(site.handedOn.map((draft) => [draft.target, draft.detail.phase])).toEqual([
    [{ type: 'profile', name: 'web', address: '10.1.1.2' }, 'config'],
    [{ type: 'profile', name: 'web', address: '10.1.1.1' }, 'config'],
  ]);
  const runs = await site.server.store.runs.find({ limit: 5 });
  const logs = await Promise.all(
    runs.map((run) => readFile(path.join(site.dataDir, 'runs', run.id, 'anaconda.log'), 'utf8')),
  );
  expect(logs).toEqual([one, two]);
  expect(await readdir(path.join(site.dataDir, 'anamon/web'))).toEqual(['anaconda.log']);
});

describe('while the database is away', () => {
  let isAway = false;
  const away = (): void => {
    if (isAway) throw new AppError('DATABASE_AWAY');
  };
  beforeEach(() => {
    isAway = false;
    const { findReported, submit, findRun } = site.deps;
    site.uploads = site.start({
      findReported: (...args) => (away(), findReported(...args)),
      submit: (drafts) => (away(), submit(drafts)),
      findRun: (target) => (away(), findRun(target)),
    });
  });

  test('uploads are taken, and read when it is back', async () => {
    await site.sendWhole('anaconda.log', '05:00:06,824 INF main: /sbin/anaconda 33.16\n');
    isAway = true;
    site.server.now += 10_000;
    await site.sendWhole('anaconda.log', sample('f43-dnf5-kickstart-success/anaconda.log'));
    expect((await site.latestRun()).phase).toBe('bootstrap');
    isAway = false;
    site.server.now += AWAY_MS + 10_000;
    await site.uploads.sweep();
    expect((await site.latestRun()).status).toBe('finished');
    expect(site.warnings.length).toBeGreaterThan(0);
  });

  test('a name nobody has seen before must be sent again', async () => {
    isAway = true;
    expect(await site.send({ data: 'x' })).toBe(false);
    isAway = false;
    site.server.now += AWAY_MS;
    expect(await site.send({ data: 'x' })).toBe(true);
  });
});

describe('after a crash', () => {
  test('a file that was stored and not read is found', async () => {
    await site.send({ data: sample('f43-dnf5-kickstart-success/anaconda.log') });
    site.uploads = site.start();
    await site.uploads.recover();
    await site.uploads.sweep();
    expect((await site.latestRun()).status).toBe('finished');
  });

  test('a file that was read is not read again', async () => {
    await site.sendWhole('anaconda.log', sample('f43-dnf5-kickstart-success/anaconda.log'));
    site.server.now = Date.now() + 1_000;
    await site.sendWhole('program.log', 'x\n');
    const before = site.handedOn.length;
    site.uploads = site.start();
    await site.uploads.recover();
    await site.uploads.sweep();
    expect(site.handedOn).toHaveLength(before);
  });

  test('facts that were committed before how far they go was stored are not repeated', async () => {
    const log = sample('el7-bootloader-traceback/anaconda.log');
    site.uploads = site.start({
      uploads: {
        ...site.server.store.uploads,
        // The process dies between the commit of the facts and that of the row.
        save: (row) =>
          row.parsedBytes > 0 ? Promise.reject(new Error('killed')) : site.server.store.uploads.save(row),
      },
    });
    await site.sendWhole('anaconda.log', log);
    const kinds = await readKinds(site.server.store);
    expect(kinds).toContain('1 install-failed');
    site.uploads = site.start();
    await site.sendWhole('anaconda.log', log);
    expect(await readKinds(site.server.store)).toEqual(kinds);
  });

  test('a piece of a file sent again, cut by the crash, starts nothing over', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/anaconda.log');
    await site.sendWhole('anaconda.log', whole);
    await site.send({ file: 'anaconda.log', data: whole.subarray(0, 3_000) });
    const before = await readKinds(site.server.store);
    site.uploads = site.start();
    await site.uploads.recover();
    await site.uploads.sweep();
    expect(await readKinds(site.server.store)).toEqual(before);
  });
});

test('the stock uploader: every byte is stored, repeats say nothing new', async () => {
  interface Call {
    name: string;
    file: string;
    size: number;
    offset: number;
    data: string;
    times: number;
  }
  const calls = gunzipSync(readFileSync(path.join(__dirname, '../../fixtures/anamon/traffic.jsonl.gz')))
    .toString()
    .trim()
    .split('\n')
    .map((line) => JSON.parse(line) as Call);
  const expected = new Map<string, Buffer>();
  for (const { name, file, size, offset, data, times } of calls) {
    const bytes = Buffer.from(data, 'base64');
    const isKnown = name !== 'hc-unknown-host';
    // The recorded server refused everything, so the client sent all four times: that must do no harm either.
    for (let n = 0; n < times; n++) expect(await site.send({ name, file, size, offset, data: bytes })).toBe(isKnown);
    const key = `${name}/${file}`;
    if (offset === 0) expected.set(key, bytes);
    else if (offset > 0) expected.set(key, Buffer.concat([expected.get(key)!.subarray(0, offset), bytes]));
  }
  let checked = 0;
  for (const [key, bytes] of expected) {
    if (key.startsWith('hc-unknown-host')) continue;
    expect((await readFile(path.join(site.dataDir, 'anamon', key))).equals(bytes)).toBe(true);
    checked += 1;
  }
  expect(checked).toBe(expected.size - 1);
  const keys = site.handedOn.flatMap((draft) => draft.dedupeKey ?? []);
  expect(new Set(keys).size).toBe(keys.length);
});
