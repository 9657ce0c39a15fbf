import type { Instant } from '../domain/event';
import { LOOP_REASON } from '../domain/plan';
import type { RunReport } from '../domain/run-report';

/** What a person should look at first, in this order. */
export const NEEDS = [
  'failed',
  'terminated',
  'stalled',
  'waiting',
  'install loop',
  'late',
  'installing',
  'planned',
  'suspicious',
  'finished',
  'cancelled',
] as const;
export type Need = (typeof NEEDS)[number];

/** Those a person has to do something about. */
const PROBLEMS: ReadonlySet<Need> = new Set(['failed', 'terminated', 'stalled', 'waiting', 'install loop', 'late']);

/** How long ended runs stay in the overview, unless a newer run of the same target took their place. */
export const PROBLEM_WINDOW_MS = 7 * 24 * 3_600_000;
export const FINISHED_WINDOW_MS = 24 * 3_600_000;

/** What a run needs: its status, or the flag on it that matters more. */
export function needOf(run: Pick<RunReport, 'status' | 'flags' | 'integrity' | 'integrityReasons'>): Need {
  switch (run.status) {
    case 'failed':
    case 'terminated':
    case 'stalled':
    case 'planned':
    case 'cancelled':
      return run.status;
    case 'finished':
      return run.integrity === 'suspicious' ? 'suspicious' : 'finished';
    default:
      if (run.flags.includes('waiting')) return 'waiting';
      if (run.integrityReasons.includes(LOOP_REASON)) return 'install loop';
      return run.flags.includes('late') ? 'late' : 'installing';
  }
}

/** True when somebody has to look. */
export function needsHelp(run: RunReport): boolean {
  return PROBLEMS.has(needOf(run));
}

/**
 * Runs sorted by need: problems first, oldest problem on top; then what installs, nearest to its end first; then what is
 * planned, by name; then what ended, newest first.
 */
export function sortByNeed(runs: readonly RunReport[]): RunReport[] {
  return [...runs].sort((left, right) => {
    const need = needOf(left);
    const byNeed = NEEDS.indexOf(need) - NEEDS.indexOf(needOf(right));
    return byNeed !== 0 ? byNeed : compareWithin(need, left, right) || byName(left, right);
  });
}

function compareWithin(need: Need, left: RunReport, right: RunReport): number {
  switch (need) {
    case 'installing':
      return (right.percent ?? -1) - (left.percent ?? -1);
    case 'planned':
      return 0;
    case 'stalled':
    case 'waiting':
    case 'install loop':
    case 'late':
      return (left.lastProgress ?? 0) - (right.lastProgress ?? 0);
    default:
      return (right.ended ?? 0) - (left.ended ?? 0);
  }
}

function byName(left: RunReport, right: RunReport): number {
  const collation = { numeric: true } as const;
  return (
    targetKey(left).localeCompare(targetKey(right), 'en', collation) ||
    left.runId.localeCompare(right.runId, 'en', collation)
  );
}

/** Identity of what a run is about: one target has one latest run. */
export function targetKey(run: Pick<RunReport, 'system' | 'profile' | 'addresses'>): string {
  return run.system ?? `${run.profile ?? ''} ${run.addresses[0] ?? ''}`;
}

/**
 * The runs worth showing now: of each target its latest, when it is open, a problem of the last seven days, or finished
 * within the last 24 hours. Cancelled runs are over on purpose.
 */
export function selectCurrent(runs: readonly RunReport[], now: Instant): RunReport[] {
  const latest = new Map<string, RunReport>();
  for (const run of runs) {
    const key = targetKey(run);
    const known = latest.get(key);
    if (!known || isNewer(run, known)) latest.set(key, run);
  }
  return [...latest.values()].filter((run) => {
    if (run.status === 'cancelled') return false;
    if (run.ended === null) return true;
    return now - run.ended < (needsHelp(run) ? PROBLEM_WINDOW_MS : FINISHED_WINDOW_MS);
  });
}

/** Numbers of runs grow; they are decimal texts. */
function isNewer(left: RunReport, right: RunReport): boolean {
  return left.runId.length === right.runId.length ? left.runId > right.runId : left.runId.length > right.runId.length;
}

/** `3 need help · 5 installing · 2 planned · 4 finished`; what there is none of is left out. */
export function summarise(runs: readonly RunReport[]): string {
  const counts = new Map<string, number>();
  for (const run of runs) {
    const word = needsHelp(run) ? 'help' : run.status;
    counts.set(word, (counts.get(word) ?? 0) + 1);
  }
  const help = counts.get('help') ?? 0;
  const parts = help === 0 ? [] : [help === 1 ? '1 needs help' : `${help} need help`];
  for (const word of ['installing', 'planned', 'finished']) {
    if (counts.has(word)) parts.push(`${counts.get(word)} ${word}`);
  }
  return parts.join(' · ');
}
