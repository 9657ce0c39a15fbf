import { isIP } from 'node:net';

/** One line of a sender, taken apart. Nothing in it is believed: whoever can reach the port can write anything. */
export interface SyslogLine {
  /** 0 to 23, RFC 3164 §4.1.1; null when the line has no priority. */
  facility: number | null;
  /** 0 emergency to 7 debug; null when the line has no priority. */
  severity: number | null;
  /** The name or address the line gives for its sender; null when it gives none. */
  host: string | null;
  /** The program, empty when the line names none. */
  tag: string;
  pid: string | null;
  /** What is left; the whole line when it has neither priority nor time. */
  text: string;
  /** The sender's time as printed. */
  stamp: string | null;
  /** The whole line. As in `text`, control characters but tab are spaces, and what is no UTF-8 is U+FFFD. */
  raw: string;
}

/** Longest `raw`, and so longest `text`, in characters: 8 KiB, the words included that say how much is missing. */
export const MAX_LINE_LENGTH = 8 * 1024;
/** Bytes of a line that are kept. */
export const KEPT_BYTES = MAX_LINE_LENGTH - 48;

const LF = 10;
const CR = 13;

/** Where a frame ends without the line ends and NULs (Python's SysLogHandler sends one) behind it. */
export function trimmedLength(frame: Buffer): number {
  let end = frame.length;
  while (end > 0) {
    const last = frame[end - 1];
    if (last !== LF && last !== CR && last !== 0) break;
    end -= 1;
  }
  return end;
}

/**
 * The line in one datagram or one frame of a connection. Total: whatever the bytes are, there is a line. Of a frame
 * beyond {@link KEPT_BYTES} the beginning is kept and the end says how many bytes are not.
 *
 * @param skipped - Bytes of the frame that came behind these and were not kept.
 */
export function parseFrame(frame: Buffer, skipped = 0): SyslogLine {
  const length = trimmedLength(frame);
  let end = Math.min(length, KEPT_BYTES);
  let missing = length - end + skipped;
  if (missing === 0) return parseLine(frame.toString('utf8', 0, end));
  const whole = wholeCharacters(frame, end);
  missing += end - whole;
  end = whole;
  return parseLine(`${frame.toString('utf8', 0, end)}… [${missing} bytes cut]`);
}

/** `end`, or a little less when it stands inside a character of UTF-8. */
function wholeCharacters(bytes: Buffer, end: number): number {
  let lead = end - 1;
  while (lead > end - 4 && lead > 0 && (bytes[lead]! & 0xc0) === 0x80) lead -= 1;
  const first = bytes[lead] ?? 0;
  const length = first >= 0xf0 ? 4 : first >= 0xe0 ? 3 : first >= 0xc0 ? 2 : 1;
  return lead + length > end ? lead : end;
}

// Terminals act on them, the database cannot hold NUL, and a line feed inside RFC 5424 text is no second line.
const CONTROL = /[\u0000-\u0008\u000a-\u001f\u007f-\u009f]/g;

const PRI = /<(\d{1,3})>/y;
const MONTH_STAMP =
  /(?:Jan|Feb|Mar|Apr|May|Jun|Jul|Aug|Sep|Oct|Nov|Dec) {1,2}\d{1,2} \d\d:\d\d:\d\d(?:\.\d{1,9})?(?= |$)/y;
const ISO_STAMP = /\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:?\d\d)?(?= |$)/y;
const VERSION = /[1-9]\d{0,2} (?=- |-$|\d{4}-\d\d-\d\dT)/y;

/**
 * Takes a line apart that is text already:
 * - RFC 3164 and what is really sent as such: rsyslog's forward formats `<PRI>Mmm dd HH:MM:SS host tag[pid]: text` (ISO
 *   time in RSYSLOG_ForwardFormat), busybox `<PRI>Mmm dd HH:MM:SS tag: text`, either without priority or without time;
 * - RFC 5424 (structured data is passed over);
 * - anything else, such as netconsole and `HH:MM:SS,mmm LEVEL logger: text` of anaconda --remotelog: `text` is the line.
 *
 * Total and linear in the length of the line.
 */
export function parseLine(text: string): SyslogLine {
  const raw = text.replace(CONTROL, ' ');
  const line: SyslogLine = {
    facility: null,
    severity: null,
    host: null,
    tag: '',
    pid: null,
    text: raw,
    stamp: null,
    raw,
  };
  const at = readPriority(line);
  if (at === 0 || !readStructured(line, at)) readTraditional(line, at);
  return line;
}

/** Answers where the priority ends; 0 when there is none. */
function readPriority(line: SyslogLine): number {
  if (line.raw.charCodeAt(0) !== 0x3c) return 0;
  PRI.lastIndex = 0;
  const priority = Number(PRI.exec(line.raw)?.[1] ?? Number.NaN);
  if (!(priority <= 191)) return 0;
  line.facility = priority >> 3;
  line.severity = priority & 7;
  return PRI.lastIndex;
}

