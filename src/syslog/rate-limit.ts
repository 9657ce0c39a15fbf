import type { Instant } from '../domain/event';
import type { SyslogLine } from './frame';
import type { SyslogLimits } from './limits';

/** Whether a line is taken; if not, whether it was one that tells something. */
export type Admission = 'taken' | 'chatter-lost' | 'telling-lost';

/** A token bucket. Pure but for the change in itself; a clock set back costs nothing and gives nothing. */
export interface Bucket {
  tokens: number;
  at: Instant;
}

/** Takes a token, of which `perSecond` come back and at most `burst` are kept. */
export function takeToken(bucket: Bucket, now: Instant, perSecond: number, burst: number): boolean {
  const elapsed = now - bucket.at;
  if (elapsed !== 0) {
    if (elapsed > 0) bucket.tokens = Math.min(burst, bucket.tokens + (elapsed * perSecond) / 1000);
    bucket.at = now;
  }
  if (bucket.tokens < 1) return false;
  bucket.tokens -= 1;
  return true;
}

interface Sender {
  lines: Bucket;
  telling: Bucket;
  usedAt: Instant;
}

/** A sender counts as just heard for this long, so that the order is not changed for every line. */
const FRESH_MS = 1_000;

/**
 * Judges the lines of each sender: all of them up to a rate; beyond it those that tell something, up to a second, larger
 * one. Remembers a bounded number of senders; the one longest silent is forgotten, which gives it its burst again.
 *
 * @param isTelling - Asked only beyond the first rate.
 */
export function createRateLimit(
  limits: Pick<SyslogLimits, 'linesPerSecond' | 'lineBurst' | 'tellingPerSecond' | 'tellingBurst' | 'senders'>,
  isTelling: (line: SyslogLine) => boolean,
): { admit(peer: string, line: SyslogLine, now: Instant): Admission; readonly senders: number } {
  const senders = new Map<string, Sender>();

  function senderOf(peer: string, now: Instant): Sender {
    let sender = senders.get(peer);
    if (sender !== undefined && Math.abs(now - sender.usedAt) < FRESH_MS) return sender;
    if (sender === undefined) {
      sender = {
        lines: { tokens: limits.lineBurst, at: now },
        telling: { tokens: limits.tellingBurst, at: now },
        usedAt: now,
      };
      if (senders.size >= limits.senders) senders.delete(senders.keys().next().value!);
    } else {
      senders.delete(peer);
    }
    sender.usedAt = now;
    senders.set(peer, sender);
    return sender;
  }

  return {
    admit(peer, line, now) {
      const sender = senderOf(peer, now);
      if (takeToken(sender.lines, now, limits.linesPerSecond, limits.lineBurst)) return 'taken';
      if (!isTelling(line)) return 'chatter-lost';
      return takeToken(sender.telling, now, limits.tellingPerSecond, limits.tellingBurst) ? 'taken' : 'telling-lost';
    },
    get senders() {
      return senders.size;
    },
  };
}
