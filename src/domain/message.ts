import { isProblem } from './delivery';
import type { Instant } from './event';
import { EVENT_REASONS, type EventReason, type Reason } from './notification';
import { isOver, type RunState } from './run';

/** What a message is: news of events, an answer to a question, a periodic overview, a trial, a word on our own delivery. */
export const MESSAGE_KINDS = ['news', 'status', 'digest', 'test', 'undeliverable'] as const;
export type MessageKind = (typeof MESSAGE_KINDS)[number];

/** One machine in a message. */
export interface MessageEntry {
  run: RunState;
  /** MAC addresses on record; empty when none is known. */
  macs: readonly string[];
  /** What happened, oldest first, every word once; empty in overviews. */
  reasons: readonly Reason[];
  /** When the last of it happened; null in overviews. */
  at: Instant | null;
}

/** Something several machines of a message share, as a hint at one cause. */
export interface CommonTrait {
  trait: 'error' | 'subnet' | 'profile' | 'distro' | 'phase';
  /** As people know it: the error text, `192.0.2.0/24`, the name. */
  value: string;
  /** How many of the machines share it … */
  count: number;
  /** … and how many runs have it in all, in and outside of the message; null when that was not counted. */
  running: number | null;
}

/** Everything one message says, before it is put into words. Plain data. */
export interface Message {
  kind: MessageKind;
  contact: string;
  /** Worst first. */
  entries: readonly MessageEntry[];
  common: readonly CommonTrait[];
  /** Runs there are at the moment, the entries included; null when that does not matter. */
  running: number | null;
  /** When the message was put together; its facts are as of this moment. */
  at: Instant;
  timeZone: string | null;
  /** Where people reach the server, no trailing slash; null when nobody said. */
  publicUrl: string | null;
  /** A sentence of its own: who asked, what could not be delivered; null when there is none. */
  note: string | null;
}

/** A notification as far as a message is made of it. */
export interface NewsItem {
  runId: string;
  reason: Reason;
  createdAt: Instant;
}

/** Runs known by number, and how many run at the moment by profile; runs that are planned do not count. */
export interface RunFacts {
  runs: ReadonlyMap<string, RunState>;
  macs: ReadonlyMap<string, readonly string[]>;
}

/** Told only when nothing of more weight is said of the same run in the same message. */
const PASSING: readonly Reason[] = ['progress', 'late'];

/**
 * The machines of a message, from notifications in the order they arose: one entry per run, naming everything that
 * happened to it (a problem and its ending both), worst first. Runs that are not known are left out.
 */
export function collectEntries(items: readonly NewsItem[], facts: RunFacts): MessageEntry[] {
  const byRun = new Map<string, NewsItem[]>();
  for (const item of items) byRun.set(item.runId, [...(byRun.get(item.runId) ?? []), item]);
  const entries: MessageEntry[] = [];
  for (const [runId, news] of byRun) {
    const run = facts.runs.get(runId);
    if (!run) continue;
    const at = Math.max(...news.map((item) => item.createdAt));
    entries.push({ run, macs: macsOf(run, facts), reasons: nameOnce(news.map((item) => item.reason)), at });
  }
  return entries.sort((a, b) => weight(a) - weight(b) || compareNames(a.run, b.run));
}

/** The machines of an overview: who needs help first, then what runs, then what is over. */
export function overviewEntries(runs: readonly RunState[], facts: Pick<RunFacts, 'macs'>): MessageEntry[] {
  const rank = (run: RunState): number =>
    run.status === 'stalled' ? 0 : run.waiting ? 1 : run.late ? 2 : isOver(run) ? 4 : 3;
  return runs
    .map((run): MessageEntry => ({ run, macs: macsOf(run, facts), reasons: [], at: null }))
    .sort((a, b) => rank(a.run) - rank(b.run) || compareNames(a.run, b.run));
}

function macsOf(run: RunState, facts: Pick<RunFacts, 'macs'>): readonly string[] {
  return run.system === null ? [] : (facts.macs.get(run.system) ?? []);
}

/** Each reason where it stands last, so that the last word is how things are now. */
function nameOnce(reasons: readonly Reason[]): Reason[] {
  const once = reasons.filter((reason, index) => reasons.lastIndexOf(reason) === index);
  const lasting = once.filter((reason) => !PASSING.includes(reason));
  return lasting.length > 0 ? lasting : once.slice(-1);
}

function weight(entry: MessageEntry): number {
  const last = entry.reasons.at(-1);
  const index = last === undefined ? -1 : EVENT_REASONS.indexOf(last as EventReason);
  return index < 0 ? EVENT_REASONS.length : index;
}

/** web2 before web10. */
function compareNames(a: RunState, b: RunState): number {
  return targetName(a).localeCompare(targetName(b), 'en', { numeric: true });
}

/** The name people know the target by: the system, or `profile:NAME` for a machine nobody registered. */
export function targetName(run: Pick<RunState, 'system' | 'profile'>): string {
  return run.system ?? (run.profile === null ? 'unknown machine' : `profile:${run.profile}`);
}

