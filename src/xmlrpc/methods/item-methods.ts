import type { ItemData } from '../../domain/item-value';
import type { ItemType } from '../../domain/inventory';
import type { InventoryDeps } from '../../actions/inventory-deps';
import { holdsSecrets, redact, secretsOf, toItemStruct } from '../item-wire';
import type { Param } from '../method';
import type { Struct, XmlRpcValue } from '../value';

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

/** Items as structs; their secrets only for callers whose arguments hold a live token. */
export async function showItems(
  deps: ItemMethodDeps,
  type: ItemType,
  items: readonly ItemData[],
  args: readonly XmlRpcValue[],
): Promise<Struct[]> {
  const secrets = secretsOf(type);
  const hides = items.some((item) => holdsSecrets(item, secrets)) && !(await hasSession(deps, args));
  return items.map((item) => toItemStruct(hides ? redact(item, secrets) : item));
}
