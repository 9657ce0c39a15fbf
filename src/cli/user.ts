import { type Command } from 'commander';
import type { ClientOptions } from './client';
import { formatDuration } from './format';
import { readNewPassword } from './read-password';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { renderTable } from './table';
import { columnsOf, print, printJson } from './terminal';
import { isWireStruct, toJson } from './wire';

/** `kickwatch user`: who can log in besides the administrator and those the authentication module knows. */
export function addUserCommand(program: Command, context: CliContext): void {
  const user = program
    .command('user')
    .summary("the server's own users: add, passwd, remove, list")
    .description(
      "The server's own users, who can log in besides the administrator and those of Cobbler's authentication module.\n" +
        'Passwords are asked for, or read from standard input. What a user may do is up to the authorization module.',
    );
  changing(user, context, 'add', 'adds a user', true, 'add_user', 'can log in now');
  changing(
    user,
    context,
    'passwd',
    'gives a user another password and ends its sessions',
    true,
    'set_user_password',
    'has a new password',
  );
  changing(user, context, 'remove', 'removes a user and ends its sessions', false, 'remove_user', 'is removed');
  addServerOptions(user.command('list').summary('lists the users').option('--json', 'for programs')).action(
    (options: ClientOptions & { json?: boolean }) => list(context, options),
  );
}

/** One of the commands that change a user. */
function changing(
  parent: Command,
  context: CliContext,
  word: string,
  summary: string,
  takesPassword: boolean,
  method: string,
  outcome: string,
): void {
  addServerOptions(parent.command(word).summary(summary).argument('<name>')).action(
    (name: string, options: ClientOptions) =>
      withClient(context, options, async (client) => {
        const password = takesPassword ? [await readNewPassword(context.terminal)] : [];
        await client.ask(method, [name, ...password]);
        print(context.terminal, `User ${name} ${outcome}.`);
      }),
  );
}

async function list(context: CliContext, options: ClientOptions & { json?: boolean }): Promise<void> {
  const { terminal } = context;
  await withClient(context, options, async (client) => {
    const answer = await client.ask('get_users', []);
    const users = Array.isArray(answer) ? answer.filter(isWireStruct) : [];
    if (options.json) return printJson(terminal, users.map(toJson));
    if (users.length === 0) return print(terminal, 'There are none. Add one:  kickwatch user add NAME');
    const age = (seconds: unknown): string =>
      `${formatDuration(Math.max(0, client.serverNow() - Number(seconds) * 1000))} ago`;
    const rows = users.map(({ name, created, changed }) => [String(name), age(created), age(changed)]);
    const columns = [{ title: 'user' }, { title: 'added' }, { title: 'password set' }];
    print(
      terminal,
      renderTable(columns, rows, { width: columnsOf(terminal), titleStyle: terminal.colors.dim }).join('\n'),
    );
  });
}
