import { AppError } from '../../src/domain/errors';
import { createStore } from '../../src/store';
import { connect } from '../../src/store/connect';
import { isTransactionConflict, isUniqueViolation } from '../../src/store/errors';
import { openTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
  await database.knex.raw('create table things (id int primary key, name text, data jsonb)');
});
afterAll(() => database.close());
beforeEach(() => database.knex('things').del());

test('a bigint comes back as a number, a timestamptz as a Date, a date and a numeric as text', async () => {
  const { rows } = await database.knex.raw(
    `select 9007199254740991::bigint as big, '{1,null}'::bigint[] as bigs, '2026-01-02T03:04:05Z'::timestamptz as at,
      '2026-01-02'::date as day, 1.50::numeric as num`,
  );
  expect(rows).toEqual([
    { big: 9007199254740991, bigs: [1, null], at: new Date('2026-01-02T03:04:05Z'), day: '2026-01-02', num: '1.50' },
  ]);
});

test('a bigint that a number cannot hold is an error, not a rounded value', async () => {
  await expect(database.knex.raw('select 9007199254740993::bigint as big')).rejects.toThrow('too large a number');
});

test('counts and affected rows are numbers', async () => {
  await database.knex('things').insert([{ id: 1 }, { id: 2 }]);
  expect(await database.knex('things').count()).toEqual([{ count: 2 }]);
  expect(await database.knex('things').where({ id: 1 }).update({ name: 'x' })).toBe(1);
  expect(await database.knex('things').del()).toBe(2);
});

test('after an error the next query works', async () => {
  await expect(database.knex.raw('select no_such_column')).rejects.toThrow('does not exist');
  const { rows } = await database.knex.raw('select ?::int as one', [1]);
  expect(rows).toEqual([{ one: 1 }]);
});

test('an error names the statement but not the values in it', async () => {
  const attempt = database.knex('things').insert({ id: 'geheim' as unknown as number });
  await expect(attempt).rejects.toThrow(/insert into "things" \("id"\) values \(\$1\)/);
});

test('a unique violation rolls the transaction back and is recognised', async () => {
  await database.knex('things').insert({ id: 1 });
  const store = createStore(database.knex);
  const error = await store
    .transaction(async (_store, trx) => {
      await trx('things').insert({ id: 2 });
      await trx('things').insert({ id: 1 });
    })
    .catch((caught: unknown) => caught);
  expect(isUniqueViolation(error)).toBe(true);
  expect(isUniqueViolation(error, 'things_pkey')).toBe(true);
  expect(isUniqueViolation(error, 'another')).toBe(false);
  expect(await database.knex('things').pluck('id')).toEqual([1]);
});

test('a savepoint rolled back leaves the rest of the transaction', async () => {
  await database.knex.transaction(async (trx) => {
    await trx('things').insert({ id: 1 });
    await trx
      .transaction(async (inner) => {
        await inner('things').insert({ id: 2 });
        await inner('things').insert({ id: 1 });
      })
      .catch(() => undefined);
    await trx('things').insert({ id: 3 });
  });
  expect(await database.knex('things').orderBy('id').pluck('id')).toEqual([1, 3]);
});

test('a swallowed error inside a transaction is not taken for a commit', async () => {
  const attempt = database.knex.transaction(async (trx) => {
    await trx('things').insert({ id: 1 });
    await trx.raw('select no_such_column').catch(() => undefined);
  });
  await expect(attempt).rejects.toThrow('The transaction was rolled back');
  expect(await database.knex('things').count()).toEqual([{ count: 0 }]);
});

test('fifty transactions at once all commit', async () => {
  await Promise.all(
    Array.from({ length: 50 }, (_, id) =>
      database.knex.transaction(async (trx) => {
        await trx('things').insert({ id, name: 'before' });
        await trx('things').where({ id }).update({ name: 'after' });
      }),
    ),
  );
  expect(await database.knex('things').where({ name: 'after' }).count()).toEqual([{ count: 50 }]);
});

