import { AppError } from '../domain/errors';

/** Work of which only so much runs, and only so much waits, at a time. */
export interface BoundedWork {
  /** Runs `work` in its turn. @throws AppError OVERLOADED when too many wait already; and whatever `work` throws. */
  run<T>(work: () => Promise<T>): Promise<T>;
  /** Nothing runs and nothing waits. */
  isIdle(): boolean;
}

/** At most `running` at a time and `waiting` behind them, first come, first served. `sentence`: what is refused is told. */
export function createBoundedWork(limits: { running: number; waiting: number; sentence: string }): BoundedWork {
  let running = 0;
  const queue: (() => void)[] = [];
  return {
    async run(work) {
      if (running >= limits.running) {
        if (queue.length >= limits.waiting) throw new AppError('OVERLOADED', limits.sentence);
        // Whoever leaves hands its place on: nobody can slip in between.
        await new Promise<void>((resolve) => queue.push(resolve));
      } else running++;
      try {
        return await work();
      } finally {
        const next = queue.shift();
        if (next) next();
        else running--;
      }
    },
    isIdle: () => running === 0 && queue.length === 0,
  };
}
