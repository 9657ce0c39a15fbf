import { flattenItem } from '../../domain/inheritance';
import { findField, findItemType, type ItemType } from '../../domain/inventory';
import { findItemNames, findItemPages, listItemPages, pageItems, readItem } from '../../actions/read-items';
import { readCriteria, readNumber, readSortField } from '../criteria';
import { cx, typeError, valueError } from '../fault';
import { savedHandle } from '../handles';
import { isTruthy, pythonType, wordOf } from '../item-wire';
import { Double, struct, type XmlRpcValue } from '../value';
import { asName, hasSession, itemShower, showPages, type ItemMethodDeps } from './item-methods';

/** The type a caller names. Throws Fault when there is no such type. */
export function readType(what: XmlRpcValue): ItemType {
  const type = typeof what === 'string' ? findItemType(what) : undefined;
  if (type) return type;
  throw cx(`internal error, collection name "${wordOf(what)}" not supported`);
}

type Args = readonly XmlRpcValue[];

/** get_item and get_T. `args`: name, flatten, resolved, and what may be a token. */
export async function getItem(deps: ItemMethodDeps, type: ItemType, args: Args): Promise<XmlRpcValue> {
  const [name, flatten, resolved] = args;
  const item = await readItem(deps, type, asName(name), { resolved: isTruthy(resolved) });
  if (!item) return '~';
  const [shown] = await itemShower(deps, type, args)([isTruthy(flatten) ? flattenItem(type.fields, item) : item]);
  return shown!;
}

/** get_items and get_Ts. */
export async function getItems(deps: ItemMethodDeps, type: ItemType, args: Args): Promise<XmlRpcValue> {
  return showPages(deps, type, listItemPages(deps, type), args);
}

/** get_Ts_since. `args`: seconds since 1970. */
export async function getItemsSince(deps: ItemMethodDeps, type: ItemType, [since]: Args): Promise<XmlRpcValue> {
  const seconds = since instanceof Double ? since.value : since;
  if (typeof seconds !== 'number') {
    throw typeError(`'>=' not supported between instances of 'float' and '${pythonType(since ?? null)}'`);
  }
  return showPages(deps, type, listItemPages(deps, type, seconds), []);
}

/** get_item_handle and get_T_handle. */
export async function getHandle(deps: ItemMethodDeps, what: string, name: XmlRpcValue): Promise<XmlRpcValue> {
  const type = readType(what);
  if (typeof name === 'string' && (await deps.store.inventory.has(type, name))) return savedHandle(what, name);
  throw unknownItem(what, name);
}

/** No item of that type has that name. */
export function unknownItem(what: string, name: XmlRpcValue): Error {
  return cx(`internal error, unknown ${what} name ${wordOf(name)}`);
}

/** find_items and find_T. `args`: criteria, and what may be a token. */
export async function find(
  deps: ItemMethodDeps,
  what: XmlRpcValue,
  options: { sortField: XmlRpcValue; expand: boolean },
  args: Args,
): Promise<XmlRpcValue> {
  const type = findable(what);
  const criteria = readCriteria(args[0] ?? null);
  const sortField = readSortField(options.sortField);
  const mayAsk = await mayAskFor(deps, type, [...Object.keys(criteria), sortField ?? ''], args);
  if (!mayAsk) return [];
  if (!options.expand) return findItemNames(deps, type, criteria, sortField);
  return showPages(deps, type, findItemPages(deps, type, criteria, sortField), args);
}

function findable(what: XmlRpcValue): ItemType {
  const type = typeof what === 'string' ? findItemType(what) : undefined;
  if (type) return type;
  throw valueError('what needs to be a valid collection if it is non empty!');
}

/** Whoever may not see a field cannot guess at it by searching or sorting either. */
async function mayAskFor(deps: ItemMethodDeps, type: ItemType, words: readonly string[], args: Args): Promise<boolean> {
  const isSecret = words.some((word) => findField(type.fields, word.replace(/^!/, ''))?.secret === true);
  return !isSecret || hasSession(deps, args);
}

/** Choices that paging clients are offered. */
const PAGE_SIZES = [10, 20, 50, 100, 200, 500];

/** find_items_paged. `args`: what, criteria, sort_field, page, items_per_page, and what may be a token. */
export async function findPaged(deps: ItemMethodDeps, args: Args): Promise<XmlRpcValue> {
  const [what, criteria, sortField, page, perPage] = args;
  const type = findable(what ?? null);
  const wanted = {
    sortField: readSortField(sortField ?? null),
    page: readNumber(page ?? null),
    perPage: readNumber(perPage ?? null),
  };
  const asked = readCriteria(criteria ?? null);
  const mayAsk = await mayAskFor(deps, type, [...Object.keys(asked), wanted.sortField ?? ''], args);
  const found = mayAsk
    ? await pageItems(deps, type, asked, wanted)
    : { items: [], page: 1, pages: 1, perPage: wanted.perPage > 0 ? wanted.perPage : 25, total: 0 };
  const start = (found.page - 1) * found.perPage;
  return struct({
    items: await itemShower(deps, type, args)(found.items),
    pageinfo: struct({
      page: found.page,
      prev_page: found.page > 1 ? found.page - 1 : '~',
      next_page: found.page < found.pages ? found.page + 1 : '~',
      pages: Array.from({ length: found.pages }, (_, index) => index + 1),
      num_pages: found.pages,
      num_items: found.total,
      start_item: start,
      end_item: Math.min(start + found.perPage, found.total),
      items_per_page: found.perPage,
      items_per_page_list: PAGE_SIZES,
    }),
  });
}
