import type { DraftKind, EventDetail, Witness } from '../domain/event';
import { phaseBand, phaseOrder, type Phase } from '../domain/phase';
import { count, emptyCounts, type Counts } from './counting';
import { marksOf, type Marks } from './marks';
import { plainText } from './plain-text';
import type { ErrorMarker, FileKind, Installer, LogLine, PhaseMarker } from './vocabulary';

/** Longest line kept as context of an error or as the words of a fact. */
export const MAX_CONTEXT_LINE = 300;
const MAX_ERROR_TEXT = 500;
/** Different errors reported per file; an installer that dies in a loop must not fill the log. */
const MAX_ERRORS = 20;

/** What one installer has said in a file so far. Plain JSON: it is stored between two uploads of the same file. */
export interface LogState {
  /** The file took the place of an older one: its first line proves a new boot of the installer. */
  restarted: boolean;
  phase: Phase | null;
  counts: Counts;
  /** Percent of the whole install that the last marker with one stands for. */
  percent: number | null;
  /** Inside the output of a user's script. */
  inScript: boolean;
  /** An exception report has come to its dump of variables and files: nothing more to learn. */
  closed: boolean;
  failed: boolean;
  ended: boolean;
  /** The boot that is under way began before the install ended: it is the installer's own. */
  ownBoot?: boolean;
  question: string | null;
  /** Texts of the errors reported. */
  errors: string[];
  /** An error has been announced whose details are still to come; see ErrorMarker. Absent in states of older versions. */
  announced?: Announced | null;
}

interface Announced {
  /** The marker's id. */
  id: string;
  /** The gap in front of the details has been seen, or there is none. */
  gap: boolean;
  /** Lines that may still pass. */
  lines: number;
}

/** One fact found in a file. `offset` is where its line begins, in bytes: with the marker's id it names the fact for ever. */
export interface Finding {
  id: string;
  offset: number;
  kind: DraftKind;
  detail: EventDetail;
  /** Of a failure: how well its words explain it, see ErrorMarker. */
  explains?: number;
}

/** Where a line stands. */
export interface Place {
  /** Its first byte in the file. */
  offset: number;
  /** Its number in the file, from 1. */
  line: number;
}

/** Reads what one installer says in one file, line by line, in the order of arrival. */
export interface LogReader {
  /** `raw` is the whole line, `context` the lines before it. */
  read(line: LogLine, raw: string, at: Place, context: readonly string[]): void;
  /** What the lines since the beginning or the last `finish` say, and the state to go on from. */
  finish(): { findings: Finding[]; state: LogState; task: string | null };
  /** What the lines since then say, of a reader that goes on: copying its state would cost more than reading did. */
  take(): Finding[];
}

/** The state before the first line. */
export function emptyLogState(restarted = false): LogState {
  return {
    restarted,
    phase: null,
    counts: emptyCounts(),
    percent: null,
    inScript: false,
    closed: false,
    failed: false,
    ended: false,
    question: null,
    errors: [],
    announced: null,
  };
}

const SCRIPT_BEGINS = /^Running\b.*\bks-script/;
const SCRIPT_ENDS = /^Return code(?: of \S+)?: -?\d+$/;
/** Lines between the words that announce an error and what it was: the longest announcement wraps into six. */
const MAX_ANNOUNCEMENT = 8;
const REPORT_DUMP = /^Local variables in innermost frame/;

/**
 * A reader for what one installer says in one file. New lines become few findings: one per phase, one for the last
 * counters, each error once.
 *
 * @param options.isLive - the lines come from a machine as it goes, boot after boot: the first line of an installer is
 * then always a start, also after an end.
 */
