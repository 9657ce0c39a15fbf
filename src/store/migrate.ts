import type { Knex } from 'knex';
import { migrationSource } from './migrations';

/** Key of the advisory lock that servers of one database take turns by. Any number does; it must only stay the same. */
const MIGRATION_LOCK = 2_515_101;

/**
 * Brings the schema up to date: all of it or, on an error, nothing. Servers may start together: one migrates, the
 * others wait for it and find nothing to do.
 *
 * Everything runs inside one transaction, knex's own lock row included, so that a server killed in the middle leaves
 * no lock behind that would stop the next start.
 *
 * @returns Names of the steps applied, oldest first; empty when the schema was up to date.
 */
export async function migrate(knex: Knex): Promise<string[]> {
  return knex.transaction(async (trx) => {
    await trx.raw('set local statement_timeout = 0');
    await trx.raw('set local idle_in_transaction_session_timeout = 0');
    await trx.raw('select pg_advisory_xact_lock(?)', [MIGRATION_LOCK]);
    const [, applied] = (await trx.migrate.latest({ migrationSource })) as [number, string[]];
    return applied;
  });
}
