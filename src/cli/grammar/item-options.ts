import { ITEM_TYPES, storedFields, type ItemType } from '../../domain/inventory';
import type { Field } from '../../domain/item-fields';
import { INHERIT } from '../../domain/item-value';
import { isCobblerField } from './cobbler-labels';
import { fieldWords, GROUPS } from './field-words';
import type { OptionSpec } from './option-parser';

/** What can be done with the items of a type, in the order of the help. */
export type ItemAction =
  | 'add'
  | 'edit'
  | 'copy'
  | 'rename'
  | 'remove'
  | 'list'
  | 'find'
  | 'report'
  | 'dumpvars'
  | 'get-autoinstall'
  | 'poweron'
  | 'poweroff'
  | 'powerstatus'
  | 'reboot'
  | 'autoadd';

const COMMON: readonly ItemAction[] = ['add', 'edit', 'copy', 'rename', 'remove', 'list', 'find', 'report'];
const POWER: readonly ItemAction[] = ['poweron', 'poweroff', 'powerstatus', 'reboot'];

/** Cobbler's own types in the order of its `list`; the others are ours. */
export const COBBLER_TYPES = [
  'distro',
  'profile',
  'system',
  'repo',
  'image',
  'mgmtclass',
  'package',
  'file',
  'menu',
] as const;

/** All types in the order of `list`: Cobbler's, then ours. */
export function listedTypes(): ItemType[] {
  const place = (type: ItemType): number => {
    const index = (COBBLER_TYPES as readonly string[]).indexOf(type.name);
    return index === -1 ? COBBLER_TYPES.length : index;
  };
  return [...ITEM_TYPES].sort((left, right) => place(left) - place(right));
}

/** The actions a type knows. */
export function actionsOf(type: ItemType): ItemAction[] {
  return [
    ...COMMON,
    ...(type.target ? (['dumpvars', 'get-autoinstall'] as const) : []),
    ...(type.target === 'system' ? POWER : []),
    ...(type.name === 'repo' ? (['autoadd'] as const) : []),
  ];
}

/** The word a person may have meant, also in the spelling of Cobbler 2.8. */
export function findAction(type: ItemType, word: string): ItemAction | undefined {
  const meant = word === 'getks' ? 'get-autoinstall' : word.replaceAll('_', '-');
  return actionsOf(type).find((action) => action === meant);
}

/** Spellings of Cobbler 2.8's command line that are no aliases of the API. */
const OLD_OPTIONS: Readonly<Record<string, readonly string[]>> = {
  next_server_v4: ['next-server'],
  interface_master: ['bonding-master'],
  autoinstall_meta: ['ksmeta'],
};

/** Output of commands that read. */
const JSON_OPTION: OptionSpec = ours('json', 'for programs: the keys of the API, null = unknown');

/** The options of an action, from the fields of the type. */
export function optionsOf(type: ItemType, action: ItemAction): OptionSpec[] {
  return [...ownOptions(type, action), JSON_OPTION, ...serverOptions(type)];
}

function ownOptions(type: ItemType, action: ItemAction): OptionSpec[] {
  const name: OptionSpec = {
    key: 'name',
    names: ['name'],
    takesValue: true,
    about: `Which ${type.name}.`,
    itemType: type.name,
  };
  switch (action) {
    case 'add':
      return [...fieldOptions(type), ...partOptions(type, true), inPlace(), clobber(type)];
    case 'edit':
      return [...fieldOptions(type, { naming: true }), ...partOptions(type, true), inPlace()];
    case 'copy':
    case 'rename':
      return [
        ...fieldOptions(type, { naming: true }),
        ...partOptions(type, false),
        { key: 'newname', names: ['newname'], takesValue: true, about: 'The new name.', group: GROUPS.what },
        inPlace(),
      ];
    case 'remove':
      return [
        name,
        { key: 'recursive', names: ['recursive'], takesValue: false, about: 'Also removes all that builds on it.' },
      ];
    case 'find':
      return [
        ...fieldOptions(type, { searching: true }),
        ...partOptions(type, false),
        ours('long', 'a table with the main fields instead of names'),
      ];
    case 'list':
      return [ours('long', 'a table with the main fields instead of names')];
    case 'report':
      return [
        name,
        {
          key: 'format',
          names: ['format'],
          takesValue: true,
          choices: REPORT_FORMATS,
          about: `One of ${REPORT_FORMATS.join(', ')}.`,
          initial: 'text',
          isExtra: true,
        },
        ours('all', 'also the fields left as inherited or by default'),
        ours('resolved', 'the values in effect instead of what is inherited'),
      ];
    case 'autoadd':
      return [];
    default:
      return [name];
  }
}

