import type { Instant } from '../../src/domain/event';
import type { Fate } from '../../src/cli/simulate/play-install';
import type { Check, Judged, JudgedRun } from './judge';

/** `cobbler status` calls everything stalled that began longer ago than this, and nothing else. */
const COBBLER_MS = 100 * 60_000;

/** What a way of judging came to on a labelled set. Times in minutes; NaN where nothing was. */
export interface Scores {
  healthy: number;
  /** Healthy runs that were called stalled, late, suspicious: shares. */
  falseStalls: number;
  falseLates: number;
  falseSuspicions: number;
  /** From the moment a machine fell silent to the word `stalled`: median and 90 %. */
  silentMedian: number;
  silentP90: number;
  /** … and to the word `late`. */
  lateMedian: number;
  lateP90: number;
  silentFound: number;
  crawlersFound: number;
  crawlersMedian: number;
  failedAsPlayed: number;
  restartedAsPlayed: number;
  questionsShown: number;
  cutShortFound: number;
  /** Of the looks at healthy runs: share with a time left, share of those whose range holds the truth. */
  known: number;
  covered: number;
  widthMedian: number;
  widthP90: number;
  /** Width as a share of what was left in truth, median. */
  widthShare: number;
  percentMedian: number;
  percentP90: number;
  foldAgain: number;
}

/** The scores of runs judged by the rules. */
export function scoreRules({ runs, checks }: Judged): Scores {
  const of = (fate: Fate): JudgedRun[] => runs.filter(({ label }) => label.fate === fate);
  const healthy = of('healthy');
  const share = (some: readonly JudgedRun[], is: (run: JudgedRun) => boolean): number =>
    some.filter(is).length / some.length;
  const silent = of('silent');
  const stalls = silent.map((run) => delayOf(run, 'run-stalled'));
  const lates = silent.map((run) => Math.min(delayOf(run, 'run-late'), delayOf(run, 'run-stalled')));
  const crawls = of('crawling').map((run) => delayOf(run, 'run-late'));
  const known = checks.filter(({ view }) => view.etaLow !== null);
  const widths = known.map(({ view }) => minutes(view.etaHigh! - view.etaLow!));
  const percents = checks.map(percentError).filter((error) => error !== null);
  return {
    healthy: healthy.length,
    falseStalls: share(healthy, (run) => has(run, 'run-stalled')),
    falseLates: share(healthy, (run) => has(run, 'run-late')),
    falseSuspicions: share(healthy, (run) => run.log.at(-1)!.after.integrity !== 'intact'),
    ...{ silentMedian: at(stalls, 0.5), silentP90: at(stalls, 0.9) },
    ...{ lateMedian: at(lates, 0.5), lateP90: at(lates, 0.9) },
    silentFound: stalls.filter(isFinite).length / stalls.length,
    crawlersFound: crawls.filter(isFinite).length / crawls.length,
    crawlersMedian: at(crawls, 0.5),
    failedAsPlayed: share(of('failing'), ({ log }) => log.at(-1)!.after.status === 'failed'),
    restartedAsPlayed: share(of('restarting'), restartedRight),
    questionsShown: share(of('waiting'), ({ log }) =>
      log.some(({ after }) => after.waiting && after.question !== null),
    ),
    cutShortFound: share(of('cut-short'), ({ log }) => log.at(-1)!.after.integrity === 'suspicious'),
    known: known.length / checks.length,
    covered:
      known.filter(({ view, doneAt }) => view.etaLow! <= doneAt && doneAt <= view.etaHigh!).length / known.length,
    ...{ widthMedian: at(widths, 0.5), widthP90: at(widths, 0.9) },
    widthShare: at(
      known.map(({ view, doneAt, at: now }) => (view.etaHigh! - view.etaLow!) / Math.max(60_000, doneAt - now)),
      0.5,
    ),
    ...{ percentMedian: at(percents, 0.5), percentP90: at(percents, 0.9) },
    foldAgain: share(runs, ({ foldsAgain }) => foldsAgain),
  };
}

/** What `cobbler status` would have said: the start is all it knows. */
export function scoreCobbler({
  runs,
}: Judged): Pick<
  Scores,
  'healthy' | 'falseStalls' | 'silentMedian' | 'silentP90' | 'silentFound' | 'crawlersFound' | 'crawlersMedian'
> {
  const healthy = runs.filter(({ label }) => label.fate === 'healthy');
  const delays = (fate: Fate): number[] =>
    runs
      .filter(({ label }) => label.fate === fate)
      .map(({ label }) => minutes(Math.max(0, COBBLER_MS - (label.troubleAt ?? 0))));
  const [silent, crawling] = [delays('silent'), delays('crawling')];
  return {
    healthy: healthy.length,
    falseStalls: healthy.filter(({ label }) => label.finishedAt! > COBBLER_MS).length / healthy.length,
    ...{ silentMedian: at(silent, 0.5), silentP90: at(silent, 0.9), silentFound: 1 },
    ...{ crawlersFound: 1, crawlersMedian: at(crawling, 0.5) },
  };
}

/**
 * Minutes from the beginning of the trouble to the first such event after it; 0 when it was called stalled wrongly just then;
 * Infinity when there was none.
 */
function delayOf({ label, log }: JudgedRun, kind: 'run-stalled' | 'run-late'): number {
  const beganAt = startOf(log) + (label.troubleAt ?? 0);
  const before = log.findLast((event) => event.occurredAt <= beganAt);
  if (before?.after.status === 'stalled') return 0;
  const found = log.find((event) => event.kind === kind && event.occurredAt >= beganAt);
  return found ? minutes(found.occurredAt - beganAt) : Infinity;
}

function startOf(log: JudgedRun['log']): Instant {
  return log[0]!.occurredAt;
}

function has({ log }: JudgedRun, kind: 'run-stalled' | 'run-late'): boolean {
  return log.some((event) => event.kind === kind);
}

/** Two runs: the first was started over, the second came through. */
function restartedRight({ log }: JudgedRun): boolean {
  const ends = new Map(log.map(({ runId, after }) => [runId, after]));
  const [first, second, ...more] = [...ends.values()];
  return more.length === 0 && first?.reason === 'started over' && second?.status === 'finished';
}

/** Points between the percent shown and the share of the time that had passed; null when none was shown. */
function percentError({ label, at: now, doneAt, view }: Check): number | null {
  if (view.percent === null) return null;
  return Math.abs(view.percent - (100 * (now - (doneAt - label.finishedAt!))) / label.finishedAt!);
}

const minutes = (ms: number): number => ms / 60_000;

/** The value below which the share `q` lies. */
function at(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? NaN;
}
