import { createHash, randomBytes, timingSafeEqual } from 'node:crypto';
import { AppError } from '../domain/errors';
import type { Instant } from '../domain/event';
import { DIRECT_USER } from '../domain/rights';
import type { SessionStore, StoredSession } from '../store/sessions';
import type { LoginThrottle } from './login-throttle';
import { createMicrobatch } from './microbatch';

/** Longest name and password that are looked at. */
const MAX_USER = 255;
const MAX_PASSWORD = 1024;

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
   * @throws AppError `LOGIN_FAILED` or `LOGIN_THROTTLED`; others when it cannot be told whether they are right.
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
  /**
   * True when the password proves the user; both are text without control characters, neither is empty.
   *
   * @throws AppError when it cannot be told (OVERLOADED, AUTHENTICATION_AWAY): no failure of the caller's.
   */
  authenticate(user: string, password: string): Promise<boolean>;
  /** Told of every login, for the record. Failures may come by the thousand. */
  onLogin?(login: { user: string; peer: string; succeeded: boolean }): void;
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
  async function prove(user: unknown, password: unknown): Promise<string | null> {
    // Only text is ever compared: no number, nil or list may pass for a secret.
    if (typeof user !== 'string' || typeof password !== 'string' || password === '') return null;
    if (user === '') return isSame(password, deps.sharedSecret) ? DIRECT_USER : null;
    // Names in angle brackets are the server's own.
    if (/^<.*>$/.test(user) || !isPlain(user, MAX_USER) || !isPlain(password, MAX_PASSWORD)) return null;
    return (await deps.authenticate(user, password)) ? user : null;
  }

  /** One attempt: the wait is looked at when its turn has come, after those before it were counted. */
  async function attempt(name: string, user: unknown, password: unknown, peer: string): Promise<string> {
    const waitMs = deps.throttle.waitMs(name, peer, deps.now());
    if (waitMs > 0) {
      throw new AppError('LOGIN_THROTTLED', `Too many failed logins; try again in ${Math.ceil(waitMs / 1000)} s.`);
    }
    const proven = await prove(user, password);
    deps.onLogin?.({ user: proven ?? name, peer, succeeded: proven !== null });
    if (proven === null) {
      deps.throttle.failed(name, peer, deps.now());
      throw new AppError('LOGIN_FAILED');
    }
    deps.throttle.succeeded(name, peer, deps.now());
    return proven;
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
      const proven = await deps.throttle.inTurn(peer, () => attempt(name, user, password, peer));
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

/** Not too long, and nothing in it that a directory, a log or a file would take for something else. */
function isPlain(text: string, longest: number): boolean {
  return text.length <= longest && !/[\u0000-\u001f\u007f]/.test(text);
}

/** Compares digests, so that neither content nor length shows in the time taken. */
export function isSame(given: string, right: string): boolean {
  const digest = (text: string): Buffer => createHash('sha256').update(text).digest();
  return timingSafeEqual(digest(given), digest(right)) && right !== '';
}
