import { Readable, Writable } from 'node:stream';
import { runCli } from '../../../src/cli/program';

/** Collects what a command writes. */
class Collector extends Writable {
  text = '';
  isTTY: boolean;
  columns: number;
  rows = 24;

  constructor(isTTY: boolean, columns: number) {
    super();
    this.isTTY = isTTY;
    this.columns = columns;
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.text += chunk.toString();
    done();
  }
}

/** What a command line came to. */
export interface CliOutcome {
  code: number;
  out: string;
  err: string;
}

/** A command line that is still running. */
export interface RunningCli {
  outcome: Promise<CliOutcome>;
  /** What it has written so far. */
  out(): string;
  err(): string;
  /** As ctrl-c does. */
  interrupt(): void;
}

/** How a command line is run. */
export interface CliOptions {
  tty?: boolean;
  columns?: number;
  /** What comes in; nothing comes, and the end does not, when left out. */
  stdin?: string;
  /** The name it is called by. */
  manner?: 'kickwatch' | 'cobbler';
}

/** Starts a command line in this process, with an environment of its own. */
export function startCli(args: string[], env: Record<string, string> = {}, options: CliOptions = {}): RunningCli {
  const stdout = new Collector(options.tty ?? false, options.columns ?? 100);
  const stderr = new Collector(options.tty ?? false, options.columns ?? 100);
  const controller = new AbortController();
  const outcome = runCli(args, {
    stdin: Object.assign(
      options.stdin === undefined ? new Readable({ read: () => undefined }) : Readable.from([options.stdin]),
      { isTTY: false },
    ) as never,
    stdout: stdout as never,
    stderr: stderr as never,
    env: { DATA_DIR: '/nonexistent', XDG_CACHE_HOME: '/nonexistent', ...env },
    version: '1.2.3',
    manner: options.manner ?? 'kickwatch',
    untilInterrupted: () => controller,
  });
  return {
    outcome: outcome.then((code) => ({ code, out: stdout.text, err: stderr.text })),
    out: () => stdout.text,
    err: () => stderr.text,
    interrupt: () => controller.abort(),
  };
}

/** Runs a command line to its end. */
export function cli(args: string[], env: Record<string, string> = {}, options: CliOptions = {}): Promise<CliOutcome> {
  return startCli(args, env, options).outcome;
}
