import fc from 'fast-check';
import { DRAFT_KINDS, type DraftKind, type EventDetail, type Instant } from '../../src/domain/event';
import { applyEvent, foldRun } from '../../src/domain/fold';
import { runAt } from '../../src/domain/judgement';
import { PHASE_IDS, phaseOrder } from '../../src/domain/phase';
import type { PlannedEvent } from '../../src/domain/plan';
import { isOver, type RunState } from '../../src/domain/run';
import { at, draft, machine } from '../support/builders';

interface Arrival {
  kind: DraftKind;
  source: string;
  afterSeconds: number;
  detail: EventDetail;
  eventId: number | null;
}

const detail = fc.record(
  {
    phase: fc.constantFrom(...PHASE_IDS),
    percent: fc.integer({ min: 0, max: 100 }),
    packagesDone: fc.integer({ min: 0, max: 500 }),
    packagesTotal: fc.integer({ min: 1, max: 500 }),
    bootId: fc.constantFrom('a', 'b'),
    inferred: fc.boolean(),
    error: fc.record({ text: fc.constantFrom('disk full', 'no network') }),
  },
  { requiredKeys: [] },
);

const arrivals: fc.Arbitrary<Arrival[]> = fc.array(
  fc.record({
    kind: fc.constantFrom(...DRAFT_KINDS),
    source: fc.constantFrom('trigger', 'anamon', 'update-status'),
    afterSeconds: fc.oneof(fc.integer({ min: 0, max: 90 }), fc.integer({ min: 0, max: 20_000 })),
    detail,
    eventId: fc.option(fc.integer({ min: 0, max: 5 }), { nil: null }),
  }),
  { maxLength: 30 },
);

/** Plays arrivals through the rules; repeats of an event id are dropped, as the write path does under the lock. */
function play(given: Arrival[], options: { tickEvery?: boolean; repeat?: boolean } = {}): ReturnType<typeof machine> {
  const web1 = machine();
  const seen = new Set<number>();
  let now: Instant = at('00:00');
  for (const arrival of given) {
    now += arrival.afterSeconds * 1000;
    if (options.tickEvery && web1.target.last) web1.tick(now);
    for (let times = options.repeat ? 2 : 1; times > 0; times -= 1) {
      if (arrival.eventId !== null && seen.has(arrival.eventId)) continue;
      web1.report(draft(arrival.kind, now, arrival.detail, { source: arrival.source }));
      if (arrival.eventId !== null) seen.add(arrival.eventId);
    }
  }
  if (web1.target.last) web1.tick(now);
  return web1;
}

const byRun = (log: PlannedEvent[]): PlannedEvent[][] =>
  [...new Set(log.map((event) => event.runId))].map((id) => log.filter((event) => event.runId === id));

describe('any sequence of arrivals', () => {
  test('folds again from the log to the same runs', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        for (const events of byRun(play(given).log)) {
          const logged = JSON.parse(JSON.stringify(events)) as PlannedEvent[];
          expect(JSON.parse(JSON.stringify(foldRun(logged)))).toEqual(JSON.parse(JSON.stringify(events.at(-1)!.after)));
        }
      }),
    );
  });

  test('folds to the same end wherever the log is split', () => {
    fc.assert(
      fc.property(arrivals, fc.nat(), (given, where) => {
        for (const events of byRun(play(given).log)) {
          const cut = where % (events.length + 1);
          let half = foldRun(events.slice(0, cut));
          half = half && (JSON.parse(JSON.stringify(half)) as RunState);
          for (const event of events.slice(cut)) half = applyEvent(half, event);
          expect(JSON.parse(JSON.stringify(half))).toEqual(JSON.parse(JSON.stringify(events.at(-1)!.after)));
        }
      }),
    );
  });

  test('comes to the same whether the watch loop looked in between or the next message found the clocks run out', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        const facts = (log: PlannedEvent[]) =>
          log.map(({ runId, seq, kind, occurredAt, after }) => ({ runId, seq, kind, occurredAt, after }));
        expect(facts(play(given, { tickEvery: true }).log)).toEqual(facts(play(given).log));
      }),
    );
  });

  test('comes to the same when every message with an event id arrives twice', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        const identified = given.map((arrival, index) => ({ ...arrival, eventId: index }));
        expect(play(identified, { repeat: true }).log).toEqual(play(identified).log);
      }),
    );
  });

  test('never takes a percent back, and shows 100 on finished runs only', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        for (const { before, after } of play(given).log) {
          expect(after.percent ?? 0).toBeGreaterThanOrEqual(before?.percent ?? 0);
          expect(after.percent === 100).toBe(after.status === 'finished');
        }
      }),
    );
  });

  test('never takes a phase back', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        for (const { before, after } of play(given).log) {
          if (before) expect(phaseOrder(after.phase)).toBeGreaterThanOrEqual(phaseOrder(before.phase));
        }
      }),
    );
  });

  test('keeps the first end of every run', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        for (const { before, after } of play(given).log) {
          if (before && isOver(before)) {
            expect([after.status, after.endedAt, after.reason]).toEqual([before.status, before.endedAt, before.reason]);
          }
        }
      }),
    );
  });

  test('leaves at most one run open, and only the newest', () => {
    fc.assert(
      fc.property(arrivals, (given) => {
        const ends = byRun(play(given).log).map((events) => events.at(-1)!.after);
        expect(ends.slice(0, -1).every(isOver)).toBe(true);
      }),
    );
  });

  test('has every stall in the log that a reader could have seen', () => {
    fc.assert(
      fc.property(arrivals, fc.integer({ min: 1, max: 100_000 }), (given, later) => {
        const web1 = play(given);
        const before = web1.target.last;
        if (!before) return;
        const now = (web1.log.at(-1)?.recordedAt ?? at('00:00')) + later * 1000;
        const seen = runAt(before, now);
        const { seq: _seen, ...shown } = seen;
        const { seq: _logged, ...logged } = web1.tick(now);
        expect(shown).toEqual(logged);
      }),
    );
  });
});
