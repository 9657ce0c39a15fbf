import { AppError } from '../domain/errors';
import type { Instant } from '../domain/event';
import type { Store } from '../store/index';

/** A user as others may see it. */
export interface User {
  name: string;
  createdAt: Instant;
  /** When the password was last changed. */
  changedAt: Instant;
}

/** The server's own users. */
export interface Users {
  /** @throws AppError INVALID_ARGUMENT for a name or password that cannot be one, CONFLICT for a name that is taken. */
  add(name: unknown, password: unknown): Promise<void>;
  /** Ends the sessions of the user as well. @throws AppError INVALID_ARGUMENT, also when there is no such user. */
  setPassword(name: unknown, password: unknown): Promise<void>;
  /** Ends the sessions of the user as well. @throws AppError INVALID_ARGUMENT when there is no such user. */
  remove(name: unknown): Promise<void>;
  list(): Promise<User[]>;
}

/** What users are made of. */
export interface UserDeps {
  store: Pick<Store, 'transaction' | 'users'>;
  /** Has a password of its own, and is none of these. */
  adminUser: string;
  /** What is kept of a password. */
  hash(password: string): Promise<string>;
  now(): Instant;
}

/** Letters and digits, and what addresses are made of: nothing that files, filters and logs take for something else. */
const NAME = /^[\p{L}\p{N}][\p{L}\p{N}._@+-]{0,63}$/u;
/** Shortest password, as NIST SP 800-63B asks for, and longest, so that hashing one costs what it should. */
const MIN_PASSWORD = 8;
const MAX_PASSWORD = 1024;

/** Adds, changes and removes the server's own users. */
export function createUsers({ store, adminUser, hash, now }: UserDeps): Users {
  return {
    async add(name, password) {
      const user = readName(name, adminUser);
      const kept = await hash(readPassword(user, password));
      if (await store.users.add(user, kept, new Date(now()))) return;
      throw new AppError(
        'CONFLICT',
        `There is a user "${user}" already; to change its password: kickwatch user passwd.`,
      );
    },
    async setPassword(name, password) {
      const user = readName(name, adminUser);
      const kept = await hash(readPassword(user, password));
      await store.transaction(async (within) => {
        if (!(await within.users.setPassword(user, kept, new Date(now())))) throw unknownUser(user);
        await within.sessions.removeOf(user);
      });
    },
    async remove(name) {
      const user = readName(name, adminUser);
      await store.transaction(async (within) => {
        if (!(await within.users.remove(user))) throw unknownUser(user);
        await within.sessions.removeOf(user);
      });
    },
    async list() {
      const users = await store.users.list();
      return users.map(({ name, createdAt, changedAt }) => ({
        name,
        createdAt: createdAt.getTime(),
        changedAt: changedAt.getTime(),
      }));
    },
  };
}

function readName(name: unknown, adminUser: string): string {
  if (typeof name !== 'string' || !NAME.test(name)) {
    throw new AppError(
      'INVALID_ARGUMENT',
      'A user name has 1 to 64 letters, digits and . _ @ + -, a letter or digit first.',
    );
  }
  if (name !== adminUser) return name;
  throw new AppError('INVALID_ARGUMENT', `"${name}" is the administrator, whose password is ADMIN_PASSWORD.`);
}

function readPassword(user: string, password: unknown): string {
  const refuse = (why: string): AppError => new AppError('INVALID_ARGUMENT', `The password ${why}.`);
  if (typeof password !== 'string') throw refuse('must be text');
  if (password.length < MIN_PASSWORD) throw refuse(`is too short: ${MIN_PASSWORD} characters are the least`);
  if (password.length > MAX_PASSWORD) throw refuse(`is too long: ${MAX_PASSWORD} characters are the most`);
  if (/[\u0000-\u001f\u007f]/.test(password)) throw refuse('must not hold line breaks or control characters');
  if (password.toLowerCase() === user.toLowerCase()) throw refuse('must not be the name of the user');
  return password;
}

function unknownUser(user: string): AppError {
  return new AppError('INVALID_ARGUMENT', `There is no user "${user}" of the server's own: kickwatch user list.`);
}
