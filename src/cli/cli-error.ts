/** Exit codes of every command. */
export const EXIT = { ok: 0, error: 1, usage: 2 } as const;

/** An error a person can read as it is: what happened, and in `hints` what to do next, one line each. */
export class CliError extends Error {
  readonly hints: readonly string[];
  readonly exitCode: number;

  constructor(message: string, options: { hints?: readonly string[]; exitCode?: number; cause?: unknown } = {}) {
    super(message, { cause: options.cause });
    this.name = 'CliError';
    this.hints = options.hints ?? [];
    this.exitCode = options.exitCode ?? EXIT.error;
  }
}
