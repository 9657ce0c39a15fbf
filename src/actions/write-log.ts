import { promises as fs } from 'node:fs';
import path from 'node:path';
import { Writable } from 'node:stream';
import winston from 'winston';
import type { Instant } from '../domain/event';
import type { RotatingFile } from '../rotating-file';
import { identifyLine, installLine, provisioningLine, type LineIdentity, type LoggedEvent } from './event-lines';

/** Events this server recorded at or after a moment, oldest first, at most `limit`. */
export type FetchSince = (since: Instant, limit: number) => Promise<LoggedEvent[]>;

/**
 * Where committed events become lines. Order of calls: `catchUp` at start, `write` from then on, `keepUp` every few
 * seconds, `close`.
 */
export interface EventLog {
  /** Takes events in the order of their commits. Never throws and never waits. */
  write(committed: readonly LoggedEvent[]): void;
  /** Writes the lines that are missing since the last one in the file. Events that come meanwhile follow after them. */
  catchUp(fetchSince: FetchSince): Promise<number>;
  /** Catches up when a full disk has cost lines and takes some again; returns how many were written. */
  keepUp(): Promise<number>;
  /** The last event a line was made of; null before the first. */
  lastWritten(): LineIdentity | null;
  /** Resolves when everything taken is in the files, or cannot be written. */
  close(): Promise<void>;
}

/** What the event log needs. */
export interface EventLogOptions {
  logDir: string;
  /** Opens a file that rotates; see `createRotatingFile`. */
  openFile(options: { file: string; maxBytes: number; keep: number; onError(error: Error): void }): RotatingFile;
  /** Complains, at most once a minute about one thing. */
  warn(key: string, sentence: string, fields: Record<string, unknown>): void;
  /** Size at which a file is turned over. Default 50 MiB: some 100,000 events. */
  maxBytes?: number;
}

const MAX_BYTES = 50 * 2 ** 20;
const KEEP_FILES = 10;
/** Events may commit a little later than others recorded after them: so much of the past is looked at again. */
const OVERLAP_MS = 5_000;
/** How much of the file's end is read to know what is in it: two minutes of the busiest minute we are built for. */
const TAIL_BYTES = 16 * 2 ** 20;
/** Events fetched at once while catching up. */
const PAGE = 500;

/**
 * Opens `provisioning.log` (JSON lines) and `install.log` (Cobbler's) in a folder. A disk that is full or gone stops
 * neither the server nor the log for good: what could not be held in memory is read from the database again.
 */
