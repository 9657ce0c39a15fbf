import type { Knex } from 'knex';
import { createChainReader } from './item-chains';
import { createHandleStore } from './item-handles';
import { createItemReader } from './items';
import { createItemWriter } from './write-items';

/** Items, what they inherit from, and edits not yet saved. */
export type InventoryStore = ReturnType<typeof createInventoryStore>;

/**
 * The inventory over a connection pool or a transaction.
 *
 * @param options - `defaultOwners`: who owns what nobody says an owner of (Cobbler's setting `default_ownership`).
 */
export function createInventoryStore(db: Knex, options: { defaultOwners: readonly string[] }) {
  return {
    ...createItemReader(db),
    ...createItemWriter(db),
    ...createChainReader(db, options),
    handles: createHandleStore(db),
  };
}
