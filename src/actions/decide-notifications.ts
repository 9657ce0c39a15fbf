import { decideNotifications, toldRunsOf, type Audience, type Told } from '../domain/notification';
import type { PlannedEvent } from '../domain/plan';
import type { Store } from '../store/index';
import type { NotificationRow } from '../store/save-batch';

/** Decides who is told of the events of a batch, in the transaction that stores them. */
export interface NotificationDecider {
  /** @param audienceVersion - changes with every change of contacts and subscriptions. */
  decide(store: Store, written: readonly PlannedEvent[], audienceVersion: number): Promise<NotificationRow[]>;
}

/**
 * Keeps the audience in memory and reads it again when its version has changed: the version is read in every batch, so
 * a subscription saved on another server counts from the next batch on.
 */
export function createNotificationDecider(): NotificationDecider {
  let cached: { version: number; audience: Audience } | null = null;
  return {
    async decide(store, written, audienceVersion) {
      if (written.length === 0) return [];
      if (cached?.version !== audienceVersion) {
        cached = { version: audienceVersion, audience: await store.contacts.loadAudience() };
      }
      const told = await loadTold(store, written);
      const audience: Audience = { ...cached.audience, told };
      return written.flatMap((event) =>
        decideNotifications(event.before, event.after, event, audience).map((decision) => ({
          runId: event.runId,
          seq: event.seq,
          ...decision,
        })),
      );
    },
  };
}

/** Who was told of the problems these events answer: a query for the few batches that hold such an event. */
async function loadTold(store: Store, written: readonly PlannedEvent[]): Promise<ReadonlyMap<string, readonly Told[]>> {
  const runIds = new Set(written.flatMap((event) => toldRunsOf(event.before, event.after)));
  return runIds.size === 0 ? new Map() : store.notifications.loadTold([...runIds]);
}
