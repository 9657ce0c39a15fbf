import fc from 'fast-check';
import { rebuildRuns } from '../../src/actions/rebuild-runs';
import { applyBlindWindows, beat, watchStalls } from '../../src/actions/watch-clocks';
import { DRAFT_KINDS } from '../../src/domain/event';
import { PHASE_IDS } from '../../src/domain/phase';
import { RUN_KINDS } from '../../src/domain/run';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, draftAt, INTERNAL, startWritePath, type TestServer } from '../support/write-path';

const MINUTE = 60_000;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
async function startEmpty(): Promise<void> {
  await database.truncate();
  await addSystems(database.knex, { web1: [], web2: [], web3: [] });
}
beforeEach(startEmpty);

const text = fc.oneof(
  fc.string({ unit: 'binary', maxLength: 12 }),
  fc.constantFrom('disk full', 'x\0', 'x\ufffd', '\ud83d'),
);
const detail = fc.record(
  {
    phase: fc.constantFrom(...PHASE_IDS),
    percent: fc.oneof(fc.integer({ min: 0, max: 100 }), fc.double({ min: 0, max: 100, noNaN: true })),
    message: text,
    packagesDone: fc.integer({ min: 0, max: 500 }),
    packagesTotal: fc.integer({ min: 1, max: 500 }),
    packageStep: fc.constantFrom('download', 'install', 'scriptlets'),
    bytesDone: fc.integer({ min: 0, max: 2 ** 40 }),
    etaSeconds: fc.double({ min: 0, max: 1e6, noNaN: true }),
    bootId: fc.oneof(fc.constantFrom('a', 'b'), text),
    address: fc.oneof(fc.constantFrom('10.0.0.1', 'fd00::1', '?'), text),
    inferred: fc.boolean(),
    kind: fc.constantFrom(...RUN_KINDS),
    error: fc.record({ text, file: fc.constant('anaconda.log'), context: fc.array(text, { maxLength: 2 }) }),
  },
  { requiredKeys: [] },
);
const step = fc.record({
  kind: fc.constantFrom(...DRAFT_KINDS),
  source: fc.constantFrom('trigger', 'anamon', 'update-status'),
  name: fc.constantFrom('web1', 'web2', 'web3', 'web'),
  afterSeconds: fc.oneof(
    fc.integer({ min: 0, max: 90 }),
    fc.integer({ min: 0, max: 20_000 }),
    fc.integer({ min: 0, max: 90_000 }),
  ),
  claimedAt: fc.option(fc.integer({ min: 0, max: 4e12 }), { nil: null }),
  key: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
  older: fc.boolean(),
  detail,
  /** What the servers do before the message: nothing, wait for what is in flight, look at the clocks, go deaf. */
  then: fc.constantFrom('nothing', 'nothing', 'settle', 'watch', 'blind'),
});

type Step = typeof step extends fc.Arbitrary<infer T> ? T : never;

/** Plays steps through the write path, several messages in one transaction where nothing is waited for. */
async function play(server: TestServer, steps: Step[]): Promise<void> {
  let flight: Promise<unknown>[] = [];
  const settle = async (): Promise<void> => {
    await Promise.all(flight);
    flight = [];
  };
  for (const one of steps) {
    server.now += one.afterSeconds * 1000;
    if (one.then !== 'nothing') await settle();
    if (one.then === 'watch') while (await watchStalls(server.watch, server.intake));
    if (one.then === 'blind') {
      await beat(server.watch);
      server.now += 5 * MINUTE;
      await beat(server.watch);
      await applyBlindWindows(server.watch, server.intake);
    } else {
      await server.store.heartbeats.beat('a', server.now);
    }
    const found = one.older ? await server.store.runs.find({ system: one.name, limit: 5 }) : [];
    const draft = draftAt(server.now, one.kind, one.detail, {
      target: { type: null, name: one.name, address: '10.0.0.9' },
      source: one.source,
      claimedAt: one.claimedAt,
      dedupeKey: one.key === null ? null : `event:${one.key}`,
      runId: found.at(-1)?.id ?? null,
    });
    flight.push(server.intake.submit({ caller: INTERNAL, drafts: [draft] }));
  }
  await settle();
}

test('after any history the log folds again to the runs as they are stored, every column of them', async () => {
  await fc.assert(
    fc.asyncProperty(fc.array(step, { minLength: 1, maxLength: 25 }), async (steps) => {
      const server = startWritePath(database.knex);
      await play(server, steps);
      const report = await rebuildRuns(server.store, { write: false });
      expect(report).toMatchObject({ different: [], incomplete: [] });
      expect(server.errors).toEqual([]);
      const { rows } = await database.knex.raw('select count(distinct run_id) as runs, count(*) as events from events');
      expect(rows).toEqual([{ runs: report.runs, events: report.events }]);
    }),
    { numRuns: 40, plugins: [fc.afterEach(startEmpty)] },
  );
}, 120_000);

