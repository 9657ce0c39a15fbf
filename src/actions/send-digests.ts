import { dueDigests, type DueDigest } from '../domain/digest';
import type { Instant } from '../domain/event';
import { ANY_CHANNEL, coversRun, type Audience, type Contact, type Subscription } from '../domain/notification';
import type { RunState } from '../domain/run';
import type { RequestedNotification } from '../store/notifications';
import type { Store } from '../store/index';

/** What periodic messages are made of. */
export interface DigestDeps {
  store: Store;
  now(): Instant;
}

/** Runs one digest lists at most; the count in its subject is then that of the list. */
const MAX_RUNS = 500;

/** A daily digest that fell into a time without servers is made up for this long; others come again soon anyway. */
const GRACE_MS = 60 * 60_000;

/**
 * Makes a step that asks for the digests that became due since its last call. Every server may run it: equal requests
 * are stored once. A digest lists what runs, and what ended since the one before.
 */
export function createDigestStep(deps: DigestDeps): () => Promise<boolean> {
  let lookedAt: Instant | null = null;
  return async () => {
    const now = deps.now();
    const isFirst = lookedAt === null;
    const audience = await deps.store.contacts.loadAudience();
    const due = findDue(audience, lookedAt ?? now - GRACE_MS, now).filter(
      ({ digest }) => !isFirst || digest.evenIfQuiet,
    );
    if (due.length > 0) await deps.store.notifications.request(await compose(deps.store, due), now);
    lookedAt = now;
    return false;
  };
}

interface Due {
  subscription: Subscription;
  contact: Contact;
  digest: DueDigest;
}

function findDue(audience: Audience, from: Instant, to: Instant): Due[] {
  const contacts = new Map(audience.contacts.map((contact) => [contact.name, contact]));
  return audience.subscriptions.flatMap((subscription): Due[] => {
    const contact = contacts.get(subscription.contact);
    if (!subscription.enabled || !contact?.enabled) return [];
    const digests = dueDigests(subscription, contact.timeZone, from, to);
    return digests.map((digest) => ({ subscription, contact, digest }));
  });
}

async function compose(store: Store, due: readonly Due[]): Promise<RequestedNotification[]> {
  const open = (await store.runs.find({ status: ['installing', 'stalled'], limit: MAX_RUNS })).map((run) => run.state);
  const earliest = Math.min(...due.map(({ digest }) => digest.since));
  const ended = await store.notifications.findEnded(earliest, MAX_RUNS);
  return due.flatMap(({ subscription, contact, digest }) => {
    const isMine = (run: RunState): boolean => coversRun(subscription, run);
    const running = open.filter(isMine);
    if (running.length === 0 && !digest.evenIfQuiet) return [];
    const over = ended.filter((run) => (run.endedAt ?? 0) > digest.since && isMine(run));
    const quiet = running.length === 0 ? ' Nothing runs; the server is alive.' : '';
    return channelsOf(subscription, contact).map((channel) => ({
      request: `digest:${subscription.name}:${digest.slot}`,
      contact: contact.name,
      channel,
      reason: 'digest' as const,
      detail: { runIds: [...running, ...over].map((run) => run.runId), note: digest.note + quiet },
    }));
  });
}

/** The channels of the subscription that the contact has an address for. */
function channelsOf(subscription: Subscription, contact: Contact): string[] {
  return Object.keys(contact.addresses).filter(
    (channel) =>
      (subscription.channel === ANY_CHANNEL || subscription.channel === channel) &&
      contact.addresses[channel]!.length > 0,
  );
}
