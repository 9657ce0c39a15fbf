import { CliError, EXIT } from '../cli-error';
import { rankClose } from '../look-up';
import { print, printJson } from '../terminal';
import { padText, plain } from '../text-width';
import { toJson } from '../wire';
import { isDoubleName, typeUsage } from './cobbler-output';
import { asStruct, negative } from './direct-command';
import { followTask } from './follow-task';
import { CobblerEnd, withServer, type GrammarContext } from './grammar-context';
import { valueWords } from './item-output';
import type { Given, OptionSpec } from './option-parser';
import { pythonText } from './python-text';
import { attempt, readDirect } from './task-command';

/** A command with actions of its own that is about no item. */
export interface NounCommand {
  name: string;
  about: string;
  actions: readonly NounAction[];
}

interface NounAction {
  name: string;
  about: string;
  options: readonly OptionSpec[];
  /** Cobbler does not have it. */
  isExtra?: boolean;
  run(context: GrammarContext, given: Given): Promise<void>;
}

const NAME: OptionSpec = { key: 'name', names: ['name'], takesValue: true, about: 'Which one.' };
const VALUE: OptionSpec = { key: 'value', names: ['value'], takesValue: true, about: 'What it is to be.' };
const FILENAME: OptionSpec = { key: 'filename', names: ['filename'], takesValue: true, about: 'File to read.' };

export const NOUN_COMMANDS: readonly NounCommand[] = [
  {
    name: 'setting',
    about: 'the settings of Cobbler',
    actions: [
      { name: 'list', about: 'their names', options: [], isExtra: true, run: listSettings },
      { name: 'report', about: 'what they are', options: [NAME], run: reportSettings },
      { name: 'edit', about: 'changes one', options: [NAME, VALUE], run: editSetting },
    ],
  },
  {
    name: 'signature',
    about: 'the operating systems that are known',
    actions: [
      { name: 'report', about: 'which there are', options: [NAME], run: reportSignatures },
      { name: 'reload', about: 'reads them anew', options: [FILENAME], run: reloadSignatures },
      { name: 'update', about: 'fetches newer ones', options: [], run: updateSignatures },
    ],
  },
];

/** `setting ACTION` and `signature ACTION`. */
export async function runNounCommand(
  context: GrammarContext,
  noun: NounCommand,
  [word, ...args]: readonly string[],
): Promise<void> {
  const isCobbler = context.manner === 'cobbler';
  const actions = noun.actions.filter(({ isExtra }) => !isCobbler || !isExtra);
  const names = actions.map(({ name }) => name);
  const action = actions.find(({ name }) => name === word);
  if (!action) {
    if (isCobbler) throw new CobblerEnd(typeUsage(noun.name, names), EXIT.usage);
    const lines = actions.map(({ name, about }) => `  ${padText(name, 8)}${about}`);
    if (word === '--help' || word === '-h') {
      return print(context.terminal, [`Usage: kickwatch ${noun.name} ACTION [options]`, '', ...lines].join('\n'));
    }
    throw new CliError(word === undefined ? `What about ${noun.about}?` : `"${word}" is nothing ${noun.name} knows.`, {
      hints: [`There are: ${names.join(', ')}`],
      exitCode: EXIT.usage,
    });
  }
  const given = readDirect(context, { command: `${noun.name} ${action.name}`, ...pick(action) }, args);
  if (given !== null) await action.run(context, given);
}

function pick({ about, options }: NounAction): Pick<NounAction, 'about' | 'options'> {
  return { about, options };
}

async function listSettings(context: GrammarContext, given: Given): Promise<void> {
  await withServer(context, given, async (client) => {
    const settings = asStruct(await attempt(context, client.url, () => client.ask('get_settings', [])), 'get_settings');
    const names = Object.keys(settings).sort();
    if (given['json']) printJson(context.terminal, names);
    else print(context.terminal, names.join('\n'));
  });
}

async function reportSettings(context: GrammarContext, given: Given): Promise<void> {
  const { terminal, manner } = context;
  await withServer(context, given, async (client) => {
    const settings = asStruct(
      await attempt(context, client.url, () => client.call('get_settings', [])),
      'get_settings',
    );
    const wanted = typeof given['name'] === 'string' ? given['name'] : undefined;
    if (wanted !== undefined && !Object.hasOwn(settings, wanted)) {
      if (manner === 'cobbler') return print(terminal, `Setting not found: ${wanted}`);
      throw unknownSetting(wanted, Object.keys(settings));
    }
    const names = wanted === undefined ? Object.keys(settings).sort() : [wanted];
    if (given['json']) {
      return printJson(terminal, wanted === undefined ? toJson(settings) : toJson(settings[wanted]!));
    }
    const { colors } = terminal;
    const lines = names.map((name) =>
      manner === 'cobbler'
        ? `${name.padEnd(40)}: ${pythonText(settings[name]!, isDoubleName(name))}`
        : `${colors.dim(padText(name, 40))}${plain(valueWords(settings[name]!))}`.trimEnd(),
    );
    print(terminal, lines.join('\n'));
  });
}

