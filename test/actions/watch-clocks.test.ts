import { applyBlindWindows, beat, noteBlindness, watchStalls } from '../../src/actions/watch-clocks';
import { createStore } from '../../src/store';
import { connect, type Database } from '../../src/store/connect';
import { openTestDatabase, type TestDatabase } from '../support/database';
import {
  addSystems,
  draftAt,
  GIVE_UP_MS,
  INTERNAL,
  readKinds,
  readLog,
  startWritePath,
  type TestServer,
} from '../support/write-path';

const MINUTE = 60_000;

let database: TestDatabase;
/** Where the second server connects: a pool of its own, save for the embedded database, which has one connection. */
let second: Pick<Database, 'knex'>;
let closeSecond = (): Promise<void> => Promise.resolve();
beforeAll(async () => {
  database = await openTestDatabase();
  second = database;
  if (database.embedded) return;
  const opened = await connect({ databaseUrl: database.databaseUrl, dataDir: database.dataDir });
  second = opened;
  closeSecond = opened.close;
});
afterAll(async () => {
  await closeSecond();
  await database.close();
});
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [], web2: [] });
});

const about = (name: string) => ({ target: { type: null, name, address: null } });
const watch = (server: TestServer) => watchStalls(server.watch, server.intake);
const apply = (server: TestServer) => applyBlindWindows(server.watch, server.intake);

/** Two servers of the same database, at the same moment. */
function twoServers(): [TestServer, TestServer] {
  return [startWritePath(database.knex), startWritePath(second.knex, { server: 'b' })];
}

/** Starts the run of a system in the phase packages: late after 7.5 minutes, stalled after 15. */
async function startPackages(server: TestServer, name = 'web1') {
  return server.say('progress-reported', { phase: 'packages' }, about(name));
}

describe('a silent machine', () => {
  test('is late, then stalled, then given up, each logged once at its own time though two servers watch', async () => {
    const servers = twoServers();
    const [server] = servers;
    await startPackages(server);
    const began = server.now;
    for (const minutes of [1, 7, 8, 8, 15, 16, 16, 15 + GIVE_UP_MS / MINUTE, 20 + GIVE_UP_MS / MINUTE]) {
      for (const one of servers) one.now = began + minutes * MINUTE;
      await Promise.all(servers.map(watch));
    }
    const log = await readLog(server.store);
    expect(log.map(({ kind, occurredAt }) => [kind, (occurredAt - began) / MINUTE])).toEqual([
      ['progress-reported', 0],
      ['run-late', 7.5],
      ['run-stalled', 15],
      ['install-terminated', 15 + GIVE_UP_MS / MINUTE],
    ]);
  });

  test('is logged under the address it has on record, whoever says so', async () => {
    await addSystems(database.knex, { web9: ['192.0.2.9'] });
    const told: string[] = [];
    const server = startWritePath(database.knex, {
      listeners: [(written) => told.push(...written.map((event) => `${event.kind} ${event.ip}`))],
    });
    await startPackages(server, 'web9');
    server.now += 8 * MINUTE;
    await watch(server);
    expect(told).toEqual(['progress-reported 192.0.2.9', 'run-late 192.0.2.9']);
  });

  test('is all of that at once when nobody watched for a day', async () => {
    const servers = twoServers();
    await startPackages(servers[0]);
    for (const server of servers) server.now += 24 * 60 * MINUTE;
    await Promise.all(servers.map(watch));
    expect(await readKinds(servers[0].store)).toEqual([
      '1 progress-reported',
      '1 run-late',
      '1 run-stalled',
      '1 install-terminated',
    ]);
  });

  test('that spoke in time is not late, though its word and the watch come together', async () => {
    const server = startWritePath(database.knex);
    await startPackages(server);
    server.now += 8 * MINUTE;
    const draft = draftAt(server.now - MINUTE, 'progress-reported', { packagesDone: 5 });
    await Promise.all([server.intake.submit({ caller: INTERNAL, drafts: [draft] }), watch(server)]);
    expect(await readKinds(server.store)).toEqual(['1 progress-reported', '1 progress-reported']);
  });

  test('among more than one page of them is not forgotten', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `fleet${index}`);
    await addSystems(database.knex, Object.fromEntries(names.map((name) => [name, []])));
    const server = startWritePath(database.knex);
    await Promise.all(names.map((name) => startPackages(server, name)));
    server.now += 16 * MINUTE;
    while (await watch(server));
    const { rows } = await database.knex.raw(`select status, count(*) from runs group by status`);
    expect(rows).toEqual([{ status: 'stalled', count: 300 }]);
    expect(await server.store.runs.findDue(server.now, 10)).toEqual([]);
  });

  test('that is planned only has no clock', async () => {
    const server = startWritePath(database.knex);
    await server.say('run-planned');
    server.now += 30 * 24 * 60 * MINUTE;
    expect(await watch(server)).toBe(false);
    expect(await readKinds(server.store)).toEqual(['1 run-planned']);
  });
});

