import { maskAddress } from '../domain/address';
import { LEASE_MS, SEND_TIMEOUT_MS, settleAttempt, type Settlement } from '../domain/delivery';
import type { Instant } from '../domain/event';
import type { Log } from '../log';
import type { Channel, DeliveryResult, Notifier } from '../notify/notifier';
import type { ClaimedDelivery } from '../store/deliveries';
import type { RequestedNotification } from '../store/notifications';
import type { Store } from '../store/index';
import { listAdministrators } from './list-administrators';

/** What sending is made of. */
export interface DeliverDeps {
  store: Store;
  now(): Instant;
  /** Name of this server in leases and attempts. */
  server: string;
  channel: Channel;
  notifier: Notifier;
  log: Log;
  /** 0 ≤ random < 1. */
  random(): number;
  /** Longest time one attempt may take; default SEND_TIMEOUT_MS. */
  sendTimeoutMs?: number;
}

/**
 * Sends what is due on one channel: claims a few deliveries by lease, sends them outside of any transaction with a time
 * limit each, and notes how each went as soon as it is known. What a crash leaves claimed is sent again when its lease
 * ends, under the same id: at least once, on purpose.
 *
 * @returns true when there may be more to do at once.
 */
export async function deliverNotifications(deps: DeliverDeps): Promise<boolean> {
  const now = deps.now();
  if (!(await deps.store.deliveries.hasDue(deps.channel.kind, now))) return false;
  const { claimed, expired } = await deps.store.deliveries.claim({
    channel: deps.channel.kind,
    server: deps.server,
    now,
    leaseUntil: now + LEASE_MS,
    limit: deps.channel.concurrency,
  });
  if (expired > 0) deps.log.warn('Messages grew too old before they could be sent.', { expired });
  const outcomes = await Promise.allSettled(claimed.map((delivery) => deliver(deps, delivery)));
  const failed = outcomes.find((outcome) => outcome.status === 'rejected');
  if (failed) throw failed.reason;
  return claimed.length + expired > 0;
}

async function deliver(deps: DeliverDeps, delivery: ClaimedDelivery): Promise<void> {
  const result = await send(deps, delivery);
  const endedAt = deps.now();
  const settlement = settleAttempt(delivery, result, endedAt, deps.random());
  const isOurs = await deps.store.deliveries.settle(delivery, {
    endedAt,
    settlement,
    failure: result.ok ? null : result.reason,
    detail: result.ok ? null : result.detail,
    reference: result.ok ? result.reference : null,
    notices: settlement.disablesAddress ? await composeNotices(deps, delivery, result) : [],
  });
  logOutcome(deps, delivery, result, isOurs ? settlement : null);
}

/** One attempt, checked and limited in time. Never throws: what a notifier throws against its promise is a failure. */
async function send(deps: DeliverDeps, delivery: ClaimedDelivery): Promise<DeliveryResult> {
  const fault = deps.channel.addressFault(delivery.address);
  if (fault !== null) return { ok: false, retry: false, reason: 'address refused', detail: fault };
  const rendered = {
    id: delivery.id,
    contact: delivery.contact,
    address: delivery.address,
    content: delivery.content,
    createdAt: new Date(delivery.createdAt),
  };
  try {
    return await deps.notifier.send(rendered, AbortSignal.timeout(deps.sendTimeoutMs ?? SEND_TIMEOUT_MS));
  } catch (error) {
    deps.log.error('A channel broke its promise not to throw.', { deliveryId: delivery.id, error });
    return { ok: false, retry: true, reason: 'server error', detail: 'The channel failed.' };
  }
}

/** Tells administrators that an address does not work, on another channel where there is one, else at another address. */
async function composeNotices(
  deps: DeliverDeps,
  delivery: ClaimedDelivery,
  result: DeliveryResult,
): Promise<RequestedNotification[]> {
  const { contacts, subscriptions } = await deps.store.contacts.loadAudience();
  const administrators = listAdministrators({ contacts, subscriptions });
  const why = result.ok ? '' : `${result.reason}, ${result.detail}`;
  const note = `${delivery.channel} to ${delivery.contact} (${maskAddress(delivery.address)}): ${why}`;
  return administrators.flatMap((contact) => {
    const usable = Object.entries(contact.addresses).filter(([channel, list]) =>
      list.some((address) => channel !== delivery.channel || address !== delivery.address),
    );
    const others = usable.filter(([channel]) => channel !== delivery.channel);
    return (others.length > 0 ? others : usable).map(([channel]) => ({
      request: `undeliverable:${delivery.id}`,
      contact: contact.name,
      channel,
      reason: 'undeliverable' as const,
      detail: { note },
    }));
  });
}

function logOutcome(
  deps: DeliverDeps,
  delivery: ClaimedDelivery,
  result: DeliveryResult,
  settlement: Settlement | null,
): void {
  const fields = {
    deliveryId: delivery.id,
    channel: delivery.channel,
    contact: delivery.contact,
    address: maskAddress(delivery.address),
    attempt: delivery.attempts,
  };
  if (settlement === null) {
    deps.log.warn('A delivery took longer than its lease; another server has taken it over.', fields);
  } else if (result.ok) {
    deps.log.info('A message was sent.', fields);
  } else {
    // The other side likes to repeat the address in its answer.
    const detail = result.detail.replaceAll(delivery.address, maskAddress(delivery.address));
    const failure = { ...fields, reason: result.reason, detail };
    if (settlement.status === 'pending') deps.log.warn('A message could not be sent and will be tried again.', failure);
    else if (settlement.status === 'expired') deps.log.warn('A message could not be sent in time.', failure);
    else deps.log.error('A message cannot be delivered.', failure);
  }
}
