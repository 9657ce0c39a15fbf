import type { Knex } from 'knex';

/** A stored session. The token itself is never stored, only its SHA-256. */
export interface StoredSession {
  tokenHash: Buffer;
  user: string;
  lastUsedAt: Date;
}

interface SessionRow {
  token_hash: Buffer;
  user_name: string;
  last_used_at: Date;
}

/** Sessions, shared by all servers of one database. */
export function createSessionStore(db: Knex) {
  return {
    /** Adds a session that begins `at`. */
    async add(tokenHash: Buffer, user: string, at: Date): Promise<void> {
      await db('sessions').insert({ token_hash: tokenHash, user_name: user, created_at: at, last_used_at: at });
    },

    /** The sessions among `tokenHashes` that exist, in any order; age is for the caller to judge. */
    async findAll(tokenHashes: Buffer[]): Promise<StoredSession[]> {
      const rows = await db<SessionRow>('sessions')
        .whereRaw('token_hash = any(?::bytea[])', [tokenHashes as never])
        .select('token_hash', 'user_name', 'last_used_at');
      return rows.map((row) => ({ tokenHash: row.token_hash, user: row.user_name, lastUsedAt: row.last_used_at }));
    },

    /** Notes that sessions were used `at`; never moves the moment back. */
    async touch(tokenHashes: Buffer[], at: Date): Promise<void> {
      await db('sessions')
        .whereRaw('token_hash = any(?::bytea[])', [tokenHashes as never])
        .where('last_used_at', '<', at)
        .update({ last_used_at: at });
    },

    /** Ends a session; false when there was none. */
    async remove(tokenHash: Buffer): Promise<boolean> {
      return (await db('sessions').where({ token_hash: tokenHash }).del()) > 0;
    },

    /** Ends all sessions of a user; answers how many. */
    async removeOf(user: string): Promise<number> {
      return db('sessions').where({ user_name: user }).del();
    },

    /** Removes sessions last used before `before`; answers how many. */
    async removeUnused(before: Date): Promise<number> {
      return db('sessions').where('last_used_at', '<', before).del();
    },
  };
}

export type SessionStore = ReturnType<typeof createSessionStore>;
