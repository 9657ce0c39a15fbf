import { matches, sortItems, type Criteria } from '../domain/find';
import { narrow, orderOf, type Narrowing, type Order } from '../domain/narrow';
import { type ItemData, textOf } from '../domain/item-value';
import { blendItem, resolveField, resolveItem, type Chain } from '../domain/inheritance';
import { completeValues, fieldNamed, findField, findItemType, withMirrors, type ItemType } from '../domain/inventory';
import type { InventoryStore } from '../store/inventory';
import type { StoredItem } from '../store/items';
import type { InventoryDeps } from './inventory-deps';

/** What reading items needs. */
export type ReadDeps = Pick<InventoryDeps, 'store' | 'settings'>;

/** One page of items, and where it lies. */
export interface ItemPage {
  items: ItemData[];
  /** From 1. */
  page: number;
  /** At least 1. */
  pages: number;
  perPage: number;
  total: number;
}

/**
 * An item as stored, with mirrors; with `resolved`, with effective values instead of inherit markers. Null: there is
 * none.
 */
export async function readItem(
  deps: ReadDeps,
  type: ItemType,
  name: string,
  options: { resolved?: boolean } = {},
): Promise<ItemData | null> {
  if (!options.resolved) {
    const item = await deps.store.inventory.get(type, name);
    return item && show(deps, type, item);
  }
  const chain = completeChain(deps, await deps.store.inventory.loadChain(type, name));
  return chain.length === 0 ? null : resolveItem(chain, deps.settings);
}

/** Items read at a time: what is put together between two turns of others, and held at once besides the answer. */
const PAGE = 200;

/**
 * Items of a type as stored, in the order they came to be, some at a time. Each page is read for itself: of items that
 * come, go or change meanwhile any may or may not be among them, all others are there once.
 *
 * @param since - only those changed then or later, in seconds since 1970.
 */
export async function* listItemPages(
  deps: ReadDeps,
  type: ItemType,
  since: number | null = null,
): AsyncGenerator<ItemData[]> {
  for await (const page of readPages(deps, type, { since })) yield page.map((item) => show(deps, type, item));
}

async function* readPages(
  deps: ReadDeps,
  type: ItemType,
  what: { since?: number | null; narrowings?: readonly Narrowing[] },
): AsyncGenerator<StoredItem[]> {
  for (let after = 0; ;) {
    const page = await deps.store.inventory.listPage(type, { ...what, after, limit: PAGE });
    if (page.length > 0) yield page;
    if (page.length < PAGE) return;
    after = page.at(-1)!.id;
  }
}

/**
 * The items that meet all criteria, as stored, in the order asked for (see `sortItems`). No criteria: all.
 *
 * @throws FieldError for fields that cannot be compared or sorted by.
 */
export async function findItems(
  deps: ReadDeps,
  type: ItemType,
  criteria: Criteria,
  sortField: string | null = null,
): Promise<ItemData[]> {
  const { possible, narrowings } = narrow(type, criteria);
  if (!possible) return [];
  const found: StoredItem[] = [];
  const above: ItemsAbove = new Map();
  for await (const page of readPages(deps, type, { narrowings })) {
    const arches = needsArch(type, criteria) ? await loadArches(deps.store.inventory, type, page, above) : null;
    for (const item of page) {
      if (matches(type, item.values, criteria, arches?.get(textOf(item.values.name)))) found.push(item);
    }
  }
  return sortItems(type, found, sortField).map((item) => show(deps, type, item));
}

/** What `findItems` finds, some at a time; nothing but names is held where the database can do the search alone. */
export async function* findItemPages(
  deps: ReadDeps,
  type: ItemType,
  criteria: Criteria,
  sortField: string | null = null,
): AsyncGenerator<ItemData[]> {
  const search = inDatabase(type, criteria, sortField);
  if (!search) {
    yield await findItems(deps, type, criteria, sortField);
    return;
  }
  const { inventory } = deps.store;
  const names = await inventory.findNames(type, search.narrowings, search.order);
  for (let from = 0; from < names.length; from += PAGE) {
    const wanted = names.slice(from, from + PAGE);
    const items = await inventory.getAll(type, wanted);
    const byName = new Map(items.map((item) => [textOf(item.values.name), show(deps, type, item)]));
    yield wanted.map((name) => byName.get(name)).filter((item) => item !== undefined);
  }
}

/** Names of the items that `findItems` finds; only names are read where the database can do all of it. */
export async function findItemNames(
  deps: ReadDeps,
  type: ItemType,
  criteria: Criteria,
  sortField: string | null = null,
): Promise<string[]> {
  const search = inDatabase(type, criteria, sortField);
  if (search) return deps.store.inventory.findNames(type, search.narrowings, search.order);
  return (await findItems(deps, type, criteria, sortField)).map((item) => textOf(item.name));
}

