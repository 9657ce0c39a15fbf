import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../domain/errors';
import type { Instant } from '../domain/event';
import type { SessionStore, StoredSession } from '../store/sessions';
import type { LoginThrottle } from './login-throttle';
import { createMicrobatch } from './microbatch';

/** User of sessions that were opened with the shared secret. */
export const DIRECT_USER = '<DIRECT>';

/** 25 random bytes in base64, as Cobbler's tokens. */
const TOKEN_BYTES = 25;
const TOKEN_LENGTH = 36;
/** `last_used_at` may lag behind by this much: a session in constant use costs one write in this time. */
const TOUCH_EVERY_MS = 30_000;
const SWEEP_EVERY_MS = 60_000;

/** Logging in and out, and the check of a token, which every use of it passes. */
export interface Sessions {
  /**
   * Opens a session. The empty user logs in with the shared secret and becomes `<DIRECT>`.
   *
   * @param peer - Address of the caller, for holding back guesses.
   * @returns The token; it is stored nowhere.
   * @throws AppError `LOGIN_FAILED` or `LOGIN_THROTTLED`.
   */
  login(user: unknown, password: unknown, peer?: string): Promise<string>;
  /** Ends a session; false when there was none. Never throws for a token of any form. */
  logout(token: unknown): Promise<boolean>;
  /**
   * The session of a live token, asked of the database every time, and its life extended.
   *
   * @throws AppError `TOKEN_MALFORMED` or `TOKEN_UNKNOWN`.
   */
  check(token: unknown): Promise<{ user: string }>;
  /** True for a live token, extending its life; false for anything else. */
  tokenCheck(token: unknown): Promise<boolean>;
}

/** What sessions are made of. */
export interface SessionDeps {
  store: { sessions: SessionStore };
  adminUser: string;
  adminPassword: string;
  /** See `renewSharedSecret`. */
  sharedSecret: string;
  throttle: LoginThrottle;
  /** How long a session lives without being used: Cobbler's setting `auth_token_expiration`. */
  lifetimeMs(): number;
  now(): Instant;
}

/** The sessions of one database. Checks made at the same time share one query. */
export function createSessions(deps: SessionDeps): Sessions {
  const { sessions } = deps.store;
  let sweptAt = Number.NEGATIVE_INFINITY;

  const find = createMicrobatch(findLive, (hash: Buffer) => hash.toString('base64'));

  /** The live ones among `hashes`; those not used for a while are marked as used. */
  async function findLive(hashes: Buffer[]): Promise<Map<string, StoredSession>> {
    const now = deps.now();
    const lifetimeMs = deps.lifetimeMs();
    const found = await sessions.findAll(hashes);
    const live = found.filter(({ lastUsedAt }) => now - lastUsedAt.getTime() <= lifetimeMs);
    const touchEveryMs = Math.min(TOUCH_EVERY_MS, lifetimeMs / 4);
    const idle = live.filter(({ lastUsedAt }) => now - lastUsedAt.getTime() >= touchEveryMs);
    if (idle.length > 0) {
      await sessions.touch(
        idle.map(({ tokenHash }) => tokenHash),
        new Date(now),
      );
    }
    return new Map(live.map((session) => [session.tokenHash.toString('base64'), session]));
  }

  async function sweep(): Promise<void> {
    const now = deps.now();
    if (now - sweptAt < SWEEP_EVERY_MS) return;
    sweptAt = now;
    await sessions.removeUnused(new Date(now - deps.lifetimeMs()));
  }

  /** The user whom these credentials prove; null when they prove nobody. */
  function authenticate(user: unknown, password: unknown): string | null {
    // Only text is ever compared: no number, nil or list may pass for a secret.
    if (typeof user !== 'string' || typeof password !== 'string' || password === '') return null;
    if (user === '') return isSame(password, deps.sharedSecret) ? DIRECT_USER : null;
    // Both are compared in any case, so that time tells nothing about either.
    const rightUser = isSame(user, deps.adminUser);
    const rightPassword = isSame(password, deps.adminPassword);
    return rightUser && rightPassword ? deps.adminUser : null;
  }

  async function check(token: unknown): Promise<{ user: string }> {
    const hash = hashOf(token);
    if (hash === null) throw new AppError('TOKEN_MALFORMED');
    const session = await find(hash);
    if (session === undefined) throw new AppError('TOKEN_UNKNOWN');
    return { user: session.user };
  }

  return {
    async login(user, password, peer = '') {
      const name = typeof user === 'string' ? user : typeof user;
      const waitMs = deps.throttle.waitMs(name, peer, deps.now());
      if (waitMs > 0) {
        throw new AppError('LOGIN_THROTTLED', `Too many failed logins; try again in ${Math.ceil(waitMs / 1000)} s.`);
      }
      const proven = authenticate(user, password);
      if (proven === null) {
        deps.throttle.failed(name, peer, deps.now());
        throw new AppError('LOGIN_FAILED');
      }
      deps.throttle.succeeded(name, peer);
      const token = randomBytes(TOKEN_BYTES).toString('base64');
      await sessions.add(hashOf(token)!, proven, new Date(deps.now()));
      await sweep();
      return token;
    },

    async logout(token) {
      const hash = hashOf(token);
      return hash !== null && sessions.remove(hash);
    },

    check,

    async tokenCheck(token) {
      try {
        await check(token);
        return true;
      } catch (error) {
        if (error instanceof AppError && (error.code === 'TOKEN_MALFORMED' || error.code === 'TOKEN_UNKNOWN'))
          return false;
        throw error;
      }
    },
  };
}

/** SHA-256 of a token; null for what cannot be one. A fast hash is enough: 200 random bits are beyond guessing. */
function hashOf(token: unknown): Buffer | null {
  if (typeof token !== 'string' || token.length !== TOKEN_LENGTH) return null;
  return createHash('sha256').update(token).digest();
}

/** Compares digests, so that neither content nor length shows in the time taken. */
function isSame(given: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right)) && right !== '';
}
