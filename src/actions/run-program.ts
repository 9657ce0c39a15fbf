import { spawn, type ChildProcess } from 'node:child_process';
import { access, constants } from 'node:fs/promises';
import { constants as osConstants } from 'node:os';
import path from 'node:path';

/** One run of a program. There is no shell: arguments reach it as they are. */
export interface ProgramCall {
  /** Absolute path; see `Programs.find`. */
  file: string;
  args: readonly string[];
  /** What it reads; nothing when left out. The place for passwords: arguments can be seen by every user. */
  stdin?: string;
  /** Variables besides PATH, HOME, LANG and TMPDIR. */
  env?: Readonly<Record<string, string>>;
  cwd?: string;
  timeoutMs: number;
  /** Ends it early. */
  signal?: AbortSignal;
  /** Told every line it writes, of both streams. */
  onLine?(line: string): void;
}

/** How a run ended. */
export interface ProgramResult {
  /** Exit status; as Python counts, minus the number of the signal that ended it; null when it could not be started. */
  code: number | null;
  isTimedOut: boolean;
  /** The beginning of what it wrote on each stream. */
  stdout: string;
  stderr: string;
  /** Why it could not be started; else null. */
  error: string | null;
}

/** Programs of this machine. */
export interface Programs {
  /** Absolute path of a program on the PATH; null when it is not installed. */
  find(name: string): Promise<string | null>;
  /** Never throws: what goes wrong is in the result. */
  run(call: ProgramCall): Promise<ProgramResult>;
}

/** Characters kept of each stream; lines are told all the same. */
const MAX_KEPT = 64 * 1024;
/** Longest line that is told in one piece. */
const MAX_LINE = 4_000;
/** Between asking a program to end and ending it. */
const KILL_AFTER_MS = 5_000;
/** How long the pipes of a program that has ended may be held open by what it left running. */
const DRAIN_MS = 1_000;
/** Where administrators' tools are that a service's PATH often lacks: fence agents for one. */
const MORE_FOLDERS = ['/usr/local/sbin', '/usr/sbin', '/sbin'];
const PASSED_ON = ['HOME', 'LANG', 'TMPDIR'];

/**
 * The programs on the PATH of `environment`. They see PATH, HOME, LANG and TMPDIR of it and nothing else: the server's
 * own settings hold secrets.
 */
export function createPrograms(environment: Readonly<Record<string, string | undefined>>): Programs {
  const folders = [...(environment.PATH ?? '/usr/bin:/bin').split(':'), ...MORE_FOLDERS].filter(path.isAbsolute);
  const shared: Record<string, string> = { PATH: folders.join(':') };
  for (const name of PASSED_ON) {
    const value = environment[name];
    if (value !== undefined) shared[name] = value;
  }
  return {
    async find(name) {
      if (!/^[A-Za-z0-9_.-]{1,64}$/.test(name)) return null;
      for (const folder of folders) {
        const file = path.join(folder, name);
        const isThere = await access(file, constants.X_OK).then(
          () => true,
          () => false,
        );
        if (isThere) return file;
      }
      return null;
    },
    run: (call) => runProgram(call, { ...shared, ...call.env }),
  };
}

function runProgram(call: ProgramCall, env: Record<string, string>): Promise<ProgramResult> {
  if (call.signal?.aborted === true) {
    return Promise.resolve({ code: null, isTimedOut: false, stdout: '', stderr: '', error: 'It was called off.' });
  }
  return new Promise((resolve) => {
    // A process group of its own, so that what it starts ends with it.
    const child = spawn(call.file, call.args, { env, cwd: call.cwd, stdio: 'pipe', detached: true });
    const out = collect(call.onLine);
    const err = collect(call.onLine);
    child.stdout.setEncoding('utf8').on('data', out.add);
    child.stderr.setEncoding('utf8').on('data', err.add);
    // A program that does not read what it is given is its own business.
    child.stdin.on('error', () => undefined);
    child.stdin.end(call.stdin ?? '');

    let isTimedOut = false;
    let killer: NodeJS.Timeout | null = null;
    const end = (): void => {
      signalGroup(child, 'SIGTERM');
      killer ??= setTimeout(() => signalGroup(child, 'SIGKILL'), KILL_AFTER_MS);
    };
    const timer = setTimeout(() => {
      isTimedOut = true;
      end();
    }, call.timeoutMs);
    call.signal?.addEventListener('abort', end, { once: true });

    let isDone = false;
    const finish = (code: number | null, error: string | null): void => {
      if (isDone) return;
      isDone = true;
      clearTimeout(timer);
      if (killer !== null) clearTimeout(killer);
      call.signal?.removeEventListener('abort', end);
      child.stdout.destroy();
      child.stderr.destroy();
      resolve({ code, isTimedOut, stdout: out.end(), stderr: err.end(), error });
    };
    child.once('error', (error: NodeJS.ErrnoException) => finish(null, error.code ?? error.message));
    child.once('exit', (status, signal) => {
      const code = signal === null ? status : -osConstants.signals[signal];
      if (isTimedOut || call.signal?.aborted === true) signalGroup(child, 'SIGKILL');
      child.once('close', () => finish(code, null));
      setTimeout(() => finish(code, null), DRAIN_MS).unref();
    });
  });
}

function signalGroup(child: ChildProcess, signal: 'SIGTERM' | 'SIGKILL'): void {
  if (child.pid === undefined) return;
  try {
    process.kill(-child.pid, signal);
  } catch {
    // It has ended already.
  }
}

/** Keeps the beginning of a stream and tells its lines. */
function collect(onLine: ((line: string) => void) | undefined): { add(text: string): void; end(): string } {
  let kept = '';
  let line = '';
  return {
    add(text) {
      if (kept.length < MAX_KEPT) kept += text.slice(0, MAX_KEPT - kept.length);
      const parts = (line + text).split('\n');
      line = parts.pop()!.slice(0, MAX_LINE);
      for (const part of parts) onLine?.(part.slice(0, MAX_LINE));
    },
    end() {
      if (line !== '') onLine?.(line);
      line = '';
      return kept;
    },
  };
}
