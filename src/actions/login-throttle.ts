import { isIPv6 } from 'node:net';
import type { Instant } from '../domain/event';
import { type BoundedWork, createBoundedWork } from './bounded-work';

/** Holds back those who guess passwords. In memory of this server only. */
export interface LoginThrottle {
  /** Milliseconds until this user may try again from this peer; 0 = now. */
  waitMs(user: string, peer: string, now: Instant): number;
  failed(user: string, peer: string, now: Instant): void;
  succeeded(user: string, peer: string, now: Instant): void;
  /**
   * Lets few logins of one peer run at a time, so that guesses sent side by side are counted before the next one runs.
   *
   * @throws AppError OVERLOADED when too many of that peer wait.
   */
  inTurn<T>(peer: string, attempt: () => Promise<T>): Promise<T>;
}

/** Slips that cost nothing: of one user from one peer, and of all users from one peer (a script with old passwords). */
const FREE_FAILURES = 5;
const FREE_FAILURES_OF_PEER = 30;
const LAST_WAIT_MS = 5 * 60_000;
const LAST_WAIT_OF_PEER_MS = 60_000;
/** A failure this old is forgotten. */
const MEMORY_MS = 15 * 60_000;
/** A login from a peer frees that user there from what others there do, for so long. */
const TRUST_MS = 24 * 60 * 60_000;
const MAX_ENTRIES = 10_000;
/** Logins of one peer that run and wait at a time: a fork of a deployment tool for each of some hundred machines. */
const RUNNING = 4;
const WAITING = 500;

interface Entry {
  failures: number;
  lastAt: Instant;
  freeAt: Instant;
}

/**
 * After five failures of one user from one peer each further one doubles the wait: 1, 2, 4 … 300 seconds; after thirty
 * from one peer, whoever they were for, up to 60 seconds. Keyed by the peer in any case, so that a stranger's guesses do
 * not lock the administrator out.
 */
export function createLoginThrottle(): LoginThrottle {
  const entries = new Map<string, Entry>();
  const trusted = new Map<string, Instant>();
  const turns = new Map<string, BoundedWork>();

  function fail(key: string, now: Instant, free: number, lastWaitMs: number): void {
    const known = entries.get(key);
    const before = known !== undefined && now - known.lastAt < MEMORY_MS ? known.failures : 0;
    const failures = before + 1;
    const wait = failures < free ? 0 : Math.min(1000 * 2 ** Math.min(failures - free, 20), lastWaitMs);
    entries.delete(key); // newest last: the oldest is the one to forget
    entries.set(key, { failures, lastAt: now, freeAt: now + wait });
    if (entries.size > MAX_ENTRIES) entries.delete(entries.keys().next().value!);
  }

  return {
    waitMs(user, peer, now) {
      const key = keyOf(user, peer);
      const own = entries.get(key)?.freeAt ?? 0;
      const isTrusted = now - (trusted.get(key) ?? Number.NEGATIVE_INFINITY) < TRUST_MS;
      const ofPeer = isTrusted ? 0 : (entries.get(placeOf(peer))?.freeAt ?? 0);
      return Math.max(0, own - now, ofPeer - now);
    },
    failed(user, peer, now) {
      fail(keyOf(user, peer), now, FREE_FAILURES, LAST_WAIT_MS);
      fail(placeOf(peer), now, FREE_FAILURES_OF_PEER, LAST_WAIT_OF_PEER_MS);
    },
    succeeded(user, peer, now) {
      const key = keyOf(user, peer);
      entries.delete(key);
      trusted.delete(key);
      trusted.set(key, now);
      if (trusted.size > MAX_ENTRIES) trusted.delete(trusted.keys().next().value!);
    },
    async inTurn(peer, attempt) {
      const place = placeOf(peer);
      const sentence = `Too many logins from ${peer} at a time; try again in a few seconds, or keep the session.`;
      const turn = turns.get(place) ?? createBoundedWork({ running: RUNNING, waiting: WAITING, sentence });
      turns.set(place, turn);
      try {
        return await turn.run(attempt);
      } finally {
        if (turn.isIdle()) turns.delete(place);
      }
    },
  };
}

function keyOf(user: string, peer: string): string {
  return `${placeOf(peer)} ${user.slice(0, 200)}`;
}

/** An IPv6 peer counts by its /64: one host has as many addresses as it likes. */
function placeOf(peer: string): string {
  return isIPv6(peer) ? networkOf(peer) : peer;
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('::');
  const groups = head === '' ? [] : head.split(':');
  const behind = tail === undefined || tail === '' ? [] : tail.split(':');
  while (tail !== undefined && groups.length + behind.length < 8) groups.push('0');
  return [...groups, ...behind].slice(0, 4).join(':');
}
