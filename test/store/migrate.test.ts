import { connect } from '../../src/store/connect';
import { migrate } from '../../src/store/migrate';
import { MIGRATIONS, migrationSource } from '../../src/store/migrations';
import { makeTestDatabase, openTestDatabase } from '../support/database';

test('an up-to-date schema is left alone', async () => {
  const database = await openTestDatabase();
  expect(await migrate(database.knex)).toEqual([]);
  await database.close();
});

test('the database remembers names without a file extension, in order', async () => {
  const database = await openTestDatabase();
  const names = await database.knex('knex_migrations').orderBy('id').pluck('name');
  expect(names).toEqual(MIGRATIONS.map((migration) => migration.name));
  expect(names.filter((name: string) => !/^\d{4}-[a-z-]+$/.test(name))).toEqual([]);
  await database.close();
});

test('every step can be taken back and forth again', async () => {
  const database = await openTestDatabase();
  await database.knex.migrate.rollback({ migrationSource }, true);
  const left = await database.knex.raw(
    "select tablename from pg_tables where schemaname = 'public' and tablename not like 'knex\\_%'",
  );
  expect(left.rows).toEqual([]);
  expect(await migrate(database.knex)).toEqual(MIGRATIONS.map((migration) => migration.name));
  await database.close();
});

test('a step that fails leaves nothing behind, and no lock', async () => {
  const database = await openTestDatabase();
  const broken = {
    name: '9999-broken',
    up: async (knex: { raw(sql: string): Promise<unknown> }) => {
      await knex.raw('create table half_done (id int)');
      await knex.raw('select no_such_column');
    },
    down: async () => undefined,
  };
  MIGRATIONS.push(broken);
  await expect(migrate(database.knex)).rejects.toThrow('no_such_column');
  MIGRATIONS.pop();
  expect(await database.knex.schema.hasTable('half_done')).toBe(false);
  expect(await migrate(database.knex)).toEqual([]);
  await database.close();
});

(process.env.TEST_DATABASE_URL ? test : test.skip)('two servers that start together migrate once', async () => {
  const { databaseUrl, dataDir, remove } = await makeTestDatabase();
  const servers = await Promise.all([1, 2, 3].map(() => connect({ databaseUrl, dataDir })));
  await servers[0]!.knex.migrate.rollback({ migrationSource }, true);
  await servers[0]!.knex.raw('drop table knex_migrations, knex_migrations_lock');
  const applied = await Promise.all(servers.map((server) => migrate(server.knex)));
  expect(applied.flat()).toEqual(MIGRATIONS.map((migration) => migration.name));
  await Promise.all(servers.map((server) => server.close()));
  await remove();
});
