import type { Knex } from 'knex';
import type { Instant } from '../domain/event';
import type { RunState } from '../domain/run';

/** A target a batch is about, and the dedupe keys it brings. `address` is '' for systems. */
export interface WantedTarget {
  type: 'system' | 'profile';
  name: string;
  address: string;
  keys: readonly string[];
}

/** A target as the batch found it. */
export interface ReadTarget {
  id: number;
  type: 'system' | 'profile';
  name: string;
  address: string;
  /** Goes up with every batch written about the target. */
  version: number;
  /** The state of its newest run; null before the first. */
  newest: RunState | null;
  /** Those of the wanted keys that are used already. */
  usedKeys: string[];
}

/** Everything a batch starts from, as of one moment. */
export interface BatchRead {
  /** Latest heartbeat of any server; null before the first. */
  lastBeatAt: Instant | null;
  /** Blind windows not yet applied to every run, oldest first. */
  blindWindows: { id: number; from: Instant; to: Instant }[];
  audienceVersion: number;
  inventoryVersion: number;
  /** Those of the wanted targets that exist, in no order. */
  targets: ReadTarget[];
}

/** Reads what a batch about these targets needs, in one statement. */
export async function readBatch(db: Knex, wanted: readonly WantedTarget[]): Promise<BatchRead> {
  const { rows } = await db
    .raw<{ rows: { read: BatchRead }[] }>(READ_BATCH, [JSON.stringify(wanted)])
    .options({ name: 'read_batch' });
  return rows[0]!.read;
}

/** Milliseconds of a timestamptz. All moments that are stored are whole ones. */
const ms = (column: string): string => `round(extract(epoch from ${column}) * 1000)`;

// One row per target by index, whatever the planner knew of the tables when it made the plan: hence the laterals.
const READ_BATCH = `select json_build_object(
  'lastBeatAt', (select ${ms('max(beat_at)')} from heartbeats),
  'audienceVersion', coalesce((select version from audience_version), 0),
  'inventoryVersion', (select coalesce(sum(count), 0) from inventory_versions),
  'blindWindows', (
    select coalesce(json_agg(json_build_object('id', id, 'from', ${ms('blind_from')}, 'to', ${ms('blind_to')}) order by id), '[]')
    from blind_windows where applied_at is null),
  'targets', (
    select coalesce(json_agg(json_build_object('id', t.id, 'type', t.type, 'name', t.name, 'address', t.address,
      'version', t.version, 'newest', r.state, 'usedKeys', k.used)), '[]')
    from jsonb_to_recordset(?::jsonb) as w(type text, name text, address text, keys text[])
    cross join lateral (
      select * from targets where type = w.type and name = w.name and address = w.address limit 1) t
    left join lateral (
      select state from runs where target_id = t.id order by id desc limit 1) r on true
    cross join lateral (
      select coalesce(json_agg(e.key), '[]') as used
      from unnest(w.keys) u(key)
      cross join lateral (select key from event_keys where target_id = t.id and key = u.key limit 1) e) k)
  ) as read`;
