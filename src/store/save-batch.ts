import type { Knex } from 'knex';
import type { Instant } from '../domain/event';
import type { PlannedEvent } from '../domain/plan';
import { isOver, type RunState } from '../domain/run';

/** A notification row to write together with the event that caused it. */
export interface NotificationRow {
  runId: string;
  seq: number;
  contact: string;
  channel: string;
  reason: string;
}

/** One line of install.log as a table: what happened at which address. */
export interface InstallMark {
  ip: string;
  /** `system:NAME` or `profile:NAME`. */
  target: string;
  mode: 'start' | 'stop';
  at: Instant;
}

/** Everything one batch writes. */
export interface Batch {
  recordedBy: string;
  /** The targets the events are about, with the version of each that the batch has read. */
  targets: { id: number; version: number }[];
  events: (PlannedEvent & { targetId: number })[];
  notifications: NotificationRow[];
  installMarks: InstallMark[];
}

/** A moment as PostgreSQL reads it; null stays null. */
export const ISO = (ms: Instant | null): string | null => (ms === null ? null : new Date(ms).toISOString());

/**
 * Writes events, runs, keys, notifications and install marks of one batch in one statement.
 *
 * @returns false, with nothing written, when another batch has been written about one of the targets since this one
 * read them: what it concluded may be wrong.
 */
export async function saveBatch(db: Knex, batch: Batch): Promise<boolean> {
  const events = batch.events.map((event) => ({
    run_id: event.runId,
    seq: event.seq,
    target_id: event.targetId,
    kind: event.kind,
    source: event.source,
    occurred_at: ISO(event.occurredAt),
    recorded_at: ISO(event.recordedAt),
    claimed_at: ISO(event.claimedAt),
    detail: event.detail,
    key: event.dedupeKey,
  }));
  // In id order, so that two servers wait for each other instead of stopping each other.
  const targets = [...batch.targets].sort((a, b) => a.id - b.id);
  const { rows } = await db
    .raw<{ rows: { fresh: boolean }[] }>(SAVE_BATCH, [
      targets.map((target) => target.id),
      targets.map((target) => target.version),
      batch.recordedBy,
      JSON.stringify(events),
      JSON.stringify(runRows(foldsOf(batch.events))),
      JSON.stringify(batch.notifications.map((row) => ({ ...row, at: ISO(batch.events[0]!.recordedAt) }))),
      JSON.stringify(foldMarks(batch.installMarks)),
    ])
    .options({ name: 'save_batch' });
  return rows[0]!.fresh;
}

/** A run as the log gives it: what a row of `runs` is made of. */
export interface Fold {
  targetId: number;
  /** When its first event happened. */
  openedAt: Instant;
  state: RunState;
}

/** Writes refolded runs over the stored ones, every column. */
export async function overwriteRuns(db: Knex, folds: readonly Fold[]): Promise<void> {
  if (folds.length === 0) return;
  await db.raw(OVERWRITE_RUNS, [JSON.stringify(runRows(folds))]);
  // A batch that has read the old state must not write what it made of it.
  await db.raw('update targets set version = version + 1 where id = any(?::bigint[])', [
    folds.map((fold) => fold.targetId),
  ] as never);
}

/** Numbers of those runs whose stored row, in any column, is not what the log gives; missing rows among them. */
export async function findDifferentRuns(db: Knex, folds: readonly Fold[]): Promise<string[]> {
  const { rows } = await db.raw<{ rows: { id: number }[] }>(
    `select x.id from ${RUN_RECORDS} left join runs r on r.id = x.id
     where (${RUN_COLUMNS.map((name) => `r.${name}`).join(', ')})
       is distinct from (${RUN_COLUMNS.map((name) => `x.${name}`).join(', ')}) order by x.id`,
    [JSON.stringify(runRows(folds))],
  );
  return rows.map((row) => String(row.id));
}

const RUN_COLUMNS = [
  ...['id', 'target_id', 'status', 'is_open', 'kind', 'system', 'profile', 'distro', 'installer'],
  ...['opened_at', 'started_at', 'last_heard_at', 'ended_at', 'deadline_at', 'state'],
];
/** What no later event changes. */
const FIXED_COLUMNS = new Set(['id', 'target_id', 'system', 'profile', 'distro', 'opened_at']);

const RUN_RECORDS = `jsonb_to_recordset(?::jsonb) as x(id bigint, target_id bigint, status text, is_open boolean,
    kind text, system text, profile text, distro text, installer text, opened_at timestamptz, started_at timestamptz,
    last_heard_at timestamptz, ended_at timestamptz, deadline_at timestamptz, state jsonb)`;

const writeRuns = (updated: string[], condition = ''): string => `
  insert into runs (${RUN_COLUMNS.join(', ')})
  select ${RUN_COLUMNS.map((name) => `x.${name}`).join(', ')} from ${RUN_RECORDS} ${condition}
  on conflict (id) do update set ${updated.map((name) => `${name} = excluded.${name}`).join(', ')}`;

