import type { Knex } from 'knex';
import type { Migration } from '.';

/** What every item table has: `data` holds all field values but those with a column of their own, by field name. */
const ITEM_COLUMNS = `
  id bigint generated always as identity primary key,
  name text not null unique,
  uid text not null unique,
  ctime double precision not null,
  mtime double precision not null,
  data jsonb not null
`;

const ITEM_TABLES = ['distros', 'profiles', 'systems', 'contacts', 'subscriptions'];

/** Items, interfaces, staged edits, and the version of everything that says who is to be notified. */
export const migration0001: Migration = {
  name: '0001-inventory',

  async up(knex: Knex) {
    await knex.raw(`create table distros (${ITEM_COLUMNS})`);
    await knex.raw(`create table profiles (${ITEM_COLUMNS},
      distro text constraint profiles_distro_fkey references distros (name) on update cascade,
      parent text constraint profiles_parent_fkey references profiles (name) on update cascade
    )`);
    await knex.raw(`create table systems (${ITEM_COLUMNS},
      profile text constraint systems_profile_fkey references profiles (name) on update cascade
    )`);
    await knex.raw(`create table contacts (${ITEM_COLUMNS})`);
    await knex.raw(`create table subscriptions (${ITEM_COLUMNS},
      contact text not null constraint subscriptions_contact_fkey references contacts (name) on update cascade
    )`);
    for (const table of ITEM_TABLES) {
      await knex.raw('create index ?? on ?? (lower(name))', [`${table}_lower_name`, table]);
      await knex.raw('create index ?? on ?? (mtime)', [`${table}_mtime`, table]);
    }
    await knex.raw('create index profiles_distro on profiles (distro)');
    await knex.raw('create index profiles_parent on profiles (parent)');
    await knex.raw('create index systems_profile on systems (profile)');
    await knex.raw('create index subscriptions_contact on subscriptions (contact)');
    await knex.raw("create index systems_hostname on systems (lower(data ->> 'hostname'))");

    // mac, ip, ipv6 and dns_name repeat what data holds in comparable spelling; null when not given.
    await knex.raw(`
      create table interfaces (
        id bigint generated always as identity primary key,
        system_id bigint not null references systems (id) on delete cascade,
        name text not null,
        mac text,
        ip text,
        ipv6 text,
        dns_name text,
        data jsonb not null,
        unique (system_id, name)
      )
    `);
    for (const column of ['name', 'mac', 'ip', 'ipv6', 'dns_name']) {
      await knex.raw('create index ?? on interfaces (??)', [`interfaces_${column}`, column]);
    }

    // Edits not yet saved. owner: hash of the session's token for handles of saved items, '' for handles that are secret
    // themselves. item_name: the saved item, null for one that was never saved.
    await knex.raw(`
      create table item_handles (
        owner text not null,
        handle text not null,
        type text not null,
        item_name text,
        initial jsonb,
        edits jsonb not null,
        touched_at timestamptz not null,
        primary key (owner, handle)
      )
    `);
    await knex.raw('create index item_handles_touched_at on item_handles (touched_at)');

    // One row each: counts changes of who is to be told; remembers when something was last removed.
    await knex.raw(`
      create table audience_version (
        id int primary key default 1 check (id = 1),
        version bigint not null
      )
    `);
    await knex.raw('insert into audience_version (version) values (1)');
    await knex.raw(`
      create table inventory_removals (
        id int primary key default 1 check (id = 1),
        removed_at double precision not null
      )
    `);
    await knex.raw('insert into inventory_removals (removed_at) values (0)');
  },

  async down(knex: Knex) {
    for (const table of ['inventory_removals', 'audience_version', 'item_handles', 'interfaces']) {
      await knex.raw('drop table ??', [table]);
    }
    for (const table of [...ITEM_TABLES].reverse()) await knex.raw('drop table ??', [table]);
  },
};
