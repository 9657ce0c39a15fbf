import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, startWritePath, type TestServer } from '../support/write-path';

const MINUTE = 60_000;

let database: TestDatabase;
let server: TestServer;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [], web2: [] });
  server = startWritePath(database.knex);
});

const about = (name: string, address: string | null = null) => ({ target: { type: null, name, address } });

/** Installs a system from start to finish, `minutes` long; answers the run's number. */
async function install(name: string, minutes: number): Promise<string> {
  await server.say('install-started', {}, about(name));
  server.now += minutes * MINUTE;
  const { runId } = await server.say('install-finished', {}, about(name));
  server.now += 60 * MINUTE;
  return runId;
}

describe('runs are found', () => {
  test('newest first, no more than asked for', async () => {
    const first = await install('web1', 10);
    const second = await install('web2', 10);
    const third = await install('web1', 10);
    const ids = async (limit: number) => (await server.store.runs.find({ limit })).map((run) => run.id);
    expect(await ids(10)).toEqual([third, second, first]);
    expect(await ids(2)).toEqual([third, second]);
  });

  test('by system, profile, status, time and being open', async () => {
    const done = await install('web1', 10);
    const since = server.now;
    const { runId: open } = await server.say('install-started', {}, about('web2'));
    const find = async (criteria: object) =>
      (await server.store.runs.find({ limit: 10, ...criteria })).map((run) => run.id);
    expect(await find({ system: 'web1' })).toEqual([done]);
    expect(await find({ profile: 'web' })).toEqual([open, done]);
    expect(await find({ profile: 'other' })).toEqual([]);
    expect(await find({ status: ['finished', 'failed'] })).toEqual([done]);
    expect(await find({ since })).toEqual([open]);
    expect(await find({ openOnly: true })).toEqual([open]);
    expect(await find({ id: [done] })).toEqual([done]);
    expect(await find({ target: { type: 'system', name: 'web2' } })).toEqual([open]);
    expect(await find({ target: { type: 'profile', name: 'web' } })).toEqual([]);
  });

  test('counted by how they went', async () => {
    await install('web1', 10);
    await install('web1', 10);
    await server.say('install-started', {}, about('web1'));
    expect(await server.store.runs.countByStatus({ type: 'system', name: 'web1' })).toEqual({
      finished: 2,
      installing: 1,
    });
    expect(await server.store.runs.countByStatus({ type: 'system', name: 'web2' })).toEqual({});
  });
});

describe('the history of finished runs', () => {
  test('is that of the profile, newest first, with its phases', async () => {
    await install('web1', 10);
    await install('web2', 20);
    await server.say('install-failed', {}, about('web1'));
    const history = await server.store.runs.loadHistory('profile', 'web', 10);
    expect(history.map((run) => (run.endedAt - run.startedAt) / MINUTE)).toEqual([20, 10]);
    expect(history[0]!.timeline.map((entry) => entry.phase)).toEqual(['config', 'complete']);
    expect(await server.store.runs.loadHistory('distro', 'el9', 1)).toHaveLength(1);
    expect(await server.store.runs.loadHistory('profile', 'other', 10)).toEqual([]);
  });
});

describe('the history of an installer', () => {
  test('is that of all runs it was heard in, whatever their software', async () => {
    await server.say('install-started', {}, about('web1'));
    await server.say('progress-reported', { phase: 'packages', installer: 'anaconda' }, about('web1'));
    server.now += 10 * MINUTE;
    const { installer } = await server.say('install-finished', { installer: 'anamon-of-a-neighbour' }, about('web1'));
    expect(installer).toBe('anaconda');
    const history = await server.store.runs.loadHistory('installer', 'anaconda', 10);
    expect(history.map((run) => [run.kind, (run.endedAt - run.startedAt) / MINUTE])).toEqual([['install', 10]]);
    expect(await server.store.runs.loadHistory('installer', 'subiquity', 10)).toEqual([]);
  });

  test('is answered by an index', async () => {
    await database.knex.raw('set enable_seqscan = off');
    const { rows } = await database.knex.raw<{ rows: Record<string, string>[] }>(
      `explain select kind from runs where status = 'finished' and installer = 'anaconda' order by ended_at desc limit 50`,
    );
    await database.knex.raw('reset enable_seqscan');
    expect(JSON.stringify(rows)).toContain('runs_finished_by_installer');
  });
});