describe('a gap in the heartbeats of all servers', () => {
  /** Both servers beat at 10:00 and are then deaf for `minutes`. */
  async function goBlind(minutes: number): Promise<[TestServer, TestServer]> {
    const servers = twoServers();
    for (const server of servers) await beat(server.watch);
    await startPackages(servers[0], 'web1');
    await startPackages(servers[0], 'web2');
    for (const server of servers) server.now += minutes * MINUTE;
    return servers;
  }

  const windows = async () =>
    (await database.knex('blind_windows').orderBy('id')) as {
      blind_from: Date;
      blind_to: Date;
      applied_at: Date | null;
    }[];

  test('of three seconds or less is nothing', async () => {
    const [server] = await goBlind(3 / 60);
    await beat(server.watch);
    expect(await windows()).toEqual([]);
  });

  test('is stored once, though both servers notice it, and extends every open run once', async () => {
    const servers = await goBlind(60);
    const began = servers[0].now - 60 * MINUTE;
    await Promise.all(servers.map((server) => beat(server.watch)));
    expect(await windows()).toMatchObject([{ blind_from: new Date(began), applied_at: null }]);
    await Promise.all(servers.map(apply));
    await Promise.all(servers.map(watch));
    expect((await readKinds(servers[0].store)).sort()).toEqual([
      '1 clock-extended',
      '1 progress-reported',
      '2 clock-extended',
      '2 progress-reported',
    ]);
    const [window] = await windows();
    expect(window!.applied_at).not.toBeNull();
    const [run] = await servers[0].store.runs.find({ system: 'web1', limit: 1 });
    expect(run!.state).toMatchObject({ blindMs: 60 * MINUTE, deadlineAt: began + 67.5 * MINUTE, late: false });
  });

  test('extends no run twice when the server that applied it was killed before it could say so', async () => {
    const [killed, other] = await goBlind(60);
    await noteBlindness(killed.watch);
    // It reached one run, then died: the window is not marked as applied.
    const targets = await killed.store.runs.pageOpen('0', 1);
    await killed.intake.submit({ caller: INTERNAL, drafts: [], ticks: targets.map((run) => run.target) });
    expect(await other.store.heartbeats.unapplied()).toHaveLength(1);
    expect(await apply(other)).toBe(1);
    expect(await apply(other)).toBe(0);
    const extended = (await readLog(other.store)).filter((event) => event.kind === 'clock-extended');
    expect(extended.map((event) => event.runId)).toHaveLength(2);
    expect(new Set(extended.map((event) => event.runId)).size).toBe(2);
  });

  test('that was stored but never applied still keeps a run from being stalled', async () => {
    const [killed, other] = await goBlind(60);
    await noteBlindness(killed.watch);
    await Promise.all([watch(other), watch(killed)]);
    const [run] = await other.store.runs.find({ system: 'web1', limit: 1 });
    expect(run!.state).toMatchObject({ status: 'installing', late: false });
    expect((await readKinds(other.store)).filter((kind) => kind.includes('stalled'))).toEqual([]);
  });

  test('is noted by the first message that finds it, before that message is written', async () => {
    const [server] = await goBlind(60);
    const run = await server.say('progress-reported', { packagesDone: 5 });
    expect(await windows()).toHaveLength(1);
    expect(run).toMatchObject({ status: 'installing', blindMs: 60 * MINUTE });
    expect((await readKinds(server.store)).slice(0, 3)).toEqual([
      '1 progress-reported',
      '1 clock-extended',
      '1 progress-reported',
    ]);
  });

  test('is noted by a change of the inventory that finds it, in the same transaction', async () => {
    const [server] = await goBlind(60);
    const submission = { caller: INTERNAL, drafts: [draftAt(server.now, 'run-cancelled')] };
    await database.knex.transaction((trx) =>
      server.intake.submitWithin(createStore(trx), trx.executionPromise, [submission]),
    );
    expect(await windows()).toHaveLength(1);
    const [run] = await server.store.runs.find({ system: 'web1', limit: 1 });
    expect(run!.state).toMatchObject({ status: 'cancelled', blindMs: 60 * MINUTE });
  });

  test('is no gap while one of the servers goes on', async () => {
    const [deaf, other] = await goBlind(0);
    for (let second = 0; second < 10; second += 1) {
      other.now += 1_000;
      await beat(other.watch);
    }
    deaf.now = other.now;
    await beat(deaf.watch);
    expect(await windows()).toEqual([]);
  });

  test('moves a stall, not what is over or only planned', async () => {
    const servers = twoServers();
    const [server] = servers;
    for (const one of servers) await beat(one.watch);
    await addSystems(database.knex, { done: [], planned: [], silent: [] });
    await server.say('install-finished', {}, about('done'));
    await server.say('run-planned', {}, about('planned'));
    await startPackages(server, 'silent');
    for (let minute = 1; minute <= 20; minute += 1) {
      // A heartbeat per minute would be a gap each: the store is told directly.
      server.now += MINUTE;
      await server.store.heartbeats.beat('a', server.now);
    }
    await watch(server);
    server.now += 10 * MINUTE;
    await beat(server.watch);
    await apply(server);
    const kinds = (await readKinds(server.store)).filter((kind) => kind.endsWith('clock-extended'));
    expect(kinds).toHaveLength(1);
    const [silent] = await server.store.runs.find({ system: 'silent', limit: 1 });
    const stalledAt = server.now - 15 * MINUTE;
    expect(silent!.state).toMatchObject({
      status: 'stalled',
      stalledAt,
      deadlineAt: stalledAt + GIVE_UP_MS + 10 * MINUTE,
    });
  });

  test('reaches more open runs than one page holds', async () => {
    const names = Array.from({ length: 300 }, (_, index) => `fleet${index}`);
    await addSystems(database.knex, Object.fromEntries(names.map((name) => [name, []])));
    const server = startWritePath(database.knex);
    await beat(server.watch);
    await Promise.all(names.map((name) => startPackages(server, name)));
    server.now += 30 * MINUTE;
    await beat(server.watch);
    await apply(server);
    expect(await database.knex('events').where('kind', 'clock-extended').count()).toEqual([{ count: 300 }]);
  });
});

test('servers silent for a day are forgotten when the next window is noted', async () => {
  const server = startWritePath(database.knex);
  await server.store.heartbeats.beat('gone', server.now - 25 * 60 * MINUTE);
  await beat(server.watch);
  expect(await database.knex('heartbeats').pluck('server')).toEqual(['a']);
});
