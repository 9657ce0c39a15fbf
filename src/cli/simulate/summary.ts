import { count, formatDuration, formatNumber } from '../format';
import { renderTable } from '../table';
import type { Colors } from '../terminal';
import { plain } from '../text-width';
import type { Comparison } from './compare';
import { PERSONALITIES } from './machine';
import type { Tally } from './runner';

/** What a simulation came to. */
export interface SimulationResult {
  /** Machines there were; those that had not said everything when it was stopped are not compared. */
  machines: number;
  seconds: number;
  tally: Tally;
  comparisons: Comparison[];
}

/** Differences and refusals shown one by one. */
const LISTED = 20;

/** The result for people: figures, played against seen, then everything that differs. */
export function describeResult(result: SimulationResult, colors: Colors): string[] {
  const { tally, comparisons, machines, seconds } = result;
  const different = comparisons.filter(({ differences }) => differences.length > 0);
  const lines = [figures(result), '', ...playedTable(comparisons, colors)];

  const unfinished = machines - comparisons.length;
  if (unfinished > 0) lines.push('', `${count(unfinished, 'machine')} had not said everything when it was stopped.`);
  if (tally.refusals.size > 0) lines.push('', ...refusalLines(tally, colors));
  lines.push('');
  if (different.length > 0) {
    lines.push(colors.bold(colors.red(`${count(different.length, 'machine')} not as played:`)));
    for (const { machine, differences } of different.slice(0, LISTED)) {
      lines.push(`  ${machine.name} (${machine.script.personality}): ${plain(differences.join('; '))}`);
    }
    if (different.length > LISTED) lines.push(`  … and ${different.length - LISTED} more`);
  } else if (comparisons.length > 0) {
    lines.push(colors.green(`The server says of all ${comparisons.length} what was played.`));
  }
  if (comparisons.length === 0) lines.push(`Nothing to compare after ${formatDuration(seconds * 1000)}.`);
  lines.push('', 'All of it:  kickwatch status     Away with it:  kickwatch simulate --clean');
  return lines;
}

function figures({ tally, seconds, machines }: SimulationResult): string {
  const said = tally.accepted + tally.refused;
  const parts = [
    `${count(machines, 'machine')} played for ${formatDuration(seconds * 1000)}`,
    `${count(said, 'report')} (${formatNumber(said / Math.max(0.001, seconds))}/s)`,
    `${formatNumber(tally.refused)} refused`,
  ];
  if (tally.repeated > 0) parts.push(`${formatNumber(tally.repeated)} said again because the server was away`);
  const { p50, p99 } = latencies(tally);
  if (p50 !== null && p99 !== null) parts.push(`answers in ${Math.ceil(p50)} ms (99 % in ${Math.ceil(p99)} ms)`);
  return `${parts.join(', ')}.`;
}

function playedTable(comparisons: readonly Comparison[], colors: Colors): string[] {
  const rows = PERSONALITIES.flatMap((personality) => {
    const own = comparisons.filter(({ machine }) => machine.script.personality === personality);
    const first = own[0];
    if (!first) return [];
    const { statuses, runs } = first.machine.script.expected;
    // Several possible statuses: nobody says the end, the server sooner or later concludes it.
    const expected = `${statuses.length > 1 ? 'no end' : statuses[0]}${runs > 1 ? `, ${runs} starts` : ''}`;
    const wrong = own.filter(({ differences }) => differences.length > 0).length;
    const verdict =
      wrong === 0 ? { text: 'as played', style: colors.green } : { text: `${wrong} differ`, style: colors.red };
    return [[personality, String(own.length), expected, countStatuses(own), verdict]];
  });
  if (rows.length === 0) return [];
  return renderTable(
    [
      { title: 'MACHINES' },
      { title: 'NUMBER', align: 'right' },
      { title: 'PLAYED' },
      { title: 'THE SERVER SAYS' },
      { title: 'VERDICT' },
    ],
    rows,
    { width: null, titleStyle: colors.dim },
  );
}

function countStatuses(comparisons: readonly Comparison[]): string {
  const counts = new Map<string, number>();
  for (const { status } of comparisons) counts.set(status ?? 'nothing', (counts.get(status ?? 'nothing') ?? 0) + 1);
  return [...counts].map(([status, number]) => `${number} ${status}`).join(', ');
}

function refusalLines({ refusals }: Tally, colors: Colors): string[] {
  const sorted = [...refusals].sort(([, left], [, right]) => right - left);
  const lines = sorted.slice(0, LISTED).map(([reason, number]) => `  ${formatNumber(number)} ×  ${plain(reason)}`);
  const reasons = [...refusals.keys()].join('\n');
  const hints: string[] = [];
  if (/addresses on record/.test(reasons))
    hints.push('Reports from here are believed when TRUSTED_NETWORKS names this machine.');
  if (/needs a token|"False"/.test(reasons)) {
    hints.push('Where INTAKE_POLICY is token, play with --register --no-triggers: then every report carries one.');
  }
  return [colors.bold('Refused by the server'), ...lines, ...hints.map((hint) => `  ${hint}`)];
}

/** Median and 99th percentile of the answer times; null when nothing was accepted. */
function latencies({ latenciesMs }: Tally): { p50: number | null; p99: number | null } {
  const sorted = Float64Array.from(latenciesMs).sort();
  const at = (q: number): number | null => sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? null;
  return { p50: at(0.5), p99: at(0.99) };
}

/** The result for programs. */
export function resultToJson({ machines, seconds, tally, comparisons }: SimulationResult): unknown {
  const different = comparisons.filter(({ differences }) => differences.length > 0);
  const { p50, p99 } = latencies(tally);
  return {
    machines,
    seconds,
    accepted: tally.accepted,
    refused: tally.refused,
    repeated: tally.repeated,
    per_second: seconds > 0 ? (tally.accepted + tally.refused) / seconds : null,
    latency_ms: { p50, p99 },
    refusals: Object.fromEntries(tally.refusals),
    compared: comparisons.length,
    matches: comparisons.length - different.length,
    mismatches: different.map(({ machine, status, differences }) => ({
      system: machine.name,
      personality: machine.script.personality,
      status,
      differences,
    })),
  };
}
