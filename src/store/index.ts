import type { Knex } from 'knex';
import { createContactStore, type ContactStore } from './contacts';
import { createDeliveryStore, type DeliveryStore } from './deliveries';
import { createEventStore, type EventStore } from './events';
import { createHeartbeatStore, type HeartbeatStore } from './heartbeats';
import { createInventoryStore, type InventoryStore } from './inventory';
import { createNotificationStore, type NotificationStore } from './notifications';
import { createRunStore, type RunStore } from './runs';
import { createSecretStore, type SecretStore } from './secrets';
import { createSenderStore, type SenderStore } from './senders';
import { createSessionStore, type SessionStore } from './sessions';
import { createSettingStore, type SettingStore } from './settings';
import { createTaskStore, type TaskStore } from './tasks';
import { createUploadStore, type UploadStore } from './uploads';
import { createUserStore, type UserStore } from './users';

/**
 * Everything that is stored, bound to one connection or transaction. Parts are built from `db` alone, so the same
 * code runs inside a transaction and outside of one.
 */
export interface Store {
  inventory: InventoryStore;
  runs: RunStore;
  events: EventStore;
  heartbeats: HeartbeatStore;
  contacts: ContactStore;
  notifications: NotificationStore;
  deliveries: DeliveryStore;
  secrets: SecretStore;
  senders: SenderStore;
  sessions: SessionStore;
  settings: SettingStore;
  tasks: TaskStore;
  uploads: UploadStore;
  users: UserStore;
  /**
   * Runs `fn` in one transaction with a store bound to it: everything in it must go through that store (or `trx`),
   * never through the outer one, which on the embedded database would wait for itself.
   */
  transaction<T>(fn: (store: Store, trx: Knex.Transaction) => Promise<T>): Promise<T>;
}

/** What the store must know of the settings. */
export interface StoreOptions {
  /** Owners of what nobody says an owner of: Cobbler's setting `default_ownership`. */
  defaultOwners: readonly string[];
}

/** The store over a connection pool or a transaction. */
export function createStore(db: Knex, options: StoreOptions = { defaultOwners: ['admin'] }): Store {
  return {
    inventory: createInventoryStore(db, options),
    runs: createRunStore(db),
    events: createEventStore(db),
    heartbeats: createHeartbeatStore(db),
    contacts: createContactStore(db),
    notifications: createNotificationStore(db),
    deliveries: createDeliveryStore(db),
    secrets: createSecretStore(db),
    senders: createSenderStore(db),
    sessions: createSessionStore(db),
    settings: createSettingStore(db),
    tasks: createTaskStore(db),
    uploads: createUploadStore(db),
    users: createUserStore(db),
    transaction: (fn) => db.transaction((trx) => fn(createStore(trx, options), trx)),
  };
}
