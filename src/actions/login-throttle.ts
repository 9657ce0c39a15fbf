import { isIPv6 } from 'node:net';
import type { Instant } from '../domain/event';

/** Holds back those who guess passwords. In memory of this server only. */
export interface LoginThrottle {
  /** Milliseconds until this user may try again from this peer; 0 = now. */
  waitMs(user: string, peer: string, now: Instant): number;
  failed(user: string, peer: string, now: Instant): void;
  succeeded(user: string, peer: string): void;
}

/** Slips that cost nothing. */
const FREE_FAILURES = 5;
const LAST_WAIT_MS = 5 * 60_000;
/** A failure this old is forgotten. */
const MEMORY_MS = 15 * 60_000;
const MAX_ENTRIES = 10_000;

/**
 * After five failures of one user from one peer each further one doubles the wait: 1, 2, 4 … 300 seconds. Keyed by
 * both, so that a stranger's guesses do not lock the administrator out.
 */
export function createLoginThrottle(): LoginThrottle {
  const entries = new Map<string, { failures: number; lastAt: Instant; freeAt: Instant }>();
  return {
    waitMs(user, peer, now) {
      return Math.max(0, (entries.get(keyOf(user, peer))?.freeAt ?? 0) - now);
    },
    failed(user, peer, now) {
      const key = keyOf(user, peer);
      const known = entries.get(key);
      const before = known !== undefined && now - known.lastAt < MEMORY_MS ? known.failures : 0;
      const failures = before + 1;
      const wait =
        failures < FREE_FAILURES ? 0 : Math.min(1000 * 2 ** Math.min(failures - FREE_FAILURES, 20), LAST_WAIT_MS);
      entries.delete(key); // newest last: the oldest is the one to forget
      entries.set(key, { failures, lastAt: now, freeAt: now + wait });
      if (entries.size > MAX_ENTRIES) entries.delete(entries.keys().next().value!);
    },
    succeeded(user, peer) {
      entries.delete(keyOf(user, peer));
    },
  };
}

/** An IPv6 peer counts by its /64: one host has as many addresses as it likes. */
function keyOf(user: string, peer: string): string {
  return `${isIPv6(peer) ? networkOf(peer) : peer} ${user.slice(0, 200)}`;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && groups.length + behind.length < 8) groups.push('0');
  return [...groups, ...behind].slice(0, 4).join(':');
}
