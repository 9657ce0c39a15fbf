import type { ItemData } from '../../domain/item-value';
import type { ItemType } from '../../domain/inventory';
import type { InventoryDeps } from '../../actions/inventory-deps';
import { makeFragment } from '../codec';
import { holdsSecrets, redact, secretsOf, toItemStruct } from '../item-wire';
import type { Param } from '../method';
import type { Fragment, Struct, XmlRpcValue } from '../value';

/** What the methods on items are made of. */
export interface ItemMethodDeps extends InventoryDeps {
  /** True for the token of a live session, which slides forward by that. */
  isSession(token: XmlRpcValue): Promise<boolean>;
}

export const NAME: Param = { name: 'name', type: 'string' };
export const HANDLE: Param = { name: 'object_id', type: 'string' };
export const TOKEN: Param = { name: 'token', type: 'string' };
/** A token that may be left out: methods that need none, or say so themselves. */
export const ANY_TOKEN: Param = { name: 'token', type: 'string', default: null };
export const WHAT: Param = { name: 'what', type: 'string' };

/** Only text can be a name; anything else is the name of nothing. */
export function asName(value: XmlRpcValue | undefined): string {
  return typeof value === 'string' ? value : '';
}

/** An argument that may be a token: Cobbler's clients put it where older servers expected it. */
const TOKEN_LENGTH = 36;

/** True when one of the arguments is the token of a live session. */
export async function hasSession(deps: ItemMethodDeps, args: readonly XmlRpcValue[]): Promise<boolean> {
  for (const arg of args) {
    if (typeof arg === 'string' && arg.length === TOKEN_LENGTH && (await deps.isSession(arg))) return true;
  }
  return false;
}

/**
 * Shows items as structs; their secrets only when the arguments of the call hold a live token, which is looked up once.
 */
export function itemShower(
  deps: ItemMethodDeps,
  type: ItemType,
  args: readonly XmlRpcValue[],
): (items: readonly ItemData[]) => Promise<Struct[]> {
  const secrets = secretsOf(type);
  let isAllowed: Promise<boolean> | null = null;
  return async (items) => {
    const hides = items.some((item) => holdsSecrets(item, secrets)) && !(await (isAllowed ??= hasSession(deps, args)));
    return items.map((item) => toItemStruct(hides ? redact(item, secrets) : item));
  };
}

/** All items of the pages, each written out as soon as it is read: what waits to be sent is text. */
export async function showPages(
  deps: ItemMethodDeps,
  type: ItemType,
  pages: AsyncIterable<ItemData[]>,
  args: readonly XmlRpcValue[],
): Promise<Fragment[]> {
  const show = itemShower(deps, type, args);
  const shown: Fragment[] = [];
  for await (const page of pages) for (const item of await show(page)) shown.push(makeFragment(item));
  return shown;
}
