import type { Command } from 'commander';
import { migrate } from '../store/migrate';
import { count } from './format';
import { withDatabase } from './database-access';
import type { CliContext } from './server-options';
import { print, printJson } from './terminal';

/** `kickwatch migrate`: brings the database schema up to date without starting a server. */
export function addMigrateCommand(program: Command, context: CliContext): void {
  program
    .command('migrate')
    .summary('bring the database schema up to date')
    .description(
      'Brings the schema of the database up to date, all of it or nothing. Servers do so by themselves when they\n' +
        'start; this is for doing it before, on a database of DATABASE_URL or a stopped server of DATA_DIR.',
    )
    .option('--json', 'for programs: {applied: [names]}')
    .action(async ({ json }: { json?: boolean }) => {
      const applied = await withDatabase(
        context,
        ({ knex }) => migrate(knex),
        'It brought the schema up to date when it started: nothing is to be done. Else stop it first.',
      );
      if (json) return printJson(context.terminal, { applied });
      if (applied.length === 0) return print(context.terminal, 'The schema is up to date.');
      print(
        context.terminal,
        [`${count(applied.length, 'step')} applied:`, ...applied.map((n) => `  ${n}`)].join('\n'),
      );
    });
}
