import type { Knex } from 'knex';
import type { Migration } from './index';

/** Which machine has which address, as DHCP servers said it last: whom a line of a live log is from. */
export const migration0008: Migration = {
  name: '0008-leases',

  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table leases (
        ip text primary key,
        mac text not null,
        seen_at timestamptz not null
      );
      create index leases_seen on leases (seen_at);
    `);
  },

  async down(knex: Knex): Promise<void> {
    await knex.raw('drop table leases');
  },
};
