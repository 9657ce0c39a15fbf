import type { Instant } from '../domain/event';
import type { RunError } from '../domain/run';
import type { RunReport } from '../domain/run-report';
import { targetLabel, type TargetAnswer } from './answers';
import {
  count,
  formatAge,
  formatDuration,
  formatPercentWithOrigin,
  formatTime,
  formatTimeLeft,
  progressBar,
  UNKNOWN,
} from './format';
import { needOf } from './need';
import { clockWords, explain, needStyle, percentWords, statusWords } from './run-words';
import { renderTable } from './table';
import type { Colors } from './terminal';
import { plain, plainLine, wrapText } from './text-width';
import type { TimelineEntry } from './timeline';

/** Columns of a progress bar, and of the names before the values. */
const BAR = 30;
const LABEL = 12;
/** Errors shown in full; the log has the rest. */
const MAX_ERRORS = 5;

/** How a description is drawn. */
export interface DescribeOptions {
  now: Instant;
  width: number | null;
  colors: Colors;
  /** The picture is going to be drawn again: hints at further commands would only be in its way. */
  isLive: boolean;
}

/** Everything known of one system, or the runs of a profile, as lines of text. */
export function describeTarget(answer: TargetAnswer, timeline: TimelineEntry[], options: DescribeOptions): string[] {
  if (answer.type === 'profile') return describeProfile(answer, options);
  const { run } = answer;
  if (run === null) return describeNeverInstalled(answer);
  return [
    ...verdict(run, options),
    '',
    ...facts(run, options),
    ...section('Phases', timelineLines(run, timeline, options), options),
    ...section('Errors', errorLines(run, options), options),
    ...section('Runs of this system so far', historyLines(answer), options),
    ...(options.isLive ? [] : section('Next', nextSteps(run), options)),
  ];
}

function section(title: string, lines: string[], { colors }: DescribeOptions): string[] {
  return lines.length === 0 ? [] : ['', colors.bold(title), ...lines.map((line) => `  ${line}`)];
}

function verdict(run: RunReport, { now, width, colors }: DescribeOptions): string[] {
  const style = needStyle(needOf(run), colors);
  const lines = wrapText(plain(`${targetLabel(run)} ${verdictWords(run, now)}`), width ?? Infinity);
  return lines.map((line) => colors.bold(style(line)));
}

function verdictWords(run: RunReport, now: Instant): string {
  const why = explain(run, now);
  const because = why === '' ? '' : `: ${why}`;
  switch (needOf(run)) {
    case 'failed':
      return `failed${because}`;
    case 'terminated':
      return `was terminated${because}`;
    case 'stalled':
      return `is stalled${because}`;
    case 'waiting':
      return `is being installed and waits for a human${because}`;
    case 'install loop':
      return `is being installed again and again${because}`;
    case 'late':
      return `is being installed, later than expected${because}`;
    case 'installing':
      return 'is being installed';
    case 'planned':
      return `is going to be installed${because}; it has not been heard from yet`;
    case 'suspicious':
      return `finished, but something is odd${because}`;
    case 'finished':
      return `finished ${formatAge(run.ended, now)}${run.booted === null ? '' : ' and has booted its new system'}`;
    case 'cancelled':
      return `was cancelled${because}`;
  }
}

