import type { Knex } from 'knex';
import type { Event, EventDetail, EventKind, Instant } from '../domain/event';

/** Key of the advisory lock under which servers make partitions. */
const PARTITION_LOCK = 2_515_103;

interface EventRow {
  run_id: number;
  seq: number;
  target_id: number;
  kind: string;
  source: string;
  occurred_at: Date;
  recorded_at: Date;
  claimed_at: Date | null;
  detail: EventDetail;
}

const COLUMNS = ['run_id', 'seq', 'target_id', 'kind', 'source', 'occurred_at', 'recorded_at', 'claimed_at', 'detail'];

/** The log: read here, written only together with the runs it folds into (`saveBatch`). */
export function createEventStore(db: Knex) {
  return {
    /** Events of one run after `seq`, oldest first, at most `limit`. */
    async listRun(runId: string, afterSeq: number, limit: number): Promise<Event[]> {
      const rows: EventRow[] = await db('events')
        .where('run_id', runId)
        .where('seq', '>', afterSeq)
        .orderBy('seq')
        .limit(limit)
        .select(COLUMNS);
      return rows.map(toEvent);
    },

    /** All events of some runs, by run and seq: what a refold reads. */
    async listRuns(runIds: readonly string[]): Promise<(Event & { targetId: number })[]> {
      const rows: EventRow[] = await db('events')
        .whereIn('run_id', runIds as string[])
        .orderBy(['run_id', 'seq'])
        .select(COLUMNS);
      return rows.map((row) => ({ ...toEvent(row), targetId: row.target_id }));
    },

    /** Numbers of runs that have events, in order, from after `afterId`. */
    async pageRunIds(afterId: string, limit: number): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { run_id: number }[] }>(
        `select distinct run_id from events where run_id > ? order by run_id limit ?`,
        [afterId, limit],
      );
      return rows.map((row) => String(row.run_id));
    },

    /** Events this server recorded since then, oldest first: what its log file may lack after a crash. */
    async listRecorded(recordedBy: string, since: Instant, limit: number): Promise<Event[]> {
      const rows: EventRow[] = await db('events')
        .where('recorded_by', recordedBy)
        .where('recorded_at', '>=', new Date(since))
        .orderBy(['recorded_at', 'run_id', 'seq'])
        .limit(limit)
        .select(COLUMNS);
      return rows.map(toEvent);
    },

    /**
     * Makes the partitions of the month of `now` and the two after it, where they are missing. A month of which events
     * are in the default partition already stays there. Servers may do it together.
     */
    async ensurePartitions(now: Instant): Promise<void> {
      await db.transaction(async (trx) => {
        await trx.raw('select pg_advisory_xact_lock(?)', [PARTITION_LOCK]);
        const start = new Date(now);
        for (let offset = 0; offset < 3; offset += 1) {
          const from = new Date(Date.UTC(start.getUTCFullYear(), start.getUTCMonth() + offset, 1));
          const to = new Date(Date.UTC(from.getUTCFullYear(), from.getUTCMonth() + 1, 1));
          await ensurePartition(trx, from, to);
        }
      });
    },
  };
}

async function ensurePartition(trx: Knex.Transaction, from: Date, to: Date): Promise<void> {
  const name = `events_${from.toISOString().slice(0, 7).replace('-', '_')}`;
  const { rows } = await trx.raw<{ rows: { present: string | null; taken: boolean }[] }>(
    `select to_regclass(?) as present,
       exists (select from events_default where recorded_at >= ? and recorded_at < ?) as taken`,
    [name, from, to],
  );
  if (rows[0]?.present || rows[0]?.taken) return;
  await trx.raw(
    `create table ${name} partition of events for values from ('${from.toISOString()}') to ('${to.toISOString()}')`,
  );
  // Triggers on statements, unlike those on rows, are not passed on to partitions.
  await trx.raw(
    `create trigger events_no_truncate before truncate on ${name} for each statement execute function refuse_event_change()`,
  );
}

export type EventStore = ReturnType<typeof createEventStore>;

function toEvent(row: EventRow): Event {
  return {
    runId: String(row.run_id),
    seq: row.seq,
    kind: row.kind as EventKind,
    source: row.source,
    occurredAt: row.occurred_at.getTime(),
    recordedAt: row.recorded_at.getTime(),
    claimedAt: row.claimed_at?.getTime() ?? null,
    detail: row.detail,
  };
}
