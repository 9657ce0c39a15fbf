import type { EventDetail, Instant } from '../domain/event';
import type { ClockView } from '../domain/judgement';
import { isPhase, type Phase } from '../domain/phase';
import type { RunReport } from '../domain/run-report';
import type { RunError } from '../domain/run';
import { CliError } from './cli-error';
import { isWireStruct, toJson, type WireStruct, type WireValue } from './wire';

/** One line of a run's log, as get_run_log answers it. */
export interface LogEntry {
  runId: string;
  seq: number;
  kind: string;
  source: string;
  occurredAt: Instant;
  detail: EventDetail;
}

/** What get_status answers about one name. */
export type TargetAnswer =
  | {
      type: 'system';
      name: string;
      /** null: it was never installed while the server watched. */
      run: RunReport | null;
      profile: string | null;
      distro: string | null;
      counts: Record<string, number>;
      planned: RunReport[];
    }
  | { type: 'profile'; name: string; runs: { address: string; run: RunReport }[] };

/** The text of a field; null when it is unknown (`~`) or missing. */
function readText(struct: WireStruct, field: string): string | null {
  const value = struct[field];
  return typeof value === 'string' && value !== '~' && value !== '' ? value : null;
}

function readNumber(struct: WireStruct, field: string): number | null {
  const value = struct[field];
  return typeof value === 'number' && Number.isFinite(value) ? value : null;
}

function readTime(struct: WireStruct, field: string): Instant | null {
  const seconds = readNumber(struct, field);
  return seconds === null ? null : Math.round(seconds * 1000);
}

function readTexts(struct: WireStruct, field: string): string[] {
  const value = struct[field];
  return Array.isArray(value) ? value.filter((each) => typeof each === 'string') : [];
}

function readPhase(struct: WireStruct, field: string): Phase {
  const value = struct[field];
  return isPhase(value) ? value : 'pending';
}

/** The struct each run was read from, for `--json`: programs get the API's own keys. */
const structs = new WeakMap<RunReport, WireStruct>();

/** The run as JSON: the keys of the API, times in seconds, null for unknown. */
export function runToJson(run: RunReport): Record<string, unknown> {
  return toJson(structs.get(run) ?? {}) as Record<string, unknown>;
}

/** The run a struct of update_status, get_run, get_runs or get_status describes. Fields it lacks are unknown. */
export function readRun(value: WireValue | undefined): RunReport {
  if (!isWireStruct(value)) throw new CliError('The server answered something else than a run; is it a Kickwatch?');
  const clockSkew = readNumber(value, 'clock_skew');
  const run: RunReport = {
    runId: readText(value, 'run_id') ?? '',
    system: readText(value, 'system'),
    profile: readText(value, 'profile'),
    distro: readText(value, 'distro'),
    kind: readText(value, 'kind') ?? 'install',
    status: readText(value, 'status') ?? 'unknown',
    flags: readTexts(value, 'flags'),
    phase: readPhase(value, 'phase'),
    percent: readNumber(value, 'percent'),
    percentOrigin: readText(value, 'percent_origin'),
    etaLow: readTime(value, 'eta_low'),
    etaHigh: readTime(value, 'eta_high'),
    etaOrigin: readText(value, 'eta_origin'),
    planned: readTime(value, 'planned_at'),
    started: readTime(value, 'started'),
    lastHeard: readTime(value, 'last_heard'),
    lastProgress: readTime(value, 'last_progress'),
    phaseSince: readTime(value, 'phase_since'),
    ended: readTime(value, 'ended'),
    booted: readTime(value, 'booted'),
    reason: readText(value, 'reason'),
    message: readText(value, 'message'),
    question: readText(value, 'question'),
    deadline: readTime(value, 'deadline'),
    clocks: readClocks(value['clocks']),
    limitsOrigin: readText(value, 'limits_origin') ?? 'unknown',
    installer: readText(value, 'installer'),
    expectedSeconds: readNumber(value, 'expected_seconds'),
    integrity: readText(value, 'integrity') ?? 'unknown',
    integrityReasons: readTexts(value, 'integrity_reasons'),
    errors: Array.isArray(value['errors']) ? value['errors'].filter(isWireStruct).map(readError) : [],
    addresses: readTexts(value, 'addresses'),
    packagesDone: readNumber(value, 'packages_done'),
    packagesTotal: readNumber(value, 'packages_total'),
    continues: readText(value, 'continues'),
    skewMs: clockSkew === null ? null : clockSkew * 1000,
    linesLost: readNumber(value, 'lines_lost') ?? 0,
  };
  structs.set(run, value);
  return run;
}

