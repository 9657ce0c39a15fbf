import type { Instant } from './event';
import { phaseBand, type Phase } from './phase';
import type { RunState } from './run';

/**
 * Percent of the whole install at this point of this phase, from the band and the package counts: download 20–40,
 * install 40–70, scriptlets 70–74; without a total 1 - exp(-done/400) of the step.
 */
export function estimatePercent(
  phase: Phase,
  step: 'download' | 'install' | 'scriptlets',
  done: number | null,
  total: number | null,
): number {
  const [low] = phaseBand(phase);
  if (phase !== 'packages' || done === null || done <= 0) return Math.min(low, 99);
  if (step === 'scriptlets') return 70;
  const [from, to] = step === 'download' ? [20, 40] : [40, 70];
  const share = total !== null && total > 0 ? Math.min(1, done / total) : 1 - Math.exp(-done / 400);
  return Math.floor(from + (to - from) * share);
}

/**
 * Percent by the time spent in the phase against its usual duration; null when that is unknown, when a client reports
 * percent itself, or when it would not raise what is known. Stands still while stalled.
 */
export function interpolatePercent(run: RunState, now: Instant): number | null {
  const usual = run.limits.usualMs[run.phase];
  if (usual === undefined || usual <= 0 || run.percentOrigin === 'reported') return null;
  if (run.phase === 'packages' && run.packagesTotal && run.packagesDone) return null;
  if (run.status !== 'installing' && run.status !== 'stalled') return null;
  const until = run.status === 'stalled' && run.stalledAt !== null ? run.stalledAt : now;
  const [low, high] = phaseBand(run.phase);
  const share = Math.min(1, Math.max(0, until - run.phaseClock) / usual);
  const percent = Math.min(99, Math.floor(low + (high - low) * share));
  return percent > (run.percent ?? -1) ? percent : null;
}
