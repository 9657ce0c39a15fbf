import type { Instant } from './event';
import type { ItemData } from './item-value';

/** How a background task stands. Unlike Cobbler 3.3.7, which says `notification` there, one in hand is `running`. */
export const TASK_STATES = ['running', 'complete', 'failed'] as const;
export type TaskState = (typeof TASK_STATES)[number];

/** Weight of a line of a task's log. */
export type TaskLogLevel = 'INFO' | 'WARNING' | 'ERROR';

/** One line of a task's log. */
export interface TaskLogLine {
  at: Instant;
  level: TaskLogLevel;
  text: string;
}

/** A background task as it is known to everybody. */
export interface Task {
  /** Cobbler's event id: `2026-11-22_131601_Sync_` and 32 hex digits. */
  id: string;
  /** What is done: `sync`, `reposync` … The word of the triggers `task/ROLE/pre`. */
  role: string;
  displayName: string;
  options: ItemData;
  /** User of the session it was started by; null when nobody was logged in. */
  by: string | null;
  state: TaskState;
  createdAt: Instant;
  endedAt: Instant | null;
  /** Users who have seen its present state. */
  readBy: string[];
}

/** Longest line kept of a task's log, in characters; lines of tools are shorter by far. */
export const MAX_TASK_LINE = 2_000;
/** Lines kept of one task. What comes after is counted, and the end of the log says how many. */
export const MAX_TASK_LINES = 10_000;

/** What the last line of a log says, for tools that wait for it. */
export const TASK_ENDINGS: Readonly<Record<'complete' | 'failed', string>> = {
  complete: '### TASK COMPLETE ###',
  failed: '### TASK FAILED ###',
};

const two = (value: number): string => String(value).padStart(2, '0');

/** The id of a task begun at `at` (UTC). `unique`: 32 hex digits. */
export function taskId(displayName: string, at: Instant, unique: string): string {
  const date = new Date(at);
  const time = two(date.getUTCHours()) + two(date.getUTCMinutes()) + two(date.getUTCSeconds());
  return `${date.toISOString().slice(0, 10)}_${time}_${displayName}_${unique}`;
}

/** A line as Cobbler writes it to the log of a task: `[ID] 2026-11-22 13:16:01,732 - INFO | text`, in UTC. */
export function formatTaskLine(id: string, { at, level, text }: TaskLogLine): string {
  const time = new Date(at).toISOString().slice(0, -1).replace('T', ' ').replace('.', ',');
  return `[${id}] ${time} - ${level} | ${text}`;
}

/** Text that may be kept as one line: no control characters, bounded. */
export function boundTaskLine(text: string): string {
  const line = text.replace(/[\u0000-\u001f\u007f-\u009f]+/g, ' ').trimEnd();
  return line.length > MAX_TASK_LINE ? `${line.slice(0, MAX_TASK_LINE - 1)}…` : line;
}
