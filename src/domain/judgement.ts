import type { Instant } from './event';
import { applyEvent } from './fold';
import { interpolatePercent } from './percent';
import { phaseOrder, type Phase } from './phase';
import { isOver, type RunLimits, type RunState, type TimelineEntry } from './run';
import { defaultLimits, dueEvent } from './stall';

/** Finished runs needed before history is believed. */
export const MIN_HISTORY = 5;
/** A learned limit is this many times the longest silence nineteen of twenty finished runs showed … */
const NO_PROGRESS_MARGIN = 3;
/** … and a phase is overlong at twice the time nineteen of twenty took. */
const TOTAL_MARGIN = 2;
/** Nothing is judged stalled sooner than this, however fast the history: installers report every minute at best. */
const MIN_NO_PROGRESS_MS = 2 * 60_000;
/** Nothing is judged overlong sooner than this. */
const MIN_TOTAL_MS = 5 * 60_000;
/** Faster than this share of the fastest finished run is too good to be true. */
const TOO_FAST_SHARE = 0.25;
/** A phase counts as usual when this share of the finished runs went through it. */
const USUAL_SHARE = 0.9;

/** One finished run as history: when it started and ended, and its phases. */
export interface FinishedRun {
  startedAt: Instant;
  endedAt: Instant;
  timeline: TimelineEntry[];
}

/** Finished runs something can be learned from, and what they have in common. */
export interface History {
  runs: FinishedRun[];
  /** For people: `12 runs of profile web`. */
  origin: string;
}

/** Value below which the share `q` of the sorted numbers lies (nearest rank); NaN for an empty list. */
export function quantile(sorted: readonly number[], q: number): number {
  return sorted[Math.min(sorted.length - 1, Math.max(0, Math.ceil(q * sorted.length) - 1))] ?? NaN;
}

function sortedNumbers(values: number[]): number[] {
  return values.sort((a, b) => a - b);
}

/** How long each phase of a finished run took, in milliseconds. */
function phaseDurations(run: FinishedRun): Map<Phase, number> {
  const durations = new Map<Phase, number>();
  run.timeline.forEach((entry, index) => {
    const until = run.timeline[index + 1]?.at ?? run.endedAt;
    if (entry.phase !== 'complete') durations.set(entry.phase, until - entry.at);
  });
  return durations;
}

/**
 * The limits a new run is judged by: learned from history where there are at least five finished runs, else the
 * defaults. `stallAfterMs` (a setting for trials) replaces every no-progress limit.
 */
export function chooseLimits(
  history: History | null,
  options: { stallAfterMs: number | null; giveUpMs: number },
): { limits: RunLimits; expectedSeconds: number | null } {
  const limits = defaultLimits(options);
  if (!history || history.runs.length < MIN_HISTORY) return { limits, expectedSeconds: null };

  const durations = new Map<Phase, number[]>();
  const gaps = new Map<Phase, number[]>();
  for (const run of history.runs) {
    for (const [phase, ms] of phaseDurations(run)) durations.set(phase, [...(durations.get(phase) ?? []), ms]);
    for (const entry of run.timeline) gaps.set(entry.phase, [...(gaps.get(entry.phase) ?? []), entry.longestGapMs]);
  }
  for (const [phase, values] of durations) {
    const sorted = sortedNumbers(values);
    if (sorted.length < MIN_HISTORY) continue;
    limits.totalMs[phase] = Math.max(MIN_TOTAL_MS, Math.round(quantile(sorted, 0.95) * TOTAL_MARGIN));
    if (sorted.length >= USUAL_SHARE * history.runs.length) limits.usualMs[phase] = quantile(sorted, 0.5);
    if (options.stallAfterMs === null) {
      const longest = quantile(sortedNumbers(gaps.get(phase) ?? []), 0.95);
      limits.noProgressMs[phase] = Math.max(MIN_NO_PROGRESS_MS, Math.round(longest * NO_PROGRESS_MARGIN));
    }
  }
  const totals = sortedNumbers(history.runs.map((run) => run.endedAt - run.startedAt));
  limits.tooFastMs = Math.round(quantile(totals, 0) * TOO_FAST_SHARE);
  return { limits, expectedSeconds: Math.round(quantile(totals, 0.5) / 1000) };
}

/** What a reader is shown: the run as it is at this moment, with the estimates and where they come from. */
export interface RunView {
  run: RunState;
  percent: number | null;
  percentOrigin: 'reported' | 'estimated' | null;
  /** Range of the moment it will be finished; null when unknown. */
  etaLow: Instant | null;
  etaHigh: Instant | null;
  /** `reported`, `estimated from 12 runs of profile web`, or null. */
  etaOrigin: string | null;
}

/** The run as the log is going to say at `now`: every deadline passed is applied. Readers so never show stale health. */
export function runAt(run: RunState, now: Instant): RunState {
  let state = run;
  for (let due = dueEvent(state, now); due; due = dueEvent(state, now)) {
    const facts = { ...due, runId: state.runId, seq: state.seq, source: 'kickwatch', recordedAt: now, claimedAt: null };
    state = { ...applyEvent(state, facts), seq: run.seq };
  }
  return state;
}

/**
 * The run at `now` with percent and time left interpolated between messages.
 *
 * Percent moves through the band of the phase as time passes, by the usual duration fixed when the run opened, so it
 * never goes back; a reported percent is shown as sent. The time left is the middle 80 % of what earlier runs still
 * needed once they had been in this phase this long; unknown below five runs, and once it has lasted longer than all
 * of them.
 */
export function viewRun(run: RunState, now: Instant, history: History | null): RunView {
  const state = runAt(run, now);
  const view: RunView = {
    run: state,
    percent: state.percent,
    percentOrigin: state.percentOrigin,
    etaLow: null,
    etaHigh: null,
    etaOrigin: null,
  };
  if (isOver(state) || state.status === 'planned') return view;
  const percent = interpolatePercent(state, now);
  if (percent !== null) Object.assign(view, { percent, percentOrigin: 'estimated' });
  if (state.etaAt !== null) return { ...view, etaLow: state.etaAt, etaHigh: state.etaAt, etaOrigin: 'reported' };
  if (state.status !== 'installing' || !history || history.runs.length < MIN_HISTORY) return view;

  const inPhase = now - state.phaseClock;
  const remaining = sortedNumbers(history.runs.flatMap((past) => remainingAfter(past, state.phase, inPhase)));
  if (remaining.length === 0) return view;
  return {
    ...view,
    etaLow: now + quantile(remaining, 0.1),
    etaHigh: now + quantile(remaining, 0.9),
    etaOrigin: `estimated from ${history.origin}`,
  };
}

/** What a past run still needed after being `inPhase` ms in the phase; nothing when it had left the phase by then. */
function remainingAfter(past: FinishedRun, phase: Phase, inPhase: number): number[] {
  const entered = past.timeline.find((entry) => phaseOrder(entry.phase) >= phaseOrder(phase));
  if (!entered) return [];
  if (entered.phase !== phase) return [past.endedAt - entered.at];
  const left = past.timeline[past.timeline.indexOf(entered) + 1]?.at ?? past.endedAt;
  return left - entered.at > inPhase ? [past.endedAt - entered.at - inPhase] : [];
}
