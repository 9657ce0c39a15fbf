import type { EventDetail, EventDraft, EventKind, Instant, RunOpening } from './event';
import { applyEvent, isProgress, namedInstaller, NETBOOTS_AGAIN } from './fold';
import { phaseOrder } from './phase';
import { isOver, type Judging, type RunKind, type RunState } from './run';
import { dueEvent, imageLimits } from './stall';

/** A repeated start of the same source within this time is the same boot asking twice (DHCP does it at every boot). */
export const SAME_BOOT_MS = 60_000;
/** An end that comes this soon after the target's last end is a late word about that run, not about a new one. */
export const LATE_END_MS = 10 * 60_000;
/** Progress in the phase in which an error was read, so long after it, is progress. */
export const PROOF_MS = 60_000;
/** A bare sign of life about a run is kept at most once in this time. */
export const CHATTER_MS = 60_000;
/** Three starts inside this time without a finish are an install loop. */
export const LOOP_WINDOW_MS = 2 * 60 * 60_000;
/** Starts without a finish that make an install loop. */
export const LOOP_STARTS = 3;

/** The integrity reason of a run that is a turn of a loop. */
export const LOOP_REASON = `install loop: ${LOOP_STARTS} starts in two hours without a finish`;

/** A blind window of the servers: nobody listened between `from` and `to`. */
export interface BlindWindow {
  from: Instant;
  to: Instant;
}

/** What the rules know of a target: its newest run and the starts that matter for loops. Changed by `planDraft`. */
export interface TargetRuns {
  /** The newest run, open or over; null before the first. */
  last: RunState | null;
  /** Starts of runs since the last finish, oldest first, without the newest run's own; only recent ones are needed. */
  earlierStarts: Instant[];
  /** Finished runs of the target so far: makes the difference between install and reinstall. */
  finishedRuns: number;
}

/** One event to store, with the run before and after it. */
export interface PlannedEvent {
  runId: string;
  seq: number;
  kind: EventKind;
  source: string;
  occurredAt: Instant;
  recordedAt: Instant;
  claimedAt: Instant | null;
  dedupeKey: string | null;
  detail: EventDetail;
  before: RunState | null;
  after: RunState;
}

/** What planning needs beyond the target: numbers for new runs and what a new run is judged by. */
export interface PlanContext {
  recordedAt: Instant;
  nextRunId(): string;
  /** Software, owners and limits for a run of this target and kind that opens now; `installer` is null while unknown. */
  opening(kind: RunKind, installer: string | null): Omit<RunOpening, 'kind' | 'continues'>;
  /** What the runs of an installer teach about a run of this kind; null when there are too few. */
  learnFrom?(installer: string, kind: RunKind): Judging | null;
  /** The target is meant to boot from the network. */
  mayNetboot: boolean;
  /** Windows that may not have been applied to every run yet, oldest first. */
  blindWindows: readonly BlindWindow[];
}

/** The source name of events the server makes itself. */
export const OWN_SOURCE = 'kickwatch';

/**
 * The events the run's clocks owe at `now`, oldest first: each deadline passed, and the blind windows between them. A
 * deadline before a window stands, since readers could see it pass. Changes `target.last`. A reader that applies the
 * same events sees what the log is going to say.
 */
export function planDue(target: TargetRuns, now: Instant, context: PlanContext): PlannedEvent[] {
  const planned: PlannedEvent[] = [];
  for (const window of context.blindWindows) {
    const run = target.last;
    if (!run || run.deadlineAt === null || window.to <= (run.blindUntil ?? 0) || window.to <= run.phaseClock) continue;
    planDeadlines(target, window.from, context, planned);
    if (target.last?.deadlineAt == null) continue;
    append(target, planned, context, {
      kind: 'clock-extended',
      occurredAt: window.to,
      detail: { blindFrom: window.from, blindTo: window.to },
    });
  }
  planDeadlines(target, now, context, planned);
  return planned;
}

function planDeadlines(target: TargetRuns, until: Instant, context: PlanContext, planned: PlannedEvent[]): void {
  while (target.last) {
    const due = dueEvent(target.last, until);
    if (!due) break;
    append(target, planned, context, due);
  }
}

/**
 * The events one draft becomes, given the target's runs; empty when it says nothing about any run. Changes `target` to
 * the state after them. Rules: the first end wins; an inferred end can be wrong; a start inside the same boot is a
 * duplicate; three starts without a finish are a loop.
 */
