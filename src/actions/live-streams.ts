import type { EventDetail, EventDraft, Instant } from '../domain/event';
import type { Phase } from '../domain/phase';
import type { Caller, IntakePolicy } from '../domain/target';
import type { FileFinding } from '../intake/file-reader';
import { KERNEL } from '../intake/kernel';
import { createStreamReader, type StreamLine, type StreamReader } from '../intake/stream-reader';
import type { Binding } from './bind-senders';
import { elapsed } from './elapsed';

/** Findings kept of a sender nobody knows yet. */
const MAX_WAITING = 100;
/** Characters kept of a stream until its run is known: some 600 lines before the first that tells of an install. */
const MAX_EARLY_CHARS = 64 * 1024;
/** … and of one whose run is known until they are written, a fifth of a second as a rule. */
const MAX_RAW_CHARS = 1024 * 1024;
/** What a finding takes in memory, with its lines of context, and what a reader does: characters, rounded up. */
const FINDING_CHARS = 2_500;
const READER_CHARS = 4_000;
/** Different findings a reader can remember; see MAX_ERRORS of log-reader.ts. */
const MAX_REMEMBERED = 250;
/** Signs of life without news are handed on at most this often, and loss is told of at most this often. */
export const QUIET_MS = 60_000;
/** … and of a machine that is not being installed at most this often: it only matters when that changes. */
const IDLE_MS = 10 * 60_000;

/**
 * Counts that merely grow are handed on at most this often while many machines count: 500 of them would else write 2,500
 * events a second …
 */
export const COUNT_EVERY_MS = 5_000;
/** … and at least this often while few do: what a line says is to be seen within a second. */
const COUNT_SOON_MS = 700;
/** Each machine that counts makes the others wait so much longer; all of 500 write 100 events a second. */
const COUNT_SHARE_MS = 10;
/** … and of at most so many streams at a time: one batch of the write path holds more. */
const MAX_COUNTING = 128;

/** What is being heard from one sender. */
export interface LiveStream {
  readonly key: string;
  /** Where the lines come from. */
  readonly peer: string;
  /** The host the lines name; null when they name none that means anything. */
  host: string | null;
  reader: StreamReader;
  /** Found and not handed on yet, oldest first. */
  findings: FileFinding[];
  lines: number;
  lost: number;
  /** Of `lost`, what no event tells of yet. */
  lostUntold: number;
  binding: Binding | null;
  /** Whose stream it was when that was known last. */
  machine: Binding['target'] | null;
  boundAt: Instant;
  heardAt: Instant;
  /** Findings of any time: a reader remembers some of each. */
  found: number;
  /** When something was handed on last, and that lines were lost. */
  toldAt: Instant;
  lostToldAt: Instant;
  /** The machine is being installed, as far as is known. */
  isInstalling: boolean;
  /** The phase told last, and when; null before the first. */
  toldPhase: Phase | null;
  progressAt: Instant;
  /** Whether the reader knows where the run had come to. */
  hasStart: boolean;
  /** Lines to be kept with the run, oldest first; of too many the oldest are not kept. */
  raw: string[];
  rawChars: number;
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
    machine: null,
    boundAt: -Infinity,
    heardAt: now,
    found: 0,
    toldAt: -Infinity,
    lostToldAt: -Infinity,
    isInstalling: true,
    toldPhase: null,
    progressAt: -Infinity,
    hasStart: false,
    raw: [],
    rawChars: 0,
    runId: null,
    refused: null,
  };
}

/** Takes lines in. */
export function readInto(stream: LiveStream, line: StreamLine & { raw: string }, now: Instant): void {
  stream.lines += 1;
  stream.heardAt = now;
  stream.reader.read(line);
  stream.raw.push(line.raw);
  stream.rawChars += line.raw.length;
  const most = stream.runId === null ? MAX_EARLY_CHARS : MAX_RAW_CHARS;
  while (stream.rawChars > most) stream.rawChars -= stream.raw.shift()!.length;
}

/** Another machine speaks from here: what was read of the one before is nothing to it. */
export function beginAnew(stream: LiveStream): void {
  Object.assign(stream, { reader: createStreamReader('syslog'), hasStart: false, runId: null, toldPhase: null });
}

/** About the memory a stream takes, in characters. */
export function weightOf({ rawChars, found }: LiveStream): number {
  return READER_CHARS + rawChars + FINDING_CHARS * Math.min(found, MAX_REMEMBERED);
}

