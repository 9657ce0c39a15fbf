import type { Event, EventDetail, Instant } from './event';
import { estimatePercent, interpolatePercent } from './percent';
import { PHASE_IDS, phaseBand, phaseOrder, type Phase } from './phase';
import { isOver, type RunError, type RunKind, type RunState, type RunStatus } from './run';
import { imageLimits, nextDeadline } from './stall';

/** Errors kept per run: the first one explains most, so the oldest and the newest survive. */
const MAX_ERRORS = 50;
/** Characters all of them may have together: the state is written anew with every event. */
const MAX_ERROR_CHARS = 32_768;
/** Failures read in logs so soon after one another are one failure; what its files say of it comes in one by one. */
const SAME_FAILURE_MS = 60_000;
/** Boot identities and addresses kept per run; more are evidence in the log only. */
const MAX_IDENTITIES = 20;

/** The integrity reason of a finished run whose machine booted an installer again. */
export const NETBOOTS_AGAIN = 'netboots again: an installer was booted after it finished';

/** Events made by the server itself: they say nothing about the machine having been heard. */
const OWN_KINDS = new Set([
  'run-planned',
  'run-late',
  'run-stalled',
  'install-looped',
  'clock-extended',
  'run-cancelled',
]);

/**
 * The run after one more event. Pure and total; a run that is over changes no more but for evidence (last heard, first
 * boot, late errors).
 *
 * @param run - null for the event that opens the run; that event carries `detail.opened`.
 */
export function applyEvent(run: RunState | null, event: Event): RunState {
  const before = run ?? openRun(event);
  const state: RunState = { ...before, seq: event.seq };
  hear(state, event);
  if (isOver(before)) return addEvidence(state, event);
  raiseByTime(state, event.occurredAt);
  if (event.detail.judgedBy) Object.assign(state, event.detail.judgedBy);
  changeState(state, event);
  Object.assign(state, nextDeadline(state));
  return state;
}

/** Folds the whole log of one run, in `seq` order; null for an empty log. */
export function foldRun(events: Iterable<Event>): RunState | null {
  let run: RunState | null = null;
  for (const event of events) run = applyEvent(run, event);
  return run;
}

/**
 * True when the detail shows measurable progress beyond the run's state: a later phase, more packages, more bytes, a
 * higher percent. Chatter never is.
 */
export function isProgress(run: RunState, detail: EventDetail): boolean {
  return (
    (detail.phase !== undefined && phaseOrder(detail.phase) > phaseOrder(run.phase)) ||
    (detail.packagesDone !== undefined && detail.packagesDone > (run.packagesDone ?? 0)) ||
    (detail.bytesDone !== undefined && detail.bytesDone > (run.bytesDone ?? 0)) ||
    (detail.estimate !== undefined && detail.estimate > (run.stepPercent ?? 0)) ||
    (detail.percent !== undefined && belowFinished(detail.percent) > (run.percent ?? 0))
  );
}

function openRun(event: Event): RunState {
  const opening = event.detail.opened;
  if (!opening) throw new Error(`event ${event.runId}.${event.seq} (${event.kind}) opens no run`);
  return {
    runId: event.runId,
    seq: 0,
    status: 'planned',
    late: false,
    lateTotal: false,
    waiting: false,
    question: null,
    kind: opening.kind,
    system: opening.system,
    profile: opening.profile,
    distro: opening.distro,
    owners: opening.owners,
    addresses: opening.addresses,
    phase: 'pending',
    phaseSince: event.occurredAt,
    percent: null,
    percentOrigin: null,
    packagesDone: null,
    packagesTotal: null,
    bytesDone: null,
    stepPercent: null,
    message: null,
    etaAt: null,
    integrity: 'intact',
    integrityReasons: [],
    plannedAt: null,
    startedAt: null,
    lastHeardAt: null,
    lastProgressAt: null,
    endedAt: null,
    bootedAt: null,
    reason: null,
    endInferred: false,
    endStands: false,
    endExplains: null,
    netbootOffAt: null,
    linesLost: 0,
    stalledAt: null,
    deadlineAt: null,
    deadlineKind: null,
    errors: [],
    expectedSeconds: opening.expectedSeconds,
    continues: opening.continues,
    limits: opening.limits,
    skewMs: null,
    installer: null,
    startedBy: {},
    bootIds: [],
    timeline: [],
    blindMs: 0,
    blindUntil: null,
    progressClock: event.occurredAt,
    phaseClock: event.occurredAt,
    stallClock: null,
  };
}

