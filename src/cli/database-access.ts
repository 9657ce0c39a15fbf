import { ConfigError, loadConfig } from '../config';
import { connect, type Database } from '../store/connect';
import { CliError } from './cli-error';
import type { CliContext } from './server-options';

/**
 * Opens the database the settings name, hands it to `use` and closes it.
 *
 * @throws CliError when the settings are faulty, the database is not there, or a running server holds the embedded one.
 */
export async function withDatabase<T>(
  context: CliContext,
  use: (database: Database) => Promise<T>,
  whenRunning: string,
): Promise<T> {
  const config = loadServerConfig(context);
  let database: Database;
  try {
    database = await connect({ databaseUrl: config.databaseUrl, dataDir: config.dataDir });
  } catch (error) {
    throw toOpenError(error as Error, config.dataDir, whenRunning);
  }
  try {
    return await use(database);
  } finally {
    await database.close();
  }
}

function loadServerConfig({ env }: CliContext): ReturnType<typeof loadConfig> {
  try {
    return loadConfig(env);
  } catch (error) {
    if (!(error instanceof ConfigError)) throw error;
    throw new CliError('The settings cannot be used.', {
      hints: [...error.faults, 'All settings:  kickwatch check-config'],
      cause: error,
    });
  }
}

function toOpenError(error: Error, dataDir: string, whenRunning: string): CliError {
  const owner = /is in use by process (\d+)/.exec(error.message)?.[1];
  if (owner !== undefined) {
    return new CliError(`The embedded database in ${dataDir} is held by a running server (process ${owner}).`, {
      hints: [whenRunning],
      cause: error,
    });
  }
  return new CliError(error.message, {
    hints: ['Which database is meant (DATABASE_URL, DATA_DIR):  kickwatch check-config'],
    cause: error,
  });
}