const OVERWRITE_RUNS = writeRuns(RUN_COLUMNS.filter((name) => name !== 'id'));

// The targets are locked in the order given and counted up when their versions are the ones read; a lock that had to be
// waited for shows the version of then. All the rest is written when that went well for every one of them.
const IF_FRESH = 'where (select fresh from f)';
const SAVE_BATCH = `with w as (
  select * from unnest(?::bigint[], ?::bigint[]) as w(id, version)),
l as (
  select t.* from w cross join lateral (select id, version from targets where id = w.id limit 1 for update) t),
u as (
  update targets t set version = t.version + 1 from l join w using (id, version) where t.id = l.id returning t.id),
f as (
  select count(*) = (select count(*) from w) as fresh from u),
given as (
  select ?::text as recorded_by, ?::jsonb as events),
x as (
  select x.*, g.recorded_by
  from given g, jsonb_to_recordset(g.events) as x(run_id bigint, seq int, target_id bigint, kind text, source text,
    occurred_at timestamptz, recorded_at timestamptz, claimed_at timestamptz, detail jsonb, key text)
  ${IF_FRESH}),
e as (
  insert into events (run_id, seq, target_id, kind, source, occurred_at, recorded_at, claimed_at, recorded_by, detail)
  select run_id, seq, target_id, kind, source, occurred_at, recorded_at, claimed_at, recorded_by, detail from x),
r as (${writeRuns(
  RUN_COLUMNS.filter((name) => !FIXED_COLUMNS.has(name)),
  IF_FRESH,
)}),
k as (
  insert into event_keys (target_id, key, run_id, seq)
  select target_id, key, run_id, seq from x where key is not null),
n as (
  insert into notifications (run_id, seq, contact, channel, reason, created_at)
  select "runId", seq, contact, channel, reason, at
  from jsonb_to_recordset(?::jsonb) as y("runId" text, seq int, contact text, channel text, reason text, at timestamptz)
  ${IF_FRESH}
  on conflict do nothing),
m as (
  insert into install_status as s (ip, target, most_recent_start, most_recent_stop, seen_start, seen_stop)
  select y.ip, y.target, y.start, y.stop, y.starts, y.stops
  from jsonb_to_recordset(?::jsonb) as y(ip text, target text, start double precision, stop double precision,
    starts int, stops int)
  ${IF_FRESH}
  on conflict (ip) do update set target = excluded.target,
    most_recent_start = greatest(s.most_recent_start, excluded.most_recent_start),
    most_recent_stop = greatest(s.most_recent_stop, excluded.most_recent_stop),
    seen_start = s.seen_start + excluded.seen_start, seen_stop = s.seen_stop + excluded.seen_stop)
select fresh from f`;

/** The newest state of each run of a batch. `openedAt` counts for new runs only: it is never written again. */
function foldsOf(events: Batch['events']): Fold[] {
  const folds = new Map<string, Fold>();
  for (const { runId, targetId, before, after, occurredAt } of events) {
    const openedAt = folds.get(runId)?.openedAt ?? before?.plannedAt ?? before?.startedAt ?? occurredAt;
    folds.set(runId, { targetId, openedAt, state: after });
  }
  return [...folds.values()];
}

/** Ended runs first: the index that allows one open run per target is checked row by row. */
function runRows(folds: readonly Fold[]) {
  return folds.map(runRow).sort((a, b) => Number(a.is_open) - Number(b.is_open));
}

function runRow({ targetId, openedAt, state: run }: Fold) {
  return {
    id: run.runId,
    target_id: targetId,
    status: run.status,
    is_open: !isOver(run),
    kind: run.kind,
    system: run.system,
    profile: run.profile,
    distro: run.distro,
    // States folded by older versions have no such field.
    installer: run.installer ?? null,
    opened_at: ISO(openedAt),
    started_at: ISO(run.startedAt),
    last_heard_at: ISO(run.lastHeardAt),
    ended_at: ISO(run.endedAt),
    deadline_at: ISO(run.deadlineAt),
    state: run,
  };
}

function foldMarks(marks: readonly InstallMark[]) {
  const byIp = new Map<
    string,
    { ip: string; target: string; start: number; stop: number; starts: number; stops: number }
  >();
  for (const mark of marks) {
    const row = byIp.get(mark.ip) ?? { ip: mark.ip, target: mark.target, start: -1, stop: -1, starts: 0, stops: 0 };
    row.target = mark.target;
    if (mark.mode === 'start') {
      row.start = Math.max(row.start, mark.at / 1000);
      row.starts += 1;
    } else {
      row.stop = Math.max(row.stop, mark.at / 1000);
      row.stops += 1;
    }
    byIp.set(mark.ip, row);
  }
  // In one order, for the same reason as the targets.
  return [...byIp.values()].sort((a, b) => (a.ip < b.ip ? -1 : 1));
}
