import { open } from 'node:fs/promises';
import { Option, type Command } from 'commander';
import { LineCounter, parseAllDocuments } from 'yaml';
import { AUTOINSTALL_KINDS, detectKind, type AutoinstallKind } from '../domain/autoinstall';
import { LINT_SEVERITIES, lintAutoinstall, type Finding, type LintSeverity } from '../domain/lint-autoinstall';
import { CliError, EXIT } from './cli-error';
import type { CliContext } from './server-options';
import { print, printJson, type Terminal } from './terminal';
import { plain } from './text-width';

/** Answer files are some KiB; what is larger is something else. */
const MAX_BYTES = 1024 * 1024;

interface LintOptions {
  json?: boolean;
  kind?: AutoinstallKind;
  server?: string;
}

/** What one file came to; `fault` = it could not be looked at. */
interface Linted {
  file: string;
  kind: AutoinstallKind | null;
  findings: Finding[];
  fault: string | null;
}

/** `kickwatch lint`: what an answer file lacks for its installs to be watched, and what in it may harm them. */
export function addLintCommand(program: Command, context: CliContext): void {
  program
    .command('lint')
    .summary('what an autoinstall file lacks for its installs to be watched')
    .description(
      'Reads kickstart, preseed, Ubuntu autoinstall, cloud-init, AutoYaST and Agama files and says what nobody would\n' +
        'hear of their installs, what that costs, and what to add. Asks no server. Exit code 1 when a start, an end or\n' +
        'a failure would not be heard of, or a file could not be read.',
    )
    .argument('<file...>', 'autoinstall files, rendered or templates')
    .addOption(new Option('--kind <kind>', 'what the files are; found out when left out').choices(AUTOINSTALL_KINDS))
    .option('--server <host>', 'also warn of calls that go to another server than this one')
    .option('--json', 'for programs: {files: [{file, kind, findings, fault}]}')
    .action(async (files: string[], options: LintOptions) => {
      const linted: Linted[] = [];
      for (const file of files) linted.push(await lintFile(file, options));
      if (options.json) printJson(context.terminal, { files: linted });
      else linted.forEach((one, at) => show(context.terminal, one, at > 0));
      const isBad = ({ fault, findings }: Linted): boolean =>
        fault !== null || findings.some(({ severity }) => severity === 'error');
      if (linted.some(isBad)) context.exitCode = EXIT.error;
    });
}

async function lintFile(file: string, { kind: given, server }: LintOptions): Promise<Linted> {
  try {
    const text = await readText(file);
    const kind = given ?? detectKind(text);
    if (kind === null) {
      throw new CliError(
        `no autoinstall file that is known here; --kind says what it is: ${AUTOINSTALL_KINDS.join(', ')}`,
      );
    }
    const findings = [...checkSyntax(kind, text), ...lintAutoinstall(kind, text, server ?? null)];
    return { file, kind, findings, fault: null };
  } catch (error) {
    if (error instanceof CliError) return { file, kind: null, findings: [], fault: error.message };
    throw error;
  }
}

/** @throws CliError when it cannot be read, is too large, or is no text. */
async function readText(file: string): Promise<string> {
  const bytes = await readBounded(file).catch((error: NodeJS.ErrnoException) => {
    const why: Record<string, string> = {
      ENOENT: 'there is no such file',
      EACCES: 'it may not be read',
      EISDIR: 'it is a folder; name the files in it',
    };
    throw new CliError(why[error.code ?? ''] ?? error.message, { cause: error });
  });
  if (bytes.length > MAX_BYTES) throw new CliError(`it is larger than ${MAX_BYTES >> 10} KiB: no autoinstall file`);
  if (bytes.includes(0)) throw new CliError('it is binary: no autoinstall file');
  if (bytes.length === 0) throw new CliError('it is empty');
  return bytes.toString('utf8').replace(/^\ufeff/, '');
}

async function readBounded(file: string): Promise<Buffer> {
  const handle = await open(file, 'r');
  try {
    const buffer = Buffer.alloc(MAX_BYTES + 1);
    let length = 0;
    // Pipes hand out what they have, piece by piece.
    for (;;) {
      const { bytesRead } = await handle.read(buffer, length, buffer.length - length, null);
      length += bytesRead;
      if (bytesRead === 0 || length === buffer.length) return buffer.subarray(0, length);
    }
  } finally {
    await handle.close();
  }
}

/** YAML that cannot be read does not install anything. Templates of Cobbler are left alone: they are no YAML yet. */
function checkSyntax(kind: AutoinstallKind, text: string): Finding[] {
  const isTemplate = /^#(?:if|else|end|set|for|raw)\b|\$SNIPPET/m.test(text);
  if (isTemplate || (kind !== 'autoinstall' && kind !== 'cloud-init')) return [];
  const lines = new LineCounter();
  const documents = parseAllDocuments(text, { lineCounter: lines, logLevel: 'silent' });
  const [first] = 'empty' in documents ? [] : documents.flatMap(({ errors }) => errors);
  if (first === undefined) return [];
  return [
    {
      rule: 'not-yaml',
      severity: 'error',
      line: lines.linePos(first.pos[0]).line,
      text: `no valid YAML: ${first.message.split('\n')[0]!}`,
      add: null,
    },
  ];
}

function show(terminal: Terminal, { file, kind, findings, fault }: Linted, isNext: boolean): void {
  const { colors } = terminal;
  if (isNext) print(terminal, '');
  if (fault !== null)
    return print(terminal, `${colors.bold(plain(file))}  ${colors.red('cannot be checked:')} ${plain(fault)}`);
  print(terminal, `${colors.bold(plain(file))}  ${kind!}, ${count(findings)}`);
  const styles: Record<LintSeverity, (text: string) => string> = {
    error: colors.red,
    warning: colors.yellow,
    note: colors.dim,
  };
  const width = Math.max(4, ...findings.map(({ line }) => String(line ?? '').length));
  for (const { rule, severity, line, text, add } of findings) {
    const at = String(line ?? '-').padStart(width);
    print(terminal, `  ${at}  ${styles[severity](severity.padEnd(7))}  ${plain(text)}`);
    if (add === null) continue;
    const word = rule.startsWith('no-') ? 'add' : 'write';
    print(terminal, `  ${' '.repeat(width + 11)}${colors.dim(word)} ${plain(add)}`);
  }
}

function count(findings: readonly Finding[]): string {
  const words = LINT_SEVERITIES.flatMap((severity) => {
    const found = findings.filter((one) => one.severity === severity).length;
    return found === 0 ? [] : [`${found} ${severity}${found === 1 ? '' : 's'}`];
  });
  return words.length === 0 ? 'nothing to find fault with' : words.join(', ');
}
