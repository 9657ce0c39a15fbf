import { EXIT, CliError } from '../cli-error';
import { ServerFault } from '../client-errors';
import { rankClose } from '../look-up';
import { print } from '../terminal';
import type { WireValue } from '../wire';
import { faultText } from './cobbler-output';
import type { TaskCommand } from './direct-table';
import { followTask } from './follow-task';
import { CobblerEnd, usageError, withServer, type GrammarContext } from './grammar-context';
import { optionsHelp } from './item-help';
import { serverOptions } from './item-options';
import { OptionError, parseOptions, type Given, type OptionSpec } from './option-parser';

/** Every direct command has it. */
export const JSON_OPTION: OptionSpec = {
  key: 'json',
  names: ['json'],
  takesValue: false,
  about: 'For programs.',
  isExtra: true,
};

/** What a direct command understands, and how it is called in errors. */
export interface DirectSyntax {
  /** Like `sync` or `setting edit`. */
  command: string;
  about: string;
  options: readonly OptionSpec[];
}

/** Reads the options of a direct command; null when its help was asked for, and printed. */
export function readDirect(context: GrammarContext, syntax: DirectSyntax, args: readonly string[]): Given | null {
  const specs = [...syntax.options, JSON_OPTION, ...serverOptions()];
  const { terminal, manner } = context;
  try {
    const { given, rest, wantsHelp } = parseOptions(specs, args);
    if (wantsHelp) {
      print(terminal, directHelp(context, syntax, specs).join('\n'));
      return null;
    }
    if (manner === 'kickwatch' && rest.length > 0) throw new OptionError(`"${rest[0]!}" belongs to no option`);
    return given;
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    const unknown = /^no such option: --(.+)$/.exec(error.message)?.[1];
    const close =
      unknown === undefined
        ? []
        : rankClose(
            unknown,
            specs.flatMap(({ names }) => names),
          ).slice(0, 4);
    throw usageError(context, `${syntax.command} `, error, [
      ...(close.length > 0 ? [`Close to it: ${close.map((name) => `--${name}`).join(', ')}`] : []),
      `All options:  kickwatch ${syntax.command} --help`,
    ]);
  }
}

function directHelp({ terminal }: GrammarContext, syntax: DirectSyntax, specs: readonly OptionSpec[]): string[] {
  return [
    `Usage: kickwatch ${syntax.command} [options]`,
    '',
    `${syntax.about.charAt(0).toUpperCase()}${syntax.about.slice(1)}.`,
    ...optionsHelp(specs, terminal, { initial: true }),
  ];
}

/** Makes a call of a direct command; a refusal is the error a person, or a script around Cobbler, expects. */
export async function attempt(
  context: GrammarContext,
  url: string,
  call: () => Promise<WireValue>,
): Promise<WireValue> {
  try {
    return await call();
  } catch (error) {
    if (!(error instanceof ServerFault)) throw error;
    if (context.manner === 'cobbler') throw new CobblerEnd(faultText(error, false), EXIT.error);
    if (!error.isUnknownMethod) throw error;
    throw new CliError(error.message, { hints: [`The server at ${url} cannot do that.`], cause: error });
  }
}

/** Starts a background task and follows it to its end. */
export async function runTaskCommand(
  context: GrammarContext,
  command: TaskCommand,
  args: readonly string[],
): Promise<void> {
  const syntax = { command: command.name, about: command.about, options: command.options };
  const given = readDirect(context, syntax, args);
  if (given === null) return;
  const { method, options } = command.plan(given);
  await withServer(context, given, async (client) => {
    const answer = await attempt(context, client.url, () => client.ask(method, [options]));
    await followTask(context, client, answer, given['json'] === true);
  });
}
