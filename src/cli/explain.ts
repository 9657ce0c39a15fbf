import type { Command } from 'commander';
import { readLog, runToJson } from './answers';
import type { ClientOptions } from './client';
import { CliError, EXIT } from './cli-error';
import { explainFiles, renderVerdict, verdictJson } from './explain-file';
import { explainRun } from './explain-run';
import { renderExplanation } from './explain-run-words';
import { findLog, findSubject } from './look-up';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { columnsOf, print, printJson } from './terminal';

interface ExplainOptions extends ClientOptions {
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
      if (options.file !== undefined) {
        if (run !== undefined) throw usage('A run and --file exclude each other.');
        return showFiles(context, options.file, options);
      }
      if (run === undefined) throw usage('Say which run or system, or --file and the logs.');
      if (options.source !== undefined) throw usage('--source goes with --file.');
      await withClient(context, options, async (client) => {
        const subject = await findSubject(client, run, 'explain');
        const explanation = explainRun(subject.run, readLog(await findLog(client, subject.run.runId, 0)));
        if (options.json) return printJson(terminal, { run: runToJson(subject.run), ...explanation });
        const look = { width: columnsOf(terminal), colors: terminal.colors };
        print(terminal, renderExplanation(subject.run, explanation, look).join('\n'));
      });
    });
}

async function showFiles({ terminal }: CliContext, files: string[], options: ExplainOptions): Promise<void> {
  const verdict = await explainFiles(terminal, files, options.source ?? null);
  if (options.json) return printJson(terminal, verdictJson(verdict));
  const lines = renderVerdict(verdict, { width: columnsOf(terminal), colors: terminal.colors });
  print(terminal, lines.join('\n').trimEnd());
}

function usage(sentence: string): CliError {
  return new CliError(sentence, { exitCode: EXIT.usage });
}
