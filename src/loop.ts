import type { Log } from './log';

/** Timers as Node has them; tests bring their own. */
export interface Timers {
  set(run: () => void, ms: number): unknown;
  clear(timer: unknown): void;
}

/** A step that is repeated until it is stopped. */
export interface Loop {
  /** Runs the step now or, when it runs already, once more right after it. Does not shorten the wait after an error. */
  nudge(): void;
  /** Ends the repetition; resolves when the step in hand is done. May be called twice. */
  stop(): Promise<void>;
}

const realTimers: Timers = {
  set: (run, ms) => setTimeout(run, ms),
  clear: (timer) => clearTimeout(timer as NodeJS.Timeout),
};

const FIRST_BACKOFF_MS = 1_000;
const LAST_BACKOFF_MS = 30_000;

/**
 * Repeats `step`: the first time at once, then every `intervalMs` after the end of the one before; never two at a time.
 * A step that answers true has more to do and runs again at once. A step that throws is logged (once while the error
 * stays the same) and waits 1, 2, 4 … 30 seconds.
 */
export function startLoop(options: {
  name: string;
  intervalMs: number;
  step(): Promise<boolean | void>;
  log: Log;
  timers?: Timers;
}): Loop {
  const { name, intervalMs, step, log, timers = realTimers } = options;
  let timer: unknown = null;
  let running: Promise<void> | null = null;
  let nudged = false;
  let stopped = false;
  let failures = 0;
  let lastReason = '';

  function wait(ms: number): void {
    timer = timers.set(run, ms);
  }

  function run(): void {
    timer = null;
    nudged = false;
    running = runOnce().then((waitMs) => {
      running = null;
      if (!stopped) wait(nudged && failures === 0 ? 0 : waitMs);
    });
  }

  /** Answers how long to wait for the next one. */
  async function runOnce(): Promise<number> {
    try {
      const again = await step();
      if (failures > 0) log.info('A step works again.', { loop: name, failures });
      failures = 0;
      lastReason = '';
      return again === true ? 0 : intervalMs;
    } catch (error) {
      failures++;
      const reason = error instanceof Error ? error.message : String(error);
      if (reason !== lastReason) log.warn('A step failed and will be tried again.', { loop: name, error });
      lastReason = reason;
      return Math.min(FIRST_BACKOFF_MS * 2 ** Math.min(failures - 1, 10), LAST_BACKOFF_MS);
    }
  }

  run();
  return {
    nudge() {
      if (stopped || failures > 0) return;
      if (running !== null) {
        nudged = true;
      } else if (timer !== null) {
        timers.clear(timer);
        wait(0);
      }
    },
    async stop() {
      stopped = true;
      if (timer !== null) timers.clear(timer);
      timer = null;
      await running;
    },
  };
}
