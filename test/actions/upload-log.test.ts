import { mkdtemp, mkdir, readdir, readFile, rm, stat, symlink, writeFile } from 'node:fs/promises';
import { readFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { gunzipSync } from 'node:zlib';
import { createUploadFiles, MAX_FILE_BYTES } from '../../src/actions/upload-files';
import {
  AWAY_MS,
  createUploadLog,
  TAIL_MS,
  UNCLOSED_MS,
  type UploadDeps,
  type UploadLog,
} from '../../src/actions/upload-log';
import { createFindReported } from '../../src/actions/find-reported';
import { AppError } from '../../src/domain/errors';
import type { EventDraft } from '../../src/domain/event';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, INTERNAL, readKinds, startWritePath, type TestServer } from '../support/write-path';

const SAMPLES = path.join(__dirname, '../../fixtures/intake/anaconda');
const PEER = '10.0.0.1';

let database: TestDatabase;
let server: TestServer;
let dataDir: string;
let uploads: UploadLog;
let warnings: [string, Record<string, unknown> | undefined][];
/** Every draft handed on, in order. */
let handedOn: EventDraft[];

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [PEER], web2: [], 'hc-sys': [], 'hc-debsys': [] });
  server = startWritePath(database.knex, { policy: 'open' });
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-uploads-'));
  warnings = [];
  handedOn = [];
  uploads = startUploads();
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

function startUploads(deps: Partial<UploadDeps> = {}): UploadLog {
  return createUploadLog({
    dataDir,
    isEnabled: () => true,
    findReported: createFindReported({
      findTargets: (names) => server.store.inventory.findTargets(names),
      policy: 'known',
      isTrusted: () => false,
      findRun: () => Promise.resolve(null),
    }),
    async submit(drafts) {
      handedOn.push(...drafts);
      const results = await server.intake.submit({ caller: INTERNAL, drafts });
      return results.map(({ run }) => ({ runId: run?.runId ?? null }));
    },
    async findRun(target) {
      const [run] = await server.store.runs.findLatest({ type: target.type!, name: target.name }, 1);
      return run?.id ?? null;
    },
    uploads: server.store.uploads,
    log: { warn: (sentence, fields) => warnings.push([sentence, fields]) },
    now: () => server.now,
    ...deps,
  });
}

interface Piece {
  name?: string;
  file?: string;
  size?: number;
  offset?: number;
  data?: Uint8Array | string;
  peer?: string | null;
}

function send(piece: Piece, to: UploadLog = uploads): Promise<boolean> {
  const data = typeof piece.data === 'string' ? Buffer.from(piece.data, 'latin1') : (piece.data ?? Buffer.alloc(0));
  return to.uploadLogData({
    name: piece.name ?? 'web1',
    file: piece.file ?? 'anaconda.log',
    size: piece.size ?? data.byteLength,
    offset: piece.offset ?? 0,
    data,
    caller: { peer: piece.peer === undefined ? PEER : piece.peer, authority: 'anonymous' },
    receivedAt: server.now,
  });
}

/** Sends a file as anamon does: all of it, in pieces of 256 KiB, then the closing call. */
async function sendWhole(file: string, content: Uint8Array | string, rest: Piece = {}, to = uploads): Promise<void> {
  const bytes = typeof content === 'string' ? Buffer.from(content) : content;
  for (let offset = 0; offset < bytes.byteLength; offset += 262_144) {
    expect(await send({ ...rest, file, offset, data: bytes.subarray(offset, offset + 262_144) }, to)).toBe(true);
  }
  expect(await send({ ...rest, file, offset: -1, size: bytes.byteLength }, to)).toBe(true);
}

const latest = (name: string, file: string): string => path.join(dataDir, 'anamon', name, file);
const content = (name: string, file: string): Promise<string> => readFile(latest(name, file), 'latin1');
const sample = (name: string): Buffer => readFileSync(path.join(SAMPLES, name));

async function latestRun() {
  const [run] = await server.store.runs.find({ limit: 1 });
  return run!.state;
}

