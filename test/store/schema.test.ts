import { openTestDatabase, type TestDatabase } from '../support/database';
import { expectGolden } from '../support/golden';
import { dumpSchema } from '../support/schema';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());

test('fixtures/schema.sql is the schema after all migrations, on either database', async () => {
  expectGolden('schema.sql', await dumpSchema(database.knex));
});
