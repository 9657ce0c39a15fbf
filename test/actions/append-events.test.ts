import type { WrittenEvent } from '../../src/actions/append-events';
import { connect, type Database } from '../../src/store/connect';
import { openTestDatabase, type TestDatabase } from '../support/database';
import {
  addSystems,
  draftAt,
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
  await addSystems(database.knex, { web1: [], web2: [], web3: [] });
});

const about = (name: string) => ({ target: { type: null, name, address: null } });

async function latest(server: TestServer, system = 'web1') {
  const [run] = await server.store.runs.find({ system, limit: 1 });
  return run!.state;
}

describe('an accepted message', () => {
  test('is one event, with who received it, when, and what the sender claimed', async () => {
    const server = startWritePath(database.knex, { server: 'boot-1' });
    await server.say('install-started', { phase: 'storage' }, { claimedAt: server.now - 90_000, source: 'trigger' });
    expect(await readLog(server.store)).toEqual([
      expect.objectContaining({
        seq: 1,
        kind: 'install-started',
        source: 'trigger',
        occurredAt: server.now,
        recordedAt: server.now,
        claimedAt: server.now - 90_000,
      }),
    ]);
    expect((await database.knex('events').select('recorded_by'))[0]).toEqual({ recorded_by: 'boot-1' });
    expect(await latest(server)).toMatchObject({ seq: 1, status: 'installing', phase: 'storage', skewMs: -90_000 });
  });

  test('opens its run with the software, owners and limits of that moment', async () => {
    const server = startWritePath(database.knex, { stallAfterMs: 5_000 });
    await server.say('install-started');
    const [event] = await readLog(server.store);
    expect(event!.detail.opened).toMatchObject({ system: 'web1', profile: 'web', distro: 'el9', owners: ['admin'] });
    expect(event!.detail.opened!.limits.noProgressMs.packages).toBe(5_000);
    const columns = await database
      .knex('runs')
      .first('status', 'is_open', 'system', 'profile', 'distro', 'deadline_at');
    expect(columns).toEqual({
      status: 'installing',
      is_open: true,
      system: 'web1',
      profile: 'web',
      distro: 'el9',
      deadline_at: new Date(server.now + 2_500),
    });
  });

  test('that says nothing new of any run is answered without an event', async () => {
    const server = startWritePath(database.knex);
    await server.say('install-started');
    const run = await server.say('heard');
    expect(run).toMatchObject({ seq: 1, status: 'installing' });
    expect(await readKinds(server.store)).toEqual(['1 install-started']);
  });

  test('keeps odd text as the database can hold it, and folds to the same from the log', async () => {
    const server = startWritePath(database.knex);
    const run = await server.say('install-failed', {
      message: 'half a pair \ud83d',
      error: { text: 'a NUL \0 in it', context: ['\udc00', 'fine'] },
      bootId: 'b\0',
    });
    expect(run.reason).toBe('a NUL \ufffd in it');
    expect(await latest(server)).toEqual(run);
    expect((await readLog(server.store))[0]!.detail).toMatchObject({
      message: 'half a pair \ufffd',
      error: { text: 'a NUL \ufffd in it', context: ['\ufffd', 'fine'] },
    });
  });

  test('marks starts and stops in the install status by address, repeated starts counted', async () => {
    const server = startWritePath(database.knex);
    const trigger = { source: 'trigger' };
    await server.say('install-started', { address: '10.0.0.7' }, trigger);
    server.now += 1_000;
    await server.say('install-started', { address: '10.0.0.7' }, trigger);
    server.now += 10 * MINUTE;
    await server.say('install-finished', { address: '10.0.0.7' }, trigger);
    expect(await server.store.runs.loadInstallStatus()).toEqual([
      {
        ip: '10.0.0.7',
        target: 'system:web1',
        mostRecentStart: (server.now - 10 * MINUTE) / 1000,
        mostRecentStop: server.now / 1000,
        seenStart: 2,
        seenStop: 1,
      },
    ]);
  });

  test('is told to listeners after the commit, with names, address and the run before and after', async () => {
    await addSystems(database.knex, { db1: ['10.0.0.9'] });
    const heard: WrittenEvent[] = [];
    const server = startWritePath(database.knex, { listeners: [(written) => heard.push(...written)] });
    await server.say('install-started', {}, about('db1'));
    expect(heard).toEqual([
      expect.objectContaining({
        kind: 'install-started',
        target: { type: 'system', name: 'db1', address: '' },
        ip: '10.0.0.9',
        before: null,
        after: expect.objectContaining({ status: 'installing' }) as unknown,
      }),
    ]);
  });
});

