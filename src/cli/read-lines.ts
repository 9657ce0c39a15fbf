import { createReadStream, promises as fs } from 'node:fs';
import path from 'node:path';
import { pipeline } from 'node:stream';
import { createGunzip } from 'node:zlib';
import { CliError } from './cli-error';

/** Longest line that is looked at; of longer ones the beginning is. */
const MAX_LINE_BYTES = 64 * 2 ** 10;
/** Files in a folder that is named instead of them. */
const MAX_FILES = 200;
const NEWLINE = 0x0a;

/** A log file to read; `name` is what its content is recognised by. */
export interface LogPath {
  path: string;
  name: string;
}

/**
 * The log files a command line names: files as they are, folders by the files in them, sorted.
 *
 * @throws CliError for what does not exist or is neither.
 */
export async function findLogFiles(given: readonly string[]): Promise<LogPath[]> {
  const found: LogPath[] = [];
  for (const each of given) {
    const stat = await fs.stat(each).catch((error: NodeJS.ErrnoException) => {
      throw cannotRead(each, error);
    });
    if (!stat.isDirectory()) {
      found.push(toLogPath(each));
      continue;
    }
    const entries = await fs.readdir(each, { withFileTypes: true });
    const files = entries.filter((entry) => entry.isFile()).map((entry) => path.join(each, entry.name));
    if (files.length === 0) throw new CliError(`There is no file in ${each}.`);
    if (files.length > MAX_FILES) throw new CliError(`${each} holds ${files.length} files; name those that matter.`);
    found.push(...files.sort().map(toLogPath));
  }
  return found;
}

function toLogPath(file: string): LogPath {
  return { path: file, name: path.basename(file).replace(/\.gz$/, '') };
}

function cannotRead(file: string, error: NodeJS.ErrnoException): CliError {
  const reason = error.code === 'ENOENT' ? 'it does not exist' : (error.code ?? error.message);
  return new CliError(`${file} cannot be read: ${reason}.`, { cause: error });
}

/**
 * The lines of a file in order, without their ends, UTF-8, gunzipped where needed; in memory that does not grow with it.
 *
 * @param onBytes - told of the bytes read so far, of those in the file.
 * @throws CliError when it cannot be read.
 */
export async function* readLines(file: string, onBytes?: (done: number) => void): AsyncGenerator<string> {
  let carry: Buffer[] = [];
  let carried = 0;
  const keep = (part: Buffer): void => {
    const room = MAX_LINE_BYTES - carried;
    if (room <= 0 || part.length === 0) return;
    carry.push(part.subarray(0, room));
    carried += Math.min(part.length, room);
  };
  const take = (): string => {
    const line = Buffer.concat(carry).toString('utf8').replace(/\r+$/, '');
    carry = [];
    carried = 0;
    return line;
  };
  try {
    for await (const chunk of await openLog(file, onBytes)) {
      let from = 0;
      for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
        keep(chunk.subarray(from, end));
        yield take();
        from = end + 1;
      }
      keep(chunk.subarray(from));
    }
  } catch (error) {
    throw cannotRead(file, error as NodeJS.ErrnoException);
  }
  if (carried > 0) yield take();
}

async function openLog(file: string, onBytes?: (done: number) => void): Promise<AsyncIterable<Buffer>> {
  const handle = await fs.open(file);
  const magic = Buffer.alloc(2);
  await handle.read(magic, 0, 2, 0);
  await handle.close();
  const stream = createReadStream(file);
  if (onBytes) stream.on('data', () => onBytes(stream.bytesRead));
  if (magic[0] !== 0x1f || magic[1] !== 0x8b) return stream as AsyncIterable<Buffer>;
  const gunzip = createGunzip();
  pipeline(stream, gunzip, () => undefined); // its error comes out of the reading end too
  return gunzip as AsyncIterable<Buffer>;
}
