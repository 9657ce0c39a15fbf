import type { DraftKind, EventDetail, EventDraft, Instant } from '../domain/event';
import { AppError } from '../domain/errors';
import { isPhase, PHASE_IDS, type Phase } from '../domain/phase';
import { RUN_KINDS, type RunKind } from '../domain/run';
import { plainText } from './plain-text';
import type { Message, Source } from './source';

/** The words a status message may say about its run. */
export const STATUS_STATES = [
  'started',
  'progress',
  'heartbeat',
  'waiting',
  'error',
  'terminated',
  'finished',
  'cancelled',
] as const;
export type StatusState = (typeof STATUS_STATES)[number];

/** Every field of a status message, all optional. */
export const STATUS_FIELDS = [
  'state',
  'phase',
  'percent',
  'message',
  'error',
  'fatal',
  'eta_seconds',
  'event_id',
  'occurred_at',
  'run_id',
  'kind',
] as const;
type StatusField = (typeof STATUS_FIELDS)[number];

/** Longest identity of an event. */
const MAX_EVENT_ID = 200;
/** A client that needs longer than a year does not know. */
const MAX_ETA_SECONDS = 365 * 86_400;
/** Seconds of 2000-01-01 and 2100-01-01: what lies outside is no time, or one in milliseconds. */
const OLDEST_SECONDS = 946_684_800;
const NEWEST_SECONDS = 4_102_444_800;

const KIND_OF_STATE: Record<StatusState, DraftKind> = {
  started: 'install-started',
  progress: 'progress-reported',
  heartbeat: 'heard',
  waiting: 'waiting-reported',
  error: 'install-failed',
  terminated: 'install-terminated',
  finished: 'install-finished',
  cancelled: 'run-cancelled',
};

/**
 * `update_status` messages. `hints.status` is the struct as plain JSON (doubles as numbers, dateTime as its text),
 * `hints.by` the session's user, if any.
 *
 * `state` defaults to progress; `started` means phase config; an error ends the run unless `fatal` is false, and an
 * `error` beside another state does not end it unless `fatal` is true. Phase complete means finished. `null` and the
 * text `~` mean "not given".
 *
 * @throws AppError INVALID_ARGUMENT for a field, type or value that is not allowed.
 */
export const updateStatusSource: Source = {
  name: 'update-status',
  parse(message: Message): EventDraft[] | null {
    if (message.transport !== 'update-status') return null;
    return readStatus(message);
  },
};

function readStatus(message: Message): EventDraft[] {
  const fields = readFields(message.hints['status']);
  const state = readState(fields);
  const eventId = readEventId(fields.get('event_id'));
  const base = {
    target: message.target,
    source: updateStatusSource.name,
    receivedAt: message.receivedAt,
    claimedAt: readTime(fields.get('occurred_at')),
    runId: readText('run_id', fields.get('run_id'), 100),
  };
  const error = readText('error', fields.get('error'));
  const fatal = readFatal(fields.get('fatal'));
  const detail = readDetail(fields, message);
  const draft = (kind: DraftKind, more: EventDetail, part = ''): EventDraft => ({
    ...base,
    kind,
    dedupeKey: eventId === null ? null : `event:${eventId}${part}`,
    detail: { ...detail, ...more },
  });

  if (state === 'error' || (state === 'progress' && error !== null)) {
    const text = error ?? detail.message ?? 'the client reported an error';
    const ends = fatal ?? state === 'error';
    return [draft(ends ? 'install-failed' : 'error-reported', { error: { text } })];
  }
  if (fatal === true) {
    throw invalid('fatal', true, 'allowed beside an error only (state error, or a field error with state progress)');
  }
  const drafts = [draft(KIND_OF_STATE[state], detailOfState(state, detail, error, message))];
  if (error !== null && (state === 'started' || state === 'heartbeat' || state === 'waiting')) {
    drafts.push(draft('error-reported', { error: { text: error } }, ':error'));
  } else if (error !== null && state === 'finished') {
    drafts.unshift(draft('error-reported', { error: { text: error } }, ':error'));
  }
  return drafts;
}

function readFields(status: unknown): Map<StatusField, unknown> {
  if (typeof status !== 'object' || status === null || Array.isArray(status)) {
    throw new AppError('INVALID_ARGUMENT', `status must be a struct, not ${show(status)}.`);
  }
  const fields = new Map<StatusField, unknown>();
  for (const [name, value] of Object.entries(status)) {
    if (!(STATUS_FIELDS as readonly string[]).includes(name)) {
      throw new AppError(
        'INVALID_ARGUMENT',
        `status has no field "${plainText(name, 50)}"; allowed are ${STATUS_FIELDS.join(', ')}.`,
      );
    }
    if (value !== null && value !== undefined && value !== '~') fields.set(name as StatusField, value);
  }
  return fields;
}

function readState(fields: ReadonlyMap<StatusField, unknown>): StatusState {
  const value = fields.get('state') ?? 'progress';
  if (!(STATUS_STATES as readonly unknown[]).includes(value)) {
    throw invalid('state', value, `one of ${STATUS_STATES.join(', ')}`);
  }
  return value === 'progress' && fields.get('phase') === 'complete' && !fields.has('error')
    ? 'finished'
    : (value as StatusState);
}

