import type { Knex } from 'knex';

/**
 * Everything that is stored, bound to one connection or transaction. Parts are built from `db` alone, so the same
 * code runs inside a transaction and outside of one.
 */
export interface Store {
  /**
   * Runs `fn` in one transaction with a store bound to it: everything in it must go through that store (or `trx`),
   * never through the outer one, which on the embedded database would wait for itself.
   */
  transaction<T>(fn: (store: Store, trx: Knex.Transaction) => Promise<T>): Promise<T>;
}

/** The store over a connection pool or a transaction. */
export function createStore(db: Knex): Store {
  return {
    transaction: (fn) => db.transaction((trx) => fn(createStore(trx), trx)),
  };
}
