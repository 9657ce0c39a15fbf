import type { Instant } from '../domain/event';

/** Milliseconds since a moment; without end for one in the future: when our clock was set back, nothing is waited for. */
export function elapsed(since: Instant, now: Instant): number {
  return now < since ? Infinity : now - since;
}