describe('the bytes', () => {
  test('of one file are those that were sent, call by call', async () => {
    const steps: [Piece, boolean, string][] = [
      [{ offset: 0, data: 'hello' }, true, 'hello'],
      [{ offset: 5, data: ' world' }, true, 'hello world'],
      [{ offset: -1, size: 11 }, true, 'hello world'],
      [{ offset: 20, data: 'gap' }, true, `hello world${'\0'.repeat(9)}gap`],
      [{ offset: 3, data: 'XX' }, true, `helXX world${'\0'.repeat(9)}gap`],
      [{ offset: 0, size: 99, data: 'hello' }, false, `helXX world${'\0'.repeat(9)}gap`],
      [{ offset: 0, data: 'abc' }, true, 'abc'],
      [{ offset: -1, size: 5, data: 'defg' }, true, 'abcde'],
      [{ offset: -1, size: 4, data: 'four' }, true, 'four'],
      [{ offset: -1, size: 10, data: 'xy' }, true, `fourxy${'\0'.repeat(4)}`],
      [{ offset: -1, size: 0 }, true, ''],
    ];
    for (const [piece, answer, expected] of steps) {
      expect(await send(piece)).toBe(answer);
      expect(await content('web1', 'anaconda.log')).toBe(expected);
    }
  });

  test('of an empty piece make an empty file', async () => {
    expect(await send({ file: 'empty.log' })).toBe(true);
    expect(await content('web1', 'empty.log')).toBe('');
  });

  test('of anamon aliases with a plus sign and of hidden files are kept', async () => {
    expect(await send({ file: 'tmp+install.log', data: 'x' })).toBe(true);
    expect(await send({ file: '.hidden', data: 'x' })).toBe(true);
    expect(await readdir(path.join(dataDir, 'anamon/web1'))).toEqual(['.hidden', 'tmp+install.log']);
  });

  test('of a kickstart are for few eyes, those of a log for more', async () => {
    await send({ file: 'ks.cfg', data: 'rootpw secret' });
    await send({ file: 'anaconda.log', data: 'x' });
    expect((await stat(latest('web1', 'ks.cfg'))).mode & 0o777).toBe(0o640);
    expect((await stat(latest('web1', 'anaconda.log'))).mode & 0o777).toBe(0o644);
  });
});

describe('a hostile upload', () => {
  test.each([
    { name: '../web1' },
    { name: '..' },
    { name: '.' },
    { name: '' },
    { name: '/etc' },
    { name: 'web1\0' },
    { name: 'web1\n' },
    { name: 'we\tb1' },
    { name: 'n'.repeat(300) },
    { name: 'nobody' },
    { peer: '10.66.0.1' },
    { file: '..' },
    { file: '../x' },
    { file: 'a/b.log' },
    { file: '/etc/passwd' },
    { file: 'a\0b' },
    { file: 'a\nb' },
    { file: 'a b' },
    { file: '' },
    { file: 'ä.log' },
    { size: -1 },
    { size: 2 },
    { offset: MAX_FILE_BYTES },
    { offset: Number.MAX_SAFE_INTEGER - 5 },
    { offset: -1, size: MAX_FILE_BYTES + 1 },
  ])('%p is answered false and leaves nothing behind', async (piece) => {
    expect(await send({ data: 'x', ...piece })).toBe(false);
    expect(await readdir(dataDir, { recursive: true })).not.toContainEqual(expect.stringMatching(/\.log$|passwd|x$/));
  });

  test('through a symbolic link is refused and follows it nowhere', async () => {
    const victim = path.join(dataDir, 'victim');
    await writeFile(victim, 'mine');
    await mkdir(path.join(dataDir, 'anamon/web1'), { recursive: true });
    await symlink(victim, latest('web1', 'link.log'));
    await expect(send({ file: 'link.log', data: 'x' })).rejects.toMatchObject({
      code: 'CONFLICT',
      message: 'destination not a file: /var/log/cobbler/anamon/web1/link.log',
    });
    expect(await readFile(victim, 'utf8')).toBe('mine');
  });

  test('to the folder itself or with an impossible offset or name is told so', async () => {
    await expect(send({ file: '.', data: 'x' })).rejects.toMatchObject({ code: 'CONFLICT' });
    expect(await readdir(dataDir)).not.toContain('anamon');
    await expect(send({ offset: -2, data: 'x' })).rejects.toMatchObject({ message: '[Errno 22] Invalid argument' });
    await expect(send({ file: 'f'.repeat(300), data: 'x' })).rejects.toMatchObject({
      message: expect.stringMatching(/^\[Errno 36\] File name too long: '\/var\/log\/cobbler\/anamon\/web1\/f{300}'$/),
    });
  });

  test('of too many files is refused and complained of once', async () => {
    for (let n = 0; n < 200; n++) expect(await send({ file: `${n}.log`, data: 'x' })).toBe(true);
    for (let n = 200; n < 205; n++) expect(await send({ file: 'more.log', data: 'x' })).toBe(false);
    expect(warnings.filter(([sentence]) => sentence === 'An upload was refused.')).toHaveLength(1);
  });

  test('that fills the disk is refused before the disk is full', async () => {
    const files = createUploadFiles(
      () => server.now,
      () => Promise.resolve({ bavail: 100, bsize: 4_096 }),
    );
    expect(await send({ data: 'x' }, startUploads({ files }))).toBe(false);
    expect(warnings[0]![1]).toMatchObject({ reason: 'the disk is nearly full' });
  });

  test('is not even looked at when uploads are switched off', async () => {
    expect(await send({ data: 'x' }, startUploads({ isEnabled: () => false }))).toBe(false);
  });

  test('of one endless binary line is stored and says nothing', async () => {
    const noise = Buffer.alloc(3_000_000, 0x80);
    await sendWhole('sys.log', noise);
    expect((await readFile(latest('web1', 'sys.log'))).equals(noise)).toBe(true);
    expect(handedOn).toEqual([]);
  });
});

