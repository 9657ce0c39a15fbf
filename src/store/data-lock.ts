import { randomBytes } from 'node:crypto';
import { readFileSync } from 'node:fs';
import { link, mkdir, open, readFile, rename, rm, stat, writeFile } from 'node:fs/promises';
import path from 'node:path';

/** A held lock on a data folder. */
export interface DataLock {
  /** Gives the folder free. May be called twice; a lock that is no longer ours is left alone. */
  release(): Promise<void>;
}

/** Who holds a lock. `started` and `boot` tell a process from a later one with the same number; null where unknown. */
interface Owner {
  pid: number;
  /** Start of the process in clock ticks since boot: field 22 of /proc/PID/stat. */
  started: string | null;
  /** Identity of the boot the ticks count from. */
  boot: string | null;
}

const LOCK_FILE = 'kickwatch.lock';

/** A takeover lasts milliseconds; one this old was left by a process that died in the middle of it. */
const TAKEOVER_LIMIT_MS = 10_000;

/**
 * Takes the data folder for this process. The embedded database has no lock of its own: two owners would destroy it.
 *
 * The lock appears complete (a finished file is linked to its name), and a stale one is replaced under a second,
 * short-lived lock, so that of any number of processes starting at once exactly one gets the folder.
 *
 * @param dataDir - Absolute path; made with mode 0700 when it does not exist.
 * @throws Error naming the owner's pid and the folder when another live process (or this one) holds it.
 */
export async function lockDataDir(dataDir: string): Promise<DataLock> {
  await mkdir(dataDir, { recursive: true, mode: 0o700 });
  const lockPath = path.join(dataDir, LOCK_FILE);
  const ours = JSON.stringify(describeProcess(process.pid));
  const ready = `${lockPath}.${process.pid}.${randomBytes(6).toString('hex')}`;
  await writeFile(ready, ours, { mode: 0o600, flag: 'wx' });
  try {
    for (let attempt = 0; attempt < 100; attempt++) {
      if (await linkTo(ready, lockPath)) return { release: () => release(lockPath, ours) };
      const found = await readIfThere(lockPath);
      if (found === null) continue; // given free in between
      const owner = parseOwner(found);
      if (owner !== null && isAlive(owner)) {
        throw new Error(
          `The data folder ${dataDir} is in use by process ${owner.pid}. ` +
            'Stop that server first, or give this one another folder (DATA_DIR).',
        );
      }
      if (await replaceStale(ready, lockPath, found)) return { release: () => release(lockPath, ours) };
    }
    throw new Error(`The data folder ${dataDir} could not be locked: ${lockPath} keeps changing.`);
  } finally {
    await rm(ready, { force: true });
  }
}

/** Replaces the lock whose content is `stale`; false when somebody else was quicker. */
async function replaceStale(ready: string, lockPath: string, stale: string): Promise<boolean> {
  const guard = `${lockPath}.takeover`;
  try {
    await (await open(guard, 'wx', 0o600)).close();
  } catch (error) {
    if (codeOf(error) !== 'EEXIST') throw error;
    const age = await stat(guard).then(
      (found) => Date.now() - found.mtimeMs,
      () => 0,
    );
    if (age > TAKEOVER_LIMIT_MS) await rm(guard, { force: true });
    else await new Promise((resolve) => setTimeout(resolve, 20));
    return false;
  }
  try {
    // Under the guard: whoever replaced it before us has done so by now.
    if ((await readIfThere(lockPath)) !== stale) return false;
    await rename(ready, lockPath);
    return true;
  } finally {
    await rm(guard, { force: true });
  }
}

async function release(lockPath: string, ours: string): Promise<void> {
  if ((await readIfThere(lockPath)) === ours) await rm(lockPath, { force: true });
}

async function linkTo(from: string, to: string): Promise<boolean> {
  try {
    await link(from, to);
    return true;
  } catch (error) {
    if (codeOf(error) === 'EEXIST') return false;
    throw error;
  }
}

async function readIfThere(file: string): Promise<string | null> {
  try {
    return await readFile(file, 'utf8');
  } catch (error) {
    if (codeOf(error) === 'ENOENT') return null;
    throw error;
  }
}

/** Null for what no server wrote: since a lock appears whole, that is a file a power failure has damaged. */
function parseOwner(text: string): Owner | null {
  try {
    const { pid, started, boot } = JSON.parse(text) as Partial<Owner>;
    if (typeof pid !== 'number' || !Number.isSafeInteger(pid) || pid < 1) return null;
    return { pid, started: started ?? null, boot: boot ?? null };
  } catch {
    return null;
  }
}

function isAlive(owner: Owner): boolean {
  try {
    process.kill(owner.pid, 0);
  } catch (error) {
    if (codeOf(error) === 'ESRCH') return false; // EPERM: it lives, under another user
  }
  // Killed, and whoever started it has not noticed yet: nothing of it runs any more, the folder is closed.
  if (stateOf(owner.pid) === 'Z') return false;
  const now = describeProcess(owner.pid);
  if (owner.boot !== null && now.boot !== null && owner.boot !== now.boot) return false;
  return owner.started === null || now.started === null || owner.started === now.started;
}

function describeProcess(pid: number): Owner {
  return { pid, started: startOf(pid), boot: readOrNull('/proc/sys/kernel/random/boot_id') };
}

function startOf(pid: number): string | null {
  return statField(pid, 22);
}

function stateOf(pid: number): string | null {
  return statField(pid, 3);
}

/** A field of /proc/PID/stat, counted from 1 as its manual does, from the third on. */
function statField(pid: number, number: number): string | null {
  const line = readOrNull(`/proc/${pid}/stat`);
  if (line === null) return null;
  // Field 2 is the name in parentheses and may itself hold spaces and parentheses: count from the last one.
  const fields = line.slice(line.lastIndexOf(')') + 2).split(' ');
  return fields[number - 3] ?? null;
}

function readOrNull(file: string): string | null {
  try {
    return readFileSync(file, 'utf8').trim();
  } catch {
    return null; // no /proc on this system, or the process is gone
  }
}

function codeOf(error: unknown): string | undefined {
  return (error as NodeJS.ErrnoException).code;
}
