import { Option, type Command } from 'commander';
import type { RunReport } from '../domain/run-report';
import { readLog, readTarget, runToJson, targetLabel, type LogEntry, type TargetAnswer } from './answers';
import { createBoardReader, type Board } from './board';
import type { Client, ClientOptions } from './client';
import { describeTarget } from './describe-target';
import { localTime } from './format';
import { askedName, findLog, withNameHint } from './look-up';
import { needOf, needsHelp } from './need';
import { parseInterval } from './option-values';
import { renderOverview } from './overview';
import { explain, needStyle, percentWords, statusWords } from './run-words';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { columnsOf, print, printJson, type Terminal } from './terminal';
import { plain } from './text-width';
import { readTimeline } from './timeline';
import { watch } from './watch';
import { toJson, type WireValue } from './wire';

interface StatusOptions extends ClientOptions {
  watch?: boolean;
  json?: boolean;
  interval: number;
}

/** `kickwatch status [SYSTEM]`: who needs help, or everything about one system or profile. */
export function addStatusCommand(program: Command, context: CliContext): void {
  addServerOptions(
    program
      .command('status')
      .summary('what is going on, those who need help first')
      .description('Shows what is going on, those who need help first; of one system, everything known.')
      .argument('[system]', 'a system; or a profile, for machines installed by its name')
      .option('-w, --watch', 'go on looking; q quits')
      .addOption(
        new Option('--interval <seconds>', 'time between two looks').argParser(parseInterval).default(1_000, '1'),
      )
      .option('--json', 'for programs: keys as in the API, null = unknown; with --watch one line per change'),
  ).action((system: string | undefined, options: StatusOptions) =>
    withClient(context, options, (client) =>
      system === undefined ? showBoard(context, client, options) : showTarget(context, client, system, options),
    ),
  );
}

async function showBoard(context: CliContext, client: Client, options: StatusOptions): Promise<void> {
  const { terminal } = context;
  const reader = createBoardReader(client);
  const render = (board: Board, width: number | null, rows: number | null): string[] =>
    renderOverview(board, { now: client.serverNow(), width, rows, bars: terminal.isLive, colors: terminal.colors });

  if (options.watch) {
    await watch(
      context,
      {
        read: () => reader.read(),
        render: (board, { columns, rows }) => render(board, columns, Number.isFinite(rows) ? rows : null),
        changes: (before, after) =>
          changedRuns(before?.runs ?? [], after.runs).map(changeLine(context, client, options)),
        serverNow: client.serverNow,
      },
      options.interval,
    );
    return;
  }
  const board = await reader.read();
  if (options.json) printJson(terminal, boardToJson(board, client));
  else print(terminal, [...render(board, columnsOf(terminal), rowsOf(terminal)), ...boardHint(board)].join('\n'));
}

/** Room for the table on a terminal, so that those who need help do not scroll away; null = all. */
function rowsOf({ isLive, stdout }: Terminal): number | null {
  return isLive ? Math.max(12, stdout.rows - 4) : null;
}

function boardHint(board: Board): string[] {
  const first = board.runs[0];
  if (!first) return [];
  const name = first.system ?? 'SYSTEM';
  return ['', `More about one:  kickwatch status ${/^[\w.:-]+$/.test(name) ? name : 'SYSTEM'}`];
}

function boardToJson(board: Board, client: Client): unknown {
  return {
    server: client.url,
    at: client.serverNow() / 1000,
    need_help: board.runs.filter(needsHelp).length,
    runs: board.runs.map((run) => ({ need: needOf(run), ...runToJson(run) })),
  };
}

/** Runs that are not as they were. */
export function changedRuns(before: readonly RunReport[], after: readonly RunReport[]): RunReport[] {
  const known = new Map(before.map((run) => [run.runId, signature(run)]));
  return after.filter((run) => known.get(run.runId) !== signature(run));
}

/** What makes a change worth a line; percent by whole numbers. */
function signature(run: RunReport): string {
  const { status, flags, phase, percent, reason, question, booted, integrity, errors } = run;
  const whole = percent === null ? null : Math.floor(percent);
  return JSON.stringify([status, flags, phase, whole, reason, question, booted, integrity, errors.length]);
}

function changeLine(context: CliContext, client: Client, { json }: StatusOptions): (run: RunReport) => string {
  const { colors } = context.terminal;
  return (run) => {
    const now = client.serverNow();
    if (json) return JSON.stringify({ at: now / 1000, need: needOf(run), ...runToJson(run) });
    const parts = [
      colors.dim(localTime(now)),
      plain(targetLabel(run)),
      needStyle(needOf(run), colors)(statusWords(run)),
      run.status === 'planned' ? '' : run.phase,
      percentWords(run),
      plain(explain(run, now)),
    ];
    return parts.filter((part) => part !== '').join('  ');
  };
}

interface TargetPicture {
  raw: WireValue;
  answer: TargetAnswer;
  log: LogEntry[];
}

async function showTarget(context: CliContext, client: Client, name: string, options: StatusOptions): Promise<void> {
  const { terminal } = context;
  let known: { runId: string; log: LogEntry[] } = { runId: '', log: [] };

  async function read(): Promise<TargetPicture> {
    const raw = await withNameHint(client, name, () => client.ask('get_status', [askedName(name)]));
    const answer = readTarget(name, raw);
    if (answer.type === 'profile' || answer.run === null || options.json) return { raw, answer, log: [] };
    const { runId } = answer.run;
    const log = runId === known.runId ? known.log : [];
    known = { runId, log: [...log, ...readLog(await findLog(client, runId, log.at(-1)?.seq ?? 0))] };
    return { raw, answer, log: known.log };
  }

  const render = ({ answer, log }: TargetPicture, width: number | null): string[] => {
    const ended = answer.type === 'system' ? (answer.run?.ended ?? null) : null;
    const now = client.serverNow();
    const isLive = options.watch === true;
    return describeTarget(answer, readTimeline(log, ended), { now, width, colors: terminal.colors, isLive });
  };

  if (options.watch) {
    await watch(
      context,
      {
        read,
        render: (picture, { columns }) => render(picture, columns),
        changes: (before, after) =>
          changedRuns(before === null ? [] : runsOf(before.answer), runsOf(after.answer)).map(
            changeLine(context, client, options),
          ),
        serverNow: client.serverNow,
      },
      options.interval,
    );
    return;
  }
  const picture = await read();
  if (options.json) printJson(terminal, toJson(picture.raw));
  else print(terminal, render(picture, columnsOf(terminal)).join('\n'));
}

function runsOf(answer: TargetAnswer): RunReport[] {
  if (answer.type === 'profile') return answer.runs.map(({ run }) => run);
  return answer.run === null ? [] : [answer.run];
}