describe('a growing log', () => {
  test('moves the run through its phases, each fact once', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/anaconda.log');
    const phases: string[] = [];
    for (const share of [0.1, 0.5, 0.62, 0.7, 1]) {
      server.now += 5_000;
      await sendWhole('anaconda.log', whole.subarray(0, Math.floor(whole.length * share)));
      phases.push((await latestRun()).phase);
    }
    expect(phases).toEqual(['config', 'storage', 'packages', 'configure', 'post']);
    const kinds = await readKinds(server.store);
    expect(new Set(kinds.filter((kind) => kind !== '1 progress-reported'))).toEqual(new Set());
    const keys = handedOn.flatMap((draft) => draft.dedupeKey ?? []);
    expect(new Set(keys).size).toBe(keys.length);
  });

  test('sent again without growth says nothing', async () => {
    const log = sample('el6-centos6.2-dvd-success/anaconda.log');
    await sendWhole('anaconda.log', log);
    const before = handedOn.length;
    await sendWhole('anaconda.log', log);
    expect(handedOn).toHaveLength(before);
  });

  test('counts packages across uploads', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/packaging.log');
    await sendWhole('packaging.log', whole.subarray(0, 60_000));
    const first = await latestRun();
    await sendWhole('packaging.log', whole);
    const last = await latestRun();
    expect(first.packagesDone).toBeGreaterThan(20);
    expect(first.packagesDone).toBeLessThan(403);
    expect(last).toMatchObject({ packagesDone: 403, packagesTotal: 403, phase: 'packages' });
  });

  test('cut in the middle of a line is understood when the line is whole', async () => {
    await sendWhole(
      'anaconda.log',
      '05:00:06,824 INF main: /sbin/anaconda 33.16\n05:00:22,762 INF startup_utils: Pars',
    );
    expect((await latestRun()).phase).toBe('bootstrap');
    await sendWhole(
      'anaconda.log',
      '05:00:06,824 INF main: /sbin/anaconda 33.16\n05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n',
    );
    expect((await latestRun()).phase).toBe('config');
  });

  test('that ends without a line end is understood after a minute', async () => {
    await sendWhole(
      'anaconda.log',
      '05:00:00,000 INF main: hello\n15:10:13,511 INF core.util: Reporting the IPMI event: 8',
    );
    await uploads.sweep();
    expect((await latestRun()).status).toBe('installing');
    server.now += TAIL_MS;
    await uploads.sweep();
    expect((await latestRun()).status).toBe('finished');
  });

  test('that nobody closes is read after a while', async () => {
    await send({ data: '15:10:13,511 INF core.util: Reporting the IPMI event: 8\n' });
    server.now += UNCLOSED_MS - 1;
    await uploads.sweep();
    expect(handedOn).toEqual([]);
    server.now += 1;
    await uploads.sweep();
    expect((await latestRun()).status).toBe('finished');
  });

  test('that nobody closed is read before it is sent again', async () => {
    await send({ data: '05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n' });
    await send({ data: 'something else\n' });
    expect(handedOn.map((draft) => draft.detail.phase)).toEqual(['config']);
  });

  test('that failed is a failed run, with the words and lines of its error', async () => {
    await sendWhole('anaconda-tb-yj11b8m4', sample('f43-payload-download-failure-tb/anaconda-tb-yj11b8m4'));
    const run = await latestRun();
    expect(run).toMatchObject({
      status: 'failed',
      phase: 'packages',
      endInferred: true,
      reason: 'PayloadInstallationError: Failed to download the following packages: Failed to download packages',
    });
    expect(run.errors[0]).toMatchObject({ file: 'anaconda-tb-yj11b8m4', line: 17 });
  });
});

