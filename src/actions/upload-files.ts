import { constants, promises as fs, type Stats } from 'node:fs';
import path from 'node:path';
import { AppError } from '../domain/errors';
import { isSecretFile } from '../intake/anamon';

/** Largest file kept; installer logs reach some megabytes. */
export const MAX_FILE_BYTES = 100 * 2 ** 20;
/** What all files of one name may take: ten times a very talkative install. */
export const MAX_NAME_BYTES = 500 * 2 ** 20;
/** Files of one name; anamon knows about thirty. */
export const MAX_NAME_FILES = 200;
/** Disk space uploads leave alone: the database lives on the same disk on small sites. */
export const KEEP_FREE_BYTES = 512 * 2 ** 20;
/** Folders whose sizes are remembered. */
const MAX_KNOWN_FOLDERS = 2_000;
/** How long a look at the free space is believed. */
const FREE_SPACE_TTL_MS = 2_000;

/** Names of systems and profiles uploads may be for. */
const NAME = /^[a-zA-Z0-9_\-.:]{1,255}$/;
/** Names of files: those of Cobbler 3, and `+`, which anamon itself puts into aliases. */
const FILE = /^[a-zA-Z0-9_\-.+]+$/;

/** One call of an uploader: what to do to the file. Offset -1 closes: append, then cut to `size`. */
export interface UploadWrite {
  size: number;
  offset: number;
  data: Uint8Array;
}

/** Why a write was turned away, for the log; `refused` answers false to the uploader. */
export type WriteOutcome = { ok: true; bytes: number } | { ok: false; reason: string };

/** True when both names are ones that may become a path. `.` and `..` name folders, never files. */
export function isUploadName(name: string, file: string): boolean {
  return NAME.test(name) && name !== '.' && name !== '..' && FILE.test(file) && file !== '.' && file !== '..';
}

/** The folders uploads lie in. Everything below is made of checked names only. */
export interface UploadPaths {
  /** The latest file of that name: where administrators and Cobbler's tools look. */
  latest(name: string, file: string): string;
  /** The file of one machine among those a profile has. */
  ofPeer(name: string, peer: string, file: string): string;
  /** The copy that stays with the run. */
  ofRun(runId: string, file: string): string;
  latestRoot: string;
  peerRoot: string;
}

/** Paths below the data directory. */
export function uploadPaths(dataDir: string): UploadPaths {
  const latestRoot = path.join(dataDir, 'anamon');
  const peerRoot = path.join(dataDir, 'anamon-by-peer');
  const runRoot = path.join(dataDir, 'runs');
  return {
    latestRoot,
    peerRoot,
    latest: (name, file) => path.join(latestRoot, name, file),
    ofPeer: (name, peer, file) => path.join(peerRoot, name, peer, file),
    ofRun(runId, file) {
      if (!/^[\w-]{1,64}$/.test(runId)) throw new AppError('BUG', 'A run number is no name of a folder.');
      return path.join(runRoot, runId, file);
    },
  };
}

/** A machine's address as the name of a folder. */
export function peerFolder(peer: string | null): string {
  const folder = (peer ?? '').replace(/[^0-9a-zA-Z:.]/g, '_').slice(0, 64);
  return folder === '' || folder === '.' || folder === '..' ? 'unknown' : folder;
}

/** Writes uploads and watches over the space they take. Symbolic links are never followed. */
export interface UploadFiles {
  /**
   * Applies one call to one file.
   *
   * @throws AppError CONFLICT when something that is no regular file is in the way, INVALID_ARGUMENT for an offset below -1.
   */
  write(target: string, shownAs: string, write: UploadWrite): Promise<WriteOutcome>;
  /** Waits until the file is on the disk itself. */
  sync(target: string): Promise<void>;
  /** Something else changed the folder: forget its size. */
  forget(folder: string): void;
}

/**
 * @param now - milliseconds; for the cached look at the free space only.
 * @param statfs - replaceable, so that a full disk can be tested.
 */
