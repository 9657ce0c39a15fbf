import { readFileSync } from 'node:fs';
import path from 'node:path';
import fc from 'fast-check';
import { createFindReported } from '../../src/actions/find-reported';
import { createEventReports, type EventOutcome, type EventReports } from '../../src/actions/report-events';
import type { LogPiece } from '../../src/actions/upload-log';
import type { RunState } from '../../src/domain/run';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, readKinds, startWritePath, type TestServer } from '../support/write-path';

const SAMPLES = path.join(__dirname, '../../fixtures/intake/subiquity');
const PEER = '10.0.0.1';

const bodiesOf = (sample: string, file = 'webhook-events.jsonl'): string[] =>
  readFileSync(path.join(SAMPLES, sample, file), 'utf8')
    .trimEnd()
    .split('\n');
const FAILURE = bodiesOf('ubuntu22.04.3-subiquity-partitioning-failure');
const SUCCESS = bodiesOf('ubuntu22.10-subiquity23.04-success');

let database: TestDatabase;
let server: TestServer;
let kept: LogPiece[];
let cleared: string[];
let warnings: string[];
let clock: number;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [PEER], web2: [] });
  server = startWritePath(database.knex);
  [kept, cleared, warnings, clock] = [[], [], [], server.now];
});

/** The reader of one server; another one has heard nothing. */
function startReports(): EventReports {
  const { store, intake } = server;
  const findReported = createFindReported({
    findTargets: (names) => store.inventory.findTargets(names),
    policy: 'known',
    isTrusted: () => false,
    findRun: () => Promise.resolve(null),
  });
  return createEventReports({
    findReported,
    async findRun({ type, name, address }) {
      const runs = await store.runs.findLatest({ type: type!, name }, 100);
      return runs.find(({ target }) => type === 'system' || target.address === address)?.state ?? null;
    },
    submit: (drafts, caller) => intake.submit({ caller, drafts }),
    takeLog: (piece) => Promise.resolve({ ok: true, bytes: kept.push(piece) }),
    clearLogs: (name) => Promise.resolve(void cleared.push(name)),
    warn: (_key, sentence) => warnings.push(sentence),
    now: () => clock,
  });
}

const report = (reports: EventReports, body: string, peer = PEER, name = 'web1'): Promise<EventOutcome> =>
  reports.report({
    name: { type: null, name },
    body,
    caller: { peer, authority: 'anonymous' },
    receivedAt: (server.now += 100),
  });

async function latest(): Promise<RunState> {
  const [run] = await server.store.runs.find({ limit: 1 });
  return run!.state;
}

const event = (name: string, type: string, more: Record<string, unknown> = {}): string =>
  JSON.stringify({ name, description: '', event_type: type, origin: 'curtin', timestamp: 1_700_000_000.5, ...more });

describe('events that come one by one', () => {
  test('of an install that succeeds say what its log says', async () => {
    const reports = startReports();
    for (const body of SUCCESS) expect((await report(reports, body)).ok).toBe(true);
    expect(await latest()).toMatchObject({ status: 'installing', phase: 'finalize', waiting: false, errors: [] });
    expect((await server.store.runs.find({ limit: 9 })).length).toBe(1);
    await report(reports, event('subiquity/Shutdown/shutdown', 'start'));
    expect(await latest()).toMatchObject({ status: 'finished', percent: 100, integrity: 'intact' });
  });

  test('of an install that fails end it with the step that failed', async () => {
    const reports = startReports();
    for (const body of FAILURE) await report(reports, body);
    const run = await latest();
    expect(run).toMatchObject({ status: 'failed', phase: 'storage' });
    expect(run.reason).toBe('clear-holders failed: removing previous storage devices');
    expect(run.errors).toHaveLength(1);
  });

  test('in one list say the same', async () => {
    await report(startReports(), `[${FAILURE.join(',')}]`);
    expect(await latest()).toMatchObject({ status: 'failed', phase: 'storage' });
  });

  test('to several servers, which are started again meanwhile, say the same', async () => {
    await fc.assert(
      fc.asyncProperty(
        fc.infiniteStream(fc.integer({ min: 0, max: 20 })),
        fc.constantFrom(FAILURE, SUCCESS),
        async (dice, bodies) => {
          await database.truncate();
          await addSystems(database.knex, { web1: [PEER] });
          server = startWritePath(database.knex);
          const servers = [startReports(), startReports()];
          for (const body of bodies) {
            const roll = dice.next().value!;
            if (roll === 0) servers[0] = startReports();
            await report(servers[roll % 2]!, body);
          }
          const runs = await server.store.runs.find({ limit: 9 });
          expect(runs).toHaveLength(1);
          const outcome = [runs[0]!.state.status, runs[0]!.state.phase];
          expect(outcome).toEqual(bodies === FAILURE ? ['failed', 'storage'] : ['installing', 'finalize']);
        },
      ),
      { numRuns: 3 },
    );
  }, 60_000);

  test('twice are one fact', async () => {
    const reports = startReports();
    const body = event('subiquity/Install/install/curtin_install/run/cmd-install/stage-extract', 'start');
    await report(reports, body);
    const once = await readKinds(server.store);
    await report(startReports(), body);
    await report(reports, body);
    const kinds = await readKinds(server.store);
    expect(kinds.filter((kind) => kind.endsWith('progress-reported'))).toEqual(
      once.filter((kind) => kind.endsWith('progress-reported')),
    );
  });
});

