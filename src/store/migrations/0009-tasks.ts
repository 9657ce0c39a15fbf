import type { Knex } from 'knex';
import type { Migration } from './index';

/** Background tasks with their logs, and settings that were changed while the servers run. */
export const migration0009: Migration = {
  name: '0009-tasks',

  async up(knex: Knex): Promise<void> {
    await knex.raw(`
      create table tasks (
        id text primary key,
        role text not null,
        display_name text not null,
        options jsonb not null,
        started_by text,
        state text not null check (state in ('running', 'complete', 'failed')),
        read_by jsonb not null default '[]',
        created_at timestamptz not null,
        ended_at timestamptz,
        server text,
        lease_until timestamptz,
        attempts int not null default 0
      );
      create index tasks_running on tasks (lease_until) where state = 'running';
      create index tasks_created on tasks (created_at);

      create table task_lines (
        task_id text not null references tasks on delete cascade,
        number int generated always as identity,
        logged_at timestamptz not null,
        level text not null,
        text text not null,
        primary key (task_id, number)
      );

      create table settings (
        name text primary key,
        value jsonb not null,
        changed_at timestamptz not null,
        changed_by text
      );
    `);
  },

  async down(knex: Knex): Promise<void> {
    await knex.raw('drop table settings; drop table task_lines; drop table tasks;');
  },
};
