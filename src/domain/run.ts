import type { ErrorSeen, Instant } from './event';
import type { Phase } from './phase';

/** The verdict on a run. The last four are over: no event reopens them. */
export const RUN_STATUSES = [
  'planned',
  'installing',
  'stalled',
  'failed',
  'terminated',
  'finished',
  'cancelled',
] as const;
export type RunStatus = (typeof RUN_STATUSES)[number];

/** What a run does to its target. */
export const RUN_KINDS = ['install', 'reinstall', 'virt', 'image', 'upgrade', 'other'] as const;
export type RunKind = (typeof RUN_KINDS)[number];

/** Verdict on the evidence, apart from the status. */
export const INTEGRITIES = ['intact', 'suspicious', 'broken'] as const;
export type Integrity = (typeof INTEGRITIES)[number];

/** Limits one run is judged by, fixed when it opens. Milliseconds. */
export interface RunLimits {
  /** No measurable progress for this long = stalled. Per phase. */
  noProgressMs: Partial<Record<Phase, number>>;
  /** No measurable progress for this long = late. Per phase; absent = half of the above. */
  lateMs?: Partial<Record<Phase, number>>;
  /** Longer than this in one phase = late, whatever the progress. Per phase; absent = unlimited. */
  totalMs: Partial<Record<Phase, number>>;
  /** A stall this long = terminated ("given up"). */
  giveUpMs: number;
  /** Total duration below which a finish is suspicious; null without history. */
  tooFastMs: number | null;
  /** Median time in each phase of the finished runs behind these limits; empty below five of them. */
  usualMs: Partial<Record<Phase, number>>;
  /** The finished runs they were learned from, and the phases those taught; absent: the defaults. */
  learned?: LearnedFrom & { phases: Phase[] };
  /** The no-progress limit of all phases by the settings; absent: each phase has its own. */
  setMs?: number;
}

/** Finished runs, and what they have in common with a run that is judged by them. */
export interface LearnedFrom {
  by: 'profile' | 'distro' | 'installer';
  name: string;
  runs: number;
  /** They wrote images, as the run that is judged does; else none of them did. */
  images: boolean;
}

/** What a run is judged by: its limits, and the median seconds of the finished runs behind them, null without any. */
export interface Judging {
  limits: RunLimits;
  expectedSeconds: number | null;
}

/** One error of a run, newest last, at most 50 kept. */
export interface RunError extends ErrorSeen {
  at: Instant;
  phase: Phase;
  source: string;
  fatal: boolean;
}

/** Which moment the deadline stands for. */
export type DeadlineKind = 'late' | 'late-total' | 'stall' | 'give-up';

/** The fold of a run's events. Plain JSON: it is stored as it is and equal folds are deeply equal. */
export interface RunState {
  runId: string;
  /** Number of events folded; the next event's seq is one more. */
  seq: number;
  status: RunStatus;
  late: boolean;
  waiting: boolean;
  question: string | null;
  kind: RunKind;
  system: string | null;
  profile: string | null;
  distro: string | null;
  owners: string[];
  addresses: string[];
  phase: Phase;
  phaseSince: Instant;
  /** Never goes back, below 100 until finished; null while nothing measurable is known. */
  percent: number | null;
  percentOrigin: 'reported' | 'estimated' | null;
  packagesDone: number | null;
  packagesTotal: number | null;
  bytesDone: number | null;
  /** Furthest estimate of a step that counts nothing, percent of the whole install; null before the first. */
  stepPercent: number | null;
  message: string | null;
  /** The client's own estimate of the end. */
  etaAt: Instant | null;
  integrity: Integrity;
  integrityReasons: string[];
  plannedAt: Instant | null;
  startedAt: Instant | null;
  lastHeardAt: Instant | null;
  lastProgressAt: Instant | null;
  endedAt: Instant | null;
  bootedAt: Instant | null;
  /** Why it ended, or why it stalled; null while all is well. */
  reason: string | null;
  endInferred: boolean;
  /** Of an inferred failure: progress does not speak against it, only a finish does. */
  endStands: boolean;
  /** How well the reason explains an inferred failure, 0–9; null for other ends. */
  endExplains: number | null;
  /** When the machine asked not to be netbooted again; null when it did not. */
  netbootOffAt: Instant | null;
  /** Lines of its live log that were lost. */
  linesLost: number;
  stalledAt: Instant | null;
  /** Next moment a clock fires; null when none runs. */
  deadlineAt: Instant | null;
  deadlineKind: DeadlineKind | null;
  errors: RunError[];
  expectedSeconds: number | null;
  continues: string | null;
  limits: RunLimits;
  /** Largest difference between claimed and arrival time seen, milliseconds; null when no client told its clock. */
  skewMs: number | null;
  /** The installer whose words were heard first: anaconda, debian-installer …; null while none was. */
  installer: string | null;
  /** First start by source, to tell DHCP-twice from a second start: a loop of quick reboots is no single boot. */
  startedBy: Record<string, Instant>;
  bootIds: string[];
  /** Phases entered, in order, with the moment and the longest time without progress inside: the timeline. */
  timeline: TimelineEntry[];
  /** Total blind time added to the clocks, milliseconds. */
  blindMs: number;
  /** End of the last blind window applied; null before the first. */
  blindUntil: Instant | null;
  /** Late by the total-in-phase clock; progress does not lift it, the next phase does. */
  lateTotal: boolean;
  /** From here the no-progress clock counts: the last progress, moved on by blind windows. */
  progressClock: Instant;
  /** From here the total-in-phase clock counts: entry into the phase, moved on by blind windows. */
  phaseClock: Instant;
  /** From here the give-up clock counts: the stall, moved on by blind windows; null unless stalled. */
  stallClock: Instant | null;
}

/** One phase of a run as it went. */
export interface TimelineEntry {
  phase: Phase;
  at: Instant;
  /** Longest stretch inside the phase without measurable progress, milliseconds, blind time left out. */
  longestGapMs: number;
  /** Time without progress in which a question waited for a human, milliseconds: nothing the machine needs; absent = none. */
  waitedMs?: number;
  /** When a quarter, half and three quarters of its packages or bytes were done; absent where nothing is counted. */
  quarters?: Instant[];
}

/** True when nothing more can happen to the run but evidence. */
export function isOver(run: Pick<RunState, 'status'>): boolean {
  return (
    run.status === 'failed' || run.status === 'terminated' || run.status === 'finished' || run.status === 'cancelled'
  );
}

/** True when the text can be the number of a run: decimal, and small enough for the database's bigint. */
export function isRunId(text: string): boolean {
  return /^[0-9]{1,18}$/.test(text);
}
