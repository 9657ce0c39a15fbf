import type { Command } from 'commander';
import type { Instant } from '../domain/event';
import type { RunReport } from '../domain/run-report';
import { readRuns, runToJson, targetLabel } from './answers';
import type { Client, ClientOptions } from './client';
import { formatDuration, formatTime } from './format';
import { needOf } from './need';
import { collectStatuses, parseSince, parseWhole } from './option-values';
import { explain, needStyle, percentWords, statusWords } from './run-words';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { renderTable, type Column } from './table';
import { columnsOf, print, printJson } from './terminal';
import { toWireSeconds, type WireStruct } from './wire';

interface RunsOptions extends ClientOptions {
  system?: string;
  profile?: string;
  status?: string[];
  since?: Instant;
  limit: number;
  json?: boolean;
}

/** `kickwatch runs`: the history of installs, newest first. */
export function addRunsCommand(program: Command, context: CliContext): void {
  const since = (text: string): Instant => parseSince(text, context.terminal.now());
  addServerOptions(
    program
      .command('runs')
      .summary('installs past, present and planned, newest first')
      .description('Lists installs past, present and planned, newest first.')
      .option('--system <name>', 'of this system only')
      .option('--profile <name>', 'of this profile only')
      .option('--status <words>', 'with these outcomes only, like failed,stalled', collectStatuses)
      .option('--since <time>', 'opened since then: 2h, 7d, 2026-11-22, "2026-11-22 14:30"', since)
      .option('--limit <number>', 'at most so many', parseWhole(1, 1_000), 100)
      .option('--json', 'for programs: an array of runs, keys as in the API, null = unknown'),
  ).action((options: RunsOptions) => withClient(context, options, (client) => showRuns(context, client, options)));
}

async function showRuns({ terminal }: CliContext, client: Client, options: RunsOptions): Promise<void> {
  const runs = readRuns(await client.ask('get_runs', [toCriteria(options)]));
  if (options.json) return printJson(terminal, runs.map(runToJson));
  if (runs.length === 0) return print(terminal, nothingFound(options));
  const { colors } = terminal;
  const rows = runs.map((run) => runRow(run, client.serverNow()));
  const table = renderTable(
    COLUMNS,
    runs.map((run, at) =>
      rows[at]!.map((text, column) =>
        column === STATUS_COLUMN ? { text, style: needStyle(needOf(run), colors) } : text,
      ),
    ),
    { width: columnsOf(terminal), titleStyle: colors.dim },
  );
  print(terminal, table.join('\n'));
  if (runs.length === options.limit) {
    print(
      terminal,
      colors.dim(`\nThe newest ${options.limit}; older ones with --limit, fewer with --since or --status.`),
    );
  }
}

function toCriteria({ system, profile, status, since, limit }: RunsOptions): WireStruct {
  return {
    ...(system !== undefined && { system }),
    ...(profile !== undefined && { profile }),
    ...(status !== undefined && { status }),
    ...(since !== undefined && { since: toWireSeconds(since) }),
    limit,
  };
}

function nothingFound({ system, profile, status, since }: RunsOptions): string {
  const isFiltered = [system, profile, status, since].some((each) => each !== undefined);
  return isFiltered ? 'No run matches.' : 'There has been no run yet. First ones:  kickwatch simulate --register';
}

const COLUMNS: readonly Column[] = [
  { title: 'RUN', align: 'right' },
  { title: 'SYSTEM', shrinkTo: 16 },
  { title: 'STATUS', shrinkTo: 10 },
  { title: 'KIND' },
  { title: 'PROFILE', shrinkTo: 8 },
  { title: 'STARTED' },
  { title: 'TOOK', align: 'right' },
  { title: 'PROGRESS', align: 'right' },
  { title: 'WHAT', shrinkTo: 12 },
];
const STATUS_COLUMN = 2;

function runRow(run: RunReport, now: Instant): string[] {
  const began = run.started ?? run.planned;
  return [
    run.runId,
    targetLabel(run),
    statusWords(run),
    run.kind,
    run.profile ?? 'unknown',
    run.started === null && run.planned !== null ? '' : formatTime(began, now),
    run.started === null ? '' : formatDuration((run.ended ?? now) - run.started),
    percentWords(run),
    run.status === 'planned' ? `planned ${formatTime(run.planned, now)}` : explain(run, now),
  ];
}
