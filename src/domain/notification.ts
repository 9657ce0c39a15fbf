import type { Event } from './event';
import { isGlob, matchesGlob } from './glob';
import { isOver, type RunState } from './run';

/** Channels a notification can take. The database keeps the word as text. */
export const CHANNEL_KINDS = ['email', 'sms'] as const;
export type ChannelKind = (typeof CHANNEL_KINDS)[number];

/** Why somebody is told something. The word stands in subjects and texts as it is. */
export const REASONS = [
  'started',
  'progress',
  'late',
  'stalled',
  'waiting',
  'recovered',
  'failed',
  'terminated',
  'finished',
  'suspicious',
  'install loop',
  'digest',
  'on demand',
  'test',
  'undeliverable', // another address was refused for good: told to administrators
] as const;
export type Reason = (typeof REASONS)[number];

/** Reasons an event can give, strongest first: of several for one event, contact and channel the first one counts. */
export const EVENT_REASONS = [
  'failed',
  'terminated',
  'install loop',
  'stalled',
  'waiting',
  'finished',
  'recovered',
  'suspicious',
  'late',
  'started',
  'progress',
] as const satisfies readonly Reason[];
export type EventReason = (typeof EVENT_REASONS)[number];

/** What a subscription may list. `digest` stands for its periodic message. */
export const SUBSCRIPTION_REASONS = [...EVENT_REASONS, 'digest'] as const;

/** Reasons after which silence would be a broken promise: whoever was told one of them is told how it ended. */
export const PROBLEM_REASONS = [
  'failed',
  'terminated',
  'install loop',
  'stalled',
  'waiting',
] as const satisfies readonly EventReason[];

/** Reasons that answer a problem. */
export const ENDING_REASONS = [
  'failed',
  'terminated',
  'finished',
  'recovered',
] as const satisfies readonly EventReason[];

/** What a subscription lists when nobody chose: everything but the frequent ones. */
export const DEFAULT_REASONS: readonly EventReason[] = EVENT_REASONS.filter(
  (reason) => reason !== 'started' && reason !== 'progress' && reason !== 'late',
);

/** What the owner of a system hears by e-mail without having subscribed to anything. */
export const OWNER_REASONS: readonly EventReason[] = DEFAULT_REASONS.filter((reason) => reason !== 'suspicious');

/** Percent between two `progress` notifications when the subscription does not say. */
export const DEFAULT_PROGRESS_EVERY = 25;

/** A person or list. Who is disabled is told nothing. */
export interface Contact {
  name: string;
  /** Addresses by channel, e.g. `{ email: ['ops@example.org'], sms: ['+4930123456'] }`. */
  addresses: Readonly<Record<string, readonly string[]>>;
  /** IANA name for the times in texts and the hour of daily digests; null = UTC. */
  timeZone: string | null;
  enabled: boolean;
}

/** What a subscription can be about. `pattern` is matched with the target's name; the value of any kind may be a glob. */
export const SCOPE_KINDS = ['all', 'system', 'profile', 'distro', 'owner', 'pattern'] as const;
export type ScopeKind = (typeof SCOPE_KINDS)[number];

/** Which runs a subscription is about. `value` is ignored for `all`; empty for `owner`, it means the contact itself. */
export interface Scope {
  kind: ScopeKind;
  value: string;
}

/** Stands for every channel the contact has an address for. */
export const ANY_CHANNEL = '*';

/** A contact wants to hear of some runs, for some reasons, on one channel or (ANY_CHANNEL) on all it has. */
export interface Subscription {
  name: string;
  contact: string;
  channel: string;
  scope: Scope;
  reasons: readonly Reason[];
  /** Percent between `progress` notifications; null = DEFAULT_PROGRESS_EVERY. */
  progressEvery: number | null;
  /** A digest every so many minutes while something of the scope runs; null = none. */
  digestMinutes: number | null;
  /** A digest every day at this local time, `HH:MM`; null = none. */
  digestAt: string | null;
  enabled: boolean;
}

/** Everybody who may have to be told, as plain data. */
export interface Audience {
  contacts: readonly Contact[];
  subscriptions: readonly Subscription[];
  /**
   * Who was told of a problem, by run: needed for the runs `toldRunsOf` names, so that they hear the ending even when
   * their subscriptions changed in between. What the same audience would have been told needs no entry.
   */
  told?: ReadonlyMap<string, readonly Told[]>;
}

/** A contact that heard of a run on a channel. */
export interface Told {
  contact: string;
  channel: string;
}

/** That somebody is to be told. At most one per event, contact and channel. */
export interface Decision extends Told {
  reason: EventReason;
}

/**
 * Who is told of one event, and why. Pure; to be asked after every single event, never on first and last state only.
 *
 * Told are: subscribers whose scope covers the run and whose reasons list what happened; owners of the system who are
 * contacts with an e-mail address, for OWNER_REASONS, unless a subscription of theirs with scope `owner` on themselves
 * exists (also a disabled one: that is how to opt out); and, when something ended, everybody who was told that it
 * broke, whatever their reasons.
 *
 * @param before - the run before the event; null when the event opened it.
 * @returns in a stable order; empty for evidence and for everything nobody asked for.
 */
