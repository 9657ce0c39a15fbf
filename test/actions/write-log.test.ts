import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createThrottle } from '../../src/actions/throttled-log';
import type { LoggedEvent } from '../../src/actions/event-lines';
import { createFetchSince } from '../../src/actions/read-written';
import { createEventLog, type EventLog } from '../../src/actions/write-log';
import { createRotatingFile, type RotatingFile } from '../../src/rotating-file';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, draftAt, INTERNAL, startWritePath, type TestServer } from '../support/write-path';

let database: TestDatabase;
let server: TestServer;
let logDir: string;
let written: LoggedEvent[];
let warnings: string[];

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: ['10.0.0.1'] });
  written = [];
  warnings = [];
  server = startWritePath(database.knex, { listeners: [(events) => void written.push(...events)] });
  logDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-log-'));
});
afterEach(() => rm(logDir, { recursive: true, force: true }));

function openLog(openFile: typeof createRotatingFile = createRotatingFile, maxBytes?: number): Promise<EventLog> {
  const warn = createThrottle({ warn: (sentence) => warnings.push(sentence) }, () => server.now);
  return createEventLog({ logDir, openFile, warn, ...(maxBytes !== undefined && { maxBytes }) });
}

const read = (file: string): Promise<string> => readFile(path.join(logDir, file), 'utf8');
const lines = async (file = 'provisioning.log'): Promise<Record<string, unknown>[]> =>
  (await read(file))
    .split('\n')
    .filter((line) => line !== '')
    .map((line) => JSON.parse(line) as Record<string, unknown>);
const seqs = async (): Promise<unknown[]> => (await lines()).map((line) => line['seq']);
const fetchSince = () => createFetchSince(server.store, 'a');

async function sayMany(count: number): Promise<void> {
  for (let percent = 1; percent <= count; percent++) {
    server.now += 1_000;
    await server.say('progress-reported', { percent: percent / 10 });
  }
}

/** Many events recorded in one moment. */
async function sayAtOnce(count: number): Promise<void> {
  const drafts = Array.from({ length: count }, (_, index) =>
    draftAt(server.now, 'progress-reported', { percent: index / 100 }),
  );
  await server.intake.submit({ caller: INTERNAL, drafts });
}

test('every committed event is one JSON line with the run as it was after it', async () => {
  const log = await openLog();
  await server.say('install-started', { address: '10.0.0.1', phase: 'config' }, { source: 'trigger' });
  server.now += 60_000;
  await server.say('install-failed', { phase: 'storage', error: { text: 'no disk\nat all' }, inferred: true });
  log.write(written);
  await log.close();
  expect(await lines()).toEqual([
    {
      time: '2026-11-22T10:00:00.000Z',
      run: expect.any(String),
      seq: 1,
      kind: 'install-started',
      source: 'trigger',
      system: 'web1',
      mac: null,
      ip: '10.0.0.1',
      profile: 'web',
      distro: 'el9',
      status: 'installing',
      phase: 'config',
      percent: 8,
    },
    expect.objectContaining({
      seq: 2,
      kind: 'install-failed',
      status: 'failed',
      phase: 'storage',
      error: 'no disk\nat all',
      inferred: true,
    }),
  ]);
});

test('starts and stops are lines of install.log as Cobbler writes them, repeated starts too', async () => {
  const log = await openLog();
  await server.say('install-started', { address: '10.9.0.1' }, { source: 'trigger' });
  server.now += 500;
  await server.say('install-started', { address: '?' }, { source: 'trigger' });
  await server.say('progress-reported', { percent: 50 });
  server.now += 60_250;
  await server.say('install-finished');
  log.write(written);
  await log.close();
  const at = Date.UTC(2026, 10, 22, 10) / 1000;
  expect(await read('install.log')).toBe(
    [
      `system\tweb1\t10.9.0.1\tstart\t${at}`,
      `system\tweb1\t?\tstart\t${at + 0.5}`,
      `system\tweb1\t10.0.0.1\tstop\t${at + 60.75}`,
      '',
    ].join('\n'),
  );
});

test('a name or address with tabs and line ends cannot forge a line', async () => {
  const log = await openLog();
  await server.say('install-started', {}, { source: 'trigger' });
  const [event] = written;
  log.write([
    { ...event!, target: { type: 'system', name: 'x\nsystem\tevil\t1.1.1.1\tstop\t9' }, ip: '1.1.1.1\t\r\u2028stop' },
  ]);
  await log.close();
  const text = await read('install.log');
  expect(text.split('\n')).toHaveLength(2);
  expect(text.trim().split(/\s+/)).toHaveLength(5);
});