function hear(state: RunState, event: Event): void {
  if (OWN_KINDS.has(event.kind) || (event.kind === 'install-terminated' && event.detail.reason === 'given up')) return;
  if (event.kind === 'install-terminated' && event.detail.reason === 'started over') return;
  state.lastHeardAt = Math.max(state.lastHeardAt ?? event.occurredAt, event.occurredAt);
  const { address, bootId, linesLost } = event.detail;
  if (linesLost !== undefined) state.linesLost += linesLost;
  state.installer ??= namedInstaller(event.detail);
  if (address && address !== '?' && !state.addresses.includes(address) && state.addresses.length < MAX_IDENTITIES) {
    state.addresses = [...state.addresses, address];
  }
  if (bootId && !state.bootIds.includes(bootId) && state.bootIds.length < MAX_IDENTITIES) {
    state.bootIds = [...state.bootIds, bootId];
  }
  if (event.claimedAt !== null) {
    const skew = event.claimedAt - event.occurredAt;
    if (state.skewMs === null || Math.abs(skew) > Math.abs(state.skewMs)) state.skewMs = skew;
  }
}

/** The installer whose words these are; a server that tells of a machine is none. */
export function namedInstaller({ installer, trail }: EventDetail): string | null {
  return trail ? null : (installer ?? null);
}

function addEvidence(state: RunState, event: Event): RunState {
  if (event.kind === 'system-booted' && state.bootedAt === null) state.bootedAt = event.occurredAt;
  if (event.kind === 'netboot-seen' && event.detail.kernel && state.status === 'finished')
    suspect(state, NETBOOTS_AGAIN);
  if ((event.kind === 'error-reported' || event.kind === 'install-failed') && event.detail.error) {
    addError(state, event, false);
    if (state.status === 'finished') suspect(state, 'errors were logged but it finished');
  }
  if (state.endExplains !== null && event.occurredAt - state.endedAt! <= SAME_FAILURE_MS) learnMore(state, event);
  return state;
}

/** What the other lines of that moment say of a failure read in a log: how far it had come, and better words. */
function learnMore(state: RunState, { kind, detail }: Event): void {
  if (kind !== 'install-failed' && !(kind === 'progress-reported' && state.endStands)) return;
  if (detail.phase !== undefined && phaseOrder(detail.phase) > phaseOrder(state.phase)) {
    state.phase = detail.phase;
    state.percent = Math.max(state.percent ?? 0, phaseBand(detail.phase)[0]);
    state.percentOrigin ??= 'estimated';
  }
  const { error, explains = 0 } = detail;
  if (kind !== 'install-failed' || !error || explains <= state.endExplains!) return;
  state.endExplains = explains;
  state.integrityReasons = state.integrityReasons.map((reason) => (reason === state.reason ? error.text : reason));
  state.reason = error.text;
  state.errors = state.errors.map((known) => (known.text === error.text ? { ...known, fatal: true } : known));
}

function changeState(state: RunState, event: Event): void {
  const { detail, occurredAt } = event;
  if (detail.suspicion !== undefined) suspect(state, detail.suspicion);
  switch (event.kind) {
    case 'run-planned':
      state.plannedAt ??= occurredAt;
      return;
    case 'install-started':
      // A repeated start, from another witness as a rule, may still know more of the phase.
      if (state.status === 'planned') setKind(state, detail.kind ?? state.kind);
      begin(state, occurredAt);
      state.startedBy = { ...state.startedBy, [event.source]: state.startedBy[event.source] ?? occurredAt };
      progress(state, { ...detail, phase: detail.phase ?? 'config' }, occurredAt);
      return;
    case 'progress-reported':
      begin(state, occurredAt);
      progress(state, detail, occurredAt);
      return;
    case 'heard':
      begin(state, occurredAt);
      if (detail.message) state.message = detail.message;
      return;
    case 'netboot-disabled':
      begin(state, occurredAt);
      state.netbootOffAt ??= occurredAt;
      return;
    case 'netboot-seen':
      begin(state, occurredAt);
      progress(state, { ...detail, phase: 'booting' }, occurredAt);
      return;
    case 'waiting-reported':
      begin(state, occurredAt);
      progress(state, detail, occurredAt);
      // Read in a log that comes late: the run has long gone on from there.
      if (detail.witness && detail.phase !== undefined && phaseOrder(detail.phase) < phaseOrder(state.phase)) return;
      state.waiting = true;
      state.question = detail.question ?? detail.message ?? null;
      return;
    case 'error-reported':
      begin(state, occurredAt);
      progress(state, detail, occurredAt);
      addError(state, event, false);
      return;
    case 'install-failed':
      begin(state, occurredAt);
      progress(state, detail, occurredAt);
      addError(state, event, true);
      end(state, 'failed', event, detail.error?.text ?? detail.message ?? 'an error was reported');
      return;
    case 'install-terminated':
      end(state, 'terminated', event, detail.reason ?? 'reported');
      return;
    case 'install-finished':
      begin(state, occurredAt);
      end(state, 'finished', event, null);
      return;
    case 'run-cancelled':
      end(state, 'cancelled', event, detail.reason ?? null);
      return;
    case 'system-booted':
      // What boots before a planned run begins is the system it is going to replace.
      if (state.status !== 'planned') state.bootedAt ??= occurredAt;
      return;
    case 'run-late':
      state.late = true;
      if (detail.clock === 'total') state.lateTotal = true;
      return;
    case 'run-stalled':
      state.status = 'stalled';
      state.late = false;
      state.lateTotal = false;
      state.stalledAt = occurredAt;
      state.stallClock = occurredAt;
      state.reason = detail.reason ?? null;
      return;
    case 'install-looped':
      suspect(state, detail.reason ?? 'install loop');
      return;
    case 'clock-extended':
      extendClocks(state, detail.blindFrom ?? occurredAt, detail.blindTo ?? occurredAt);
      return;
    default:
      assertNever(event.kind);
  }
}

