import { AppError } from '../domain/errors';

/**
 * SQLSTATE classes and codes that say "not now": connection exceptions, resources exhausted, operator intervention
 * (shutdown, crash, starting up), and a standby that was not promoted yet (read only).
 */
const AWAY = /^(08...|53[0-9A-Z]{3}|57P0[1-5]|25006)$/;

/** Cancelled by the statement's time limit, or a lock that was not to be had in time. */
const OVERLOADED = new Set(['57014', '55P03']);

/** System errors of a socket that never came to be or broke. */
const SOCKET_ERRORS = new Set([
  'ECONNREFUSED',
  'ECONNRESET',
  'ECONNABORTED',
  'EPIPE',
  'ETIMEDOUT',
  'EHOSTUNREACH',
  'ENETUNREACH',
  'ENOTFOUND',
  'EAI_AGAIN',
  'ENOENT', // a Unix socket that is not there
]);

/** What `pg` and the embedded database say without a code when the connection is lost. */
const LOST =
  /^(Connection terminated|timeout expired|timeout exceeded|Query read timeout|The embedded database )|Client (has encountered a connection error|was closed)/;

/**
 * The error as callers outside of `store/` know it: AppError `DATABASE_AWAY` or `OVERLOADED` (original in `cause`) when
 * trying again later can help; any other error, a deadlock or a violated constraint among them, as it is.
 */
export function translateDatabaseError(error: unknown): unknown {
  if (!(error instanceof Error) || error instanceof AppError) return error;
  const code = codeOf(error);
  if (error.name === 'KnexTimeoutError' || OVERLOADED.has(code)) {
    return new AppError('OVERLOADED', undefined, { cause: error });
  }
  // Statements prefix their errors with `SQL - `; the reason stands last.
  const reason = error.message.slice(error.message.lastIndexOf(' - ') + 1).replace(/^- /, '');
  if (AWAY.test(code) || SOCKET_ERRORS.has(code) || LOST.test(reason)) {
    return new AppError('DATABASE_AWAY', undefined, { cause: error });
  }
  return error;
}

/** True when the transaction lost against another and may simply be run again: deadlock or serialisation failure. */
export function isTransactionConflict(error: unknown): boolean {
  const code = codeOf(error);
  return code === '40P01' || code === '40001';
}

/** True when a unique constraint or index refused a row; of that name, when one is given. */
export function isUniqueViolation(error: unknown, constraint?: string): boolean {
  if (codeOf(error) !== '23505') return false;
  return constraint === undefined || (error as { constraint?: string }).constraint === constraint;
}

function codeOf(error: unknown): string {
  const code = (error as { code?: unknown } | null)?.code;
  return typeof code === 'string' ? code : '';
}
