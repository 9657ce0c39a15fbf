import type { ItemType } from '../../domain/inventory';
import { columnsOf, type Terminal } from '../terminal';
import { padText, wrapText } from '../text-width';
import { GROUPS } from './field-words';
import { actionsOf, optionsOf, type ItemAction } from './item-options';
import type { OptionSpec } from './option-parser';

/** What each action does, `%` standing for the type. */
const ACTIONS: Readonly<Record<ItemAction, string>> = {
  add: 'makes a new %',
  edit: 'changes a %',
  copy: 'makes a new % like another one, with changes',
  rename: 'gives a % another name; what refers to it follows',
  remove: 'removes a %',
  list: 'the names',
  find: 'the names of those that meet all criteria; * ? [a-z] and a leading ~ for "not" are understood',
  report: 'what is known of one, or of all',
  dumpvars: 'all variables its templates are filled in with',
  'get-autoinstall': 'its answer file, filled in',
  poweron: 'switches it on',
  poweroff: 'switches it off',
  powerstatus: 'whether it is on',
  reboot: 'switches it off and on',
  autoadd: "makes repositories of this server's own",
};

/** Columns of a help when nobody says how many there are. */
const COLUMNS = 100;
/** Columns options take at most before their sentence. */
const OPTION_WIDTH = 34;

/** What an action does, in words. */
export function actionWords(type: ItemType, action: ItemAction): string {
  return ACTIONS[action].replace('%', type.name);
}

/** `kickwatch TYPE --help`. */
export function itemTypeHelp(type: ItemType, terminal: Terminal): string[] {
  const actions = actionsOf(type);
  const width = Math.max(...actions.map((action) => action.length));
  return [
    `Usage: kickwatch ${type.name} ACTION [options]`,
    '',
    terminal.colors.bold('Actions:'),
    ...actions.map((action) => `  ${padText(action, width)}  ${actionWords(type, action)}`),
    '',
    `The options of one:  kickwatch ${type.name} add --help`,
  ];
}

/** `kickwatch TYPE ACTION --help`: every option with a sentence, what it is when left out, and its other spellings. */
export function itemActionHelp(type: ItemType, action: ItemAction, terminal: Terminal): string[] {
  const options = optionsOf(type, action);
  const isFind = action === 'find';
  return [
    `Usage: kickwatch ${type.name} ${action} [options]`,
    '',
    `${actionWords(type, action).replace(/^./, (letter) => letter.toUpperCase())}.`,
    ...optionsHelp(options, terminal, { initial: action === 'add' || action === 'report' }),
    '',
    isFind
      ? 'Any field can be a criterion.'
      : 'Lists are written "a b c", pairs "a=1 b=2", switches 1 or 0; <<inherit>> takes what the parent has.',
    'Options may be shortened as long as they are unambiguous; _ and - are the same.',
  ];
}

/** Options under their headings. */
export function optionsHelp(options: readonly OptionSpec[], terminal: Terminal, show: { initial: boolean }): string[] {
  const spoken = options.filter(({ about }) => about !== undefined && about !== '');
  const groups = [undefined, ...Object.values(GROUPS)];
  return groups.flatMap((group) => {
    const own = spoken.filter((option) => option.group === group);
    if (own.length === 0) return [];
    const lines = own.flatMap((option) => optionLines(option, columnsOf(terminal) ?? COLUMNS, show.initial));
    return ['', terminal.colors.bold(`${group ?? 'Options'}:`), ...lines];
  });
}

function optionLines(option: OptionSpec, columns: number, showsInitial: boolean): string[] {
  const [name] = option.names;
  const written = `  --${name!}${option.takesValue ? `=${metavar(option)}` : ''}`;
  const notes = [
    ...(option.choices && option.choices[0] !== '1' ? [`One of: ${option.choices.join(' ')}.`] : []),
    ...(showsInitial && option.initial !== undefined ? [`Default: ${option.initial}.`] : []),
    ...(option.aliases ? [`Also ${option.aliases.map((alias) => `--${alias}`).join(', ')}.`] : []),
  ];
  const text = [sentence(option.about!), ...notes].join(' ');
  const wrapped = wrapText(text, Math.max(20, columns - OPTION_WIDTH - 2));
  const indent = ' '.repeat(OPTION_WIDTH);
  if (written.length >= OPTION_WIDTH) return [written, ...wrapped.map((line) => indent + line)];
  return wrapped.map((line, index) => (index === 0 ? padText(written, OPTION_WIDTH) : indent) + line);
}

function sentence(text: string): string {
  const upper = text.charAt(0).toUpperCase() + text.slice(1);
  return /[.!?:]$/.test(upper) ? upper : `${upper}.`;
}

function metavar({ names, itemType, choices }: OptionSpec): string {
  if (choices?.[0] === '1') return '1|0';
  return (itemType ?? names[0]!).toUpperCase().replaceAll('-', '_');
}
