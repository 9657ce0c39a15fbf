import type { Knex } from 'knex';
import type { Instant } from '../domain/event';
import type { FinishedRun } from '../domain/history';
import type { LearnedFrom, RunKind, RunState, TimelineEntry } from '../domain/run';
import { readBatch, type BatchRead, type WantedTarget } from './read-batch';
import { findDifferentRuns, ISO, overwriteRuns, saveBatch, type Batch, type Fold } from './save-batch';

/** A target as stored; `address` is '' for systems. */
export interface Target {
  id: number;
  type: 'system' | 'profile';
  name: string;
  address: string;
}

/** What earlier runs of a target matter for the rules: loops, reinstall, `continues`. */
export interface EarlierRun {
  targetId: number;
  id: string;
  status: string;
  startedAt: Instant | null;
  continues: string | null;
}

/** An open run and the target it belongs to. */
export interface OpenRun {
  runId: string;
  target: Omit<Target, 'id'>;
}

/** A run with its id, target and state. */
export interface StoredRun {
  id: string;
  targetId: number;
  target: Target;
  state: RunState;
}

/** What runs may be asked for; null means any. Newest first. */
export interface RunCriteria {
  id?: string[];
  target?: { type: 'system' | 'profile'; name: string } | null;
  system?: string | null;
  profile?: string | null;
  status?: string[] | null;
  since?: Instant | null;
  openOnly?: boolean;
  limit: number;
}

