import fc from 'fast-check';
import { DRAFT_KINDS } from '../../src/domain/event';
import {
  decideNotifications,
  EVENT_REASONS,
  PROBLEM_REASONS,
  SCOPE_KINDS,
  toldRunsOf,
  type Decision,
  type Subscription,
  type Told,
} from '../../src/domain/notification';
import { PHASE_IDS } from '../../src/domain/phase';
import type { PlannedEvent } from '../../src/domain/plan';
import { isOver } from '../../src/domain/run';
import { contact, subscription } from '../support/audience';
import { at, draft, machine } from '../support/builders';

const arrivals = fc.array(
  fc.record({
    kind: fc.constantFrom(...DRAFT_KINDS),
    source: fc.constantFrom('trigger', 'anamon'),
    afterSeconds: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 20_000 })),
    detail: fc.record(
      {
        phase: fc.constantFrom(...PHASE_IDS),
        percent: fc.integer({ min: 0, max: 100 }),
        bootId: fc.constantFrom('a', 'b'),
        inferred: fc.boolean(),
      },
      { requiredKeys: [] },
    ),
  }),
  { maxLength: 25 },
);

const NAMES = ['ann', 'bob', 'admin'];
const contacts = NAMES.map((name) => contact(name));

const subscriptions: fc.Arbitrary<Subscription[]> = fc
  .array(
    fc.record({
      contact: fc.constantFrom(...NAMES),
      channel: fc.constantFrom('email', 'sms'),
      kind: fc.constantFrom(...SCOPE_KINDS),
      value: fc.constantFrom('web1', 'web', 'el9', 'admin', 'w*', 'other', ''),
      reasons: fc.uniqueArray(fc.constantFrom(...EVENT_REASONS)),
      every: fc.option(fc.integer({ min: 1, max: 60 }), { nil: null }),
      enabled: fc.boolean(),
    }),
    { maxLength: 6 },
  )
  .map((list) =>
    list.map(({ contact: of, kind, value, every, ...rest }) =>
      subscription(of, { ...rest, scope: { kind, value }, progressEvery: every }),
    ),
  );

function play(given: typeof arrivals extends fc.Arbitrary<infer T> ? T : never): PlannedEvent[] {
  const web1 = machine();
  let now = at('00:00');
  for (const { kind, source, afterSeconds, detail } of given) {
    now += afterSeconds * 1000;
    web1.report(draft(kind, now, detail, { source }));
  }
  return web1.log;
}

const keyOf = (told: Told): string => `${told.contact}:${told.channel}`;

/** A repeated start may be the first to tell of a later phase, which is progress. */
const hasChanged = ({ before, after }: PlannedEvent): boolean =>
  before?.status !== after.status || before.waiting !== after.waiting;

test('an event makes at most one decision per contact and channel, and evidence that changes nothing makes none', () => {
  fc.assert(
    fc.property(arrivals, subscriptions, (given, list) => {
      for (const event of play(given)) {
        const decisions = decideNotifications(event.before, event.after, event, { contacts, subscriptions: list });
        expect(new Set(decisions.map(keyOf)).size).toBe(decisions.length);
        const changed = event.before === null || event.before.integrity !== event.after.integrity;
        if (event.before && isOver(event.before) && !changed) expect(decisions).toEqual([]);
        if (event.detail.evidence && !hasChanged(event)) expect(decisions).toEqual([]);
      }
    }),
    { numRuns: 300 },
  );
});

/** Plays a log past an audience that is exchanged in the middle, remembering who was told, as the store would. */
function tell(log: PlannedEvent[], before: Subscription[], after: Subscription[], remember: boolean) {
  const told = new Map<string, Told[]>();
  const open = new Map<string, { runId: string; who: Told }>();
  const broken: string[] = [];
  log.forEach((event, index) => {
    const current = { contacts, subscriptions: index < log.length / 2 ? before : after };
    const asked = toldRunsOf(event.before, event.after);
    const known = new Map(asked.map((runId) => [runId, told.get(runId) ?? []]));
    const decisions = decideNotifications(
      event.before,
      event.after,
      event,
      remember ? { ...current, told: known } : current,
    );
    settle(event, decisions, open, broken);
    if (event.before === null && event.after.continues !== null) {
      const heard = new Set(decisions.map(keyOf));
      for (const who of told.get(event.after.continues) ?? []) {
        if (!heard.has(keyOf(who))) broken.push(`${keyOf(who)} was not told that ${event.after.continues} goes on`);
      }
    }
    for (const decision of decisions) {
      if (!isPromise(decision)) continue;
      told.set(event.runId, [...(told.get(event.runId) ?? []), decision]);
      const key = `${event.runId}:${keyOf(decision)}`;
      if (decision.reason === 'recovered') open.delete(key);
      else if (!isOver(event.after)) open.set(key, { runId: event.runId, who: decision });
    }
  });
  return broken;
}

/** What the store's list of told people holds: problems, and the recovery from one. */
function isPromise(decision: Decision): boolean {
  return decision.reason === 'recovered' || (PROBLEM_REASONS as readonly string[]).includes(decision.reason);
}

/** A run that ends must tell everybody it worried and did not relieve since. */
function settle(
  event: PlannedEvent,
  decisions: Decision[],
  open: Map<string, { runId: string; who: Told }>,
  broken: string[],
): void {
  if (!isOver(event.after) || (event.before && isOver(event.before))) return;
  const heard = new Set(decisions.map(keyOf));
  for (const [key, promise] of open) {
    if (promise.runId !== event.runId) continue;
    if (!heard.has(keyOf(promise.who))) broken.push(`${key} at ${event.kind}`);
    open.delete(key);
  }
}

test('whoever was told of a problem is told how the run ended, whatever happens to subscriptions meanwhile', () => {
  fc.assert(
    fc.property(arrivals, subscriptions, subscriptions, (given, before, after) => {
      expect(tell(play(given), before, after, true)).toEqual([]);
    }),
    { numRuns: 500 },
  );
});

test('with unchanged subscriptions a stall is answered even when nobody looks up who was told', () => {
  const stalls = subscriptions.map((list) => list.map((entry) => ({ ...entry, reasons: ['stalled'] as const })));
  fc.assert(
    fc.property(arrivals, stalls, (given, list) => {
      const withoutOwners = list.map((entry) => ({ ...entry, channel: 'sms' }));
      const broken = tell(play(given), withoutOwners, withoutOwners, false).filter((entry) => entry.includes(':sms'));
      expect(broken).toEqual([]);
    }),
    { numRuns: 300 },
  );
});
