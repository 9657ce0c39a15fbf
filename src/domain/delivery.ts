import type { Instant } from './event';
import { PROBLEM_REASONS, type Reason } from './notification';

const SECOND = 1_000;
const MINUTE = 60 * SECOND;
const HOUR = 60 * MINUTE;

/** How long a burst is collected per contact and channel when GROUP_WAIT_SECONDS does not say. */
export const GROUP_WAIT_MS = 30 * SECOND;

/** First wait after a failed attempt; doubled every time. Greylisting servers let a mail in after a minute or more. */
export const FIRST_RETRY_MS = 15 * SECOND;
/** Longest wait between two attempts: with a day to live, a delivery survives an outage of many hours. */
export const LONGEST_RETRY_MS = 30 * MINUTE;
/** Shortest wait: full jitter may draw zero, and a server that refuses is not asked again at once. */
export const SHORTEST_RETRY_MS = 2 * SECOND;

/** One attempt may take this long, from the first byte to the answer. */
export const SEND_TIMEOUT_MS = 30 * SECOND;
/**
 * A claimed delivery belongs to its server this long; then it is taken for lost and claimed again. Well above
 * SEND_TIMEOUT_MS: a server that is merely slow must not have its mail sent twice.
 */
export const LEASE_MS = 90 * SECOND;

/** Problems and their endings stay worth telling for a day. */
const LASTING_MS = 24 * HOUR;

/** After this long nobody wants to hear it any more. An answer to a question grows old like a progress report. */
export const TIME_TO_LIVE_MS: Readonly<Record<Reason, number>> = {
  started: 1 * HOUR,
  progress: 10 * MINUTE,
  late: 1 * HOUR,
  stalled: LASTING_MS,
  waiting: LASTING_MS,
  recovered: LASTING_MS,
  failed: LASTING_MS,
  terminated: LASTING_MS,
  finished: LASTING_MS,
  suspicious: LASTING_MS,
  'install loop': LASTING_MS,
  digest: 1 * HOUR,
  'on demand': 1 * HOUR,
  test: 1 * HOUR,
  undeliverable: LASTING_MS,
};

/** Why an attempt failed. Closed, so that counting and acting on it need no text. */
export const FAILURE_REASONS = [
  'address refused', // this address will never work: it is disabled
  'message refused', // this message will never be taken, another one may
  'auth refused', // our credentials: a person must act, then all waiting messages go out
  'rate limited',
  'unreachable', // no connection, or it broke
  'timed out',
  'server error', // the other side says "not now"
  'misconfigured', // our own settings cannot work
] as const;
export type FailureReason = (typeof FAILURE_REASONS)[number];

/** What became of one attempt. */
export type AttemptResult =
  { ok: true; reference: string } | { ok: false; retry: boolean; reason: FailureReason; detail: string };

/** Where a delivery stands after an attempt. */
export type Settlement =
  | { status: 'sent'; disablesAddress: false }
  | { status: 'pending'; nextAttemptAt: Instant; disablesAddress: false }
  | { status: 'failed'; disablesAddress: boolean }
  | { status: 'expired'; disablesAddress: false };

/**
 * Wait before the next attempt: exponential with full jitter, so that what failed together does not come back together.
 *
 * @param attempts - attempts made so far, from 1.
 * @param random - drawn by the caller, 0 ≤ random < 1.
 * @returns milliseconds between SHORTEST_RETRY_MS and LONGEST_RETRY_MS.
 */
export function retryDelay(attempts: number, random: number): number {
  const ceiling = Math.min(LONGEST_RETRY_MS, FIRST_RETRY_MS * 2 ** Math.min(attempts - 1, 20));
  return Math.max(SHORTEST_RETRY_MS, Math.floor(ceiling * random));
}

/**
 * What follows from an attempt. A permanent failure ends the delivery; a temporary one is tried again, at the latest
 * when the delivery expires, which then is noted instead.
 */
export function settleAttempt(
  delivery: { attempts: number; expiresAt: Instant },
  result: AttemptResult,
  now: Instant,
  random: number,
): Settlement {
  if (result.ok) return { status: 'sent', disablesAddress: false };
  if (!result.retry) return { status: 'failed', disablesAddress: result.reason === 'address refused' };
  if (now >= delivery.expiresAt) return { status: 'expired', disablesAddress: false };
  const nextAttemptAt = Math.min(now + retryDelay(delivery.attempts, random), delivery.expiresAt);
  return { status: 'pending', nextAttemptAt, disablesAddress: false };
}

/** The moment from which a notification made at `createdAt` is no longer worth sending. */
export function expiryOf(reason: Reason, createdAt: Instant): Instant {
  return createdAt + TIME_TO_LIVE_MS[reason];
}

/** True for reasons that worry people; their text says since when and why. */
export function isProblem(reason: Reason): boolean {
  return (PROBLEM_REASONS as readonly Reason[]).includes(reason);
}
