import { createStore } from '../../src/store';
import { at } from '../support/builders';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, startWritePath } from '../support/write-path';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [], web2: [] });
});

const REFUSED = 'events are never changed or removed outside retention';

describe('the log', () => {
  test.each([
    ['changed', `update events set kind = 'heard'`],
    ['changed behind its back', `update events_default set kind = 'heard'`],
    ['removed', 'delete from events'],
    ['removed behind its back', 'delete from events_default'],
    ['emptied', 'truncate events'],
    ['emptied behind its back', 'truncate events_default'],
  ])('cannot be %s', async (_what, sql) => {
    const server = startWritePath(database.knex);
    await server.say('install-started');
    await expect(database.knex.raw(sql)).rejects.toThrow(REFUSED);
    expect(await database.knex('events').pluck('kind')).toEqual(['install-started']);
  });

  test('cannot be changed, removed or emptied in the partition of a month either', async () => {
    const server = startWritePath(database.knex);
    await server.store.events.ensurePartitions(server.now);
    await server.say('install-started');
    expect(await database.knex('events_2026_11').count()).toEqual([{ count: 1 }]);
    for (const sql of [
      `update events_2026_11 set kind = 'x'`,
      'delete from events_2026_11',
      'truncate events_2026_11',
    ]) {
      await expect(database.knex.raw(sql)).rejects.toThrow(REFUSED);
    }
    await dropPartitions();
  });

  test('is shortened by retention, which says so, and only for its transaction', async () => {
    const server = startWritePath(database.knex);
    await server.say('install-started');
    await server.say('install-finished');
    await database.knex.transaction(async (trx) => {
      await trx.raw("set local kickwatch.retention = 'on'");
      expect(await trx('events').where('seq', 1).del()).toBe(1);
    });
    expect(await database.knex('events').pluck('seq')).toEqual([2]);
    await expect(database.knex('events').del()).rejects.toThrow(REFUSED);
  });

  test('is not changed even by retention', async () => {
    const server = startWritePath(database.knex);
    await server.say('install-started');
    const attempt = database.knex.transaction(async (trx) => {
      await trx.raw("set local kickwatch.retention = 'on'");
      await trx('events').update({ kind: 'heard' });
    });
    await expect(attempt).rejects.toThrow(REFUSED);
  });
});

describe('partitions', () => {
  afterEach(dropPartitions);

  const names = async (): Promise<string[]> => {
    const { rows } = await database.knex.raw<{ rows: { name: string }[] }>(
      `select inhrelid::regclass::text as name from pg_inherits where inhparent = 'events'::regclass order by 1`,
    );
    return rows.map((row) => row.name);
  };

  test('are made for this month and the two after it, over the end of a year, once', async () => {
    const { events } = createStore(database.knex);
    await Promise.all([1, 2, 3].map(() => events.ensurePartitions(at('10:00'))));
    expect(await names()).toEqual(['events_2026_11', 'events_2026_12', 'events_2027_01', 'events_default']);
  });

  test('are not made for a month whose events had to be kept without one, and the server goes on', async () => {
    const server = startWritePath(database.knex);
    await server.say('install-started');
    await server.store.events.ensurePartitions(server.now);
    expect(await names()).toEqual(['events_2026_12', 'events_2027_01', 'events_default']);
    await server.say('install-finished');
    expect(await server.store.events.listRuns(await server.store.events.pageRunIds('0', 10))).toHaveLength(2);
  });
});

describe('reading the log', () => {
  test('of one run starts after the event one has, in order, page by page', async () => {
    const server = startWritePath(database.knex);
    const { runId } = await server.say('install-started');
    for (let percent = 1; percent <= 5; percent += 1) await server.say('progress-reported', { percent });
    const seqs = async (since: number, limit: number) =>
      (await server.store.events.listRun(runId, since, limit)).map((event) => event.seq);
    expect(await seqs(0, 100)).toEqual([1, 2, 3, 4, 5, 6]);
    expect(await seqs(2, 2)).toEqual([3, 4]);
    expect(await seqs(6, 100)).toEqual([]);
  });

  test('by server finds what that server recorded since then, and nothing of others', async () => {
    const ours = startWritePath(database.knex, { server: 'a' });
    const theirs = startWritePath(database.knex, { server: 'b' });
    await ours.say('install-started');
    theirs.now = ours.now += 60_000;
    await theirs.say('progress-reported', { percent: 10 });
    await ours.say('progress-reported', { percent: 20 });
    const recorded = await ours.store.events.listRecorded('a', ours.now - 30_000, 10);
    expect(recorded.map((event) => event.detail.percent)).toEqual([20]);
  });

  test('page by page walks over all runs that have events', async () => {
    const server = startWritePath(database.knex);
    const { runId: first } = await server.say('install-started');
    const { runId: second } = await server.say(
      'install-started',
      {},
      { target: { type: null, name: 'web2', address: null } },
    );
    expect(await server.store.events.pageRunIds('0', 1)).toEqual([first]);
    expect(await server.store.events.pageRunIds(first, 10)).toEqual([second]);
    expect(await server.store.events.pageRunIds(second, 10)).toEqual([]);
  });
});

async function dropPartitions(): Promise<void> {
  await database.truncate();
  for (const month of ['2026_11', '2026_12', '2027_01'])
    await database.knex.raw(`drop table if exists events_${month}`);
}
