import type { InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';

/** Names kept in memory at most; then it starts anew. */
const MAX_KEPT = 50_000;

/** A name as a message gives it. */
export interface ItemName {
  type: 'system' | 'profile' | null;
  name: string;
}

/** The systems and profiles that messages name, kept in memory for as long as the inventory has not changed. */
export interface TargetItems {
  /** The items of these names, by `TYPE:NAME`. */
  find(store: Store, names: readonly ItemName[]): Promise<Map<string, InventoryTarget>>;
  /**
   * Compares with the version of the inventory that was read after `find`. False when what `find` answered may be too
   * old: everything is forgotten then and will be asked for again.
   */
  isCurrent(version: number): boolean;
}

const keyOf = ({ type, name }: ItemName): string => `${type ?? ''}:${name}`;

/**
 * Makes an empty memory. It holds committed facts only: a transaction that has changed the inventory needs one of its
 * own.
 */
export function createTargetItems(): TargetItems {
  let version: number | null = null;
  // What each name came to; empty for names nobody has.
  let known = new Map<string, InventoryTarget[]>();
  return {
    async find(store, names) {
      const wanted = new Map(names.map((name) => [keyOf(name), name]));
      if (known.size + wanted.size > MAX_KEPT) known = new Map();
      const missing = [...wanted.values()].filter((name) => !known.has(keyOf(name)));
      if (missing.length > 0) {
        const found = await store.inventory.findTargets(missing);
        for (const name of missing) {
          const items = found.filter((item) => item.name === name.name && (name.type ?? item.type) === item.type);
          known.set(keyOf(name), items);
        }
      }
      const items = [...wanted.keys()].flatMap((key) => known.get(key) ?? []);
      return new Map(items.map((item) => [`${item.type}:${item.name}`, item]));
    },

    isCurrent(read) {
      if (version === read) return true;
      version = read;
      known = new Map();
      return false;
    },
  };
}