function facts(run: RunReport, { now, width, colors }: DescribeOptions): string[] {
  const style = needStyle(needOf(run), colors);
  const moment = (at: Instant | null): string =>
    at === null ? UNKNOWN : `${formatTime(at, now)} (${formatAge(at, now)})`;
  const isRunning = run.status === 'installing' || run.status === 'stalled';
  const lines: [string, string][] = [['Process', processWords(run)]];
  if (run.addresses.length > 0) lines.push(['Addresses', run.addresses.join(', ')]);
  if (isRunning || run.status === 'failed' || run.status === 'terminated') {
    lines.push(['Progress', formatPercentWithOrigin(run.percent, run.percentOrigin)]);
  }
  if (run.status === 'installing') lines.push(['Time left', timeLeft(run, now)]);
  if (isRunning) lines.push(['Phase', phaseWords(run, now)]);
  if (run.message !== null && isRunning) lines.push(['Message', run.message]);
  if (run.planned !== null) lines.push(['Planned', moment(run.planned)]);
  if (run.status !== 'planned') lines.push(['Started', moment(run.started)]);
  if (run.status !== 'planned') lines.push(['Last heard', lastHeard(run, now)]);
  if (run.deadline !== null) lines.push(['Deadline', deadlineWords(run, now)]);
  for (const clock of run.clocks) {
    lines.push([clock.clock === 'total' ? 'In phase' : 'No progress', clockWords(clock)]);
  }
  if (run.ended !== null) lines.push(['Ended', `${moment(run.ended)}${durationWords(run)}`]);
  if (run.status === 'finished') lines.push(['Booted', run.booted === null ? 'not seen yet' : moment(run.booted)]);
  if (run.continues !== null) lines.push(['Continues', `run ${run.continues}, which was believed to be over`]);
  if (run.skewMs !== null && Math.abs(run.skewMs) >= 60_000) lines.push(['Its clock', skewWords(run.skewMs)]);
  if (run.linesLost > 0)
    lines.push(['Lost', `${count(run.linesLost, 'line')} of its log: it sent more than the limits allow`]);
  lines.push(['Integrity', [run.integrity, ...run.integrityReasons].join('; ')]);

  const room = width === null ? Infinity : Math.max(20, width - LABEL - 2);
  const body = lines.flatMap(([label, text]) =>
    wrapText(plain(text), room).map((line, index) => {
      return `  ${colors.dim((index === 0 ? label : '').padEnd(LABEL))}${line}`;
    }),
  );
  return isRunning ? [`  ${style(progressBar(run.percent, BAR))}`, ...body] : body;
}

function processWords(run: RunReport): string {
  const software = [run.profile && `profile ${run.profile}`, run.distro && `distro ${run.distro}`].filter(Boolean);
  return `${run.kind}${software.length === 0 ? '' : ` of ${software.join(', ')}`} (run ${run.runId})`;
}

function timeLeft(run: RunReport, now: Instant): string {
  const left = formatTimeLeft(run.etaLow, run.etaHigh, now);
  if (left === UNKNOWN) return run.etaOrigin ?? UNKNOWN;
  return run.etaOrigin === 'reported' ? `${left}, reported by the machine` : `${left}, ${run.etaOrigin ?? 'estimated'}`;
}

function phaseWords(run: RunReport, now: Instant): string {
  const since = run.phaseSince === null ? '' : ` for ${formatDuration(now - run.phaseSince)}`;
  if (run.packagesDone === null) return `${run.phase}${since}`;
  const total = run.packagesTotal === null ? '' : ` of ${run.packagesTotal}`;
  return `${run.phase}${since}, ${run.packagesDone}${total} packages`;
}

function lastHeard(run: RunReport, now: Instant): string {
  const heard = formatAge(run.lastHeard, now);
  return run.lastProgress === null ? heard : `${heard}; last progress ${formatAge(run.lastProgress, now)}`;
}

function deadlineWords(run: RunReport, now: Instant): string {
  const when = `${formatTime(run.deadline, now)} (${formatAge(run.deadline, now)})`;
  if (run.status === 'stalled') return `${when}: given up then, unless it moves again`;
  return `${when}: ${run.flags.includes('late') ? 'stalled' : 'late'} then, unless it makes progress`;
}

function durationWords(run: RunReport): string {
  return run.started === null || run.ended === null ? '' : `, after ${formatDuration(run.ended - run.started)}`;
}

function skewWords(skewMs: number): string {
  return `${formatDuration(Math.abs(skewMs))} ${skewMs > 0 ? 'ahead of' : 'behind'} the server's`;
}

function timelineLines(run: RunReport, timeline: TimelineEntry[], { now, colors }: DescribeOptions): string[] {
  const end = run.ended ?? now;
  return timeline.map(({ phase, at, until }, index) => {
    const isLast = index === timeline.length - 1;
    if (phase === 'complete') return `${phase.padEnd(LABEL)}${formatTime(at, now)}`;
    const took = formatDuration((until ?? end) - at);
    const line = `${phase.padEnd(LABEL)}${formatTime(at, now)}  ${took}`;
    return isLast && run.ended === null ? colors.bold(`${line} so far`) : line;
  });
}