function unknownSetting(name: string, names: readonly string[]): CliError {
  const close = rankClose(name, names).slice(0, 5);
  return new CliError(`There is no setting ${name}.`, {
    hints: [close.length > 0 ? `Close to it: ${close.join(', ')}` : 'All of them:  kickwatch setting list'],
  });
}

async function editSetting(context: GrammarContext, given: Given): Promise<void> {
  const { name, value } = given;
  const { terminal, manner } = context;
  if (typeof name !== 'string' || name === '') throw negative(context, '--name is required');
  await withServer(context, given, async (client) => {
    const settings = asStruct(
      await attempt(context, client.url, () => client.call('get_settings', [])),
      'get_settings',
    );
    if (settings['allow_dynamic_settings'] !== true) {
      throw negative(
        context,
        manner === 'cobbler'
          ? 'Dynamic settings changes are not enabled. Change the allow_dynamic_settings to True and restart cobblerd to enable dynamic settings changes'
          : 'The server takes no changes of its settings while it runs (allow_dynamic_settings is off).',
        ['Change them where the server is started, and start it again.'],
      );
    }
    if (typeof value !== 'string') throw negative(context, 'You must specify a --value when editing a setting');
    if (manner === 'kickwatch' && !Object.hasOwn(settings, name)) throw unknownSetting(name, Object.keys(settings));
    const answer = await attempt(context, client.url, () => client.ask('modify_setting', [name, value]));
    if (answer !== 0) throw negative(context, 'Changing the setting failed', ['The log of the server says why.']);
    if (given['json']) return printJson(terminal, { setting: name, value });
    if (manner === 'kickwatch') print(terminal, `setting ${name} changed`);
  });
}

async function reportSignatures(context: GrammarContext, given: Given): Promise<void> {
  const { terminal } = context;
  await withServer(context, given, async (client) => {
    const answer = asStruct(
      await attempt(context, client.url, () => client.call('get_signatures', [])),
      'get_signatures',
    );
    if (given['json']) return printJson(terminal, toJson(answer));
    const breeds = asStruct(answer['breeds'] ?? {}, 'get_signatures');
    const versionsOf = (breed: string): string[] => Object.keys(asStruct(breeds[breed] ?? {}, 'get_signatures')).sort();
    const wanted = given['name'];
    const lines = (breed: string): string[] => {
      const versions = versionsOf(breed);
      return [`${breed}:`, ...(versions.length === 0 ? ['(none)'] : versions).map((version) => `\t${version}`)];
    };
    print(terminal, 'Currently loaded signatures:');
    if (typeof wanted === 'string') {
      if (!Object.hasOwn(breeds, wanted)) return print(terminal, `No breed named '${wanted}' found`);
      return print(
        terminal,
        [...lines(wanted), '', `Breed '${wanted}' has ${versionsOf(wanted).length} total signatures`].join('\n'),
      );
    }
    const names = Object.keys(breeds).sort();
    const total = names.reduce((sum, breed) => sum + versionsOf(breed).length, 0);
    const summary = `${names.length} breeds with ${total} total signatures loaded`;
    print(terminal, [...names.flatMap(lines), '', summary].join('\n'));
  });
}

/** The API has no call for it: Cobbler's own command line reads the file itself and tells nobody. */
function reloadSignatures(context: GrammarContext, given: Given): Promise<void> {
  const file = typeof given['filename'] === 'string' ? given['filename'] : '';
  throw negative(
    context,
    context.manner === 'cobbler'
      ? `There was an error loading the signature data in ${file}.\nPlease check the JSON file or run 'cobbler signature update'.`
      : 'A running server does not read signatures anew.',
    ['It reads them at its start.'],
  );
}

async function updateSignatures(context: GrammarContext, given: Given): Promise<void> {
  await withServer(context, given, async (client) => {
    const answer = await attempt(context, client.url, () => client.ask('background_signature_update', [{}]));
    await followTask(context, client, answer, given['json'] === true);
  });
}
