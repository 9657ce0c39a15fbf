import { setTimeout as sleep } from 'node:timers/promises';
import { Argument, type Command } from 'commander';
import { bashCompletion, fishCompletion, zshCompletion } from './grammar/completion-scripts';
import { completables } from './grammar/completion-words';
import { withClient, type CliContext } from './server-options';
import { print } from './terminal';
import { plain } from './text-width';

/** Longest a person waits for names after pressing tab. */
const NAMES_MS = 900;
/** More names are no help. */
const MAX_NAMES = 500;

const SCRIPTS = { bash: bashCompletion, zsh: zshCompletion, fish: fishCompletion } as const;

/** `kickwatch completion SHELL`, and the names its script asks for. */
export function addCompletionCommand(program: Command, context: CliContext): void {
  program
    .command('completion')
    .summary('the script that completes this command in a shell')
    .description(
      'Prints what makes the tab key complete commands, options and names of items:\n' +
        '  bash   source <(kickwatch completion bash)       in ~/.bashrc\n' +
        '  zsh    source <(kickwatch completion zsh)        in ~/.zshrc, after compinit\n' +
        '  fish   kickwatch completion fish | source        in ~/.config/fish/config.fish\n' +
        'Names are asked of the server, which has a second to answer.',
    )
    .addArgument(new Argument('<shell>').choices(Object.keys(SCRIPTS)))
    .action((shell: keyof typeof SCRIPTS) => {
      print(context.terminal, SCRIPTS[shell](completables(program)));
    });
  program
    .command('complete-names', { hidden: true })
    .argument('<type>')
    .argument('[beginning]')
    .action((type: string, beginning?: string) => printNames(context, type, beginning ?? ''));
}

/** Best effort: whatever goes wrong, there are no names, and no word about it. */
async function printNames(context: CliContext, type: string, beginning: string): Promise<void> {
  const giveUp = new AbortController();
  try {
    const names = await withClient(context, {}, (client) =>
      Promise.race([
        client.call('get_item_names', [type]),
        sleep(NAMES_MS, null, { signal: giveUp.signal, ref: false }),
      ]),
    );
    const fitting = (Array.isArray(names) ? names.map(String) : []).filter((name) => name.startsWith(beginning));
    if (fitting.length > 0) print(context.terminal, fitting.sort().slice(0, MAX_NAMES).map(plain).join('\n'));
  } catch {
    // no server, no names
  } finally {
    giveUp.abort();
  }
}
