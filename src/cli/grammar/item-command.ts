import type { ItemType } from '../../domain/inventory';
import { CliError, EXIT } from '../cli-error';
import type { Client } from '../client';
import { ServerFault } from '../client-errors';
import { rankClose } from '../look-up';
import { print, printJson } from '../terminal';
import { plain } from '../text-width';
import { isWireStruct, toJson, type WireStruct, type WireValue } from '../wire';
import { faultText, itemTypeUsage, listText, reportText, variablesText } from './cobbler-output';
import { CobblerEnd, makeCall, usageError, withServer, type GrammarContext } from './grammar-context';
import { followTask } from './follow-task';
import { itemActionHelp, itemTypeHelp } from './item-help';
import { describeItem, formatItems, itemTable, valueWords } from './item-output';
import { actionsOf, findAction, optionsOf, REPORT_FORMATS, type ItemAction } from './item-options';
import { MissingOption, planItemCall } from './item-plan';
import { OptionError, parseOptions, type Given } from './option-parser';

/** What an action did, for a person. */
const DONE: Readonly<Partial<Record<ItemAction, string>>> = {
  add: 'added',
  edit: 'changed',
  copy: 'copied to',
  rename: 'renamed to',
  remove: 'removed',
};

/** `TYPE ACTION --options`, the type taken off. */
export async function runItemCommand(
  context: GrammarContext,
  type: ItemType,
  [word, ...args]: readonly string[],
): Promise<void> {
  const action = word === undefined ? undefined : findAction(type, word);
  if (action === undefined) return withoutAction(context, type, word);
  const specs = optionsOf(type, action);
  const command = `${type.name} ${action}`;
  let given: Given;
  try {
    const parsed = parseOptions(specs, args);
    if (parsed.wantsHelp) return print(context.terminal, itemActionHelp(type, action, context.terminal).join('\n'));
    given = context.manner === 'cobbler' ? parsed.given : withArguments(action, parsed.given, parsed.rest);
    checkFormat(given);
  } catch (error) {
    if (!(error instanceof OptionError)) throw error;
    throw usageError(context, '', error, usageHints(command, specs, error, args));
  }
  await withServer(context, given, (client) => perform(context, client, { type, action, given }));
}

function withoutAction(context: GrammarContext, type: ItemType, word: string | undefined): void {
  const isHelp = word === '--help' || word === '-h';
  if (context.manner === 'cobbler') throw new CobblerEnd(itemTypeUsage(type), EXIT.usage);
  if (isHelp) return print(context.terminal, itemTypeHelp(type, context.terminal).join('\n'));
  const known = `There are: ${actionsOf(type).join(', ')}`;
  const [close] = word === undefined ? [] : rankClose(word, actionsOf(type));
  throw new CliError(
    word === undefined ? `What about the ${type.plural}?` : `"${word}" is nothing a ${type.name} knows.`,
    {
      hints: [
        ...(close === undefined ? [] : [`Did you mean:  kickwatch ${type.name} ${close}`]),
        known,
        `More:  kickwatch ${type.name} --help`,
      ],
      exitCode: EXIT.usage,
    },
  );
}

/** A name may be given without its option: `report web1`, `copy web1 web2`. */
function withArguments(action: ItemAction, given: Given, rest: readonly string[]): Given {
  const takes = [
    ...(action === 'list' || action === 'autoadd' ? [] : ['name']),
    ...(action === 'copy' || action === 'rename' ? ['newname'] : []),
  ].filter((key) => given[key] === undefined);
  if (rest.length > takes.length) {
    throw new OptionError(`"${rest[takes.length]!}" belongs to no option`);
  }
  return { ...given, ...Object.fromEntries(rest.map((value, index) => [takes[index]!, value])) };
}

function checkFormat(given: Given): void {
  const { format } = given;
  if (format === undefined || (REPORT_FORMATS as readonly unknown[]).includes(format)) return;
  throw new OptionError(`there is no format "${String(format)}": take ${REPORT_FORMATS.join(', ')}`);
}

