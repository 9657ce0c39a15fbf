import type { Knex } from 'knex';
import type { Migration } from './index';

/**
 * The outbox: who is to be told (`notifications`, written together with the event), the messages formed from that
 * (`deliveries`, one per address) and every attempt to send one.
 */
export const migration0003: Migration = {
  name: '0003-notifications',

  async up(knex: Knex): Promise<void> {
    // seq 0 and a request: not caused by an event but asked for (digest, on demand, test); run_id is '' then, and detail
    // says what about. formed_at: taken up by a delivery, or dropped; outcome says which.
    await knex.raw(`
      create table notifications (
        id bigint generated always as identity primary key,
        run_id text not null,
        seq integer not null,
        contact text not null,
        channel text not null,
        reason text not null,
        request text not null default '',
        detail jsonb,
        created_at timestamptz not null,
        formed_at timestamptz,
        outcome text,
        constraint notifications_key unique (run_id, seq, contact, channel, request)
      )
    `);
    // What the grouping window asks every moment: nothing to read when nothing is due.
    await knex.raw(`create index notifications_waiting on notifications (created_at)
      where formed_at is null and request = ''`);
    await knex.raw(`create index notifications_waiting_by_group on notifications (contact, channel)
      where formed_at is null and request = ''`);
    await knex.raw(
      `create index notifications_requested on notifications (id) where formed_at is null and request <> ''`,
    );
    await knex.raw('create index notifications_formed on notifications (formed_at)');

    // number orders what goes to one address; ordered is false for answers to a request, which wait for nobody.
    await knex.raw(`
      create table deliveries (
        number bigint generated always as identity primary key,
        id text not null unique,
        contact text not null,
        channel text not null,
        address text not null,
        ordered boolean not null default true,
        status text not null default 'pending',
        content jsonb not null,
        attempts integer not null default 0,
        next_attempt_at timestamptz not null,
        lease_until timestamptz,
        claimed_by text,
        reference text,
        failure text,
        created_at timestamptz not null,
        expires_at timestamptz not null,
        settled_at timestamptz
      )
    `);
    await knex.raw(`create index deliveries_due on deliveries (next_attempt_at) where status = 'pending'`);
    await knex.raw(`create index deliveries_leases on deliveries (lease_until) where status = 'claimed'`);
    await knex.raw(`create index deliveries_queue on deliveries (channel, address, number)
      where ordered and status in ('pending', 'claimed')`);
    await knex.raw('create index deliveries_settled on deliveries (settled_at)');
    await knex.raw('create index deliveries_by_contact on deliveries (contact, number desc)');

    await knex.raw(`
      create table delivery_notifications (
        notification_id bigint not null references notifications (id) on delete cascade,
        delivery_number bigint not null references deliveries (number) on delete cascade,
        constraint delivery_notifications_key primary key (notification_id, delivery_number)
      )
    `);
    await knex.raw('create index delivery_notifications_by_delivery on delivery_notifications (delivery_number)');

    // outcome null: begun, and the server died before it knew.
    await knex.raw(`
      create table delivery_attempts (
        delivery_number bigint not null references deliveries (number) on delete cascade,
        attempt integer not null,
        server text not null,
        started_at timestamptz not null,
        ended_at timestamptz,
        outcome text,
        failure text,
        detail text,
        reference text,
        constraint delivery_attempts_key primary key (delivery_number, attempt)
      )
    `);

    await knex.raw(`
      create table disabled_addresses (
        channel text not null,
        address text not null,
        failure text not null,
        detail text not null,
        delivery_id text not null,
        disabled_at timestamptz not null,
        constraint disabled_addresses_key primary key (channel, address)
      )
    `);

    // What a digest asks: which runs ended since the last one.
    await knex.raw('create index runs_ended on runs (ended_at) where not is_open');

    // Addresses that NOTIFY_EMAIL and NOTIFY_SMS put on the contact admin, to be taken off again with the setting.
    await knex.raw(`
      create table setting_addresses (
        channel text not null,
        address text not null,
        constraint setting_addresses_key primary key (channel, address)
      )
    `);
  },

  async down(knex: Knex): Promise<void> {
    await knex.raw('drop index runs_ended');
    for (const table of [
      'setting_addresses',
      'disabled_addresses',
      'delivery_attempts',
      'delivery_notifications',
      'deliveries',
      'notifications',
    ]) {
      await knex.raw('drop table ??', [table]);
    }
  },
};
