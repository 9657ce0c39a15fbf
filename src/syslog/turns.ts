/** Bytes that are worked off before the time is looked at: 4,096 lines at the very most. */
const PART_BYTES = 8 * 1024;

/** A connection whose chunks are worked off in turns. */
export interface Turned {
  /** Works off bytes; called with parts of what came, in order. */
  take(part: Buffer): void;
  /** Nothing more comes and everything was taken. */
  finish(): void;
  /** No more chunks, until `resume`. */
  pause(): void;
  resume(): void;
}

/** Shares the event loop between connections. */
export interface Turns<T extends Turned> {
  /** A chunk came. It is worked off at once or, when this turn's time is used up, later: the connection is paused then. */
  offer(connection: T, chunk: Buffer): void;
  /** The connection is closed: `finish` follows what is still to be worked off. */
  close(connection: T): void;
  /** Works off everything that waits. */
  drain(): void;
}

/**
 * Takes at most `turnMs` of each turn of the event loop, for all connections together, and one connection after the
 * other. Without that, a thousand senders with 64 KiB each in hand would hold up timers, HTTP and UDP for a second.
 * Holds at most one chunk of each connection.
 */
export function createTurns<T extends Turned>(turnMs: number): Turns<T> {
  const waiting = new Map<T, Buffer>();
  const closed = new Set<T>();
  let spentMs = 0;
  let isScheduled = false;

  /** Works off as much as the turn allows; answers what is left. */
  function work(connection: T, chunk: Buffer, boundMs: number): Buffer | null {
    const began = performance.now();
    for (let at = 0; at < chunk.length; at += PART_BYTES) {
      if (spentMs + performance.now() - began >= boundMs) {
        spentMs += performance.now() - began;
        return chunk.subarray(at);
      }
      connection.take(chunk.subarray(at, at + PART_BYTES));
    }
    spentMs += performance.now() - began;
    return null;
  }

  function schedule(): void {
    if (isScheduled) return;
    isScheduled = true;
    setImmediate(() => {
      isScheduled = false;
      spentMs = 0;
      resumeWork(turnMs);
      if (waiting.size > 0) schedule();
    });
  }

  function resumeWork(boundMs: number): void {
    for (const [connection, chunk] of waiting) {
      if (spentMs >= boundMs) return;
      waiting.delete(connection);
      const left = work(connection, chunk, boundMs);
      if (left !== null) waiting.set(connection, left);
      else if (closed.delete(connection)) connection.finish();
      else connection.resume();
    }
  }

  return {
    offer(connection, chunk) {
      schedule();
      const before = waiting.get(connection);
      const left = before === undefined ? work(connection, chunk, turnMs) : Buffer.concat([before, chunk]);
      if (left === null) return;
      connection.pause();
      waiting.set(connection, left);
    },
    close(connection) {
      if (waiting.has(connection)) closed.add(connection);
      else connection.finish();
    },
    drain: () => resumeWork(Number.POSITIVE_INFINITY),
  };
}