export function createUploadFiles(
  now: () => number,
  statfs: (folder: string) => Promise<{ bavail: number; bsize: number }> = (folder) => fs.statfs(folder),
): UploadFiles {
  const folders = new Map<string, Map<string, number>>();
  let free = { at: -Infinity, bytes: Infinity };

  async function sizesOf(folder: string): Promise<Map<string, number>> {
    const known = folders.get(folder);
    if (known) return known;
    const sizes = new Map<string, number>();
    for (const file of await fs.readdir(folder)) {
      const stats = await lstat(path.join(folder, file));
      if (stats?.isFile()) sizes.set(file, stats.size);
    }
    if (folders.size >= MAX_KNOWN_FOLDERS) folders.delete(folders.keys().next().value!);
    folders.set(folder, sizes);
    return sizes;
  }

  async function freeBytes(folder: string): Promise<number> {
    if (now() - free.at >= FREE_SPACE_TTL_MS) {
      const { bavail, bsize } = await statfs(folder);
      free = { at: now(), bytes: bavail * bsize };
    }
    return free.bytes;
  }

  /** The reason the file may not grow to `end` bytes; null when it may. */
  async function refuseGrowth(target: string, end: number): Promise<string | null> {
    if (end > MAX_FILE_BYTES) return `a file may have ${MAX_FILE_BYTES} bytes`;
    const folder = path.dirname(target);
    const sizes = await sizesOf(folder);
    const file = path.basename(target);
    const before = sizes.get(file);
    if (before === undefined && sizes.size >= MAX_NAME_FILES) return `a name may have ${MAX_NAME_FILES} files`;
    if (end <= (before ?? 0)) return null;
    let sum = end - (before ?? 0);
    for (const size of sizes.values()) sum += size;
    if (sum > MAX_NAME_BYTES) return `the files of a name may have ${MAX_NAME_BYTES} bytes`;
    if ((await freeBytes(folder)) < KEEP_FREE_BYTES) return 'the disk is nearly full';
    return null;
  }

  return {
    async write(target, shownAs, { size, offset, data }) {
      const folder = path.dirname(target);
      try {
        await fs.mkdir(folder, { recursive: true, mode: 0o755 });
        const found = await lstat(target);
        if (found && !found.isFile()) throw new AppError('CONFLICT', `destination not a file: ${shownAs}`);
        if (offset < -1) throw new AppError('INVALID_ARGUMENT', '[Errno 22] Invalid argument');
        const length = found?.size ?? 0;
        const at = offset === -1 ? (size === data.byteLength ? 0 : length) : offset;
        const end = offset === -1 ? Math.max(size, at + data.byteLength) : at + data.byteLength;
        const refusal = await refuseGrowth(target, end);
        if (refusal !== null) return { ok: false, reason: refusal };

        const handle = await open(target);
        try {
          if (at === 0 && length > 0) await handle.truncate(0);
          await writeAll(handle, data, at);
          if (offset === -1) await handle.truncate(size);
          const bytes = (await handle.stat()).size;
          (await sizesOf(folder)).set(path.basename(target), bytes);
          return { ok: true, bytes };
        } finally {
          await handle.close();
        }
      } catch (error) {
        folders.delete(folder);
        if (error instanceof AppError) throw error;
        const code = (error as NodeJS.ErrnoException).code ?? '';
        if (code === 'ELOOP') throw new AppError('CONFLICT', `destination not a file: ${shownAs}`, { cause: error });
        if (code === 'ENAMETOOLONG') {
          throw new AppError('INVALID_ARGUMENT', `[Errno 36] File name too long: '${shownAs}'`, { cause: error });
        }
        // A full or read-only disk heals; the uploader tries again.
        return { ok: false, reason: `the file cannot be written (${code || String(error)})` };
      }
    },

    async sync(target) {
      const handle = await fs.open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
      try {
        await handle.datasync();
      } finally {
        await handle.close();
      }
    },

    forget: (folder) => void folders.delete(folder),
  };
}

/** The file itself, link or not; null when there is none. */
export async function lstat(target: string): Promise<Stats | null> {
  try {
    return await fs.lstat(target);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
}

/** Logs may be read by those who may read logs, kickstarts and exception reports by the server and its group. */
export function uploadMode(target: string): number {
  return isSecretFile(path.basename(target)) ? 0o640 : 0o644;
}

/** Opens for writing without following a link and without waiting at a pipe. */
async function open(target: string): Promise<fs.FileHandle> {
  const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW | constants.O_NONBLOCK;
  return fs.open(target, flags, uploadMode(target));
}

async function writeAll(handle: fs.FileHandle, data: Uint8Array, at: number): Promise<void> {
  let written = 0;
  while (written < data.byteLength) {
    const { bytesWritten } = await handle.write(data, written, data.byteLength - written, at + written);
    written += bytesWritten;
  }
}