describe('a log that is another one now', () => {
  const boot = (version: string, more = ''): string =>
    `05:00:06,824 INF main: /sbin/anaconda ${version}\n05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n${more}`;

  test('says that the installer has started over', async () => {
    const installing = '05:00:54,680 INF installation: Task started: Install the payload (11/44)\n';
    await sendWhole('anaconda.log', boot('33.16', installing));
    server.now += 3_600_000;
    await sendWhole('anaconda.log', boot('33.17').replaceAll('05:00', '06:00'));
    expect(await readKinds(server.store)).toEqual([
      '1 progress-reported',
      '1 progress-reported',
      '1 progress-reported',
      ...['1 run-late', '1 run-stalled'],
      '1 install-terminated',
      '2 install-started',
      '2 progress-reported',
    ]);
  });

  test('and shorter, with the same beginning, is read again from its beginning and starts nothing', async () => {
    await sendWhole('anaconda.log', boot('33.16', 'and more\n'));
    await sendWhole('anaconda.log', boot('33.16'));
    expect(new Set((await readKinds(server.store)).map((kind) => kind.slice(2)))).toEqual(
      new Set(['progress-reported']),
    );
  });

  test('is not what a piece of a file sent again looks like', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/anaconda.log');
    await sendWhole('anaconda.log', whole);
    const before = handedOn.length;
    await send({ file: 'anaconda.log', data: whole.subarray(0, 5_000) });
    server.now += UNCLOSED_MS;
    await uploads.sweep();
    expect(handedOn).toHaveLength(before);
    await sendWhole('anaconda.log', Buffer.concat([whole, Buffer.from('05:14:00,000 INF main: Return\n')]));
    expect(handedOn).toHaveLength(before + 1);
  });
});

