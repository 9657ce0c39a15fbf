import { CONTACT_FIELDS, SUBSCRIPTION_FIELDS } from './contact-fields';
import { IMAGE_FIELDS } from './image-fields';
import { DISTRO_FIELDS, INTERFACE_FIELDS, PROFILE_FIELDS, SYSTEM_FIELDS, type Field } from './item-fields';
import { FieldError, INHERIT, type ItemData, type ItemValue, type SettingValues, textOf } from './item-value';
import { checkSize, type SetContext } from './item-values';
import { checkFile, FILE_FIELDS, MENU_FIELDS, MGMTCLASS_FIELDS, PACKAGE_FIELDS, REPO_FIELDS } from './resource-fields';
import { checkSilence, SILENCE_FIELDS, SILENCE_MATCHERS } from './silence-fields';

/** One type of item: from its entry come methods, checks, tables and rendering. */
export interface ItemType {
  /** Word in method names and handles. */
  readonly name: string;
  readonly plural: string;
  /** Table whose columns are the fields with `column`, and `data`. */
  readonly table: string;
  readonly fields: readonly Field[];
  /** Fields in which inheritance goes on, first one that is set. */
  readonly parents: readonly string[];
  /** A saved item has one of these fields set; else it is refused with these words. */
  readonly requires?: { readonly oneOf: readonly string[]; readonly message: string };
  /** Refuses an item that cannot be saved as it is, with a FieldError. */
  readonly check?: (values: ItemData) => void;
  /** Sits in a tree of the same type below these fields; `depth` counts the steps. */
  readonly rootDepth: number;
  /** Fields of the structs in its `parts` field, by name (a system's interfaces). */
  readonly parts?: { readonly field: string; readonly word: string; readonly fields: readonly Field[] };
  /** What the monitor calls it, when runs can be about it. */
  readonly target?: 'system' | 'profile';
  /** A change of one of these fields changes who is to be told; `*` any change. */
  readonly audience?: readonly string[];
  /** Can be read as blended data: settings, then the chain from the top. */
  readonly blends: boolean;
  /** Machines start from it, or it is one: blended data names it and the answer file. */
  readonly boots?: boolean;
}

const CONTACT_REQUIRED = 'contact is required';

/** All item types, those others refer to first. */
export const ITEM_TYPES: readonly ItemType[] = [
  {
    name: 'distro',
    plural: 'distros',
    table: 'distros',
    fields: DISTRO_FIELDS,
    parents: [],
    rootDepth: 0,
    audience: ['owners'],
    blends: true,
    boots: true,
  },
  resource('repo', 'repos', REPO_FIELDS),
  resource('menu', 'menus', MENU_FIELDS),
  { ...resource('image', 'images', IMAGE_FIELDS), boots: true },
  resource('file', 'files', FILE_FIELDS, checkFile),
  resource('package', 'packages', PACKAGE_FIELDS),
  resource('mgmtclass', 'mgmtclasses', MGMTCLASS_FIELDS),
  {
    name: 'profile',
    plural: 'profiles',
    table: 'profiles',
    fields: PROFILE_FIELDS,
    parents: ['parent', 'distro'],
    requires: { oneOf: ['distro', 'parent'], message: 'distro is required' },
    rootDepth: 1,
    target: 'profile',
    audience: ['owners', 'parent', 'distro'],
    blends: true,
    boots: true,
  },
  {
    name: 'system',
    plural: 'systems',
    table: 'systems',
    fields: SYSTEM_FIELDS,
    parents: ['profile', 'image'],
    requires: { oneOf: ['profile', 'image'], message: 'profile or image is required' },
    rootDepth: 2,
    parts: { field: 'interfaces', word: 'interface', fields: INTERFACE_FIELDS },
    target: 'system',
    audience: ['owners', 'profile', 'image'],
    blends: true,
    boots: true,
  },
  {
    name: 'contact',
    plural: 'contacts',
    table: 'contacts',
    fields: CONTACT_FIELDS,
    parents: [],
    rootDepth: 0,
    audience: ['*'],
    blends: false,
  },
  {
    name: 'subscription',
    plural: 'subscriptions',
    table: 'subscriptions',
    fields: SUBSCRIPTION_FIELDS,
    parents: [],
    requires: { oneOf: ['contact'], message: CONTACT_REQUIRED },
    rootDepth: 0,
    audience: ['*'],
    blends: false,
  },
  {
    name: 'silence',
    plural: 'silences',
    table: 'silences',
    fields: SILENCE_FIELDS,
    parents: [],
    requires: { oneOf: SILENCE_MATCHERS, message: `one of ${SILENCE_MATCHERS.join(', ')} is required` },
    check: checkSilence,
    rootDepth: 0,
    audience: ['*'],
    blends: false,
  },
];

/** A type whose items stand beside the systems: in trees of their own, each with its fields. */
function resource(
  name: string,
  plural: string,
  fields: readonly Field[],
  check?: (values: ItemData) => void,
): ItemType {
  return {
    name,
    plural,
    table: plural,
    fields,
    parents: ['parent'],
    rootDepth: 0,
    blends: true,
    ...(check && { check }),
  };
}

const TYPES_BY_NAME = new Map(ITEM_TYPES.map((type) => [type.name, type]));

/** The type of that name; undefined when there is none. */
export function findItemType(name: string): ItemType | undefined {
  return TYPES_BY_NAME.get(name);
}

