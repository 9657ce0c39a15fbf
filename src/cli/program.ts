import { Command, CommanderError } from 'commander';
import type { Environment } from '../config';
import { addCheckConfigCommand } from './check-config';
import { CliError, EXIT } from './cli-error';
import { addCompletionCommand } from './completion';
import { CLI_VARIABLES, readCliEnvironment } from './environment';
import { addExplainCommand } from './explain';
import type { GrammarContext, Manner } from './grammar/grammar-context';
import { grammarHelp } from './grammar/grammar-help';
import { findGrammarCommand, grammarWords, runAsCobbler } from './grammar/run-grammar';
import { addImportCobblerCommand } from './import-cobbler';
import { addLintCommand } from './lint';
import { addLogCommand } from './log';
import { rankClose } from './look-up';
import { addMigrateCommand } from './migrate';
import { addNotifyCommand } from './notify';
import { addRebuildRunsCommand } from './rebuild-runs';
import { addReplayCommand } from './replay';
import { addRunsCommand } from './runs';
import { addSendersCommand } from './senders';
import type { CliContext } from './server-options';
import { addSimulateCommand } from './simulate';
import { addStatusCommand } from './status';
import { addUserCommand } from './user';
import { createTerminal, type Terminal } from './terminal';
import { plain } from './text-width';

/** What a process hands to the command line. */
export interface CliProcess extends Pick<Terminal, 'stdin' | 'stdout' | 'stderr'> {
  env: Environment;
  version: string;
  /** How the program was called; by the name of `cobbler` it behaves as Cobbler's command line. */
  manner?: Manner;
  untilInterrupted(): AbortController;
}

/** The commands, in the order of the help. */
const COMMANDS = [
  addStatusCommand,
  addRunsCommand,
  addLogCommand,
  addExplainCommand,
  addSendersCommand,
  addNotifyCommand,
  addLintCommand,
  addImportCobblerCommand,
  addUserCommand,
  addCheckConfigCommand,
  addMigrateCommand,
  addRebuildRunsCommand,
  addSimulateCommand,
  addReplayCommand,
  addCompletionCommand,
];

/**
 * Runs one command line.
 *
 * @param args - without the names of the interpreter and the program.
 * @returns the exit code: 0 done, 1 an error or a negative finding, 2 the command line itself is wrong.
 */
export async function runCli(args: readonly string[], given: CliProcess): Promise<number> {
  const environment = readCliEnvironment(given.env);
  const terminal = createTerminal(given, environment.color);
  const context: GrammarContext = {
    manner: given.manner ?? 'kickwatch',
    terminal,
    environment,
    env: given.env,
    exitCode: EXIT.ok,
    untilInterrupted: given.untilInterrupted,
  };
  try {
    const program = createProgram(context, given.version);
    if (context.manner === 'cobbler') {
      const isOurs = (word: string): boolean => program.commands.some((command) => command.name() === word);
      const code = await runAsCobbler(context, args, isOurs);
      if (code !== null) return code;
    }
    const [word = '', ...rest] = args;
    const command = findGrammarCommand(word, 'kickwatch');
    if (command) await command(context, rest);
    else if (!/^$|^-|^help$/.test(word) && !program.commands.some((each) => each.name() === word)) {
      throw unknownCommand(word, [...program.commands.map((each) => each.name()), ...grammarWords()]);
    } else await program.parseAsync(args, { from: 'user' });
    return context.exitCode;
  } catch (error) {
    return report(error, terminal);
  }
}

function unknownCommand(word: string, known: readonly string[]): CliError {
  const close = rankClose(word, known).slice(0, 3);
  return new CliError(`unknown command "${word}".`, {
    hints: [...(close.length > 0 ? [`Close to it: ${close.join(', ')}`] : []), 'All commands:  kickwatch --help'],
    exitCode: EXIT.usage,
  });
}

function createProgram(context: CliContext, version: string): Command {
  const { stdout, stderr } = context.terminal;
  const program = new Command('kickwatch')
    .description('Watches the installs a Kickwatch server serves, and keeps its inventory.')
    .version(version)
    .exitOverride()
    .showHelpAfterError('(--help shows how it is meant)')
    .configureOutput({ writeOut: (text) => stdout.write(text), writeErr: (text) => stderr.write(text) })
    .addHelpText(
      'after',
      `\n${grammarHelp()}\n\n${variablesHelp()}\nExit codes: 0 done, 1 error or a negative finding, 2 wrong usage.`,
    );
  for (const add of COMMANDS) add(program, context);
  return program;
}

function variablesHelp(): string {
  const lines = CLI_VARIABLES.map(({ name, about }) => `  ${name.padEnd(20)}${about}`);
  return ['Environment:', ...lines, ''].join('\n');
}

/** Says what went wrong and what to do next; answers the exit code. */
function report(error: unknown, { stderr, errorColors }: Terminal): number {
  if (error instanceof CommanderError) return error.exitCode === 0 ? EXIT.ok : EXIT.usage;
  if (error instanceof CliError) {
    stderr.write(`${errorColors.red('Error:')} ${plain(error.message)}\n`);
    for (const hint of error.hints) stderr.write(`  ${plain(hint)}\n`);
    return error.exitCode;
  }
  const mistake = error instanceof Error ? error : new Error(String(error));
  stderr.write(`${errorColors.red('Error:')} ${plain(mistake.message)}\n`);
  stderr.write(`${errorColors.dim(mistake.stack ?? '')}\n`);
  return EXIT.error;
}