describe('a stored run that is not what the log says', () => {
  async function startWeb1(): Promise<{ server: TestServer; runId: string; row: unknown }> {
    const server = startWritePath(database.knex);
    const { runId } = await server.say('install-started');
    await server.say('progress-reported', { percent: 40 });
    return { server, runId, row: await database.knex('runs').where({ id: runId }).first() };
  }

  test.each([
    ['its state', { state: { status: 'finished' } }],
    ['one number inside its state', { state: undefined }],
    ['its status', { status: 'finished' }],
    ['its being open', { is_open: false }],
    ['its deadline', { deadline_at: null }],
    ['when it opened', { opened_at: new Date(0) }],
    ['its profile', { profile: 'another' }],
  ])('in %s is found and repaired', async (_what, damage) => {
    const { server, runId, row } = await startWeb1();
    const state = database.knex.raw(`jsonb_set(state, '{percent}', '41')`);
    await database
      .knex('runs')
      .where({ id: runId })
      .update('state' in damage && damage.state === undefined ? { state } : damage);
    expect(await rebuildRuns(server.store, { write: false })).toMatchObject({ runs: 1, events: 2, different: [runId] });
    expect((await rebuildRuns(server.store, { write: true })).different).toEqual([runId]);
    expect(await database.knex('runs').where({ id: runId }).first()).toEqual(row);
    expect((await rebuildRuns(server.store, { write: false })).different).toEqual([]);
  });

  test('because it is gone is made again', async () => {
    const { server, runId, row } = await startWeb1();
    await database.knex('runs').del();
    expect((await rebuildRuns(server.store, { write: true })).different).toEqual([runId]);
    expect(await database.knex('runs').first()).toEqual(row);
  });

  test('is repaired when two runs of one machine have changed places', async () => {
    const { server } = await startWeb1();
    await server.say('install-finished');
    server.now += 60 * MINUTE;
    await server.say('install-started');
    const rows = await database.knex('runs').orderBy('id');
    await database.knex('runs').where('id', rows[1].id).update({ is_open: false });
    await database.knex('runs').where('id', rows[0].id).update({ is_open: true });
    await rebuildRuns(server.store, { write: true });
    expect(await database.knex('runs').orderBy('id')).toEqual(rows);
  });
});

test('a run whose first events retention has dropped stays as it is stored, and is named', async () => {
  const server = startWritePath(database.knex);
  const { runId } = await server.say('install-started');
  await server.say('progress-reported', { percent: 40 });
  await database.knex.transaction(async (trx) => {
    await trx.raw("set local kickwatch.retention = 'on'");
    await trx('events').where('seq', 1).del();
  });
  const before = await database.knex('runs').first();
  expect(await rebuildRuns(server.store, { write: true })).toMatchObject({ different: [], incomplete: [runId] });
  expect(await database.knex('runs').first()).toEqual(before);
});

test('runs are rebuilt page by page, and nobody is told', async () => {
  const names = Array.from({ length: 250 }, (_, index) => `fleet${index}`);
  await addSystems(database.knex, Object.fromEntries(names.map((name) => [name, []])));
  const server = startWritePath(database.knex);
  const target = (name: string) => ({ target: { type: null, name, address: null } });
  await Promise.all(names.map((name) => server.say('install-started', {}, target(name))));
  await database.knex('runs').update({ state: {} });
  const seen: number[] = [];
  const report = await rebuildRuns(server.store, { write: true, onProgress: ({ runs }) => seen.push(runs) });
  expect(seen).toEqual([100, 200, 250]);
  expect(report.different).toHaveLength(250);
  expect((await rebuildRuns(server.store, { write: false })).different).toEqual([]);
  expect(await database.knex('notifications').count()).toEqual([{ count: 0 }]);
});

test('messages that arrive during a rebuild are neither lost nor folded twice', async () => {
  const server = startWritePath(database.knex);
  await server.say('install-started');
  const said = Array.from({ length: 30 }, async (_, index) => {
    for (let turn = 0; turn < index; turn += 1) await new Promise((resolve) => setImmediate(resolve));
    return server.say('progress-reported', { percent: index });
  });
  const report = await rebuildRuns(server.store, { write: true });
  await Promise.all(said);
  expect(report.different).toEqual([]);
  expect((await rebuildRuns(server.store, { write: false })).different).toEqual([]);
  const [run] = await server.store.runs.find({ system: 'web1', limit: 1 });
  expect(run!.state.seq).toBe(31);
});
