import type { Knex } from 'knex';
import type { Migration } from './index';

/** Users of the server's own, besides those Cobbler's authentication module knows. */
export const migration0010: Migration = {
  name: '0010-users',

  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table users (
        name text primary key,
        password text not null,
        created_at timestamptz not null,
        changed_at timestamptz not null
      )
    `);
  },

  async down(knex: Knex): Promise<void> {
    await knex.raw('drop table users');
  },
};
