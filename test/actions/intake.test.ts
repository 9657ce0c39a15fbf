import { AppError } from '../../src/domain/errors';
import type { Caller } from '../../src/domain/target';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, draftAt, INTERNAL, readKinds, startWritePath } from '../support/write-path';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: ['10.0.0.1', 'fd00::1'], web2: [] });
});

const anonymous = (peer: string | null): Caller => ({ peer, authority: 'anonymous' });

describe('a batch', () => {
  test('is one transaction for all that arrived together', async () => {
    const commits: number[] = [];
    const server = startWritePath(database.knex, { listeners: [(written) => commits.push(written.length)] });
    await Promise.all(
      ['web1', 'web2', 'web1'].map((name, index) =>
        server.intake.submit({
          caller: INTERNAL,
          drafts: [
            draftAt(
              server.now,
              'progress-reported',
              { percent: index + 1 },
              { target: { type: null, name, address: null } },
            ),
          ],
        }),
      ),
    );
    expect(commits).toEqual([3]);
  });

  test('takes what arrives while a transaction is in flight into the next one', async () => {
    const commits: number[] = [];
    const server = startWritePath(database.knex, { listeners: [(written) => commits.push(written.length)] });
    const first = server.say('install-started');
    await new Promise((resolve) => setImmediate(resolve));
    const others = [1, 2, 3].map((percent) => server.say('progress-reported', { percent }));
    await Promise.all([first, ...others]);
    expect(commits).toEqual([1, 3]);
  });

  test('answers every caller with the run as it was after his own message', async () => {
    const server = startWritePath(database.knex);
    const runs = await Promise.all([5, 10, 20].map((percent) => server.say('progress-reported', { percent })));
    expect(runs.map((run) => run.percent)).toEqual([5, 10, 20]);
  });

  test('refuses the message about an unknown name and keeps the others', async () => {
    const server = startWritePath(database.knex);
    const target = { type: null, name: 'nobody', address: null };
    const results = await Promise.allSettled([
      server.say('install-started'),
      server.say('install-started', {}, { target }),
      server.say('progress-reported', { percent: 40 }),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'rejected', 'fulfilled']);
    expect(results[1]).toMatchObject({
      reason: { code: 'UNKNOWN_TARGET', message: 'No system or profile is called "nobody".' },
    });
    expect(await readKinds(server.store)).toEqual(['1 install-started', '1 progress-reported']);
  });

  test('with one message the database cannot take keeps all others, in their order', async () => {
    const server = startWritePath(database.knex);
    const results = await Promise.allSettled([
      server.say('install-started'),
      server.say('progress-reported', { percent: 10 }),
      // No source makes such a moment; should one ever do, it alone must suffer.
      server.say('progress-reported', { percent: 20 }, { claimedAt: Number.NaN }),
      server.say('progress-reported', { percent: 30 }),
    ]);
    expect(results.map((result) => result.status)).toEqual(['fulfilled', 'fulfilled', 'rejected', 'fulfilled']);
    const [run] = await server.store.runs.find({ system: 'web1', limit: 1 });
    expect(run!.state).toMatchObject({ seq: 3, percent: 30 });
    expect(server.errors).toContain('A batch failed; its messages are tried one by one.');
  });

  test('is answered even when somebody who is told of it fails, and is not written twice', async () => {
    const server = startWritePath(database.knex, {
      listeners: [
        () => {
          throw new Error('the log disk is full');
        },
      ],
    });
    await Promise.all([server.say('install-started'), server.say('progress-reported', { percent: 10 })]);
    expect(await readKinds(server.store)).toEqual(['1 install-started', '1 progress-reported']);
    expect(server.errors).toHaveLength(1);
  });

  test('that loses against another server is run again', async () => {
    let losses = 0;
    const server = startWritePath(database.knex, {
      notifications: {
        decide() {
          losses += 1;
          if (losses < 3) throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
          return Promise.resolve([]);
        },
      },
    });
    expect((await server.say('install-started')).status).toBe('installing');
    expect(await readKinds(server.store)).toEqual(['1 install-started']);
  });

  test('that loses again and again asks the caller to come back', async () => {
    const server = startWritePath(database.knex, {
      notifications: {
        decide() {
          throw Object.assign(new Error('deadlock detected'), { code: '40P01' });
        },
      },
    });
    await expect(server.say('install-started')).rejects.toMatchObject({ code: 'OVERLOADED' });
    expect(await readKinds(server.store)).toEqual([]);
  });

  test('refuses more than it may hold, and holds what it took', async () => {
    const server = startWritePath(database.knex);
    const drafts = Array.from({ length: 20_000 }, () => draftAt(server.now, 'heard'));
    const big = server.intake.submit({ caller: INTERNAL, drafts });
    await expect(server.say('install-started')).rejects.toMatchObject({ code: 'OVERLOADED' });
    await big;
    await server.intake.drain();
    expect((await server.say('install-started')).status).toBe('installing');
  });
});