describe('the copies of a run', () => {
  const copies = async (): Promise<string[]> => readdir(path.join(dataDir, 'runs', (await latestRun()).runId));

  test('hold the same bytes as the latest file', async () => {
    const log = sample('f36-kickstart-success/anaconda.log');
    await sendWhole('anaconda.log', log.subarray(0, 40_000));
    await sendWhole('anaconda.log', log);
    const run = await latestRun();
    expect((await readFile(path.join(dataDir, 'runs', run.runId, 'anaconda.log'))).equals(log)).toBe(true);
  });

  test('stay when the next install begins and the latest files go', async () => {
    await sendWhole('anaconda.log', 'first\n');
    await sendWhole('ks.cfg', 'rootpw x\n');
    const first = (await latestRun()).runId;
    await uploads.clear('web1', PEER);
    expect(await readdir(path.join(dataDir, 'anamon/web1'))).toEqual([]);
    expect((await readdir(path.join(dataDir, 'runs', first))).sort()).toEqual(['anaconda.log', 'ks.cfg']);
    expect((await stat(path.join(dataDir, 'runs', first, 'ks.cfg'))).mode & 0o777).toBe(0o640);
  });

  test('hold what was never closed before a clearing', async () => {
    await send({ data: '05:00:22,762 INF startup_utils: Parsing kickstart: /run/ks.cfg\n' });
    await uploads.clear('web1', PEER);
    expect(await copies()).toEqual(['anaconda.log']);
  });

  test('keep an older content beside the newer one', async () => {
    await sendWhole('X.log', 'one server\n');
    await sendWhole('X.log', 'another server\n');
    const run = await latestRun();
    expect((await copies()).sort()).toEqual(['X.log', 'X.log.1']);
    expect(await readFile(path.join(dataDir, 'runs', run.runId, 'X.log.1'), 'utf8')).toBe('one server\n');
  });

  test('are not made of a name that may not become a path', async () => {
    await uploads.clear('../..', PEER);
    await uploads.clear('/etc', PEER);
  });

  test('are not touched when an administrator empties the latest files', async () => {
    await sendWhole('anaconda.log', 'first\n');
    await uploads.truncate('web1');
    expect(await content('web1', 'anaconda.log')).toBe('');
    expect((await stat(path.join(dataDir, 'runs', (await latestRun()).runId, 'anaconda.log'))).size).toBe(6);
  });
});

test('machines installed by one profile are read apart, and share the latest files as in Cobbler', async () => {
  const line = (text: string): string => `05:00:22,762 INF main: ${text}\n`;
  const one = line('Parsing kickstart: /a') + line('x'.repeat(100));
  const two = line('Found a kickstart file: /b');
  const from = (peer: string): Piece => ({ name: 'web', peer, file: 'anaconda.log' });
  await send({ ...from('10.1.1.1'), data: one.slice(0, 50) });
  await sendWhole('anaconda.log', two, from('10.1.1.2'));
  await send({ ...from('10.1.1.1'), offset: 50, data: one.slice(50) });
  await send({ ...from('10.1.1.1'), offset: -1, size: one.length });
  expect(handedOn.map((draft) => [draft.target, draft.detail.phase])).toEqual([
    [{ type: 'profile', name: 'web', address: '10.1.1.2' }, 'config'],
    [{ type: 'profile', name: 'web', address: '10.1.1.1' }, 'config'],
  ]);
  const runs = await server.store.runs.find({ limit: 5 });
  const logs = await Promise.all(
    runs.map((run) => readFile(path.join(dataDir, 'runs', run.id, 'anaconda.log'), 'utf8')),
  );
  expect(logs).toEqual([one, two]);
  expect(await readdir(path.join(dataDir, 'anamon/web'))).toEqual(['anaconda.log']);
});

describe('while the database is away', () => {
  let isAway = false;
  const away = (): void => {
    if (isAway) throw new AppError('DATABASE_AWAY');
  };
  beforeEach(() => {
    isAway = false;
    const { findReported, submit, findRun } = depsOf();
    uploads = startUploads({
      findReported: (...args) => (away(), findReported(...args)),
      submit: (drafts) => (away(), submit(drafts)),
      findRun: (target) => (away(), findRun(target)),
    });
  });

  test('uploads are taken, and read when it is back', async () => {
    await sendWhole('anaconda.log', '05:00:06,824 INF main: /sbin/anaconda 33.16\n');
    isAway = true;
    server.now += 10_000;
    await sendWhole('anaconda.log', sample('f43-dnf5-kickstart-success/anaconda.log'));
    expect((await latestRun()).phase).toBe('bootstrap');
    isAway = false;
    server.now += AWAY_MS + 10_000;
    await uploads.sweep();
    expect((await latestRun()).status).toBe('finished');
    expect(warnings.length).toBeGreaterThan(0);
  });

  test('a name nobody has seen before must be sent again', async () => {
    isAway = true;
    expect(await send({ data: 'x' })).toBe(false);
    isAway = false;
    server.now += AWAY_MS;
    expect(await send({ data: 'x' })).toBe(true);
  });
});

