import { findItemType, ITEM_TYPES } from '../../domain/inventory';
import { EXIT } from '../cli-error';
import { ServerAway } from '../client-errors';
import { plain } from '../text-width';
import { usageText } from './cobbler-output';
import { DIRECT_COMMANDS, runDirectCommand } from './direct-command';
import { COBBLER_COMMANDS, TASK_COMMANDS } from './direct-table';
import { CobblerEnd, type GrammarContext, type Manner } from './grammar-context';
import { runItemCommand } from './item-command';
import { NOUN_COMMANDS, runNounCommand } from './setting-command';
import { runTaskCommand } from './task-command';

/** What Cobbler's command line exits with when no server answers: 411, of which eight bits arrive. */
const COBBLER_AWAY = 155;

/** The command a first word stands for; undefined when it is none of Cobbler's grammar. */
export function findGrammarCommand(
  word: string,
  manner: Manner,
): ((context: GrammarContext, args: readonly string[]) => Promise<void>) | undefined {
  const type = findItemType(word);
  if (type) return (context, args) => runItemCommand(context, type, args);
  const task = TASK_COMMANDS.find(({ name }) => name === word);
  if (task) return (context, args) => runTaskCommand(context, task, args);
  const noun = NOUN_COMMANDS.find(({ name }) => name === word);
  if (noun) return (context, args) => runNounCommand(context, noun, args);
  const direct = DIRECT_COMMANDS.find(
    ({ name, isOnlyCobblers }) => name === word && (manner === 'cobbler' || !isOnlyCobblers),
  );
  return direct && ((context, args) => runDirectCommand(context, direct, args));
}

/** First words of the grammar, for suggestions and completions. */
export function grammarWords(): string[] {
  return [...ITEM_TYPES, ...NOUN_COMMANDS, ...DIRECT_COMMANDS, ...TASK_COMMANDS].map(({ name }) => name);
}

/**
 * Runs a command line called as `cobbler`: output, streams and exit codes are Cobbler's.
 *
 * @returns the exit code; null when the command is one of ours.
 */
export async function runAsCobbler(
  context: GrammarContext,
  args: readonly string[],
  isOurs: (word: string) => boolean,
): Promise<number | null> {
  const { stdout, stderr } = context.terminal;
  const [word, ...rest] = args;
  try {
    if (word === undefined || word === '--help' || word === '-h') {
      throw new CobblerEnd(usageText(COBBLER_COMMANDS), EXIT.usage);
    }
    const run = findGrammarCommand(word, 'cobbler');
    if (!run) {
      if (isOurs(word)) return null;
      throw new CobblerEnd(`No such command: ${word}`, EXIT.error);
    }
    await run(context, rest);
    return context.exitCode;
  } catch (error) {
    if (error instanceof CobblerEnd) {
      (error.stream === 'stdout' ? stdout : stderr).write(`${error.message}\n`);
      return error.code;
    }
    if (error instanceof ServerAway) {
      stderr.write(`cobblerd does not appear to be running/accessible: ${plain(error.message)}\n`);
      return COBBLER_AWAY;
    }
    throw error;
  }
}
