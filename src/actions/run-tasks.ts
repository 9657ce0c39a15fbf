import { AppError } from '../domain/errors';
import type { Instant } from '../domain/event';
import { FieldError, type ItemData } from '../domain/item-value';
import { TASK_ENDINGS, taskId, type Task, type TaskLogLevel } from '../domain/task';
import type { Log } from '../log';
import type { ClaimedTask, TaskStore } from '../store/tasks';
import { createTaskLog, type TaskLog } from './task-log';

/** What a task may use while it runs. */
export interface TaskContext {
  options: ItemData;
  /** User of the session that started it; null when nobody was logged in. */
  by: string | null;
  /** Aborted when the time limit is reached, the server stops, or another server took the task over. */
  signal: AbortSignal;
  /** Adds to the task's log. */
  log(text: string, level?: TaskLogLevel): void;
}

/** One kind of background task. */
export interface TaskKind {
  /** As in the triggers `task/ROLE/pre`. */
  role: string;
  /** As people see it; part of the id. */
  displayName(options: ItemData): string;
  /** May be begun again when the server that ran it died. What is not is then failed. */
  isRepeatable: boolean;
  /** Longest time it may take, in milliseconds. */
  limitMs: number;
  /** False, or an AppError or FieldError whose message goes to the log: failed. Anything else: complete. */
  run(task: TaskContext): Promise<boolean | void>;
}

/** Scripts around a task: `before` answers the sentence it is refused with, null when it may go on. */
export interface TaskTriggers {
  before(role: string, options: ItemData, task: TaskContext): Promise<string | null>;
  after(role: string, options: ItemData, task: TaskContext): Promise<void>;
}

/** What the runner is made of. */
export interface TaskRunnerDeps {
  store: { tasks: TaskStore };
  kinds: readonly TaskKind[];
  triggers: TaskTriggers | null;
  /** Name of this server in leases; the same after a restart. */
  server: string;
  /** 32 hex digits, new every time. */
  newId(): string;
  now(): Instant;
  log: Pick<Log, 'info' | 'warn' | 'error'>;
}

/** Background tasks: begun by calls, worked on by any server. */
export interface TaskRunner {
  /**
   * Stores a task, to be worked on by the next server with a free hand; answers its id.
   *
   * @throws AppError INVALID_ARGUMENT for options that are too large, OVERLOADED when too many tasks wait.
   */
  start(role: string, options: ItemData, by: string | null): Promise<string>;
  /** Works on a task now, and waits for it. Answers whether it is complete, and the last error it logged. */
  runNow(role: string, options: ItemData, by: string | null): Promise<{ ok: boolean; error: string | null }>;
  /** Extends leases and takes what waits; to be called every second, and once when `nudge` was called. */
  step(): Promise<void>;
  /** Called when there is something to be taken. */
  onStart(nudge: () => void): void;
  /** Gives up what this server had in hand before it was started again. */
  recover(): Promise<void>;
  /** Ends what is in hand: what may be begun again is left to other servers, the rest fails. */
  stop(): Promise<void>;
}

/** A dead server's tasks are taken over after this. Renewed every second; a pause of the process must not lose them. */
const LEASE_MS = 30_000;
/** Tasks one server works on at a time. */
const AT_ONCE = 4;
/** Tasks that may wait or be in hand; a caller who asks for more is told. */
const MAX_WAITING = 200;
/** Longest options, written as JSON. */
const MAX_OPTIONS = 64 * 1024;
/** Times a repeatable task is begun: one that takes its server down must not take all of them. */
const MAX_ATTEMPTS = 3;

interface InHand {
  task: ClaimedTask;
  controller: AbortController;
  log: TaskLog;
  done: Promise<unknown>;
  /** The server stops: see `stop`. */
  isLeft: boolean;
  isLost: boolean;
}

