import type { Field } from './item-fields';
import { INHERIT, isDict, type ItemData, type ItemValue, type SettingValues, textOf, without } from './item-value';
import { fieldNamed, itemType, withMirrors, type ItemType } from './inventory';
import { bootLoadersFor } from './os-catalogue';

/** An item with its type. */
export interface TypedItem {
  type: string;
  values: ItemData;
}

/** An item and what it inherits from: itself first, then parent by parent up to the top. */
export type Chain = readonly TypedItem[];

/** The item's effective values: markers replaced, structs merged from the settings down. Mirrors included. */
export function resolveItem(chain: Chain, settings: SettingValues): ItemData {
  const own = chain[0]!;
  const type = itemType(own.type);
  const values = { ...own.values };
  for (const field of type.fields) {
    if (field.mirrors !== undefined || field.derive || (field.keepsMarker && values[field.name] === INHERIT)) continue;
    if (field.inherits) values[field.name] = resolveField(chain, field, settings);
  }
  if (type.parts) values[type.parts.field] = resolveParts(type, own.values, settings);
  return withMirrors(type.fields, values);
}

/**
 * The effective value of one field: the first that is not inherited on the way up, at last the setting. Structs are
 * merged instead, from the top down, each level's `!key` taking `key` away. '' when nothing says anything.
 */
export function resolveField(chain: Chain, field: Field, settings: SettingValues): ItemValue {
  if (field.kind === 'struct') return resolveStruct(chain, field, settings);
  for (const item of chain) {
    const value = item.values[field.name];
    if (value !== undefined && value !== INHERIT) return value;
  }
  return settingFor(field, chain, settings) ?? (field.kind === 'list' ? [] : '');
}

function resolveStruct(chain: Chain, field: Field, settings: SettingValues): ItemData {
  // An item without a parent has the setting underneath only where the field says so, or where it inherits.
  const top = chain.at(-1)!;
  const under = field.overSetting || top.values[field.name] === INHERIT ? settingFor(field, chain, settings) : null;
  let result: ItemData = isDict(under ?? undefined) ? { ...(under as ItemData) } : {};
  for (const item of [...chain].reverse()) {
    const value = item.values[field.name];
    if (isDict(value)) result = { ...result, ...value };
    if (field.deletes) result = withoutDeleted(result);
  }
  return result;
}

/** A part's `<<inherit>>` ends in the settings at once. */
function resolveParts(type: ItemType, values: ItemData, settings: SettingValues): ItemData {
  const { field: name, fields } = type.parts!;
  const parts = values[name];
  if (!isDict(parts)) return {};
  return Object.fromEntries(
    Object.entries(parts).map(([part, own]) => {
      const resolved = { ...(own as ItemData) };
      for (const field of fields) {
        if (resolved[field.name] === INHERIT) resolved[field.name] = settingFor(field, [], settings) ?? '';
      }
      return [part, resolved];
    }),
  );
}

/** What the settings say in the end; null when they know nothing of the field. */
function settingFor(field: Field, chain: Chain, settings: SettingValues): ItemValue {
  if (field.narrows) return bootLoadersFor(textOf(chain.at(-1)?.values.arch));
  const names = field.setting !== undefined ? [field.setting] : [field.name, `default_${field.name}`];
  const found = names.find((name) => settings[name] !== undefined);
  return found === undefined ? null : (settings[found] ?? null);
}

/** A struct after its `!key` entries have taken `key` and themselves away. A lone `!` stays. */
export function withoutDeleted(values: ItemData): ItemData {
  const gone = Object.keys(values).filter((key) => key.startsWith('!') && key !== '!');
  if (gone.length === 0) return values;
  return without(values, [...gone, ...gone.map((key) => key.slice(1))]);
}

/**
 * Settings, then the chain from the top, combined field by field: structs key by key, arrays as a union in order, of
 * scalars the lower one wins. Fields of parts come beside as `FIELD_PART`, the names of the items as `TYPE_name`.
 */