test('lines a crash has cost are written again, those that were written are not', async () => {
  let log = await openLog();
  await sayMany(6);
  log.write(written.slice(0, 4));
  await log.close();
  // The crash also cut the last line in two.
  const whole = await read('provisioning.log');
  await writeFile(path.join(logDir, 'provisioning.log'), whole.slice(0, -25));
  log = await openLog();
  expect(await log.catchUp(fetchSince())).toBe(3);
  await log.close();
  expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6]);
  expect((await lines())[4]).toEqual(expect.objectContaining({ seq: 5, percent: 0.5, status: 'installing' }));
});

test('a log that was never written is written from the database', async () => {
  for (let n = 0; n < 4; n++) {
    await sayAtOnce(300);
    server.now += 60_000;
  }
  const log = await openLog();
  expect(await log.catchUp(fetchSince())).toBe(1_200);
  expect(log.lastWritten()).toMatchObject({ seq: 1_200 });
  await log.close();
  expect(await seqs()).toEqual(Array.from({ length: 1_200 }, (_, index) => index + 1));
});

test('events that come while the log catches up follow after those that were missing', async () => {
  await sayMany(3);
  const log = await openLog();
  const fetch = fetchSince();
  let calls = 0;
  await log.catchUp(async (since, limit) => {
    const page = await fetch(since, limit);
    calls += 1;
    if (calls === 1) {
      await server.say('progress-reported', { percent: 70 });
      log.write(written.slice(-1));
    }
    return page;
  });
  await server.say('progress-reported', { percent: 80 });
  log.write(written.slice(-1));
  await log.close();
  expect(await seqs()).toEqual([1, 2, 3, 4, 5]);
});

test('events crowded into one moment are all found', async () => {
  await sayAtOnce(700);
  const log = await openLog();
  expect(await log.catchUp(fetchSince())).toBe(700);
  await log.close();
  expect(await seqs()).toHaveLength(700);
});

test('a file that was turned over just before a crash does not repeat what is in the one before', async () => {
  let log = await openLog();
  await sayMany(4);
  log.write(written);
  await log.close();
  const { rename } = await import('node:fs/promises');
  await rename(path.join(logDir, 'provisioning.log'), path.join(logDir, 'provisioning.log.1'));
  log = await openLog();
  expect(await log.catchUp(fetchSince())).toBe(0);
  await log.close();
});

test('a file is turned over by size', async () => {
  await sayMany(20);
  for (const part of [written.slice(0, 12), written.slice(12)]) {
    const log = await openLog(createRotatingFile, 2_000);
    log.write(part);
    await log.close();
  }
  expect((await lines('provisioning.log.1')).at(-1)).toMatchObject({ seq: 12 });
  expect((await lines())[0]).toMatchObject({ seq: 13 });
});

test('a full disk stops nothing; what it cost is caught up with', async () => {
  let isFull = false;
  const openFile: typeof createRotatingFile = (options) => {
    const file: RotatingFile = createRotatingFile(options);
    return {
      ...file,
      write: (text) => !isFull && file.write(text),
      queuedBytes: () => (isFull ? 1 : file.queuedBytes()),
    };
  };
  const log = await openLog(openFile);
  await log.catchUp(fetchSince());
  await sayMany(2);
  log.write(written.splice(0));
  isFull = true;
  await sayMany(3);
  log.write(written.splice(0));
  expect(await log.keepUp()).toBe(0);
  expect(warnings).toContain('Lines of provisioning.log wait in the database until it can be written again.');
  isFull = false;
  expect(await log.keepUp()).toBe(3);
  await sayMany(1);
  log.write(written.splice(0));
  expect(await log.keepUp()).toBe(0);
  await log.close();
  expect(await seqs()).toEqual([1, 2, 3, 4, 5, 6]);
});

test('a folder that cannot be written is complained of and harms nobody', async () => {
  const blocked = path.join(logDir, 'file');
  await writeFile(blocked, '');
  const warn = createThrottle({ warn: (sentence) => warnings.push(sentence) }, () => server.now);
  const log = await createEventLog({ logDir: path.join(blocked, 'x'), openFile: createRotatingFile, warn });
  await sayMany(2);
  log.write(written);
  await log.close();
  expect(warnings).toContain('A log cannot be written; it will be caught up with.');
});