/** Forms of `report`. */
export const REPORT_FORMATS = ['text', 'json', 'yaml', 'csv'] as const;

function ours(name: string, about: string): OptionSpec {
  return { key: name, names: [name], takesValue: false, about, isExtra: true };
}

function inPlace(): OptionSpec {
  return {
    key: 'in_place',
    names: ['in-place'],
    takesValue: false,
    group: GROUPS.how,
    about: 'Given pairs are merged into what is there; a key ~x takes x away.',
  };
}

function clobber(type: ItemType): OptionSpec {
  return {
    key: 'clobber',
    names: ['clobber'],
    takesValue: false,
    group: GROUPS.how,
    isExtra: true,
    about: `A ${type.name} that has the name is overwritten instead of refused.`,
  };
}

/** The item's own fields. Those the server says are options too, as in Cobbler, but only searches are helped by them. */
function fieldOptions(type: ItemType, use: { naming?: boolean; searching?: boolean } = {}): OptionSpec[] {
  return storedFields(type.fields)
    .filter((field) => field.kind !== 'parts')
    .map((field) => {
      const option = fieldOption(field, type.name);
      const isExtra = !isCobblerField(type.name, field.name);
      const isSilent = isExtra || (field.readOnly === true && !use.searching);
      return {
        ...option,
        ...(isExtra && { isExtra }),
        ...(field.name === 'name' && (use.naming || use.searching) && { itemType: type.name }),
        ...(isSilent && { about: '' }),
      };
    });
}

/** The fields of a system's interfaces, and what to do with which of them. */
function partOptions(type: ItemType, edits: boolean): OptionSpec[] {
  const { parts } = type;
  if (!parts) return [];
  const { word } = parts;
  const group = GROUPS.part;
  const own = new Set(type.fields.map(({ name }) => name));
  const fields = parts.fields
    .filter(({ name }) => !own.has(name))
    .map((field) => ({ ...fieldOption(field, word), group }));
  const chosen: OptionSpec = {
    key: word,
    names: [word],
    takesValue: true,
    group,
    about: `Which ${word} the options of this group are about, like eth0.`,
  };
  const verbs: OptionSpec[] = [
    {
      key: `delete_${word}`,
      names: [`delete-${word}`],
      takesValue: false,
      group,
      about: `Takes the ${word} named by --${word} away.`,
    },
    {
      key: `rename_${word}`,
      names: [`rename-${word}`],
      takesValue: true,
      group,
      about: `New name for the ${word} named by --${word}.`,
    },
  ];
  return [chosen, ...fields, ...(edits ? verbs : [])];
}

function fieldOption(field: Field, typeName: string): OptionSpec {
  const { group, about, choices } = fieldWords(typeName, field.name);
  const dashed = (name: string): string => name.replaceAll('_', '-');
  const aliases = [...new Set([...(field.aliases ?? []).map(dashed), ...(OLD_OPTIONS[field.name] ?? [])])];
  const initial = initialWords(field);
  return {
    key: field.name,
    names: [dashed(field.name)],
    takesValue: true,
    group,
    about,
    ...(aliases.length > 0 && { aliases }),
    ...(initial !== '' && { initial }),
    ...(field.refersTo !== undefined && { itemType: field.refersTo }),
    ...(choices && { choices }),
    ...(field.kind === 'flag' && { choices: ['1', '0'] }),
  };
}

/** What a field starts as, for the help; '' when that is nothing worth a word. */
function initialWords({ initial }: Field): string {
  if (initial === INHERIT) return 'inherited';
  if (typeof initial === 'function') return 'from the settings';
  if (typeof initial === 'boolean') return initial ? '1' : '0';
  if (Array.isArray(initial)) return initial.join(' ');
  return typeof initial === 'string' || typeof initial === 'number' ? String(initial) : '';
}

/** Where the server is and who asks; a name the type has a field for stays the field's. */
export function serverOptions(type?: ItemType): OptionSpec[] {
  const taken = new Set(type?.fields.map(({ name }) => name));
  return [
    { key: 'url', names: ['url'], about: 'the server, like http://127.0.0.1:25151' },
    { key: 'user', names: ['user'], about: 'who logs in' },
    { key: 'password', names: ['password'], about: 'visible to others on this machine: better KICKWATCH_PASSWORD' },
  ]
    .filter(({ key }) => !taken.has(key))
    .map((option) => ({
      ...option,
      key: `server:${option.key}`,
      takesValue: true,
      isExtra: true,
      group: GROUPS.server,
    }));
}