export function planDraft(target: TargetRuns, given: EventDraft, context: PlanContext): PlannedEvent[] {
  // Order is arrival: when our own clock was set back, the log goes on at the moment it had reached.
  const draft = { ...given, receivedAt: Math.max(given.receivedAt, latestMoment(target.last)) };
  const planned = planDue(target, draft.receivedAt, context);
  const run = target.last;
  const open = run && !isOver(run) ? run : null;
  if (draft.detail.trail && isEverydayTrail(run, open, draft)) return planned;
  switch (draft.kind) {
    case 'install-started':
      planStart(target, open, draft, context, planned);
      break;
    case 'run-planned':
      if (!open) appendDraft(target, planned, context, draft, 'new');
      break;
    case 'run-cancelled':
      // Inferred = the plan lost its reason (netboot switched off); what already runs goes on.
      if (open && (!draft.detail.inferred || open.status === 'planned')) {
        appendDraft(target, planned, context, draft, 'current');
      }
      break;
    case 'install-failed':
    case 'install-terminated':
    case 'install-finished':
      planEnd(target, open, draft, context, planned);
      break;
    case 'system-booted':
      planBoot(target, open, draft, context, planned);
      break;
    case 'netboot-disabled':
      if (run) appendDraft(target, planned, context, draft, 'current');
      break;
    case 'netboot-seen':
      planNetboot(target, open, draft, context, planned);
      break;
    case 'heard':
      if (!isMereChatter(run, draft)) planProgress(target, open, draft, context, planned);
      break;
    case 'progress-reported':
      // What another witness has said already is a sign of life.
      if (open && saysNothingNew(open, draft)) {
        if (!isMereChatter(open, draft)) planProgress(target, open, { ...draft, kind: 'heard' }, context, planned);
      } else {
        planProgress(target, open, draft, context, planned);
      }
      break;
    default:
      planProgress(target, open, draft, context, planned);
  }
  return planned;
}

/** A finished machine that asks for an address so soon after its end is still the installer. */
const REBOOT_MS = 20_000;
/** … and one that asks so late is a machine at work. */
const FIRST_BOOT_MS = 60 * 60_000;

/**
 * True for a trail that machines leave every day, whoever serves them: packages for an update, a lease that is renewed.
 * While a run is open it is the installer's; fetching answers or a boot image begins one that is planned.
 */
function isEverydayTrail(
  run: RunState | null,
  open: RunState | null,
  { kind, detail, receivedAt }: EventDraft,
): boolean {
  switch (kind) {
    case 'netboot-seen':
      return false;
    case 'system-booted': {
      const since = run?.status === 'finished' && run.bootedAt === null ? receivedAt - run.endedAt! : -1;
      return since < REBOOT_MS || since > FIRST_BOOT_MS;
    }
    default:
      if (!open) return true;
      return open.status === 'planned' && phaseOrder(detail.phase ?? 'complete') > phaseOrder('bootstrap');
  }
}

/** The latest moment the run's log tells of. */
function latestMoment(run: RunState | null): Instant {
  if (!run) return -Infinity;
  return Math.max(run.plannedAt ?? 0, run.startedAt ?? 0, run.lastHeardAt ?? 0, run.stalledAt ?? 0, run.endedAt ?? 0);
}

/** A draft that names a run the target has left behind: evidence there, whatever it says. */
export function planEvidence(run: RunState, draft: EventDraft, recordedAt: Instant): PlannedEvent[] {
  const event = {
    runId: run.runId,
    seq: run.seq + 1,
    kind: draft.kind,
    source: draft.source,
    occurredAt: draft.receivedAt,
    recordedAt,
    claimedAt: draft.claimedAt,
    dedupeKey: draft.dedupeKey,
    detail: draft.detail,
  };
  return [{ ...event, before: run, after: applyEvent(run, event) }];
}

function planStart(
  target: TargetRuns,
  open: RunState | null,
  draft: EventDraft,
  context: PlanContext,
  planned: PlannedEvent[],
): void {
  const looping = target.last?.integrityReasons.includes(LOOP_REASON) === true;
  if (open && open.status !== 'planned') {
    if (isSameStart(open, draft)) {
      appendDraft(target, planned, context, { ...draft, detail: { ...draft.detail, evidence: true } }, 'current');
      return;
    }
    append(target, planned, context, {
      kind: 'install-terminated',
      occurredAt: draft.receivedAt,
      detail: { reason: 'started over' },
    });
  }
  appendDraft(target, planned, context, draft, target.last && !isOver(target.last) ? 'current' : 'new');
  const starts = [...target.earlierStarts, draft.receivedAt].filter((at) => at > draft.receivedAt - LOOP_WINDOW_MS);
  if (starts.length >= LOOP_STARTS) {
    // A loop that goes on is logged at every turn; only its first turn is news.
    const detail: EventDetail = { reason: LOOP_REASON, ...(looping && { evidence: true }) };
    append(target, planned, context, { kind: 'install-looped', occurredAt: draft.receivedAt, detail });
  }
}

