import { parse as parseYaml } from 'yaml';
import type { Field } from '../../domain/item-fields';
import {
  FieldError,
  INHERIT,
  isDict,
  textOf,
  type ItemData,
  type ItemValue,
  type SettingValues,
} from '../../domain/item-value';
import { findField, findPartField, initialValues, writeField, type ItemType } from '../../domain/inventory';
import { FORMER_PART_FIELDS, formerValue, holdsProto, isNothing, isRedaction, withNil } from './former-values';
import type { OldItem, Remark } from './old-site';

/** Longest YAML text in a field that is read; as long as the server's own bound. */
const MAX_YAML = 100_000;

/** An item in today's fields, each value checked by the rule the server has for it. */
export interface Translated {
  type: ItemType;
  name: string;
  origin: string;
  /** In the order of the type's fields, in which they depend on each other. */
  values: ItemData;
}

/** Values of a new item with these fields; the same object each time, not to be changed. */
export type Initials = (fields: readonly Field[]) => Readonly<ItemData>;

/** The values new items have with these settings, each made once: a copy for every system takes most of the time. */
export function createInitials(settings: SettingValues): Initials {
  const made = new Map<readonly Field[], ItemData>();
  return (fields) => {
    let values = made.get(fields);
    if (!values) made.set(fields, (values = initialValues(fields, settings)));
    return values;
  };
}

/** Where a translation says what it could not keep. */
type Say = (what: Remark['what'], field: string | null, why: string) => void;

/**
 * An item of Cobbler 2.8 or 3 in today's fields. Values that the rules refuse are left out and told of.
 *
 * @returns null when its name cannot be one.
 */
export function translate(old: OldItem, initialOf: Initials, remarks: Remark[]): Translated | null {
  const { type, name, origin } = old;
  const say: Say = (what, field, why) => remarks.push({ what, type: type.name, name, field, why });
  const given = fieldsOf(old, say);
  const values: ItemData = {};
  const seen: ItemData = { ...initialOf(type.fields) };
  for (const field of type.fields) {
    if (!given.has(field)) continue;
    const read = given.get(field) ?? null;
    if (field.kind === 'parts') {
      values[field.name] = translateParts(type, read, initialOf, say);
      continue;
    }
    const written = writeValue({ type, field, value: read, seen }, say);
    if (written === undefined) {
      if (field.name === 'name') return refuse(say, name);
      continue;
    }
    values[field.name] = written;
    seen[field.name] = written;
  }
  preferParent(type, values);
  return { type, name, origin, values };
}

function refuse(say: Say, name: string): null {
  say('refused', null, `"${name}" cannot be a name: letters, digits and _ - . : only, at most 255`);
  return null;
}

/** What was written to which field of today: `kickstart` to `autoinstall`, and so on. */
function fieldsOf({ type, values }: OldItem, say: Say): Map<Field, ItemValue> {
  const given = new Map<Field, ItemValue>();
  for (const [key, value] of Object.entries(values)) {
    const field = findField(type.fields, key);
    if (!field) {
      if (!isNothing(value)) say('left out', key, 'there is no such field');
      continue;
    }
    // `ks_meta` beside `autoinstall_meta` is its mirror; alone it is what Cobbler 2 had.
    const isMirror = key !== field.name && Object.hasOwn(values, field.name);
    const isOwn = field.readOnly === true || field.mirrors !== undefined || field.derive !== undefined;
    if (!isMirror && !isOwn && value !== null && value !== '~') given.set(field, value);
  }
  return given;
}

interface Write {
  type: ItemType;
  field: Field;
  value: ItemValue;
  /** The item so far: some rules depend on it. */
  seen: ItemData;
  /** What the value belongs to when that is not the item itself. */
  part?: string;
}

/**
 * True for a field that starts out empty but cannot be emptied: '' written to it asks for the inherited value
 * (`virt_bridge` of images and interfaces). What is empty in it is therefore not written.
 */
export function startsEmptyOnly(field: Field): boolean {
  return field.initial === '' && field.inherits === true && field.rule('', NOWHERE) === INHERIT;
}

