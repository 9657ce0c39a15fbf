import { constants, promises as fs } from 'node:fs';
import path from 'node:path';
import { KEEP_FREE_BYTES, lstat, uploadMode } from './upload-files';

/** What the copies of one run may take on the disk. */
export const MAX_RUN_BYTES = 2 ** 30;
/** Older contents kept of one file in one run, as FILE.1, FILE.2 … */
const MAX_OLDER = 20;
const CHUNK_BYTES = 2 ** 20;
const HEAD_BYTES = 256;

/**
 * Brings a run's own copy of an uploaded file up to date. Only the bytes from `from` on are copied. A copy of another
 * content is moved aside, never overwritten: evidence of a run is kept.
 *
 * @param statfs - replaceable, so that a full disk can be tested.
 * @returns false when the copies of the run take as much as they may, or the disk is nearly full.
 */
export async function keepUpload(
  source: string,
  target: string,
  from: number,
  statfs: (folder: string) => Promise<{ bavail: number; bsize: number }> = (folder) => fs.statfs(folder),
): Promise<boolean> {
  const folder = path.dirname(target);
  await fs.mkdir(folder, { recursive: true, mode: 0o755 });
  const input = await fs.open(source, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const size = (await input.stat()).size;
    const kept = await lstat(target);
    let at = Math.min(from, kept?.size ?? 0);
    if (kept && at === 0 && !(await hasSameHead(input, target))) {
      if (!(await moveAside(target))) return false;
    } else if (kept && !kept.isFile()) {
      return false;
    }
    if ((await folderBytes(folder)) + size - at > MAX_RUN_BYTES) return false;
    const { bavail, bsize } = await statfs(folder);
    if (size > at && bavail * bsize - (size - at) < KEEP_FREE_BYTES) return false;

    const flags = constants.O_WRONLY | constants.O_CREAT | constants.O_NOFOLLOW;
    const output = await fs.open(target, flags, uploadMode(target));
    try {
      const buffer = Buffer.alloc(Math.min(CHUNK_BYTES, Math.max(1, size - at)));
      while (at < size) {
        const { bytesRead } = await input.read(buffer, 0, buffer.length, at);
        if (bytesRead === 0) break;
        let written = 0;
        while (written < bytesRead) {
          written += (await output.write(buffer, written, bytesRead - written, at + written)).bytesWritten;
        }
        at += bytesRead;
      }
      await output.truncate(at);
    } finally {
      await output.close();
    }
    return true;
  } finally {
    await input.close();
  }
}

async function hasSameHead(input: fs.FileHandle, target: string): Promise<boolean> {
  const output = await fs.open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const read = async (handle: fs.FileHandle): Promise<Buffer> => {
      const head = Buffer.alloc(HEAD_BYTES);
      return head.subarray(0, (await handle.read(head, 0, HEAD_BYTES, 0)).bytesRead);
    };
    const [ours, theirs] = [await read(output), await read(input)];
    const common = Math.min(ours.length, theirs.length);
    return ours.subarray(0, common).equals(theirs.subarray(0, common));
  } finally {
    await output.close();
  }
}

async function moveAside(target: string): Promise<boolean> {
  for (let number = 1; number <= MAX_OLDER; number += 1) {
    const aside = `${target}.${number}`;
    if (await lstat(aside)) continue;
    await fs.rename(target, aside);
    return true;
  }
  return false;
}

async function folderBytes(folder: string): Promise<number> {
  let sum = 0;
  for (const file of await fs.readdir(folder)) sum += (await lstat(path.join(folder, file)))?.size ?? 0;
  return sum;
}
