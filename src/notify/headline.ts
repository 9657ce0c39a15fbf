import { countReasons, type Message, type MessageEntry } from '../domain/message';
import type { RunState } from '../domain/run';
import { commonWords, spreadWords } from './facts';
import {
  cut,
  explain,
  formatDuration,
  formatTime,
  joinWhy,
  listNames,
  nameOf,
  oneLine,
  reasonWords,
  statusWords,
  whereWords,
} from './words';

/**
 * What the message says in one line: machine's name and reason word as they are, then why; for several machines how
 * many, what, and whose names fit.
 */
export function headline(message: Message, max = Infinity): string {
  const [first, ...others] = message.entries;
  switch (message.kind) {
    case 'test':
      return 'Kickwatch test';
    case 'undeliverable':
      return cut(`Kickwatch undeliverable: ${oneLine(message.note ?? '')}`, max);
    case 'digest':
      return `Kickwatch digest: ${countStatuses(message.entries)}`;
    case 'status':
      if (!first) return 'Kickwatch on demand: no runs';
      if (others.length > 0) return `Kickwatch on demand: ${countStatuses(message.entries)}`;
      return withWhy(`${nameOf(first)} on demand: ${statusWords(first.run)}`, explain(first), max);
    case 'news':
      if (!first) return 'Kickwatch';
      return others.length === 0 ? entryLine(first, max) : severalLine(message, max);
  }
}

/** `web1 stalled: no progress for 15 minutes`. */
export function entryLine(entry: MessageEntry, max = Infinity): string {
  return withWhy(`${nameOf(entry)} ${reasonWords(entry)}`, explain(entry), max);
}

/** The first part whole, the second as far as it fits. */
function withWhy(what: string, why: string, max: number): string {
  if (why === '') return what;
  const room = max - what.length - 2;
  return room < 8 ? what : joinWhy(what, cut(why, room));
}

/** `7 of 12 runs stalled within 2 min: web1, web2 and 5 more`; mixed: `12 runs: 7 stalled, 5 recovered: web1 …`. */
function severalLine(message: Message, max: number): string {
  const what = severalWords(message);
  return `${what}: ${listNames(message.entries.map(nameOf), Math.max(40, max - what.length - 2))}`;
}

/** The same without names. */
export function severalWords(message: Message): string {
  const counts = countReasons(message.entries);
  const total = message.entries.length;
  if (counts.length === 1) {
    const [reason] = counts[0]!;
    const of = message.running !== null && message.running > total ? ` of ${message.running}` : '';
    return `${total}${of} runs ${reason} ${spreadWords(message.entries) ?? ''}`.trimEnd();
  }
  return `${total} runs: ${counts.map(([reason, count]) => `${count} ${reason}`).join(', ')}`;
}

/** `2 stalled, 9 installing, 1 finished`; `no runs` without any. */
function countStatuses(entries: readonly MessageEntry[]): string {
  const counts = new Map<string, number>();
  for (const { run } of entries) counts.set(run.status, (counts.get(run.status) ?? 0) + 1);
  return counts.size === 0 ? 'no runs' : [...counts].map(([status, count]) => `${count} ${status}`).join(', ');
}

/** Machines one message lists at most: beyond that nobody reads on, and mail servers refuse. */
export const MAX_LISTED = 500;

/** The line in place of the machines beyond MAX_LISTED; none when all are listed. */
export function unlistedLine(message: Pick<Message, 'entries'>): string[] {
  const rest = message.entries.length - MAX_LISTED;
  return rest > 0 ? [`and ${rest} more`] : [];
}

/** One line of a list: name and reason word first, then why, where, and which run it is. */
export function listLine(entry: MessageEntry, message: Pick<Message, 'at' | 'timeZone'>): string {
  const facts = [explain(entry), ...whereParts(entry, message), `run ${entry.run.runId}`];
  return `${nameOf(entry)} ${reasonWords(entry)}: ${facts.filter((fact) => fact !== '').join('; ')}`;
}

/** Where the machine is: phase and percent, since when, its address. Without what `explain` says already. */
export function whereParts(entry: MessageEntry, message: Pick<Message, 'at' | 'timeZone'>): string[] {
  const { run } = entry;
  const isPlace = !explain(entry).includes(whereWords(run)) && run.status !== 'finished' && run.status !== 'planned';
  const address = run.addresses[0] === undefined ? '' : oneLine(run.addresses[0]);
  return [isPlace ? whereWords(run) : '', sinceWords(run, message), address].filter((part) => part !== '');
}

function sinceWords(run: RunState, message: Pick<Message, 'at' | 'timeZone'>): string {
  if (run.endedAt !== null) return `ended ${formatTime(run.endedAt, message.timeZone)}`;
  if (run.status === 'stalled' && run.stalledAt !== null) return `since ${formatTime(run.stalledAt, message.timeZone)}`;
  return run.startedAt === null ? '' : `started ${formatDuration(message.at - run.startedAt)} ago`;
}

/** Paragraphs that stand above the machines: notes, what they have in common. */
export function introLines(message: Message): string[] {
  const lines = [message.kind === 'undeliverable' || message.note === null ? null : oneLine(message.note, 600)];
  if (message.kind === 'test') lines.push('If you can read this, notifications to this address arrive.');
  lines.push(commonWords(message));
  return lines.filter((line) => line !== null);
}

/** The last lines of every message: what sent it to whom, and what its facts are as of. */
export function footerLine(message: Message): string {
  const where = message.publicUrl === null ? 'Kickwatch' : `Kickwatch at ${message.publicUrl}`;
  return `${where}, to contact ${oneLine(message.contact)}, as of ${formatTime(message.at, message.timeZone)}`;
}
