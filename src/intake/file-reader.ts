import type { EventDetail } from '../domain/event';
import { findByFileName, findInstaller, readTagged, sniffLine } from './installers';
import {
  createLogReader,
  emptyLogState,
  MAX_CONTEXT_LINE,
  type Finding,
  type LogReader,
  type LogState,
  type Place,
} from './log-reader';
import { plainText } from './plain-text';
import { splitTagged } from './tagged-line';
import type { FileKind, Installer, LogLine, Voice } from './vocabulary';

/** Lines kept in front of an error as its context. */
const CONTEXT_LINES = 5;
/**
 * Characters of a line that are looked at: three times the longest marked line of real logs. Anybody may send lines, and
 * what a pattern costs can grow faster than its line.
 */
const MAX_LINE = 4_096;
/** Where `tail -f` of several files says which one the next lines are from. */
const TAIL_HEADER = /^==> (\S{1,255}) <==$/;

/** What is known of a file so far. Plain JSON: it is stored between two uploads of the same file. */
export interface FileState {
  /** The file took the place of an older one. */
  restarted: boolean;
  lines: number;
  voice: Voice;
  /** Whose lines are being read and how; null installer: nobody's that is known. */
  installer: string | null;
  kind: FileKind;
  /** The name decides what the file is; else its lines do, one by one. */
  named: boolean;
  recent: string[];
  /** What each installer has said. */
  readers: Record<string, LogState>;
}

/** The state before the first line. */
export function emptyFileState(restarted = false): FileState {
  return {
    restarted,
    lines: 0,
    voice: 'nobody',
    installer: null,
    kind: 'other',
    named: false,
    recent: [],
    readers: {},
  };
}

/** A finding with the installer that said it; null for signs of life. */
export type FileFinding = Finding & { installer: string | null };

/** Reads one file, line by line, in the order of arrival. */
export interface FileReader {
  /** One whole line without its end; `offset` is its first byte in the file. */
  read(line: string, offset: number): void;
  /** What the lines since the beginning or the last `finish` say, and the state to go on from. */
  finish(): { findings: FileFinding[]; state: FileState };
}

/**
 * A reader for one file, whoever wrote it. What a file is follows from its name, where that leaves no choice, else from
 * the form of its lines; a system log is read program by program. New lines become few findings; one `heard` when there
 * was nothing but chatter.
 *
 * @param options.source - name of the installer whose file it is, when that is known; see INSTALLERS.
 * @param options.sniff - a file whose name says nothing is judged by its lines. Without it such a file is a sign of life:
 * right for uploads, where it may be anything a script has written.
 */
export function createFileReader(options: {
  file: string;
  state: FileState;
  source?: string | null;
  sniff?: boolean;
}): FileReader {
  const { file, sniff = false } = options;
  const state = structuredClone(options.state);
  const readers = new Map<string, LogReader>();
  let linesRead = 0;
  let lastOffset = 0;
  if (state.lines === 0) recognise(state, file, options.source ?? null);

  function readerOf(installer: Installer): LogReader {
    let reader = readers.get(installer.name);
    if (!reader) {
      const known = state.readers[installer.name] ?? emptyLogState(state.restarted);
      reader = createLogReader({ installer, kind: state.kind, file, state: known });
      readers.set(installer.name, reader);
    }
    return reader;
  }

  function take(installer: Installer, line: LogLine, raw: string, at: Place): void {
    state.voice = line.voice;
    readerOf(installer).read(line, raw, at, state.recent);
  }

  /** False for a line that belongs to nobody. */
  function readLine(raw: string, at: Place): void {
    const text = raw.replace(/(?:\r|\^M)+$/, '');
    const isSniffed = !state.named && (sniff || state.installer !== null) && turn(state, text);
    const mayBeTagged = state.kind === 'tagged' || (sniff && !state.named && !isSniffed);
    const tagged = mayBeTagged ? splitTagged(text) : null;
    if (tagged) {
      const known = readTagged(tagged.tag, tagged.level, tagged.text);
      if (known) take(known.installer, known.line, raw, at);
      else state.voice = 'nobody';
      return;
    }
    const installer = state.installer === null ? undefined : findInstaller(state.installer);
    if (installer) take(installer, installer.split(state.kind, text, state.voice), raw, at);
  }

  return {
    read(whole, offset) {
      const raw = whole.slice(0, MAX_LINE);
      state.lines += 1;
      linesRead += 1;
      lastOffset = offset;
      if (state.kind !== 'user' && state.kind !== 'booted') readLine(raw, { offset, line: state.lines });
      state.recent.push(plainText(raw, MAX_CONTEXT_LINE));
      if (state.recent.length > CONTEXT_LINES) state.recent.shift();
    },

    finish() {
      const findings: FileFinding[] = [];
      let task: string | null = null;
      for (const [name, reader] of readers) {
        const found = reader.finish();
        state.readers[name] = found.state;
        task = found.task ?? task;
        findings.push(...found.findings.map((finding) => ({ ...finding, installer: name })));
      }
      if (readers.size > 1) findings.sort((a, b) => a.offset - b.offset);
      if (state.kind === 'booted' && linesRead > 0 && state.voice !== 'installer') {
        // A system log of its own: only the installed system writes one, and only it sends one.
        state.voice = 'installer';
        findings.push({ id: 'booted', offset: 0, kind: 'system-booted', detail: {}, installer: null });
      }
      if (findings.length === 0 && linesRead > 0) {
        const detail: EventDetail = task === null ? {} : { message: plainText(task, 500) };
        findings.push({ id: 'heard', offset: lastOffset, kind: 'heard', detail, installer: null });
      }
      linesRead = 0;
      return { findings, state: structuredClone(state) };
    },
  };
}

/** What the name of a file says before its first line is read. */
function recognise(state: FileState, file: string, source: string | null): void {
  const candidates = findByFileName(file).filter(({ installer }) => source === null || installer.name === source);
  const [first] = candidates;
  if (source !== null) state.installer = source;
  if (!first) return;
  const kinds = new Set(candidates.map(({ entry }) => entry.kind));
  state.kind = first.entry.kind;
  // Several installers may write a file of that name: the lines say whose it is.
  state.named = candidates.length === 1 || (kinds.size === 1 && first.entry.kind === 'tagged');
  state.installer ??= first.installer.name;
}

/** Lines that can only be another installer's, or of another kind of file, change what is being read; true for those. */
function turn(state: FileState, line: string): boolean {
  const header = TAIL_HEADER.exec(line);
  if (header) {
    const next = { ...emptyFileState(), lines: 1 };
    recognise(next, header[1]!.slice(header[1]!.lastIndexOf('/') + 1), null);
    if (next.installer !== null) Object.assign(state, { installer: next.installer, kind: next.kind });
    return true;
  }
  const sniffed = sniffLine(line);
  // The kernel speaks below every installer: whose console it is, if that is known, it does not change.
  if (sniffed?.installer.name === 'kernel' && state.installer !== null) return false;
  if (sniffed) Object.assign(state, { installer: sniffed.installer.name, kind: sniffed.kind });
  return sniffed !== null && sniffed.kind !== 'tagged';
}
