import type { Instant } from './event';
import type { Phase } from './phase';
import type { LearnedFrom, TimelineEntry } from './run';

/** Finished runs needed before history is believed. */
export const MIN_HISTORY = 5;
/** A run counts half as much as one that finished this many runs later: a new mirror or kernel is learned in some days. */
export const HALF_LIFE_RUNS = 20;

/** One finished run as it is stored. */
export interface FinishedRun {
  startedAt: Instant;
  endedAt: Instant;
  timeline: TimelineEntry[];
}

/** A stretch of a finished run, milliseconds. */
export interface Stretch {
  /** From the start of the run to its beginning. */
  before: number;
  duration: number;
  /** From its beginning to the end of the run. */
  remaining: number;
}

/** One phase of a finished run, milliseconds. */
export interface PastPhase extends Stretch {
  longestGap: number;
  /** Its quarters, where packages or bytes were counted in it; else empty. */
  quarters: readonly Stretch[];
}

/** One finished run as history: how much it counts, and its phases. */
export interface PastRun {
  weight: number;
  total: number;
  phases: ReadonlyMap<Phase, PastPhase>;
}

/** Finished runs something can be learned from, and what they have in common. At least MIN_HISTORY of them. */
export interface History {
  runs: readonly PastRun[];
  from: LearnedFrom;
}

/** A number and how much it counts. */
export interface Weighted {
  value: number;
  weight: number;
}

/**
 * The history that finished runs make, or null when they are fewer than five. Newer ones weigh more.
 *
 * @param runs - newest first.
 */
export function makeHistory(runs: readonly FinishedRun[], from: Omit<LearnedFrom, 'runs'>): History | null {
  if (runs.length < MIN_HISTORY) return null;
  return { runs: runs.map(toPastRun), from: { ...from, runs: runs.length } };
}

function toPastRun({ timeline, startedAt, endedAt }: FinishedRun, age: number): PastRun {
  const phases = new Map<Phase, PastPhase>();
  /** What was spent waiting for humans is cut out: moments are times of the machine since its start. */
  let waited = 0;
  const moments = timeline.map(({ at, waitedMs = 0 }) => {
    const moment = at - startedAt - waited;
    waited += waitedMs;
    return moment;
  });
  const total = endedAt - startedAt - waited;
  const stretch = (from: number, to: number): Stretch => ({
    before: from,
    duration: to - from,
    remaining: total - from,
  });
  timeline.forEach(({ phase, at, longestGapMs, waitedMs, quarters }, index) => {
    if (phase === 'complete') return;
    const from = moments[index]!;
    const until = moments[index + 1] ?? total;
    // Where a human was asked nobody knows which quarter waited.
    const marks = quarters && waitedMs === undefined ? [from, ...quarters.map((mark) => from + mark - at), until] : [];
    phases.set(phase, {
      ...stretch(from, until),
      longestGap: longestGapMs,
      quarters: marks.slice(1).map((to, quarter) => stretch(marks[quarter]!, to)),
    });
  });
  return { weight: 0.5 ** (age / HALF_LIFE_RUNS), total, phases };
}

/** The smallest of the numbers that, with all below it, has the share `q` of the weight; NaN for none. */
export function weightedQuantile(numbers: readonly Weighted[], q: number): number {
  const sorted = [...numbers].sort((a, b) => a.value - b.value);
  const wanted = q * sorted.reduce((sum, { weight }) => sum + weight, 0);
  let reached = 0;
  for (const { value, weight } of sorted) {
    reached += weight;
    // Sums of the same weights in another order differ in the last digits.
    if (reached >= wanted * (1 - 1e-9)) return value;
  }
  return sorted.at(-1)?.value ?? NaN;
}

/** As how many equal ones the weighted numbers count (Kish): the sum of the weights squared by the sum of their squares. */
export function effectiveCount(numbers: readonly { weight: number }[]): number {
  const sum = numbers.reduce((all, { weight }) => all + weight, 0);
  const squares = numbers.reduce((all, { weight }) => all + weight * weight, 0);
  return squares === 0 ? 0 : (sum * sum) / squares;
}
