import type { Knex } from 'knex';
import type { Migration } from '.';

/** What every item table has: see the first migration. */
const ITEM_COLUMNS = `
  id bigint generated always as identity primary key,
  name text not null unique,
  uid text not null unique,
  ctime double precision not null,
  mtime double precision not null,
  data jsonb not null
`;

/** Types whose items may stand below one of their own type. */
const TREES = ['repos', 'menus', 'images', 'files', 'packages', 'mgmtclasses'];

/** Item tables of the first migration. */
const OLDER = ['distros', 'profiles', 'systems', 'contacts', 'subscriptions'];

/** Repos, menus, images, files, packages, management classes, silences; menus and images that others refer to. */
export const migration0007: Migration = {
  name: '0007-item-types',

  async up(knex: Knex) {
    for (const table of TREES) {
      await knex.raw(
        `create table ${table} (${ITEM_COLUMNS},
          parent text constraint ${table}_parent_fkey references ${table} (name) on update cascade
        )`,
      );
      await knex.raw(`create index ${table}_parent on ${table} (parent)`);
    }
    await knex.raw(`create table silences (${ITEM_COLUMNS})`);
    for (const table of [...TREES, 'silences']) {
      await knex.raw(`create index ${table}_lower_name on ${table} (lower(name))`);
      await knex.raw(`create index ${table}_mtime on ${table} (mtime)`);
    }
    // Pages are in the order of code points, whatever the database sorts by otherwise.
    for (const table of [...OLDER, ...TREES, 'silences']) {
      await knex.raw(`create index ${table}_name_order on ${table} (name collate "C")`);
    }
    // Who watches for silences that are over asks by their end.
    await knex.raw(`create index silences_ends_at on silences (((data ->> 'ends_at')::double precision))`);

    for (const table of ['profiles', 'images']) {
      await knex.raw(
        `alter table ${table} add column menu text
         constraint ${table}_menu_fkey references menus (name) on update cascade on delete set null`,
      );
      await knex.raw(`create index ${table}_menu on ${table} (menu)`);
    }
    await knex.raw(
      `alter table systems add column image text
       constraint systems_image_fkey references images (name) on update cascade`,
    );
    await knex.raw('create index systems_image on systems (image)');
    // What systems inherit from an image counts among what the rules read of them (see the second migration).
    await knex.raw(
      `create trigger count_change after insert or update or delete or truncate on images
       for each statement execute function count_inventory_change()`,
    );
  },

  async down(knex: Knex) {
    for (const table of OLDER) await knex.raw(`drop index ${table}_name_order`);
    await knex.raw('alter table systems drop column image');
    await knex.raw('alter table profiles drop column menu');
    for (const table of ['silences', 'images', ...TREES.filter((name) => name !== 'images')]) {
      await knex.raw('drop table ??', [table]);
    }
  },
};
