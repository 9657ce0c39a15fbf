import type { Instant } from '../domain/event';
import type { ClockView } from '../domain/judgement';
import type { RunReport } from '../domain/run-report';
import { formatDuration, formatNumber, formatPercent, formatTimeLeft } from './format';
import { needOf, type Need } from './need';
import type { Colors } from './terminal';

/** `installing (late)`, `finished (suspicious)`: the status with everything that qualifies it. */
export function statusWords(run: Pick<RunReport, 'status' | 'flags' | 'integrity' | 'integrityReasons'>): string {
  const need = needOf(run);
  const words = [...run.flags];
  if (need === 'install loop') words.push('install loop');
  if (need === 'suspicious') words.push('suspicious');
  return words.length === 0 ? run.status : `${run.status} (${words.join(', ')})`;
}

/** The colour of a need. The words say the same, so nothing is lost without colours. */
export function needStyle(need: Need, colors: Colors): (text: string) => string {
  switch (need) {
    case 'failed':
    case 'terminated':
    case 'install loop':
      return (text) => colors.bold(colors.red(text));
    case 'stalled':
    case 'suspicious':
    case 'late':
      return colors.yellow;
    case 'waiting':
      return colors.magenta;
    case 'installing':
      return colors.cyan;
    case 'finished':
      return colors.green;
    case 'planned':
    case 'cancelled':
      return colors.dim;
  }
}

/** `45 % reported`, `45 % estimated`; `unknown` while it runs, nothing where a percent means nothing. */
export function percentWords(run: Pick<RunReport, 'status' | 'percent' | 'percentOrigin'>): string {
  if (run.status === 'planned' || run.status === 'finished') return '';
  if (run.percent === null) return run.status === 'installing' ? 'unknown' : '';
  return `${formatPercent(run.percent)} ${run.percentOrigin ?? ''}`.trimEnd();
}

/** Time left while the run is going on; nothing otherwise. */
export function timeLeftWords(run: Pick<RunReport, 'status' | 'etaLow' | 'etaHigh'>, now: Instant): string {
  return run.status === 'installing' ? formatTimeLeft(run.etaLow, run.etaHigh, now) : '';
}

/** What a person needs to know beyond the status, in one line; empty when all is said. */
export function explain(run: RunReport, now: Instant): string {
  switch (needOf(run)) {
    case 'failed':
      return run.errors.find((error) => error.fatal)?.text ?? run.reason ?? run.errors.at(-1)?.text ?? '';
    case 'terminated':
    case 'cancelled':
      return run.reason ?? '';
    case 'stalled':
      return run.reason ?? silence(run, now);
    case 'waiting':
      return run.question ?? 'the installer asks a human';
    case 'install loop':
      return run.integrityReasons.find((reason) => reason.startsWith('install loop'))?.replace(/^[^:]*: /, '') ?? '';
    case 'late':
      return overlong(run) ?? silence(run, now);
    case 'suspicious':
      return run.integrityReasons.join('; ');
    case 'finished':
      return finishedAfter(run);
    case 'installing':
      return run.errors.at(-1)?.text ?? run.message ?? '';
    case 'planned':
      return [run.kind, ...(run.profile === null ? [] : [`of profile ${run.profile}`])].join(' ');
  }
}

/** What one clock stands at, its limits, and where they come from: `4m, late after 5m, stalled after 10m (…)`. */
export function clockWords(clock: ClockView): string {
  const limits = [
    clock.usualMs !== null && `usually ${formatDuration(clock.usualMs)}`,
    clock.lateMs !== null && `late after ${formatDuration(clock.lateMs)}`,
    clock.stalledMs !== null && `stalled after ${formatDuration(clock.stalledMs)}`,
  ].filter((words) => words !== false);
  return `${[formatDuration(clock.elapsedMs), ...limits].join(', ')} (${clock.origin})`;
}

/** Of a run that makes progress, but is longer in its phase than its limit; null when that is not what makes it late. */
function overlong(run: RunReport): string | null {
  const total = run.clocks.find(({ clock }) => clock === 'total');
  if (!total || total.lateMs === null || total.elapsedMs < total.lateMs) return null;
  const spent = `in ${run.phase} for ${formatDuration(total.elapsedMs)}`;
  if (total.usualMs === null || total.usualMs <= 0) return `${spent}, limit ${formatDuration(total.lateMs)}`;
  return `${spent}, ${formatNumber(Math.round(total.elapsedMs / total.usualMs))} times as long as usual`;
}

function silence(run: RunReport, now: Instant): string {
  if (run.lastProgress === null) return 'no progress yet';
  return `no progress for ${formatDuration(now - run.lastProgress)}`;
}

function finishedAfter(run: RunReport): string {
  if (run.started === null || run.ended === null) return '';
  const duration = `after ${formatDuration(run.ended - run.started)}`;
  return run.booted === null ? duration : `${duration}, booted`;
}