export async function createEventLog(options: EventLogOptions): Promise<EventLog> {
  const { logDir, maxBytes = MAX_BYTES } = options;
  const warn: EventLogOptions['warn'] = (key, sentence, fields) => options.warn(key, sentence, fields);
  const provisioningPath = path.join(logDir, 'provisioning.log');
  const installPath = path.join(logDir, 'install.log');
  const open = (file: string): RotatingFile =>
    options.openFile({
      file,
      maxBytes,
      keep: KEEP_FILES,
      onError: (error) =>
        warn(`log ${file}`, 'A log cannot be written; it will be caught up with.', { file, error: error.message }),
    });
  // A crash in the middle of a line leaves half of it: the whole line is written again.
  for (const file of [provisioningPath, installPath]) {
    await removeTornLine(file).catch((error: unknown) => {
      warn(`read ${file}`, 'A log cannot be read.', { file, error: String(error) });
    });
  }
  const provisioning = open(provisioningPath);
  const install = open(installPath);
  let last: LineIdentity | null = null;
  /** True while lines are missing in front of those that come: new ones wait in the database. */
  let isBehind = false;
  let cameMeanwhile = false;
  let missed = 0;
  let fetch: FetchSince | null = null;
  let catchingUp: Promise<number> | null = null;

  let isTaken = true;
  const stream = new Writable({
    write(line: Buffer, _encoding, done) {
      isTaken = provisioning.write(line.toString());
      done();
    },
    decodeStrings: true,
  });
  const logger = winston.createLogger({
    format: winston.format.printf((info) => info.message as string),
    // The line brings its own end.
    transports: [new winston.transports.Stream({ stream, eol: '' })],
    exitOnError: false,
  });

  /** False when it could not even be kept in memory. */
  function writeOne(event: LoggedEvent): boolean {
    const start = installLine(event);
    if (start !== null) install.write(start);
    isTaken = true;
    logger.info(provisioningLine(event));
    if (isTaken) last = { time: event.recordedAt, run: event.runId, seq: event.seq };
    return isTaken;
  }

  function fallBehind(count: number): void {
    isBehind = true;
    missed += count;
    warn('behind', 'Lines of provisioning.log wait in the database until it can be written again.', { missed });
  }

  async function catchUpOnce(fetchSince: FetchSince): Promise<number> {
    await provisioning.flush();
    if (provisioning.queuedBytes() > 0) return 0;
    isBehind = true;
    const written = await readTail(provisioningPath);
    const known = new Map(written.map((line) => [`${line.run}:${line.seq}`, line.time]));
    const newest = written.reduce((max, line) => Math.max(max, line.time), 0);
    let since = Math.max(newest - OVERLAP_MS, written[0]?.time ?? 0);
    let limit = PAGE;
    let count = 0;
    for (;;) {
      cameMeanwhile = false;
      const page = await fetchSince(since, limit);
      const missing = page.filter((event) => !known.has(`${event.runId}:${event.seq}`));
      for (const event of missing) {
        if (!writeOne(event)) {
          await provisioning.flush();
          if (provisioning.queuedBytes() > 0 || !writeOne(event)) return count;
        }
        known.set(`${event.runId}:${event.seq}`, event.recordedAt);
        count += 1;
      }
      const isLast = page.length < limit;
      if (isLast && missing.length === 0 && !cameMeanwhile) break;
      // A page of nothing but known events: they crowd one moment, look at more of it.
      limit = missing.length === 0 && !isLast ? limit * 2 : PAGE;
      since = Math.max(since, (page.at(-1)?.recordedAt ?? since) - OVERLAP_MS);
      for (const [key, time] of known) if (time < since) known.delete(key);
      // The disk sets the pace, so that memory does not grow with what is missing.
      await provisioning.flush();
    }
    isBehind = false;
    missed = 0;
    return count;
  }

  function startCatchingUp(): Promise<number> {
    const fetchSince = fetch;
    if (fetchSince === null) return Promise.resolve(0);
    catchingUp ??= catchUpOnce(fetchSince).finally(() => {
      catchingUp = null;
    });
    return catchingUp;
  }

  return {
    write(committed) {
      if (isBehind) {
        cameMeanwhile = true;
        missed += committed.length;
        return;
      }
      for (const [index, event] of committed.entries()) {
        if (!writeOne(event)) return fallBehind(committed.length - index);
      }
    },

    async catchUp(fetchSince) {
      fetch = fetchSince;
      isBehind = true;
      return startCatchingUp();
    },

    keepUp: () => (isBehind ? startCatchingUp() : Promise.resolve(0)),
    lastWritten: () => last,

    async close() {
      await catchingUp?.catch(() => undefined);
      logger.close();
      await Promise.all([provisioning.close(), install.close()]);
    },
  };
}

/** Cuts a file behind its last whole line. */
async function removeTornLine(file: string): Promise<void> {
  const end = await readEnd(file, 2 ** 20);
  if (end === null || end.bytes.length === 0 || end.bytes.at(-1) === 0x0a) return;
  await fs.truncate(file, end.size - end.bytes.length + end.bytes.lastIndexOf(0x0a) + 1);
}

/** The events of the last lines, oldest first; those of the file before when this one has just been begun. */
async function readTail(file: string): Promise<LineIdentity[]> {
  for (const name of [file, `${file}.1`]) {
    const text = (await readEnd(name, TAIL_BYTES))?.bytes.toString('utf8') ?? '';
    const lines = text.split('\n').flatMap((line) => identifyLine(line) ?? []);
    if (lines.length > 0) return lines;
  }
  return [];
}

/** The last bytes of a file, and its size; null when there is none. */
async function readEnd(file: string, most: number): Promise<{ bytes: Buffer; size: number } | null> {
  let handle: fs.FileHandle;
  try {
    handle = await fs.open(file, 'r');
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'ENOENT') return null;
    throw error;
  }
  try {
    const size = (await handle.stat()).size;
    const bytes = Buffer.alloc(Math.min(most, size));
    await handle.read(bytes, 0, bytes.length, size - bytes.length);
    return { bytes, size };
  } finally {
    await handle.close();
  }
}
