import { promises as fs } from 'node:fs';
import path from 'node:path';
import { AppError } from '../domain/errors';
import type { EventDraft, Instant, TargetName } from '../domain/event';
import type { UploadKey, UploadStore } from '../store/uploads';
import type { Caller } from '../domain/target';
import type { FindReported } from './find-reported';
import { createNameLocks } from './name-locks';
import { createUploadPublisher, type Publication } from './publish-upload';
import { createThrottle, type LogSink } from './throttled-log';
import { createUploadFiles, isUploadName, lstat, peerFolder, uploadPaths, type UploadFiles } from './upload-files';

/** One call of `upload_log_data`, its arguments checked for type. */
export interface UploadRequest {
  name: string;
  file: string;
  /** Bytes of `data`, or with offset -1 of the whole file. */
  size: number;
  /** Where the data belongs; -1 closes the upload. */
  offset: number;
  data: Uint8Array;
  caller: Caller;
  receivedAt: Instant;
}

/** A log, or the next lines of one, as a script sends it in one go. */
export interface LogPiece {
  /** Null: a system of that name, else a profile. */
  type: 'system' | 'profile' | null;
  name: string;
  file: string;
  data: Uint8Array;
  /** All there is of the file; else it is added to the end of what there is of this run. */
  whole: boolean;
  caller: Caller;
  receivedAt: Instant;
}

/** What became of it: the size the file has now, or why it was not taken. */
export type LogOutcome =
  | { ok: true; bytes: number }
  | { ok: false; problem: 'off' | 'name' | 'unknown' | 'refused' | 'away' | 'no-room'; reason: string };

/** What the uploads need of the rest of the program. */
export interface UploadDeps {
  dataDir: string;
  /** Cobbler's setting `anamon_enabled`. */
  isEnabled(): boolean;
  /** What the name is, and whether this caller may report about it. */
  findReported: FindReported;
  /** Hands drafts to the write path; resolves when they are committed. */
  submit(drafts: EventDraft[]): Promise<{ runId: string | null }[]>;
  /** The open, else the latest run of a target; null when it never had one. */
  findRun(target: TargetName): Promise<string | null>;
  uploads: UploadStore;
  log: LogSink;
  now(): Instant;
  /** Replaceable, so that a full disk can be tested. */
  files?: UploadFiles;
}

/** Uploaded installer logs: stored, read, and kept per run. */
export interface UploadLog {
  /**
   * Stores one piece of a file; the closing call reads it and answers once what it says is committed. False makes the
   * uploader try again: unknown name, forbidden path, no room. Trouble of our own is never a fault, since one fault ends
   * the stock uploader: with the database away the bytes are kept and read later.
   *
   * @throws AppError CONFLICT or INVALID_ARGUMENT for calls no uploader makes.
   */
  uploadLogData(request: UploadRequest): Promise<boolean>;
  /** Stores a log that comes in one go and reads it; answers once what it says is committed. Never throws for trouble of ours. */
  takeLog(piece: LogPiece): Promise<LogOutcome>;
  /** Removes the latest files of a name, as a new install begins; a profile's only of that machine. Copies of runs stay. */
  clear(name: string, peer: string | null): Promise<void>;
  /** Empties the latest files of a name. */
  truncate(name: string): Promise<void>;
  /** Reads what was never closed, what ends without a line end, and what could not be handed on before. */
  sweep(): Promise<void>;
  /** Finds files that were stored and not read before the server stopped. The next sweep reads them. */
  recover(): Promise<void>;
}

/** A file nobody has closed is read after this time: anamon sends the pieces of one file without a pause. */
export const UNCLOSED_MS = 15_000;
/** A last line without an end is taken for a line after this time. */
export const TAIL_MS = 60_000;
/** While the database is away, uploads do not wait for it more often than this. */
export const AWAY_MS = 2_000;
/** A file that could not be read or handed on is tried again after this time. */
const RETRY_MS = 10_000;
/** How long it is believed that a peer may report about a name. */
const TARGET_TTL_MS = 5_000;
const MAX_TARGETS = 10_000;