function usageHints(
  command: string,
  specs: ReturnType<typeof optionsOf>,
  error: OptionError,
  args: readonly string[],
): string[] {
  const unknown = /^no such option: --(.+)$/.exec(error.message)?.[1]?.replaceAll('_', '-');
  const names = specs.filter(({ about }) => about !== '').flatMap((spec) => [...spec.names, ...(spec.aliases ?? [])]);
  const close = unknown === undefined ? [] : rankClose(unknown, names).slice(0, 4);
  const spaced = args.find((arg) => !/^--[\w-]+ ?$/.test(arg) && /^--[\w-]+ =/.test(arg));
  return [
    ...(close.length > 0 ? [`Close to it: ${close.map((name) => `--${name}`).join(', ')}`] : []),
    ...(spaced === undefined ? [] : [`There is a space before the = in "${spaced}".`]),
    `All options:  kickwatch ${command} --help`,
  ];
}

/** One action of one type. */
interface ItemCommand {
  type: ItemType;
  action: ItemAction;
  given: Given;
}

async function perform(context: GrammarContext, client: Client, command: ItemCommand): Promise<void> {
  let answer: WireValue;
  const { type, action, given } = command;
  const isChange = DONE[action] !== undefined || action === 'autoadd';
  try {
    answer = await makeCall(client, planItemCall(type, action, given));
  } catch (error) {
    if (error instanceof MissingOption) throw missing(context, command, error);
    if (!(error instanceof ServerFault)) throw error;
    if (context.manner === 'cobbler') throw new CobblerEnd(faultText(error, isChange), EXIT.error);
    throw await withHints(client, command, error);
  }
  if (context.manner === 'cobbler' && given['json'] === undefined && given['format'] === undefined) {
    return showAsCobbler(context, client, command, answer);
  }
  return show(context, client, command, answer);
}

function missing({ manner }: GrammarContext, { type, action }: ItemCommand, error: MissingOption): Error {
  if (manner === 'cobbler') return new CobblerEnd(error.message, EXIT.error);
  return new CliError(`${error.message}: say which ${type.name}.`, {
    hints: [`Like this:  kickwatch ${type.name} ${action} --name=NAME`, `All of them:  kickwatch ${type.name} list`],
    exitCode: EXIT.usage,
  });
}

/** What to do next after a refusal: names that are close, what else to call, what the server cannot do. */
async function withHints(client: Client, { type, action, given }: ItemCommand, error: ServerFault): Promise<CliError> {
  const hints: string[] = [];
  const unknown = /unknown (\w+) name (\S+)$|(?:(\w+) not found: (\S+))$/.exec(error.message);
  const name = typeof given['name'] === 'string' ? given['name'] : '';
  if (unknown) {
    const names = await client.call('get_item_names', [type.name]).catch(() => []);
    const known = Array.isArray(names) ? names.map(String) : [];
    const close = rankClose(name, known).slice(0, 5);
    hints.push(close.length > 0 ? `Close to it: ${close.join(', ')}` : `All of them:  kickwatch ${type.name} list`);
  } else if (/unwise to overwrite/.test(error.message)) {
    hints.push(`Change it:  kickwatch ${type.name} edit --name=${name} …`);
    if (action === 'add') hints.push('Or replace it as a whole: the same again with --clobber');
  } else if (/recursive|orphan/.test(error.message)) {
    hints.push(`With all that builds on it:  kickwatch ${type.name} remove --name=${name} --recursive`);
  } else if (error.isUnknownMethod) hints.push(`The server at ${client.url} cannot do that.`);
  return new CliError(error.message, { hints, cause: error });
}

async function showAsCobbler(
  context: GrammarContext,
  client: Client,
  { type, action, given }: ItemCommand,
  answer: WireValue,
): Promise<void> {
  const { terminal } = context;
  const write = (lines: readonly string[]): void => {
    if (lines.length > 0) print(terminal, lines.join('\n'));
  };
  switch (action) {
    case 'list':
      return write(listText(sortedNames(answer)));
    case 'find':
      return write(sortedNames(answer));
    case 'report':
      if (answer === '~') return print(terminal, `No ${type.name} found: ${String(given['name'])}`);
      return write(reportText(type, itemsOf(answer)));
    case 'dumpvars':
      return write(isWireStruct(answer) ? variablesText(answer) : []);
    case 'get-autoinstall':
      return print(terminal, String(answer));
    case 'poweron':
    case 'poweroff':
    case 'powerstatus':
    case 'reboot':
      return followTask(context, client, answer, false);
    default: // changes are silent
  }
}