function readClocks(value: WireValue | undefined): ClockView[] {
  if (!isWireStruct(value)) return [];
  return (['no-progress', 'total'] as const).flatMap((clock) => {
    const struct = value[clock.replace('-', '_')];
    if (!isWireStruct(struct)) return [];
    const ms = (field: string): number | null => {
      const seconds = readNumber(struct, field);
      return seconds === null ? null : seconds * 1000;
    };
    return {
      clock,
      elapsedMs: ms('elapsed') ?? 0,
      lateMs: ms('late_after'),
      stalledMs: ms('stalled_after'),
      usualMs: ms('usual'),
      origin: readText(struct, 'origin') ?? 'unknown',
    };
  });
}

function readError(struct: WireStruct): RunError {
  const file = readText(struct, 'file');
  const line = readNumber(struct, 'line');
  return {
    at: readTime(struct, 'at') ?? 0,
    text: readText(struct, 'text') ?? 'an error without a text',
    phase: readPhase(struct, 'phase'),
    source: readText(struct, 'source') ?? '',
    fatal: struct['fatal'] === true,
    ...(file !== null && { file }),
    ...(line !== null && { line }),
    context: readTexts(struct, 'context'),
  };
}

/** The runs get_runs answers, newest first. */
export function readRuns(value: WireValue): RunReport[] {
  return Array.isArray(value) ? value.map(readRun) : [];
}

/** The events get_run_log answers, oldest first. */
export function readLog(value: WireValue): LogEntry[] {
  if (!Array.isArray(value)) return [];
  return value.filter(isWireStruct).map((struct) => ({
    runId: readText(struct, 'run_id') ?? '',
    seq: readNumber(struct, 'seq') ?? 0,
    kind: readText(struct, 'kind') ?? 'unknown',
    source: readText(struct, 'source') ?? '',
    occurredAt: readTime(struct, 'occurred_at') ?? 0,
    detail: readDetail(struct['detail']),
  }));
}

/** What an event says, in the names and units of the program. */
function readDetail(value: WireValue | undefined): EventDetail {
  if (!isWireStruct(value)) return {};
  const { blind_from: _from, blind_to: _to, ...said } = value;
  const [blindFrom, blindTo] = [readTime(value, 'blind_from'), readTime(value, 'blind_to')];
  return {
    ...Object.fromEntries(Object.entries(said).map(([name, field]) => [camelCase(name), field])),
    ...(blindFrom !== null && { blindFrom }),
    ...(blindTo !== null && { blindTo }),
  };
}

function camelCase(name: string): string {
  return name.replace(/_([a-z])/g, (_match, letter: string) => letter.toUpperCase());
}

/** What get_status says about `name`: a system's answer has a run_id, a profile's is a struct of runs by address. */
export function readTarget(name: string, value: WireValue): TargetAnswer {
  if (!isWireStruct(value)) throw new CliError('The server answered get_status with something else than a struct.');
  if (typeof value['run_id'] !== 'string') {
    const runs = Object.entries(value).map(([address, run]) => ({ address, run: readRun(run) }));
    return { type: 'profile', name, runs };
  }
  const run = readRun(value);
  const counts = isWireStruct(value['runs']) ? value['runs'] : {};
  return {
    type: 'system',
    name: run.system ?? name,
    run: run.runId === '' ? null : run,
    profile: run.profile,
    distro: run.distro,
    counts: Object.fromEntries(Object.entries(counts).filter(([, number]) => typeof number === 'number')) as never,
    planned: readRuns(value['planned'] ?? []),
  };
}

/** What a run is about, as people call it: the system, or profile and address for machines not registered. */
export function targetLabel(run: Pick<RunReport, 'system' | 'profile' | 'addresses'>): string {
  if (run.system !== null) return run.system;
  const address = run.addresses[0];
  return [run.profile ?? 'unknown', ...(address === undefined ? [] : [address])].join(' @ ');
}