/** The type of that name, which the program itself wrote. */
export function itemType(name: string): ItemType {
  const type = TYPES_BY_NAME.get(name);
  if (!type) throw new Error(`there is no item type ${name}`);
  return type;
}

interface FieldIndex {
  byName: Map<string, Field>;
  byWord: Map<string, Field>;
}
const INDEXES = new WeakMap<readonly Field[], FieldIndex>();

function indexOf(fields: readonly Field[]): FieldIndex {
  let index = INDEXES.get(fields);
  if (!index) {
    const byName = new Map(fields.map((field) => [field.name, field]));
    const byWord = new Map(fields.flatMap((field) => (field.aliases ?? []).map((alias) => [alias, field])));
    INDEXES.set(fields, (index = { byName, byWord }));
  }
  return index;
}

/** The field of exactly that name. */
export function fieldNamed(fields: readonly Field[], name: string): Field | undefined {
  return indexOf(fields).byName.get(name);
}

/** The field a writer or searcher means: its name, one of its aliases, dashes for underscores. */
export function findField(fields: readonly Field[], word: string): Field | undefined {
  const { byName, byWord } = indexOf(fields);
  const plain = word.replaceAll('-', '_');
  // An alias wins over a field of that name only when the field merely mirrors another one.
  const exact = byName.get(plain);
  return exact && !exact.mirrors ? exact : (byWord.get(plain) ?? byWord.get(word) ?? exact);
}

/** The field an interface key means: its name with or without underscores (`macaddress`, `mac_address`). */
export function findPartField(fields: readonly Field[], word: string): Field | undefined {
  const squeezed = word.replaceAll('_', '');
  return fields.find((field) =>
    [field.name, ...(field.aliases ?? [])].some((name) => name.replaceAll('_', '') === squeezed),
  );
}

/** Fields whose value is kept, rather than shown from others. */
export function storedFields(fields: readonly Field[]): Field[] {
  return fields.filter((field) => field.mirrors === undefined && field.derive === undefined);
}

/** Values of a new, unsaved item. */
export function initialValues(fields: readonly Field[], settings: SettingValues): ItemData {
  return Object.fromEntries(
    storedFields(fields).map((field) => [
      field.name,
      structuredClone(typeof field.initial === 'function' ? field.initial(settings) : field.initial),
    ]),
  );
}

/** Values as stored, with fields added that were not known when they were stored. */
export function completeValues(fields: readonly Field[], values: ItemData, settings: SettingValues): ItemData {
  const complete = { ...values };
  for (const field of storedFields(fields)) {
    if (!Object.hasOwn(complete, field.name)) {
      complete[field.name] = structuredClone(
        typeof field.initial === 'function' ? field.initial(settings) : field.initial,
      );
    }
  }
  return complete;
}

/** The item with the fields that are shown from others. */
export function withMirrors(fields: readonly Field[], values: ItemData): ItemData {
  const shown = { ...values };
  for (const field of fields) {
    if (field.mirrors !== undefined) shown[field.name] = values[field.mirrors] ?? null;
    else if (field.derive) shown[field.name] = field.derive(values);
  }
  return shown;
}

/** The value to store for what was written to a field, with the fields that this empties. */
export function writeField(field: Field, value: ItemValue, at: SetContext): ItemData {
  if (field.readOnly) return {};
  checkSize(value);
  const written: ItemData = { [field.name]: field.rule(value, at) };
  const isSet = written[field.name] !== '' && written[field.name] !== INHERIT;
  if (isSet) for (const other of field.excludes ?? []) written[other] = '';
  return written;
}

/** Refuses an item that cannot be saved as it is, in one sentence for the caller. */
export function checkComplete(type: ItemType, values: ItemData): void {
  if (values.name === '') throw new FieldError('rule', 'Name is required');
  const { requires } = type;
  if (requires && requires.oneOf.every((field) => isEmpty(values[field]))) {
    throw new FieldError('rule', `Error with ${type.name} ${textOf(values.name)} - ${requires.message}`);
  }
  if (values.parent === values.name)
    throw new FieldError('value', `The ${type.name} ${textOf(values.name)} cannot be its own parent.`);
  type.check?.(values);
}

function isEmpty(value: ItemValue | undefined): boolean {
  return value === '' || (Array.isArray(value) && value.length === 0);
}

/** A field of one type that refers to items of another. */
export interface Reference {
  type: ItemType;
  field: Field;
}

/** The fields, of all types, whose items cannot be without the item of this type that they name. */
export function referencesTo(type: ItemType): Reference[] {
  return fieldsWhere((field) => field.refersTo === type.name && field.column === true && !field.loosely);
}

/** The fields, of all types, from which the names of removed items of this type are taken. */
export function looseReferencesTo(type: ItemType): Reference[] {
  return fieldsWhere((field) => field.refersTo === type.name && field.loosely === true);
}

/** The fields, of all types, in which a rename of an item of this type is followed. */
export function namesOf(type: ItemType): Reference[] {
  return fieldsWhere((field) => field.refersTo === type.name || field.mentions === type.name);
}

function fieldsWhere(holds: (field: Field) => boolean): Reference[] {
  return ITEM_TYPES.flatMap((type) => type.fields.filter(holds).map((field) => ({ type, field })));
}