describe('a message that arrives twice', () => {
  const progress = (server: TestServer) =>
    server.intake.submit({
      caller: INTERNAL,
      drafts: [draftAt(server.now, 'progress-reported', { percent: 40 }, { dedupeKey: 'event:e1' })],
    });

  test('in one batch is accepted once', async () => {
    const server = startWritePath(database.knex);
    const results = (await Promise.all([progress(server), progress(server)])).flat();
    expect(results.map((result) => result.duplicate)).toEqual([false, true]);
    expect(results[1]!.run).toEqual(results[0]!.run);
    expect(await readKinds(server.store)).toEqual(['1 progress-reported']);
  });

  test('in a later batch is accepted once and answered with what the run is now', async () => {
    const server = startWritePath(database.knex);
    await progress(server);
    await server.say('progress-reported', { percent: 60 });
    const [result] = await progress(server);
    expect(result).toMatchObject({ duplicate: true, run: { percent: 60, seq: 2 } });
    expect(await readKinds(server.store)).toHaveLength(2);
  });

  test('after its run ended and another began is still known', async () => {
    const server = startWritePath(database.knex);
    await progress(server);
    await server.say('install-finished');
    server.now += 60 * MINUTE;
    await server.say('install-started');
    const [result] = await progress(server);
    expect(result!.duplicate).toBe(true);
  });

  test('about another machine is another message', async () => {
    const server = startWritePath(database.knex);
    await progress(server);
    const rest = { dedupeKey: 'event:e1', ...about('web2') };
    await server.say('progress-reported', { percent: 40 }, rest);
    expect(await readKinds(server.store)).toEqual(['1 progress-reported', '2 progress-reported']);
  });

  test('at two servers at once is accepted once', async () => {
    const servers = [startWritePath(database.knex), startWritePath(second.knex, { server: 'b' })];
    for (let round = 0; round < 20; round += 1) {
      const rest = { dedupeKey: `event:${round}` };
      await Promise.all(servers.map((server) => server.say('progress-reported', { percent: round }, rest)));
    }
    const log = await readLog(servers[0]!.store);
    expect(log.map((event) => event.detail.percent)).toEqual(Array.from({ length: 20 }, (_, index) => index));
  });

  test('with half a pair in its key is known by what was stored', async () => {
    const server = startWritePath(database.knex);
    const rest = { dedupeKey: 'event:\ud83d' };
    await server.say('progress-reported', { percent: 1 }, rest);
    await server.say('progress-reported', { percent: 2 }, rest);
    expect(await readKinds(server.store)).toEqual(['1 progress-reported']);
  });
});

