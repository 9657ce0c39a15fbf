import type { Command } from 'commander';
import type { Knex } from 'knex';
import { rebuildRuns, type RebuildReport } from '../actions/rebuild-runs';
import { createStore } from '../store/index';
import { migrate } from '../store/migrate';
import { migrationSource } from '../store/migrations';
import { CliError, EXIT } from './cli-error';
import { withDatabase } from './database-access';
import { count, formatNumber } from './format';
import { createProgress } from './progress';
import type { CliContext } from './server-options';
import { print, printJson } from './terminal';

interface RebuildOptions {
  dryRun?: boolean;
  json?: boolean;
}

/** `kickwatch rebuild-runs`: folds the whole log again; the proof that the log is the truth. */
export function addRebuildRunsCommand(program: Command, context: CliContext): void {
  program
    .command('rebuild-runs')
    .summary('work all runs out anew from the log of events')
    .description(
      'Works all runs out anew from the log of events, and stores those that differ. Nobody is notified.\n' +
        'On a database of DATABASE_URL it may run beside the servers.',
    )
    .option('--dry-run', 'change nothing, only compare; exit code 1 when a run differs')
    .option('--json', 'for programs: {runs, events, different, incomplete: [numbers of runs], written}')
    .action(async (options: RebuildOptions) => {
      const report = await withDatabase(
        context,
        ({ knex }) => rebuild(context, knex, options),
        'Stop it first, or keep the data in PostgreSQL (DATABASE_URL), where both can run.',
      );
      if (options.json) printJson(context.terminal, { ...report, written: !options.dryRun });
      else print(context.terminal, describe(report, options));
      if (options.dryRun && report.different.length > 0) context.exitCode = EXIT.error;
    });
}

async function rebuild({ terminal }: CliContext, knex: Knex, options: RebuildOptions): Promise<RebuildReport> {
  if (options.dryRun) await requireCurrentSchema(knex);
  else await migrate(knex);
  const { rows } = await knex.raw<{ rows: { runs: number }[] }>('select count(*) as runs from runs');
  const total = rows[0]?.runs ?? 0;
  const progress = createProgress(terminal);
  try {
    return await rebuildRuns(createStore(knex), {
      write: !options.dryRun,
      onProgress: ({ runs, events, different }) => {
        const share = total > 0 ? ` (${Math.min(100, Math.floor((runs / total) * 100))} %)` : '';
        const found = different.length === 0 ? '' : `, ${formatNumber(different.length)} differ`;
        progress.report(`${formatNumber(runs)} of ${count(total, 'run')}${share}, ${count(events, 'event')}${found}`);
      },
    });
  } finally {
    progress.done();
  }
}

/** A dry run must not change the schema, and cannot read an old one. */
async function requireCurrentSchema(knex: Knex): Promise<void> {
  const [, pending] = (await knex.migrate.list({ migrationSource })) as [unknown[], unknown[]];
  if (pending.length === 0) return;
  throw new CliError('The schema of the database is not up to date.', { hints: ['kickwatch migrate'] });
}

const LISTED = 20;

function describe({ runs, events, different, incomplete }: RebuildReport, { dryRun }: RebuildOptions): string {
  const aged =
    incomplete.length === 0 ? '' : ` (${formatNumber(incomplete.length)} left alone: their log is not whole any more)`;
  const read = `${count(runs, 'run')} worked out from ${count(events, 'event')}${aged}`;
  if (different.length === 0) return `${read}: all are as stored.`;
  const verb = dryRun ? 'differ from what is stored' : 'differed and were corrected';
  const listed = different.slice(0, LISTED).join(', ');
  const more = different.length > LISTED ? ` and ${formatNumber(different.length - LISTED)} more` : '';
  return `${read}: ${formatNumber(different.length)} ${verb}.\nRuns ${listed}${more}`;
}
