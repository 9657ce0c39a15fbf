import { itemType, type ItemType } from '../../domain/inventory';
import { isDict, type ItemData, type ItemValue } from '../../domain/item-value';

/** The types Cobbler has, those others refer to first: the order in which items can be made. */
export const IMPORTED_TYPES: readonly ItemType[] = [
  'menu',
  'repo',
  'mgmtclass',
  'package',
  'file',
  'distro',
  'profile',
  'image',
  'system',
].map(itemType);

/** One item as Cobbler keeps it. */
export interface OldItem {
  type: ItemType;
  name: string;
  /** Where it was found, for messages. */
  origin: string;
  values: ItemData;
}

/** A template or snippet of answer files. */
export interface OldFile {
  kind: 'template' | 'snippet';
  /** Below the folder of its kind, with `/`. */
  path: string;
  text: string;
}

/** Something the administrator should know of: what was not taken as it was, and why. */
export interface Remark {
  /** `refused`: the item is not here; `left out`: one value of it; `mapped`: one value was written otherwise. */
  what: 'refused' | 'left out' | 'mapped';
  type: string;
  name: string;
  field: string | null;
  why: string;
}

/** Everything that was found at the old server. */
export interface OldSite {
  /** Folder or URL, for messages. */
  source: string;
  items: OldItem[];
  files: OldFile[];
  /** Cobbler's settings by name; null when nobody looked. */
  settings: ItemData | null;
  remarks: Remark[];
  /** Names of types all of whose items are known, so that what is not among them is gone. */
  complete: Set<string>;
  /** `type name` of items that are there but could not be read: not gone, whatever else is wrong. */
  unread: Set<string>;
}

/** A site in which nothing was found yet. */
export function emptySite(source: string): OldSite {
  return { source, items: [], files: [], settings: null, remarks: [], complete: new Set(), unread: new Set() };
}

/** Arrays and structs inside one another; Cobbler's deepest item has four. */
const MAX_DEPTH = 50;

/**
 * Adds an item as it was read, unless it cannot be one.
 *
 * @param fallback - what it is called when it does not say so.
 */
export function addItem(site: OldSite, type: ItemType, read: unknown, at: { origin: string; fallback: string }): void {
  const value = read as ItemValue;
  const given = isDict(value) ? value.name : undefined;
  const name = typeof given === 'string' && given !== '' ? given : at.fallback;
  const refuse = (why: string): void => refuseUnread(site, type, name, `${at.origin}: ${why}`);
  if (!isDict(value)) return refuse('it is not an item, which is a struct of fields');
  if (isDeeperThan(value, MAX_DEPTH)) return refuse(`it is nested deeper than ${MAX_DEPTH} levels`);
  if (typeof given !== 'string' || given === '') return refuse('it has no name');
  site.items.push({ type, name, origin: at.origin, values: value });
}

/** Remembers an item that is there but cannot be read. */
export function refuseUnread(site: OldSite, type: ItemType, name: string, why: string): void {
  site.unread.add(`${type.name} ${name}`);
  site.remarks.push({ what: 'refused', type: type.name, name, field: null, why });
}

function isDeeperThan(value: ItemValue, levels: number): boolean {
  let level: ItemValue[] = [value];
  for (let depth = 0; level.length > 0; depth++) {
    if (depth > levels) return true;
    level = level.flatMap((each) => (typeof each === 'object' && each !== null ? Object.values(each) : []));
  }
  return false;
}