describe('what belongs to a change of the inventory', () => {
  const plan = (server: ReturnType<typeof startWritePath>) => ({
    caller: INTERNAL,
    drafts: [draftAt(server.now, 'run-planned')],
  });

  test('is written and told with it', async () => {
    const heard: string[] = [];
    const server = startWritePath(database.knex, {
      listeners: [(written) => heard.push(...written.map((event) => event.kind))],
    });
    await database.knex.transaction(async (trx) => {
      await server.intake.submitWithin(createStore(trx), trx.executionPromise, [plan(server)]);
      expect(heard).toEqual([]);
    });
    await new Promise((resolve) => setImmediate(resolve));
    expect(heard).toEqual(['run-planned']);
    expect(await readKinds(server.store)).toEqual(['1 run-planned']);
  });

  test('is neither written nor told when the change is given up, and nothing of it is remembered', async () => {
    const heard: string[] = [];
    const server = startWritePath(database.knex, {
      policy: 'known',
      listeners: [(written) => heard.push(...written.map((event) => event.kind))],
    });
    const attempt = database.knex.transaction(async (trx) => {
      await trx('interfaces').update({ ip: '10.0.0.99' });
      await server.intake.submitWithin(createStore(trx), trx.executionPromise, [plan(server)]);
      throw new Error('the disk is full');
    });
    await expect(attempt).rejects.toThrow('the disk is full');
    expect(heard).toEqual([]);
    expect(await readKinds(server.store)).toEqual([]);
    const caller = anonymous('10.0.0.1');
    await server.intake.submit({ caller, drafts: [draftAt(server.now, 'install-started')] });
    expect(await readKinds(server.store)).toEqual(['1 install-started']);
  });

  test('fails the change when it may not be said', async () => {
    const server = startWritePath(database.knex);
    const draft = draftAt(server.now, 'run-planned', {}, { runId: '12345' });
    const attempt = database.knex.transaction((trx) =>
      server.intake.submitWithin(createStore(trx), trx.executionPromise, [{ caller: INTERNAL, drafts: [draft] }]),
    );
    await expect(attempt).rejects.toMatchObject({ code: 'UNKNOWN_RUN' });
  });
});

