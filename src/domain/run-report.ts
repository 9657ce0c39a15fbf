import type { Instant } from './event';
import type { History } from './history';
import { viewRun, type ClockView, type RunView } from './judgement';
import type { RunError, RunState } from './run';

/** What is said of a run to people and programs, in words and seconds; null = unknown. */
export interface RunReport {
  runId: string;
  system: string | null;
  profile: string | null;
  distro: string | null;
  kind: string;
  status: string;
  flags: string[];
  phase: string;
  percent: number | null;
  percentOrigin: string | null;
  /** Range of the moment the run will be finished. */
  etaLow: Instant | null;
  etaHigh: Instant | null;
  etaOrigin: string | null;
  planned: Instant | null;
  started: Instant | null;
  lastHeard: Instant | null;
  lastProgress: Instant | null;
  phaseSince: Instant | null;
  ended: Instant | null;
  booted: Instant | null;
  reason: string | null;
  message: string | null;
  question: string | null;
  deadline: Instant | null;
  /** No progress, then total in phase: what they stand at, and what the limits are; empty unless it is going on. */
  clocks: ClockView[];
  /** Where the limits come from: `learned from 23 runs of profile web`. */
  limitsOrigin: string;
  /** The installer it was heard from. */
  installer: string | null;
  expectedSeconds: number | null;
  integrity: string;
  integrityReasons: string[];
  errors: RunError[];
  addresses: string[];
  packagesDone: number | null;
  packagesTotal: number | null;
  continues: string | null;
  skewMs: number | null;
  /** Lines of its live log that were lost. */
  linesLost: number;
}

/** The report of a run at `now`, with estimates from `history` where there is enough of it. */
export function reportRun(run: RunState, now: Instant, history: History | null): RunReport {
  const view: RunView = viewRun(run, now, history);
  const state = view.run;
  const flags = [state.late && 'late', state.waiting && 'waiting'].filter((flag) => flag !== false);
  return {
    runId: state.runId,
    system: state.system,
    profile: state.profile,
    distro: state.distro,
    kind: state.kind,
    status: state.status,
    flags,
    phase: state.phase,
    percent: view.percent,
    percentOrigin: view.percentOrigin,
    etaLow: view.etaLow,
    etaHigh: view.etaHigh,
    etaOrigin: view.etaOrigin,
    planned: state.plannedAt,
    started: state.startedAt,
    lastHeard: state.lastHeardAt,
    lastProgress: state.lastProgressAt,
    phaseSince: state.startedAt === null ? null : state.phaseSince,
    ended: state.endedAt,
    booted: state.bootedAt,
    reason: state.reason,
    message: state.message,
    question: state.question,
    deadline: state.deadlineAt,
    clocks: view.clocks,
    limitsOrigin: view.limitsOrigin,
    installer: state.installer ?? null,
    expectedSeconds: state.expectedSeconds,
    integrity: state.integrity,
    integrityReasons: state.integrityReasons,
    errors: state.errors,
    addresses: state.addresses,
    packagesDone: state.packagesDone,
    packagesTotal: state.packagesTotal,
    continues: state.continues,
    skewMs: state.skewMs,
    linesLost: state.linesLost,
  };
}