function setKind(state: RunState, kind: RunKind): void {
  if (kind === 'image' && state.kind !== 'image') state.limits = imageLimits(state.limits);
  state.kind = kind;
}

/** A planned run that is heard of is installing. */
function begin(state: RunState, at: Instant): void {
  if (state.status !== 'planned') return;
  state.status = 'installing';
  state.startedAt = at;
  state.phaseSince = at;
  state.phaseClock = at;
  state.progressClock = at;
  state.timeline = [{ phase: state.phase, at, longestGapMs: 0 }];
}

/** Takes over what is measurable; anything measurable resets the no-progress clock and brings a stalled run back. */
function progress(state: RunState, detail: EventDetail, at: Instant): void {
  if (detail.message) state.message = detail.message;
  if (detail.etaSeconds !== undefined) state.etaAt = at + detail.etaSeconds * 1000;
  if (detail.packagesTotal !== undefined) state.packagesTotal = detail.packagesTotal;
  if (!isProgress(state, detail)) return;

  noteGap(state, at);
  if (detail.phase !== undefined && phaseOrder(detail.phase) > phaseOrder(state.phase)) {
    state.phase = detail.phase;
    state.phaseSince = at;
    state.phaseClock = at;
    state.lateTotal = false;
    // A phase that was left the moment it was entered was never in: the first message names the real one.
    const stayed = state.timeline.at(-1)?.at === at ? state.timeline.slice(0, -1) : state.timeline;
    state.timeline = [...stayed, { phase: detail.phase, at, longestGapMs: 0 }];
  }
  if (detail.packagesDone !== undefined) state.packagesDone = Math.max(state.packagesDone ?? 0, detail.packagesDone);
  if (detail.bytesDone !== undefined) state.bytesDone = Math.max(state.bytesDone ?? 0, detail.bytesDone);
  if (detail.estimate !== undefined) state.stepPercent = Math.max(state.stepPercent ?? 0, detail.estimate);
  noteQuarter(state, detail, at);
  raisePercent(state, detail);
  state.lastProgressAt = at;
  state.progressClock = at;
  state.late = state.lateTotal;
  state.waiting = false;
  state.question = null;
  if (state.status === 'stalled') {
    state.status = 'installing';
    state.stallClock = null;
    state.reason = null;
  }
}

/** 100 belongs to the end: a client that says it over and over makes no progress by it. */
function belowFinished(percent: number): number {
  return Math.min(percent, 99);
}

/** What a client reports is the whole install and kept as sent; estimates stay in their band and fill the gaps. */
function raisePercent(state: RunState, detail: EventDetail): void {
  const current = state.percent ?? 0;
  const reported = detail.percent === undefined ? null : belowFinished(detail.percent);
  if (reported !== null && reported >= current) {
    state.percent = reported;
    state.percentOrigin = 'reported';
    return;
  }
  const counted = estimatePercent(
    state.phase,
    detail.packageStep ?? 'install',
    state.packagesDone,
    state.packagesTotal,
  );
  const estimated = Math.max(counted, inBand(state.phase, detail.estimate ?? 0));
  if (estimated > (state.percent ?? -1)) {
    state.percent = estimated;
    state.percentOrigin = 'estimated';
  }
}

/** An estimate of ours stays in the band of its phase. */
function inBand(phase: Phase, percent: number): number {
  const [low, high] = phaseBand(phase);
  return Math.min(Math.max(percent, low), high, 99);
}

/** What a reader was shown a moment ago is not taken back by the next event. */
function raiseByTime(state: RunState, at: Instant): void {
  const percent = interpolatePercent(state, at);
  if (percent === null) return;
  state.percent = percent;
  state.percentOrigin = 'estimated';
}

function noteGap(state: RunState, at: Instant): void {
  const last = state.timeline.at(-1);
  if (!last) return;
  const gap = at - state.progressClock;
  const noted = state.waiting
    ? { ...last, waitedMs: (last.waitedMs ?? 0) + gap }
    : { ...last, longestGapMs: Math.max(gap, last.longestGapMs) };
  state.timeline = [...state.timeline.slice(0, -1), noted];
}

