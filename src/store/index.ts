import type { Knex } from 'knex';
import { createEventStore, type EventStore } from './events';
import { createHeartbeatStore, type HeartbeatStore } from './heartbeats';
import { createRunStore, type RunStore } from './runs';
import { createSecretStore, type SecretStore } from './secrets';

/**
 * Everything that is stored, bound to one connection or transaction. Parts are built from `db` alone, so the same
 * code runs inside a transaction and outside of one.
 */
export interface Store {
  runs: RunStore;
  events: EventStore;
  heartbeats: HeartbeatStore;
  secrets: SecretStore;
  /**
   * Runs `fn` in one transaction with a store bound to it: everything in it must go through that store (or `trx`),
   * never through the outer one, which on the embedded database would wait for itself.
   */
  transaction<T>(fn: (store: Store, trx: Knex.Transaction) => Promise<T>): Promise<T>;
}

/** The store over a connection pool or a transaction. */
export function createStore(db: Knex): Store {
  return {
    runs: createRunStore(db),
    events: createEventStore(db),
    heartbeats: createHeartbeatStore(db),
    secrets: createSecretStore(db),
    transaction: (fn) => db.transaction((trx) => fn(createStore(trx), trx)),
  };
}