function errorLines(run: RunReport, options: DescribeOptions): string[] {
  const shown = run.errors.slice(0, MAX_ERRORS).flatMap((error) => oneError(error, options));
  const hidden = run.errors.length - MAX_ERRORS;
  return hidden > 0 ? [...shown, `… and ${hidden} more in the log`] : shown;
}

function oneError(error: RunError, { now, width, colors }: DescribeOptions): string[] {
  const place = error.file === undefined ? '' : `, ${plain(error.file)}${error.line ? ` line ${error.line}` : ''}`;
  const head = `${formatTime(error.at, now)}  in phase ${error.phase}, from ${plain(error.source)}${place}`;
  const room = width === null ? Infinity : Math.max(20, width - 6);
  return [
    colors.dim(error.fatal ? head : `${head} (did not end the install)`),
    ...wrapText(plain(error.text), room).map((line) => `  ${error.fatal ? colors.red(line) : line}`),
    ...(error.context ?? []).map((line) => colors.dim(`  | ${plainLine(line)}`)),
  ];
}

function historyLines(answer: TargetAnswer & { type: 'system' }): string[] {
  const counts = Object.entries(answer.counts).filter(([, number]) => number > 0);
  const total = counts.reduce((sum, [, number]) => sum + number, 0);
  if (total <= 1) return [];
  return [`${count(total, 'run')}: ${counts.map(([status, number]) => `${number} ${status}`).join(', ')}`];
}

/** What to type next, most useful first. */
function nextSteps(run: RunReport): string[] {
  const name = quoteName(run.system ?? run.runId);
  const steps: [string, string][] = [[`kickwatch log ${name}`, 'everything it said, line by line']];
  if (run.ended === null) {
    steps.unshift([`kickwatch status ${name} --watch`, 'this picture, live']);
    steps.push([`kickwatch notify ${name}`, 'tell the people concerned how it stands']);
  }
  if (run.system !== null) steps.push([`kickwatch runs --system ${name}`, 'its earlier installs']);
  const longest = Math.max(...steps.map(([command]) => command.length));
  return steps.map(([command, what]) => `${command.padEnd(longest)}   ${what}`);
}

/** A name as a shell takes it. */
function quoteName(name: string): string {
  return /^[A-Za-z0-9_.:@-]+$/.test(name) ? name : `'${plain(name).replaceAll("'", "'\\''")}'`;
}

function describeNeverInstalled(answer: TargetAnswer & { type: 'system' }): string[] {
  const software = [answer.profile && `profile ${answer.profile}`, answer.distro && `distro ${answer.distro}`].filter(
    Boolean,
  );
  return [
    plain(`${answer.name} has not been installed since Kickwatch watches it.`),
    ...(software.length === 0 ? [] : [plain(`It would get ${software.join(', ')}.`)]),
    '',
    'Switch its netboot on to plan an install, and boot it from the network.',
  ];
}

function describeProfile(answer: TargetAnswer & { type: 'profile' }, options: DescribeOptions): string[] {
  if (answer.runs.length === 0) {
    return [
      plain(`No machine has been installed by the name of profile ${answer.name}.`),
      '',
      `Systems of that profile:  kickwatch runs --profile ${quoteName(answer.name)}`,
    ];
  }
  const { colors, now } = options;
  const table = renderTable(
    [
      { title: 'ADDRESS' },
      { title: 'STATUS' },
      { title: 'PHASE' },
      { title: 'PROGRESS' },
      { title: 'HEARD' },
      { title: 'WHAT', shrinkTo: 12 },
    ],
    answer.runs.map(({ address, run }) => [
      address,
      { text: statusWords(run), style: needStyle(needOf(run), colors) },
      run.phase,
      percentWords(run),
      formatAge(run.ended ?? run.lastHeard, now),
      explain(run, now),
    ]),
    { width: options.width, titleStyle: colors.dim },
  );
  const machines = count(answer.runs.length, 'machine');
  return [colors.bold(plain(`${machines} installed by the name of profile ${answer.name}`)), '', ...table];
}
