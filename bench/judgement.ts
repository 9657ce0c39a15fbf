/**
 * How well runs are judged: sets of 1,000 labelled installs, made by the machines of `simulate`, are played through the
 * rules in virtual time and judged three ways: by `cobbler status`'s fixed 100 minutes, by constants, and by limits that are
 * learned while the runs of the set finish. docs/judgement.md explains it.
 *
 *     npx tsx bench/judgement.ts [--runs 1000] [--seeds 31,32,33,34]
 */
import { parseArgs } from 'node:util';
import { scoreCobbler, scoreRules, type Scores } from './judgement/figures';
import { makeLabelledRuns } from './judgement/fleet';
import { judgeRuns } from './judgement/judge';

/** The numbers in the rules were chosen by looking at seeds 1 to 5 and 11 to 14; these were not looked at then. */
const SEEDS = '31,32,33,34';

type Figure = keyof Scores;
type Way = 'cobbler' | 'constants' | 'learned';

interface Row {
  what: string;
  figure: Figure;
  unit: '%' | 'min' | 'points' | '';
  wanted?: Wanted;
}

interface Wanted {
  text: string;
  isMet(value: number): boolean;
}

const atLeast = (share: number): Wanted => ({
  text: share === 1 ? 'all' : `≥ ${share * 100} %`,
  isMet: (value) => value >= share,
});
const below = (text: string, most: number): Wanted => ({ text, isMet: (value) => value < most });
/** Three times sooner than 100 minutes. */
const SOONER = below('< 33.3 min', 100 / 3);

const ROWS: readonly Row[] = [
  { what: 'healthy runs called stalled', figure: 'falseStalls', unit: '%', wanted: below('< 0.5 %', 0.005) },
  { what: 'healthy runs called late', figure: 'falseLates', unit: '%' },
  { what: 'healthy runs called suspicious', figure: 'falseSuspicions', unit: '%' },
  { what: 'silent runs found', figure: 'silentFound', unit: '%', wanted: atLeast(1) },
  { what: '  stalled so long after the silence began, median', figure: 'silentMedian', unit: 'min', wanted: SOONER },
  { what: '  stalled, 90 %', figure: 'silentP90', unit: 'min', wanted: SOONER },
  { what: '  late, median', figure: 'lateMedian', unit: 'min' },
  { what: '  late, 90 %', figure: 'lateP90', unit: 'min' },
  { what: 'crawling runs called late', figure: 'crawlersFound', unit: '%', wanted: atLeast(1) },
  { what: '  so long after it began to crawl, median', figure: 'crawlersMedian', unit: 'min' },
  { what: 'failures that are failed', figure: 'failedAsPlayed', unit: '%', wanted: atLeast(1) },
  { what: 'second starts: terminated, then finished', figure: 'restartedAsPlayed', unit: '%', wanted: atLeast(1) },
  { what: 'questions shown while they wait', figure: 'questionsShown', unit: '%', wanted: atLeast(1) },
  { what: 'ends that came far too soon, suspicious', figure: 'cutShortFound', unit: '%' },
  { what: 'looks at healthy runs with a time left', figure: 'known', unit: '%' },
  { what: '  whose range holds the truth', figure: 'covered', unit: '%', wanted: atLeast(0.8) },
  { what: '  width of the range, median', figure: 'widthMedian', unit: 'min' },
  { what: '  width, 90 %', figure: 'widthP90', unit: 'min' },
  { what: '  width by what was left, median', figure: 'widthShare', unit: '%' },
  { what: 'percent shown, off by, median', figure: 'percentMedian', unit: 'points' },
  { what: '  off by, 90 %', figure: 'percentP90', unit: 'points' },
  { what: 'runs that fold again to the same', figure: 'foldAgain', unit: '%', wanted: atLeast(1) },
];

/** Of the others less is. */
const MORE_IS_BETTER = new Set<Figure>([
  ...(['silentFound', 'crawlersFound', 'failedAsPlayed', 'restartedAsPlayed', 'questionsShown'] as const),
  ...(['cutShortFound', 'known', 'covered', 'foldAgain'] as const),
]);

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: { runs: { type: 'string', default: '1000' }, seeds: { type: 'string', default: SEEDS } },
  });
  const seeds = values.seeds.split(',').map(Number);
  const scores: Record<Way, Partial<Scores>[]> = { cobbler: [], constants: [], learned: [] };
  for (const seed of seeds) {
    const labels = makeLabelledRuns(Number(values.runs), seed);
    const learned = await judgeRuns(labels, { learns: true, seed });
    scores.learned.push(scoreRules(learned));
    scores.cobbler.push(scoreCobbler(learned));
    const { foldAgain: _, ...constants } = scoreRules(await judgeRuns(labels, { learns: false, seed }));
    scores.constants.push(constants);
  }
  print(
    scores,
    `${values.runs} runs of each of the seeds ${seeds.join(', ')}; mean of the seeds, and the worst of them`,
  );
}

function print(scores: Record<Way, Partial<Scores>[]>, title: string): void {
  const heads = ['', 'wanted', '100 minutes', 'constants', 'learned', 'worst seed', ''];
  const rows = ROWS.map((row) => {
    const of = (way: Way): number[] =>
      scores[way].map((each) => each[row.figure] ?? NaN).filter((value) => !Number.isNaN(value));
    const worst = (MORE_IS_BETTER.has(row.figure) ? Math.min : Math.max)(...of('learned'));
    const met = row.wanted === undefined ? '' : row.wanted.isMet(worst) ? 'met' : 'MISSED';
    return [
      row.what,
      row.wanted?.text ?? '',
      ...(['cobbler', 'constants', 'learned'] as const).map((way) => write(mean(of(way)), row.unit)),
      write(worst, row.unit),
      met,
    ];
  });
  const widths = heads.map((head, at) => Math.max(head.length, ...rows.map((row) => row[at]!.length)));
  const line = (cells: readonly string[]): string =>
    cells
      .map((cell, at) => (at > 1 && at < 6 ? cell.padStart(widths[at]!) : cell.padEnd(widths[at]!)))
      .join('  ')
      .trimEnd();
  process.stdout.write(`${[title, '', line(heads), ...rows.map(line)].join('\n')}\n`);
}

function mean(values: readonly number[]): number {
  return values.length === 0 ? NaN : values.reduce((sum, value) => sum + value, 0) / values.length;
}

function write(value: number, unit: Row['unit']): string {
  if (Number.isNaN(value)) return '–';
  if (!Number.isFinite(value)) return 'never';
  if (unit === '%') return `${(value * 100).toFixed(value === 1 || value === 0 ? 0 : 1)} %`;
  return `${value.toFixed(1)} ${unit}`.trimEnd();
}

void main();
