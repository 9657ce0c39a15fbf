import type { Knex } from 'knex';

/** Secrets all servers of one database share. */
export function createSecretStore(db: Knex) {
  return {
    /** The secret of that name; the first server to ask stores `made`. */
    async readOrCreate(name: string, made: Buffer): Promise<Buffer> {
      await db('secrets').insert({ name, value: made }).onConflict('name').ignore();
      const row: { value: Buffer } = await db('secrets').where({ name }).first('value');
      return row.value;
    },
  };
}

export type SecretStore = ReturnType<typeof createSecretStore>;