/** Quarters of what is counted in the phase, as they are passed: within a long phase they say how far it is. */
function noteQuarter(state: RunState, detail: EventDetail, at: Instant): void {
  const last = state.timeline.at(-1);
  const share = shareDone(state, detail);
  if (!last || share === null) return;
  const quarters = last.quarters ?? [];
  const passed = Math.min(3, Math.floor(share * 4));
  if (passed <= quarters.length) return;
  const added = Array<Instant>(passed - quarters.length).fill(at);
  state.timeline = [...state.timeline.slice(0, -1), { ...last, quarters: [...quarters, ...added] }];
}

/** Share of the packages, else of the bytes; null where this event counts neither against a total. */
function shareDone(state: RunState, { packagesDone, bytesDone, bytesTotal }: EventDetail): number | null {
  if (packagesDone !== undefined && state.packagesTotal) return packagesDone / state.packagesTotal;
  return bytesDone !== undefined && bytesTotal ? bytesDone / bytesTotal : null;
}

function end(state: RunState, status: RunStatus, event: Event, reason: string | null): void {
  noteGap(state, event.occurredAt);
  state.status = status;
  state.endedAt = event.occurredAt;
  state.reason = reason;
  state.endInferred = event.detail.inferred === true;
  state.endStands = event.detail.stands === true;
  state.endExplains = status === 'failed' && state.endInferred ? (event.detail.explains ?? 0) : null;
  state.late = false;
  state.lateTotal = false;
  state.waiting = false;
  state.question = null;
  state.stallClock = null;
  state.etaAt = null;
  if (status === 'finished') {
    state.phase = 'complete';
    state.phaseSince = event.occurredAt;
    state.percent = 100;
    state.percentOrigin ??= 'estimated';
    state.timeline = [...state.timeline, { phase: 'complete', at: event.occurredAt, longestGapMs: 0 }];
    judgeFinish(state);
  } else if (status === 'failed' || status === 'terminated') {
    state.integrity = 'broken';
    state.integrityReasons = [...state.integrityReasons, reason ?? status];
  }
}

function judgeFinish(state: RunState): void {
  if (state.errors.length > 0) suspect(state, 'errors were logged but it finished');
  const { tooFastMs, usualMs } = state.limits;
  if (state.startedAt === null || state.endedAt === null) return;
  if (tooFastMs !== null && state.endedAt - state.startedAt < tooFastMs) {
    suspect(state, 'finished much faster than any run of this profile');
  }
  const seen = new Set<Phase>(state.timeline.map((entry) => entry.phase));
  // In the order of the phases: that of the keys is not the same before and after they were stored.
  const missing = PHASE_IDS.filter((phase) => usualMs[phase] !== undefined && !seen.has(phase));
  if (missing.length > 0) suspect(state, `never seen: ${missing.join(', ')}`);
}

function suspect(state: RunState, reason: string): void {
  if (state.integrity === 'intact') state.integrity = 'suspicious';
  if (!state.integrityReasons.includes(reason)) state.integrityReasons = [...state.integrityReasons, reason];
}

function addError(state: RunState, event: Event, fatal: boolean): void {
  const error = event.detail.error ?? { text: event.detail.message ?? 'an error was reported' };
  // The same words from another file or another witness are the same error.
  if (state.errors.some((known) => known.text === error.text)) {
    if (fatal) {
      state.errors = state.errors.map((known) => (known.text === error.text ? { ...known, fatal: true } : known));
    }
    return;
  }
  const added = { ...error, at: event.occurredAt, phase: state.phase, source: event.source, fatal };
  let kept = state.errors.length < MAX_ERRORS ? state.errors : state.errors.slice(0, MAX_ERRORS - 1);
  while (kept.length > 1 && errorChars([...kept, added]) > MAX_ERROR_CHARS) kept = kept.slice(0, -1);
  state.errors = [...kept, added];
}

function errorChars(errors: readonly RunError[]): number {
  return errors.reduce((sum, { text, context = [] }) => sum + text.length + context.join('').length, 0);
}

/** Moves every clock that was running on by the part of the window it ran through. */
function extendClocks(state: RunState, from: Instant, to: Instant): void {
  const move = (clock: Instant): Instant => clock + Math.max(0, to - Math.max(from, clock));
  state.progressClock = move(state.progressClock);
  state.phaseClock = move(state.phaseClock);
  if (state.stallClock !== null) state.stallClock = move(state.stallClock);
  state.blindMs += Math.max(0, to - from);
  state.blindUntil = Math.max(state.blindUntil ?? to, to);
}

function assertNever(kind: never): never {
  throw new Error(`unknown event kind ${String(kind)}`);
}
