import type { Knex } from 'knex';
import { migration0001 } from './0001-inventory';
import { migration0002 } from './0002-runs';
import { migration0003 } from './0003-notifications';
import { migration0004 } from './0004-sessions';
import { migration0005 } from './0005-uploads';
import { migration0006 } from './0006-run-installers';
import { migration0007 } from './0007-item-types';
import { migration0008 } from './0008-leases';
import { migration0009 } from './0009-tasks';
import { migration0010 } from './0010-users';

/** One step of the schema. `name` is what the database remembers: without file extension, never changed once released. */
export interface Migration {
  name: string;
  up(knex: Knex): Promise<void>;
  down(knex: Knex): Promise<void>;
}

/** All steps, oldest first. Add lines at the end; never edit or move a released one. */
export const MIGRATIONS: Migration[] = [
  migration0001, // items, interfaces, staged edits, audience version
  migration0002, // targets, runs, events, install status, heartbeats
  migration0003, // notifications, deliveries, attempts
  migration0004, // sessions, secrets
  migration0005, // uploaded files
  migration0006, // installers of runs
  migration0007, // repos, menus, images, files, packages, management classes, silences
  migration0008, // leases
  migration0009, // tasks, settings
  migration0010, // users
];

/** MIGRATIONS as knex reads them. Names of our own: knex's folder loader would record `.ts` or `.js` with them. */
export const migrationSource: Knex.MigrationSource<Migration> = {
  getMigrations: () => Promise.resolve(MIGRATIONS),
  getMigrationName: (migration) => migration.name,
  getMigration: (migration) => Promise.resolve({ up: migration.up, down: migration.down }),
};
