import type { Instant } from '../domain/event';
import type { RunReport } from '../domain/run-report';
import { targetLabel } from './answers';
import type { Board } from './board';
import { formatAge, formatNumber, progressBar } from './format';
import { needOf, needsHelp, summarise } from './need';
import { explain, needStyle, percentWords, timeLeftWords } from './run-words';
import { renderTable, type Cell, type Column } from './table';
import type { Colors } from './terminal';

/** Columns of a progress bar. */
const BAR = 12;

const COLUMNS: readonly Column[] = [
  { title: 'SYSTEM', shrinkTo: 16 },
  { title: 'STATUS' },
  { title: 'PHASE' },
  { title: '', dropBelow: 112 },
  { title: 'PROGRESS', align: 'right' },
  { title: 'TIME LEFT', dropBelow: 95 },
  { title: 'LAST NEWS', align: 'right', dropBelow: 85 },
  { title: 'WHAT', shrinkTo: 12 },
];

/** How the overview is drawn. */
export interface OverviewOptions {
  now: Instant;
  /** Columns there are; null = do not cut. */
  width: number | null;
  /** Rows there are for the table; null = all. */
  rows: number | null;
  bars: boolean;
  colors: Colors;
}

/** The overview: a summary, then one line per target, those who need help first. */
export function renderOverview(board: Board, options: OverviewOptions): string[] {
  const { colors, now } = options;
  if (board.runs.length === 0) {
    return [
      'Nothing is being installed, planned or in trouble.',
      '',
      'To see first runs, let simulated machines report:  kickwatch simulate --register',
    ];
  }
  const help = board.runs.filter(needsHelp).length;
  const summary = summarise(board.runs);
  const room = options.rows === null ? board.runs.length : Math.max(1, options.rows - 3);
  const shown = board.runs.length > room ? board.runs.slice(0, room - 1) : board.runs;
  const lines = [
    help > 0 ? colors.bold(colors.red(summary)) : colors.bold(summary),
    '',
    ...renderTable(
      COLUMNS,
      shown.map((run) => overviewRow(run, now, options)),
      { width: options.width, titleStyle: colors.dim },
    ),
  ];
  const hidden = board.runs.length - shown.length;
  if (hidden > 0) lines.push(colors.dim(`… and ${hidden} more, which need less help.`));
  const cuts = board.cuts.map(({ status, limit }) => `${formatNumber(limit)} ${status}`);
  if (cuts.length > 0)
    lines.push(colors.dim(`Only the newest are looked at: ${cuts.join(', ')}. All:  kickwatch runs`));
  return lines;
}

function overviewRow(run: RunReport, now: Instant, { bars, colors }: OverviewOptions): Cell[] {
  const need = needOf(run);
  const style = needStyle(need, colors);
  const isRunning = run.status === 'installing' || run.status === 'stalled';
  return [
    targetLabel(run),
    { text: need, style },
    run.status === 'planned' || run.status === 'finished' ? '' : run.phase,
    bars && isRunning ? { text: progressBar(run.percent, BAR), style } : '',
    percentWords(run),
    timeLeftWords(run, now),
    formatAge(run.ended ?? run.lastHeard ?? run.planned, now),
    explain(run, now),
  ];
}