export function blendItem(chain: Chain, settings: SettingValues): ItemData {
  let result: ItemData = { ...settings };
  for (let level = chain.length - 1; level >= 0; level--) {
    result = blendLevel(result, chain.slice(level), settings);
  }
  const own = chain[0]!;
  const type = itemType(own.type);
  for (const [part, fields] of Object.entries((type.parts && result[type.parts.field]) ?? {})) {
    for (const [name, value] of Object.entries(fields as ItemData)) result[`${name}_${part}`] = value;
  }
  const port = settings.http_port;
  result.http_server =
    port === undefined || port === 80 ? (result.server ?? '') : `${textOf(result.server)}:${textOf(port)}`;
  if (isDict(result.mgmt_parameters) && isDict(result.autoinstall_meta)) {
    result.mgmt_parameters = { ...result.mgmt_parameters, ...result.autoinstall_meta };
  }
  // The nearest of each type gives the name: a sub-profile's own, not its parent's.
  for (const item of [...chain].reverse()) {
    if (itemType(item.type).boots) result[`${item.type}_name`] = item.values.name ?? '';
  }
  // What starts from an image alone has no distro; readers expect the word.
  if (result.image_name !== undefined) result.distro_name ??= 'N/A';
  return result;
}

function blendLevel(above: ItemData, chain: Chain, settings: SettingValues): ItemData {
  const node = chain[0]!;
  const type = itemType(node.type);
  const result = { ...above };
  const parts = type.parts;
  for (const [name, stored] of Object.entries(node.values)) {
    const field = fieldNamed(type.fields, name);
    let value = parts && name === parts.field ? resolveParts(type, node.values, settings) : stored;
    const present = Object.hasOwn(result, name);
    if (value === INHERIT) {
      if (present) continue;
      value = field ? resolveField(chain, field, settings) : '';
    }
    const current = result[name];
    if (!present) result[name] = value;
    else if (isDict(current) && isDict(value)) result[name] = { ...current, ...value };
    else if (Array.isArray(current) && Array.isArray(value)) result[name] = union(current, value);
    else if (!(field?.firstWins && current !== '')) result[name] = value;
    const combined = result[name];
    if (field?.deletes && isDict(combined)) result[name] = withoutDeleted(combined);
  }
  return withMirrors(type.fields, result);
}

function union(above: ItemValue[], below: ItemValue[]): ItemValue[] {
  const seen = new Set<string>();
  return [...above, ...below].filter((value) => {
    const key = JSON.stringify(value);
    return !seen.has(key) && seen.add(key);
  });
}

/** The values with structs written as `k=v ` and lists as words, where the fields say so. */
export function flattenItem(fields: readonly Field[], values: ItemData): ItemData {
  const flat = { ...values };
  for (const field of fields) {
    const value = flat[field.name];
    if (field.flat === 'pairs' && isDict(value)) flat[field.name] = flattenPairs(value);
    else if (field.flat === 'words' && Array.isArray(value)) flat[field.name] = value.map(String).join(' ');
  }
  return flat;
}

/**
 * `{a: '1', b: null, c: ['3', '4']}` as `a=1 b c=3 c=4 `: the last blank stays, as in kernel command lines made by
 * joining. Values that hold a space are put in single quotes.
 */
export function flattenPairs(pairs: ItemData): string {
  const one = (key: string, value: ItemValue): string => {
    if (value === null || value === '') return `${key} `;
    const text = isDict(value) || Array.isArray(value) ? JSON.stringify(value) : plainWord(value);
    return text.includes(' ') ? `${key}='${text}' ` : `${key}=${text} `;
  };
  return Object.entries(pairs)
    .map(([key, value]) => (Array.isArray(value) ? value.map((entry) => one(key, entry)).join('') : one(key, value)))
    .join('');
}

/** Booleans are written with a capital, as clients of Cobbler have always read them. */
function plainWord(value: boolean | number | string): string {
  if (typeof value === 'boolean') return value ? 'True' : 'False';
  return String(value);
}
