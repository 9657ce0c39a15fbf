import { createHash } from 'node:crypto';
import { constants, promises as fs } from 'node:fs';
import type { EventDraft } from '../domain/event';
import { createUploadReader, type UploadOrigin } from '../intake/anamon';
import { emptyFileState, type FileState } from '../intake/file-reader';
import type { StoredUpload } from '../store/uploads';

/** Longest line that is looked at; of longer ones the beginning is. */
export const MAX_LINE_BYTES = 64 * 2 ** 10;
/** Read at once: small enough that parsing it does not hold up other work for more than a few milliseconds. */
const CHUNK_BYTES = 64 * 2 ** 10;
/** First bytes kept to recognise a file that is being sent again. */
const HEAD_BYTES = 256;
const NEWLINE = 0x0a;
/** SHA-256 of no bytes. */
export const EMPTY_HASH = createHash('sha256').digest('hex');

/** What a file on the disk says beyond what was known of it. */
export interface UploadReading {
  /**
   * `same`: nothing new. `partial`: the beginning of what is known already, being sent again. `grown`: new lines.
   * `replaced`: another content, read from its beginning.
   */
  change: 'same' | 'partial' | 'grown' | 'replaced';
  /** Of `replaced`: not even the first bytes are those of the file before. */
  newHead: boolean;
  fileId: string;
  size: number;
  parsedBytes: number;
  parsedHash: string;
  head: string;
  state: FileState;
  drafts: EventDraft[];
}

/**
 * Reads an uploaded file once, from beginning to end: the bytes known are hashed and compared, the lines beyond them
 * are parsed. Costs parsing of the new bytes and hashing of all, in memory that does not grow with the file.
 *
 * @param known - the file as it was read last; null for a file never read.
 * @param isClosed - the uploader said that this is all; without it a shorter file is one that is being sent again.
 * @param wholeTail - take a last line without an end for a line.
 * @param newFileId - identity for a content that was never seen.
 */
export async function readUpload(
  target: string,
  file: string,
  known: StoredUpload | null,
  origin: UploadOrigin,
  options: { isClosed: boolean; wholeTail: boolean; newFileId: () => string },
): Promise<UploadReading> {
  const handle = await fs.open(target, constants.O_RDONLY | constants.O_NOFOLLOW);
  try {
    const size = (await handle.stat()).size;
    const head = await readHead(handle, size);
    const isSameHead = known !== null && isContinuation(known.head, head);
    if (known && isSameHead && size < known.parsedBytes && !options.isClosed) {
      return { ...unchanged(known), change: 'partial', size };
    }
    if (known && isSameHead && size >= known.parsedBytes) {
      const scan = createScan({ ...known, state: known.state as FileState }, file, origin);
      if (await scan.run(handle, size, options.wholeTail)) {
        const reading = scan.reading(size, head);
        const change = reading.parsedBytes > known.parsedBytes ? 'grown' : 'same';
        return { ...reading, change, newHead: false };
      }
    }
    const newHead = known !== null && !isSameHead;
    const state = emptyFileState(newHead);
    const scan = createScan(
      { fileId: options.newFileId(), parsedBytes: 0, parsedHash: EMPTY_HASH, state },
      file,
      origin,
    );
    await scan.run(handle, size, options.wholeTail);
    return { ...scan.reading(size, head), change: 'replaced', newHead };
  } finally {
    await handle.close();
  }
}

function unchanged(known: StoredUpload): UploadReading {
  return { ...known, state: known.state as FileState, change: 'same', newHead: false, drafts: [] };
}

async function readHead(handle: fs.FileHandle, size: number): Promise<Buffer> {
  const head = Buffer.alloc(Math.min(HEAD_BYTES, size));
  const { bytesRead } = await handle.read(head, 0, head.length, 0);
  return head.subarray(0, bytesRead);
}

/** True when both begin with the same bytes, as far as both go. */
function isContinuation(knownHead: string, head: Buffer): boolean {
  const known = Buffer.from(knownHead, 'base64');
  const common = Math.min(known.length, head.length);
  return known.subarray(0, common).equals(head.subarray(0, common));
}

interface Beginning {
  fileId: string;
  parsedBytes: number;
  parsedHash: string;
  state: FileState;
}

function createScan(from: Beginning, file: string, origin: UploadOrigin) {
  const { fileId, parsedBytes: knownBytes, parsedHash: knownHash, state: knownState } = from;
  const reader = createUploadReader({ file, fileId, state: knownState }, origin);
  const hash = createHash('sha256');
  let parsedBytes = knownBytes;
  let parsedHash = knownHash;
  /** Beginning of a line whose end has not come yet, cut at the limit, and where it begins. */
  let carry: Buffer[] = [];
  let carried = 0;
  let lineStart = knownBytes;

  function keep(part: Buffer): void {
    const room = MAX_LINE_BYTES - carried;
    if (room <= 0 || part.length === 0) return;
    // A copy: the buffer it lies in is read into again.
    carry.push(Buffer.from(part.subarray(0, room)));
    carried += Math.min(part.length, room);
  }

  function endLine(end: number): void {
    reader.read(Buffer.concat(carry).toString('utf8'), lineStart);
    carry = [];
    carried = 0;
    lineStart = end;
  }

  function parse(chunk: Buffer, at: number): void {
    let from = 0;
    for (let end = chunk.indexOf(NEWLINE); end >= 0; end = chunk.indexOf(NEWLINE, from)) {
      keep(chunk.subarray(from, end));
      endLine(at + end + 1);
      from = end + 1;
    }
    keep(chunk.subarray(from));
    const complete = lineStart - at;
    if (complete > 0) {
      hash.update(chunk.subarray(0, complete));
      parsedBytes = lineStart;
      parsedHash = hash.copy().digest('hex');
      hash.update(chunk.subarray(complete));
    } else {
      hash.update(chunk);
    }
  }

  return {
    /** False when the bytes known are not those in the file: nothing was parsed then. */
    async run(handle: fs.FileHandle, size: number, wholeTail: boolean): Promise<boolean> {
      const buffer = Buffer.alloc(CHUNK_BYTES);
      let at = 0;
      while (at < size) {
        // Chunks end where the known bytes do, so that the comparison comes before the first new line.
        const until = at < knownBytes ? Math.min(knownBytes, size) : size;
        const { bytesRead } = await handle.read(buffer, 0, Math.min(CHUNK_BYTES, until - at), at);
        if (bytesRead === 0) break;
        const chunk = buffer.subarray(0, bytesRead);
        if (at < knownBytes) {
          hash.update(chunk);
          if (at + bytesRead === knownBytes && hash.copy().digest('hex') !== knownHash) return false;
        } else {
          parse(chunk, at);
        }
        at += bytesRead;
      }
      if (wholeTail && carried > 0) {
        endLine(at);
        parsedBytes = at;
        parsedHash = hash.copy().digest('hex');
      }
      return true;
    },

    reading(size: number, head: Buffer): Omit<UploadReading, 'change' | 'newHead'> {
      const { drafts, state } = reader.finish();
      return { fileId, size, parsedBytes, parsedHash, head: head.toString('base64'), state, drafts };
    },
  };
}
