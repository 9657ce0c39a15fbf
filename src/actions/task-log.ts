import { boundTaskLine, MAX_TASK_LINES, type TaskLogLevel, type TaskLogLine } from '../domain/task';

/** Characters kept of one log: what one answer of get_event_log may hold. */
const MAX_CHARACTERS = 1_000_000;
/** Lines that wait to be stored before they are stored at once. */
const BATCH = 200;

/** The log of one task in hand: bounded, and written in batches. */
export interface TaskLog {
  /** Adds a line; text with several is split. */
  add(text: string, level?: TaskLogLevel): void;
  /** Stores what waits; what cannot be stored now waits on. */
  flush(): Promise<void>;
  /** Adds the last line, which always fits, and stores all. */
  end(text: string, level: TaskLogLevel): Promise<void>;
}

/** Builds the log of one task. `write` stores lines in order. */
export function createTaskLog(write: (lines: readonly TaskLogLine[]) => Promise<void>, now: () => number): TaskLog {
  let waiting: TaskLogLine[] = [];
  let writing: Promise<void> = Promise.resolve();
  let lines = 0;
  let characters = 0;
  let dropped = 0;

  async function writeWaiting(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.splice(0, BATCH);
      try {
        await write(batch);
      } catch (error) {
        waiting = [...batch, ...waiting];
        throw error;
      }
    }
  }

  function flush(): Promise<void> {
    writing = writing.catch(() => undefined).then(writeWaiting);
    return writing;
  }

  return {
    add(text, level = 'INFO') {
      for (const part of text.split('\n')) {
        const line = boundTaskLine(part);
        if (line === '') continue;
        if (lines >= MAX_TASK_LINES || characters + line.length > MAX_CHARACTERS) {
          dropped++;
          continue;
        }
        lines++;
        characters += line.length;
        waiting.push({ at: now(), level, text: line });
      }
      if (waiting.length >= BATCH) void flush().catch(() => undefined);
    },
    flush,
    async end(text, level) {
      if (dropped > 0) waiting.push({ at: now(), level: 'WARNING', text: `${dropped} further lines were left out.` });
      waiting.push({ at: now(), level, text });
      await flush();
    },
  };
}
