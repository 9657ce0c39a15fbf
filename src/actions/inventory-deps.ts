import type { Knex } from 'knex';
import type { SettingValues } from '../domain/item-value';
import type { RunKind } from '../domain/run';
import type { InventoryStore } from '../store/inventory';
import type { Store } from '../store/index';
import type { ItemTriggers } from './item-triggers';

/** What happened to a system or profile, as far as runs are concerned. */
export type InventoryChange =
  | {
      system: string;
      /** `on`/`off`: netboot_enabled was turned so by this change. */
      netboot: 'on' | 'off' | 'unchanged';
      removed?: boolean;
      /** A run of this kind is to be planned, whatever netboot says; `default` leaves the kind to the history. */
      plan?: RunKind | 'default';
      renamedTo?: string;
      /** User of the session; null when nobody is logged in. */
      by: string | null;
    }
  | { profile: string; renamedTo: string; by: string | null };

/** What the actions on items need. */
export interface InventoryDeps {
  store: Store;
  /** Cobbler's settings. */
  settings: SettingValues;
  /** Epoch milliseconds. */
  now(): number;
  /** True when this server has a file of that path. */
  fileExists(path: string): Promise<boolean>;
  /** True for a failed transaction that may do better when it runs again (deadlock, a row that came or went between). */
  isWriteConflict(error: unknown): boolean;
  /** Told inside the transaction of the change; what it throws undoes the change. */
  onInventoryChange(trx: Knex.Transaction, changes: InventoryChange[]): Promise<void>;
  /** Scripts around changes; none when left out. */
  triggers?: ItemTriggers;
}

/** The inventory inside one transaction. */
export interface InventoryTransaction {
  items: InventoryStore;
  trx: Knex.Transaction;
  deps: InventoryDeps;
}

/** Times a change is tried before its error reaches the caller. */
const ATTEMPTS = 4;

/** Runs `change` in one transaction, again when it lost against another. */
export async function changeInventory<T>(
  deps: InventoryDeps,
  change: (transaction: InventoryTransaction) => Promise<T>,
): Promise<T> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await deps.store.transaction((store, trx) => change({ items: store.inventory, trx, deps }));
    } catch (error) {
      if (attempt >= ATTEMPTS || !deps.isWriteConflict(error)) throw error;
    }
  }
}