export function createLogReader(options: {
  installer: Installer;
  kind: FileKind;
  file: string;
  state: LogState;
  isLive?: boolean;
}): LogReader {
  const { installer, kind, file, isLive = false } = options;
  let state = structuredClone(options.state);
  let findings: Finding[] = [];
  /** Progress found and not yet a finding, with the line it was found in last. */
  let pending: { offset: number; detail: EventDetail } | null = null;
  let task: string | null = null;

  const witnessOf = (raw: string, at: Place): Witness => ({
    file,
    line: at.line,
    text: plainText(raw, MAX_CONTEXT_LINE),
  });

  function note(raw: string, at: Place, detail: EventDetail): void {
    pending = { offset: at.offset, detail: { ...pending?.detail, ...detail, witness: witnessOf(raw, at) } };
  }

  function flush(): void {
    if (!pending) return;
    const { offset, detail } = pending;
    const message = task === null ? {} : { message: task };
    findings.push({
      id: 'progress',
      offset,
      kind: 'progress-reported',
      detail: { ...(state.phase && { phase: state.phase }), ...detail, ...message },
    });
    pending = null;
    task = null;
  }

  function enter(phase: Phase, raw: string, at: Place): void {
    if (state.phase !== null && phaseOrder(phase) <= phaseOrder(state.phase)) return;
    flush();
    state.phase = phase;
    state.question = null;
    note(raw, at, {});
  }

  /** The installer begins; of a live stream that is another boot, whatever came before. */
  function begin(marker: PhaseMarker, raw: string, at: Place): void {
    flush();
    if (isLive) state = { ...emptyLogState(), ownBoot: state.ownBoot === true };
    state.restarted = false;
    state.phase = marker.phase;
    findings.push({
      id: marker.id,
      offset: at.offset,
      kind: 'install-started',
      detail: { phase: marker.phase, witness: witnessOf(raw, at) },
    });
  }

  function end(marker: PhaseMarker, raw: string, at: Place): void {
    flush();
    state.phase = marker.phase;
    state.ended = true;
    findings.push({
      id: marker.id,
      offset: at.offset,
      kind: 'install-finished',
      detail: { witness: witnessOf(raw, at) },
    });
  }

  /** The installer goes on after a question: measurable progress, by one percent, as far as the phase has room. */
  function answer(raw: string, at: Place): void {
    flush();
    state.question = null;
    const [low, high] = phaseBand(state.phase ?? 'bootstrap');
    state.percent = Math.min(high, Math.max(low, state.percent ?? 0) + 1);
    note(raw, at, { estimate: state.percent });
  }

  /** What boots after an install is the system it made; what boots before is the installer's own, or the system of old. */
  function boot(marker: PhaseMarker, line: LogLine, raw: string, at: Place): void {
    const isOwn = state.ownBoot === true;
    state.ownBoot = false;
    if (marker.begins?.test(line.text)) {
      state.ownBoot = !state.ended;
      return;
    }
    if (isOwn || state.failed || state.phase === null || phaseOrder(state.phase) < phaseOrder('post')) return;
    if (!state.ended) end(marker, raw, at);
    findings.push({ id: `${marker.id}:boot`, offset: at.offset, kind: 'system-booted', detail: {} });
  }

  function readPhases(marks: Marks, line: LogLine, raw: string, at: Place): void {
    for (const marker of marks.phases) {
      if (marker.proves === 'boot') {
        if (marker.pattern.test(line.text)) return boot(marker, line, raw, at);
        continue;
      }
      if (marker.unlessFailed && state.failed) continue;
      if (marker.proves === 'answered') {
        if (state.question !== null && isSaidBy(marker, line)) answer(raw, at);
        continue;
      }
      if (marker.afterPercent !== undefined && (state.percent ?? 0) < marker.afterPercent) continue;
      const isStart = marker.proves === 'begin' && (isLive ? !isEarly(state) : state.restarted);
      if (!isStart && (state.ended || isPast(state, marker))) continue;
      // A dead installer still unmounts and reboots: that is no progress.
      if (state.failed && marker.phase === 'finalize') continue;
      if (marker.after && (state.phase === null || phaseOrder(state.phase) < phaseOrder(marker.after))) continue;
      if (marker.logger && !marker.logger.test(line.logger)) continue;
      if (!marker.pattern.test(line.text)) continue;
      if (marker.proves === 'end') return end(marker, raw, at);
      if (isStart) return begin(marker, raw, at);
      enter(marker.phase, raw, at);
      if (marker.percent !== undefined && marker.percent > (state.percent ?? 0)) {
        state.percent = marker.percent;
        state.question = null;
        note(raw, at, { estimate: marker.percent });
      }
      return;
    }
  }

  function readCounters(marks: Marks, line: LogLine, raw: string, at: Place): void {
    for (const counter of marks.counters) {
      if (counter.logger && !counter.logger.test(line.logger)) continue;
      if (counter.phaseOnly && state.phase !== null && phaseOrder(state.phase) > phaseOrder(counter.phase)) continue;
      const match = counter.pattern.exec(line.text);
      if (!match) continue;
      enter(counter.phase, raw, at);
      const detail = count(state.counts, counter, match.groups ?? {});
      if (detail) note(raw, at, counter.sets === 'whole' ? inBand(detail, state.phase) : detail);
      return;
    }
  }

  function readErrors(marks: Marks, line: LogLine, raw: string, at: Place, context: readonly string[]): void {
    for (const marker of marks.errors) {
      const match = marker.pattern.exec(line.text);
      if (!match) continue;
      if (marker.level && !marker.level.test(line.level)) continue;
      if (marker.logger && !marker.logger.test(line.logger)) continue;
      if (marker.afterFailure && (!state.failed || line.level !== '')) continue;
      if (marker.once && state.failed) return;
      if (marker.before && state.phase !== null && phaseOrder(state.phase) >= phaseOrder(marker.before)) continue;
      if (marker.unless?.test(raw) || installer.benign.some((benign) => benign.pattern.test(raw))) return;
      state.announced = marker.detailsFollow
        ? { id: marker.id, gap: /:\s*$/.test(line.text), lines: MAX_ANNOUNCEMENT }
        : null;
      const words = wordsOf(marker, match, line);
      const cause = causeOf(marker, context);
      if (cause === null) return report(marker, words, raw, at, context, line.everyday);
      // What is said beside the failure itself explains more than the name of the step.
      return report({ ...marker, explains: 9 }, `${words} (${cause})`, raw, at, context, line.everyday);
    }
  }

  /** The details of an error announced before: another error in its own words, which explain more. */
  function readDetails(line: LogLine, raw: string, at: Place, context: readonly string[]): void {
    const { announced } = state;
    const marker = announced && installer.errors.find(({ id }) => id === announced.id);
    if (!announced || !marker || line.level !== '' || !marker.voices.includes(line.voice)) return;
    const words = line.text.trim();
    if (words === '' || !announced.gap) {
      const lines = announced.lines - 1;
      const gap = announced.gap || words === '' || words.endsWith(':');
      state.announced = lines > 0 ? { ...announced, gap, lines } : null;
      return;
    }
    state.announced = null;
    const { id, explains, severity } = marker;
    const told = severity === 'fatal' ? 'fatal' : 'error';
    report({ ...marker, id: `${id}:details`, severity: told, explains: explains + 1 }, words, raw, at, context);
  }

  function report(
    marker: ErrorMarker,
    words: string,
    raw: string,
    at: Place,
    context: readonly string[],
    isEveryday = false,
  ): void {
    // rsyslog writes line ends inside a message as #012.
    const text = plainText(words.replace(/(?:#012\s*)+/g, ' ').trim(), MAX_ERROR_TEXT);
    const phase = state.phase === null ? impliedPhase(marker, raw) : null;
    if (phase !== null) state.phase = phase;
    flush();
    const detail: EventDetail = { ...(phase !== null && { phase }), ...(isEveryday && { trail: true }) };
    if (marker.severity !== 'asks' && !state.errors.includes(text) && state.errors.length < MAX_ERRORS) {
      state.errors.push(text);
      const fatal = marker.severity === 'fatal';
      if (fatal) state.failed = true;
      findings.push({
        id: marker.id,
        offset: at.offset,
        kind: fatal ? 'install-failed' : 'error-reported',
        ...(fatal && { explains: marker.explains }),
        detail: {
          ...detail,
          ...(fatal && { inferred: true, explains: marker.explains }),
          ...(marker.stands && { stands: true }),
          error: { text, file, line: at.line, context: [...context, plainText(raw, MAX_CONTEXT_LINE)] },
        },
      });
    }
    if ((marker.severity === 'asks' || marker.severity === 'error-asks') && state.question === null) {
      state.question = text;
      findings.push({
        id: `${marker.id}:asks`,
        offset: at.offset,
        kind: 'waiting-reported',
        detail: {
          ...detail,
          ...(state.phase !== null && { phase: state.phase }),
          question: text,
          witness: witnessOf(raw, at),
        },
      });
    }
  }

  function take(): Finding[] {
    flush();
    const found = explainFailure(findings);
    findings = [];
    task = null;
    return found;
  }

  return {
    read(line, raw, at, context) {
      if (state.closed || line.voice === 'nobody' || (state.ended && !isLive) || isUserText(state, line)) return;
      const marks = marksOf(installer, line.voice);
      const { announced, phase } = state;
      if (marks.any.test(line.text)) {
        if (marks.phases.length > 0) readPhases(marks, line, raw, at);
        if (!state.ended && !state.failed && marks.counters.length > 0) readCounters(marks, line, raw, at);
        if (!state.ended && marks.errors.length > 0) readErrors(marks, line, raw, at, context);
      }
      // Not when the line has just announced something itself, or has been understood.
      const isUnread = announced && state.announced === announced && state.phase === phase && !state.ended;
      if (isUnread) readDetails(line, raw, at, context);
      task = installer.task?.exec(line.text)?.groups?.['task'] ?? task;
      if (kind === 'traceback' && (REPORT_DUMP.test(raw) || state.errors.length > 1)) state.closed = true;
    },

    finish() {
      flush();
      const words = task;
      return { findings: take(), state: structuredClone(state), task: words };
    },

    take,
  };
}

/** What an installer counts itself may be but a part of the install: it goes no further than the phase does. */
function inBand(detail: EventDetail, phase: Phase | null): EventDetail {
  const [low, high] = phaseBand(phase ?? 'bootstrap');
  return { ...detail, estimate: Math.max(low, Math.min(high, detail.estimate ?? 0)) };
}

function isSaidBy(marker: PhaseMarker, line: LogLine): boolean {
  return (!marker.logger || marker.logger.test(line.logger)) && marker.pattern.test(line.text);
}

/** Nothing in the stream speaks against the lines to come being those of the same boot. */
function isEarly(state: LogState): boolean {
  if (state.ended || state.failed) return false;
  return state.phase !== null && phaseOrder(state.phase) <= phaseOrder('config');
}

/** A marker that says nothing new: of an earlier phase, or of the same one without a place further on. */
function isPast(state: LogState, marker: PhaseMarker): boolean {
  if (state.phase === null || phaseOrder(marker.phase) > phaseOrder(state.phase)) return false;
  return marker.phase !== state.phase || marker.percent === undefined || marker.percent <= (state.percent ?? 0);
}

/** Keeps track of users' scripts; true for their output. */
function isUserText(state: LogState, line: LogLine): boolean {
  if (line.voice !== 'program') return false;
  if (state.inScript) {
    if (SCRIPT_ENDS.test(line.text)) state.inScript = false;
    return true;
  }
  state.inScript = SCRIPT_BEGINS.test(line.text);
  return state.inScript;
}

function wordsOf(marker: ErrorMarker, match: RegExpExecArray, line: LogLine): string {
  const groups = match.groups ?? {};
  if (marker.say !== undefined) return marker.say.replace(/\$<(\w+)>/g, (_, name: string) => groups[name] ?? '');
  if (groups['cls'] === undefined) return groups['text']?.trim() || line.text.trim();
  return groups['text'] ? `${groups['cls']}: ${groups['text']}` : groups['cls'];
}

function causeOf({ cause }: ErrorMarker, context: readonly string[]): string | null {
  if (!cause) return null;
  return context.reduce<string | null>((found, line) => cause.exec(line)?.groups?.['text'] ?? found, null);
}

function impliedPhase(marker: ErrorMarker, raw: string): Phase | null {
  if (marker.phase) return marker.phase;
  return marker.phaseFrom?.find(([pattern]) => pattern.test(raw))?.[1] ?? null;
}

/**
 * Puts the failure that explains most in front of the others: the first one becomes the reason of the end, and "exception
 * report" helps nobody when "Failed to download the following packages" stands ten lines below.
 */
function explainFailure(findings: Finding[]): Finding[] {
  const first = findings.findIndex((finding) => finding.kind === 'install-failed');
  if (first < 0) return findings;
  let best = first;
  findings.forEach(({ explains = -1 }, index) => {
    if (explains > findings[best]!.explains!) best = index;
  });
  if (best === first) return findings;
  const moved = findings[best]!;
  const rest = findings.filter((_, index) => index !== best);
  return [...rest.slice(0, first), moved, ...rest.slice(first)];
}
