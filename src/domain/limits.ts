import { effectiveCount, MIN_HISTORY, weightedQuantile, type History, type Weighted } from './history';
import { PHASE_IDS, type Phase } from './phase';
import type { Judging, LearnedFrom, RunLimits } from './run';
import { defaultLimits } from './stall';

/** Of what earlier runs showed, the value that nineteen of twenty stayed below is what a limit is made from … */
const HIGH = 0.95;
/** … times this much, for the runs not seen yet … */
const MARGIN = 1.3;
/** … and more while they are few: five runs add more than half, fifty a tenth. */
const MARGIN_OF_FEW = 3;
/**
 * … and this on top: what stops a healthy install from outside – a mirror's time-outs and retries, a lease, a RAID that is
 * built – does not grow with its steps. Ten retries of half a minute are five minutes, and one is for the next step's word.
 */
const SLACK_MS = 6 * 60_000;
/** Late is half of the limit, but not before what nineteen of twenty needed, a tenth more, and two minutes. */
const LATE_MARGIN = 1.1;
const LATE_SLACK_MS = 2 * 60_000;
/** A value so many times its usual deviation above the median is somebody's coffee break, and counts as just that. */
const OUTLIER = 5;
/** Usual deviation, as a logarithm, below which runs are alike by luck: a quarter more or less. */
const LEAST_SPREAD = 0.25;
/** Steps below a second are all the same. */
const LEAST_MS = 1_000;
/** Faster than this share of what nine of ten finished runs needed is too good to be true. */
const TOO_FAST_SHARE = 0.3;
/** A phase counts as usual when this share of the finished runs went through it. */
const USUAL_SHARE = 0.9;

/**
 * What a new run is judged by: learned from history where there are at least five finished runs, phase by phase, else the
 * defaults. `stallAfterMs` (a setting for trials) replaces every no-progress limit.
 */
export function chooseLimits(
  history: History | null,
  options: { stallAfterMs: number | null; giveUpMs: number },
): Judging {
  const limits = defaultLimits(options);
  if (!history) return { limits, expectedSeconds: null };

  const learned: Phase[] = [];
  const lateMs: RunLimits['lateMs'] = {};
  for (const phase of PHASE_IDS) {
    const past = history.runs.flatMap((run) => {
      const entry = run.phases.get(phase);
      return entry ? [{ ...entry, weight: run.weight }] : [];
    });
    if (past.length < MIN_HISTORY) continue;
    learned.push(phase);
    const durations = past.map(({ duration, weight }) => ({ value: duration, weight }));
    limits.totalMs[phase] = limitAbove(durations);
    if (past.length >= USUAL_SHARE * history.runs.length) limits.usualMs[phase] = weightedQuantile(durations, 0.5);
    if (options.stallAfterMs === null) {
      const gaps = past.map(({ longestGap, weight }) => ({ value: longestGap, weight }));
      const stalled = limitAbove(gaps);
      limits.noProgressMs[phase] = stalled;
      lateMs[phase] = Math.max(Math.ceil(stalled / 2), Math.round(highOf(gaps) * LATE_MARGIN + LATE_SLACK_MS));
    }
  }
  const totals = history.runs.map(({ total, weight }) => ({ value: total, weight }));
  limits.tooFastMs = Math.round(weightedQuantile(totals, 0.1) * TOO_FAST_SHARE);
  if (options.stallAfterMs === null) limits.lateMs = lateMs;
  limits.learned = { ...history.from, phases: learned };
  return { limits, expectedSeconds: Math.round(weightedQuantile(totals, 0.5) / 1000) };
}

/** A limit that healthy runs stay below, milliseconds, from what earlier ones showed. */
function limitAbove(past: readonly Weighted[]): number {
  const factor = MARGIN + MARGIN_OF_FEW / effectiveCount(past);
  return Math.round(highOf(past) * factor + SLACK_MS);
}

/** What nineteen of twenty healthy runs stayed below. */
function highOf(past: readonly Weighted[]): number {
  return weightedQuantile(tameOutliers(past), HIGH);
}

/**
 * The same numbers with the far ones brought in to where they still count as far: the median and the median deviation
 * from it, of logarithms, say where that is. One run of five that somebody let hang for an hour does not become the rule.
 */
function tameOutliers(past: readonly Weighted[]): Weighted[] {
  const logs = past.map(({ value, weight }) => ({ value: Math.log(Math.max(LEAST_MS, value)), weight }));
  const median = weightedQuantile(logs, 0.5);
  const deviations = logs.map(({ value, weight }) => ({ value: Math.abs(value - median), weight }));
  // 1.4826 makes the median deviation of a normal distribution its standard deviation.
  const spread = Math.max(LEAST_SPREAD, 1.4826 * weightedQuantile(deviations, 0.5));
  const highest = Math.exp(median + OUTLIER * spread);
  return past.map(({ value, weight }) => ({ value: Math.min(value, highest), weight }));
}

/** `learned from 23 runs of profile web`. */
export function learnedWords({ runs, by, name, images }: Pick<LearnedFrom, 'runs' | 'by' | 'name' | 'images'>): string {
  return `${runs} ${images ? 'image writes' : 'runs'} of ${by} ${name}`;
}

/** Where the limits of a run come from, in words: as a whole, or those of one clock in one phase. */
export function limitsOrigin(
  limits: RunLimits,
  of: { phase: Phase; clock: 'no-progress' | 'total' } | null = null,
): string {
  if (of?.clock === 'no-progress' && limits.setMs !== undefined) return 'set by STALL_AFTER_SECONDS';
  const { learned } = limits;
  if (!learned) return 'from the defaults: fewer than five finished runs to learn from';
  if (of && !learned.phases.includes(of.phase)) {
    return `from the defaults: fewer than five of the ${learnedWords(learned)} were seen in ${of.phase}`;
  }
  return `learned from ${learnedWords(learned)}`;
}
