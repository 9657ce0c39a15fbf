import type { EventDraft, Instant } from '../domain/event';
import type { Phase } from '../domain/phase';
import type { Caller } from '../domain/target';
import type { FileFinding } from '../intake/file-reader';
import { KERNEL } from '../intake/kernel';
import { createStreamReader, type StreamLine, type StreamReader } from '../intake/stream-reader';
import type { Binding } from './bind-senders';

/** Findings kept of a sender nobody knows yet. */
const MAX_WAITING = 100;
/** Characters kept of a stream until its run is known. */
const MAX_RAW_BYTES = 64 * 1024;
/** Signs of life without news are handed on at most this often, and loss is told of at most this often. */
export const QUIET_MS = 60_000;
/** … and of a machine that is not being installed at most this often: it only matters when that changes. */
const IDLE_MS = 10 * 60_000;

/**
 * Counts that merely grow are handed on at most this often. 500 machines that install packages at once would else write
 * 2,500 events a second, and one install thousands.
 */
const COUNT_EVERY_MS = 1_000;
/** … and of at most so many streams at a time: one batch of the write path holds more. */
const MAX_COUNTING = 128;

/** What is being heard from one sender. */
export interface LiveStream {
  readonly key: string;
  /** Where the lines come from. */
  readonly peer: string;
  /** The host the lines name; null when they name none that means anything. */
  host: string | null;
  readonly reader: StreamReader;
  /** Found and not handed on yet, oldest first. */
  findings: FileFinding[];
  lines: number;
  lost: number;
  /** Of `lost`, what no event tells of yet. */
  lostUntold: number;
  binding: Binding | null;
  boundAt: Instant;
  heardAt: Instant;
  /** When something was handed on last. */
  toldAt: Instant;
  /** The machine is being installed, as far as is known. */
  isInstalling: boolean;
  /** The phase told last, and when; null before the first. */
  toldPhase: Phase | null;
  progressAt: Instant;
  /** Whether the reader knows where the run had come to. */
  hasStart: boolean;
  /** Lines to be kept with the run, oldest first; of too many the newest are not kept. */
  raw: string[];
  rawBytes: number;
  /** The run its lines are about; null until one is known. */
  runId: string | null;
  /** Why nothing of it is taken, in words; null while it is. */
  refused: string | null;
}

/** A stream of a sender that was never heard before. */
export function openStream(key: string, peer: string, host: string | null, now: Instant): LiveStream {
  return {
    ...{ key, peer, host },
    reader: createStreamReader('syslog'),
    findings: [],
    lines: 0,
    lost: 0,
    lostUntold: 0,
    binding: null,
    boundAt: -Infinity,
    heardAt: now,
    toldAt: -Infinity,
    isInstalling: true,
    toldPhase: null,
    progressAt: -Infinity,
    hasStart: false,
    raw: [],
    rawBytes: 0,
    runId: null,
    refused: null,
  };
}

/** Takes lines in. */
export function readInto(stream: LiveStream, line: StreamLine & { raw: string }, now: Instant): void {
  stream.lines += 1;
  stream.heardAt = now;
  stream.reader.read(line);
  if (stream.rawBytes > MAX_RAW_BYTES) return;
  stream.raw.push(line.raw);
  stream.rawBytes += line.raw.length;
}

/** The lines that wait to be kept, for the run they are about; null while no run is known. */
export function takeRaw(stream: LiveStream): { runId: string; lines: string[] } | null {
  const { runId, raw } = stream;
  if (runId === null || raw.length === 0) return null;
  Object.assign(stream, { raw: [], rawBytes: 0 });
  return { runId, lines: raw };
}

/** Moves what the reader found to the findings that wait to be handed on; of too many the oldest go. */
export function collect(stream: LiveStream): void {
  const found = stream.reader.finish();
  const news = found.filter(({ kind }) => kind !== 'heard');
  if (news.some(({ kind }) => kind === 'install-started')) stream.hasStart = true;
  for (const finding of news) {
    const last = stream.findings.at(-1);
    if (last && isSameCount(last, finding)) last.detail = { ...last.detail, ...finding.detail };
    else stream.findings.push(finding);
  }
  if (stream.findings.length > MAX_WAITING) stream.findings.splice(0, stream.findings.length - MAX_WAITING);
}