/** Same boot id, same second, or early in the run from a source that is new or spoke less than a minute ago. */
function isSameStart(run: RunState, draft: EventDraft): boolean {
  const { bootId } = draft.detail;
  if (bootId && run.bootIds.includes(bootId)) return true;
  const second = Math.floor(draft.receivedAt / 1000);
  if (Object.values(run.startedBy).some((at) => Math.floor(at / 1000) === second)) return true;
  if (bootId && run.bootIds.length > 0) return false;
  if (phaseOrder(run.phase) > phaseOrder('config')) return false;
  const started = run.startedBy[draft.source];
  return started === undefined || draft.receivedAt - started < SAME_BOOT_MS;
}

function planEnd(
  target: TargetRuns,
  open: RunState | null,
  draft: EventDraft,
  context: PlanContext,
  planned: PlannedEvent[],
): void {
  const last = target.last;
  if (open) return appendDraft(target, planned, context, draft, 'current');
  if (last && last.endInferred && last.status !== 'finished' && draft.kind === 'install-finished') {
    return appendDraft(target, planned, context, draft, 'continues');
  }
  const endedAgo = last?.endedAt == null ? Infinity : draft.receivedAt - last.endedAt;
  const opens = endedAgo >= LATE_END_MS && draft.detail.inferred !== true;
  appendDraft(target, planned, context, draft, opens ? 'new' : 'current');
}

/** The new system is alive: an open run that never said so has finished. */
function planBoot(
  target: TargetRuns,
  open: RunState | null,
  draft: EventDraft,
  context: PlanContext,
  planned: PlannedEvent[],
): void {
  if (open && open.status !== 'planned') {
    append(target, planned, context, {
      kind: 'install-finished',
      occurredAt: draft.receivedAt,
      detail: { inferred: true, reason: 'the new system booted' },
    });
  }
  if (target.last) appendDraft(target, planned, context, draft, 'current');
}

/**
 * The machine boots from the network. Before and while an installer is coming up that is its first phase. Later it is a
 * reboot: the end of an install that had asked not to be netbooted again, else another start. A machine that is not to be
 * installed boots past us all day: no run comes of a loader, and none of a kernel unless it is meant to be netbooted.
 */
function planNetboot(
  target: TargetRuns,
  open: RunState | null,
  draft: EventDraft,
  context: PlanContext,
  planned: PlannedEvent[],
): void {
  const isKernel = draft.detail.kernel === true;
  const last = target.last;
  if (open) {
    if (phaseOrder(open.phase) <= phaseOrder('config')) {
      if (isMereChatter(open, draft) && !isProgress(open, draft.detail)) return;
      return appendDraft(target, planned, context, draft, 'current');
    }
    if (open.netbootOffAt !== null && phaseOrder(open.phase) >= phaseOrder('bootloader')) {
      append(target, planned, context, {
        kind: 'install-finished',
        occurredAt: draft.receivedAt,
        detail: { inferred: true, reason: 'rebooted after it asked not to be netbooted again' },
      });
      return;
    }
    if (isKernel) planStart(target, open, startOf(draft), context, planned);
    return;
  }
  if (!isKernel) return;
  if (last?.status === 'finished') {
    if (!last.integrityReasons.includes(NETBOOTS_AGAIN)) appendDraft(target, planned, context, draft, 'current');
  } else if (context.mayNetboot) {
    planStart(target, null, startOf(draft), context, planned);
  }
}

const startOf = (draft: EventDraft): EventDraft => ({
  ...draft,
  kind: 'install-started',
  detail: { ...draft.detail, phase: 'booting' },
});

/** A sign of life right after another says nothing new; one that carries an event id is kept, as it was asked for. */
function isMereChatter(run: RunState | null, draft: EventDraft): boolean {
  if (!run || run.status === 'planned' || run.lastHeardAt === null || draft.dedupeKey !== null) return false;
  if (draft.detail.linesLost !== undefined) return false;
  return draft.receivedAt - run.lastHeardAt < CHATTER_MS;
}

/** Of an installer's words that carry no identity: nothing in them goes beyond what is known of the run. */
function saysNothingNew(run: RunState, { detail, dedupeKey }: EventDraft): boolean {
  if (detail.installer === undefined || dedupeKey !== null || isProgress(run, detail)) return false;
  return detail.packagesTotal === undefined || detail.packagesTotal === run.packagesTotal;
}

