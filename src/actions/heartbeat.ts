import type { Instant } from '../domain/event';
import { BLIND_AFTER_MS } from './append-events';
import { beat, type WatchDeps } from './watch-clocks';

/** The sign of life of this server, and the moment it may judge others by. */
export interface Heartbeat {
  /** One beat; to be repeated every second. */
  beat(): Promise<void>;
  /**
   * The moment runs are judged at: now, but never more than three seconds after the last beat that was stored. While
   * the database is away the server cannot hear, so nobody is late for it.
   */
  judgementNow(): Instant;
}

/** Starts with a beat that counts as stored now. */
export function createHeartbeat(deps: WatchDeps): Heartbeat {
  let lastBeatAt = deps.now();
  return {
    async beat() {
      await beat(deps);
      lastBeatAt = deps.now();
    },
    judgementNow: () => Math.min(deps.now(), lastBeatAt + BLIND_AFTER_MS),
  };
}
