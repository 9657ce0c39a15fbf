import type { Command } from 'commander';
import { CliError, EXIT } from './cli-error';
import { explainFiles, renderVerdict, verdictJson } from './explain-file';
import { addServerOptions, type CliContext } from './server-options';
import { columnsOf, print, printJson } from './terminal';

interface ExplainOptions {
  file?: string[];
  source?: string;
  json?: boolean;
}

/** `kickwatch explain`: why a verdict is what it is, evidence by evidence; of a run, or of log files without any server. */
export function addExplainCommand(program: Command, context: CliContext): void {
  const { terminal } = context;
  addServerOptions(program.command('explain'))
    .summary('why the verdict on a run, or on log files, is what it is')
    .description(
      'Says why the verdict on a run is what it is, evidence by evidence. With --file it judges installer logs\n' +
        'without a server: several files are one run, read in the order given.',
    )
    .argument('[run]', 'number of a run, or a system, whose latest run it is')
    .option('--file <log...>', 'installer logs, or folders of them; .gz too')
    .option('--source <name>', 'the installer that wrote them, when it is not recognised')
    .option('--json', 'for programs')
    .action(async (run: string | undefined, options: ExplainOptions) => {
      if (options.file === undefined) {
        throw new CliError('Say which run, or --file and the logs.', { exitCode: EXIT.usage });
      }
      if (run !== undefined) {
        throw new CliError('A run and --file exclude each other.', { exitCode: EXIT.usage });
      }
      const verdict = await explainFiles(terminal, options.file, options.source ?? null);
      if (options.json) return printJson(terminal, verdictJson(verdict));
      const lines = renderVerdict(verdict, { width: columnsOf(terminal), colors: terminal.colors });
      print(terminal, lines.join('\n').trimEnd());
    });
}