/** Two words on the same phase, of which the later one holds. */
function isSameCount(before: FileFinding, after: FileFinding): boolean {
  if (before.kind !== 'progress-reported' || after.kind !== 'progress-reported') return false;
  return before.detail.phase === after.detail.phase && before.installer === after.installer;
}

/** True when it has nothing to say but that counts grew: that can wait a little. */
export function isOnlyCounts(stream: LiveStream): boolean {
  return (
    stream.findings.length > 0 &&
    stream.findings.every(
      ({ kind, detail }) =>
        kind === 'progress-reported' && (detail.phase === undefined || detail.phase === stream.toldPhase),
    )
  );
}

/**
 * The streams whose words are handed on now: all that say something new, and of those whose counts merely grew the ones
 * that waited longest, so that hundreds of them do not keep the others waiting.
 */
export function chooseDue(streams: readonly LiveStream[], now: Instant): LiveStream[] {
  const counting = streams.filter(isOnlyCounts);
  if (counting.length === 0) return [...streams];
  const ready = counting
    .filter(({ progressAt }) => now - progressAt >= COUNT_EVERY_MS)
    .sort((a, b) => a.progressAt - b.progressAt)
    .slice(0, MAX_COUNTING);
  const waiting = new Set(counting);
  return [...streams.filter((stream) => !waiting.has(stream)), ...ready];
}

/** Adds what one stream has to say to another that turned out to be of the same machine. */
export function join(stream: LiveStream, other: LiveStream): void {
  stream.findings.push(...other.findings);
  stream.lines += other.lines;
  stream.lost += other.lost;
  stream.lostUntold += other.lostUntold;
}

/**
 * What is to be handed on now, as drafts about the target; empty when there is nothing worth it. Machines at work log too:
 * chatter and what the kernel says are a trail, which opens no run and is nothing to one that is over.
 */
export function takeDrafts(stream: LiveStream, target: Binding['target'], now: Instant): EventDraft[] {
  const isQuiet = now - stream.toldAt < (stream.isInstalling ? QUIET_MS : IDLE_MS);
  const base = { target, source: 'syslog', receivedAt: now, claimedAt: null, dedupeKey: null, runId: null };
  const drafts = stream.findings.map(({ kind, detail, installer }): EventDraft => ({
    ...base,
    kind,
    detail: {
      ...detail,
      ...(installer !== null && { installer }),
      ...(installer === KERNEL.name && { trail: true }),
      address: stream.peer,
    },
  }));
  const isEnd = drafts.some(({ kind }) => kind === 'install-finished' || kind === 'install-failed');
  if (stream.lostUntold > 0 ? !isQuiet || isEnd : drafts.length === 0 && !isQuiet) {
    const lost = stream.lostUntold > 0 ? { linesLost: stream.lostUntold } : {};
    // What was lost belongs to the run that ends, or to the one that begins.
    drafts.splice(isEnd ? 0 : drafts.length, 0, {
      ...base,
      kind: 'heard',
      detail: { address: stream.peer, trail: true, ...lost },
    });
    stream.lostUntold = 0;
  }
  stream.toldPhase =
    stream.findings.findLast(({ detail }) => detail.phase !== undefined)?.detail.phase ?? stream.toldPhase;
  if (stream.findings.length > 0) stream.progressAt = now;
  stream.findings = [];
  if (drafts.length > 0) stream.toldAt = now;
  return drafts;
}

/**
 * Who says what a stream says: where the peer is believed, the server itself; else the peer, with no more rights than any
 * caller. A lease was told by a server that is believed.
 */
export function callerOf(stream: LiveStream, binding: Binding, isTrusted: (peer: string) => boolean): Caller {
  const isBelieved = binding.by === 'lease' || isTrusted(stream.peer);
  return isBelieved ? { peer: null, authority: 'internal' } : { peer: stream.peer, authority: 'anonymous' };
}
