import { openTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.truncate());

test('a bigint comes back as a number, a timestamptz as a Date, a numeric as text', async () => {
  const { rows } = await database.knex.raw(
    "select 9007199254740991::bigint as big, '2026-01-02T03:04:05Z'::timestamptz as at, 1.50::numeric as num",
  );
  expect(rows).toEqual([{ big: 9007199254740991, at: new Date('2026-01-02T03:04:05Z'), num: '1.50' }]);
});
