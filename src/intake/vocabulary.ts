import type { Phase } from '../domain/phase';

/**
 * Who says a line of a log. Markers hold for the voices they name only: the text of users' scripts and of services
 * that merely run during an install must never move a run.
 */
export type Voice =
  | 'installer' // the installer's own log lines, those of its modules and of its package library included
  | 'stdout' // what the installer prints to people: translated, and printed before it is done
  | 'program' // commands the installer runs, with their output
  | 'initrd'
  | 'kernel'
  | 'console' // a text console: everything at once, without names
  | 'package-list' // install.log, upgrade.log: one line per package
  | 'traceback' // an exception report
  | 'menu' // the step machine of an installer: debian-installer's main menu, YaST's clients, set-up phases
  | 'helper' // the programs an installer has do the work, under their own names: debootstrap, in-target, grub-installer
  | 'event' // structured events: subiquity, curtin, cloud-init, Agama
  | 'trail' // what servers say of a machine: DHCP, TFTP, web server
  | 'nobody'; // services, user text, anything else: a sign of life

/** One line, taken apart. `text` is what is left after time, level and name. */
export interface LogLine {
  voice: Voice;
  level: string;
  /** Name of the logger or program, as printed; '' when there is none. */
  logger: string;
  text: string;
  /** Machines at work have this program too: what goes wrong in it opens no run. */
  everyday?: boolean;
}

/** How the lines of a file are taken apart. */
export type FileKind =
  | 'installer'
  | 'program'
  | 'tagged' // a system log: lines of many programs, each with its name in front
  | 'events' // one JSON object a line
  | 'access' // a web server's access log
  | 'package-list'
  | 'console'
  | 'traceback'
  | 'user'
  | 'booted'
  | 'other';

/** A kind of file an installer writes. The first entry whose pattern matches the file's bare name counts. */
export interface LogFile {
  pattern: RegExp;
  kind: FileKind;
  /** Holds passwords or their hashes: readable for fewer people. */
  secret?: boolean;
}

/** A line that proves the installer has come to a phase. */
export interface PhaseMarker {
  id: string;
  phase: Phase;
  voices: readonly Voice[];
  /** Only lines of these loggers or programs. */
  logger?: RegExp;
  pattern: RegExp;
  /** Where inside the band of its phase it stands, percent of the whole install: for steps that count nothing. */
  percent?: number;
  /** Releases that print it, and how that is known. */
  prints: string;
  /**
   * `begin`: a new boot of the installer; `end`: success is proven; `boot`: after an install, that its system is up;
   * `answered`: a human is no longer waited for, the phase stays.
   */
  proves?: 'begin' | 'end' | 'boot' | 'answered';
  /** Of a boot: the line that begins what `pattern` ends. Begun before the install ended, it is the installer's own boot. */
  begins?: RegExp;
  /** A failed install comes here as well: it proves nothing then. */
  unlessFailed?: boolean;
  /** Means something only once this phase has been reached. */
  after?: Phase;
  /** Means something only once a marker with this percent, or a larger one, was met. */
  afterPercent?: number;
}

/** A line that counts packages or bytes. Named groups: done, total, more (added to total), name, bytes, share. */
export interface Counter {
  id: string;
  phase: Phase;
  voices: readonly Voice[];
  logger?: RegExp;
  pattern: RegExp;
  prints: string;
  /**
   * `count`: done and total, or total alone; `one-more`: one package; `one-more-named`: one package, each `name` once;
   * `batch`: a further batch of `total` packages begins; `share`: percent of the phase, where there are no packages to
   * count; `whole`: percent of the whole install by a count of the installer's own; the others: bytes of a download.
   */
  sets:
    | 'count'
    | 'one-more'
    | 'one-more-named'
    | 'batch'
    | 'share'
    | 'whole'
    | 'download-started'
    | 'download-done'
    | 'download-bytes';
  step?: 'download' | 'install' | 'scriptlets';
  /** Counts only as long as its phase lasts: afterwards the same words are those of users' scripts. */
  phaseOnly?: boolean;
}

/** A line that tells of an error or of a question to a human. Named groups `cls` and `text` are the best words for it. */
export interface ErrorMarker {
  id: string;
  /** `fatal` ends the run (inferred); `error` is kept; `asks` waits for a human; `error-asks` is both. */
  severity: 'fatal' | 'error' | 'asks' | 'error-asks';
  voices: readonly Voice[];
  /** Only lines of these loggers or programs. */
  logger?: RegExp;
  pattern: RegExp;
  level?: RegExp;
  prints: string;
  /** Of a fatal one: no later phase speaks against it, only a finish does; see EventDetail.stands. */
  stands?: boolean;
  /** The same line with this in it is nothing. */
  unless?: RegExp;
  /** Of several only the first counts: what comes after a failure repeats it. */
  once?: boolean;
  /** What in one of the lines just before explains it better; its group `text` is added to the words. */
  cause?: RegExp;
  /** Counts only in a line without time and name, after something fatal: the last line of a call stack. */
  afterFailure?: boolean;
  /** The phase it implies when nothing in the file told the phase before. */
  phase?: Phase;
  phaseFrom?: readonly (readonly [RegExp, Phase])[];
  /** Means nothing once this phase has been reached. */
  before?: Phase;
  /** What went wrong stands on a line of its own further down: after a colon the next line, else the one after a gap. */
  detailsFollow?: boolean;
  /** Words in place of the line's own. */
  say?: string;
  /** How well its words explain the failure, 0–9: of several at once the best becomes the reason. */
  explains: number;
}

/** Everything known about how one installer writes its logs. A further installer is one more of these. */
export interface Installer {
  name: string;
  files: readonly LogFile[];
  phases: readonly PhaseMarker[];
  counters: readonly Counter[];
  errors: readonly ErrorMarker[];
  /** Lines that look like errors and are none; tested before errors. */
  benign: readonly { pattern: RegExp; why: string }[];
  /** What is being done at the moment, in the installer's words: named group task. */
  task?: RegExp;
  /** Takes one line of a file apart. `previous` is the voice of the line before, for lines without a name. */
  split(kind: FileKind, line: string, previous: Voice): LogLine;
  /**
   * A line of a system log that the program `tag` logged; null when that program is none of this installer's. The answer
   * to "is it mine" depends on the tag alone. The tag comes without process number.
   */
  tagged(tag: string, level: string, text: string): LogLine | null;
  /** The kind of file a line is from, when it can be no other installer's; null when nothing is sure. */
  sniff(line: string): FileKind | null;
}

/** Nobody's line. */
export const NOBODYS: LogLine = { voice: 'nobody', level: '', logger: '', text: '' };