type TargetType = 'system' | 'profile';

/** A file that is to be read at `dueAt` if nobody closes it before. */
interface Waiting extends Publication {
  dueAt: Instant;
}

/** Builds the uploads; the caller sweeps every few seconds and calls `recover` once at start. */
export function createUploadLog(deps: UploadDeps): UploadLog {
  const paths = uploadPaths(deps.dataDir);
  const files = deps.files ?? createUploadFiles(() => deps.now());
  const locks = createNameLocks();
  const warn = createThrottle(deps.log, () => deps.now());
  const pathOf = (key: UploadKey): string =>
    key.peer === '' ? paths.latest(key.name, key.file) : paths.ofPeer(key.name, key.peer, key.file);
  const publisher = createUploadPublisher({ ...deps, pathOf, pathOfRun: (run, file) => paths.ofRun(run, file), warn });
  /** One entry per file not read to its end: at most those of the inventory's names, 200 each. */
  const waiting = new Map<string, Waiting>();
  const targets = new Map<string, { type: TargetType; at: Instant }>();
  let awayUntil = -Infinity;

  const keyText = (key: UploadKey): string => `${key.name}\0${key.peer}\0${key.file}`;

  function noteTrouble(error: unknown, sentence: string, fields: Record<string, unknown>): void {
    if (error instanceof AppError && error.kind === 'unavailable') awayUntil = deps.now() + AWAY_MS;
    warn(sentence, sentence, { ...fields, error: error instanceof Error ? error.message : String(error) });
  }

  type Found = { type: TargetType } | Extract<LogOutcome, { ok: false }>;

  async function findTarget(type: TargetType | null, name: string, caller: Caller): Promise<Found> {
    const key = `${type ?? ''}\0${name}\0${caller.peer ?? ''}\0${caller.authority}\0${caller.runId ?? ''}`;
    const known = targets.get(key);
    const now = deps.now();
    if (known && (now - known.at < TARGET_TTL_MS || now < awayUntil)) return { type: known.type };
    try {
      const found = await deps.findReported({ type, name }, caller, 'progress-reported');
      targets.delete(key);
      if (targets.size >= MAX_TARGETS) targets.delete(targets.keys().next().value!);
      if (found.ok) {
        targets.set(key, { type: found.type, at: now });
        return { type: found.type };
      }
      warn(`${found.problem} ${name}`, 'An upload was refused.', { name, peer: caller.peer, reason: found.reason });
      return found;
    } catch (error) {
      noteTrouble(error, 'Whom an upload is about cannot be looked up.', { name });
      if (known) return { type: known.type };
      return { ok: false, problem: 'away', reason: 'The database cannot be reached; try again.' };
    }
  }

  /** Reads the file now, or later when that is impossible now. */
  async function publish(publication: Publication): Promise<void> {
    const { key } = publication;
    const later = (dueAt: Instant, changes: Partial<Publication> = {}): void => {
      waiting.set(keyText(key), { ...publication, ...changes, dueAt });
    };
    if (deps.now() < awayUntil) return later(awayUntil);
    waiting.delete(keyText(key));
    try {
      const hasTail = await publisher.publish(publication);
      if (hasTail) later(deps.now() + TAIL_MS, { isClosed: false, wholeTail: true });
    } catch (error) {
      later(deps.now() + RETRY_MS);
      noteTrouble(error, 'An uploaded log could not be read; it will be tried again.', {
        name: key.name,
        file: key.file,
      });
    }
  }

  const keyOf = (name: string, type: TargetType, peer: string | null, file: string): UploadKey => ({
    name,
    peer: type === 'profile' ? peerFolder(peer) : '',
    file,
  });

  /** Where the next lines of a log belong: behind those there are, unless they are of an earlier run. */
  async function endOf(key: UploadKey, target: TargetName): Promise<number> {
    const size = (await lstat(pathOf(key)))?.size ?? 0;
    if (size === 0 || deps.now() < awayUntil) return size;
    const keptWith = await publisher.runOf(key);
    if (keptWith === null) return size;
    const run = await deps.findRun(target);
    return run === null || run === keptWith ? size : 0;
  }

  async function takeLog({ type, name, file, data, whole, caller, receivedAt }: LogPiece): Promise<LogOutcome> {
    if (!deps.isEnabled())
      return { ok: false, problem: 'off', reason: 'Uploads are switched off by the setting anamon_enabled.' };
    if (!isUploadName(name, file)) {
      const reason = 'Names of logs are of letters, digits and . _ - + only, those of machines may have colons.';
      return { ok: false, problem: 'name', reason };
    }
    const found = await findTarget(type, name, caller);
    if ('ok' in found) return found;
    const key = keyOf(name, found.type, caller.peer, file);
    const target: TargetName = { type: found.type, name, address: found.type === 'profile' ? caller.peer : null };
    try {
      return await locks.run(name, async () => {
        const at = whole ? 0 : await endOf(key, target);
        const request = { name, file, data, caller, receivedAt };
        const written = await store({ ...request, size: data.byteLength, offset: at }, found.type);
        if (!written.ok) return { ok: false, problem: 'no-room', reason: `Not stored: ${written.reason}.` };
        const bytes = at + data.byteLength;
        // The closing call has it read.
        await store({ ...request, data: new Uint8Array(), size: bytes, offset: -1 }, found.type);
        return { ok: true, bytes };
      });
    } catch (error) {
      if (error instanceof AppError && (error.kind === 'conflict' || error.kind === 'invalid')) {
        return { ok: false, problem: 'name', reason: 'A log cannot have that name.' };
      }
      noteTrouble(error, 'A log could not be stored.', { name, file });
      return { ok: false, problem: 'away', reason: 'The log could not be stored; try again.' };
    }
  }

  async function store(
    request: UploadRequest,
    type: TargetType,
  ): Promise<{ ok: true } | { ok: false; reason: string }> {
    const { name, file, receivedAt } = request;
    const { peer } = request.caller;
    const key = keyOf(name, type, peer, file);
    const publication = (isClosed: boolean): Publication => ({
      key,
      target: { type, name, address: type === 'profile' ? peer : null },
      peer,
      isClosed,
      wholeTail: !isClosed,
    });
    // Sent from its beginning although it was never read to its end: read it before it is overwritten.
    const unread = waiting.get(keyText(key));
    if (request.offset === 0 && unread) await publish({ ...unread, wholeTail: false });

    const shownAs = shownPath(name, file);
    const shared = await files.write(paths.latest(name, file), shownAs, request);
    // Machines that share a profile share its folder, as in Cobbler; each is read from a file of its own.
    const own = key.peer === '' || !shared.ok ? shared : await files.write(pathOf(key), shownAs, request);
    if (!own.ok) {
      warn(`refused ${keyText(key)}`, 'An upload was refused.', { name, file, peer, reason: own.reason });
      return own;
    }
    if (request.offset !== -1) {
      waiting.set(keyText(key), { ...publication(false), dueAt: receivedAt + UNCLOSED_MS });
      return { ok: true };
    }
    try {
      await files.sync(pathOf(key));
    } catch (error) {
      noteTrouble(error, 'An upload could not be brought to the disk.', { name, file });
      return { ok: false, reason: 'it could not be brought to the disk' };
    }
    await publish(publication(true));
    return { ok: true };
  }

  /** Reads what is left of a name's files, then changes each of them and forgets how far it was read. */
  async function changeLatest(
    name: string,
    peer: string | null,
    change: (file: string) => Promise<void>,
  ): Promise<void> {
    if (!isUploadName(name, 'x')) return;
    const peers = peer === null ? [''] : ['', peerFolder(peer)];
    await locks.run(name, async () => {
      const isMeant = ({ key }: Waiting): boolean => key.name === name && peers.includes(key.peer);
      for (const entry of [...waiting.values()].filter(isMeant)) await publish({ ...entry, wholeTail: true });
      // What could not be handed on stays where it is.
      const unread = new Set([...waiting.values()].filter(isMeant).map(({ key }) => pathOf(key)));
      for (const of of peers) {
        const folder = path.dirname(pathOf({ name, peer: of, file: 'x' }));
        for (const file of await listEntries(folder, 'file')) {
          const target = path.join(folder, file);
          if (!unread.has(target)) await change(target);
        }
        files.forget(folder);
      }
      try {
        await publisher.forget(name, peers);
      } catch (error) {
        noteTrouble(error, 'That uploads were cleared could not be stored.', { name });
      }
    });
  }

  return {
    async uploadLogData(request) {
      const { name, file, size, offset, data, caller } = request;
      // The folder itself: told so, as Cobbler does, once the name is known to be one.
      const isFolder = file === '.';
      if (!deps.isEnabled() || !isUploadName(name, isFolder ? 'x' : file)) return false;
      const found = await findTarget(null, name, caller);
      if ('ok' in found) return false;
      if (size < 0 || (offset !== -1 && size !== data.byteLength)) return false;
      if (isFolder) throw new AppError('CONFLICT', `destination not a file: ${shownPath(name, file)}`);
      try {
        return await locks.run(name, async () => (await store(request, found.type)).ok);
      } catch (error) {
        if (error instanceof AppError && (error.kind === 'conflict' || error.kind === 'invalid')) throw error;
        noteTrouble(error, 'An upload could not be stored.', { name, file });
        return false;
      }
    },

    takeLog,
    clear: (name, peer) => changeLatest(name, peer, (file) => fs.unlink(file)),
    truncate: (name) => changeLatest(name, null, (file) => fs.truncate(file)),

    async sweep() {
      for (const entry of [...waiting.values()]) {
        if (deps.now() < Math.max(entry.dueAt, awayUntil)) continue;
        await locks.run(entry.key.name, async () => {
          if (waiting.get(keyText(entry.key)) === entry) await publish(entry);
        });
      }
    },

    async recover() {
      for (const name of await listEntries(paths.latestRoot, 'folder')) {
        const known = new Map((await deps.uploads.findByName(name)).map((row) => [`${row.peer}\0${row.file}`, row]));
        const peers = await listEntries(path.join(paths.peerRoot, name), 'folder');
        for (const peer of peers.length > 0 ? peers : ['']) {
          const folder = path.dirname(pathOf({ name, peer, file: 'x' }));
          for (const file of await listEntries(folder, 'file')) {
            const key: UploadKey = { name, peer, file };
            const row = known.get(`${peer}\0${file}`);
            const stats = await lstat(pathOf(key));
            const isRead = row && stats && row.parsedBytes === stats.size && row.updatedAt >= Math.floor(stats.mtimeMs);
            if (isRead || waiting.has(keyText(key))) continue;
            const target: TargetName =
              peer === '' ? { type: 'system', name, address: null } : { type: 'profile', name, address: peer };
            const dueAt = -Infinity;
            waiting.set(keyText(key), { key, target, peer: peer || null, isClosed: false, wholeTail: true, dueAt });
          }
        }
      }
    },
  };
}

/** The path callers are told: where Cobbler keeps uploads. Where they really are is nobody's business. */
function shownPath(name: string, file: string): string {
  return `/var/log/cobbler/anamon/${name}/${file}`;
}

/** Names in a folder, links excluded; none when there is no such folder. */
async function listEntries(folder: string, kind: 'file' | 'folder'): Promise<string[]> {
  try {
    const entries = await fs.readdir(folder, { withFileTypes: true });
    return entries.filter((entry) => (kind === 'file' ? entry.isFile() : entry.isDirectory())).map(({ name }) => name);
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return [];
    throw error;
  }
}
