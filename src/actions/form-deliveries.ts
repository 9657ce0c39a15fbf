import { expiryOf } from '../domain/delivery';
import type { Instant } from '../domain/event';
import { collectEntries, findCommonTraits, overviewEntries, type Message, type MessageKind } from '../domain/message';
import type { Contact, Reason } from '../domain/notification';
import { isOver, type RunState } from '../domain/run';
import type { Channel } from '../notify/notifier';
import type { DroppedNotifications, NewDelivery } from '../store/deliveries';
import type { RunCounts, WaitingNotification } from '../store/notifications';
import type { Store } from '../store/index';

/** What forming messages is made of. */
export interface FormDeps {
  store: Store;
  now(): Instant;
  channels: readonly Channel[];
  /** How long a burst is collected per contact and channel. */
  groupWaitMs: number;
  publicUrl: string | null;
  newId(): string;
  /** Called when there is something new to send. */
  onFormed?(): void;
}

/** Groups taken up at once; the step asks to be run again when there may be more. */
const MAX_GROUPS = 100;

/** Tried also when the address is disabled: somebody wants to know whether it works, and success enables it again. */
const TRIALS: readonly Reason[] = ['on demand', 'test'];

const REQUEST_KINDS: Readonly<Partial<Record<Reason, MessageKind>>> = {
  digest: 'digest',
  'on demand': 'status',
  test: 'test',
  undeliverable: 'undeliverable',
};

/** Notifications that become one message: one contact, one channel, news of one window or one request. */
interface Group {
  contact: string;
  channel: string;
  request: string;
  items: WaitingNotification[];
}

/**
 * Forms deliveries of everything whose grouping window has closed: one message per contact and channel, one delivery per
 * address. News and its ending inside one window become one message that names both. What has grown too old meanwhile,
 * or has no address to go to, is marked so. One transaction; of several servers one forms at a time.
 *
 * @returns true when there may be more to do at once.
 */
export async function formDeliveries(deps: FormDeps): Promise<boolean> {
  const now = deps.now();
  if (!(await deps.store.notifications.hasDue(now - deps.groupWaitMs))) return false;
  const again = await deps.store.transaction(async (store) => {
    if (!(await store.notifications.lockForming())) return false;
    const due = await store.notifications.findDue(now - deps.groupWaitMs, MAX_GROUPS);
    if (due.length === 0) return false;
    const isFresh = (item: WaitingNotification): boolean => expiryOf(item.reason, item.createdAt) > now;
    const groups = groupOf(due.filter(isFresh));
    const dropped: DroppedNotifications[] = [
      { ids: due.filter((item) => !isFresh(item)).map((item) => item.id), outcome: 'expired' },
    ];
    const facts = await loadFacts(store, groups);
    const deliveries: NewDelivery[] = [];
    for (const group of groups) {
      const formed = formGroup(deps, group, facts, now);
      if (formed.length > 0) deliveries.push(...formed);
      else dropped.push({ ids: group.items.map((item) => item.id), outcome: 'no address' });
    }
    await store.deliveries.form(deliveries, dropped, now);
    return groups.length >= MAX_GROUPS;
  });
  deps.onFormed?.();
  return again;
}

function groupOf(items: readonly WaitingNotification[]): Group[] {
  const groups = new Map<string, Group>();
  for (const item of items) {
    const key = `${item.contact}\0${item.channel}\0${item.request}`;
    const known = groups.get(key);
    if (known) known.items.push(item);
    else groups.set(key, { contact: item.contact, channel: item.channel, request: item.request, items: [item] });
  }
  return [...groups.values()];
}

interface Facts {
  contacts: ReadonlyMap<string, Contact>;
  disabled: ReadonlySet<string>;
  runs: ReadonlyMap<string, RunState>;
  macs: ReadonlyMap<string, readonly string[]>;
  counts: RunCounts | null;
}

/** Everything the messages speak of, in a few statements for all of them. */
async function loadFacts(store: Store, groups: readonly Group[]): Promise<Facts> {
  const contacts = await store.contacts.find([...new Set(groups.map((group) => group.contact))]);
  const byName = new Map(contacts.map((contact) => [contact.name, contact]));
  const addresses = groups.flatMap(({ contact, channel }) =>
    (byName.get(contact)?.addresses[channel] ?? []).map((address) => ({ channel, address })),
  );
  const runIds = new Set(groups.flatMap((group) => group.items.flatMap(runsOf)));
  const runs = await store.runs.load([...runIds]);
  const systems = [...new Set(runs.flatMap((run) => (run.system === null ? [] : [run.system])))];
  const targets = await store.inventory.findTargets(systems.map((name) => ({ type: 'system', name })));
  const isMany = groups.some((group) => group.request === '' && group.items.length > 1);
  return {
    contacts: byName,
    disabled: await store.contacts.findDisabled(addresses),
    runs: new Map(runs.map((run) => [run.runId, run])),
    macs: new Map(targets.map((target) => [target.name, target.macs])),
    counts: isMany ? await store.notifications.countRuns() : null,
  };
}

function runsOf(item: WaitingNotification): string[] {
  return item.request === '' ? [item.runId] : (item.detail?.runIds ?? []);
}

/** One delivery per address that can be written to; all say the same. */
function formGroup(deps: FormDeps, group: Group, facts: Facts, now: Instant): NewDelivery[] {
  const contact = facts.contacts.get(group.contact);
  const channel = deps.channels.find(({ kind }) => kind === group.channel);
  const isTrial = group.items.some((item) => TRIALS.includes(item.reason));
  if (!contact || !channel || (!contact.enabled && !isTrial)) return [];
  const addresses = (contact.addresses[group.channel] ?? []).filter(
    (address) => isTrial || !facts.disabled.has(`${group.channel}\0${address}`),
  );
  if (addresses.length === 0) return [];
  const content = channel.render(composeMessage(deps, group, facts, { contact, now }));
  return [...new Set(addresses)].map((address) => ({
    id: deps.newId(),
    contact: group.contact,
    channel: group.channel,
    address,
    ordered: group.request === '',
    content,
    notificationIds: group.items.map((item) => item.id),
    createdAt: now,
    expiresAt: Math.max(...group.items.map((item) => expiryOf(item.reason, item.createdAt))),
  }));
}

function composeMessage(deps: FormDeps, group: Group, facts: Facts, to: { contact: Contact; now: Instant }): Message {
  const base = {
    contact: to.contact.name,
    timeZone: to.contact.timeZone,
    at: to.now,
    publicUrl: deps.publicUrl,
  };
  const [first] = group.items;
  if (group.request !== '') {
    const runs = runsOf(first!).flatMap((runId) => facts.runs.get(runId) ?? []);
    return {
      ...base,
      kind: REQUEST_KINDS[first!.reason] ?? 'status',
      entries: overviewEntries(runs, facts),
      common: [],
      running: null,
      note: first!.detail?.note ?? null,
    };
  }
  const entries = collectEntries(group.items, facts);
  const over = entries.filter((entry) => isOver(entry.run)).length;
  return {
    ...base,
    kind: 'news',
    entries,
    common: findCommonTraits(entries, facts.counts?.byProfile),
    running: facts.counts === null ? null : facts.counts.total + over,
    note: null,
  };
}