test('a machine that is installed again has another run, and the logs of the last one are gone', async () => {
  const reports = startReports();
  await report(reports, event('subiquity/Shutdown/shutdown', 'start'));
  clock += 600_000;
  server.now += 600_000;
  await report(reports, event('subiquity/Network/_send_update', 'start'));
  await report(reports, event('subiquity/apply_autoinstall_config', 'start'));
  await report(reports, event('subiquity/Install/install/configure_apt', 'start'));
  expect(await latest()).toMatchObject({ status: 'installing', phase: 'config' });
  expect((await server.store.runs.find({ limit: 9 })).map(({ state }) => state.status)).toEqual([
    'installing',
    'finished',
  ]);
  expect(cleared).toContain('web1');
});

describe('cloud-init', () => {
  const done = event('modules-final', 'finish', { origin: 'cloudinit', result: 'SUCCESS', timestamp: 1_700_000_900 });

  test('of the live system of the installer is no first boot', async () => {
    const reports = startReports();
    await report(reports, event('subiquity/apply_autoinstall_config', 'start'));
    await report(reports, done);
    expect(await latest()).toMatchObject({ status: 'installing', bootedAt: null });
  });

  test('around an install, as MAAS has it, is the installer’s own boot, however long the install takes', async () => {
    const reports = startReports();
    const step = (type: string, timestamp: number): string =>
      event('modules-final', type, { origin: 'cloudinit', result: 'SUCCESS', timestamp });
    await report(reports, step('start', 1_700_000_000));
    await report(reports, event('cmd-install', 'start'));
    clock += 600_000;
    server.now += 600_000;
    await report(reports, event('cmd-install', 'finish', { result: 'SUCCESS' }));
    await report(reports, step('finish', 1_700_000_601));
    expect(await latest()).toMatchObject({ status: 'finished', bootedAt: null });
    await report(reports, step('start', 1_700_000_700));
    await report(reports, step('finish', 1_700_000_710));
    expect((await latest()).bootedAt).not.toBeNull();
  });

  test('of the installed system is its first boot, on a server that heard nothing before', async () => {
    await report(startReports(), event('cmd-install', 'start'));
    await report(startReports(), event('cmd-install', 'finish', { result: 'SUCCESS' }));
    await report(startReports(), done);
    const run = await latest();
    expect(run.status).toBe('finished');
    expect(run.bootedAt).not.toBeNull();
  });
});

describe('who reports', () => {
  test('about a machine nobody knows is told so', async () => {
    expect(await report(startReports(), SUCCESS[0]!, PEER, 'nobody')).toMatchObject({ ok: false, problem: 'unknown' });
  });

  test('from an address that is not the machine’s changes nothing, neither at first nor later', async () => {
    const reports = startReports();
    expect(await report(reports, SUCCESS[0]!, '10.9.9.9')).toMatchObject({ ok: false, problem: 'refused' });
    expect(await report(reports, SUCCESS[0]!, '10.9.9.9')).toMatchObject({ ok: false, problem: 'refused' });
    expect(await readKinds(server.store)).toEqual([]);
  });

  test('hears that there is no database, and loses nothing by sending it again', async () => {
    const reports = startReports();
    await report(reports, event('subiquity/apply_autoinstall_config', 'start'));
    const submit = server.intake.submit;
    server.intake.submit = () => Promise.reject(new Error('away'));
    const body = event('subiquity/Install/install/curtin_install/cmd-install/stage-partitioning', 'start');
    await expect(report(reports, body)).rejects.toThrow('away');
    server.intake.submit = submit;
    await report(reports, body);
    expect(await latest()).toMatchObject({ phase: 'storage' });
  });
});

test('a file that comes with an event is kept, under a name that is one', async () => {
  const content = Buffer.from('curtin: Installation started. (22.1)\n').toString('base64');
  const files = [
    { path: '/var/log/curtin/install.log', content, encoding: 'base64' },
    { path: '../../etc/pass wd', content: 'x' },
    { path: '..', content: 'x' },
    { path: 7, content: null },
    null,
  ];
  await report(startReports(), event('cmd-install', 'finish', { result: 'FAIL', files }));
  expect(kept.map(({ file, data, whole }) => [file, Buffer.from(data).toString(), whole])).toEqual([
    ['install.log', 'curtin: Installation started. (22.1)\n', true],
    ['pass_wd', 'x', true],
  ]);
});

describe('a body', () => {
  test.each([
    ['', 'The body is no JSON'],
    ['\0\0', 'The body is no JSON'],
    ['{"name": 5, "event_type": "start"}', 'An event needs'],
    ['{"__proto__": {"name": "a", "event_type": "start"}}', 'An event needs'],
    ['[[]]', 'An event needs'],
    [`[${'0,'.repeat(1_000)}0]`, 'at most 1000'],
    ['['.repeat(1_000_000), 'The body is no JSON'],
  ])('that holds no events is refused (%#)', async (body, sentence) => {
    await expect(report(startReports(), body)).rejects.toThrow(sentence);
  });

  test('whose parts have wrong types tells what is left', async () => {
    const reports = startReports();
    const odd = { description: 7, timestamp: 'soon', result: [], files: 'none', level: {}, origin: null };
    expect((await report(reports, event('cmd-install/stage-extract', 'start', odd))).ok).toBe(true);
    expect((await report(reports, event('x\0y\n', 'no-such-type'))).ok).toBe(true);
    expect((await report(reports, event('cmd-install', 'start', { timestamp: 1e300 }))).ok).toBe(true);
    expect((await readKinds(server.store)).length).toBeGreaterThan(0);
  });

  test('of any JSON never fails but with a sentence', async () => {
    const reports = startReports();
    await fc.assert(
      fc.asyncProperty(fc.json(), async (body) => {
        const outcome = await report(reports, body).catch((error: Error) => error.message);
        expect(outcome).toBeTruthy();
      }),
      { numRuns: 50 },
    );
  });
});
