import type { Instant } from '../domain/event';

/** The part of a logger that is needed to complain. */
export interface LogSink {
  warn(sentence: string, fields?: Record<string, unknown>): unknown;
}

/** A complaint about one thing is repeated at most this often. */
export const REPEAT_MS = 60_000;
const MAX_KEYS = 1_000;

/**
 * Warns about each thing at most once a minute, and says then how often it happened in between. `key` is the thing, the
 * sentence what a person reads.
 */
export function createThrottle(
  log: LogSink,
  now: () => Instant,
): (key: string, sentence: string, fields?: Record<string, unknown>) => void {
  const seen = new Map<string, { at: Instant; times: number }>();
  return (key, sentence, fields = {}) => {
    const at = now();
    const before = seen.get(key);
    if (before && at - before.at < REPEAT_MS) {
      before.times += 1;
      return;
    }
    seen.delete(key);
    if (seen.size >= MAX_KEYS) seen.delete(seen.keys().next().value!);
    seen.set(key, { at, times: 0 });
    log.warn(sentence, before && before.times > 0 ? { ...fields, repeated: before.times } : fields);
  };
}
