import type { Knex } from 'knex';
import type { Instant } from '../domain/event';
import type { Reason, Told } from '../domain/notification';
import type { RunState } from '../domain/run';

/** Reasons that make somebody part of a run's story: whoever heard one hears how it ends. */
const STORY_REASONS = ['failed', 'terminated', 'install loop', 'stalled', 'waiting', 'recovered'];

/** A notification nobody has been sent yet. */
export interface WaitingNotification {
  id: number;
  runId: string;
  contact: string;
  channel: string;
  reason: Reason;
  /** '' for news of events; else what asked for it. */
  request: string;
  detail: RequestDetail | null;
  createdAt: Instant;
}

/** What a notification without an event is about. */
export interface RequestDetail {
  /** Runs to tell of, by number. */
  runIds?: string[];
  /** A sentence for the reader. */
  note?: string;
}

/** A notification without an event: digest, on demand, test, undeliverable. Equal requests are stored once. */
export interface RequestedNotification {
  request: string;
  contact: string;
  channel: string;
  reason: Reason;
  detail: RequestDetail;
}

/** How many runs there are at the moment; planned ones do not count. */
export interface RunCounts {
  total: number;
  byProfile: Map<string, number>;
}

interface Row {
  id: number;
  run_id: string;
  contact: string;
  channel: string;
  reason: Reason;
  request: string;
  detail: RequestDetail | null;
  created_at: Date;
}

const COLUMNS = 'n.id, n.run_id, n.contact, n.channel, n.reason, n.request, n.detail, n.created_at';

/** Key of the advisory lock under which one server at a time forms deliveries. */
const FORM_LOCK = 2_515_104;

/** Who is to be told what. News of events is written by the write path itself, together with the event. */
export function createNotificationStore(db: Knex) {
  return {
    /** Who was told of a problem of these runs, or of the recovery from one. */
    async loadTold(runIds: readonly string[]): Promise<Map<string, Told[]>> {
      const { rows } = await db.raw<{ rows: { run_id: string; contact: string; channel: string }[] }>(
        `select distinct run_id, contact, channel from notifications
         where run_id = any(?::text[]) and reason = any(?::text[]) order by run_id, contact, channel`,
        [runIds, STORY_REASONS] as never,
      );
      const told = new Map<string, Told[]>();
      for (const { run_id: runId, contact, channel } of rows) {
        told.set(runId, [...(told.get(runId) ?? []), { contact, channel }]);
      }
      return told;
    },

    /**
     * Stores notifications that no event caused.
     *
     * @returns how many are new; of several servers that ask for the same, one stores it.
     */
    async request(wanted: readonly RequestedNotification[], now: Instant): Promise<number> {
      if (wanted.length === 0) return 0;
      const rows = wanted.map((entry) => ({ ...entry, run_id: '', seq: 0, created_at: new Date(now) }));
      const stored = (await db('notifications')
        .insert(rows)
        .onConflict(['run_id', 'seq', 'contact', 'channel', 'request'])
        .ignore()
        .returning('id')) as unknown[];
      return stored.length;
    },

    /** True when nobody else forms deliveries; held to the end of the transaction. */
    async lockForming(): Promise<boolean> {
      const { rows } = await db.raw<{ rows: { locked: boolean }[] }>('select pg_try_advisory_xact_lock(?) as locked', [
        FORM_LOCK,
      ]);
      return rows[0]!.locked;
    },

    /**
     * All waiting news of the contacts and channels whose window has closed (the oldest was made at or before
     * `cutoff`), and all requests; in the order they arose. At most `limit` groups of each at once. Reads what is due,
     * however much waits.
     */
    async findDue(cutoff: Instant, limit: number): Promise<WaitingNotification[]> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `with due as (
           select contact, channel from notifications
           where formed_at is null and request = '' and created_at <= ? group by contact, channel
           order by min(created_at) limit ?)
         select ${COLUMNS} from due join notifications n on n.contact = due.contact and n.channel = due.channel
           and n.formed_at is null and n.request = ''
         union all
         (select ${COLUMNS} from notifications n where n.formed_at is null and n.request <> '' order by n.id limit ?)
         order by id`,
        [new Date(cutoff), limit, limit] as never,
      );
      return rows.map(toWaiting);
    },

    /** How many runs there are, to say `7 of 12`. */
    async countRuns(): Promise<RunCounts> {
      const { rows } = await db.raw<{ rows: { profile: string | null; count: number }[] }>(
        `select profile, count(*)::int as count from runs where is_open and status <> 'planned' group by profile`,
      );
      const byProfile = new Map(
        rows.flatMap((row) => (row.profile === null ? [] : [[row.profile, row.count] as const])),
      );
      return { total: rows.reduce((sum, row) => sum + row.count, 0), byProfile };
    },

    /** True when `findDue` would find something: asked every moment, so it reads next to nothing. */
    async hasDue(cutoff: Instant): Promise<boolean> {
      const { rows } = await db.raw<{ rows: { due: boolean }[] }>(
        `select exists (select 1 from notifications where formed_at is null and request = '' and created_at <= ?)
             or exists (select 1 from notifications where formed_at is null and request <> '') as due`,
        [new Date(cutoff)] as never,
      );
      return rows[0]!.due;
    },

    /** States of runs that ended since then, latest first. */
    async findEnded(since: Instant, limit: number): Promise<RunState[]> {
      const { rows } = await db.raw<{ rows: { state: RunState }[] }>(
        'select state from runs where not is_open and ended_at > ? order by ended_at desc limit ?',
        [new Date(since), limit] as never,
      );
      return rows.map((row) => row.state);
    },

    /** Removes what was settled before then; what still waits stays. Answers how many. */
    async prune(before: Instant): Promise<number> {
      return db('notifications').where('formed_at', '<', new Date(before)).del();
    },
  };
}

export type NotificationStore = ReturnType<typeof createNotificationStore>;

function toWaiting(row: Row): WaitingNotification {
  return {
    id: row.id,
    runId: row.run_id,
    contact: row.contact,
    channel: row.channel,
    reason: row.reason,
    request: row.request,
    detail: row.detail,
    createdAt: row.created_at.getTime(),
  };
}