function readDetail(fields: ReadonlyMap<StatusField, unknown>, message: Message): EventDetail {
  const phase = readPhase(fields.get('phase'));
  const percent = readNumber('percent', fields.get('percent'), 0, 100);
  const etaSeconds = readNumber('eta_seconds', fields.get('eta_seconds'), 0, MAX_ETA_SECONDS);
  const text = readText('message', fields.get('message'));
  const kind = readKind(fields.get('kind'));
  return {
    ...(phase !== null && phase !== 'complete' && { phase }),
    ...(percent !== null && { percent }),
    ...(text !== null && { message: text }),
    ...(etaSeconds !== null && { etaSeconds }),
    ...(kind !== null && { kind }),
    ...(message.peer !== null && { address: message.peer }),
  };
}

function detailOfState(state: StatusState, detail: EventDetail, error: string | null, message: Message): EventDetail {
  switch (state) {
    case 'started':
      return { phase: detail.phase ?? 'config' };
    case 'waiting':
      return { question: detail.message ?? error ?? 'the installer waits for an answer' };
    case 'terminated':
      return { reason: detail.message ?? error ?? 'reported' };
    case 'cancelled': {
      const by = message.hints['by'];
      return { reason: detail.message ?? error ?? 'cancelled', ...(typeof by === 'string' && { by }) };
    }
    default:
      return {};
  }
}

function readPhase(value: unknown): Phase | null {
  if (value === undefined) return null;
  if (!isPhase(value)) throw invalid('phase', value, `one of ${PHASE_IDS.join(', ')}`);
  return value;
}

function readKind(value: unknown): RunKind | null {
  if (value === undefined) return null;
  if (!(RUN_KINDS as readonly unknown[]).includes(value))
    throw invalid('kind', value, `one of ${RUN_KINDS.join(', ')}`);
  return value as RunKind;
}

function readNumber(field: StatusField, value: unknown, min: number, max: number): number | null {
  if (value === undefined) return null;
  if (typeof value !== 'number' || !Number.isFinite(value) || value < min || value > max) {
    throw invalid(field, value, `a number from ${min} to ${max}`);
  }
  return value;
}

function readText(field: StatusField, value: unknown, max?: number): string | null {
  if (value === undefined || value === '') return null;
  if (typeof value !== 'string') throw invalid(field, value, 'a string');
  const text = plainText(value, max).trim();
  return text === '' ? null : text;
}

/** Some languages have no boolean: 0 and 1 do. */
function readFatal(value: unknown): boolean | null {
  if (value === undefined) return null;
  if (typeof value === 'boolean') return value;
  if (value === 0 || value === 1) return value === 1;
  throw invalid('fatal', value, 'a boolean');
}

function readEventId(value: unknown): string | null {
  if (value === undefined) return null;
  const text = typeof value === 'number' && Number.isInteger(value) ? String(value) : value;
  if (typeof text !== 'string' || text === '' || text.length > MAX_EVENT_ID || plainText(text) !== text) {
    throw invalid('event_id', value, `a string of 1 to ${MAX_EVENT_ID} characters`);
  }
  return text;
}

const DATE_TIME = /^(\d{4})-?(\d\d)-?(\d\d)[T ](\d\d):?(\d\d):?(\d\d)(?:[.,](\d{1,9}))?(Z|[+-]\d\d:?\d\d)?$/;

/** Seconds since 1970, or a dateTime: ISO 8601, UTC unless it names a zone (XML-RPC's own form carries none). */
function readTime(value: unknown): Instant | null {
  if (value === undefined) return null;
  if (typeof value === 'number' && value >= OLDEST_SECONDS && value <= NEWEST_SECONDS) return Math.round(value * 1000);
  if (typeof value === 'string') {
    const match = DATE_TIME.exec(value.trim());
    if (match) {
      const [, year, month, day, hour, minute, second, fraction = '0', zone = 'Z'] = match;
      const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
      const at = Date.parse(
        `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`,
      );
      if (!Number.isNaN(at) && at >= OLDEST_SECONDS * 1000 && at <= NEWEST_SECONDS * 1000) return at;
    }
  }
  throw invalid('occurred_at', value, 'a dateTime or seconds since 1970, between the years 2000 and 2100');
}

function invalid(field: StatusField, value: unknown, allowed: string): AppError {
  return new AppError('INVALID_ARGUMENT', `status field ${field} is ${show(value)}; it must be ${allowed}.`);
}

/** A value as a person reads it in an error, never longer than a line. */
function show(value: unknown): string {
  if (typeof value === 'string') return `"${plainText(value.slice(0, 100), 60)}"`;
  if (Array.isArray(value)) return 'an array';
  if (value instanceof Uint8Array) return 'binary data';
  if (typeof value === 'object' && value !== null) return 'a struct';
  return plainText(String(value), 60);
}
