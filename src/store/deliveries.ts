import type { Knex } from 'knex';
import type { Settlement } from '../domain/delivery';
import type { Instant } from '../domain/event';
import type { RequestedNotification } from './notifications';

/** A message in its channel's words, as it is kept until it is sent. */
export interface StoredContent {
  subject: string;
  text: string;
  html: string | null;
  thread: string | null;
}

/** A message to one address, to be stored. */
export interface NewDelivery {
  id: string;
  contact: string;
  channel: string;
  address: string;
  /** False for an answer to a request: it waits for no other message to that address. */
  ordered: boolean;
  content: StoredContent;
  notificationIds: number[];
  createdAt: Instant;
  expiresAt: Instant;
}

/** Notifications that need no message, and why. */
export interface DroppedNotifications {
  ids: number[];
  outcome: 'expired' | 'no address';
}

/** A delivery this server holds until the lease ends. */
export interface ClaimedDelivery {
  number: number;
  id: string;
  contact: string;
  channel: string;
  address: string;
  content: StoredContent;
  /** Attempts, this one included. */
  attempts: number;
  createdAt: Instant;
  expiresAt: Instant;
}

/** How an attempt went, to be stored. */
export interface AttemptRecord {
  endedAt: Instant;
  settlement: Settlement;
  failure: string | null;
  detail: string | null;
  reference: string | null;
  /** Told to others in the same statement, when the address is given up. */
  notices: RequestedNotification[];
}

interface ClaimedRow {
  number: number;
  id: string;
  contact: string;
  channel: string;
  address: string;
  content: StoredContent;
  attempts: number;
  created_at: Date;
  expires_at: Date;
}

/** The outbox: messages to addresses, and every attempt to send one. */
export function createDeliveryStore(db: Knex) {
  return {
    /** Stores deliveries and marks their notifications, and the dropped ones, as done. In one statement. */
    async form(
      deliveries: readonly NewDelivery[],
      dropped: readonly DroppedNotifications[],
      now: Instant,
    ): Promise<void> {
      const done = [
        ...deliveries.flatMap((delivery) => delivery.notificationIds.map((id) => ({ id, outcome: 'delivery' }))),
        ...dropped.flatMap(({ ids, outcome }) => ids.map((id) => ({ id, outcome }))),
      ];
      if (done.length === 0) return;
      const rows = deliveries.map((delivery) => ({
        id: delivery.id,
        contact: delivery.contact,
        channel: delivery.channel,
        address: delivery.address,
        ordered: delivery.ordered,
        content: delivery.content,
        created_at: new Date(delivery.createdAt),
        expires_at: new Date(delivery.expiresAt),
        notification_ids: delivery.notificationIds,
      }));
      await db.raw(FORM, [JSON.stringify(rows), new Date(now), JSON.stringify(done), new Date(now)] as never);
    },

    /** True when `claim` may find something: asked every moment, and planned and answered much quicker. */
    async hasDue(channel: string, now: Instant): Promise<boolean> {
      const at = new Date(now);
      const { rows } = await db.raw<{ rows: { due: boolean }[] }>(
        `select exists (select 1 from deliveries where status = 'pending' and next_attempt_at <= ? and channel = ?)
             or exists (select 1 from deliveries where status = 'claimed' and lease_until <= ? and channel = ?) as due`,
        [at, channel, at, channel] as never,
      );
      return rows[0]!.due;
    },

    /**
     * Takes up to `limit` due deliveries of a channel for `server` until `leaseUntil`, notes the attempts, and lets those
     * expire whose time is over. Messages to one address go one after the other, oldest first. Skips what others are
     * taking at this moment. One statement: nothing is held while a message is sent.
     *
     * @returns claimed deliveries oldest first, and the numbers of expired ones.
     */
    async claim(options: {
      channel: string;
      server: string;
      now: Instant;
      leaseUntil: Instant;
      limit: number;
    }): Promise<{ claimed: ClaimedDelivery[]; expired: number }> {
      const { channel, server, limit } = options;
      const now = new Date(options.now);
      const { rows } = await db.raw<{ rows: (ClaimedRow & { status: string })[] }>(CLAIM, [
        channel,
        now,
        now,
        limit,
        now,
        now,
        now,
        now,
        new Date(options.leaseUntil),
        server,
        server,
        now,
      ] as never);
      const claimed = rows.filter((row) => row.status === 'claimed').map(toClaimed);
      return { claimed, expired: rows.length - claimed.length };
    },

    /**
     * Stores how an attempt went. A server whose lease was taken by another one changes the attempt only: the delivery
     * is no longer its own.
     *
     * @returns false when it was not.
     */
    async settle(delivery: Pick<ClaimedDelivery, 'number' | 'attempts'>, record: AttemptRecord): Promise<boolean> {
      const { settlement } = record;
      const endedAt = new Date(record.endedAt);
      const { rows } = await db.raw<{ rows: { settled: boolean }[] }>(SETTLE, [
        endedAt,
        record.failure === null ? 'sent' : settlement.status === 'pending' ? 'retry' : settlement.status,
        record.failure,
        record.detail,
        record.reference,
        delivery.number,
        delivery.attempts,
        settlement.status,
        settlement.status === 'pending' ? new Date(settlement.nextAttemptAt) : endedAt,
        record.reference,
        record.failure,
        settlement.status === 'pending' ? null : endedAt,
        delivery.number,
        delivery.attempts,
        record.failure,
        record.detail,
        endedAt,
        settlement.disablesAddress,
        settlement.status === 'sent',
        JSON.stringify(record.notices),
      ] as never);
      return rows[0]!.settled;
    },

    /** Removes deliveries settled before then, with their attempts. Answers how many. */
    async prune(before: Instant): Promise<number> {
      return db('deliveries').where('settled_at', '<', new Date(before)).del();
    },
  };
}

