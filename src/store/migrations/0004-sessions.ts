import type { Knex } from 'knex';
import type { Migration } from '.';

/** Sessions of the XML-RPC API, and the secrets all servers of one database share. */
export const migration0004: Migration = {
  name: '0004-sessions',

  async up(knex: Knex) {
    await knex.raw(`
      create table sessions (
        token_hash bytea primary key,
        user_name text not null,
        created_at timestamptz not null,
        last_used_at timestamptz not null
      )
    `);
    await knex.raw('create index sessions_last_used_at on sessions (last_used_at)');
    await knex.raw(`
      create table secrets (
        name text primary key,
        value bytea not null,
        created_at timestamptz not null default now()
      )
    `);
  },

  async down(knex: Knex) {
    await knex.raw('drop table secrets');
    await knex.raw('drop table sessions');
  },
};
