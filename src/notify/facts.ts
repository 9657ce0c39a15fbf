import type { Instant } from '../domain/event';
import {
  comparableError,
  errorOf,
  isTroubled,
  type CommonTrait,
  type Message,
  type MessageEntry,
} from '../domain/message';
import { isOver, type RunError, type RunState } from '../domain/run';
import {
  formatDuration,
  formatTime,
  logLine,
  nameOf,
  oneLine,
  percentWords,
  softwareWords,
  statusWords,
} from './words';

/** One line of the table about a machine: what it is, and its value. */
export interface Fact {
  label: string;
  value: string;
}

/** An error as a message shows it: which machines have it, the text, the lines around it. */
export interface ErrorReport {
  machines: string[];
  text: string;
  /** `packaging.log, line 12`; null when it was reported instead of read. */
  place: string | null;
  context: string[];
}

/** Lines around an error that a message shows at most; the whole log hangs on the run. */
const MAX_CONTEXT = 20;
/** Different errors that one message shows at most. */
export const MAX_ERRORS_SHOWN = 10;

/** Everything known of a machine and its run that helps the reader, most wanted first. Pairs for both text and HTML. */
export function machineFacts(entry: MessageEntry, message: Pick<Message, 'at' | 'timeZone'>): Fact[] {
  const { run } = entry;
  const time = (at: Instant): string => formatTime(at, message.timeZone);
  const facts: Fact[] = [{ label: 'Machine', value: machineWords(entry) }];
  const add = (label: string, value: string | null): void => {
    if (value !== null && value !== '') facts.push({ label, value: oneLine(value) });
  };
  add('Install', softwareWords(run));
  add('Status', statusWords(run));
  add('Planned', run.startedAt === null && run.plannedAt !== null ? time(run.plannedAt) : null);
  add('Started', run.startedAt === null ? null : time(run.startedAt));
  add('Stalled', run.stalledAt === null ? null : time(run.stalledAt));
  add('Ended', run.endedAt === null ? null : time(run.endedAt));
  add('Duration', durationWords(run, message.at));
  add('Phase', run.phase);
  add('Percent', percentWords(run));
  add('Last heard', run.lastHeardAt === null || isOver(run) ? null : time(run.lastHeardAt));
  add('Question', run.waiting ? run.question : null);
  add('Reason', run.reason !== null && run.reason !== errorOf(run) ? run.reason : null);
  add('Integrity', integrityWords(run));
  add('Continues', run.continues === null ? null : `run ${run.continues}, which was taken for ended`);
  add('Run', run.runId);
  return facts;
}

function machineWords(entry: MessageEntry): string {
  const parts = [nameOf(entry), ...entry.macs, ...entry.run.addresses.slice(0, 4)];
  return parts.map((part) => oneLine(part, 255)).join(' · ');
}

/** The verdict on the evidence where it says more than the end does. */
function integrityWords(run: RunState): string | null {
  const news = run.integrityReasons.filter((reason) => reason !== run.reason);
  return news.length === 0 ? null : `${run.integrity}: ${news.join('; ')}`;
}

function durationWords(run: RunState, now: Instant): string | null {
  if (run.startedAt === null) return null;
  const spent = formatDuration((run.endedAt ?? now) - run.startedAt);
  const usual = run.expectedSeconds === null ? '' : `, usually ${formatDuration(run.expectedSeconds * 1000)}`;
  return `${spent}${run.endedAt === null ? ' so far' : ''}${usual}`;
}

/** The errors of the machines, equal ones once with all machines that have it, as many as MAX_ERRORS_SHOWN. */
export function errorReports(entries: readonly MessageEntry[]): ErrorReport[] {
  const reports = new Map<string, ErrorReport>();
  for (const entry of entries) {
    for (const error of relevantErrors(entry.run)) {
      const known = reports.get(comparableError(error.text, entry.run));
      const name = nameOf(entry);
      if (known) {
        if (!known.machines.includes(name)) known.machines.push(name);
      } else {
        reports.set(comparableError(error.text, entry.run), {
          machines: [name],
          text: oneLine(error.text, 600),
          place: placeOf(error),
          context: (error.context ?? []).slice(0, MAX_CONTEXT).map(logLine),
        });
      }
    }
  }
  return [...reports.values()].slice(0, MAX_ERRORS_SHOWN);
}

/** What ended the run, else the last few errors seen. */
function relevantErrors(run: RunState): RunError[] {
  const fatal = run.errors.filter((error) => error.fatal);
  return fatal.length > 0 ? fatal : run.errors.slice(-3);
}

function placeOf(error: RunError): string | null {
  if (error.file === undefined) return null;
  return oneLine(error.line === undefined ? error.file : `${error.file}, line ${error.line}`);
}

/** `profile el9 (7 of its 8 runs)`, `error “no space left”`: one trait several machines share. */
export function traitWords(trait: CommonTrait): string {
  const value = trait.trait === 'error' ? `“${oneLine(trait.value, 160)}”` : oneLine(trait.value);
  const running = trait.running === null ? '' : ` (${trait.count} of its ${trait.running} runs)`;
  return `${trait.trait} ${value}${running}`;
}

/** `In common: profile el9, subnet 192.0.2.0/24.`; null without anything. */
export function commonWords(message: Pick<Message, 'common' | 'entries'>): string | null {
  if (message.common.length === 0) return null;
  const troubled = message.entries.filter(isTroubled).length;
  const who = troubled > 1 && troubled < message.entries.length ? 'Those in trouble have in common' : 'In common';
  return `${who}: ${message.common.map(traitWords).join(', ')}.`;
}

/** `within 2 min`: how close together the last things happened; null for one machine or an overview. */
export function spreadWords(entries: readonly MessageEntry[]): string | null {
  const times = entries.flatMap((entry) => (entry.at === null ? [] : [entry.at]));
  if (times.length < 2) return null;
  return `within ${formatDuration(Math.max(1000, Math.max(...times) - Math.min(...times)))}`;
}

/** Where people see the run; null when the server's own address is not known. */
export function runLink(message: Pick<Message, 'publicUrl'>, run: Pick<RunState, 'runId'>): string | null {
  return message.publicUrl === null ? null : `${message.publicUrl}/runs/${encodeURIComponent(run.runId)}`;
}
