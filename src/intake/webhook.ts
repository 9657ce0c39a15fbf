import { AppError } from '../domain/errors';
import type { EventDetail, EventDraft, Instant, TargetName } from '../domain/event';
import { createLogReader, emptyLogState, MAX_CONTEXT_LINE, type LogState } from './log-reader';
import { plainText } from './plain-text';
import { eventLine, readEvent, SUBIQUITY, type ReportedEvent } from './subiquity';

/** A file that came with an event: curtin sends its log when it fails. */
export interface AttachedFile {
  /** Bare name. */
  name: string;
  data: Uint8Array;
}

/** One event of a webhook body. */
export interface WebhookEvent extends ReportedEvent {
  /** Of the sender's clock; null when it names none that can be one. */
  timestamp: Instant | null;
  /** What makes the event recognisable when it is sent again; null without a timestamp. */
  identity: string | null;
  files: AttachedFile[];
}

/** What was heard of one machine's installer so far. */
export interface EventState {
  log: LogState;
  /** Events read. */
  events: number;
  /** The last of them, as context of an error. */
  recent: string[];
}

/** Events one body may hold: an install has about 500. */
const MAX_EVENTS = 1_000;
/** Files of one event; curtin sends one. */
const MAX_FILES = 20;
/** Characters of an event that are looked at, as of a line in a file. */
const MAX_LINE = 4_096;
const CONTEXT_LINES = 5;
/** Seconds of 2000-01-01 and 2100-01-01. */
const OLDEST_SECONDS = 946_684_800;
const NEWEST_SECONDS = 4_102_444_800;

/** The state before the first event; `log` when something is known of the run. */
export function emptyEventState(log: LogState = emptyLogState()): EventState {
  return { log, events: 0, recent: [] };
}

/**
 * The events in the body of a webhook as curtin, subiquity, cloud-init and MAAS's machines send it: one JSON object or a
 * list of them.
 *
 * @throws AppError INVALID_ARGUMENT when the body is no JSON or holds something that is no event.
 */
export function readWebhookBody(body: string): WebhookEvent[] {
  let value: unknown;
  try {
    value = JSON.parse(body);
  } catch {
    throw new AppError('INVALID_ARGUMENT', 'The body is no JSON: send one event as an object, or a list of events.');
  }
  const list = Array.isArray(value) ? (value as unknown[]) : [value];
  if (list.length > MAX_EVENTS) {
    throw new AppError('INVALID_ARGUMENT', `The body holds ${list.length} events; at most ${MAX_EVENTS} are taken.`);
  }
  return list.map((entry) => {
    const event = readEvent(entry);
    if (event !== null) return { ...event, ...extras(event, entry as Record<string, unknown>) };
    throw new AppError('INVALID_ARGUMENT', 'An event needs the texts "name" and "event_type" (start, finish, …).');
  });
}

function extras(event: ReportedEvent, entry: Record<string, unknown>): Omit<WebhookEvent, keyof ReportedEvent> {
  const seconds = Object.hasOwn(entry, 'timestamp') ? entry['timestamp'] : null;
  const isTime = typeof seconds === 'number' && seconds >= OLDEST_SECONDS && seconds <= NEWEST_SECONDS;
  const { name, type, result } = event;
  return {
    timestamp: isTime ? Math.round(seconds * 1000) : null,
    // Of long names the end: that is where they differ.
    identity: isTime ? plainText(`${seconds}:${type}:${result ?? ''}:${name.slice(-150)}`) : null,
    files: readFiles(Object.hasOwn(entry, 'files') ? entry['files'] : null),
  };
}

function readFiles(files: unknown): AttachedFile[] {
  if (!Array.isArray(files)) return [];
  return files.slice(0, MAX_FILES).flatMap((file: unknown) => {
    if (typeof file !== 'object' || file === null) return [];
    const { path, content, encoding } = file as Record<string, unknown>;
    if (typeof path !== 'string' || typeof content !== 'string') return [];
    const name = path
      .slice(path.lastIndexOf('/') + 1)
      .replace(/[^A-Za-z0-9_.+-]/g, '_')
      .slice(-100);
    if (name === '' || name === '.' || name === '..') return [];
    return [{ name, data: Buffer.from(content, encoding === 'base64' ? 'base64' : 'utf8') }];
  });
}

/** Whom events are about and how they came. */
export interface EventOrigin {
  target: TargetName;
  receivedAt: Instant;
  peer: string | null;
}

/**
 * What events say, in the order they came: the same markers that hold for the installer's logs. An event that tells nothing
 * new is a sign of life.
 */
export function readEvents(
  events: readonly WebhookEvent[],
  known: EventState,
  origin: EventOrigin,
): { drafts: EventDraft[]; state: EventState } {
  const state: EventState = { ...known, recent: [...known.recent] };
  const drafts: EventDraft[] = [];
  for (const event of events) {
    const line = eventLine(event);
    const text = line.text.slice(0, MAX_LINE);
    state.events += 1;
    const reader = createLogReader({
      installer: SUBIQUITY,
      kind: 'events',
      file: 'webhook',
      state: state.log,
      isLive: true,
    });
    reader.read({ ...line, text }, text, { offset: state.events, line: state.events }, state.recent);
    const found = reader.finish();
    state.log = found.state;
    state.recent = [...state.recent, plainText(text, MAX_CONTEXT_LINE)].slice(-CONTEXT_LINES);
    const draft = (kind: EventDraft['kind'], id: string | null, detail: EventDetail): EventDraft => ({
      kind,
      target: origin.target,
      source: SUBIQUITY.name,
      receivedAt: origin.receivedAt,
      claimedAt: event.timestamp,
      dedupeKey: id === null || event.identity === null ? null : `webhook:${event.identity}:${id}`,
      runId: null,
      detail: {
        ...withoutPlace(detail),
        installer: SUBIQUITY.name,
        // cloud-init reports at every boot of a machine that is set up so, installed by us or not.
        ...(isCloudInit(event) && (kind === 'heard' || kind === 'error-reported') && { trail: true }),
        ...(origin.peer !== null && { address: origin.peer }),
      },
    });
    if (found.findings.length === 0) {
      drafts.push(draft('heard', null, found.task === null ? {} : { message: plainText(found.task, 500) }));
    }
    for (const { id, kind, detail } of found.findings) drafts.push(draft(kind, id, detail));
  }
  return { drafts, state };
}

/** cloud-init's own events; those of an installer it runs have that one's names. */
function isCloudInit({ origin }: WebhookEvent): boolean {
  return origin === 'cloudinit';
}

/** A stream of events has no file and no lines. */
function withoutPlace(detail: EventDetail): EventDetail {
  const { error, witness, ...rest } = detail;
  return {
    ...rest,
    ...(error && { error: { text: error.text, ...(error.context && { context: error.context }) } }),
    ...(witness && { witness: { text: witness.text } }),
  };
}
