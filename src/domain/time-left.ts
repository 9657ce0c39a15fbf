import type { Instant } from './event';
import {
  effectiveCount,
  MIN_HISTORY,
  weightedQuantile,
  type History,
  type PastRun,
  type Stretch,
  type Weighted,
} from './history';
import type { RunState, TimelineEntry } from './run';

/** The range leaves out this share of what earlier runs still needed, at either end … */
const TAIL = 0.08;
/** … and is so much wider, as a share of its width in logarithms, the fewer runs it is made from. */
const WIDER_OF_FEW = 4;
/** Nothing is known better than this share, however alike the runs were. */
const LEAST_WIDTH = 0.05;
/** Runs that must have been this long in the phase too: from two nothing can be said. */
const MIN_ALIKE = 3;
/** Runs that differ by LEAST_SPREAD without consequence: so many are imagined beside the real ones. */
const DOUBT = 2;
/** Usual difference of pace, as a logarithm, below which runs are alike by luck. */
const LEAST_SPREAD = 0.1;
/** A pace so many usual differences from the median counts as no farther. */
const FAR = 3;
/** Times below this differ for other reasons than pace: a machine that was switched on later, a message that came later. */
const LEAST_MS = 20_000;

/** A range of milliseconds. */
export interface Range {
  low: number;
  high: number;
}

/**
 * What a run still needs, from what earlier ones needed that had been as long in the phase: each of them brought to the
 * pace of this one, as far as pace before the phase told anything of the time after its beginning in those runs; the newer
 * weigh more; without the tails, and wider the fewer they are. Null once fewer than three of them had lasted so long in
 * the phase.
 */
export function estimateTimeLeft(run: RunState, history: History, now: Instant): Range | null {
  const entered = run.timeline.findLast((entry) => entry.phase === run.phase);
  if (!entered || run.startedAt === null) return null;
  const { from, samples } = whereIs(entered, history.runs);
  const inStretch = Math.max(0, now - Math.max(from, run.phaseClock));
  const pace = learnPace(samples);
  const left: Weighted[] = [];
  for (const sample of samples) {
    const factor = pace(from - run.startedAt, sample.before);
    if (sample.duration * factor > inStretch) {
      left.push({ value: sample.remaining * factor - inStretch, weight: sample.weight });
    }
  }
  return left.length < MIN_ALIKE ? null : rangeOf(left);
}

type Sample = Stretch & { weight: number };

/** The stretch the run is in, and that of earlier runs: the quarter of the phase where they were counted, else the phase. */
function whereIs(
  { phase, at, quarters = [] }: TimelineEntry,
  runs: readonly PastRun[],
): { from: Instant; samples: Sample[] } {
  const phases = runs.flatMap(({ weight, phases: past }) => {
    const entry = past.get(phase);
    return entry ? [{ ...entry, weight }] : [];
  });
  const counted = phases.flatMap(({ weight, quarters: past }) => {
    const stretch = past[quarters.length];
    return stretch ? [{ ...stretch, weight }] : [];
  });
  return counted.length >= MIN_HISTORY
    ? { from: quarters.at(-1) ?? at, samples: counted }
    : { from: at, samples: phases };
}

/**
 * By how much a run that took `own` until here needs longer than one that took `other`. Learned from earlier runs as the
 * slope, from 0 (the time before tells nothing) to 1 (twice as long before, twice as long after), of the least squares
 * through logarithms; pulled towards 0 while they are few or alike; far ones count as less far.
 */
function learnPace(samples: readonly Sample[]): (own: number, other: number) => number {
  const log = (ms: number): number => Math.log(Math.max(LEAST_MS, ms));
  const xs = samples.map(({ before, weight }) => ({ value: log(before), weight }));
  const middle = weightedQuantile(xs, 0.5);
  const deviations = xs.map(({ value, weight }) => ({ value: Math.abs(value - middle), weight }));
  const far = FAR * Math.max(LEAST_SPREAD, 1.4826 * weightedQuantile(deviations, 0.5));
  const place = (ms: number): number => Math.min(far, Math.max(-far, log(ms) - middle));

  const points = samples.map(({ before, remaining, weight }) => ({ x: place(before), y: log(remaining), weight }));
  const sum = points.reduce((all, { weight }) => all + weight, 0);
  const mean = (of: 'x' | 'y'): number => points.reduce((all, point) => all + point.weight * point[of], 0) / sum;
  const [x, y] = [mean('x'), mean('y')];
  let [xx, xy] = [DOUBT * LEAST_SPREAD ** 2, 0];
  for (const point of points) {
    xx += point.weight * (point.x - x) ** 2;
    xy += point.weight * (point.x - x) * (point.y - y);
  }
  const slope = Math.min(1, Math.max(0, xy / xx));
  return (own, other) => Math.exp(slope * (place(own) - place(other)));
}

function rangeOf(left: readonly Weighted[]): Range {
  const logs = left.map(({ value, weight }) => ({ value: Math.log(Math.max(1_000, value)), weight }));
  const middle = weightedQuantile(logs, 0.5);
  const widen = 1 + WIDER_OF_FEW / effectiveCount(logs);
  const at = (q: number): number => Math.exp(middle + (weightedQuantile(logs, q) - middle) * widen);
  const median = Math.exp(middle);
  return {
    low: Math.min(at(TAIL), median * (1 - LEAST_WIDTH)),
    high: Math.max(at(1 - TAIL), median * (1 + LEAST_WIDTH)),
  };
}
