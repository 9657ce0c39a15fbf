import type { Knex } from 'knex';
import type { Migration } from '.';

/** How far uploaded installer logs have been read: one row per file of a name, and per machine where a profile has many. */
export const migration0005: Migration = {
  name: '0005-uploads',

  async up(knex: Knex) {
    await knex.raw(`
      create table uploads (
        name text not null,
        peer text not null default '',
        file text not null,
        file_id text not null,
        run_id text,
        size bigint not null,
        parsed_bytes bigint not null,
        parsed_hash text not null,
        head text not null,
        state jsonb,
        updated_at timestamptz not null,
        constraint uploads_key primary key (name, peer, file)
      )
    `);
  },

  async down(knex: Knex) {
    await knex.raw('drop table uploads');
  },
};