/** Builds the runner. Roles must differ. */
export function createTaskRunner(deps: TaskRunnerDeps): TaskRunner {
  const { store, server, now } = deps;
  const kinds = new Map(deps.kinds.map((kind) => [kind.role, kind]));
  const inHand = new Map<string, InHand>();
  let nudge: () => void = () => undefined;
  let isStopping = false;

  async function add(role: string, options: ItemData, by: string | null, isOwn = false): Promise<Task> {
    const kind = kinds.get(role);
    if (!kind) throw new AppError('BUG', `There is no task ${role}.`);
    if (JSON.stringify(options).length > MAX_OPTIONS) {
      throw new AppError('INVALID_ARGUMENT', `The options of a task may be ${MAX_OPTIONS} characters long.`);
    }
    if ((await store.tasks.countRunning()) >= MAX_WAITING) {
      throw new AppError('OVERLOADED', `${MAX_WAITING} background tasks are waiting or running; try again later.`);
    }
    const displayName = kind.displayName(options);
    const createdAt = now();
    const id = taskId(displayName, createdAt, deps.newId());
    const base = { id, role, displayName, options, by, createdAt };
    const task: Task = { ...base, state: 'running', endedAt: null, readBy: [] };
    const line = { at: createdAt, level: 'INFO', text: `start_task(${role}); event_id(${id})` } as const;
    await store.tasks.add(task, line, isOwn ? { server, leaseUntil: createdAt + LEASE_MS } : undefined);
    return task;
  }

  function take(task: ClaimedTask): InHand {
    const log = createTaskLog((lines) => store.tasks.addLines(task.id, lines), now);
    const hand: InHand = {
      task,
      log,
      controller: new AbortController(),
      done: Promise.resolve(),
      isLeft: false,
      isLost: false,
    };
    inHand.set(task.id, hand);
    return hand;
  }

  /** Works on one task to its end; never throws. */
  async function work(hand: InHand): Promise<{ ok: boolean; error: string | null }> {
    const { task, log } = hand;
    let error = await attempt(hand).catch((thrown: unknown) => explain(thrown, hand));
    if (hand.isLeft && kinds.get(task.role)?.isRepeatable === true) {
      error = 'The server was stopped; the task is begun again by the next one.';
      log.add(error, 'WARNING');
      await log.flush().catch(() => undefined);
    } else if (!hand.isLost) {
      if (hand.isLeft && error !== null) error = 'The server was stopped before the task was done. Start it again.';
      await settle(hand, error).catch((thrown: unknown) => {
        deps.log.error('The end of a task could not be stored; it is taken up again when its lease ends', {
          task: task.id,
          error: thrown,
        });
      });
    }
    inHand.delete(task.id);
    nudge();
    return { ok: error === null, error };
  }

  async function settle({ task, log }: InHand, error: string | null): Promise<void> {
    if (error !== null) log.add(error, 'ERROR');
    const state = error === null ? 'complete' : 'failed';
    await log.end(TASK_ENDINGS[state], error === null ? 'INFO' : 'ERROR');
    if (await store.tasks.finish(server, task.id, state, now())) {
      deps.log.info('A background task ended', { task: task.id, state, error });
    }
  }

  /** Null when the task is complete, else why not. */
  async function attempt(hand: InHand): Promise<string | null> {
    const { task, controller, log } = hand;
    const kind = kinds.get(task.role);
    if (!kind) return `This server does not know the task ${task.role}.`;
    if (task.attempts > 1) {
      if (!kind.isRepeatable || task.attempts > MAX_ATTEMPTS) {
        return 'The server that worked on this ended before the task did; what was done until then stays. Start it again.';
      }
      log.add('The server that worked on this ended before the task did; it is begun again.', 'WARNING');
    }
    const timer = setTimeout(() => {
      controller.abort(new AppError('CONFLICT', `The task took longer than ${kind.limitMs / 60_000} minutes.`));
    }, kind.limitMs);
    timer.unref();
    const { options, by } = task;
    const context: TaskContext = { options, by, signal: controller.signal, log: log.add };
    try {
      const refused = await deps.triggers?.before(task.role, options, context);
      if (refused != null) return refused;
      if ((await kind.run(context)) === false) return 'The task failed.';
      controller.signal.throwIfAborted();
      await deps.triggers?.after(task.role, options, context);
      return null;
    } finally {
      clearTimeout(timer);
    }
  }

  function explain(thrown: unknown, { task, controller }: InHand): string {
    const cause: unknown = controller.signal.aborted ? controller.signal.reason : thrown;
    if (cause instanceof FieldError) return cause.message;
    if (cause instanceof AppError && cause.kind !== 'bug') return cause.message;
    deps.log.error('A background task failed of an error of the server', { task: task.id, error: cause });
    return 'The server made a mistake; its log says which.';
  }

  async function takeWaiting(): Promise<void> {
    while (!isStopping && inHand.size < AT_ONCE) {
      const task = await store.tasks.claim(server, now(), now() + LEASE_MS);
      if (task === null) return;
      const hand = take(task);
      hand.done = work(hand);
    }
  }

  return {
    onStart(call) {
      nudge = call;
    },
    async start(role, options, by) {
      const { id } = await add(role, options, by);
      nudge();
      return id;
    },
    async runNow(role, options, by) {
      const hand = take({ ...(await add(role, options, by, true)), attempts: 1 });
      const outcome = work(hand);
      hand.done = outcome;
      return outcome;
    },
    async step() {
      const ids = [...inHand.keys()];
      if (ids.length > 0) {
        const kept = new Set(await store.tasks.renew(server, ids, now() + LEASE_MS));
        for (const id of ids) {
          const hand = inHand.get(id);
          if (!hand) continue;
          if (!kept.has(id)) {
            hand.isLost = true;
            hand.controller.abort(new AppError('CONFLICT', 'Another server took the task over.'));
          }
          await hand.log.flush();
        }
      }
      await takeWaiting();
    },
    recover: () => store.tasks.release(server),
    async stop() {
      isStopping = true;
      for (const hand of inHand.values()) {
        hand.isLeft = true;
        hand.controller.abort(new AppError('CONFLICT', 'The server was stopped.'));
      }
      await Promise.all([...inHand.values()].map(({ done }) => done));
      await store.tasks.release(server);
    },
  };
}
