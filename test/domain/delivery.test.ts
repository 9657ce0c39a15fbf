import fc from 'fast-check';
import {
  expiryOf,
  LEASE_MS,
  LONGEST_RETRY_MS,
  retryDelay,
  SEND_TIMEOUT_MS,
  settleAttempt,
  SHORTEST_RETRY_MS,
  type AttemptResult,
} from '../../src/domain/delivery';
import { at } from '../support/builders';

const refused = (retry: boolean, reason: 'server error' | 'address refused' | 'message refused'): AttemptResult => ({
  ok: false,
  retry,
  reason,
  detail: '',
});

test('waits between attempts stay inside their limits whatever is drawn, and grow with the attempts', () => {
  fc.assert(
    fc.property(fc.integer({ min: 1, max: 500 }), fc.double({ min: 0, max: 0.999999, noNaN: true }), (n, random) => {
      expect(retryDelay(n, random)).toBeGreaterThanOrEqual(SHORTEST_RETRY_MS);
      expect(retryDelay(n, random)).toBeLessThanOrEqual(LONGEST_RETRY_MS);
      expect(retryDelay(n + 1, random)).toBeGreaterThanOrEqual(retryDelay(n, random));
    }),
  );
});

test('an outage of ten hours is survived by a problem, with attempts spread over it', () => {
  const start = at('00:00');
  const delivery = { attempts: 0, expiresAt: expiryOf('failed', start) };
  let now = start;
  while (now < start + 10 * 3_600_000) {
    delivery.attempts += 1;
    const settled = settleAttempt(delivery, refused(true, 'server error'), now, 0.5);
    if (settled.status !== 'pending') throw new Error(settled.status);
    now = settled.nextAttemptAt;
  }
  expect(delivery.attempts).toBeGreaterThan(20);
  expect(delivery.attempts).toBeLessThan(100);
});

test('an old progress report expires instead of going out late', () => {
  const now = at('10:00');
  const delivery = { attempts: 3, expiresAt: expiryOf('progress', now) };
  expect(settleAttempt(delivery, refused(true, 'server error'), now + 11 * 60_000, 0.9).status).toBe('expired');
});

test('the last wait ends when the delivery does, so that its end is noted', () => {
  const now = at('10:00');
  const settled = settleAttempt({ attempts: 20, expiresAt: now + 1000 }, refused(true, 'server error'), now, 0.9);
  expect(settled).toEqual({ status: 'pending', nextAttemptAt: now + 1000, disablesAddress: false });
});

test('a refused address ends the delivery and is disabled; a refused message only ends the delivery', () => {
  const delivery = { attempts: 1, expiresAt: at('12:00') };
  expect(settleAttempt(delivery, refused(false, 'address refused'), at('10:00'), 0)).toEqual({
    status: 'failed',
    disablesAddress: true,
  });
  expect(settleAttempt(delivery, refused(false, 'message refused'), at('10:00'), 0)).toEqual({
    status: 'failed',
    disablesAddress: false,
  });
});

test('a lease outlives the longest attempt by far', () => {
  expect(LEASE_MS).toBeGreaterThanOrEqual(2 * SEND_TIMEOUT_MS);
});
