import { randomBytes } from 'node:crypto';
import { cp, mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import type { Knex } from 'knex';
import { connect } from '../../src/store/connect';
import { asSuperuser, withDatabase } from './template';

/** A migrated database of one test file's own. Open it in beforeAll, close it in afterAll, truncate in between. */
export interface TestDatabase {
  knex: Knex;
  /** False on a real server, where connections truly run beside each other. */
  embedded: boolean;
  /** What `connect` and `loadConfig` take to open the same database from elsewhere (after `close`, when embedded). */
  databaseUrl: string | null;
  dataDir: string;
  /** Back to the state after migration: all tables emptied, rows that migrations put there are there again. */
  truncate(): Promise<void>;
  /** Disconnects and removes the database. */
  close(): Promise<void>;
}

/** Opens a migrated, empty database: embedded, or on the server of TEST_DATABASE_URL when that is set. */
export async function openTestDatabase(options: { poolSize?: number } = {}): Promise<TestDatabase> {
  const { databaseUrl, dataDir, remove } = await makeTestDatabase();
  const database = await connect({ databaseUrl, dataDir, ...options });
  const seeds = await readSeeds(database.knex);
  return {
    knex: database.knex,
    embedded: database.embedded,
    databaseUrl,
    dataDir,
    truncate: () => restore(database.knex, seeds),
    async close() {
      await database.close();
      await remove();
    },
  };
}

/** Makes a migrated, empty database without opening it: for tests that start a server on it. */
export async function makeTestDatabase(): Promise<{
  databaseUrl: string | null;
  dataDir: string;
  remove(): Promise<void>;
}> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
  const removeFolder = (): Promise<void> => rm(dataDir, { recursive: true, force: true });
  const folder = process.env.KICKWATCH_TEST_FOLDER;
  if (folder !== undefined) {
    await cp(folder, dataDir, { recursive: true });
    return { databaseUrl: null, dataDir, remove: removeFolder };
  }
  const url = process.env.TEST_DATABASE_URL;
  const template = process.env.KICKWATCH_TEST_DATABASE;
  if (!url || !template) throw new Error('Run tests through jest: its globalSetup makes the database they copy.');
  const name = `kickwatch_test_${process.pid}_${randomBytes(4).toString('hex')}`;
  await asSuperuser(url, (admin) => admin.raw('create database ?? template ??', [name, template]));
  return {
    databaseUrl: withDatabase(url, name),
    dataDir,
    async remove() {
      await asSuperuser(url, (admin) => admin.raw('drop database if exists ?? with (force)', [name]));
      await removeFolder();
    },
  };
}

type Seeds = Map<string, unknown[] | null>;

/** Every table but knex's own, with the rows the migrations put into it (null: none). */
async function readSeeds(knex: Knex): Promise<Seeds> {
  const tables = await knex.raw<{ rows: { name: string }[] }>(`
    select c.relname as name from pg_class c join pg_namespace n on n.oid = c.relnamespace
    where n.nspname = 'public' and c.relkind in ('r', 'p') and not c.relispartition and c.relname not like 'knex\\_%'
    order by c.oid
  `);
  const seeds: Seeds = new Map();
  for (const { name } of tables.rows) {
    const found = await knex.raw<{ rows: { rows: unknown[] | null }[] }>(
      'select jsonb_agg(to_jsonb(t)) as rows from ?? t',
      [name],
    );
    seeds.set(name, found.rows[0]!.rows);
  }
  return seeds;
}

async function restore(knex: Knex, seeds: Seeds): Promise<void> {
  const names = [...seeds.keys()];
  if (names.length === 0) return;
  await knex.transaction(async (trx) => {
    await trx.raw("set local kickwatch.retention = 'on'"); // the event log refuses to be emptied without it
    await trx.raw(`truncate ${names.map(() => '??').join(', ')} restart identity cascade`, names);
    for (const [name, rows] of seeds) {
      if (rows === null) continue;
      await trx.raw(
        'insert into ?? overriding system value select * from jsonb_populate_recordset(null::??, ?::jsonb)',
        [name, name, JSON.stringify(rows)],
      );
    }
  });
}