async function show(
  context: GrammarContext,
  client: Client,
  { type, action, given }: ItemCommand,
  answer: WireValue,
): Promise<void> {
  const { terminal } = context;
  const json = given['json'] === true;
  switch (action) {
    case 'list':
    case 'find': {
      if (json) return printJson(terminal, sortedItems(answer).map(toJson));
      const lines = given['long'] ? itemTable(type, sortedItems(answer), terminal) : sortedNames(answer).map(plain);
      return printOr(context, lines, sortedCount(answer), `No ${type.plural}.`);
    }
    case 'report':
      return showReport(context, client, { type, action, given }, answer);
    case 'dumpvars': {
      const values = isWireStruct(answer) ? answer : {};
      if (json) return printJson(terminal, toJson(values));
      return print(
        terminal,
        Object.keys(values)
          .sort()
          .map((key) => `${terminal.colors.dim(`${key}:`)} ${plain(valueWords(values[key]!))}`.trimEnd())
          .join('\n'),
      );
    }
    case 'get-autoinstall':
      if (json) return printJson(terminal, { name: given['name'], autoinstall: answer });
      return print(terminal, String(answer));
    case 'poweron':
    case 'poweroff':
    case 'powerstatus':
    case 'reboot':
      return followTask(context, client, answer, json);
    default:
      return done(context, { type, action, given }, json);
  }
}

function done({ terminal }: GrammarContext, { type, action, given }: ItemCommand, json: boolean): void {
  const { name, newname } = given;
  if (json) return printJson(terminal, { type: type.name, action, name: newname ?? name ?? null });
  if (action === 'autoadd') return print(terminal, 'Repositories added.');
  print(terminal, [type.name, name, DONE[action], ...(newname === undefined ? [] : [newname])].join(' '));
}

async function showReport(
  { terminal }: GrammarContext,
  client: Client,
  { type, given }: ItemCommand,
  answer: WireValue,
): Promise<void> {
  if (answer === '~') {
    const error = new ServerFault(
      `<class 'cobbler.cexceptions.CX'>:'${type.name} not found: ${String(given['name'])}'`,
    );
    throw await withHints(client, { type, action: 'report', given }, error);
  }
  const items = sortedItems(answer);
  const format = given['json'] ? 'json' : (given['format'] ?? 'text');
  if (format === 'json' && given['name'] !== undefined) return printJson(terminal, toJson(items[0] ?? null));
  if (format === 'json' || format === 'yaml' || format === 'csv') {
    return print(terminal, formatItems(type, items, format));
  }
  const described = items.map((item) => describeItem(type, item, given['all'] === true, terminal.colors).join('\n'));
  print(terminal, items.length === 0 ? `No ${type.plural}.` : described.join('\n\n'));
}

/** The lines, or for a person that there are none: a pipe gets nothing. */
function printOr({ terminal }: GrammarContext, lines: readonly string[], count: number, none: string): void {
  if (count > 0) print(terminal, lines.join('\n'));
  else if (terminal.isLive) print(terminal, terminal.colors.dim(none));
}

function sortedCount(answer: WireValue): number {
  return Array.isArray(answer) ? answer.length : 0;
}

function sortedNames(answer: WireValue): string[] {
  return Array.isArray(answer) ? answer.map(String).sort() : [];
}

/** The items of an answer, one or many, in the server's order, which Cobbler keeps. */
function itemsOf(answer: WireValue): WireStruct[] {
  return Array.isArray(answer) ? answer.filter(isWireStruct) : isWireStruct(answer) ? [answer] : [];
}

/** The items of an answer, by name. */
function sortedItems(answer: WireValue): WireStruct[] {
  return itemsOf(answer).sort((left, right) => (String(left['name']) < String(right['name']) ? -1 : 1));
}
