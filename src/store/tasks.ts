import type { Knex } from 'knex';
import type { Instant } from '../domain/event';
import type { ItemData } from '../domain/item-value';
import type { Task, TaskLogLevel, TaskLogLine, TaskState } from '../domain/task';

interface Row {
  id: string;
  role: string;
  display_name: string;
  options: ItemData;
  started_by: string | null;
  state: TaskState;
  read_by: string[];
  created_at: Date;
  ended_at: Date | null;
  attempts: number;
}

/** A task one server may work on until its lease ends. */
export interface ClaimedTask extends Task {
  /** Times it was begun, this one included: two and more after a server died over it. */
  attempts: number;
}

/** Tasks answered at once; `get_events` is asked every few seconds and must stay small. */
const MAX_LISTED = 1_000;

/** Background tasks and their logs. */
export function createTaskStore(db: Knex) {
  return {
    /**
     * Stores a new task with its first line, so that its log can be read from the first moment on. With `claim` it is
     * that server's from the start.
     */
    async add(task: Task, line: TaskLogLine, claim?: { server: string; leaseUntil: Instant }): Promise<void> {
      await db.transaction(async (trx) => {
        await trx('tasks').insert({
          id: task.id,
          role: task.role,
          display_name: task.displayName,
          options: JSON.stringify(task.options),
          started_by: task.by,
          state: task.state,
          created_at: new Date(task.createdAt),
          ...(claim && { server: claim.server, lease_until: new Date(claim.leaseUntil), attempts: 1 }),
        });
        await insertLines(trx, task.id, [line]);
      });
    },

    /** Tasks that wait or are in hand, of any server. */
    async countRunning(): Promise<number> {
      const { rows } = await db.raw<{ rows: { n: number }[] }>(
        "select count(*)::int as n from tasks where state = 'running'",
      );
      return rows[0]!.n;
    },

    /**
     * Takes the oldest task that nobody works on, or whose server let its lease end. Skips what others are taking at
     * this moment.
     *
     * @returns null when there is none.
     */
    async claim(server: string, now: Instant, leaseUntil: Instant): Promise<ClaimedTask | null> {
      const { rows } = await db.raw<{ rows: Row[] }>(
        `update tasks set server = ?, lease_until = ?, attempts = attempts + 1
          where id = (select id from tasks
                       where state = 'running' and (lease_until is null or lease_until <= ?)
                       order by created_at, id limit 1 for update skip locked)
          returning *`,
        [server, new Date(leaseUntil), new Date(now)] as never,
      );
      return rows[0] ? { ...fromRow(rows[0]), attempts: rows[0].attempts } : null;
    },

    /** Extends the leases of tasks; answers the ids of those that are still this server's. */
    async renew(server: string, ids: readonly string[], leaseUntil: Instant): Promise<string[]> {
      const rows: { id: string }[] = await db('tasks')
        .whereIn('id', ids as string[])
        .where({ server, state: 'running' })
        .update({ lease_until: new Date(leaseUntil) })
        .returning('id');
      return rows.map(({ id }) => id);
    },

    /** Gives up the leases of everything this server had in hand when it ended. */
    async release(server: string): Promise<void> {
      await db('tasks').where({ server, state: 'running' }).update({ lease_until: null });
    },

    /** Ends a task of this server: everybody sees it as new. False when it is no longer this server's. */
    async finish(server: string, id: string, state: TaskState, now: Instant): Promise<boolean> {
      const changed = await db('tasks')
        .where({ id, server, state: 'running' })
        .update({ state, ended_at: new Date(now), lease_until: null, read_by: '[]' });
      return changed > 0;
    },

    /** One task; null when there is none of that id. */
    async find(id: string): Promise<Task | null> {
      const row = await db<Row>('tasks').where({ id }).first();
      return row ? fromRow(row) : null;
    },

    /** The newest tasks, oldest first. With `unreadBy`, those whose present state that user has not seen. */
    async list(unreadBy: string | null = null): Promise<Task[]> {
      const query = db<Row>('tasks').orderBy([
        { column: 'created_at', order: 'desc' },
        { column: 'id', order: 'desc' },
      ]);
      if (unreadBy !== null) void query.whereRaw('not read_by @> ?::jsonb', [JSON.stringify([unreadBy])]);
      const rows: Row[] = await query.limit(MAX_LISTED).select('*');
      return rows.reverse().map(fromRow);
    },

    /** Notes that a user has seen tasks. */
    async markRead(ids: readonly string[], user: string): Promise<void> {
      if (ids.length === 0) return;
      const entry = JSON.stringify([user]);
      await db('tasks')
        .whereIn('id', ids as string[])
        .whereRaw('not read_by @> ?::jsonb', [entry])
        // A bound, as anybody may name any user.
        .whereRaw('jsonb_array_length(read_by) < 100')
        .update({ read_by: db.raw('read_by || ?::jsonb', [entry]) });
    },

    /** Adds lines to a log, in order. */
    addLines: (id: string, lines: readonly TaskLogLine[]): Promise<void> => insertLines(db, id, lines),

    /** The lines of a log, in order. */
    async readLines(id: string): Promise<TaskLogLine[]> {
      const rows: { logged_at: Date; level: TaskLogLevel; text: string }[] = await db('task_lines')
        .where({ task_id: id })
        .orderBy('number')
        .select('logged_at', 'level', 'text');
      return rows.map((row) => ({ at: row.logged_at.getTime(), level: row.level, text: row.text }));
    },

    /** Forgets tasks that were begun before `before` and are over. */
    async prune(before: Instant): Promise<void> {
      await db('tasks').whereNot({ state: 'running' }).where('created_at', '<', new Date(before)).del();
    },
  };
}

export type TaskStore = ReturnType<typeof createTaskStore>;

async function insertLines(db: Knex, id: string, lines: readonly TaskLogLine[]): Promise<void> {
  if (lines.length === 0) return;
  await db('task_lines').insert(
    lines.map(({ at, level, text }) => ({ task_id: id, logged_at: new Date(at), level, text })),
  );
}

function fromRow(row: Row): Task {
  return {
    id: row.id,
    role: row.role,
    displayName: row.display_name,
    options: row.options,
    by: row.started_by,
    state: row.state,
    createdAt: row.created_at.getTime(),
    endedAt: row.ended_at?.getTime() ?? null,
    readBy: row.read_by,
  };
}
