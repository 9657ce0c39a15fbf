import { Option, type Command } from 'commander';
import type { Instant } from '../domain/event';
import type { RunReport } from '../domain/run-report';
import { isOver } from '../domain/run';
import { readLog, readRuns, targetLabel } from './answers';
import type { Client, ClientOptions } from './client';
import { CliError } from './cli-error';
import { localDate, localTime } from './format';
import { renderEntry } from './log-words';
import { findLog, findSubject, type Subject } from './look-up';
import { parseInterval } from './option-values';
import { needStyle, statusWords } from './run-words';
import { needOf } from './need';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { columnsOf, print, printJson } from './terminal';
import { plain } from './text-width';
import { pause, unlessAborted } from './watch';
import { toJson, type WireValue } from './wire';

interface LogOptions extends ClientOptions {
  follow?: boolean;
  json?: boolean;
  interval: number;
}

/** `kickwatch log SYSTEM|RUN`: what a run said, event by event. */
export function addLogCommand(program: Command, context: CliContext): void {
  addServerOptions(
    program
      .command('log')
      .summary('what a system said during its latest install, or a run by its number')
      .description(
        'Shows what a system said during its latest install, event by event; or of any run by its number.\n' +
          'A system whose name is a number is written system:NUMBER.',
      )
      .argument('<system|run>', 'a system, or the number of a run')
      .option('-f, --follow', 'go on as more comes in: of a run until it ends, of a system until ctrl-c')
      .addOption(
        new Option('--interval <seconds>', 'with --follow: time between two looks')
          .argParser(parseInterval)
          .default(1_000, '1'),
      )
      .option('--json', 'for programs: one event per line, keys as in the API, null = unknown'),
  ).action((name: string, options: LogOptions) =>
    withClient(context, options, (client) => showLog(context, client, name, options)),
  );
}

async function showLog(context: CliContext, client: Client, name: string, options: LogOptions): Promise<void> {
  const subject = await findSubject(client, name, 'log');
  const printer = createPrinter(context, client, options);
  printer.open(subject.run);
  await printer.more();
  if (!options.follow) return;
  await follow(context, client, subject, printer, options);
}

interface Printer {
  /** Turns to a run and says so. */
  open(run: RunReport): void;
  /** Prints the events that are new; answers whether the run has ended. */
  more(): Promise<boolean>;
  readonly runId: string;
}

function createPrinter({ terminal }: CliContext, client: Client, { json }: LogOptions): Printer {
  const { colors } = terminal;
  let runId = '';
  let seq = 0;
  let ended = false;
  let date = localDate(terminal.now());

  function printDate(at: Instant): void {
    const next = localDate(at);
    if (next !== date) print(terminal, colors.dim(`── ${next} ──`));
    date = next;
  }

  return {
    get runId() {
      return runId;
    },
    open(run) {
      if (runId !== '' && !json) print(terminal, '');
      runId = run.runId;
      seq = 0;
      ended = isOver(run as never);
      if (json) return;
      const software = [run.profile && `profile ${run.profile}`, run.distro && `distro ${run.distro}`].filter(Boolean);
      const title = `${targetLabel(run)}, run ${run.runId}: ${run.kind}${software.length ? ` of ${software.join(', ')}` : ''}`;
      print(terminal, `${colors.bold(plain(title))}, ${needStyle(needOf(run), colors)(statusWords(run))}`);
    },
    async more() {
      const found: WireValue[] = await findLog(client, runId, seq);
      readLog(found).forEach((entry, index) => {
        seq = Math.max(seq, entry.seq);
        if (ENDS.has(entry.kind) && !entry.detail.evidence) ended = true;
        if (json) return printJson(terminal, toJson(found[index]!), 'line');
        printDate(entry.occurredAt);
        const lines = renderEntry(entry, { width: columnsOf(terminal), colors });
        print(terminal, lines.join('\n'));
      });
      return ended;
    },
  };
}

const ENDS = new Set(['install-finished', 'install-failed', 'install-terminated', 'run-cancelled']);

async function follow(
  context: CliContext,
  client: Client,
  subject: Subject,
  printer: Printer,
  { interval }: LogOptions,
): Promise<void> {
  const { signal } = context.untilInterrupted();
  const { stderr, now } = context.terminal;

  /** Prints what is new, of a newer run too; answers whether the latest run has ended. */
  async function look(): Promise<boolean> {
    const hasEnded = await printer.more();
    if (!hasEnded || subject.system === null) return hasEnded;
    const [latest] = readRuns(await client.ask('get_runs', [{ system: subject.system, limit: 1 }]));
    if (!latest || latest.runId === printer.runId) return true;
    printer.open(latest);
    return printer.more();
  }

  let trouble = false;
  for (;;) {
    await pause(interval, signal);
    if (signal.aborted) return;
    try {
      const hasEnded = await unlessAborted(look(), signal);
      if (signal.aborted || (hasEnded === true && subject.system === null)) return;
      if (trouble) stderr.write(`${localTime(now())}  connected again\n`);
      trouble = false;
    } catch (error) {
      if (!(error instanceof CliError)) throw error;
      if (!trouble) stderr.write(`${localTime(now())}  reconnecting: ${plain(error.message)}\n`);
      trouble = true;
    }
  }
}
