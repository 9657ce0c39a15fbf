import { randomUUID } from 'node:crypto';
import { AppError } from '../domain/errors';
import type { EventDraft, Instant, TargetName } from '../domain/event';
import { emptyFileState } from '../intake/file-reader';
import type { StoredUpload, UploadKey, UploadStore } from '../store/uploads';
import { keepUpload } from './keep-upload';
import { EMPTY_HASH, readUpload, type UploadReading } from './read-upload';
import { lstat } from './upload-files';

/** Files whose reading is remembered between two uploads, so that the database is not asked each time. */
const MAX_REMEMBERED = 5_000;

/** What reading an upload and handing it on takes. */
export interface PublishDeps {
  submit(drafts: EventDraft[]): Promise<{ runId: string | null }[]>;
  findRun(target: TargetName): Promise<string | null>;
  uploads: UploadStore;
  now(): Instant;
  /** Where the file is, and where the copy of a run belongs. */
  pathOf(key: UploadKey): string;
  pathOfRun(runId: string, file: string): string;
  /** Complains, at most once a minute about one thing. */
  warn(key: string, sentence: string, fields: Record<string, unknown>): void;
}

/** One file to be read. */
export interface Publication {
  key: UploadKey;
  target: TargetName;
  peer: string | null;
  /** The uploader said that this is the whole file. */
  isClosed: boolean;
  /** A last line without an end is a line. */
  wholeTail: boolean;
}

/** Reads files and hands on what they say. */
export interface UploadPublisher {
  /**
   * Reads the file, submits what is new, copies it to its run and remembers how far it has been read. A repetition
   * after a crash makes the same facts with the same keys.
   *
   * @returns true when a last line without an end was left unread.
   * @throws AppError DATABASE_AWAY and the like when it must be tried again.
   */
  publish(publication: Publication): Promise<boolean>;
  /** The run that has a copy of the file as it was read last; null when none has. */
  runOf(key: UploadKey): Promise<string | null>;
  /** Forgets how far the files of a name were read; `peers` are those of the files that are gone. */
  forget(name: string, peers: readonly string[]): Promise<void>;
}

/** Builds a publisher; steps about one name must not run side by side. */
export function createUploadPublisher(deps: PublishDeps): UploadPublisher {
  const rows = new Map<string, StoredUpload | null>();
  const keyText = (key: UploadKey): string => `${key.name}\0${key.peer}\0${key.file}`;

  function remember(key: UploadKey, row: StoredUpload | null): void {
    const text = keyText(key);
    rows.delete(text);
    if (rows.size >= MAX_REMEMBERED) rows.delete(rows.keys().next().value!);
    rows.set(text, row);
  }

  async function findRow(key: UploadKey): Promise<StoredUpload | null> {
    const known = rows.get(keyText(key));
    if (known !== undefined) return known;
    const row = await deps.uploads.find(key);
    remember(key, row);
    return row;
  }

  async function saveRow(row: StoredUpload): Promise<void> {
    rows.delete(keyText(row));
    await deps.uploads.save(row);
    remember(row, row);
  }

  /** The run the facts went to. Facts nobody may tell are dropped: the bytes stay, but it is not tried for ever. */
  async function submit(target: TargetName, drafts: EventDraft[]): Promise<string | null> {
    try {
      const results = drafts.length === 0 ? [] : await deps.submit(drafts);
      return results.findLast((result) => result.runId !== null)?.runId ?? (await deps.findRun(target));
    } catch (error) {
      if (!(error instanceof AppError) || error.kind === 'unavailable' || error.kind === 'bug') throw error;
      deps.warn(`refused ${target.name}`, 'What an uploaded log says was refused.', {
        name: target.name,
        error: error.message,
      });
      return null;
    }
  }

  /** The run that now holds a copy; null when none does, so that the next reading copies the whole file. */
  async function keep(key: UploadKey, runId: string | null, from: number): Promise<string | null> {
    if (runId === null) return null;
    const fields = { runId, name: key.name, file: key.file };
    try {
      if (await keepUpload(deps.pathOf(key), deps.pathOfRun(runId, key.file), from)) return runId;
      deps.warn(
        `full ${runId}`,
        'A log is not kept with its run: the run has reached its limit, or the disk is nearly full.',
        fields,
      );
    } catch (error) {
      const reason = error instanceof Error ? error.message : String(error);
      deps.warn(`copy ${runId}`, 'An uploaded log could not be copied to its run.', { ...fields, error: reason });
    }
    return null;
  }

  return {
    async publish({ key, target, peer, isClosed, wholeTail }) {
      const path = deps.pathOf(key);
      if (!(await lstat(path))) return false;
      const known = await findRow(key);
      const receivedAt = deps.now();
      const reading = await readUpload(
        path,
        key.file,
        known,
        { target, receivedAt, peer },
        {
          isClosed,
          wholeTail,
          newFileId: () => randomUUID(),
        },
      );
      if (reading.change === 'partial') return false;
      if (reading.change === 'same' && known) {
        if (known.size !== reading.size) {
          await saveRow({ ...known, size: reading.size, runId: await keep(key, known.runId, known.parsedBytes) });
        }
        return reading.parsedBytes < reading.size;
      }
      const row = toRow(key, reading, receivedAt);
      // The identity of a new content is stored before its facts are, or a crash between the two would repeat them.
      if (reading.change === 'replaced') {
        await saveRow({ ...row, parsedBytes: 0, parsedHash: EMPTY_HASH, state: emptyFileState(reading.newHead) });
      }
      const runId = await submit(target, reading.drafts);
      const from = reading.change === 'grown' && known?.runId === runId ? known.parsedBytes : 0;
      await saveRow({ ...row, runId: await keep(key, runId, from) });
      return reading.parsedBytes < reading.size;
    },

    runOf: async (key) => (await findRow(key))?.runId ?? null,

    async forget(name, peers) {
      for (const text of [...rows.keys()]) {
        if (peers.some((peer) => text.startsWith(`${name}\0${peer}\0`))) rows.delete(text);
      }
      for (const peer of peers) await deps.uploads.forget(name, peer);
    },
  };
}

function toRow(key: UploadKey, reading: UploadReading, updatedAt: Instant): StoredUpload {
  const { fileId, size, parsedBytes, parsedHash, head, state } = reading;
  return { ...key, fileId, runId: null, size, parsedBytes, parsedHash, head, state, updatedAt };
}