/** RFC 3164 §4, as senders understand it. */
function readTraditional(line: SyslogLine, begin: number): void {
  const { raw } = line;
  const stampEnd = endOf(MONTH_STAMP, raw, begin) || endOf(ISO_STAMP, raw, begin);
  if (stampEnd > 0) line.stamp = raw.slice(begin, stampEnd);
  else if (begin === 0) return;
  const at = stampEnd > 0 ? skipSpace(raw, stampEnd) : begin;
  if (readTag(line, at)) return;
  line.text = raw.slice(at);
  // Without a time the first word is more likely a word (`INFO    text` of EL6) than a host.
  if (stampEnd === 0) return;
  const wordEnd = endOfWord(raw, at);
  const word = raw.slice(at, wordEnd);
  const isAddress = isIP(word) !== 0;
  if (isAddress || HOST.test(word)) {
    const behind = skipSpace(raw, wordEnd);
    if (readTag(line, behind) || readLooseTag(line, behind) || readCutTag(line, behind)) {
      line.host = word;
      return;
    }
    if (isAddress) {
      line.host = word;
      line.text = raw.slice(behind);
      return;
    }
  }
  if (!isAddress) readLooseTag(line, at);
}

const HOST = /^[A-Za-z0-9][\w.-]{0,254}$/;
/** `tag: `, `tag[pid]: `, `tag[pid] `; colons inside are the tag's own, and `kernel:[` is what a boot prints. */
const TAG = /([^ [\]<>]{1,128}?)(?:\[([^ \]]{1,64})\])?(?:(?<=\]):?(?= |$)|:(?= |$|\[))/y;
/** `tag:text`, as Python's handlers write it; not an URL. */
const LOOSE_TAG = /([A-Za-z_][\w./-]{0,127})(?:\[(\d{1,10})\])?:(?!\/\/)/y;
const HEX_GROUP = /^[0-9A-Fa-f]{1,4}$/;
/** rsyslog forwards 32 characters of `tag[pid]:`, which cuts it inside D-Bus names such as those of anaconda's modules. */
const CUT_TAG = /([A-Za-z][\w./-]*)(?:\[\d*)?(?= |$)/y;
const CUT_LENGTH = 32;

function readTag(line: SyslogLine, at: number): boolean {
  TAG.lastIndex = at;
  const found = TAG.exec(line.raw);
  if (found === null) return false;
  return takeTag(line, found, TAG.lastIndex);
}

function readLooseTag(line: SyslogLine, at: number): boolean {
  LOOSE_TAG.lastIndex = at;
  const found = LOOSE_TAG.exec(line.raw);
  // `fe80:` and `aa:` begin an address.
  if (found === null || HEX_GROUP.test(found[1]!)) return false;
  return takeTag(line, found, LOOSE_TAG.lastIndex);
}

function readCutTag(line: SyslogLine, at: number): boolean {
  if (endOfWord(line.raw, at) !== at + CUT_LENGTH) return false;
  CUT_TAG.lastIndex = at;
  const found = CUT_TAG.exec(line.raw);
  return found !== null && takeTag(line, found, CUT_TAG.lastIndex);
}

function takeTag(line: SyslogLine, found: RegExpExecArray, end: number): true {
  line.tag = found[1]!;
  line.pid = found[2] ?? null;
  line.text = line.raw.slice(skipSpace(line.raw, end));
  return true;
}

/** One SD-ELEMENT of RFC 5424 §6.3; a bracket that should have been escaped inside a value is let pass. */
const SD_ELEMENT = /\[[^ =\]"]{1,64}(?: [^ =\]"]{1,64}="(?:[^"\\]|\\.)*")*\]/y;

/** RFC 5424 §6. Answers false, and changes nothing, when the line is none. */
function readStructured(line: SyslogLine, begin: number): boolean {
  const { raw } = line;
  let at = endOf(VERSION, raw, begin);
  if (at === 0) return false;
  /** The next field; null for NILVALUE, and when there is no more. */
  function field(): string | null {
    const end = endOfWord(raw, at);
    const value = raw.slice(at, end);
    at = skipSpace(raw, end);
    return value === '-' || value === '' ? null : value;
  }
  line.stamp = field();
  line.host = field();
  line.tag = field() ?? '';
  line.pid = field();
  field(); // MSGID
  if (raw[at] === '-') at += 1;
  else for (let end = endOf(SD_ELEMENT, raw, at); end > 0; end = endOf(SD_ELEMENT, raw, at)) at = end;
  at = skipSpace(raw, at);
  if (raw[at] === '\ufeff') at += 1;
  // rsyslog passes on the space behind the colon of what it was sent as RFC 3164.
  line.text = raw.slice(skipSpace(raw, at));
  return true;
}

/** Where the match of a sticky expression at `at` ends; 0 when it does not match there. */
function endOf(sticky: RegExp, raw: string, at: number): number {
  sticky.lastIndex = at;
  return sticky.test(raw) ? sticky.lastIndex : 0;
}

function endOfWord(raw: string, at: number): number {
  const end = raw.indexOf(' ', at);
  return end < 0 ? raw.length : end;
}

/** Behind one space, where there is one. */
function skipSpace(raw: string, at: number): number {
  return raw[at] === ' ' ? at + 1 : at;
}