/** Of so many machines this share must have a trait for it to be called common. */
const COMMON_SHARE = 0.8;

/**
 * What the machines in trouble (all of them, when none is) have in common; empty for a single one. The error first, as
 * it explains most.
 *
 * @param running - runs at the moment by profile, from which `7 of 8 runs of that profile` is known; may be empty.
 */
export function findCommonTraits(
  entries: readonly MessageEntry[],
  running: ReadonlyMap<string, number> = new Map(),
): CommonTrait[] {
  const troubled = entries.filter((entry) => isTroubled(entry));
  const considered = (troubled.length > 1 ? troubled : entries).map((entry) => entry.run);
  if (considered.length < 2) return [];
  const traits: CommonTrait[] = [];
  const add = (trait: CommonTrait['trait'], read: (run: RunState) => string | null, same = read): void => {
    const common = mostCommon(considered, same);
    if (!common || common.count < considered.length * COMMON_SHARE || common.count < 2) return;
    const value = read(common.first)!;
    traits.push({ trait, value, count: common.count, running: null });
  };
  add('error', errorOf, (run) => {
    const text = errorOf(run);
    return text === null ? null : comparableError(text, run);
  });
  add('subnet', subnetOf);
  add('profile', (run) => run.profile);
  // A profile has one distro: naming both says one thing twice.
  if (!traits.some(({ trait }) => trait === 'profile')) add('distro', (run) => run.distro);
  if (troubled.length > 1) add('phase', (run) => run.phase);
  return traits.map((trait) => countRunning(trait, entries, running));
}

function countRunning(
  trait: CommonTrait,
  entries: readonly MessageEntry[],
  running: ReadonlyMap<string, number>,
): CommonTrait {
  if (trait.trait !== 'profile' || running.size === 0) return trait;
  const over = entries.filter((entry) => entry.run.profile === trait.value && isOver(entry.run)).length;
  return { ...trait, running: Math.max(trait.count, (running.get(trait.value) ?? 0) + over) };
}

/** True when the last thing said of the machine is a problem, or the overview shows it in one. */
export function isTroubled(entry: MessageEntry): boolean {
  const last = entry.reasons.at(-1);
  if (last !== undefined) return isProblem(last);
  const { status, waiting } = entry.run;
  return status === 'stalled' || status === 'failed' || status === 'terminated' || waiting;
}

function mostCommon(
  runs: readonly RunState[],
  read: (run: RunState) => string | null,
): { first: RunState; count: number } | null {
  const counts = new Map<string, { first: RunState; count: number }>();
  for (const run of runs) {
    const value = read(run);
    if (value === null) continue;
    const known = counts.get(value);
    if (known) known.count += 1;
    else counts.set(value, { first: run, count: 1 });
  }
  return [...counts.values()].reduce<{ first: RunState; count: number } | null>(
    (best, entry) => (best === null || entry.count > best.count ? entry : best),
    null,
  );
}

/** The error that matters: the one that ended the run, else the last one seen; null without any. */
export function errorOf(run: Pick<RunState, 'errors'>): string | null {
  return (run.errors.findLast((error) => error.fatal) ?? run.errors.at(-1))?.text ?? null;
}

/** The error without what differs from machine to machine: its name, addresses, numbers. */
export function comparableError(text: string, run: Pick<RunState, 'system'>): string {
  const bare = run.system === null ? text : text.replaceAll(run.system, 'NAME');
  return bare
    .toLowerCase()
    .replace(/[0-9a-f]+/g, (word) => (/[0-9]/.test(word) ? '#' : word))
    .replace(/\s+/g, ' ')
    .trim();
}

/** The /24 of the machine's first IPv4 address, else the /64 of its first IPv6 address; null without one. */
function subnetOf(run: RunState): string | null {
  for (const address of run.addresses) {
    const four = /^(?:::ffff:)?(\d+\.\d+\.\d+)\.\d+$/i.exec(address);
    if (four) return `${four[1]!}.0/24`;
  }
  const six = run.addresses.find((address) => address.includes(':'));
  return six === undefined ? null : networkOf(six);
}

function networkOf(address: string): string {
  const [head = '', tail] = address.split('%')[0]!.toLowerCase().split('::');
  const left = head === '' ? [] : head.split(':');
  const right = tail === undefined || tail === '' ? [] : tail.split(':');
  const zeros = tail === undefined ? 0 : Math.max(0, 8 - left.length - right.length);
  const groups = [...left, ...Array<string>(zeros).fill('0'), ...right].slice(0, 4);
  return `${groups.map((group) => group.replace(/^0+(?=.)/, '')).join(':')}::/64`;
}

/** How often each reason is the last word on a machine, in the order of the entries; empty for overviews. */
export function countReasons(entries: readonly MessageEntry[]): [Reason, number][] {
  const counts = new Map<Reason, number>();
  for (const entry of entries) {
    const last = entry.reasons.at(-1);
    if (last !== undefined) counts.set(last, (counts.get(last) ?? 0) + 1);
  }
  return [...counts];
}
