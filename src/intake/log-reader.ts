import type { DraftKind, EventDetail } from '../domain/event';
import { phaseOrder, type Phase } from '../domain/phase';
import { plainText } from './plain-text';
import type { Counter, ErrorMarker, FileKind, Installer, LogLine, PhaseMarker, Voice } from './vocabulary';

/** Lines kept in front of an error as its context. */
const CONTEXT_LINES = 5;
const MAX_CONTEXT_LINE = 300;
const MAX_ERROR_TEXT = 500;
/** Different errors reported per file; an installer that dies in a loop must not fill the log. */
const MAX_ERRORS = 20;
/** Downloads under way that are remembered; DNF runs three at a time. */
const MAX_DOWNLOADS = 64;
/**
 * Characters of a line that are looked at: three times the longest marked line of real logs. Anybody may send lines, and
 * what a pattern costs can grow faster than its line.
 */
const MAX_LINE = 4_096;
/** No install has more packages, and none has more bytes: a larger number is no count. */
const MAX_PACKAGES = 10_000_000;
const MAX_BYTES = 2 ** 50;

/** What a reader knows of a file so far. Plain JSON: it is stored between two uploads of the same file. */
export interface LogState {
  /** The file took the place of an older one: its first line proves a new boot of the installer. */
  restarted: boolean;
  lines: number;
  voice: Voice;
  phase: Phase | null;
  done: number | null;
  total: number | null;
  bytesDone: number | null;
  bytesTotal: number | null;
  step: 'download' | 'install' | 'scriptlets' | null;
  /** Bytes of downloads under way, by package. */
  downloads: Record<string, number>;
  /** Inside the output of a user's script. */
  inScript: boolean;
  /** An exception report has come to its dump of variables and files: nothing more to learn. */
  closed: boolean;
  failed: boolean;
  ended: boolean;
  question: string | null;
  /** Texts of the errors reported. */
  errors: string[];
  recent: string[];
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

/** Reads one file, line by line, in the order of arrival. */
export interface LogReader {
  /** One whole line without its end; `offset` is its first byte in the file. */
  read(line: string, offset: number): void;
  /** What the lines since the beginning or the last `finish` say, and the state to go on from. */
  finish(): { findings: Finding[]; state: LogState };
}

/** The state before the first line. */
export function emptyLogState(restarted = false): LogState {
  return {
    restarted,
    lines: 0,
    voice: 'nobody',
    phase: null,
    done: null,
    total: null,
    bytesDone: null,
    bytesTotal: null,
    step: null,
    downloads: {},
    inScript: false,
    closed: false,
    failed: false,
    ended: false,
    question: null,
    errors: [],
    recent: [],
  };
}

interface Marks {
  phases: PhaseMarker[];
  counters: Counter[];
  errors: ErrorMarker[];
}

const indexes = new WeakMap<Installer, Map<Voice, Marks>>();

function marksOf(installer: Installer, voice: Voice): Marks {
  let index = indexes.get(installer);
  if (!index) indexes.set(installer, (index = new Map<Voice, Marks>()));
  let marks = index.get(voice);
  if (!marks) {
    const spoken = <T extends { voices: readonly Voice[] }>(all: readonly T[]): T[] =>
      all.filter((mark) => mark.voices.includes(voice));
    marks = {
      phases: spoken(installer.phases),
      counters: spoken(installer.counters),
      errors: spoken(installer.errors),
    };
    index.set(voice, marks);
  }
  return marks;
}

const SCRIPT_BEGINS = /^Running\b.*\bks-script/;
const SCRIPT_ENDS = /^Return code(?: of \S+)?: -?\d+$/;
const TASK = /^Task started: (?<task>.+? \(\d+\/\d+\))$/;
const REPORT_DUMP = /^Local variables in innermost frame/;

/**
 * A reader for one file of an installer. New lines become few findings: one per phase, one for the last counters, each
 * error once, one `heard` when there was nothing but chatter.
 */
export function createLogReader(options: {
  installer: Installer;
  kind: FileKind;
  file: string;
  state: LogState;
}): LogReader {
  const { installer, kind, file } = options;
  const state = structuredClone(options.state);
  let findings: Finding[] = [];
  /** Progress found and not yet a finding, with the offset of its last line. */
  let pending: { offset: number; detail: EventDetail } | null = null;
  let linesRead = 0;
  let lastOffset = 0;
  let task: string | null = null;

  function note(offset: number, detail: EventDetail): void {
    pending = { offset, detail: { ...pending?.detail, ...detail } };
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

  function enter(phase: Phase, offset: number): void {
    if (state.phase !== null && phaseOrder(phase) <= phaseOrder(state.phase)) return;
    flush();
    state.phase = phase;
    state.question = null;
    note(offset, {});
  }

  function readPhases(marks: Marks, text: string, offset: number): void {
    for (const marker of marks.phases) {
      if (state.phase !== null && phaseOrder(marker.phase) <= phaseOrder(state.phase)) continue;
      // A dead installer still unmounts and reboots: that is no progress.
      if (state.failed && marker.phase === 'finalize') continue;
      if (!marker.pattern.test(text)) continue;
      if (marker.proves === 'end') {
        flush();
        state.phase = marker.phase;
        state.ended = true;
        findings.push({ id: marker.id, offset, kind: 'install-finished', detail: {} });
        return;
      }
      if (marker.proves === 'begin' && state.restarted) {
        flush();
        state.phase = marker.phase;
        findings.push({ id: marker.id, offset, kind: 'install-started', detail: { phase: marker.phase } });
        return;
      }
      return enter(marker.phase, offset);
    }
  }

  function readCounters(marks: Marks, line: LogLine, offset: number): void {
    for (const counter of marks.counters) {
      if (counter.logger && !counter.logger.test(line.logger)) continue;
      const match = counter.pattern.exec(line.text);
      if (!match) continue;
      enter(counter.phase, offset);
      if (counter.step) state.step = laterStep(state.step, counter.step);
      count(counter, match.groups ?? {}, offset);
      return;
    }
  }

  function count(counter: Counter, groups: Record<string, string | undefined>, offset: number): void {
    const step = state.step === null ? {} : { packageStep: state.step };
    switch (counter.sets) {
      case 'count': {
        const total = readCount(groups['total'] ?? groups['total2'], MAX_PACKAGES);
        const done = readCount(groups['done'], MAX_PACKAGES);
        if (total !== null) state.total = total;
        if (done !== null) state.done = Math.max(state.done ?? 0, done);
        break;
      }
      case 'one-more':
        state.done = (state.done ?? 0) + 1;
        break;
      case 'download-started':
        // By entries: a package may have the name of a property that every object has.
        if (Object.keys(state.downloads).length < MAX_DOWNLOADS) {
          const started = [groups['name']!, readCount(groups['bytes'], MAX_BYTES) ?? 0];
          state.downloads = Object.fromEntries([...Object.entries(state.downloads), started]) as Record<string, number>;
        }
        return;
      case 'download-done': {
        const name = groups['name']!;
        const bytes = Object.hasOwn(state.downloads, name) ? state.downloads[name]! : 0;
        state.downloads = Object.fromEntries(Object.entries(state.downloads).filter(([other]) => other !== name));
        state.bytesDone = (state.bytesDone ?? 0) + bytes;
        return note(offset, { ...step, bytesDone: state.bytesDone });
      }
      case 'download-bytes':
        state.total = readCount(groups['total'], MAX_PACKAGES) ?? state.total;
        state.bytesDone = Math.max(state.bytesDone ?? 0, readBytes(groups['bytes']!));
        state.bytesTotal = readBytes(groups['bytesTotal']!);
        return note(offset, {
          ...step,
          ...(state.total !== null && { packagesTotal: state.total }),
          bytesDone: state.bytesDone,
          bytesTotal: state.bytesTotal,
        });
    }
    note(offset, {
      ...step,
      ...(state.done !== null && { packagesDone: state.done }),
      ...(state.total !== null && { packagesTotal: state.total }),
    });
  }

  function readErrors(marks: Marks, line: LogLine, raw: string, offset: number): void {
    for (const marker of marks.errors) {
      const match = marker.pattern.exec(line.text);
      if (!match) continue;
      if (marker.level && !marker.level.test(line.level)) continue;
      if (marker.afterFailure && (!state.failed || line.level !== '')) continue;
      if (marker.unless?.test(raw) || installer.benign.some((benign) => benign.pattern.test(raw))) return;
      return report(marker, match, line, raw, offset);
    }
  }

  function report(marker: ErrorMarker, match: RegExpExecArray, line: LogLine, raw: string, offset: number): void {
    const text = plainText(wordsOf(marker, match, line), MAX_ERROR_TEXT);
    const phase = state.phase === null ? impliedPhase(marker, raw) : null;
    if (phase !== null) state.phase = phase;
    flush();
    const detail: EventDetail = phase === null ? {} : { phase };
    if (marker.severity !== 'asks' && !state.errors.includes(text) && state.errors.length < MAX_ERRORS) {
      state.errors.push(text);
      const fatal = marker.severity === 'fatal';
      if (fatal) state.failed = true;
      findings.push({
        id: marker.id,
        offset,
        kind: fatal ? 'install-failed' : 'error-reported',
        ...(fatal && { explains: marker.explains }),
        detail: {
          ...detail,
          ...(fatal && { inferred: true }),
          error: { text, file, line: state.lines, context: [...state.recent, plainText(raw, MAX_CONTEXT_LINE)] },
        },
      });
    }
    if ((marker.severity === 'asks' || marker.severity === 'error-asks') && state.question === null) {
      state.question = text;
      findings.push({
        id: `${marker.id}:asks`,
        offset,
        kind: 'waiting-reported',
        detail: { ...detail, question: text },
      });
    }
  }

  return {
    read(whole, offset) {
      const raw = whole.slice(0, MAX_LINE);
      state.lines += 1;
      linesRead += 1;
      lastOffset = offset;
      if (kind === 'user' || kind === 'other' || kind === 'booted' || state.closed) return;
      const line = installer.split(kind, raw.replace(/(?:\r|\^M)+$/, ''), state.voice);
      state.voice = line.voice;
      if (line.voice !== 'nobody' && !state.ended && !isUserText(state, line)) {
        const marks = marksOf(installer, line.voice);
        if (marks.phases.length > 0) readPhases(marks, line.text, offset);
        if (!state.ended && !state.failed && marks.counters.length > 0) readCounters(marks, line, offset);
        if (!state.ended && marks.errors.length > 0) readErrors(marks, line, raw, offset);
        task = TASK.exec(line.text)?.groups?.['task'] ?? task;
      }
      if (kind === 'traceback' && (REPORT_DUMP.test(raw) || state.errors.length > 1)) state.closed = true;
      state.recent.push(plainText(raw, MAX_CONTEXT_LINE));
      if (state.recent.length > CONTEXT_LINES) state.recent.shift();
    },

    finish() {
      flush();
      if (kind === 'booted' && linesRead > 0 && !state.ended) {
        // A system log of its own: only the installed system writes one, and only it sends one.
        state.ended = true;
        findings.push({ id: 'booted', offset: 0, kind: 'system-booted', detail: {} });
      }
      if (findings.length === 0 && linesRead > 0) {
        const detail: EventDetail = task === null ? {} : { message: plainText(task, MAX_ERROR_TEXT) };
        findings.push({ id: 'heard', offset: lastOffset, kind: 'heard', detail });
      }
      const found = explainFailure(findings);
      findings = [];
      linesRead = 0;
      task = null;
      return { findings: found, state: structuredClone(state) };
    },
  };
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
  if (groups['cls'] === undefined) return line.text.trim();
  return groups['text'] ? `${groups['cls']}: ${groups['text']}` : groups['cls'];
}

function impliedPhase(marker: ErrorMarker, raw: string): Phase | null {
  if (marker.phase) return marker.phase;
  return marker.phaseFrom?.find(([pattern]) => pattern.test(raw))?.[1] ?? null;
}

const STEPS = ['download', 'install', 'scriptlets'] as const;

function laterStep(now: LogState['step'], next: (typeof STEPS)[number]): (typeof STEPS)[number] {
  return now !== null && STEPS.indexOf(now) > STEPS.indexOf(next) ? now : next;
}

const UNITS: Record<string, number> = { B: 1, bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** Digits as a number; null without any, and for a number that counts nothing. */
function readCount(digits: string | undefined, most: number): number | null {
  const count = digits === undefined ? NaN : Number(digits);
  return count <= most ? count : null;
}

/** `1.14 MiB` in bytes; 0 for a unit nobody prints and for a number that is none. */
function readBytes(text: string): number {
  const [number, unit = 'B'] = text.split(' ');
  const bytes = Math.round(Number(number) * (Object.hasOwn(UNITS, unit) ? UNITS[unit]! : 0));
  return bytes <= MAX_BYTES ? bytes : 0;
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
