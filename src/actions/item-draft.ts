import { randomInt } from 'node:crypto';
import { parse as parseYaml } from 'yaml';
import { interfaceKeys, RANDOM_MAC, type InterfaceKeys } from '../domain/item-addresses';
import {
  addEdit,
  applyEdits,
  deletePart,
  editField,
  editParts,
  partsOf,
  renamePart,
  replaceParts,
  type Edit,
} from '../domain/item-edits';
import type { Field } from '../domain/item-fields';
import { FieldError, INHERIT, isDict, isSameValue, type ItemData, type ItemValue, textOf } from '../domain/item-value';
import { resolveField, type TypedItem } from '../domain/inheritance';
import { fieldNamed, findField, findItemType, type ItemType } from '../domain/inventory';
import type { InventoryStore } from '../store/inventory';
import type { InventoryDeps } from './inventory-deps';

/** Stands for a secret in answers; written back, it changes nothing. */
export const REDACTED = '********';

function isRedacted(value: ItemValue): boolean {
  return Array.isArray(value) ? value.includes(REDACTED) : value === REDACTED;
}

/** Where edits are checked: what is stored, the settings, the files of this server. */
export interface DraftContext {
  items: InventoryStore;
  deps: Pick<InventoryDeps, 'settings' | 'fileExists'>;
}

/** An item being edited. Every write is checked at once; nothing is stored. */
export interface Draft {
  readonly type: ItemType;
  /** The item with all edits so far. */
  readonly values: ItemData;
  readonly edits: readonly Edit[];
  /** Writes one field; false when the type has no such field. */
  write(attribute: string, value: ItemValue): Promise<boolean>;
  /** Writes a struct of `FIELD-PART` keys. */
  writeParts(change: ItemData): Promise<void>;
  deletePart(part: string): void;
  renamePart(part: string, to: string): void;
}

/** Starts editing an item with these values, with edits already staged. */
export function createDraft(context: DraftContext, type: ItemType, before: ItemData, staged: readonly Edit[]): Draft {
  let edits = [...staged];
  let values = applyEdits(type, before, edits, context.deps.settings);
  const add = (edit: Edit): void => {
    edits = addEdit(edits, edit);
    values = applyEdits(type, values, [edit], context.deps.settings);
  };
  return {
    type,
    get values() {
      return values;
    },
    get edits() {
      return edits;
    },
    async write(attribute, value) {
      const field = findField(type.fields, attribute);
      if (!field) return false;
      if (field.readOnly || (field.secret && isRedacted(value))) return true;
      const before = values;
      if (field.kind === 'parts') {
        const drawn = await drawMacs(context.items, value);
        add(replaceParts(type, values, value, { settings: context.deps.settings, drawMac: () => drawn.pop()! }));
        await checkAddresses(context, type, before, values);
        return true;
      }
      const inherited = field.narrows ? await inheritedValue(context, type, values, field) : undefined;
      const at = { type: type.name, field: field.name, values, ...(inherited !== undefined && { inherited }) };
      const edit = editField(field, field.isYaml ? readMapping(field, value) : value, at);
      if (edit?.kind !== 'set') return true;
      await checkWritten(context, type, field, edit.values[field.name] ?? null);
      add(edit);
      return true;
    },
    async writeParts(change) {
      const drawn = await drawMacs(context.items, change);
      const before = values;
      for (const edit of editParts(type, values, change, () => drawn.pop()!)) add(edit);
      await checkAddresses(context, type, before, values);
    },
    deletePart: (part) => add(deletePart(type, values, part)),
    renamePart: (part, to) => add(renamePart(type, values, part, to)),
  };
}

/** Longest YAML text that is read: the parser needs many times its length. */
const MAX_YAML = 100_000;

/** Text for a struct that callers write as YAML, read; everything else as it is. */
function readMapping(field: Field, value: ItemValue): ItemValue {
  if (typeof value !== 'string' || value === INHERIT || value === 'delete') return value;
  if (value.trim() === '') return {};
  if (value.length > MAX_YAML) {
    throw new FieldError('value', `${field.name}: YAML longer than ${MAX_YAML} characters is not read.`);
  }
  let read: ItemValue;
  try {
    read = JSON.parse(JSON.stringify(parseYaml(value, { maxAliasCount: 0, schema: 'core' }) ?? null)) as ItemValue;
  } catch (cause) {
    throw new FieldError('value', `${field.name}: The text is not YAML: ${firstLine(cause)}`);
  }
  if (!isDict(read)) throw new FieldError('type', `${field.name}: The YAML text must be a mapping of names to values.`);
  return read;
}

function firstLine(error: unknown): string {
  return (error instanceof Error ? error.message : String(error)).split('\n')[0] ?? '';
}

/** The value the item would have if it inherited the field. */
async function inheritedValue(
  context: DraftContext,
  type: ItemType,
  values: ItemData,
  field: Field,
): Promise<ItemValue | undefined> {
  if (!type.parents.some((parent) => isName(values[parent])) && type.parents.length > 0) return undefined;
  const own: TypedItem = { type: type.name, values: { ...values, [field.name]: INHERIT } };
  return resolveField([own, ...(await loadParents(context.items, type, values))], field, context.deps.settings);
}

