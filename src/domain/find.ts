import { isGlob, matchesGlob } from './glob';
import { comparable } from './item-addresses';
import type { Field } from './item-fields';
import { FieldError, isDict, isSameValue, type ItemData, type ItemValue, textOf } from './item-value';
import { readFlag, readPairs, splitWords } from './item-values';
import { findField, findPartField, withMirrors, type ItemType } from './inventory';
import { partsOf } from './item-edits';

/** What to look for, by field or alias; null: the field exists. `~value` means "not value". */
export type Criteria = Readonly<Record<string, string | null>>;

/**
 * True when the item, as stored, meets all criteria. An unknown field is met by nothing; none at all by every item.
 *
 * @param arch - Architecture of a profile's distro: profiles can be looked for by it, though it is not theirs.
 * @throws FieldError for fields whose values cannot be compared with text.
 */
export function matches(type: ItemType, values: ItemData, criteria: Criteria, arch?: string): boolean {
  const shown = withMirrors(type.fields, values);
  return Object.entries(criteria).every(([word, pattern]) => {
    if (pattern === null) return isKnown(type, word);
    const negated = pattern.startsWith('~');
    const wanted = negated ? pattern.slice(1) : pattern;
    const met = meets(type, shown, word, wanted, arch);
    return met !== null && met !== negated;
  });
}

/** True when criteria can name this field of the type. */
export function isKnown(type: ItemType, word: string): boolean {
  return word === 'arch' || findField(type.fields, word) !== undefined || isPartWord(type, word);
}

export function isPartWord(type: ItemType, word: string): boolean {
  return type.parts !== undefined && (word === type.parts.word || findPartField(type.parts.fields, word) !== undefined);
}

/** Whether one criterion is met; null when there is no such field. */
function meets(type: ItemType, values: ItemData, word: string, wanted: string, arch?: string): boolean | null {
  const field = findField(type.fields, word);
  if (field && field.kind !== 'parts') return matchesValue(field, values[field.name] ?? null, wanted);
  if (type.parts && isPartWord(type, word)) {
    const parts = partsOf(type, values);
    if (Object.hasOwn(parts, wanted)) return true;
    const own = findPartField(type.parts.fields, word);
    return own !== undefined && Object.values(parts).some((part) => matchesValue(own, part[own.name] ?? null, wanted));
  }
  if (word === 'arch' && arch !== undefined) return arch === wanted;
  return null;
}

function matchesValue(field: Field, value: ItemValue, wanted: string): boolean {
  if (typeof value === 'string') return matchesText(field, value, wanted);
  if (typeof value === 'boolean') return value === readFlag(wanted);
  if (Array.isArray(value)) return splitWords(wanted).every((word) => value.some((entry) => entry === word));
  if (isDict(value)) {
    const pairs = readPairs(wanted, { type: '', field: field.name, values: {} }, true);
    return Object.entries(pairs).every(([key, pair]) => Object.hasOwn(value, key) && isSameValue(value[key], pair));
  }
  if (value === null) return wanted === '';
  throw new FieldError('type', `find cannot compare type: <class '${field.kind === 'double' ? 'float' : 'int'}'>`);
}

function matchesText(field: Field, value: string, wanted: string): boolean {
  if (isGlob(wanted)) return matchesGlob(wanted, value);
  if (value.toLowerCase() === wanted.toLowerCase()) return true;
  // The same address in another spelling is the same address.
  const kind = ADDRESS_KINDS[field.name];
  return kind !== undefined && value !== '' && wanted !== '' && comparable(kind, value) === comparable(kind, wanted);
}

const ADDRESS_KINDS: Readonly<Record<string, 'mac' | 'ipv6'>> = { mac_address: 'mac', ipv6_address: 'ipv6' };

/** The items in the order asked for: by a field, else by name, `!` in front for backwards; equals by name. */
export function sortItems<T extends { values: ItemData }>(type: ItemType, items: T[], sortField: string | null): T[] {
  const backwards = sortField?.startsWith('!') === true;
  const word = (backwards ? sortField?.slice(1) : sortField) ?? '';
  const field = word === '' ? 'name' : (findField(type.fields, word)?.name ?? word);
  const keyed = items.map((item) => ({ item, key: sortKey(item.values[field]), name: textOf(item.values.name) }));
  keyed.sort((a, b) => compare(a.key, b.key) || compare(a.name, b.name));
  const sorted = keyed.map(({ item }) => item);
  return backwards ? sorted.reverse() : sorted;
}

function sortKey(value: ItemValue | undefined): string | number {
  if (typeof value === 'number') return value;
  if (isDict(value)) throw new FieldError('type', "'<' not supported between instances of 'dict' and 'dict'");
  return textOf(value);
}

function compare(a: string | number, b: string | number): number {
  if (typeof a === 'number' && typeof b === 'number') return a - b;
  const [left, right] = [String(a), String(b)];
  return left < right ? -1 : left > right ? 1 : 0;
}