export function decideNotifications(
  before: RunState | null,
  after: RunState,
  event: Event,
  audience: Audience,
): Decision[] {
  const candidates = findReasons(before, after, event);
  if (candidates.length === 0 && before?.percent === after.percent) return [];
  const reachable = indexAudience(audience);
  const problems = candidates.some(isEnding) ? problemsOf(before, after) : [];
  const strongest = new Map<string, Decision>();
  const add = (told: Told, reason: EventReason): void => {
    if (!reachable.canReach(told)) return;
    const key = `${told.channel}\0${told.contact}`;
    const known = strongest.get(key);
    if (known && strength(known.reason) <= strength(reason)) return;
    strongest.set(key, { contact: told.contact, channel: told.channel, reason });
  };
  for (const subscription of reachable.subscribers(after)) {
    const heardOfIt = problems.some((problem) => subscription.reasons.includes(problem));
    const reason = candidates.find(
      (candidate) => subscription.reasons.includes(candidate) || (heardOfIt && isEnding(candidate)),
    );
    if (reason !== undefined) add(subscription, reason);
    else if (crossesStep(before, after, event, subscription)) add(subscription, 'progress');
  }
  const ending = candidates.find(isEnding);
  if (ending !== undefined) {
    for (const runId of toldRunsOf(before, after)) {
      for (const told of audience.told?.get(runId) ?? []) add(told, ending);
    }
  }
  return [...strongest.values()];
}

/**
 * The runs whose audience so far `decideNotifications` wants in `audience.told` for an event between these states:
 * those with a problem behind them that this event answers. Empty for nearly all events.
 */
export function toldRunsOf(before: RunState | null, after: RunState): string[] {
  if (problemsOf(before, after).length === 0) return [];
  const answered = isOver(after)
    ? before === null || !isOver(before)
    : before === null || hasRecovered(before, after) || (before.waiting && !after.waiting);
  if (!answered) return [];
  return after.continues === null ? [after.runId] : [after.runId, after.continues];
}

/**
 * Everything one event means for people but progress, which depends on the subscription; strongest first. Read from what
 * changed, so that an event that changed nothing is no news.
 */
function findReasons(before: RunState | null, after: RunState, event: Event): EventReason[] {
  const reasons: EventReason[] = [];
  if (before === null || !isOver(before)) {
    const end = endReason(before, after);
    if (end !== null) reasons.push(end);
    if (event.kind === 'install-looped' && !event.detail.evidence) reasons.push('install loop');
    if (after.status === 'stalled' && before?.status !== 'stalled') reasons.push('stalled');
    if (after.waiting && before?.waiting !== true) reasons.push('waiting');
    if (end === null && hasRecovered(before, after)) reasons.push('recovered');
    if (after.late && before?.late !== true) reasons.push('late');
    if (hasStarted(before, after)) reasons.push('started');
  }
  if (!event.detail.evidence && after.integrity === 'suspicious' && (before?.integrity ?? 'intact') === 'intact')
    reasons.push('suspicious');
  return reasons.sort((a, b) => strength(a) - strength(b));
}

function endReason(before: RunState | null, after: RunState): EventReason | null {
  switch (after.status) {
    case 'failed':
    case 'terminated':
    case 'finished':
      return after.status;
    case 'cancelled':
      // Calling off what never began is no news; ending what runs is an early end like any other.
      return before === null || before.status === 'planned' ? null : 'terminated';
    default:
      return null;
  }
}

/** A stalled run moves again, a question was answered, or an end that was only inferred proved wrong. */
function hasRecovered(before: RunState | null, after: RunState): boolean {
  if (isOver(after)) return false;
  if (before === null) return after.continues !== null;
  return (before.status === 'stalled' && after.status === 'installing') || (before.waiting && !after.waiting);
}

function hasStarted(before: RunState | null, after: RunState): boolean {
  if (after.status !== 'installing' || after.continues !== null) return false;
  return before === null || before.status === 'planned';
}

/** The problems somebody may have been told of before this event. */
function problemsOf(before: RunState | null, after: RunState): EventReason[] {
  // The earlier run told of its end, and before that perhaps of what led to it.
  if (after.continues !== null) return [...PROBLEM_REASONS];
  const problems: EventReason[] = [];
  if (before !== null && before.stalledAt !== null) problems.push('stalled');
  if (before?.waiting) problems.push('waiting');
  if (before?.integrityReasons.some((reason) => reason.startsWith('install loop'))) problems.push('install loop');
  return problems;
}