test('no connection stays taken, whatever went wrong', async () => {
  const { knex } = database;
  const used = (): number => (knex.client as { pool: { numUsed(): number } }).pool.numUsed();
  await Promise.allSettled([
    knex.raw('select no_such_column'),
    knex.transaction((trx) => trx.raw('select no_such_column')),
    knex.transaction(() => Promise.reject(new Error('changed my mind'))),
    knex.transaction((trx) => trx.transaction((inner) => inner.raw('select no_such_column'))),
    knex.transaction(async (trx) => {
      await trx.raw('select no_such_column').catch(() => undefined);
    }),
  ]);
  expect(used()).toBe(0);
  expect((await knex.raw('select 1 as one')).rows).toEqual([{ one: 1 }]);
});

test('20 MB of JSON come back as they went in', async () => {
  const data = { lines: Array.from({ length: 20_000 }, (_, n) => `${n} ${'äx€"\\'.repeat(140)}`) };
  expect(JSON.stringify(data).length).toBeGreaterThan(15_000_000);
  await database.knex('things').insert({ id: 1, data: JSON.stringify(data) });
  const row = await database.knex('things').where({ id: 1 }).first();
  expect(row.data).toEqual(data);
});

test('bytes and odd text come back as they went in', async () => {
  const { rows } = await database.knex.raw('select ?::bytea as bytes, ?::text as text, ?::text[] as list', [
    Buffer.from([0, 255, 39, 92]),
    `'"\\ \n\u{1f600}`,
    ['a,b', '{"', null] as never,
  ]);
  expect(rows[0]).toEqual({
    bytes: Buffer.from([0, 255, 39, 92]),
    text: `'"\\ \n\u{1f600}`,
    list: ['a,b', '{"', null],
  });
});

test('a server that is not there is named, without its password', async () => {
  const attempt = connect({ databaseUrl: 'postgres://user:geheim@127.0.0.1:1/kickwatch', dataDir: database.dataDir });
  const error = await attempt.catch((caught: Error) => caught);
  expect((error as Error).message).toMatch(/PostgreSQL at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/);
  expect((error as Error).message).not.toContain('geheim');
});

(process.env.TEST_DATABASE_URL ? describe : describe.skip)('on a server', () => {
  test('a server that goes away is told apart from other errors, and found again when it is back', async () => {
    const other = await connect({ databaseUrl: database.databaseUrl, dataDir: database.dataDir, poolSize: 2 });
    const [{ pid }] = (await other.knex.raw('select pg_backend_pid() as pid')).rows;
    const slow = other.knex.raw('select pg_sleep(20)').catch((caught: unknown) => caught);
    await waitFor(async () => {
      const found = await database.knex.raw('select 1 from pg_stat_activity where pid = ? and state = ?', [
        pid,
        'active',
      ]);
      return found.rows.length === 1;
    });
    await database.knex.raw('select pg_terminate_backend(?)', [pid]);
    const error = await slow;
    expect(error).toBeInstanceOf(AppError);
    expect((error as AppError).code).toBe('DATABASE_AWAY');
    expect((await other.knex.raw('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await other.close();
  });

  test('a deadlock is recognised as worth another try', async () => {
    await database.knex('things').insert([{ id: 1 }, { id: 2 }]);
    let release = (): void => undefined;
    const bothHold = new Promise<void>((resolve) => (release = resolve));
    let holding = 0;
    const cross = (first: number, second: number): Promise<unknown> =>
      database.knex
        .transaction(async (trx) => {
          await trx('things').where({ id: first }).update({ name: 'x' });
          if (++holding === 2) release();
          await bothHold;
          await trx('things').where({ id: second }).update({ name: 'x' });
        })
        .catch((caught: unknown) => caught);
    const results = await Promise.all([cross(1, 2), cross(2, 1)]);
    expect(results.filter(isTransactionConflict)).toHaveLength(1);
  });
});

async function waitFor(condition: () => Promise<boolean>): Promise<void> {
  while (!(await condition())) await new Promise((resolve) => setTimeout(resolve, 10));
}