function planProgress(
  target: TargetRuns,
  open: RunState | null,
  draft: EventDraft,
  context: PlanContext,
  planned: PlannedEvent[],
): void {
  const last = target.last;
  if (open || !last) return appendDraft(target, planned, context, draft, open ? 'current' : 'new');
  const provesWrong = last.endInferred && draft.kind === 'progress-reported' && goesOn(last, draft);
  appendDraft(target, planned, context, draft, provesWrong ? 'continues' : 'current');
}

/**
 * True when progress shows that a concluded end was wrong. An error read in one log is followed by what other logs of the
 * same moment still say about the phase it struck in: only a later phase, or progress a minute later, speaks against it.
 */
function goesOn(last: RunState, draft: EventDraft): boolean {
  if (last.status === 'finished' || last.endStands || !isProgress(last, draft.detail)) return false;
  if (last.status !== 'failed') return true;
  const { phase } = draft.detail;
  if (phase !== undefined && phaseOrder(phase) > phaseOrder(last.phase)) return true;
  return draft.receivedAt - (last.endedAt ?? draft.receivedAt) > PROOF_MS;
}

type Into = 'current' | 'new' | 'continues';

function appendDraft(
  target: TargetRuns,
  planned: PlannedEvent[],
  context: PlanContext,
  draft: EventDraft,
  into: Into,
): void {
  const current = into === 'current' ? target.last : null;
  if (into === 'current' && !current) into = 'new';
  append(
    target,
    planned,
    context,
    {
      kind: draft.kind,
      occurredAt: draft.receivedAt,
      detail: draft.detail,
      source: draft.source,
      claimedAt: draft.claimedAt,
      dedupeKey: draft.dedupeKey,
    },
    into,
  );
}

interface Fact {
  kind: EventKind;
  occurredAt: Instant;
  detail: EventDetail;
  source?: string;
  claimedAt?: Instant | null;
  dedupeKey?: string | null;
}

function append(
  target: TargetRuns,
  planned: PlannedEvent[],
  context: PlanContext,
  fact: Fact,
  into: Into = 'current',
): void {
  const before = into === 'current' ? target.last : null;
  const detail = before
    ? learnInstaller(before, fact.detail, context)
    : { ...fact.detail, opened: openingOf(target, fact, context, into) };
  const event = {
    runId: before?.runId ?? context.nextRunId(),
    seq: (before?.seq ?? 0) + 1,
    kind: fact.kind,
    source: fact.source ?? OWN_SOURCE,
    occurredAt: fact.occurredAt,
    recordedAt: context.recordedAt,
    claimedAt: fact.claimedAt ?? null,
    dedupeKey: fact.dedupeKey ?? null,
    detail,
  };
  const after = applyEvent(before, event);
  if (!before && target.last) noteEarlierRun(target, target.last);
  target.last = after;
  planned.push({ ...event, before, after });
}

/**
 * A run that nothing was learned about when it opened is judged by the runs of its installer from the next phase on: with
 * the phase all clocks begin anew, so no new limit is passed in the past.
 */
function learnInstaller(run: RunState, detail: EventDetail, context: PlanContext): EventDetail {
  const installer = run.installer ?? namedInstaller(detail);
  if (installer === null || run.limits.learned || isOver(run) || !context.learnFrom) return detail;
  if (detail.phase === undefined || phaseOrder(detail.phase) <= phaseOrder(run.phase)) return detail;
  const judgedBy = context.learnFrom(installer, run.kind);
  return judgedBy ? { ...detail, judgedBy } : detail;
}

function openingOf(target: TargetRuns, fact: Fact, context: PlanContext, into: Into): RunOpening {
  const finished = target.finishedRuns + (target.last?.status === 'finished' ? 1 : 0);
  const kind: RunKind = fact.detail.kind ?? (finished > 0 ? 'reinstall' : 'install');
  const continued = into === 'continues' ? target.last : null;
  const opens = continued?.kind ?? kind;
  const opening = context.opening(opens, namedInstaller(fact.detail) ?? continued?.installer ?? null);
  return {
    ...opening,
    kind: opens,
    limits: opens === 'image' ? imageLimits(opening.limits) : opening.limits,
    continues: continued?.runId ?? null,
  };
}

/** The newest run is about to be followed by another: keep what loops and kinds need of it. */
function noteEarlierRun(target: TargetRuns, run: RunState): void {
  if (run.status === 'finished') {
    target.finishedRuns += 1;
    target.earlierStarts = [];
  } else if (run.startedAt !== null && run.continues === null) {
    target.earlierStarts = [...target.earlierStarts, run.startedAt];
  }
}
