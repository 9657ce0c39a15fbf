/** How an error is the caller's business: what they can do about it, not where it arose. */
export const ERROR_KINDS = ['invalid', 'not-found', 'denied', 'conflict', 'unavailable', 'bug'] as const;
export type ErrorKind = (typeof ERROR_KINDS)[number];

/** Every error the program raises on purpose: code → kind and the sentence a person reads before the detail. */
export const ERRORS = {
  INVALID_ARGUMENT: { kind: 'invalid', sentence: 'The request holds a value that cannot be used.' },
  UNKNOWN_TARGET: { kind: 'not-found', sentence: 'No system or profile has that name.' },
  UNKNOWN_RUN: { kind: 'not-found', sentence: 'No run has that number.' },
  RUN_OVER: { kind: 'conflict', sentence: 'That run is over.' },
  NOT_ALLOWED: { kind: 'denied', sentence: 'The caller may not do that.' },
  TOKEN_MALFORMED: { kind: 'invalid', sentence: 'That is not a session token.' },
  TOKEN_UNKNOWN: { kind: 'denied', sentence: 'The session token is not valid, or no longer: log in again.' },
  LOGIN_FAILED: { kind: 'denied', sentence: 'The user name or the password is wrong.' },
  LOGIN_THROTTLED: { kind: 'denied', sentence: 'Too many failed logins; try again later.' },
  AUTHENTICATION_AWAY: {
    kind: 'unavailable',
    sentence: 'The service that knows the users cannot be asked; try again.',
  },
  CONFLICT: { kind: 'conflict', sentence: 'The change conflicts with what is stored.' },
  DATABASE_AWAY: { kind: 'unavailable', sentence: 'The database cannot be reached; try again.' },
  OVERLOADED: { kind: 'unavailable', sentence: 'The server has more work in hand than it may hold; try again.' },
  STORAGE_FULL: { kind: 'unavailable', sentence: 'The file could not be written; try again.' },
  TOOL_MISSING: { kind: 'conflict', sentence: 'A program that this needs is not installed on the server.' },
  TOOL_FAILED: { kind: 'conflict', sentence: 'A program on the server failed.' },
  BUG: { kind: 'bug', sentence: 'The server made a mistake.' },
} as const satisfies Record<string, { kind: ErrorKind; sentence: string }>;
export type ErrorCode = keyof typeof ERRORS;

/**
 * The one error class of the program.
 *
 * `message` is the detail when one is given, else the code's own sentence; edges (XML-RPC, HTTP, CLI) translate
 * `kind` and never show the message of a `bug`.
 */
export class AppError extends Error {
  readonly code: ErrorCode;

  constructor(code: ErrorCode, detail?: string, options?: { cause?: unknown }) {
    super(detail ?? ERRORS[code].sentence, options);
    this.name = 'AppError';
    this.code = code;
  }

  /** What the caller can do about it. */
  get kind(): ErrorKind {
    return ERRORS[this.code].kind;
  }
}
