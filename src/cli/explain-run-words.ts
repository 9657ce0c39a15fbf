import type { RunReport } from '../domain/run-report';
import { targetLabel } from './answers';
import type { Evidence, RunExplanation } from './explain-run';
import { count, formatNumber, localTime } from './format';
import { needOf } from './need';
import { clockWords, needStyle } from './run-words';
import { renderTable } from './table';
import type { Colors } from './terminal';
import { plain } from './text-width';

/** An explanation as lines of text. */
export function renderExplanation(
  run: RunReport,
  explanation: RunExplanation,
  options: { width: number | null; colors: Colors },
): string[] {
  const { colors, width } = options;
  const title = (text: string): string => colors.bold(text);
  const { because, integrity, witnesses, evidence, linesLost } = explanation;
  const lines = [
    `${title(plain(`${targetLabel(run)}, run ${run.runId}`))}  ${needStyle(needOf(run), colors)(plain(explanation.verdict))}`,
    '',
    title('Because'),
    ...table(because, options),
  ];
  if (because.length === 0) lines.push('  nothing was reported');
  lines.push('', `${title('Integrity')}  ${integrity.verdict}`);
  for (const { reason, evidence: behind } of integrity.reasons) {
    lines.push(`  ${plain(reason)}`, ...table(behind, options).map((line) => `  ${line}`));
  }
  lines.push('', `${title('Clocks')}  ${plain(run.limitsOrigin)}`);
  for (const clock of run.clocks) {
    lines.push(`  ${clock.clock === 'total' ? 'in phase   ' : 'no progress'}  ${plain(clockWords(clock))}`);
  }
  if (run.clocks.length === 0) lines.push('  none runs');
  lines.push('', title('Witnesses'));
  if (witnesses.length === 0) lines.push('  none yet');
  lines.push(
    ...indent(
      renderTable(
        [
          { title: 'source' },
          { title: 'installer' },
          { title: 'events', align: 'right' },
          { title: 'heard' },
          { title: 'to phase' },
        ],
        witnesses.map((witness) => [
          witness.source,
          witness.installers.join(', '),
          formatNumber(witness.events),
          `${localTime(witness.firstAt)} – ${localTime(witness.lastAt)}`,
          witness.phase ?? '',
        ]),
        { width: width === null ? null : width - 2, titleStyle: colors.dim },
      ).slice(witnesses.length === 0 ? 1 : 0),
    ),
  );
  if (linesLost > 0)
    lines.push(`  ${colors.yellow(`${count(linesLost, 'line')} of its log lost: it sent more than the limits allow`)}`);
  lines.push('', title('Evidence'), ...table(evidence, options));
  return lines;
}

function table(evidence: readonly Evidence[], { width, colors }: { width: number | null; colors: Colors }): string[] {
  if (evidence.length === 0) return [];
  const rows = evidence.map(({ at, what, text, source, file, line }) => [
    localTime(at),
    { text: what, style: paint(what, colors) },
    { text: text ?? '', style: (words: string) => words },
    { text: placeOf(source, file, line), style: colors.dim },
  ]);
  const columns = [
    { title: '' },
    { title: '' },
    { title: '', shrinkTo: 20 },
    { title: '', shrinkTo: 12, dropBelow: 60 },
  ];
  return indent(renderTable(columns, rows, { width: width === null ? null : width - 4 }).slice(1));
}

function placeOf(source: string, file: string | null, line: number | null): string {
  if (file === null || file === source) return source;
  return `${source}, ${line === null ? file : `${file}:${line}`}`;
}

function paint(what: string, colors: Colors): (text: string) => string {
  if (/^(?:failed|error|terminated|stalled|install loop)/.test(what)) return colors.red;
  if (/^(?:late|waits)/.test(what)) return colors.yellow;
  return /^(?:finished|first boot)/.test(what) ? colors.green : (text) => text;
}

const indent = (lines: readonly string[]): string[] => lines.map((line) => `  ${line}`);
