import { phaseOrder, type Phase } from '../domain/phase';
import type { FileFinding } from './file-reader';
import { readTagged, sniffLine } from './installers';
import { createLogReader, emptyLogState, MAX_CONTEXT_LINE, type LogReader, type LogState } from './log-reader';
import { marksOf } from './marks';
import { plainText } from './plain-text';
import type { Installer, LogLine, Voice } from './vocabulary';

/** Lines kept in front of an error as its context. */
const CONTEXT_LINES = 5;
/** Characters of a line that are looked at; see MAX_LINE of file-reader.ts. */
const MAX_LINE = 4_096;

/**
 * Programs that machines at work run too, under the same names: updates of packages, the boot of an Ubuntu, a new initrd.
 * What goes wrong in them is an install's only while one is under way.
 */
const EVERYDAY = /^(?:dnf|yum|storage|systemd(?:-coredump)?|dracut[\w-]{0,40}|cloud-init|flash-kernel|tasksel)$/;

/** One line as a listener hands it on. */
export interface StreamLine {
  /** The program, '' when the line names none. */
  tag: string;
  /** What is left behind time, host and program. */
  text: string;
}

/** What a run is known to have come to, when a stream is met in the middle of it. */
export interface StreamStart {
  phase: Phase;
  packagesDone: number | null;
  packagesTotal: number | null;
}

/** Reads what one machine logs as it goes, boot after boot, whatever installs it. */
export interface StreamReader {
  read(line: StreamLine): void;
  /** True when lines came since the last `finish`. */
  hasNews(): boolean;
  /** What they say; a single `heard` when it was nothing but chatter, empty without any line. */
  finish(): FileFinding[];
  /** Goes on from what is known of the run: for a stream met in its middle. What was read before is not forgotten. */
  startFrom(known: StreamStart): void;
}

/** A reader for a stream that nobody has read before. `name` is what its lines are called as evidence. */
export function createStreamReader(name: string): StreamReader {
  const readers = new Map<string, LogReader>();
  const states = new Map<string, LogState>();
  const recent: string[] = [];
  let voice: Voice = 'nobody';
  let lines = 0;
  let unread = 0;
  let start: StreamStart | null = null;
  /** Found by readers that were given up since. */
  let found: FileFinding[] = [];

  function readerOf(installer: Installer): LogReader {
    let reader = readers.get(installer.name);
    if (!reader) {
      const state = states.get(installer.name) ?? (start ? goingOn(start) : emptyLogState());
      reader = createLogReader({ installer, kind: 'tagged', file: name, state, isLive: true });
      readers.set(installer.name, reader);
    }
    return reader;
  }

  return {
    read(line) {
      lines += 1;
      unread += 1;
      // Priority, time and host are the envelope; what a person wants to read is behind it.
      const raw = (line.tag === '' ? line.text : `${line.tag}: ${line.text}`).slice(0, MAX_LINE);
      const known = recogniseLine(line, voice);
      voice = known?.line.voice ?? 'nobody';
      if (known) {
        const said = EVERYDAY.test(line.tag) ? { ...known.line, everyday: true } : known.line;
        readerOf(known.installer).read(said, raw, { offset: lines, line: lines }, recent);
      }
      recent.push(raw.length > MAX_CONTEXT_LINE ? raw.slice(0, MAX_CONTEXT_LINE) : raw);
      if (recent.length > CONTEXT_LINES) recent.shift();
    },

    hasNews: () => unread > 0,

    finish() {
      if (unread === 0) return [];
      unread = 0;
      const findings = found;
      found = [];
      for (const [installer, reader] of readers) {
        findings.push(...reader.take().map((finding) => ({ ...finding, installer })));
      }
      if (readers.size > 1) findings.sort((a, b) => a.offset - b.offset);
      for (const { detail } of findings) cleanContext(detail);
      if (findings.length === 0) {
        findings.push({ id: 'heard', offset: lines, kind: 'heard', detail: {}, installer: null });
      }
      return findings;
    },

    startFrom(known) {
      start = known;
      for (const [installer, reader] of readers) {
        const { findings, state } = reader.finish();
        found.push(...findings.map((finding) => ({ ...finding, installer })));
        if (state.phase !== null && phaseOrder(state.phase) > phaseOrder(known.phase)) continue;
        states.set(installer, mergeStart(state, known));
        readers.delete(installer);
      }
    },
  };
}

/** Whose a line of a stream is; null for a line of nobody's. Lines without a program are known by their form. */
function recogniseLine({ tag, text }: StreamLine, previous: Voice): { installer: Installer; line: LogLine } | null {
  const cut = text.length > MAX_LINE ? text.slice(0, MAX_LINE) : text;
  if (tag !== '') return readTagged(tag, '', cut);
  const sniffed = sniffLine(cut);
  return sniffed && { installer: sniffed.installer, line: sniffed.installer.split(sniffed.kind, cut, previous) };
}

/**
 * True for a line that may tell of a phase, a count or an error, so that it is kept when its sender is too fast. Costs one
 * look-up and one pattern.
 */
export function isTellingLine(line: StreamLine): boolean {
  const known = recogniseLine(line, 'nobody');
  return known !== null && marksOf(known.installer, known.line.voice).any.test(known.line.text);
}

function goingOn(known: StreamStart): LogState {
  return mergeStart(emptyLogState(), known);
}

/** What was counted in the stream comes on top of what was counted before it was met. */
function mergeStart(state: LogState, known: StreamStart): LogState {
  const { counts } = state;
  const own = counts.done ?? 0;
  const before = (known.packagesDone ?? 0) > own ? known.packagesDone! : 0;
  return {
    ...state,
    phase: known.phase === 'pending' ? state.phase : known.phase,
    counts: {
      ...counts,
      done: before + own > 0 ? before + own : counts.done,
      total: counts.total ?? known.packagesTotal,
    },
  };
}

/** Lines come from anybody: what is stored of them holds no control characters. */
function cleanContext(detail: FileFinding['detail']): void {
  if (detail.error?.context) {
    detail.error = { ...detail.error, context: detail.error.context.map((line) => plainText(line, MAX_CONTEXT_LINE)) };
  }
}
