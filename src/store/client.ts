import type { Knex } from 'knex';
import { AppError } from '../domain/errors';
import { translateDatabaseError } from './errors';

interface PgConnection {
  __knex__disposed?: unknown;
}

/** What knex hands back from `query`: the statement, with the driver's answer on it. */
interface Executed {
  sql: string;
  response?: { command?: string } | { command?: string }[];
}

// knex exports its PostgreSQL dialect only by path, and without types.
// eslint-disable-next-line @typescript-eslint/no-require-imports
const PostgresClient = require('knex/lib/dialects/postgres') as typeof Knex.Client;

/**
 * knex's PostgreSQL client with two things put right:
 *
 * - Errors that mean "the database is away" are told apart from all others, in one place for all callers.
 * - A COMMIT that PostgreSQL answers with ROLLBACK (a statement had failed, and whoever ran it swallowed the error) is
 *   an error. knex takes it for success, and the caller would be told that something is stored which is not.
 */
export class StoreClient extends PostgresClient {
  override async acquireConnection(): Promise<unknown> {
    try {
      return (await super.acquireConnection()) as unknown;
    } catch (error) {
      throw translateDatabaseError(error);
    }
  }

  override async query(connection: PgConnection, statement: unknown): Promise<Executed> {
    let executed: Executed;
    try {
      executed = (await super.query(connection, statement)) as Executed;
    } catch (error) {
      const translated = translateDatabaseError(error);
      // The connection is dying or, after a time-out, may still give its late answer to whoever asks next.
      if (translated instanceof AppError && translated.code === 'DATABASE_AWAY') connection.__knex__disposed = error;
      throw translated;
    }
    if (executed.sql === 'COMMIT;' && !Array.isArray(executed.response) && executed.response?.command === 'ROLLBACK') {
      throw new Error('The transaction was rolled back: a statement in it had failed and its error was not passed on.');
    }
    return executed;
  }
}
