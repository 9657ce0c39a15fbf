import type { Knex } from 'knex';
import type { Migration } from './index';

/** What targets are resolved from. */
const COUNTED_TABLES = ['distros', 'profiles', 'systems', 'interfaces'];

/**
 * Targets, runs and the log. `events` is the truth and append-only: a rule of the database forbids changing it, save
 * for retention, which says so with `set local kickwatch.retention = 'on'`. `runs` is a cache of the fold. `events` is
 * partitioned by month, so that retention drops partitions instead of deleting rows; the default partition takes
 * whatever no month has been made for yet. `version` of a target counts the batches written about it: a batch is
 * written only when there was no other since it read the target.
 */
export const migration0002: Migration = {
  name: '0002-runs',

  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table targets (
        id bigint generated always as identity primary key,
        type text not null check (type in ('system', 'profile')),
        name text not null,
        address text not null default '',
        version bigint not null default 0,
        constraint targets_key unique (type, name, address)
      ) with (fillfactor = 70);

      create sequence run_ids;

      create table runs (
        id bigint primary key,
        target_id bigint not null references targets (id),
        status text not null,
        is_open boolean not null,
        kind text not null,
        system text,
        profile text,
        distro text,
        opened_at timestamptz not null,
        started_at timestamptz,
        last_heard_at timestamptz,
        ended_at timestamptz,
        deadline_at timestamptz,
        state jsonb not null
      ) with (fillfactor = 70);
      create unique index runs_one_open_per_target on runs (target_id) where is_open;
      create index runs_by_target on runs (target_id, id desc);
      create index runs_due on runs (deadline_at) where deadline_at is not null;
      create index runs_open on runs (id) where is_open;
      create index runs_finished_by_profile on runs (profile, ended_at desc) where status = 'finished';
      create index runs_finished_by_distro on runs (distro, ended_at desc) where status = 'finished';
      create index runs_by_profile on runs (profile, id desc);
      create index runs_by_status on runs (status, id desc);
      create index runs_opened on runs (opened_at desc);

      create table events (
        run_id bigint not null,
        seq integer not null,
        target_id bigint not null,
        kind text not null,
        source text not null,
        occurred_at timestamptz not null,
        recorded_at timestamptz not null,
        claimed_at timestamptz,
        recorded_by text not null,
        detail jsonb not null,
        constraint events_key primary key (run_id, seq, recorded_at)
      ) partition by range (recorded_at);
      create table events_default partition of events default;
      create index events_recorded on events using brin (recorded_at);

      create function refuse_event_change() returns trigger language plpgsql as $$
      begin
        if current_setting('kickwatch.retention', true) = 'on' then
          if tg_op = 'DELETE' then return old; end if;
          if tg_op = 'TRUNCATE' then return null; end if;
        end if;
        raise exception 'events are never changed or removed outside retention' using errcode = 'restrict_violation';
      end $$;
      create trigger events_append_only before update or delete on events
        for each row execute function refuse_event_change();
      create trigger events_no_truncate before truncate on events
        for each statement execute function refuse_event_change();
      create trigger events_no_truncate before truncate on events_default
        for each statement execute function refuse_event_change();

      create table event_keys (
        target_id bigint not null,
        key text not null,
        run_id bigint not null,
        seq integer not null,
        constraint event_keys_key primary key (target_id, key)
      );

      create table install_status (
        ip text primary key,
        target text not null,
        most_recent_start double precision not null default -1,
        most_recent_stop double precision not null default -1,
        seen_start integer not null default 0,
        seen_stop integer not null default 0
      );

      create table heartbeats (
        server text primary key,
        beat_at timestamptz not null
      );

      create table blind_windows (
        id bigint generated always as identity primary key,
        blind_from timestamptz not null,
        blind_to timestamptz not null,
        applied_at timestamptz,
        constraint blind_windows_from unique (blind_from)
      );
      create index blind_windows_unapplied on blind_windows (id) where applied_at is null;

      -- The sum of the counts is the version of everything findTargets reads: it grows with every committed change.
      -- Servers' sessions count in rows of their own, so that changes do not wait for each other.
      create table inventory_versions (
        slot integer primary key,
        count bigint not null
      );
      create function count_inventory_change() returns trigger language plpgsql as $$
      begin
        insert into inventory_versions as v (slot, count) values (pg_backend_pid() % 1000, 1)
          on conflict (slot) do update set count = v.count + 1;
        return null;
      end $$;
    `);
    for (const table of COUNTED_TABLES) {
      await knex.raw(
        `create trigger count_change after insert or update or delete or truncate on ??
         for each statement execute function count_inventory_change()`,
        [table],
      );
    }
  },

  async down(knex: Knex): Promise<void> {
    for (const table of COUNTED_TABLES) await knex.raw('drop trigger count_change on ??', [table]);
    await knex.raw(`
      drop table inventory_versions, blind_windows, heartbeats, install_status, event_keys, events, runs, targets;
      drop function count_inventory_change;
      drop function refuse_event_change;
      drop sequence run_ids;
    `);
  },
};