/** A search the database does alone, down to the order; null when somebody has to look at every item. */
function inDatabase(
  type: ItemType,
  criteria: Criteria,
  sortField: string | null,
): { narrowings: Narrowing[]; order: Order } | null {
  const { possible, narrowings, exact } = narrow(type, criteria);
  const order = orderOf(type, sortField);
  return possible && exact && order ? { narrowings, order } : null;
}

/** One page of `findItems`. Numbers that make no sense become page 1 of 25; a page past the end is the last one. */
export async function pageItems(
  deps: ReadDeps,
  type: ItemType,
  criteria: Criteria,
  wanted: { sortField: string | null; page: number; perPage: number },
): Promise<ItemPage> {
  const { inventory } = deps.store;
  const perPage = Number.isInteger(wanted.perPage) && wanted.perPage > 0 ? wanted.perPage : 25;
  const search = inDatabase(type, criteria, wanted.sortField);
  const found = search ? null : await findItems(deps, type, criteria, wanted.sortField);
  const total = found ? found.length : await inventory.count(type, search!.narrowings);
  const pages = Math.max(1, Math.ceil(total / perPage));
  const page = Number.isInteger(wanted.page) && wanted.page > 0 ? Math.min(wanted.page, pages) : 1;
  const offset = (page - 1) * perPage;
  const items = found
    ? found.slice(offset, offset + perPage)
    : (await inventory.page(type, { ...search!, offset, limit: perPage })).map((item) => show(deps, type, item));
  return { items, page, pages, perPage, total };
}

/** An item blended with all it inherits and the settings (not flattened); null: there is none. */
export async function readBlended(deps: ReadDeps, type: ItemType, name: string): Promise<ItemData | null> {
  const chain = completeChain(deps, await deps.store.inventory.loadChain(type, name));
  if (chain.length === 0) return null;
  return type.blends ? blendItem(chain, deps.settings) : resolveItem(chain, deps.settings);
}

/**
 * The effective value of one field of the item with that uid.
 *
 * @returns null when there is no such item; `value` undefined when its type has no such field.
 */
export async function readResolvedValue(
  deps: ReadDeps,
  uid: string,
  attribute: string,
): Promise<{ type: ItemType; value: ItemData[string] | undefined } | null> {
  const chain = completeChain(deps, await deps.store.inventory.loadChainByUid(uid));
  const [own] = chain;
  const type = own && findItemType(own.type);
  if (!own || !type) return null;
  const field = fieldNamed(type.fields, attribute) ?? findField(type.fields, attribute);
  if (!field) return { type, value: undefined };
  if (field.inherits) return { type, value: resolveField(chain, field, deps.settings) };
  return { type, value: resolveItem(chain, deps.settings)[field.name] };
}

function show(deps: ReadDeps, type: ItemType, item: StoredItem): ItemData {
  return withMirrors(type.fields, completeValues(type.fields, item.values, deps.settings));
}

/** A chain as stored, with fields added that were not known when its items were stored. */
export function completeChain(deps: ReadDeps, chain: Chain): Chain {
  return chain.map((item) => {
    const type = findItemType(item.type);
    return type ? { ...item, values: completeValues(type.fields, item.values, deps.settings) } : item;
  });
}

/** A type without an architecture of its own can still be looked for by that of what it inherits from. */
function needsArch(type: ItemType, criteria: Criteria): boolean {
  return Object.hasOwn(criteria, 'arch') && !fieldNamed(type.fields, 'arch') && type.parents.length > 0;
}

/** Values of what others inherit from, by type and name. */
type ItemsAbove = Map<string, Map<string, ItemData>>;

/** Architecture of each item's nearest ancestor that has one, by the item's name. `loaded` keeps what was read for it. */
async function loadArches(
  inventory: InventoryStore,
  type: ItemType,
  items: readonly StoredItem[],
  loaded: ItemsAbove,
): Promise<Map<string, string>> {
  const lookUp = async (above: ItemType, name: string): Promise<ItemData | undefined> => {
    let byName = loaded.get(above.name);
    if (!byName) {
      byName = new Map((await inventory.list(above)).map((item) => [textOf(item.values.name), item.values]));
      loaded.set(above.name, byName);
    }
    return byName.get(name);
  };
  const arches = new Map<string, string>();
  for (const item of items) {
    let [current, values]: [ItemType, ItemData | undefined] = [type, item.values];
    for (let steps = 0; values && typeof values.arch !== 'string' && steps < 100; steps++) {
      const parent: string | undefined = current.parents.find(
        (field) => typeof values?.[field] === 'string' && values[field] !== '',
      );
      const above: ItemType | undefined = findItemType(fieldNamed(current.fields, parent ?? '')?.refersTo ?? '');
      values = above && (await lookUp(above, textOf(values[parent ?? ''])));
      if (above) current = above;
    }
    if (typeof values?.arch === 'string') arches.set(textOf(item.values.name), values.arch);
  }
  return arches;
}