/** Runs, their targets and the tables that are written together with events. */
export function createRunStore(db: Knex) {
  return {
    /** What a batch about these targets starts from, as of one moment. */
    readBatch: (wanted: readonly WantedTarget[]): Promise<BatchRead> => readBatch(db, wanted),

    /** Makes those of the targets that are missing. */
    async createTargets(names: readonly Omit<Target, 'id'>[]): Promise<void> {
      await db.raw(
        `insert into targets (type, name, address)
         select distinct * from unnest(?::text[], ?::text[], ?::text[]) order by 1, 2, 3 on conflict do nothing`,
        [names.map((n) => n.type), names.map((n) => n.name), names.map((n) => n.address)],
      );
    },

    /**
     * Locks those of the targets that exist, in id order, to the end of the transaction. What is read in statements after
     * it is what the lock waited for.
     */
    async lockTargets(names: readonly Omit<Target, 'id'>[]): Promise<void> {
      await db.raw(
        `select id from targets where (type, name, address) in (select * from unnest(?::text[], ?::text[], ?::text[]))
         order by id for update`,
        [names.map((n) => n.type), names.map((n) => n.name), names.map((n) => n.address)],
      );
    },

    /** Locks the targets of these runs, in id order, so that no message changes them meanwhile. */
    async lockTargetsOf(runIds: readonly string[]): Promise<void> {
      await db.raw(
        `select id from targets where id in (select target_id from events where run_id = any(?::bigint[]))
         order by id for update`,
        [runIds] as never,
      );
    },

    /** Up to 20 runs before the newest of each target, newest first. */
    async loadEarlier(targetIds: readonly number[]): Promise<EarlierRun[]> {
      const { rows } = await db.raw<{
        rows: { target_id: number; id: number; status: string; started_at: Date | null; continues: string | null }[];
      }>(
        `select t.id as target_id, r.id, r.status, r.started_at, r.continues from unnest(?::bigint[]) as t(id)
         cross join lateral (
           select id, status, started_at, state ->> 'continues' as continues
           from runs where target_id = t.id order by id desc offset 1 limit 20) r`,
        [targetIds] as never,
      );
      return rows.map((row) => ({
        targetId: row.target_id,
        id: String(row.id),
        status: row.status,
        startedAt: row.started_at?.getTime() ?? null,
        continues: row.continues,
      }));
    },

    /** Numbers for `count` new runs. */
    async reserveRunIds(count: number): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { id: number }[] }>(
        `select nextval('run_ids') as id from generate_series(1, ?)`,
        [count],
      );
      return rows.map((row) => String(row.id));
    },

    /**
     * Writes everything of one batch in one statement; false, with nothing written, when another batch about one of its
     * targets was quicker.
     */
    saveBatch: (batch: Batch): Promise<boolean> => saveBatch(db, batch),

    /** Numbers of open runs whose deadline has passed, with their targets, most overdue first. */
    async findDue(now: Instant, limit: number): Promise<OpenRun[]> {
      const { rows } = await db.raw<{
        rows: { id: number; type: 'system' | 'profile'; name: string; address: string }[];
      }>(
        `select r.id, t.type, t.name, t.address from runs r join targets t on t.id = r.target_id
         where r.deadline_at <= ? order by r.deadline_at limit ?`,
        [ISO(now), limit] as never,
      );
      return rows.map((row) => ({
        runId: String(row.id),
        target: { type: row.type, name: row.name, address: row.address },
      }));
    },

    /** Open runs with a clock, in id order, from after `afterId`: to walk over all of them in pages. */
    async pageOpen(afterId: string, limit: number): Promise<OpenRun[]> {
      const { rows } = await db.raw<{
        rows: { id: number; type: 'system' | 'profile'; name: string; address: string }[];
      }>(
        `select r.id, t.type, t.name, t.address from runs r join targets t on t.id = r.target_id
         where r.is_open and r.id > ? order by r.id limit ?`,
        [afterId, limit],
      );
      return rows.map((row) => ({
        runId: String(row.id),
        target: { type: row.type, name: row.name, address: row.address },
      }));
    },

    /** Runs that match, newest first. */
    async find(criteria: RunCriteria): Promise<StoredRun[]> {
      const query = db('runs as r')
        .join('targets as t', 't.id', 'r.target_id')
        .select('r.id', 'r.target_id', 'r.state', 't.type', 't.name', 't.address')
        .orderBy('r.id', 'desc')
        .limit(criteria.limit);
      if (criteria.id) void query.whereIn('r.id', criteria.id);
      if (criteria.target) void query.where({ 't.type': criteria.target.type, 't.name': criteria.target.name });
      if (criteria.system) void query.where({ 't.type': 'system', 't.name': criteria.system });
      if (criteria.profile) void query.where('r.profile', criteria.profile);
      if (criteria.status) void query.whereIn('r.status', criteria.status);
      if (criteria.openOnly) void query.where('r.is_open', true);
      if (criteria.since != null) void query.where('r.opened_at', '>=', new Date(criteria.since));
      return ((await query) as RunRow[]).map(toStoredRun);
    },

    /** The newest run of every target of that name: one of a system, one per address of a profile; newest first. */
    async findLatest(target: { type: 'system' | 'profile'; name: string }, limit: number): Promise<StoredRun[]> {
      const { rows } = await db.raw<{ rows: RunRow[] }>(
        `select r.id, r.target_id, r.state, t.type, t.name, t.address from targets t
         cross join lateral (select id, target_id, state from runs where target_id = t.id order by id desc limit 1) r
         where t.type = ? and t.name = ? and t.address not like 'was %' order by r.id desc limit ?`,
        [target.type, target.name, limit],
      );
      return rows.map(toStoredRun);
    },

    /** States of the runs with these numbers, in no order; missing ones are left out. */
    async load(runIds: readonly string[]): Promise<RunState[]> {
      if (runIds.length === 0) return [];
      const rows: { state: RunState }[] = await db('runs')
        .whereIn('id', runIds as string[])
        .select('state');
      return rows.map((row) => row.state);
    },

    /** How the runs of a system or profile went: status → count. */
    async countByStatus(target: { type: 'system' | 'profile'; name: string }): Promise<Record<string, number>> {
      const rows: { status: string; count: number }[] = await db('runs as r')
        .join('targets as t', 't.id', 'r.target_id')
        .where({ 't.type': target.type, 't.name': target.name })
        .whereNot('t.address', 'like', 'was %')
        .groupBy('r.status')
        .select('r.status', db.raw('count(*) as count'));
      return Object.fromEntries(rows.map((row) => [row.status, row.count]));
    },

    /**
     * The newest finished runs of a profile, a distro or an installer, newest first: what limits and estimates are learned
     * from. An index answers each.
     */
    async loadHistory(
      by: LearnedFrom['by'],
      name: string,
      limit: number,
    ): Promise<(FinishedRun & { kind: RunKind })[]> {
      const rows: {
        kind: RunKind;
        started_at: Date;
        ended_at: Date;
        timeline: TimelineEntry[];
      }[] = await db('runs')
        .where({ status: 'finished', [by]: name })
        .whereNotNull('started_at')
        .orderBy('ended_at', 'desc')
        .limit(limit)
        .select('kind', 'started_at', 'ended_at', db.raw(`state -> 'timeline' as timeline`));
      return rows.map((row) => ({
        kind: row.kind,
        startedAt: row.started_at.getTime(),
        endedAt: row.ended_at.getTime(),
        timeline: row.timeline,
      }));
    },

    /** Moves the history of a system or profile to its new name; a stranger's history under that name steps aside. */
    async renameTarget(type: 'system' | 'profile', from: string, to: string): Promise<void> {
      await db.raw(
        `update targets set address = 'was ' || id || ' ' || address where type = ? and name = ? and address not like 'was %'`,
        [type, to],
      );
      await db.raw(`update targets set name = ? where type = ? and name = ?`, [to, type, from]);
    },

    /** All rows of install_status. */
    async loadInstallStatus(): Promise<
      {
        ip: string;
        target: string;
        mostRecentStart: number;
        mostRecentStop: number;
        seenStart: number;
        seenStop: number;
      }[]
    > {
      const { rows } = await db.raw<{
        rows: {
          ip: string;
          target: string;
          most_recent_start: number;
          most_recent_stop: number;
          seen_start: number;
          seen_stop: number;
        }[];
      }>('select * from install_status order by ip');
      return rows.map((row) => ({
        ip: row.ip,
        target: row.target,
        mostRecentStart: row.most_recent_start,
        mostRecentStop: row.most_recent_stop,
        seenStart: row.seen_start,
        seenStop: row.seen_stop,
      }));
    },

    /** Numbers of those runs whose stored row, in any column, is not what the log gives; missing rows among them. */
    findDifferent: (folds: readonly Fold[]): Promise<string[]> => findDifferentRuns(db, folds),

    /** Writes refolded runs over the stored ones, every column. */
    overwrite: (folds: readonly Fold[]): Promise<void> => overwriteRuns(db, folds),
  };
}

interface RunRow {
  id: number;
  target_id: number;
  state: RunState;
  type: 'system' | 'profile';
  name: string;
  address: string;
}

function toStoredRun(row: RunRow): StoredRun {
  return {
    id: String(row.id),
    targetId: row.target_id,
    target: { id: row.target_id, type: row.type, name: row.name, address: row.address },
    state: row.state,
  };
}

export type RunStore = ReturnType<typeof createRunStore>;
