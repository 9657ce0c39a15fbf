import type { Command } from 'commander';
import { findItemType, ITEM_TYPES } from '../../domain/inventory';
import { DIRECT_COMMANDS } from './direct-command';
import { TASK_COMMANDS } from './direct-table';
import { actionWords } from './item-help';
import { actionsOf, optionsOf } from './item-options';
import type { OptionSpec } from './option-parser';
import { NOUN_COMMANDS } from './setting-command';

/** An option as shells complete it. */
export interface CompletableOption {
  /** With its dashes. */
  name: string;
  about: string;
  takesValue: boolean;
  /** Words the value can be; empty for anything. */
  choices: readonly string[];
  /** Type whose names the value can be. */
  itemType: string | null;
}

/** A command that can be typed to its end, with its options. */
export interface Completable {
  /** One word, or two: `runs`, `system edit`. */
  command: string;
  about: string;
  options: readonly CompletableOption[];
  /** Type whose names are its arguments. */
  itemType: string | null;
}

/** Every command: those of the program, and those of Cobbler's grammar from the tables. */
export function completables(program: Command): Completable[] {
  return [...programCommands(program), ...itemCommands(), ...directCommands()];
}

function programCommands(program: Command): Completable[] {
  const visible = program.createHelp().visibleCommands(program);
  return visible.map((command) => ({
    command: command.name(),
    about: command.summary(),
    options: command.options
      .filter((option) => option.long !== undefined && option.long !== null && !option.hidden)
      .map((option) => ({
        name: option.long!,
        about: option.description,
        takesValue: option.required || option.optional,
        choices: option.argChoices ?? [],
        itemType: findItemType(option.long!.slice(2))?.name ?? null,
      })),
    itemType: ['status', 'log', 'explain', 'notify'].includes(command.name()) ? 'system' : null,
  }));
}

function itemCommands(): Completable[] {
  return ITEM_TYPES.flatMap((type) =>
    actionsOf(type).map((action) => ({
      command: `${type.name} ${action}`,
      about: actionWords(type, action),
      options: shown(optionsOf(type, action)),
      itemType: ['add', 'list', 'autoadd'].includes(action) ? null : type.name,
    })),
  );
}

function directCommands(): Completable[] {
  const nouns = NOUN_COMMANDS.flatMap(({ name, actions }) =>
    actions.map((action) => ({ ...action, name: `${name} ${action.name}` })),
  );
  const direct = DIRECT_COMMANDS.filter(({ isOnlyCobblers }) => !isOnlyCobblers).map((each) => ({
    ...each,
    options: [],
  }));
  return [...nouns, ...direct, ...TASK_COMMANDS].map(({ name, about, options }) => ({
    command: name,
    about,
    options: shown(options),
    itemType: null,
  }));
}

/** The options with a word in the help. */
function shown(options: readonly OptionSpec[]): CompletableOption[] {
  return options
    .filter(({ about }) => about !== undefined && about !== '')
    .map(({ names, about, takesValue, choices, itemType }) => ({
      name: `--${names[0]!}`,
      about: about!,
      takesValue,
      choices: choices ?? [],
      itemType: itemType ?? null,
    }));
}
