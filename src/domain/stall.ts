import type { EventDetail, EventKind, Instant } from './event';
import type { Phase } from './phase';
import { isOver, type DeadlineKind, type RunLimits, type RunState } from './run';

const MINUTE = 60_000;

/**
 * Longest time without measurable progress, per phase, until history gives better limits. Measured on 36 installer
 * logs: an Ubuntu security update is silent for up to 10 minutes, an image payload for 30, user scripts for an hour.
 */
export const NO_PROGRESS_MS: Readonly<Record<Phase, number>> = {
  pending: 10 * MINUTE,
  booting: 10 * MINUTE,
  bootstrap: 5 * MINUTE,
  config: 10 * MINUTE,
  storage: 15 * MINUTE,
  packages: 15 * MINUTE,
  bootloader: 15 * MINUTE,
  configure: 40 * MINUTE,
  post: 120 * MINUTE,
  finalize: 20 * MINUTE,
  complete: 20 * MINUTE,
};

/** An image payload is one long silent step: 40 minutes instead of 15 in the phase packages. */
const IMAGE_PAYLOAD_MS = 40 * MINUTE;

/**
 * Progress that goes on for so many times the no-progress limit of a phase only crawls. Of the measured logs the longest
 * phase took a third of that.
 */
const CRAWL = 6;

/** The limits of a run that no history tells anything about. */
export function defaultLimits(options: { stallAfterMs: number | null; giveUpMs: number }): RunLimits {
  const noProgressMs: RunLimits['noProgressMs'] = { ...NO_PROGRESS_MS };
  const totalMs: RunLimits['totalMs'] = {};
  for (const phase of Object.keys(noProgressMs) as Phase[]) {
    totalMs[phase] = NO_PROGRESS_MS[phase] * CRAWL;
    if (options.stallAfterMs !== null) noProgressMs[phase] = options.stallAfterMs;
  }
  return {
    noProgressMs,
    totalMs,
    giveUpMs: options.giveUpMs,
    tooFastMs: null,
    usualMs: {},
    ...(options.stallAfterMs !== null && { setMs: options.stallAfterMs }),
  };
}

/** The limits of a run that writes an image: longer in the phase packages, unless image writes or a setting said how long. */
export function imageLimits(limits: RunLimits): RunLimits {
  const { noProgressMs, lateMs, totalMs, learned, setMs } = limits;
  if (learned?.images) return limits;
  const packages = setMs ?? Math.max(noProgressMs.packages ?? 0, IMAGE_PAYLOAD_MS);
  const total = Math.max(totalMs.packages ?? 0, IMAGE_PAYLOAD_MS * CRAWL);
  return {
    ...limits,
    noProgressMs: { ...noProgressMs, packages },
    ...(lateMs && { lateMs: { ...lateMs, packages: Math.ceil(packages / 2) } }),
    totalMs: { ...totalMs, packages: total },
  };
}

/** Without progress for so long in its phase, a run is late, and stalled. Milliseconds. */
export function noProgressLimits({ limits, phase }: Pick<RunState, 'limits' | 'phase'>): {
  lateMs: number;
  stalledMs: number;
} {
  const stalledMs = limits.noProgressMs[phase] ?? NO_PROGRESS_MS[phase];
  return { lateMs: limits.lateMs?.[phase] ?? Math.ceil(stalledMs / 2), stalledMs };
}

/** The next moment a clock of the run fires and which clock it is; both null when none runs (planned, over). */
export function nextDeadline(run: RunState): { deadlineAt: Instant | null; deadlineKind: DeadlineKind | null } {
  if (isOver(run) || run.status === 'planned') return { deadlineAt: null, deadlineKind: null };
  if (run.status === 'stalled') {
    return { deadlineAt: (run.stallClock ?? run.progressClock) + run.limits.giveUpMs, deadlineKind: 'give-up' };
  }
  const { lateMs, stalledMs } = noProgressLimits(run);
  const lateNoProgress = run.late && !run.lateTotal;
  let deadlineAt = run.progressClock + (run.late ? stalledMs : lateMs);
  let deadlineKind: DeadlineKind = run.late ? 'stall' : 'late';
  const total = run.limits.totalMs[run.phase];
  if (total !== undefined && !run.lateTotal && !lateNoProgress && run.phaseClock + total < deadlineAt) {
    deadlineAt = run.phaseClock + total;
    deadlineKind = 'late-total';
  }
  return { deadlineAt, deadlineKind };
}

/** An event one of the run's clocks calls for; `occurredAt` is the deadline itself. */
export interface DueEvent {
  kind: EventKind;
  occurredAt: Instant;
  detail: EventDetail;
}

/**
 * The event that is due at `now`, or null. Apply it and ask again: a run looked at late may owe several (late, stalled,
 * given up), each at its own deadline.
 */
export function dueEvent(run: RunState, now: Instant): DueEvent | null {
  if (run.deadlineAt === null || run.deadlineAt > now) return null;
  const occurredAt = run.deadlineAt;
  switch (run.deadlineKind) {
    case 'late':
      return { kind: 'run-late', occurredAt, detail: { clock: 'no-progress', phase: run.phase } };
    case 'late-total':
      return { kind: 'run-late', occurredAt, detail: { clock: 'total', phase: run.phase } };
    case 'stall':
      return { kind: 'run-stalled', occurredAt, detail: { phase: run.phase, reason: stallReason(run) } };
    case 'give-up':
      return { kind: 'install-terminated', occurredAt, detail: { reason: 'given up', inferred: true } };
    case null:
      return null;
  }
}

function stallReason(run: RunState): string {
  const { stalledMs: limit } = noProgressLimits(run);
  const span = limit >= 2 * MINUTE ? `${Math.round(limit / MINUTE)} minutes` : `${Math.round(limit / 1000)} seconds`;
  return run.waiting ? `waits for a human: ${run.question ?? 'no question known'}` : `no progress for ${span}`;
}
