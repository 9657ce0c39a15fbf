import type { Knex } from 'knex';
import type { Instant } from '../domain/event';

/** Key of the advisory lock under which servers note a blind window, so that it is stored once. */
const BLIND_LOCK = 2_515_102;

/** Signs of life of the servers, and the windows in which none of them listened. */
export function createHeartbeatStore(db: Knex) {
  return {
    /** Latest heartbeat of any server; null before the first. */
    async latest(): Promise<Instant | null> {
      const { rows } = await db.raw<{ rows: { at: Date | null }[] }>('select max(beat_at) as at from heartbeats');
      return rows[0]?.at?.getTime() ?? null;
    },

    /** Notes that `server` listens at `now`. */
    async beat(server: string, now: Instant): Promise<void> {
      await db('heartbeats')
        .insert({ server, beat_at: new Date(now) })
        .onConflict('server')
        .merge();
    },

    /** Waits until no other server is noting a blind window; held to the end of the transaction. */
    async lock(): Promise<void> {
      await db.raw('select pg_advisory_xact_lock(?)', [BLIND_LOCK]);
    },

    /** Stores a window, once. */
    async addWindow(from: Instant, to: Instant): Promise<void> {
      await db('blind_windows')
        .insert({ blind_from: new Date(from), blind_to: new Date(to) })
        .onConflict('blind_from')
        .ignore();
    },

    /** Numbers of windows not yet applied to every run, oldest first. */
    async unapplied(): Promise<number[]> {
      const rows: { id: number }[] = await db('blind_windows').whereNull('applied_at').orderBy('id').select('id');
      return rows.map((row) => row.id);
    },

    /** Marks windows as applied to every open run. */
    async markApplied(ids: readonly number[], now: Instant): Promise<void> {
      await db('blind_windows')
        .whereIn('id', ids as number[])
        .update({ applied_at: new Date(now) });
    },

    /** Forgets servers that have been silent since `before`. */
    async forget(before: Instant): Promise<void> {
      await db('heartbeats').where('beat_at', '<', new Date(before)).del();
    },
  };
}

export type HeartbeatStore = ReturnType<typeof createHeartbeatStore>;
