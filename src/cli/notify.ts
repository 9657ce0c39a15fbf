import type { Command } from 'commander';
import { readTarget } from './answers';
import type { Client, ClientOptions } from './client';
import { ServerFault } from './client-errors';
import { CliError, EXIT } from './cli-error';
import { count } from './format';
import { askedName, withNameHint } from './look-up';
import { collectNames, collectStatuses } from './option-values';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { print, printJson } from './terminal';
import { isWireStruct, toJson, type WireStruct, type WireValue } from './wire';

interface NotifyOptions extends ClientOptions {
  to?: string[];
  profile?: string;
  status?: string[];
  all?: boolean;
  json?: boolean;
}

/** `kickwatch notify`: tell people now how it stands, or try whether they can be reached. */
export function addNotifyCommand(program: Command, context: CliContext): void {
  const notify = program
    .command('notify')
    .summary('tell people now how a system, or everything, stands')
    .description(
      'Sends the present state of a system, or of all that match, to contacts, at once.\n' +
        '"kickwatch notify test" sends a trial message to every address of a contact.',
    )
    .argument('[system]', 'of this system')
    .option('--profile <name>', 'of the systems of this profile')
    .option('--status <words>', 'of those that are so, like failed,stalled', collectStatuses)
    .option('--all', 'of all systems that have ever been installed')
    .option('--to <contacts>', 'whom to tell, like alice,bob; left out: your own contacts, else admin', collectNames)
    .option('--json', 'for programs: {contacts, runs}');
  addServerOptions(notify).action((system: string | undefined, options: NotifyOptions) =>
    withClient(context, options, (client) => sendStatus(context, client, system, options)),
  );
  addServerOptions(
    notify
      .command('test')
      .description('Sends a trial message to every address of the contacts; one that arrives is enabled again.')
      .option('--to <contacts>', 'whom to reach, like alice,bob; left out: your own contacts, else admin', collectNames)
      .option('--json', 'for programs: {contacts, runs}'),
  ).action((_options: NotifyOptions, command: Command) => {
    // Options before the word `test` belong to `notify`: both together are what was typed.
    const options = command.optsWithGlobals<NotifyOptions>();
    return withClient(context, options, (client) => sendTest(context, client, options));
  });
}

async function sendStatus(
  context: CliContext,
  client: Client,
  system: string | undefined,
  options: NotifyOptions,
): Promise<void> {
  const criteria: WireStruct = {
    ...(system !== undefined && { system: system.replace(/^system:/, '') }),
    ...(options.profile !== undefined && { profile: options.profile }),
    ...(options.status !== undefined && { status: options.status }),
  };
  if (Object.keys(criteria).length === 0 && !options.all) {
    throw new CliError('Say of which system: nobody wants to be told of everything by mistake.', {
      hints: ['kickwatch notify SYSTEM', 'kickwatch notify --status stalled,failed', 'kickwatch notify --all'],
      exitCode: EXIT.usage,
    });
  }
  if (system !== undefined) await requireSystem(client, system);
  const answer = await sendTo(client, options.to, (contacts) => client.ask('send_status', [criteria, contacts]));
  if (options.json) return printJson(context.terminal, toJson(answer));
  const { contacts, runs } = readAnswer(answer);
  print(
    context.terminal,
    `On its way to ${contacts.join(', ')}: how ${count(runs, 'system stands', 'systems stand')}.`,
  );
}

async function sendTest(context: CliContext, client: Client, options: NotifyOptions): Promise<void> {
  const answer = await sendTo(client, options.to, (contacts) => client.ask('send_test', [contacts]));
  if (options.json) return printJson(context.terminal, toJson(answer));
  print(
    context.terminal,
    `A trial message is on its way to every address of ${readAnswer(answer).contacts.join(', ')}.`,
  );
}

function readAnswer(answer: WireValue): { contacts: string[]; runs: number } {
  if (!isWireStruct(answer)) return { contacts: [], runs: 0 };
  const { contacts, runs } = answer;
  return {
    contacts: Array.isArray(contacts) ? contacts.map(String) : [],
    runs: typeof runs === 'number' ? runs : 0,
  };
}

/** @throws CliError when there is no such system, or the name is a profile's. */
async function requireSystem(client: Client, name: string): Promise<void> {
  const answer = readTarget(name, await withNameHint(client, name, () => client.ask('get_status', [askedName(name)])));
  if (answer.type === 'system') return;
  throw new CliError(`${name} is a profile.`, { hints: [`Of the systems of it:  kickwatch notify --profile ${name}`] });
}

/** The contact the server keeps for its administrator. */
const ADMIN_CONTACT = 'admin';

/**
 * Sends to those named, else to the caller's own contacts; to the administrator's when the caller came by the shared
 * secret, which is nobody in particular, but sits on the server's own machine.
 */
async function sendTo(
  client: Client,
  to: string[] | undefined,
  send: (contacts: string[]) => Promise<WireValue>,
): Promise<WireValue> {
  try {
    return await send(to ?? []);
  } catch (error) {
    if (!(error instanceof ServerFault) || !/contact/i.test(error.message)) throw error;
    const names = await client.call('get_item_names', ['contact']).catch(() => []);
    const known = Array.isArray(names) ? names.map(String) : [];
    const isNobody = to === undefined && error.message.includes('"<DIRECT>"');
    if (isNobody && known.includes(ADMIN_CONTACT)) return send([ADMIN_CONTACT]);
    throw new CliError(error.message, { hints: contactHints(known), cause: error });
  }
}

function contactHints(known: string[]): string[] {
  if (known.length === 0) {
    return ['There is no contact yet: NOTIFY_EMAIL or NOTIFY_SMS make one called admin at the next start.'];
  }
  return [`Contacts: ${known.slice(0, 20).join(', ')}${known.length > 20 ? ' …' : ''}`, 'Name them with --to.'];
}