function crossesStep(before: RunState | null, after: RunState, event: Event, subscription: Subscription): boolean {
  if (event.detail.evidence || !subscription.reasons.includes('progress')) return false;
  if (isOver(after) || after.percent === null) return false;
  const step = subscription.progressEvery ?? DEFAULT_PROGRESS_EVERY;
  if (!(step > 0)) return false;
  const reached = Math.floor(after.percent / step) * step;
  return reached > 0 && reached < 100 && reached > (before?.percent ?? 0);
}

function isEnding(reason: EventReason): boolean {
  return (ENDING_REASONS as readonly EventReason[]).includes(reason);
}

const STRENGTH = new Map<EventReason, number>(EVENT_REASONS.map((reason, index) => [reason, index]));

function strength(reason: EventReason): number {
  return STRENGTH.get(reason)!;
}

/** The audience, arranged so that one event costs what matches it, not what is subscribed. */
interface AudienceIndex {
  subscribers(run: RunState): Subscription[];
  canReach(told: Told): boolean;
}

/** Arranged audiences. The lists stay the same objects from batch to batch while `told` differs. */
const arranged = new WeakMap<readonly Subscription[], { contacts: readonly Contact[]; index: AudienceIndex }>();

function indexAudience(audience: Audience): AudienceIndex {
  const known = arranged.get(audience.subscriptions);
  if (known?.contacts === audience.contacts) return known.index;
  const index = arrange(audience);
  arranged.set(audience.subscriptions, { contacts: audience.contacts, index });
  return index;
}

function arrange({ contacts, subscriptions }: Audience): AudienceIndex {
  const byName = new Map(contacts.filter((contact) => contact.enabled).map((contact) => [contact.name, contact]));
  const exact = new Map<string, Subscription[]>();
  const globs: { kind: ScopeKind; value: string; subscription: Subscription }[] = [];
  const forAll: Subscription[] = [];
  const file = (subscription: Subscription): void => {
    if (subscription.channel === ANY_CHANNEL) {
      const channels = Object.keys(byName.get(subscription.contact)?.addresses ?? {});
      for (const channel of channels) file({ ...subscription, channel });
      return;
    }
    const { kind } = subscription.scope;
    const value = scopeValue(subscription);
    if (kind === 'all') forAll.push(subscription);
    else if (isGlob(value)) globs.push({ kind, value, subscription });
    else push(exact, scopeKey(kind, value), subscription);
  };
  for (const subscription of subscriptions) if (subscription.enabled) file(subscription);
  const ownWord = new Set(
    subscriptions
      .filter((entry) => entry.scope.kind === 'owner' && scopeValue(entry) === entry.contact)
      .map((entry) => entry.contact),
  );
  for (const contact of byName.values()) if (!ownWord.has(contact.name)) file(ownerSubscription(contact.name));
  return {
    subscribers(run) {
      const facets = facetsOf(run);
      const found = [...forAll];
      for (const [kind, value] of facets) found.push(...(exact.get(scopeKey(kind, value)) ?? []));
      for (const { kind, value, subscription } of globs) {
        if (facets.some(([facet, name]) => facet === kind && matchesGlob(value, name))) found.push(subscription);
      }
      return found;
    },
    canReach: ({ contact, channel }) => (byName.get(contact)?.addresses[channel]?.length ?? 0) > 0,
  };
}

/** What owners get without asking. */
function ownerSubscription(contact: string): Subscription {
  return {
    name: '',
    contact,
    channel: 'email',
    scope: { kind: 'owner', value: contact },
    reasons: OWNER_REASONS,
    progressEvery: null,
    digestMinutes: null,
    digestAt: null,
    enabled: true,
  };
}

function scopeValue(subscription: Pick<Subscription, 'scope' | 'contact'>): string {
  const { kind, value } = subscription.scope;
  return kind === 'owner' && value === '' ? subscription.contact : value;
}

/** True when the subscription is about runs like this one. */
export function coversRun(subscription: Pick<Subscription, 'scope' | 'contact'>, run: RunState): boolean {
  const { kind } = subscription.scope;
  if (kind === 'all') return true;
  const value = scopeValue(subscription);
  return facetsOf(run).some(([facet, name]) => facet === kind && matchesGlob(value, name));
}

/** The names a scope can be about, for one run. */
function facetsOf(run: RunState): [ScopeKind, string][] {
  const facets: [ScopeKind, string][] = run.owners.map((owner) => ['owner', owner]);
  if (run.system !== null) facets.push(['system', run.system]);
  if (run.profile !== null) facets.push(['profile', run.profile]);
  if (run.distro !== null) facets.push(['distro', run.distro]);
  const target = run.system ?? run.profile;
  if (target !== null) facets.push(['pattern', target]);
  return facets;
}

function scopeKey(kind: ScopeKind, value: string): string {
  return `${kind}\0${value.toLowerCase()}`;
}

function push<K, V>(map: Map<K, V[]>, key: K, value: V): void {
  const list = map.get(key);
  if (list) list.push(value);
  else map.set(key, [value]);
}
