import { listedTypes } from './item-options';
import { padText, wrapText } from '../text-width';
import { DIRECT_COMMANDS } from './direct-command';
import { TASK_COMMANDS } from './direct-table';
import { NOUN_COMMANDS } from './setting-command';

/** Columns the first word takes. */
const WIDTH = 23;

/** What the help of the program says of Cobbler's grammar. */
export function grammarHelp(): string {
  const types = listedTypes()
    .map(({ name }) => name)
    .join(', ');
  const rows: [string, string][] = [
    ...NOUN_COMMANDS.map(({ name, actions }): [string, string] => [
      name,
      actions.map((action) => action.name).join(', '),
    ]),
    ...DIRECT_COMMANDS.filter(({ isOnlyCobblers }) => !isOnlyCobblers).map(({ name, about }): [string, string] => [
      name,
      about,
    ]),
    ...TASK_COMMANDS.map(({ name, about }): [string, string] => [name, about]),
  ];
  return [
    "Inventory (as Cobbler's command line):",
    ...wrapText(`TYPE ACTION, of ${types}; the actions of one: kickwatch system --help`, 72).map((line) => `  ${line}`),
    ...rows.map(([name, about]) => `  ${padText(name, WIDTH)}${about}`),
  ].join('\n');
}