/** Lets go of the lines that wait to be kept. */
export function dropRaw(stream: LiveStream): void {
  Object.assign(stream, { raw: [], rawChars: 0 });
}

/** The lines that wait to be kept, for the run they are about; null while no run is known. */
export function takeRaw(stream: LiveStream): { runId: string; lines: string[] } | null {
  const { runId, raw } = stream;
  if (runId === null || raw.length === 0) return null;
  dropRaw(stream);
  return { runId, lines: raw };
}

/**
 * Moves what the reader found to the findings that wait to be handed on; of too many the oldest go. Counts of one phase
 * become one.
 */
export function collect(stream: LiveStream): void {
  const found = stream.reader.finish();
  const news = found.filter(({ kind }) => kind !== 'heard');
  if (news.some(({ kind }) => kind === 'install-started')) stream.hasStart = true;
  stream.found += news.length;
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
  const everyMs = Math.min(COUNT_EVERY_MS, Math.max(COUNT_SOON_MS, counting.length * COUNT_SHARE_MS));
  const ready = counting
    .filter(({ progressAt }) => elapsed(progressAt, now) >= everyMs)
    .sort((a, b) => a.progressAt - b.progressAt)
    .slice(0, MAX_COUNTING);
  const waiting = new Set(counting);
  return [...streams.filter((stream) => !waiting.has(stream)), ...ready];
}

/** Adds what one stream has to say to another that turned out to be of the same machine. */
export function join(stream: LiveStream, other: LiveStream): void {
  stream.findings.push(...other.findings);
  stream.raw.push(...other.raw);
  stream.rawChars += other.rawChars;
  dropRaw(other);
  stream.lines += other.lines;
  stream.lost += other.lost;
  stream.lostUntold += other.lostUntold;
}

/**
 * What is to be handed on now, as drafts about the target; empty when there is nothing worth it. Machines at work log too:
 * chatter and what the kernel says are a trail, which opens no run and is nothing to one that is over.
 */
export function takeDrafts(stream: LiveStream, target: Binding['target'], now: Instant): EventDraft[] {
  const { findings } = stream;
  const pause = stream.isInstalling ? QUIET_MS : IDLE_MS;
  const base = { target, source: 'syslog', receivedAt: now, claimedAt: null, dedupeKey: null, runId: null };
  const drafts = findings.map(({ kind, detail, installer }): EventDraft => ({
    ...base,
    kind,
    detail: {
      ...(installer === KERNEL.name ? ofAnyKernel(detail) : detail),
      ...(installer !== null && { installer }),
      address: stream.peer,
    },
  }));
  const isEnd = drafts.some(({ kind }) => kind === 'install-finished' || kind === 'install-failed');
  const tellsLost = stream.lostUntold > 0 && (isEnd || elapsed(stream.lostToldAt, now) >= pause);
  if (tellsLost) stream.lostToldAt = now;
  if (tellsLost || (drafts.length === 0 && elapsed(stream.toldAt, now) >= pause)) {
    const lost = tellsLost ? { linesLost: stream.lostUntold } : {};
    // What was lost belongs to the run that ends, or to the one that begins.
    drafts.splice(isEnd ? 0 : drafts.length, 0, {
      ...base,
      kind: 'heard',
      detail: { address: stream.peer, trail: true, ...lost },
    });
    if (tellsLost) stream.lostUntold = 0;
  }
  stream.toldPhase =
    stream.findings.findLast(({ detail }) => detail.phase !== undefined)?.detail.phase ?? stream.toldPhase;
  if (stream.findings.length > 0) stream.progressAt = now;
  stream.findings = [];
  if (drafts.length > 0) stream.toldAt = now;
  return drafts;
}

/** A kernel that panics may be the one of the system that is to be replaced: no phase of an install follows from it. */
function ofAnyKernel({ phase: _, ...detail }: EventDetail): EventDetail {
  return { ...detail, trail: true };
}

/**
 * Who says what a stream says: where the peer is believed, the server itself; else the peer, with no more rights than any
 * caller. A lease was told by a server that is believed; a policy that asks for tokens is not satisfied by one.
 */
export function callerOf(
  stream: LiveStream,
  binding: Binding,
  rights: { policy: IntakePolicy; isTrusted(peer: string): boolean },
): Caller {
  const isBelieved = rights.isTrusted(stream.peer) || (binding.by === 'lease' && rights.policy !== 'token');
  return isBelieved ? { peer: null, authority: 'internal' } : { peer: stream.peer, authority: 'anonymous' };
}
