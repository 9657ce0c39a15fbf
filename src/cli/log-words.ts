import type { Instant } from '../domain/event';
import type { LogEntry } from './answers';
import { formatDuration, localTime } from './format';
import type { Colors } from './terminal';
import { cutText, padText, plain, plainLine } from './text-width';

/** Kinds of events in the words of people. */
const WORDS: Record<string, string> = {
  'run-planned': 'planned',
  'install-started': 'started',
  'progress-reported': 'progress',
  heard: 'alive',
  'waiting-reported': 'waiting',
  'error-reported': 'error',
  'install-failed': 'failed',
  'install-terminated': 'terminated',
  'install-finished': 'finished',
  'run-cancelled': 'cancelled',
  'system-booted': 'booted',
  'netboot-disabled': 'netboot off',
  'netboot-seen': 'netboots',
  'run-late': 'late',
  'run-stalled': 'stalled',
  'install-looped': 'install loop',
  'clock-extended': 'server away',
};

const WORD_WIDTH = Math.max(...Object.values(WORDS).map((word) => word.length));

/** One event as lines of text: time, what happened, its particulars, who said so; context of an error below it. */
export function renderEntry(entry: LogEntry, options: { width: number | null; colors: Colors }): string[] {
  const { colors, width } = options;
  const word = padText(WORDS[entry.kind] ?? plain(entry.kind), WORD_WIDTH);
  const source = plain(entry.source);
  const head = `${localTime(entry.occurredAt)}  `;
  const tail = source === 'kickwatch' ? '' : `  (${source})`;
  const room = width === null ? Infinity : Math.max(20, width - head.length - word.length - 2 - tail.length);
  const text = cutText(particulars(entry), room);
  const line = `${colors.dim(head)}${eventStyle(entry, colors)(word)}  ${text}${colors.dim(tail)}`;
  return [
    line.trimEnd(),
    ...(entry.detail.error?.context ?? []).map((each) => colors.dim(`          | ${plainLine(each)}`)),
  ];
}

/** What the event says, most important first. */
function particulars({ kind, detail, occurredAt }: LogEntry): string {
  const parts: unknown[] = []; // a newer server may say a field in another type
  if (kind === 'clock-extended' && detail.blindFrom !== undefined && detail.blindTo !== undefined) {
    return `nobody listened for ${formatDuration(detail.blindTo - detail.blindFrom)}; the clocks were moved on`;
  }
  if (detail.error) parts.push(`${errorPlace(detail.error)}${detail.error.text}`);
  if (detail.reason) parts.push(detail.reason);
  if (detail.question) parts.push(detail.question);
  if (detail.phase) parts.push(`phase ${detail.phase}`);
  if (detail.percent !== undefined) parts.push(`${detail.percent} %`);
  if (detail.packagesDone !== undefined) {
    const total = detail.packagesTotal === undefined ? '' : ` of ${detail.packagesTotal}`;
    parts.push(`${detail.packagesDone}${total} packages`);
  }
  if (detail.message && detail.message !== detail.error?.text) parts.push(detail.message);
  if (detail.etaSeconds !== undefined) parts.push(`end expected ${etaWords(occurredAt, detail.etaSeconds)}`);
  if (kind === 'run-late') parts.push(detail.clock === 'total' ? 'longer than usual' : 'no progress');
  if (detail.by) parts.push(`by ${detail.by}`);
  if (detail.inferred) parts.push('concluded, not reported');
  if (detail.evidence) parts.push('noted, changes nothing');
  return parts
    .map((part) => plain(String(part)))
    .filter((part) => part !== '')
    .join(', ');
}

function etaWords(at: Instant, seconds: number): string {
  return `at ${localTime(at + seconds * 1000)}`;
}

function errorPlace(error: { file?: string; line?: number }): string {
  if (error.file === undefined) return '';
  return error.line === undefined ? `${error.file}: ` : `${error.file} line ${error.line}: `;
}

function eventStyle(entry: LogEntry, colors: Colors): (text: string) => string {
  switch (entry.kind) {
    case 'install-failed':
    case 'install-terminated':
    case 'install-looped':
    case 'error-reported':
      return colors.red;
    case 'run-stalled':
    case 'run-late':
      return colors.yellow;
    case 'waiting-reported':
      return colors.magenta;
    case 'install-finished':
    case 'system-booted':
      return colors.green;
    case 'heard':
      return colors.dim;
    default:
      return colors.cyan;
  }
}