const NOWHERE = { type: '', field: '', values: {} };

/** The value as it is stored; undefined when it is left out, of which `say` tells. */
function writeValue({ type, field, value, seen, part }: Write, say: Say): ItemValue | undefined {
  const label = part === undefined ? field.name : `${part}.${field.name}`;
  if (field.secret && isRedaction(value)) {
    say('left out', label, 'the old server hides it: log in there with --old-user');
    return undefined;
  }
  if (value === '' && startsEmptyOnly(field)) return '';
  if (holdsProto(value)) {
    say('left out', label, '__proto__ cannot be a key');
    return undefined;
  }
  const former = formerValue(part === undefined ? type.name : 'interface', field.name, withNil(value));
  try {
    const text = field.isYaml ? readYaml(former.value) : former.value;
    const stored = writeField(field, text, { type: type.name, field: field.name, values: seen })[field.name] ?? null;
    if (former.why !== null) say('mapped', label, former.why);
    if (field.name === 'os_version' && stored === '' && former.value !== '') {
      say('left out', label, `${textOf(value)} means nothing without a breed that is known here`);
      return undefined;
    }
    return stored;
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    if (!isNothing(value)) say('left out', label, error.message);
    return undefined;
  }
}

function readYaml(value: ItemValue): ItemValue {
  if (typeof value !== 'string' || value === INHERIT) return value;
  if (value.trim() === '') return {};
  if (value.length > MAX_YAML) throw new FieldError('value', `YAML longer than ${MAX_YAML} characters is not read.`);
  let read: unknown;
  try {
    read = parseYaml(value, { maxAliasCount: 0, schema: 'core' });
  } catch (error) {
    throw new FieldError('value', `The text is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  const plain = JSON.parse(JSON.stringify(read ?? null)) as ItemValue;
  if (!isDict(plain) || holdsProto(plain)) throw new FieldError('type', 'The YAML text must be a mapping of names.');
  return plain;
}

/** Interfaces: each with all its fields, so that they can be compared as they are. */
function translateParts(type: ItemType, value: ItemValue, initialOf: Initials, say: Say): ItemData {
  const { field, word, fields } = type.parts!;
  const parts: ItemData = {};
  if (!isDict(value)) {
    if (!isNothing(value)) say('left out', field, `${field} must be a struct of structs`);
    return parts;
  }
  for (const [part, given] of Object.entries(value)) {
    if (!/^[a-zA-Z0-9_.:@+-]{1,64}$/.test(part) || part === '__proto__') {
      say('left out', field, `"${part}" cannot be the name of an ${word}`);
    } else if (!isDict(given)) {
      say('left out', `${field}.${part}`, `an ${word} is a struct of fields`);
    } else {
      parts[part] = translatePart({ type, part, given, fields }, initialOf, say);
    }
  }
  return parts;
}

function translatePart(
  { type, part, given, fields }: { type: ItemType; part: string; given: ItemData; fields: readonly Field[] },
  initialOf: Initials,
  say: Say,
): ItemData {
  const values: ItemData = { ...initialOf(fields) };
  for (const [key, value] of Object.entries(given)) {
    const word = Object.hasOwn(FORMER_PART_FIELDS, key) ? FORMER_PART_FIELDS[key]! : key;
    const field = findPartField(fields, word);
    if (!field) {
      if (!isNothing(value)) say('left out', `${part}.${key}`, 'there is no such field');
      continue;
    }
    if (value === null || value === '~' || (key !== field.name && Object.hasOwn(given, field.name))) continue;
    if (value === 'random' && field.name === 'mac_address') continue; // asks for a new one each time
    const written = writeValue({ type, field, value, seen: values, part }, say);
    if (written !== undefined) values[field.name] = written;
  }
  return values;
}

/** Cobbler keeps the distro of a sub-profile beside its parent, from which it comes. One of two: the first wins. */
function preferParent(type: ItemType, values: ItemData): void {
  const [first, second] = type.parents;
  if (first === undefined || second === undefined) return;
  if (!isNothing(values[first]) && !isNothing(values[second])) values[second] = '';
}
