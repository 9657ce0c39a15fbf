import { lstat, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Log } from '../log';
import type { Programs } from './run-program';

/** A script that ended with a status other than 0. `code`: see `ProgramResult`. */
export interface TriggerFailure {
  file: string;
  code: number;
}

/** How a directory of scripts is run. */
export interface TriggerRun {
  /** Below the trigger folder, such as `add/system/pre`. */
  directory: string;
  args: readonly string[];
  timeoutMs: number;
  signal?: AbortSignal;
  /** Told what the scripts write, and what was skipped; the server's log when left out. */
  onLine?(line: string): void;
}

/** Scripts of administrators that run when something happens: `/var/lib/cobbler/triggers` and its like. */
export interface Triggers {
  /** Runs the scripts of a directory by name, one after the other, up to the first that fails. Never throws. */
  run(run: TriggerRun): Promise<TriggerFailure | null>;
  /** The same later, in the order of the calls; nobody waits, and failures go to the log. */
  enqueue(run: TriggerRun): void;
  /** Resolves when everything that was enqueued is done. */
  drain(): Promise<void>;
}

/** Cobbler's sentence for a script that fails; clients search for it. */
export function triggerSentence({ file, code }: TriggerFailure): string {
  return `Cobbler trigger failed: ${file} returns ${code}`;
}

/** Runs that may wait: installs of a whole hall begin at once, and each waits its turn. */
const MAX_QUEUED = 10_000;
/** Scripts of one directory that are run. */
const MAX_SCRIPTS = 100;
const DIRECTORY = /^[a-z_]{1,32}(\/[a-z_]{1,64}){0,2}$/;

/**
 * The scripts below `folder`. Nothing runs unless the folder, the directory and the script belong to root or to the user
 * of this server and cannot be written by everybody, links included: whoever can write there is the server.
 */
export function createTriggers(deps: {
  folder: string;
  programs: Programs;
  /** User of this process. */
  userId: number;
  log: Pick<Log, 'info' | 'warn'>;
}): Triggers {
  const { folder, programs, userId, log } = deps;
  const queue: TriggerRun[] = [];
  let working: Promise<void> | null = null;
  let isFull = false;

  /** Why a path may not be used; null when it may, undefined when it is not there. */
  async function refusal(file: string, kind: 'directory' | 'file'): Promise<string | null | undefined> {
    const found = await lstat(file).catch(() => undefined);
    if (found === undefined) return undefined;
    if (kind === 'directory' ? !found.isDirectory() : !found.isFile()) return `it is no plain ${kind}`;
    if (found.uid !== 0 && found.uid !== userId) return 'it belongs to another user';
    if ((found.mode & 0o002) !== 0) return 'everybody may write to it';
    return null;
  }

  async function scriptsOf(directory: string, tell: (line: string) => void): Promise<string[]> {
    if (!DIRECTORY.test(directory)) return [];
    let at = folder;
    for (const step of ['', ...directory.split('/')]) {
      at = path.join(at, step);
      const reason = await refusal(at, 'directory');
      if (reason === undefined) return [];
      if (reason !== null) {
        tell(`The triggers in ${at} are not run: ${reason}.`);
        return [];
      }
    }
    const names = (await readdir(at)).filter((name) => !name.startsWith('.') && !name.includes('.rpm')).sort();
    const scripts: string[] = [];
    for (const name of names.slice(0, MAX_SCRIPTS)) {
      const file = path.join(at, name);
      const reason = await refusal(file, 'file');
      if (reason === undefined) continue;
      if (reason !== null) tell(`The trigger ${file} is not run: ${reason}.`);
      else if (((await lstat(file)).mode & 0o111) === 0) tell(`The trigger ${file} is not run: it is not executable.`);
      else scripts.push(file);
    }
    return scripts;
  }

  async function run({ directory, args, timeoutMs, signal, onLine }: TriggerRun): Promise<TriggerFailure | null> {
    const tell = onLine ?? ((line: string) => log.info('A trigger said', { directory, line }));
    // Shell scripts never got arguments that are empty.
    const given = args.filter((arg) => arg !== '');
    for (const file of await scriptsOf(directory, tell).catch(() => [])) {
      const result = await programs.run({ file, args: given, timeoutMs, onLine: tell, ...(signal && { signal }) });
      if (result.isTimedOut) tell(`The trigger ${file} was ended: it took longer than ${timeoutMs / 1000} seconds.`);
      if (result.code === null) tell(`The trigger ${file} could not be started: ${result.error ?? 'unknown reason'}.`);
      else if (result.code !== 0) return { file, code: result.code };
    }
    return null;
  }

  async function work(): Promise<void> {
    for (let next = queue.shift(); next !== undefined; next = queue.shift()) {
      const failure = await run(next).catch(() => null);
      if (failure) log.warn(triggerSentence(failure), { directory: next.directory, args: next.args });
    }
    working = null;
    isFull = false;
  }

  return {
    run,
    enqueue(next) {
      if (queue.length >= MAX_QUEUED) {
        if (!isFull) log.warn('Triggers are left out: too many wait', { waiting: queue.length });
        isFull = true;
        return;
      }
      queue.push(next);
      working ??= work();
    },
    drain: async () => {
      await working;
    },
  };
}
