import { Option, type Command } from 'commander';
import { createClient, type Client, type ClientOptions } from './client';
import type { CliEnvironment } from './environment';
import type { Environment } from '../config';
import type { Terminal } from './terminal';

/** What every command is given. */
export interface CliContext {
  terminal: Terminal;
  /** Parsed for the command line. */
  environment: CliEnvironment;
  /** Whole, for commands that need the server's own settings. */
  env: Environment;
  /** What the process is going to end with; for commands whose answer is a finding, not an error. */
  exitCode: number;
  /**
   * Takes over ctrl-c and SIGTERM: the signal is aborted by the first; a second one ends the process at once. For
   * commands that go on until they are stopped.
   */
  untilInterrupted(): AbortController;
}

/** Adds the options that say where the server is and who asks. */
export function addServerOptions(command: Command): Command {
  return command
    .addOption(new Option('--url <url>', 'the server, like http://127.0.0.1:25151').helpGroup('Server:'))
    .addOption(new Option('--user <name>', 'who logs in').helpGroup('Server:'))
    .addOption(
      new Option('--password <password>', 'visible to others on this machine: better KICKWATCH_PASSWORD').helpGroup(
        'Server:',
      ),
    );
}

/** Runs `use` with a client and closes it afterwards, whatever happened. */
export async function withClient<T>(
  context: CliContext,
  options: ClientOptions,
  use: (client: Client) => Promise<T>,
): Promise<T> {
  const client = createClient(options, context.environment, () => context.terminal.now());
  try {
    return await use(client);
  } finally {
    client.close();
  }
}
