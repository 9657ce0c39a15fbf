import { createStore } from '../../src/store';
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

describe('targets', () => {
  test('are answered in the order asked for, made when missing, the same row for the same name', async () => {
    await database.knex.transaction(async (trx) => {
      const { runs } = createStore(trx);
      const names = ['b', 'a', 'b'].map((name) => ({ type: 'system' as const, name, address: '' }));
      const first = await runs.lockTargets(names);
      expect(first.map((target) => target.name)).toEqual(['b', 'a', 'b']);
      expect(first[0]).toEqual(first[2]);
      expect(await runs.lockTargets(names)).toEqual(first);
    });
  });
});
