import { mkdir, open, rename, type FileHandle } from 'node:fs/promises';
import path from 'node:path';

/** A log file that rotates by size and survives a disk that is full or gone for a while. */
export interface RotatingFile {
  /** Queues text, line break included, in order. Never throws; false when 16 MiB wait and the text was dropped. */
  write(text: string): boolean;
  /** Bytes taken and not yet written. */
  queuedBytes(): number;
  /** Resolves when everything queued so far is written, or the file cannot be written. */
  flush(): Promise<void>;
  /** Flushes and closes. */
  close(): Promise<void>;
}

/** Held in memory while the disk does not take it. */
const MAX_QUEUED_BYTES = 16 * 1024 * 1024;
/** Written at once; also how far a file may exceed its limit by one long line. */
const CHUNK_BYTES = 256 * 1024;
const FIRST_RETRY_MS = 1_000;
const LAST_RETRY_MS = 60_000;

/**
 * Appends to `file`; when it would exceed `maxBytes` it becomes `file.1`, that `file.2`, and so on up to `keep`. Lines
 * are never cut. winston's own file transport lost queued lines when closed and did not report a full disk (measured
 * with 3.19.0), hence this one.
 *
 * @param options.onError - Told of the first error of a row, not of its repetitions.
 */
export function createRotatingFile(options: {
  file: string;
  maxBytes: number;
  keep: number;
  onError(error: Error): void;
}): RotatingFile {
  const { file, maxBytes, keep, onError } = options;
  const queue: Buffer[] = [];
  let queuedBytes = 0;
  let handle: FileHandle | null = null;
  let size = 0;
  let writing: Promise<void> | null = null;
  let retry: NodeJS.Timeout | null = null;
  let failures = 0;

  async function openFile(): Promise<FileHandle> {
    await mkdir(path.dirname(file), { recursive: true, mode: 0o750 });
    const opened = await open(file, 'a', 0o640);
    size = (await opened.stat()).size;
    return opened;
  }

  async function rotate(): Promise<void> {
    await handle?.close();
    handle = null;
    for (let n = keep - 1; n >= 0; n--) {
      await rename(n === 0 ? file : `${file}.${n}`, `${file}.${n + 1}`).catch((error: NodeJS.ErrnoException) => {
        if (error.code !== 'ENOENT') throw error;
      });
    }
  }

  /** The next lines that go into the file together; they leave the queue only when they are written. */
  function nextChunk(): Buffer {
    let bytes = 0;
    let count = 0;
    while (count < queue.length && (count === 0 || bytes + queue[count]!.length <= CHUNK_BYTES)) {
      bytes += queue[count++]!.length;
    }
    return Buffer.concat(queue.slice(0, count));
  }

  /** Takes the first `bytes` off the queue; what a full disk has left of a line stays for the next try. */
  function drop(bytes: number): void {
    queuedBytes -= bytes;
    let left = bytes;
    while (left > 0 && left >= queue[0]!.length) left -= queue.shift()!.length;
    if (left > 0) queue[0] = queue[0]!.subarray(left);
  }

  async function pump(): Promise<void> {
    try {
      while (queue.length > 0) {
        handle ??= await openFile();
        const chunk = nextChunk();
        if (size > 0 && size + chunk.length > maxBytes && maxBytes > 0) {
          await rotate();
          continue;
        }
        const { bytesWritten } = await handle.write(chunk);
        size += bytesWritten;
        drop(bytesWritten);
        failures = 0;
      }
    } catch (error) {
      if (failures++ === 0) onError(error as Error);
      await handle?.close().catch(() => undefined);
      handle = null;
      retry = setTimeout(start, Math.min(FIRST_RETRY_MS * 2 ** Math.min(failures - 1, 6), LAST_RETRY_MS)).unref();
    } finally {
      writing = null;
    }
  }

  function start(): void {
    retry = null;
    writing ??= pump();
  }

  return {
    write(text) {
      const bytes = Buffer.from(text);
      if (queuedBytes + bytes.length > MAX_QUEUED_BYTES) return false;
      queue.push(bytes);
      queuedBytes += bytes.length;
      // A moment later, so that what is logged together is written together.
      if (writing === null && retry === null) writing = Promise.resolve().then(pump);
      return true;
    },
    queuedBytes: () => queuedBytes,
    async flush() {
      while (writing !== null) await writing;
    },
    async close() {
      if (retry !== null) {
        clearTimeout(retry);
        start(); // one last try
      }
      await this.flush();
      if (retry !== null) clearTimeout(retry);
      await handle?.close();
      handle = null;
    },
  };
}
