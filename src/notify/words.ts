import type { Instant } from '../domain/event';
import { errorOf, targetName, type MessageEntry } from '../domain/message';
import type { RunState } from '../domain/run';

/**
 * One line of plain text: line breaks, control characters and marks that turn the direction of writing become spaces,
 * so that stored text can neither add a header nor pass for something else. Cut at `max` characters with an ellipsis.
 */
export function oneLine(text: string, max = 300): string {
  const clean = text
    .toWellFormed()

    .replace(/[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g, ' ')
    .replace(/ {2,}/g, ' ')
    .trim();
  return cut(clean, max);
}

/** A line of a log: like `oneLine`, but indentation is kept, and tabs become four spaces. */
export function logLine(text: string): string {
  const indent = /^[ \t]*/.exec(text)![0].replaceAll('\t', '    ').slice(0, 16);
  return indent + oneLine(text, 240);
}

/** The text, or as much of it as fits with an ellipsis; never half a character. */
export function cut(text: string, max: number): string {
  if (text.length <= max) return text;
  return `${text
    .slice(0, max - 1)
    .toWellFormed()
    .replace(/\ufffd$/, '')
    .trimEnd()}…`;
}

/** `2026-11-22 10:35:00 UTC`, or in the zone of the reader: `2026-11-22 11:35:00 Europe/Berlin`. */
export function formatTime(at: Instant, timeZone: string | null): string {
  const zone = timeZone ?? 'UTC';
  try {
    const parts = formatterOf(zone).formatToParts(at);
    const get = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
    return `${get('year')}-${get('month')}-${get('day')} ${get('hour')}:${get('minute')}:${get('second')} ${zone}`;
  } catch {
    // A zone this Node does not know (the table of zones grows): the moment is still right in UTC.
    return formatTime(at, null);
  }
}

/** Formatters by zone: making one costs fifty times what using it does. There are some 600 zones at most. */
const formatters = new Map<string, Intl.DateTimeFormat>();

/** @throws RangeError for a zone that does not exist. */
function formatterOf(zone: string): Intl.DateTimeFormat {
  const known = formatters.get(zone);
  if (known) return known;
  const made = new Intl.DateTimeFormat('en-GB', { ...TIME_FORMAT, timeZone: zone });
  formatters.set(zone, made);
  return made;
}

const TIME_FORMAT = {
  year: 'numeric',
  month: '2-digit',
  day: '2-digit',
  hour: '2-digit',
  minute: '2-digit',
  second: '2-digit',
  hourCycle: 'h23',
} as const;

/** `45 s`, `35 min`, `2 h 5 min`, `1 d 3 h`. */
export function formatDuration(ms: number): string {
  const seconds = Math.max(0, Math.round(ms / 1000));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joinUnits(`${hours} h`, minutes % 60, 'min');
  return joinUnits(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

function joinUnits(large: string, rest: number, unit: string): string {
  return rest === 0 ? large : `${large} ${rest} ${unit}`;
}

/** `45 % (reported)`, `45 % (estimated)`, `unknown`. */
export function percentWords(run: Pick<RunState, 'percent' | 'percentOrigin'>): string {
  if (run.percent === null) return 'unknown';
  return `${Math.floor(run.percent)} % (${run.percentOrigin ?? 'estimated'})`;
}

/** `packages, 45 %`: where the run is, in one breath. */
export function whereWords(run: RunState): string {
  return run.percent === null ? run.phase : `${run.phase}, ${Math.floor(run.percent)} %`;
}

/** The name of the machine, as one line. */
export function nameOf(entry: Pick<MessageEntry, 'run'>): string {
  return oneLine(targetName(entry.run), 255);
}

/** The reasons as they are, oldest first: `stalled, recovered`. In an overview the status, with its flags. */
export function reasonWords(entry: MessageEntry): string {
  return entry.reasons.length > 0 ? entry.reasons.join(', ') : statusWords(entry.run);
}

/** `installing`, `installing (late)`, `finished (suspicious)`. */
export function statusWords(run: RunState): string {
  const flags = [run.late && 'late', run.waiting && 'waiting', run.integrity === 'suspicious' && 'suspicious'];
  const words = flags.filter((flag) => flag !== false);
  return words.length === 0 ? run.status : `${run.status} (${words.join(', ')})`;
}

/** Why, in a few words, for the last thing that happened; empty when there is nothing to add. */
export function explain(entry: MessageEntry): string {
  const { run } = entry;
  switch (entry.reasons.at(-1)) {
    case 'failed':
      return oneLine(errorOf(run) ?? run.reason ?? '');
    case 'terminated':
      return oneLine(
        run.status === 'cancelled' ? `cancelled${run.reason ? `, ${run.reason}` : ''}` : (run.reason ?? ''),
      );
    case 'stalled':
      return oneLine(`${(run.status === 'stalled' ? run.reason : null) ?? 'no progress'}; ${whereWords(run)}`);
    case 'waiting':
      return oneLine(run.question ?? 'the installer asks a human');
    case 'finished':
      return oneLine([finishedAfter(run), suspicion(run)].filter((part) => part !== '').join('; '));
    case 'suspicious':
      return oneLine(run.integrityReasons.join('; '));
    case 'install loop': {
      const loop = run.integrityReasons.find((reason) => reason.startsWith('install loop'));
      return oneLine(loop?.replace(/^install loop:? */, '') ?? '');
    }
    case 'started':
      return oneLine(softwareWords(run));
    case 'late':
      return `longer than expected, ${whereWords(run)}`;
    case 'recovered':
    case 'progress':
      return whereWords(run);
    default:
      return oneLine(run.status === 'installing' ? whereWords(run) : (errorOf(run) ?? run.reason ?? ''));
  }
}

/** `what: why`, or the one there is. */
export function joinWhy(what: string, why: string): string {
  return what === '' || why === '' ? what + why : `${what}: ${why}`;
}

/** Empty where the duration would be nonsense: only the end was reported, or the run takes up another one. */
function finishedAfter(run: RunState): string {
  if (run.startedAt === null || run.endedAt === null || run.continues !== null) return '';
  const spent = run.endedAt - run.startedAt;
  return spent < 1000 ? '' : `after ${formatDuration(spent)}`;
}

function suspicion(run: RunState): string {
  return run.integrity === 'suspicious' ? `suspicious: ${run.integrityReasons.join('; ')}` : '';
}

/** `reinstall of profile web (distro el9)`. */
export function softwareWords(run: RunState): string {
  const profile = run.profile === null ? '' : ` of profile ${run.profile}`;
  return `${run.kind}${profile}${run.distro === null ? '' : ` (distro ${run.distro})`}`;
}

/** `a, b, c and 4 more`, with as many whole names as fit into `max` characters, at least one. */
export function listNames(names: readonly string[], max: number): string {
  let shown = names.length;
  const write = (count: number): string => {
    const rest = names.length - count;
    return names.slice(0, count).join(', ') + (rest > 0 ? ` and ${rest} more` : '');
  };
  while (shown > 1 && write(shown).length > max) shown -= 1;
  return write(shown);
}