/** What an item inherits from, nearest first. */
export async function loadParents(items: InventoryStore, type: ItemType, values: ItemData): Promise<TypedItem[]> {
  for (const parent of type.parents) {
    const referred = findItemType(fieldNamed(type.fields, parent)?.refersTo ?? '');
    const name = values[parent];
    if (referred && isName(name)) return items.loadChain(referred, name);
  }
  return [];
}

function isName(value: ItemValue | undefined): value is string {
  return typeof value === 'string' && value !== '' && value !== INHERIT;
}

async function checkWritten(context: DraftContext, type: ItemType, field: Field, value: ItemValue): Promise<void> {
  if (field.refersTo !== undefined) await checkReference(context.items, field.refersTo, value);
  if (field.isFile && isName(value) && !(await context.deps.fileExists(value))) {
    throw new FieldError('value', `The ${field.name} of a ${type.name} must be a file on the server: ${value}`);
  }
}

/** Refuses names of items that do not exist. */
export async function checkReference(items: InventoryStore, typeName: string, value: ItemValue): Promise<void> {
  const names = (Array.isArray(value) ? value : [value]).filter(isName);
  if (names.length === 0) return;
  const type = findItemType(typeName);
  const known = type ? await items.existing(type, names) : new Set<string>();
  const missing = names.find((name) => !known.has(name));
  if (missing === undefined) return;
  const word = typeName.charAt(0).toUpperCase() + typeName.slice(1);
  throw new FieldError('value', `${word} with the name "${missing}" is not existing`);
}

const CONFLICT_TEXTS = {
  mac: { field: 'mac_address', setting: 'allow_duplicate_macs', word: 'MAC address' },
  ip: { field: 'ip_address', setting: 'allow_duplicate_ips', word: 'IP address' },
  ipv6: { field: 'ipv6_address', setting: 'allow_duplicate_ips', word: 'IPv6 address' },
  dns_name: { field: 'dns_name', setting: 'allow_duplicate_hostnames', word: 'DNS name' },
} as const;

/**
 * Refuses addresses that another item has, unless the settings allow it. Only what differs from `before` is looked at.
 * To be sure rather than early, call it under `lockAddresses`.
 */
export async function checkAddresses(
  context: DraftContext,
  type: ItemType,
  before: ItemData,
  after: ItemData,
): Promise<void> {
  if (!type.parts) return;
  const old = partsOf(type, before);
  const isNew = before.name !== after.name;
  const changed = Object.entries(partsOf(type, after)).filter(([name, part]) => isNew || !isSameValue(old[name], part));
  const keys = changed.map(([, part]) => checkedKeys(part, context.deps.settings));
  if (keys.length === 0) return;
  const [conflict] = await context.items.findConflicts(keys, textOf(after.name));
  if (!conflict) return;
  const { field, word } = CONFLICT_TEXTS[conflict.kind];
  const shown = changed.map(([, part]) => part).find((part) => interfaceKeys(part)[conflict.kind] === conflict.value);
  // Cobbler's own text lacks the blank here; clients compare it.
  const blank = conflict.kind === 'ipv6' ? '' : ' ';
  throw new FieldError(
    'value',
    `${word} duplicate found "${textOf(shown?.[field] ?? conflict.value)}". ` +
      `Object with the conflict has the name${blank}"${conflict.holder}"`,
  );
}

/** The keys of an interface that must be its own. */
function checkedKeys(part: ItemData, settings: DraftContext['deps']['settings']): InterfaceKeys {
  const keys = interfaceKeys(part);
  for (const kind of ['mac', 'ip', 'ipv6', 'dns_name'] as const) {
    if (settings[CONFLICT_TEXTS[kind].setting] === true) keys[kind] = null;
  }
  return keys;
}

/** As many free MAC addresses as the value asks for with the word `random`. */
async function drawMacs(items: InventoryStore, value: ItemValue): Promise<string[]> {
  const count = countRandom(value);
  const drawn = new Set<string>();
  while (drawn.size < count) drawn.add(await drawFreeMac(items));
  return [...drawn];
}

function countRandom(value: ItemValue): number {
  if (typeof value === 'string') return value.trim().toLowerCase() === RANDOM_MAC ? 1 : 0;
  if (Array.isArray(value)) return 0;
  return isDict(value) ? Object.values(value).reduce<number>((sum, entry) => sum + countRandom(entry), 0) : 0;
}

/** Prefixes of the makers of virtual machines, and how far the next octet goes. */
const MAC_RANGES = { xen: { prefix: '00:16:3e', top: 0x7f }, vmware: { prefix: '00:50:56', top: 0x3f } } as const;

/**
 * A random MAC address that no system has.
 *
 * @param maker - `vmware`, or `xen`, whose range QEMU and KVM share.
 */
export async function drawFreeMac(items: InventoryStore, maker: keyof typeof MAC_RANGES = 'xen'): Promise<string> {
  const { prefix, top } = MAC_RANGES[maker];
  for (;;) {
    const octets = [randomInt(top + 1), randomInt(256), randomInt(256)];
    const mac = [prefix, ...octets.map((octet) => octet.toString(16).padStart(2, '0'))].join(':');
    const holders = await items.findConflicts([{ mac, ip: null, ipv6: null, dns_name: null }], '');
    if (holders.length === 0) return mac;
  }
}
