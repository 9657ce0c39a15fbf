import { open, stat } from 'node:fs/promises';

/** A file that is read again when it has changed. */
export interface WatchedFile<T> {
  readonly path: string;
  /** What the file holds now; null when there is no such file. @throws Error when it cannot be read or understood. */
  read(): Promise<T | null>;
}

/** Largest file that is read, in bytes: some 5,000 lines of the longest hashes. */
const MAX_BYTES = 1024 * 1024;

/**
 * Watches a small text file by its time, size and number, asked at every use: a change counts from the next use on.
 *
 * @param parse - Makes of the text what `read` answers. @throws Error naming what is wrong with it.
 */
export function watchFile<T>(path: string, parse: (text: string) => T): WatchedFile<T> {
  let known: { stamp: string; value: Promise<T> } | null = null;
  return {
    path,
    async read() {
      const found = await stat(path, { bigint: true }).catch((error: NodeJS.ErrnoException) => {
        if (error.code === 'ENOENT' || error.code === 'ENOTDIR') return null;
        throw new Error(`${path} cannot be read (${error.code ?? 'error'}).`, { cause: error });
      });
      if (found === null) return (known = null);
      const stamp = `${found.dev} ${found.ino} ${found.size} ${found.mtimeNs} ${found.ctimeNs}`;
      if (known?.stamp !== stamp) known = { stamp, value: load(path, parse) };
      const { value } = known;
      try {
        return await value;
      } catch (error) {
        if (known?.value === value) known = null; // the next use tries again
        throw error;
      }
    },
  };
}

async function load<T>(path: string, parse: (text: string) => T): Promise<T> {
  const handle = await open(path).catch((error: NodeJS.ErrnoException) => {
    throw new Error(`${path} cannot be read (${error.code ?? 'error'}).`, { cause: error });
  });
  try {
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_BYTES) throw new Error(`${path} is larger than ${MAX_BYTES} bytes.`);
    try {
      return parse(buffer.toString('utf8', 0, bytesRead));
    } catch (error) {
      throw new Error(`${path} cannot be used: ${(error as Error).message}.`, { cause: error });
    }
  } finally {
    await handle.close();
  }
}
