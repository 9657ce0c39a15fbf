import { CliError, EXIT } from '../cli-error';
import { NoCredentials } from '../credentials';
import type { Client, ClientOptions } from '../client';
import { withClient, type CliContext } from '../server-options';
import type { WireValue } from '../wire';
import type { PlannedCall } from './item-plan';
import { type OptionError, type Given } from './option-parser';

/** How the program was called: as `cobbler` it prints and exits as Cobbler's command line does. */
export type Manner = 'kickwatch' | 'cobbler';

/** What the commands of Cobbler's grammar are given. */
export interface GrammarContext extends CliContext {
  manner: Manner;
}

/** An end in Cobbler's own words: text on one of the streams, and its exit code. */
export class CobblerEnd extends Error {
  constructor(
    message: string,
    readonly code: number,
    readonly stream: 'stdout' | 'stderr' = 'stdout',
  ) {
    super(message);
  }
}

/** The error for a command line that is wrong, in the words of whoever was called. */
export function usageError(
  context: GrammarContext,
  command: string,
  error: OptionError,
  hints: readonly string[],
): Error {
  if (context.manner === 'kickwatch') return new CliError(`${error.message}.`, { hints, exitCode: EXIT.usage });
  return new CobblerEnd(`Usage: cobbler ${command}[options]\n\ncobbler: error: ${error.message}`, EXIT.usage, 'stderr');
}

/** Runs `use` with a client as the options say. */
export function withServer<T>(context: GrammarContext, given: Given, use: (client: Client) => Promise<T>): Promise<T> {
  const options: ClientOptions = {};
  for (const key of ['url', 'user', 'password'] as const) {
    const value = given[`server:${key}`];
    if (typeof value === 'string') options[key] = value;
  }
  return withClient(context, options, use);
}

/** Makes the call. One that works without a session is made without when nothing says who asks. */
export async function makeCall(client: Client, { method, params, session }: PlannedCall): Promise<WireValue> {
  if (session === 'none') return client.call(method, params);
  try {
    return await client.ask(method, params);
  } catch (error) {
    if (session === 'helps' && error instanceof NoCredentials) return client.call(method, params);
    throw error;
  }
}