export type DeliveryStore = ReturnType<typeof createDeliveryStore>;

const FORM = `
  with given as (
    select * from jsonb_to_recordset(?::jsonb) as x(id text, contact text, channel text, address text, ordered boolean,
      content jsonb, created_at timestamptz, expires_at timestamptz, notification_ids bigint[])
  ), made as (
    insert into deliveries (id, contact, channel, address, ordered, content, next_attempt_at, created_at, expires_at)
    select id, contact, channel, address, ordered, content, ?::timestamptz, created_at, expires_at from given
    returning number, id
  ), linked as (
    insert into delivery_notifications (notification_id, delivery_number)
    select unnest(g.notification_ids), m.number from made m join given g on g.id = m.id
  ), done as (
    select id, min(outcome) as outcome from jsonb_to_recordset(?::jsonb) as x(id bigint, outcome text) group by id
  )
  update notifications n set formed_at = ?::timestamptz, outcome = done.outcome from done where n.id = done.id`;

const CLAIM = `
  with due as (
    select d.number from deliveries d
    where d.channel = ?
      and ((d.status = 'pending' and d.next_attempt_at <= ?::timestamptz)
        or (d.status = 'claimed' and d.lease_until <= ?::timestamptz))
      and (not d.ordered or not exists (
        select 1 from deliveries earlier
        where earlier.channel = d.channel and earlier.address = d.address and earlier.number < d.number
          and earlier.ordered and earlier.status in ('pending', 'claimed')))
    order by d.number limit ? for update of d skip locked
  ), taken as (
    update deliveries d set
      status = case when d.expires_at <= ?::timestamptz then 'expired' else 'claimed' end,
      settled_at = case when d.expires_at <= ?::timestamptz then ?::timestamptz end,
      attempts = d.attempts + case when d.expires_at <= ?::timestamptz then 0 else 1 end,
      lease_until = ?::timestamptz,
      claimed_by = ?
    from due where d.number = due.number
    returning d.*
  ), noted as (
    insert into delivery_attempts (delivery_number, attempt, server, started_at)
    select number, attempts, ?, ?::timestamptz from taken where status = 'claimed'
  )
  select number, id, contact, channel, address, content, attempts, created_at, expires_at, status
  from taken order by number`;

const SETTLE = `
  with attempt as (
    update delivery_attempts set ended_at = ?::timestamptz, outcome = ?, failure = ?, detail = ?, reference = ?
    where delivery_number = ? and attempt = ?
  ), settled as (
    update deliveries set status = ?, next_attempt_at = ?::timestamptz, lease_until = null, reference = ?, failure = ?,
      settled_at = ?::timestamptz
    where number = ? and attempts = ? and status = 'claimed'
    returning id, channel, address
  ), facts as (
    select ?::text as failure, ?::text as detail, ?::timestamptz as at, ?::boolean as refused, ?::boolean as sent
  ), disabled as (
    insert into disabled_addresses (channel, address, failure, detail, delivery_id, disabled_at)
    select s.channel, s.address, f.failure, f.detail, s.id, f.at from settled s, facts f where f.refused
    on conflict (channel, address) do nothing
    returning channel, address
  ), enabled as (
    delete from disabled_addresses a using settled s, facts f
    where f.sent and a.channel = s.channel and a.address = s.address
  ), notices as (
    insert into notifications (run_id, seq, contact, channel, reason, request, detail, created_at)
    select '', 0, x.contact, x.channel, x.reason, x.request, x.detail, f.at
    from facts f,
      jsonb_to_recordset(?::jsonb) as x(contact text, channel text, reason text, request text, detail jsonb)
    where exists (select 1 from disabled)
    on conflict do nothing
  )
  select exists (select 1 from settled) as settled`;

function toClaimed(row: ClaimedRow): ClaimedDelivery {
  return {
    number: row.number,
    id: row.id,
    contact: row.contact,
    channel: row.channel,
    address: row.address,
    content: row.content,
    attempts: row.attempts,
    createdAt: row.created_at.getTime(),
    expiresAt: row.expires_at.getTime(),
  };
}