describe('the order of arrival', () => {
  test('is kept, whatever the clocks of the senders claim', async () => {
    const server = startWritePath(database.knex);
    const said = Array.from({ length: 50 }, (_, index) =>
      server.say('progress-reported', { message: `m${index}` }, { claimedAt: server.now - index * MINUTE }),
    );
    await Promise.all(said);
    const log = await readLog(server.store);
    expect(log.map((event) => event.detail.message)).toEqual(Array.from({ length: 50 }, (_, index) => `m${index}`));
    expect(log.map((event) => event.seq)).toEqual(Array.from({ length: 50 }, (_, index) => index + 1));
  });

  test('is kept per caller when several write to several machines', async () => {
    const server = startWritePath(database.knex);
    const said: Promise<unknown>[] = [];
    for (let index = 0; index < 60; index += 1) {
      const name = `web${(index % 3) + 1}`;
      said.push(server.say('progress-reported', { message: String(index) }, about(name)));
      if (index % 7 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(said);
    for (const name of ['web1', 'web2', 'web3']) {
      const [run] = await server.store.runs.find({ system: name, limit: 1 });
      const events = await server.store.events.listRun(run!.id, 0, 100);
      const numbers = events.map((event) => Number(event.detail.message));
      expect(numbers).toEqual([...numbers].sort((a, b) => a - b));
      expect(numbers).toHaveLength(20);
    }
  });
});

describe('two servers that write about the same machines', () => {
  test('lose no message and leave one open run each', async () => {
    const servers = [startWritePath(database.knex), startWritePath(second.knex, { server: 'b' })];
    const kinds = ['install-started', 'progress-reported', 'install-finished', 'error-reported'] as const;
    const said: Promise<unknown>[] = [];
    for (let index = 0; index < 120; index += 1) {
      const server = servers[index % 2]!;
      server.now += 61_000; // far enough apart that a start is no repetition
      const name = `web${(index % 3) + 1}`;
      const rest = {
        ...about(name),
        dedupeKey: `event:${index}`,
        source: index % 2 === 0 ? 'trigger' : 'update-status',
      };
      said.push(server.say(kinds[(index * 7) % 4]!, { percent: index % 100, message: String(index) }, rest));
      if (index % 5 === 0) await new Promise((resolve) => setImmediate(resolve));
    }
    await Promise.all(said);

    const keys = (await database.knex('event_keys').pluck('key')) as string[];
    expect(keys.sort()).toEqual(Array.from({ length: 120 }, (_, index) => `event:${index}`).sort());
    const open = await database.knex('runs').where('is_open', true).groupBy('target_id').count().select('target_id');
    expect(open.every((row) => row.count === 1)).toBe(true);
    const gaps = await database.knex.raw(
      'select run_id from events group by run_id having max(seq) <> count(*) or min(seq) <> 1',
    );
    expect(gaps.rows).toEqual([]);
  });

  test('that start the same new machine together open one run', async () => {
    const servers = [startWritePath(database.knex), startWritePath(second.knex, { server: 'b' })];
    const runs = await Promise.all(servers.map((server) => server.say('install-started')));
    expect(new Set(runs.map((run) => run.runId)).size).toBe(1);
    expect(await database.knex('runs').count()).toEqual([{ count: 1 }]);
  });

  test('about many machines in opposite order do not stop each other', async () => {
    const servers = [startWritePath(database.knex), startWritePath(second.knex, { server: 'b' })];
    const names = ['web1', 'web2', 'web3'];
    for (let round = 0; round < 15; round += 1) {
      const submissions = servers.map((server, index) =>
        server.intake.submit({
          caller: INTERNAL,
          drafts: (index === 0 ? names : [...names].reverse()).map((name) =>
            draftAt(server.now, 'progress-reported', { percent: round }, about(name)),
          ),
        }),
      );
      await Promise.all(submissions);
    }
    expect(await database.knex('events').count()).toEqual([{ count: 90 }]);
  });
});

describe('a message that names a run', () => {
  test('of another machine is refused', async () => {
    const server = startWritePath(database.knex);
    const { runId } = await server.say('install-started');
    await expect(server.say('install-finished', {}, { ...about('web2'), runId })).rejects.toMatchObject({
      code: 'UNKNOWN_RUN',
      message: `"web2" has no run numbered ${runId}.`,
    });
    expect(await readKinds(server.store)).toEqual(['1 install-started']);
  });

  test('that does not exist is refused', async () => {
    const server = startWritePath(database.knex);
    await expect(server.say('heard', {}, { runId: '999999' })).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  });

  test.each(['no number', '12345678901234567890123', '-1', '1e3', ''])('by the text "%s" is refused', async (runId) => {
    const server = startWritePath(database.knex);
    await expect(server.say('heard', {}, { runId })).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
    expect(server.errors).toEqual([]);
  });

  test('the target has left behind is evidence there and leaves the new run alone', async () => {
    const server = startWritePath(database.knex);
    const old = await server.say('install-started');
    await server.say('install-finished');
    server.now += 60 * MINUTE;
    const current = await server.say('install-started');
    const answer = await server.say('error-reported', { error: { text: 'late' } }, { runId: old.runId });
    expect(answer).toMatchObject({ runId: old.runId, status: 'finished', integrity: 'suspicious', seq: 3 });
    expect(await latest(server)).toEqual(current);
  });

  test('the target has left behind, and comes again, is answered with that run', async () => {
    const server = startWritePath(database.knex);
    const old = await server.say('install-started');
    await server.say('install-finished');
    server.now += 60 * MINUTE;
    await server.say('install-started');
    const late = () =>
      server.say('error-reported', { error: { text: 'late' } }, { runId: old.runId, dedupeKey: 'event:7' });
    expect(await late()).toEqual(await late());
    expect((await late()).runId).toBe(old.runId);
  });

  test('twice in one batch continues where the first left off', async () => {
    const server = startWritePath(database.knex);
    const old = await server.say('install-started');
    await server.say('install-finished');
    server.now += 60 * MINUTE;
    await server.say('install-started');
    const late = (text: string) => server.say('error-reported', { error: { text } }, { runId: old.runId });
    const answers = await Promise.all([late('one'), late('two')]);
    expect(answers.map((run) => run.seq)).toEqual([3, 4]);
    expect(answers[1].errors.map((error) => error.text)).toEqual(['one', 'two']);
  });

  test('that ended long ago is evidence there even when a start in the same batch opens another', async () => {
    const server = startWritePath(database.knex);
    const old = await server.say('install-started');
    await server.say('install-finished');
    server.now += 60 * MINUTE;
    const [started, answer] = await Promise.all([
      server.say('install-started'),
      server.say('error-reported', { error: { text: 'late' } }, { runId: old.runId }),
    ]);
    expect(answer).toMatchObject({ runId: old.runId, status: 'finished', integrity: 'suspicious' });
    expect(await latest(server)).toEqual(started);
  });
});

describe('the deadline of a run', () => {
  test('that has passed when a message arrives is logged first, at its own time', async () => {
    const server = startWritePath(database.knex);
    await server.say('progress-reported', { phase: 'packages' });
    const began = server.now;
    server.now += 20 * MINUTE;
    const run = await server.say('progress-reported', { packagesDone: 10 });
    const log = await readLog(server.store);
    expect(log.map(({ kind, occurredAt }) => [kind, (occurredAt - began) / MINUTE])).toEqual([
      ['progress-reported', 0],
      ['run-late', 7.5],
      ['run-stalled', 15],
      ['progress-reported', 20],
    ]);
    expect(run).toMatchObject({ status: 'installing', late: false });
  });

  test('that has passed for a repeated message leaves the stall to the watch', async () => {
    const server = startWritePath(database.knex);
    const rest = { dedupeKey: 'event:1' };
    await server.say('progress-reported', { phase: 'packages' }, rest);
    server.now += 20 * MINUTE;
    await server.say('progress-reported', { phase: 'packages' }, rest);
    expect((await readKinds(server.store)).length).toBe(1);
  });
});

test('three starts in two hours without a finish are an install loop, whichever batch they came in', async () => {
  const server = startWritePath(database.knex);
  for (let start = 0; start < 3; start += 1) {
    await server.say('install-started');
    await server.say('progress-reported', { phase: 'packages' });
    server.now += 10 * MINUTE;
  }
  expect((await readKinds(server.store)).filter((kind) => kind.includes('looped'))).toEqual(['3 install-looped']);
});

test('an install after a finished one is a reinstall, and progress after a given up run continues it', async () => {
  const server = startWritePath(database.knex);
  await server.say('install-started');
  await server.say('install-finished');
  server.now += 60 * MINUTE;
  const second = await server.say('install-started');
  server.now += 24 * 60 * MINUTE;
  const third = await server.say('progress-reported', { phase: 'packages' });
  expect([second.kind, third.kind, third.continues]).toEqual(['reinstall', 'reinstall', second.runId]);
});

test('machines installed by profile are told apart by their address', async () => {
  const server = startWritePath(database.knex);
  const from = (address: string) => ({ target: { type: 'profile' as const, name: 'web', address } });
  const runs = await Promise.all(
    ['10.0.0.1', '10.0.0.2', '10.0.0.1'].map((ip) => server.say('install-started', {}, from(ip))),
  );
  expect(runs[0]!.runId).toBe(runs[2]!.runId);
  expect(runs[1]!.runId).not.toBe(runs[0]!.runId);
  const found = await server.store.runs.findLatest({ type: 'profile', name: 'web' }, 10);
  expect(found.map((run) => run.target.address).sort()).toEqual(['10.0.0.1', '10.0.0.2']);
});
