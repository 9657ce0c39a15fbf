import { timeOfLine, withoutYear, type LineTime } from '../../intake/line-time';

/** One line of a recorded file, in a schedule. */
export interface ScheduledLine {
  /** Number of the file in the order given, from 0, and of the line in it, from 0. */
  file: number;
  line: number;
  /** Milliseconds after the first line, at the speed of the schedule. */
  at: number;
  /** The time the line carries; null without. */
  time: LineTime | null;
}

/** A recorded install, ready to be played. */
export interface Schedule {
  lines: ScheduledLine[];
  /** From the first line to the last, milliseconds: as recorded with its pauses cut short, and as it will be played. */
  recordedMs: number;
  playedMs: number;
}

/** Longest pause that is kept: nobody learns from a clock that jumped, or from an installer that waited for the night. */
export const MAX_PAUSE_MS = 10 * 60_000;
/** A file of lines without any time, where no other file has one: so long after each other. */
const TIMELESS_MS = 50;
const DAY_MS = 86_400_000;
/** Characters of a line in which its time is looked for. */
const MAX_HEAD = 2_000;

/**
 * When to play each line of the files of one install. Lines keep the distance their times have; where a time goes back, or
 * on by more than ten minutes, the clock was set or nothing happened, and it counts as no time at all or as ten minutes. A
 * line without time comes with the line before it. Files begin as far from each other as their first times
 * are; a file without any time is spread over the whole. Lines of one file never change places.
 *
 * @param speed - times as fast as recorded; Infinity: no pauses at all.
 */
export function planSchedule(files: readonly (readonly string[])[], speed: number): Schedule {
  const read = files.map(readTimes);
  const starts = startsOf(read);
  const lines: ScheduledLine[] = read.flatMap((each, file) =>
    each.lines.map(({ at, time }, line) => ({ file, line, at: at + starts[file]!, time })),
  );
  spreadTimeless(lines, read);
  // Stable: lines of one moment stay in the order of the files.
  lines.sort((a, b) => a.at - b.at);
  cutPauses(lines);
  const recordedMs = lines.at(-1)?.at ?? 0;
  for (const line of lines) line.at = speed === Infinity ? 0 : line.at / speed;
  return { lines, recordedMs, playedMs: lines.at(-1)?.at ?? 0 };
}

interface ReadTimes {
  first: LineTime | null;
  lines: { at: number; time: LineTime | null }[];
}

/** Moments of a file's lines after its first one. */
function readTimes(texts: readonly string[]): ReadTimes {
  let first: LineTime | null = null;
  let before: LineTime | null = null;
  let at = 0;
  const lines = texts.map((text) => {
    let time = timeOfLine(text.slice(0, MAX_HEAD));
    if (time !== null && first !== null && time.scale !== first.scale) time = null;
    if (time !== null) {
      at += before === null ? 0 : pauseBetween(before, time);
      first ??= time;
      before = time;
    }
    return { at, time };
  });
  return { first, lines };
}

function pauseBetween(before: LineTime, after: LineTime): number {
  const pause = after.ms - before.ms;
  // Midnight.
  if (after.scale === 'clock' && pause < -DAY_MS / 2) return pause + DAY_MS;
  return Math.max(0, pause);
}

/** Files that seem to begin further apart than this go by different clocks, and begin together. */
const MAX_APART_MS = 12 * 3_600_000;

/** When each file begins, milliseconds after the first of them: dates are compared, times of day where one knows no more. */
function startsOf(files: readonly ReadTimes[]): number[] {
  const firsts = files.flatMap(({ first }) => (first === null ? [] : [first]));
  const scales = new Set(firsts.map(({ scale }) => scale));
  const momentOf = (time: LineTime): number => {
    if (scales.size === 1) return time.ms;
    return scales.has('clock') ? (time.scale === 'clock' ? time.ms : time.ms % DAY_MS) : withoutYear(time);
  };
  const origin = Math.min(...firsts.map(momentOf));
  return files.map(({ first }) => {
    const start = first === null ? 0 : momentOf(first) - origin;
    return start > MAX_APART_MS ? 0 : start;
  });
}

function spreadTimeless(lines: ScheduledLine[], files: readonly ReadTimes[]): void {
  const wholeMs = lines.reduce((most, { at }) => Math.max(most, at), 0);
  for (const line of lines) {
    const { first, lines: own } = files[line.file]!;
    if (first !== null) continue;
    line.at = wholeMs > 0 ? (wholeMs * line.line) / own.length : line.line * TIMELESS_MS;
  }
}

function cutPauses(lines: ScheduledLine[]): void {
  let cutMs = 0;
  let before = lines[0]?.at ?? 0;
  for (const line of lines) {
    const pause = line.at - before;
    before = line.at;
    if (pause > MAX_PAUSE_MS) cutMs += pause - MAX_PAUSE_MS;
    line.at -= cutMs;
  }
}