function depsOf(): Pick<UploadDeps, 'findReported' | 'submit' | 'findRun'> {
  return {
    findReported: ({ name }) => Promise.resolve({ ok: true, type: 'system', name }),
    async submit(drafts) {
      handedOn.push(...drafts);
      const results = await server.intake.submit({ caller: INTERNAL, drafts });
      return results.map(({ run }) => ({ runId: run?.runId ?? null }));
    },
    async findRun(target) {
      const [run] = await server.store.runs.findLatest({ type: target.type!, name: target.name }, 1);
      return run?.id ?? null;
    },
  };
}

describe('after a crash', () => {
  test('a file that was stored and not read is found', async () => {
    await send({ data: sample('f43-dnf5-kickstart-success/anaconda.log') });
    uploads = startUploads();
    await uploads.recover();
    await uploads.sweep();
    expect((await latestRun()).status).toBe('finished');
  });

  test('a file that was read is not read again', async () => {
    await sendWhole('anaconda.log', sample('f43-dnf5-kickstart-success/anaconda.log'));
    server.now = Date.now() + 1_000;
    await sendWhole('program.log', 'x\n');
    const before = handedOn.length;
    uploads = startUploads();
    await uploads.recover();
    await uploads.sweep();
    expect(handedOn).toHaveLength(before);
  });

  test('facts that were committed before how far they go was stored are not repeated', async () => {
    const log = sample('el7-bootloader-traceback/anaconda.log');
    const failing = startUploads({
      uploads: {
        ...server.store.uploads,
        // The process dies between the commit of the facts and that of the row.
        save: (row) => (row.parsedBytes > 0 ? Promise.reject(new Error('killed')) : server.store.uploads.save(row)),
      },
    });
    await sendWhole('anaconda.log', log, {}, failing);
    const kinds = await readKinds(server.store);
    expect(kinds).toContain('1 install-failed');
    uploads = startUploads();
    await sendWhole('anaconda.log', log);
    expect(await readKinds(server.store)).toEqual(kinds);
  });

  test('a piece of a file sent again, cut by the crash, starts nothing over', async () => {
    const whole = sample('el8.3-rhel-kickstart-success/anaconda.log');
    await sendWhole('anaconda.log', whole);
    await send({ file: 'anaconda.log', data: whole.subarray(0, 3_000) });
    const before = await readKinds(server.store);
    uploads = startUploads();
    await uploads.recover();
    await uploads.sweep();
    expect(await readKinds(server.store)).toEqual(before);
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
    for (let n = 0; n < times; n++) expect(await send({ name, file, size, offset, data: bytes })).toBe(isKnown);
    const key = `${name}/${file}`;
    if (offset === 0) expected.set(key, bytes);
    else if (offset > 0) expected.set(key, Buffer.concat([expected.get(key)!.subarray(0, offset), bytes]));
  }
  let checked = 0;
  for (const [key, bytes] of expected) {
    if (key.startsWith('hc-unknown-host')) continue;
    expect((await readFile(path.join(dataDir, 'anamon', key))).equals(bytes)).toBe(true);
    checked += 1;
  }
  expect(checked).toBe(expected.size - 1);
  const keys = handedOn.flatMap((draft) => draft.dedupeKey ?? []);
  expect(new Set(keys).size).toBe(keys.length);
});

test('reading a large file that grew costs what it grew by', async () => {
  const line = '05:00:30,000 DBG simpleline: Processing screen ScreenData(SummaryHub,None,False)\n';
  const big = Buffer.from(line.repeat(120_000));
  await sendWhole('anaconda.log', big);
  const reads = handedOn.length;
  const started = process.hrtime.bigint();
  await send({ file: 'anaconda.log', offset: big.length, data: line });
  await send({ file: 'anaconda.log', offset: -1, size: big.length + line.length });
  const ms = Number(process.hrtime.bigint() - started) / 1e6;
  expect(handedOn).toHaveLength(reads + 1);
  // 10 MB are hashed in some 10 ms; parsing them again would take several hundred.
  expect(ms).toBeLessThan(2_000);
});