test('a change of the inventory, on whatever server, counts from the next message on', async () => {
  const server = startWritePath(database.knex, { policy: 'known' });
  const report = (peer: string, name: string) =>
    server.intake.submit({
      caller: anonymous(peer),
      drafts: [draftAt(server.now, 'heard', {}, { target: { type: null, name, address: null } })],
    });
  await report('10.0.0.1', 'web1');
  await database.knex('interfaces').where('ip', '10.0.0.1').update({ ip: '10.0.0.2' });
  await expect(report('10.0.0.1', 'web1')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  await report('10.0.0.2', 'web1');

  await expect(report('10.0.0.9', 'web9')).rejects.toMatchObject({ code: 'UNKNOWN_TARGET' });
  await addSystems(database.knex, { web9: [] });
  await report('10.0.0.9', 'web9');
  await database.knex('systems').where('name', 'web9').del();
  await expect(report('10.0.0.9', 'web9')).rejects.toMatchObject({ code: 'UNKNOWN_TARGET' });
});

describe('while the database is away', () => {
  const away = new AppError('DATABASE_AWAY');

  test('everybody is told to try again, nothing is half written, and it goes on by itself', async () => {
    const server = startWritePath(database.knex);
    await server.say('install-started');
    const broken = startWritePath(database.knex, {
      deps: { store: { ...server.store, runs: { ...server.store.runs, saveBatch: () => Promise.reject(away) } } },
    });
    const attempts = await Promise.allSettled([1, 2, 3].map((percent) => broken.say('progress-reported', { percent })));
    expect(attempts.map((attempt) => attempt.status === 'rejected' && (attempt.reason as AppError).code)).toEqual([
      'DATABASE_AWAY',
      'DATABASE_AWAY',
      'DATABASE_AWAY',
    ]);
    expect(broken.errors).toEqual([]);
    expect(await readKinds(server.store)).toEqual(['1 install-started']);
    expect((await server.say('progress-reported', { percent: 5 })).seq).toBe(2);
  });
});

describe('who may report', () => {
  const report = (
    server: ReturnType<typeof startWritePath>,
    caller: Caller,
    kind: 'heard' | 'install-finished' | 'run-cancelled' = 'heard',
    name = 'web1',
  ) =>
    server.intake.submit({
      caller,
      drafts: [draftAt(server.now, kind, {}, { target: { type: null, name, address: null } })],
    });

  test('policy known lets in the addresses on record, IPv4 and IPv6, and trusted networks', async () => {
    const server = startWritePath(database.knex, { policy: 'known', isTrusted: (peer) => peer === '127.0.0.1' });
    await report(server, anonymous('10.0.0.1'));
    await report(server, anonymous('fd00::1'));
    await report(server, anonymous('127.0.0.1'));
    await expect(report(server, anonymous('10.0.0.2'))).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
      message: '10.0.0.2 is none of the addresses on record for web1.',
    });
    await expect(report(server, anonymous(null))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });

  test('policy known lets anybody report about a system without addresses, and about a profile', async () => {
    const server = startWritePath(database.knex, { policy: 'known' });
    await report(server, anonymous('10.9.9.9'), 'heard', 'web2');
    await report(server, anonymous('10.9.9.9'), 'heard', 'web');
  });

  test('policy open lets in anybody who names what exists', async () => {
    const server = startWritePath(database.knex, { policy: 'open' });
    await report(server, anonymous('10.9.9.9'));
    await expect(report(server, anonymous('10.9.9.9'), 'heard', 'web9')).rejects.toMatchObject({
      code: 'UNKNOWN_TARGET',
    });
  });

  test('policy token asks for a token of the run or of a session, from any address', async () => {
    const server = startWritePath(database.knex, { policy: 'token', isTrusted: () => true });
    await expect(report(server, anonymous('10.0.0.1'))).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const { runId } = await server.say('install-started');
    await report(server, { peer: '10.9.9.9', authority: 'run', runId });
    await report(server, { peer: '10.9.9.9', authority: 'session' });
  });

  test('an expired token reports the end of its run and nothing else', async () => {
    const server = startWritePath(database.knex, { policy: 'token' });
    const { runId } = await server.say('install-started');
    const caller: Caller = { peer: null, authority: 'run', runId, expired: true };
    await expect(report(server, caller)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const [result] = await report(server, caller, 'install-finished');
    expect(result!.run).toMatchObject({ runId, status: 'finished' });
  });

  test('a report token of another machine opens nothing', async () => {
    const server = startWritePath(database.knex, { policy: 'open' });
    const { runId } = await server.say('install-started');
    await expect(
      report(server, { peer: null, authority: 'run', runId }, 'install-finished', 'web2'),
    ).rejects.toMatchObject({ code: 'NOT_ALLOWED', message: 'The report token was not made for "web2".' });
    expect(await readKinds(server.store)).toEqual(['1 install-started']);
  });

  test('only the server and a session cancel a run', async () => {
    const server = startWritePath(database.knex, { policy: 'open' });
    const { runId } = await server.say('install-started');
    await expect(report(server, anonymous('10.0.0.1'), 'run-cancelled')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const ofRun: Caller = { peer: null, authority: 'run', runId };
    await expect(report(server, ofRun, 'run-cancelled')).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
    const [result] = await report(server, { peer: null, authority: 'session' }, 'run-cancelled');
    expect(result!.run!.status).toBe('cancelled');
  });

  test('a submission with one draft that may not be said is refused whole', async () => {
    const server = startWritePath(database.knex, { policy: 'open' });
    const drafts = [draftAt(server.now, 'install-started'), draftAt(server.now, 'run-cancelled')];
    await expect(server.intake.submit({ caller: anonymous('10.0.0.1'), drafts })).rejects.toMatchObject({
      code: 'NOT_ALLOWED',
    });
    expect(await readKinds(server.store)).toEqual([]);
  });
});
