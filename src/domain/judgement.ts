import type { Instant } from './event';
import { applyEvent } from './fold';
import type { History } from './history';
import { learnedWords, limitsOrigin } from './limits';
import { interpolatePercent } from './percent';
import { isOver, type RunState } from './run';
import { dueEvent, noProgressLimits } from './stall';
import { estimateTimeLeft } from './time-left';

/** What one of the two clocks stands at, and when it strikes. Milliseconds. */
export interface ClockView {
  clock: 'no-progress' | 'total';
  /** On the clock at this moment; blind time left out. A stalled run's clock stands at the stall. */
  elapsedMs: number;
  /** At this much the run is late; null = never by this clock. */
  lateMs: number | null;
  /** At this much it is stalled; null = never by this clock. */
  stalledMs: number | null;
  /** The median of earlier runs, of the total clock; null when unknown. */
  usualMs: number | null;
  /** `learned from 23 runs of profile web`, `from the defaults: fewer than five finished runs to learn from` … */
  origin: string;
}

/** What a reader is shown: the run as it is at this moment, with the estimates and where they come from. */
export interface RunView {
  run: RunState;
  percent: number | null;
  percentOrigin: 'reported' | 'estimated' | null;
  /** Range of the moment it will be finished; null when unknown. */
  etaLow: Instant | null;
  etaHigh: Instant | null;
  /** `reported`, `estimated from 12 runs of profile web`; `unknown: ` and why; null for runs that are over or planned. */
  etaOrigin: string | null;
  /** No progress, then total in phase; empty for runs that are over or planned. */
  clocks: ClockView[];
  /** Where the limits as a whole come from. */
  limitsOrigin: string;
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
 * never goes back; a reported percent is shown as sent. The time left is a range (`estimateTimeLeft`); unknown below five
 * runs, and once nearly all of them had left the phase by now.
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
    clocks: [],
    limitsOrigin: limitsOrigin(state.limits),
  };
  if (isOver(state) || state.status === 'planned') return view;
  view.clocks = clocksOf(state, now);
  const percent = interpolatePercent(state, now);
  if (percent !== null) Object.assign(view, { percent, percentOrigin: 'estimated' });
  return { ...view, ...timeLeft(state, now, history) };
}

function timeLeft(
  state: RunState,
  now: Instant,
  history: History | null,
): Pick<RunView, 'etaLow' | 'etaHigh' | 'etaOrigin'> {
  const unknown = (why: string) => ({ etaLow: null, etaHigh: null, etaOrigin: `unknown: ${why}` });
  if (state.etaAt !== null) return { etaLow: state.etaAt, etaHigh: state.etaAt, etaOrigin: 'reported' };
  if (state.status !== 'installing') return unknown('it is stalled');
  if (state.waiting) return unknown('it waits for a human');
  if (!history) return unknown('fewer than five finished runs to learn from');
  const range = estimateTimeLeft(state, history, now);
  if (!range) return unknown(`nearly all of ${learnedWords(history.from)} had left ${state.phase} sooner`);
  return {
    etaLow: now + Math.round(range.low),
    etaHigh: now + Math.round(range.high),
    etaOrigin: `estimated from ${learnedWords(history.from)}`,
  };
}

/** Both clocks of a run that is going on. */
function clocksOf(state: RunState, now: Instant): ClockView[] {
  const { limits, phase } = state;
  const at = state.status === 'stalled' ? (state.stalledAt ?? now) : now;
  return [
    {
      clock: 'no-progress',
      elapsedMs: Math.max(0, at - state.progressClock),
      ...noProgressLimits(state),
      usualMs: null,
      origin: limitsOrigin(limits, { phase, clock: 'no-progress' }),
    },
    {
      clock: 'total',
      elapsedMs: Math.max(0, now - state.phaseClock),
      lateMs: limits.totalMs[phase] ?? null,
      stalledMs: null,
      usualMs: limits.usualMs[phase] ?? null,
      origin: limitsOrigin(limits, { phase, clock: 'total' }),
    },
  ];
}
