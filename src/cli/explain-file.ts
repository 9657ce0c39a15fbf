import { createLogExplainer } from '../intake/explain-logs';
import type { LogVerdict } from '../intake/log-verdict';
import { INSTALLERS } from '../intake/installers';
import { CliError, EXIT } from './cli-error';
import { count, formatNumber } from './format';
import { createProgress } from './progress';
import { findLogFiles, readLines } from './read-lines';
import type { Colors, Terminal } from './terminal';
import { cutText, plain, plainLine } from './text-width';

/** Lines read between two looks at the clock for the progress shown. */
const LINES_A_REPORT = 20_000;

/**
 * Reads log files and judges them as one run.
 *
 * @param source - name of the installer; null = their names and lines decide.
 * @throws CliError for files that cannot be read and a source nobody knows.
 */
export async function explainFiles(
  terminal: Terminal,
  given: readonly string[],
  source: string | null,
): Promise<LogVerdict> {
  if (source !== null && !INSTALLERS.some(({ name }) => name === source)) {
    const names = INSTALLERS.map(({ name }) => name).join(', ');
    throw new CliError(`There is no source "${plain(source)}".`, {
      hints: [`Known are ${names}.`],
      exitCode: EXIT.usage,
    });
  }
  const explainer = createLogExplainer({ source });
  const progress = createProgress(terminal);
  let lines = 0;
  try {
    for (const { path, name } of await findLogFiles(given)) {
      const sink = explainer.file(name);
      for await (const line of readLines(path)) {
        sink.line(line);
        lines += 1;
        if (lines % LINES_A_REPORT === 0) progress.report(`${name}: ${formatNumber(lines)} lines read`);
      }
    }
  } finally {
    progress.done();
  }
  return explainer.verdict();
}

/** The JSON of a verdict, for programs. */
export function verdictJson(verdict: LogVerdict): Record<string, unknown> {
  const { phase, percent, outcome, errors, source, facts, started, ended, question, lines } = verdict;
  return { phase, percent, outcome, errors, source, facts, started, ended, question, lines };
}

/** A verdict in words: what became of the install, why, and the lines that say so. */
export function renderVerdict(verdict: LogVerdict, options: { width: number | null; colors: Colors }): string[] {
  const { colors, width } = options;
  const fit = (text: string, taken: number): string =>
    width === null ? text : cutText(text, Math.max(20, width - taken));
  const lines = [headline(verdict, colors), ''];
  const [first, ...others] = verdict.errors;
  if (first) {
    lines.push(`${colors.bold(first.severity === 'warning' ? 'Got over' : 'Why')}   ${plain(first.text)}`);
    lines.push(`      ${colors.dim(placeOf(first))}`);
    for (const each of first.context) lines.push(colors.dim(fit(`      | ${plainLine(each)}`, 0)));
    for (const error of others.slice(0, 5)) {
      lines.push(`${colors.dim('also')}  ${fit(plain(error.text), 6)}  ${colors.dim(placeOf(error))}`);
    }
    if (others.length > 5) lines.push(`      ${colors.dim(`and ${count(others.length - 5, 'more error')}`)}`);
    lines.push('');
  }
  if (verdict.question !== null) lines.push(`${colors.bold('Asks')}  ${plain(verdict.question)}`, '');
  if (verdict.facts.length > 0) lines.push(colors.bold('Evidence'));
  const timeWidth = Math.max(0, ...verdict.facts.map(({ time }) => time?.length ?? 0));
  for (const fact of verdict.facts) {
    const place = fact.line === null ? fact.file : `${fact.file}:${fact.line}`;
    const head = `  ${(fact.time ?? '').padEnd(timeWidth)}  ${(fact.phase ?? wordOf(fact.kind)).padEnd(10)}  `;
    const others = new Set(fact.also.map(({ file }) => file).filter((file) => file !== fact.file));
    const also = others.size === 0 ? '' : `, ${[...others].join(', ')} too`;
    const words = withoutTime(plain(fact.text ?? ''), fact.time);
    lines.push(`${head}${fit(words, head.length + place.length + also.length + 3)}  ${colors.dim(place + also)}`);
  }
  return lines;
}

/** The time stands in a column of its own. */
function withoutTime(text: string, time: string | null): string {
  const bare = text.replace(/^<\d{1,3}>/, '');
  return time !== null && bare.startsWith(time) ? bare.slice(time.length).trimStart() : text;
}

function headline(verdict: LogVerdict, colors: Colors): string {
  const { outcome, phase, percent, source, lines } = verdict;
  const style = { complete: colors.green, failed: colors.red, blocked: colors.yellow, aborted: colors.red };
  const paint = outcome in style ? style[outcome as keyof typeof style] : colors.cyan;
  const where = phase === null ? '' : ` in phase ${phase}, ${percent} %`;
  const who = source === null ? 'no installer recognised' : source;
  return `${colors.bold(paint(outcome))}${where}  ${colors.dim(`(${who}, ${count(lines, 'line')})`)}`;
}

function placeOf(error: LogVerdict['errors'][number]): string {
  const place = error.file === null ? '' : error.line === null ? error.file : `${error.file}:${error.line}`;
  return `${error.severity}${place === '' ? '' : `, ${place}`}`;
}

function wordOf(kind: string): string {
  return kind.replace(/^install-|^system-|-reported$|-seen$/g, '');
}
