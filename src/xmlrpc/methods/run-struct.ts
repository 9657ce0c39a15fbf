import type { Event, Instant } from '../../domain/event';
import type { ClockView } from '../../domain/judgement';
import type { RunReport } from '../../domain/run-report';
import type { RunError } from '../../domain/run';
import { Double, isStruct, DateTime, struct, type Struct, type XmlRpcValue } from '../value';

/** A moment on the wire: seconds since 1970 as double; `~` when unknown. */
export function toSeconds(at: Instant | null): XmlRpcValue {
  return at === null ? '~' : new Double(at / 1000);
}

const orTilde = (value: string | number | null): XmlRpcValue => value ?? '~';

/** Percent as int where it is whole, else double; `~` when unknown. */
function toPercent(percent: number | null): XmlRpcValue {
  if (percent === null) return '~';
  return Number.isInteger(percent) ? percent : new Double(percent);
}

/** The answer of update_status, get_run and their like: times are doubles in seconds, unknown is `~`. */
export function toRunStruct(report: RunReport): Struct {
  return struct({
    run_id: report.runId,
    system: orTilde(report.system),
    profile: orTilde(report.profile),
    distro: orTilde(report.distro),
    kind: report.kind,
    status: report.status,
    flags: report.flags,
    phase: report.phase,
    percent: toPercent(report.percent),
    percent_origin: orTilde(report.percentOrigin),
    eta_low: toSeconds(report.etaLow),
    eta_high: toSeconds(report.etaHigh),
    eta_origin: orTilde(report.etaOrigin),
    planned_at: toSeconds(report.planned),
    started: toSeconds(report.started),
    last_heard: toSeconds(report.lastHeard),
    last_progress: toSeconds(report.lastProgress),
    phase_since: toSeconds(report.phaseSince),
    ended: toSeconds(report.ended),
    booted: toSeconds(report.booted),
    reason: orTilde(report.reason),
    message: orTilde(report.message),
    question: orTilde(report.question),
    deadline: toSeconds(report.deadline),
    clocks: struct(Object.fromEntries(report.clocks.map((clock) => [snakeCase(clock.clock), toClockStruct(clock)]))),
    limits_origin: report.limitsOrigin,
    installer: orTilde(report.installer),
    expected_seconds: orTilde(report.expectedSeconds),
    integrity: report.integrity,
    integrity_reasons: report.integrityReasons,
    errors: report.errors.map(toErrorStruct),
    addresses: report.addresses,
    packages_done: orTilde(report.packagesDone),
    packages_total: orTilde(report.packagesTotal),
    continues: orTilde(report.continues),
    lines_lost: report.linesLost,
    clock_skew: report.skewMs === null ? '~' : new Double(report.skewMs / 1000),
  });
}

/** A clock on the wire: seconds as doubles; `~` where it never strikes or nothing is known. */
function toClockStruct({ elapsedMs, lateMs, stalledMs, usualMs, origin }: ClockView): Struct {
  const seconds = (ms: number | null): XmlRpcValue => (ms === null ? '~' : new Double(ms / 1000));
  return struct({
    elapsed: seconds(elapsedMs),
    late_after: seconds(lateMs),
    stalled_after: seconds(stalledMs),
    usual: seconds(usualMs),
    origin,
  });
}

function toErrorStruct(error: RunError): Struct {
  return struct({
    at: toSeconds(error.at),
    text: error.text,
    phase: error.phase,
    source: error.source,
    fatal: error.fatal,
    file: orTilde(error.file ?? null),
    line: orTilde(error.line ?? null),
    context: error.context ?? [],
  });
}

/** One event of get_run_log. `detail` is what the source said, as a struct; its times are seconds like all others. */
export function toEventStruct(event: Event): Struct {
  const { opened: _opening, judgedBy: _limits, blindFrom, blindTo, ...said } = event.detail;
  const detail = struct();
  for (const [name, value] of Object.entries(said)) detail[snakeCase(name)] = toValue(value);
  if (blindFrom !== undefined) detail.blind_from = toSeconds(blindFrom);
  if (blindTo !== undefined) detail.blind_to = toSeconds(blindTo);
  return struct({
    run_id: event.runId,
    seq: event.seq,
    kind: event.kind,
    source: event.source,
    occurred_at: toSeconds(event.occurredAt),
    recorded_at: toSeconds(event.recordedAt),
    claimed_at: toSeconds(event.claimedAt),
    detail,
  });
}

function snakeCase(name: string): string {
  return name.replace(/[A-Z]|-/g, (sign) => (sign === '-' ? '_' : `_${sign.toLowerCase()}`));
}

/** Plain JSON as XML-RPC: numbers that are no 32-bit integers become doubles, null becomes `~`. */
export function toValue(json: unknown): XmlRpcValue {
  if (json === null || json === undefined) return '~';
  if (typeof json === 'number') return Number.isInteger(json) && Math.abs(json) < 2 ** 31 ? json : new Double(json);
  if (typeof json === 'string' || typeof json === 'boolean') return json;
  if (Array.isArray(json)) return json.map(toValue);
  return struct(Object.fromEntries(Object.entries(json).map(([key, value]) => [key, toValue(value)])));
}

/** An XML-RPC value as plain JSON, for messages: doubles are numbers, dateTimes their text, bytes are refused. */
export function toJson(value: XmlRpcValue): unknown {
  if (value instanceof Double) return value.value;
  if (value instanceof DateTime) return value.text;
  if (Array.isArray(value)) return value.map(toJson);
  if (isStruct(value)) {
    const json = Object.create(null) as Record<string, unknown>;
    for (const [key, entry] of Object.entries(value)) json[key] = toJson(entry);
    return json;
  }
  if (typeof value === 'bigint') return Number(value);
  return value;
}
