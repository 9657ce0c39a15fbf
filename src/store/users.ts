import type { Knex } from 'knex';

/** A user without the password. */
export interface StoredUser {
  name: string;
  createdAt: Date;
  changedAt: Date;
}

/** The server's own users. What is kept of a password is made elsewhere. */
export function createUserStore(db: Knex) {
  return {
    /** What is kept of a user's password; `unknown` for others, `none` while there are no users at all. */
    async findPassword(name: string): Promise<{ kept: string } | 'unknown' | 'none'> {
      const { rows } = await db.raw<{ rows: { kept: string | null; any: boolean }[] }>(
        'select (select password from users where name = ?) as kept, exists (select 1 from users) as any',
        [name],
      );
      const { kept, any } = rows[0]!;
      return kept === null ? (any ? 'unknown' : 'none') : { kept };
    },

    /** Adds a user; false when there is one of that name. */
    async add(name: string, password: string, at: Date): Promise<boolean> {
      const added = await db('users')
        .insert({ name, password, created_at: at, changed_at: at })
        .onConflict('name')
        .ignore()
        .returning('name');
      return added.length > 0;
    },

    /** Gives a user another password; false when there is no such user. */
    async setPassword(name: string, password: string, at: Date): Promise<boolean> {
      return (await db('users').where({ name }).update({ password, changed_at: at })) > 0;
    },

    /** Removes a user; false when there was none. */
    async remove(name: string): Promise<boolean> {
      return (await db('users').where({ name }).del()) > 0;
    },

    /** All users by name. */
    async list(): Promise<StoredUser[]> {
      const rows = await db<{ name: string; created_at: Date; changed_at: Date }>('users').orderBy('name').select();
      return rows.map((row) => ({ name: row.name, createdAt: row.created_at, changedAt: row.changed_at }));
    },
  };
}

export type UserStore = ReturnType<typeof createUserStore>;
