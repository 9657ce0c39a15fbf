import { existsSync } from 'node:fs';
import { chmod, mkdir, rename, rm } from 'node:fs/promises';
import path from 'node:path';
import knex, { type Knex } from 'knex';
import pg from 'pg';
import { AppError } from '../domain/errors';
import { StoreClient } from './client';
import { lockDataDir } from './data-lock';
import { createEmbeddedPostgres, PgliteStream } from './pglite-stream';

/** An open database. */
export interface Database {
  knex: Knex;
  /** True for PGlite in this process, false for a server. */
  embedded: boolean;
  /** Waits for running queries, then disconnects; the embedded database is stopped and its folder given free. */
  close(): Promise<void>;
}

/** Oldest server the SQL is written for: 15.0 as `server_version_num`. */
const OLDEST_SERVER = 150_000;

/**
 * Longest time any statement may run; migrations lift it for themselves. A caller of a database that hangs hears within
 * 18 seconds that it is to try again: clients give up after 30.
 */
const STATEMENT_TIMEOUT_MS = 15_000;
const CONNECT_TIMEOUT_MS = 5_000;
/** Longest wait for a free connection. */
const ACQUIRE_TIMEOUT_MS = 8_000;
/** A server that is gone without a word (power, network) answers nothing: the wait ends a little after its own limit. */
const ANSWER_TIMEOUT_MS = STATEMENT_TIMEOUT_MS + 3_000;

/**
 * Opens PostgreSQL at `databaseUrl`, or the embedded PGlite in `dataDir/database` when it is null.
 *
 * The embedded database has one connection (`poolSize` does not apply): inside a transaction everything must go
 * through it. It never syncs to disk: what it acknowledged survives the death of the process, not that of the machine.
 *
 * @throws Error with one clear sentence when the server cannot be reached or is too old, or the folder is in use.
 */
export async function connect(options: {
  databaseUrl: string | null;
  dataDir: string;
  poolSize?: number;
}): Promise<Database> {
  return options.databaseUrl === null
    ? connectEmbedded(path.resolve(options.dataDir))
    : connectServer(options.databaseUrl, options.poolSize ?? 10);
}

async function connectServer(databaseUrl: string, poolSize: number): Promise<Database> {
  const db = knex({
    ...COMMON,
    connection: {
      connectionString: databaseUrl,
      application_name: 'kickwatch',
      connectionTimeoutMillis: CONNECT_TIMEOUT_MS,
      statement_timeout: STATEMENT_TIMEOUT_MS,
      idle_in_transaction_session_timeout: STATEMENT_TIMEOUT_MS,
      query_timeout: ANSWER_TIMEOUT_MS,
      keepAlive: true,
      types: TYPES,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: poolSize },
  });
  try {
    const answer = await db.raw<{ rows: { server_version_num: string }[] }>('show server_version_num');
    const version = Number(answer.rows[0]?.server_version_num);
    if (!(version >= OLDEST_SERVER)) {
      throw new Error(`version 15 or newer is needed, it is version ${Math.floor(version / 10_000)}.`);
    }
  } catch (error) {
    await db.destroy();
    const cause = error instanceof AppError && error.cause instanceof Error ? error.cause : (error as Error);
    throw new Error(`PostgreSQL at ${hostOf(databaseUrl)} cannot be used: ${describe(cause)}`, { cause });
  }
  return { knex: db, embedded: false, close: () => db.destroy() };
}

/**
 * Makes the folder of an embedded database, whole or not at all: a process killed in the middle leaves only a draft.
 * The thread that does it is not used any further, for it holds twice the memory of one that opens a finished folder.
 */
async function makeFolder(folder: string): Promise<void> {
  const draft = `${folder}.new`;
  await rm(draft, { recursive: true, force: true });
  await mkdir(draft, { mode: 0o700 });
  const server = createEmbeddedPostgres(draft);
  try {
    await server.ready();
  } finally {
    await server.close();
  }
  await rename(draft, folder);
}

/** Where a URL points, without user and password; a list of hosts or a socket as it stands. */
function hostOf(databaseUrl: string): string {
  return /^[a-z]+:\/\/(?:[^/]*@)?([^/?]+)/.exec(databaseUrl)?.[1] ?? 'the given address';
}

/** A refused connection to a name with several addresses is one error holding several, with an empty message. */
function describe(error: Error): string {
  if (error instanceof AggregateError) return error.errors.map((each) => (each as Error).message).join('; ');
  return error.message;
}

async function connectEmbedded(dataDir: string): Promise<Database> {
  const lock = await lockDataDir(dataDir);
  const folder = path.join(dataDir, 'database');
  const server = createEmbeddedPostgres(folder);
  const db = knex({
    ...COMMON,
    connection: {
      stream: () => new PgliteStream(server),
      user: 'postgres',
      database: 'postgres',
      ssl: false, // whatever PGSSLMODE says
      types: TYPES,
    } as Knex.PgConnectionConfig,
    pool: { min: 0, max: 1 },
  });
  const close = async (): Promise<void> => {
    await db.destroy();
    await server.close();
    await lock.release();
  };
  try {
    if (!existsSync(folder)) await makeFolder(folder);
    await chmod(folder, 0o700);
    await server.ready();
    await db.raw('select 1');
  } catch (error) {
    await close();
    throw error;
  }
  return { knex: db, embedded: true, close };
}

const silent = (): void => undefined;

/** What both back ends share. */
const COMMON: Knex.Config = {
  client: StoreClient,
  acquireConnectionTimeout: ACQUIRE_TIMEOUT_MS,
  compileSqlOnError: false, // error texts carry `$1`, never the values: they may be secrets
  log: { warn: silent, error: silent, deprecate: silent, debug: silent }, // the callers log what concerns them
};

// Object identifiers of pg_type that need another reading than pg's own. numeric stays text, timestamptz a Date.
const INT8 = 20;
const INT8_ARRAY = 1016;
const TEXT_ARRAY = 1009;
const DATE = 1082;

// pg's own types know the parser of most types only by an enum that lacks the arrays.
const parserOf = pg.types.getTypeParser as (oid: number, format: 'text') => unknown;

/** bigint as number: ids and counts stay far below 2^53. date as text: a Date would move it by the time zone. */
const TYPES = {
  getTypeParser(oid: number, format?: 'text' | 'binary'): unknown {
    if (format !== 'binary') {
      if (oid === INT8) return parseBigint;
      if (oid === INT8_ARRAY) return parseBigintArray;
      if (oid === DATE) return (text: string) => text;
    }
    return parserOf(oid, format as 'text');
  },
};

function parseBigint(text: string): number {
  const value = Number(text);
  if (!Number.isSafeInteger(value)) throw new RangeError(`The database holds ${text}, which is too large a number.`);
  return value;
}

function parseBigintArray(text: string): (number | null)[] {
  const parse = parserOf(TEXT_ARRAY, 'text') as (text: string) => (string | null)[];
  return parse(text).map((element) => (element === null ? null : parseBigint(element)));
}
