import type { EventDetail, EventDraft, DraftKind, Instant, RunOpening } from '../../src/domain/event';
import type { PlanContext, PlannedEvent, TargetRuns } from '../../src/domain/plan';
import { planDraft, planDue } from '../../src/domain/plan';
import type { RunState } from '../../src/domain/run';
import { defaultLimits } from '../../src/domain/stall';

/** 2026-11-22 at that time of day, UTC: `at('10:20')`, `at('10:20:30')`. */
export function at(time: string): Instant {
  return Date.parse(`2026-11-22T${time.length === 5 ? `${time}:00` : time}Z`);
}

/** Six hours to give up, limits by phase. */
export const LIMITS = defaultLimits({ stallAfterMs: null, giveUpMs: 6 * 3_600_000 });

export const OPENING: Omit<RunOpening, 'kind' | 'continues'> = {
  system: 'web1',
  profile: 'web',
  distro: 'el9',
  owners: ['admin'],
  addresses: [],
  limits: LIMITS,
  expectedSeconds: null,
};

/** A draft about system web1 that arrives at `time`. */
export function draft(
  kind: DraftKind,
  time: string | Instant,
  detail: EventDetail = {},
  rest: Partial<EventDraft> = {},
): EventDraft {
  return {
    kind,
    target: { type: 'system', name: 'web1', address: null },
    source: 'update-status',
    receivedAt: typeof time === 'string' ? at(time) : time,
    claimedAt: null,
    dedupeKey: null,
    runId: null,
    detail,
    ...rest,
  };
}

/** One target in memory, fed draft by draft through the rules. */
export function machine(
  opening: Partial<typeof OPENING> = {},
  mayNetboot = false,
  learnFrom: PlanContext['learnFrom'] = () => null,
) {
  const target: TargetRuns = { last: null, earlierStarts: [], finishedRuns: 0 };
  const log: PlannedEvent[] = [];
  let runs = 0;
  const blindWindows: { from: Instant; to: Instant }[] = [];
  const context = (now: Instant): PlanContext => ({
    recordedAt: now,
    nextRunId: () => String((runs += 1)),
    opening: () => ({ ...OPENING, ...opening }),
    learnFrom,
    mayNetboot,
    blindWindows,
  });
  const report = (given: EventDraft): RunState => {
    log.push(...planDraft(target, given, context(given.receivedAt)));
    return target.last!;
  };
  return {
    target,
    log,
    report,
    blindWindows,
    /** Shorthand: report a draft built from its parts. */
    say: (kind: DraftKind, time: string | Instant, detail: EventDetail = {}, rest: Partial<EventDraft> = {}) =>
      report(draft(kind, time, detail, rest)),
    /** The watch loop looks at the clocks. */
    tick(time: string | Instant): RunState {
      const now = typeof time === 'string' ? at(time) : time;
      log.push(...planDue(target, now, context(now)));
      return target.last!;
    },
    kinds: () => log.map((event) => event.kind),
  };
}
