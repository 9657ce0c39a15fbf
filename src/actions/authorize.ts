import { resolveField } from '../domain/inheritance';
import { fieldNamed, findItemType, itemType, type ItemType } from '../domain/inventory';
import { INHERIT, type SettingValues, textOf } from '../domain/item-value';
import { type AccessRules, decideAccess, type Groups, ownsAll } from '../domain/rights';
import type { InventoryStore } from '../store/inventory';
import { findBelow } from './remove-item';

/** How handles of items that are not saved yet begin. */
const NEW = '___NEW___';
/** Items of one call that are named, and characters of a name: records stay readable whatever callers send. */
const MAX_DESCRIBED = 10;
const MAX_NAME = 255;

/**
 * An item that a call is about, by its name or by a handle as callers hold it; what names no item is nobody's. `type` is
 * the type the method takes it for, whatever the handle says. `below`: all that refers to it as well, and so on down.
 */
export type Touched = { type: unknown } & ({ handle: unknown } | { name: unknown; below?: boolean });

/** Who may do what. */
export interface Authorizer {
  /** True when the user may use a resource on these items. Asked anew for every call: files and owners may change. */
  isAllowed(user: string, resource: string, touched?: readonly Touched[]): Promise<boolean>;
  /** The items as `TYPE::NAME`, those that exist and those that are to; at most 10. */
  describe(touched: readonly Touched[]): Promise<string[]>;
}

/** What the authorizer is made of. */
export interface AuthorizerDeps {
  store: { inventory: Pick<InventoryStore, 'loadChain' | 'getAll' | 'children' | 'handles'> };
  settings: SettingValues;
  module: AccessRules['module'];
  adminUser: string;
  /** Groups of users.conf, asked when the module needs them. */
  readGroups(): Promise<Groups>;
}

interface Item {
  type: ItemType;
  name: string;
}

/** Decides by Cobbler's authorization module and, where that asks for them, the owners of the items. */
export function createAuthorizer(deps: AuthorizerDeps): Authorizer {
  const { inventory } = deps.store;
  const { module, adminUser } = deps;

  return {
    async isAllowed(user, resource, touched = []) {
      const groups = module === 'authorization.allowall' ? new Map<string, Set<string>>() : await deps.readGroups();
      const rules = { module, adminUser, groups };
      const decision = decideAccess(rules, { user, resource });
      if (decision !== 'owners') return decision === 'yes';
      for (const one of touched) {
        const isBelow = 'below' in one && one.below;
        for (const item of await itemsOf(one)) {
          if (!ownsAll(rules, user, [await ownersOf(item)])) return false;
          if (isBelow && !ownsAll(rules, user, await ownersBelow(item))) return false;
        }
      }
      return true;
    },
    async describe(touched) {
      const items = (await Promise.all(touched.slice(0, MAX_DESCRIBED).map(itemsOf))).flat();
      const names = items.map(({ type, name }) => `${type.name}::${name.slice(0, MAX_NAME)}`);
      return [...new Set(names)].slice(0, MAX_DESCRIBED);
    },
  };

  /** The items meant; of a handle of a new item those whose names it has or would take. */
  async function itemsOf(touched: Touched): Promise<Item[]> {
    const type = typeof touched.type === 'string' ? findItemType(touched.type) : undefined;
    if (!type) return [];
    if ('name' in touched) return typeof touched.name === 'string' ? [{ type, name: touched.name }] : [];
    const { handle } = touched;
    if (typeof handle !== 'string') return [];
    if (!handle.startsWith(NEW)) {
      const cut = handle.indexOf('::');
      return cut === -1 ? [] : [{ type, name: handle.slice(cut + 2) }];
    }
    const staged = await inventory.handles.get('', handle);
    if (!staged) return [];
    const names = new Set(staged.itemName === null ? [] : [staged.itemName]);
    for (const edit of staged.edits) {
      if (edit.kind === 'set' && typeof edit.values.name === 'string') names.add(edit.values.name);
    }
    return [...names].map((name) => ({ type: itemType(staged.type), name }));
  }

  /** The owners as they are inherited. A contact is also its own; what has no owners belongs to those of its contact. */
  async function ownersOf({ type, name }: Item): Promise<string[]> {
    const chain = await inventory.loadChain(type, name);
    const [item] = chain;
    if (!item) return [];
    const field = fieldNamed(type.fields, 'owners');
    if (field) {
      const owners = toNames(resolveField(chain, field, deps.settings));
      return type.name === 'contact' ? [...owners, name] : owners;
    }
    const through = type.fields.find(({ refersTo }) => refersTo === 'contact');
    const contact = through ? textOf(item.values[through.name]) : '';
    return contact === '' ? [] : ownersOf({ type: itemType('contact'), name: contact });
  }

  /** Owners of what refers to the item, where they are its own: those it inherits are asked for anyway. */
  async function ownersBelow(item: Item): Promise<string[][]> {
    const owners: string[][] = [];
    for (const { type, names } of (await findBelow(inventory, item.type, item.name)).slice(1).flat()) {
      for (const { values } of await inventory.getAll(type, names)) {
        if (values.owners !== undefined && values.owners !== INHERIT) owners.push(toNames(values.owners));
      }
    }
    return owners;
  }
}

function toNames(value: unknown): string[] {
  return Array.isArray(value) ? value.map(String) : [];
}

/** The item that Cobbler's `check_access` means by a resource and its first argument: `modify_system`, `TYPE::NAME`. */
export function touchedBy(resource: string, arg1: unknown): Touched[] {
  if (typeof arg1 !== 'string' || arg1 === '') return [];
  const isHandle = arg1.includes('::');
  const word = isHandle
    ? arg1.slice(0, arg1.indexOf('::')).replace(NEW, '')
    : resource.slice(resource.lastIndexOf('_') + 1);
  const type = findItemType(word)?.name;
  return [isHandle ? { type, handle: arg1 } : { type, name: arg1 }];
}
