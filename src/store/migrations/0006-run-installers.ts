import type { Knex } from 'knex';
import type { Migration } from './index';

/** Which installer a run was heard from, and the finished runs of an installer: history where profile and distro have none. */
export const migration0006: Migration = {
  name: '0006-run-installers',

  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      alter table runs add column installer text;
      create index runs_finished_by_installer on runs (installer, ended_at desc) where status = 'finished';
    `);
  },

  async down(knex: Knex): Promise<void> {
    await knex.raw('alter table runs drop column installer');
  },
};
