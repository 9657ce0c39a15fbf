import { CliError, EXIT } from '../cli-error';
import type { Client } from '../client';
import { print, printJson } from '../terminal';
import { plain } from '../text-width';
import { isWireStruct, toJson, type WireStruct, type WireValue } from '../wire';
import { listText, reportText, statusText, typesListed } from './cobbler-output';
import { CobblerEnd, makeCall, withServer, type GrammarContext } from './grammar-context';
import { describeItem } from './item-output';
import { listedTypes } from './item-options';
import { attempt, readDirect } from './task-command';

/** A command about the server as a whole that answers at once. */
export interface DirectCommand {
  name: string;
  about: string;
  show(context: GrammarContext, client: Client, json: boolean): Promise<void>;
  /** Reached only when the program is called as `cobbler`: as `kickwatch` there is one of ours. */
  isOnlyCobblers?: boolean;
}

export const DIRECT_COMMANDS: readonly DirectCommand[] = [
  { name: 'list', about: 'the names of all items, by type', show: showList },
  { name: 'report', about: 'everything known of all items, by type', show: showReport },
  { name: 'check', about: 'what on the server should be put right', show: showCheck },
  { name: 'version', about: 'the version of the server', show: showVersion },
  { name: 'status', about: 'how installs stand', show: showStatus, isOnlyCobblers: true },
];

/** Runs one of them. */
export async function runDirectCommand(
  context: GrammarContext,
  command: DirectCommand,
  args: readonly string[],
): Promise<void> {
  // Cobbler's `version` takes anything, even --help.
  const isDeaf = context.manner === 'cobbler' && command.name === 'version';
  const given = readDirect(context, { command: command.name, about: command.about, options: [] }, isDeaf ? [] : args);
  if (given === null) return;
  await withServer(context, given, (client) => command.show(context, client, given['json'] === true));
}

async function showList(context: GrammarContext, client: Client, json: boolean): Promise<void> {
  const isCobbler = context.manner === 'cobbler';
  const lists: Record<string, string[]> = {};
  for (const type of isCobbler ? typesListed() : listedTypes()) {
    const answer = await attempt(context, client.url, () => client.call('get_item_names', [type.name]));
    lists[type.plural] = Array.isArray(answer) ? answer.map(String).sort() : [];
  }
  if (json) return printJson(context.terminal, lists);
  const { colors } = context.terminal;
  const blocks = Object.entries(lists)
    .filter(([, names]) => isCobbler || names.length > 0)
    .map(([plural, names]) =>
      [`${isCobbler ? plural : colors.bold(plural)}:`, ...listText(names.map(plain))].join('\n'),
    );
  print(context.terminal, blocks.length > 0 ? blocks.join('\n\n') : 'There are no items yet.');
}

async function showReport(context: GrammarContext, client: Client, json: boolean): Promise<void> {
  const { terminal, manner } = context;
  const all: Record<string, unknown> = {};
  let gap = '';
  for (const type of manner === 'cobbler' ? typesListed() : listedTypes()) {
    const call = { method: `get_${type.plural}`, params: [null, null], session: 'helps' as const };
    const answer = await attempt(context, client.url, () => makeCall(client, call));
    const items = Array.isArray(answer) ? answer.filter(isWireStruct) : [];
    // Cobbler keeps the server's order.
    if (manner === 'kickwatch') items.sort((left, right) => (String(left['name']) < String(right['name']) ? -1 : 1));
    if (json) all[type.plural] = items.map(toJson);
    else if (manner === 'cobbler') {
      print(terminal, [`${gap}${type.plural}:`, '==========', ...reportText(type, items)].join('\n'));
      gap = '\n';
    } else {
      for (const item of items) print(terminal, `${describeItem(type, item, false, terminal.colors).join('\n')}\n`);
    }
  }
  if (json) printJson(terminal, all);
}

async function showCheck(context: GrammarContext, client: Client, json: boolean): Promise<void> {
  const { terminal, manner } = context;
  const answer = await attempt(context, client.url, () => client.ask('check', []));
  const findings = Array.isArray(answer) ? answer.map(String) : [];
  if (json) return printJson(terminal, findings);
  if (findings.length === 0) {
    return print(terminal, manner === 'cobbler' ? 'No configuration problems found.  All systems go.' : 'All is well.');
  }
  const numbered = findings.map((finding, index) => `${index + 1}: ${plain(finding)}`);
  if (manner === 'kickwatch') return print(terminal, numbered.join('\n'));
  print(
    terminal,
    [
      'The following are potential configuration items that you may want to fix:',
      '',
      ...numbered,
      '',
      "Restart cobblerd and then run 'cobbler sync' to apply changes.",
    ].join('\n'),
  );
}

async function showVersion(context: GrammarContext, client: Client, json: boolean): Promise<void> {
  const answer = await attempt(context, client.url, () => client.call('extended_version', []));
  if (!isWireStruct(answer))
    throw new CliError('The server answered extended_version with something else than a struct.');
  if (json) return printJson(context.terminal, toJson(answer));
  print(context.terminal, versionText(answer));
}

function versionText(version: WireStruct): string {
  const text = (key: string): string => plain(String(version[key] ?? '?'));
  return [
    `Cobbler ${text('version')}`,
    `  source: ${text('gitstamp')}, ${text('gitdate')}`,
    `  build time: ${text('builddate')}`,
  ].join('\n');
}

async function showStatus(context: GrammarContext, client: Client, json: boolean): Promise<void> {
  if (json) {
    const answer = await attempt(context, client.url, () => client.ask('get_status', ['normal']));
    return printJson(context.terminal, toJson(answer));
  }
  print(context.terminal, statusText(await attempt(context, client.url, () => client.ask('get_status', ['text']))));
}

/** The end of a command whose answer is a no. */
export function negative(context: GrammarContext, message: string, hints: readonly string[] = []): Error {
  return context.manner === 'cobbler' ? new CobblerEnd(message, EXIT.error) : new CliError(message, { hints });
}

/** The struct an answer is. @throws CliError when it is none. */
export function asStruct(value: WireValue, method: string): WireStruct {
  if (isWireStruct(value)) return value;
  throw new CliError(`The server answered ${method} with something else than a struct.`);
}