describe('a renamed system', () => {
  test('takes its history along', async () => {
    const runId = await install('web1', 10);
    await server.store.runs.renameTarget('system', 'web1', 'www1');
    const target = { type: 'system' as const, name: 'www1' };
    expect((await server.store.runs.findLatest(target, 10)).map((run) => run.id)).toEqual([runId]);
    expect(await server.store.runs.findLatest({ type: 'system', name: 'web1' }, 10)).toEqual([]);
  });

  test('does not take over the history of a system that had its name before', async () => {
    await install('web2', 10);
    const runId = await install('web1', 10);
    await server.store.runs.renameTarget('system', 'web1', 'web2');
    const target = { type: 'system' as const, name: 'web2' };
    expect((await server.store.runs.findLatest(target, 10)).map((run) => run.id)).toEqual([runId]);
    await install('web1', 10);
    await server.store.runs.renameTarget('system', 'web1', 'web2');
    expect(await server.store.runs.findLatest(target, 10)).toHaveLength(1);
    expect(await server.store.runs.countByStatus(target)).toEqual({ finished: 1 });
  });
});

describe('numbers of runs', () => {
  test('are never given twice', async () => {
    const given = (await Promise.all([3, 1, 5].map((count) => server.store.runs.reserveRunIds(count)))).flat();
    expect(new Set(given).size).toBe(9);
  });
});

describe('a batch', () => {
  const wanted = (name: string, keys: string[] = []) => ({ type: 'system' as const, name, address: '', keys });

  test('reads the newest run, the used keys and the version of the targets that exist', async () => {
    await install('web1', 10);
    const { runId } = await server.say('install-started', {}, { ...about('web1'), dedupeKey: 'event:1' });
    const read = await server.store.runs.readBatch([wanted('web1', ['event:1', 'event:2']), wanted('web9')]);
    expect(read.targets).toMatchObject([
      { name: 'web1', version: 3, newest: { runId, status: 'installing' }, usedKeys: ['event:1'] },
    ]);
    expect(read).toMatchObject({ lastBeatAt: null, blindWindows: [] });
  });

  test('reads the last heartbeat and the windows not yet applied', async () => {
    const { heartbeats } = server.store;
    await heartbeats.beat('a', server.now);
    await heartbeats.addWindow(server.now - 60_001, server.now);
    await heartbeats.markApplied(await heartbeats.unapplied(), server.now);
    await heartbeats.addWindow(server.now - 1_234, server.now + 1);
    expect(await server.store.runs.readBatch([])).toMatchObject({
      lastBeatAt: server.now,
      blindWindows: [{ from: server.now - 1_234, to: server.now + 1 }],
    });
  });

  test('writes nothing at all when another one was written about one of its targets in between', async () => {
    await Promise.all(['web1', 'web2'].map((name) => server.say('install-started', {}, about(name))));
    const before = await server.store.runs.readBatch([wanted('web1'), wanted('web2')]);
    await server.say('progress-reported', { percent: 50 }, about('web2'));
    const events = before.targets.map(({ id, newest }) => ({
      ...{ runId: newest!.runId, seq: 2, kind: 'heard' as const, source: 'update-status', detail: {} },
      ...{ occurredAt: server.now, recordedAt: server.now, claimedAt: null, dedupeKey: 'event:late' },
      ...{ targetId: id, before: newest, after: { ...newest!, seq: 2 } },
    }));
    const batch = { recordedBy: 'a', events, notifications: [], installMarks: [] };
    expect(await server.store.runs.saveBatch({ ...batch, targets: before.targets })).toBe(false);
    expect(await database.knex('event_keys').select()).toEqual([]);
    expect((await server.store.runs.find({ limit: 2 })).map((run) => run.state.seq).sort()).toEqual([1, 2]);

    const { targets } = await server.store.runs.readBatch([wanted('web1')]);
    const first = events.filter((event) => event.targetId === targets[0]!.id);
    expect(await server.store.runs.saveBatch({ ...batch, events: first, targets })).toBe(true);
  });

  test('makes a target once, whoever asks', async () => {
    const names = ['b', 'a', 'b'].map((name) => ({ type: 'system' as const, name, address: '' }));
    await Promise.all([server.store.runs.createTargets(names), server.store.runs.createTargets(names)]);
    expect((await database.knex('targets').pluck('name')).sort()).toEqual(['a', 'b']);
  });

  test.each([
    ['a system', (knex: TestDatabase['knex']) => knex('systems').where('name', 'web1').update({ mtime: 1 })],
    ['an interface', (knex: TestDatabase['knex']) => knex('interfaces').del()],
    ['a profile', (knex: TestDatabase['knex']) => knex('profiles').update({ name: 'www' })],
    ['a distro', (knex: TestDatabase['knex']) => knex('distros').update({ data: '{}' })],
  ])('sees another version of the inventory after a change of %s, and only then', async (_what, change) => {
    const version = async () => (await server.store.runs.readBatch([])).inventoryVersion;
    const before = await version();
    await server.say('install-started');
    expect(await version()).toBe(before);
    const changed = await database.knex.transaction(async (trx) => {
      await change(trx);
      return trx.isCompleted();
    });
    expect(changed).toBe(false);
    expect(await version()).toBeGreaterThan(before);
  });
});
