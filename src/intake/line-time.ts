/** What a line says of its time. Scales other than equal ones cannot be compared, but `dated` with `yearless`. */
export interface LineTime {
  /** `dated`: milliseconds since 1970 (UTC where the line names no zone); `yearless`: since the year began; `clock`: since midnight. */
  ms: number;
  scale: 'dated' | 'yearless' | 'clock';
  /** As printed. */
  text: string;
}

const DATED =
  /^(?:<\d{1,3}>(?:1 )?)?\[?(\d{4})-(\d\d)-(\d\d)[T ](\d\d):(\d\d):(\d\d)(?:[.,](\d{1,6}))?(Z|[+-]\d\d:?\d\d)?/;
const YEARLESS = /^(?:<\d{1,3}>)?([A-Z][a-z]{2}) ([ \d]\d) (\d\d):(\d\d):(\d\d)/;
const CLOCK = /^(\d\d):(\d\d):(\d\d)(?:,(\d{3}))?[ :]/;
/** Apache's and nginx's access logs. */
const ACCESS = /^\S{1,64} \S{1,64} \S{1,64} \[(\d\d)\/([A-Z][a-z]{2})\/(\d{4}):(\d\d):(\d\d):(\d\d) ([+-]\d\d)(\d\d)\]/;
/** Events of curtin and cloud-init: seconds since 1970. */
const EVENT = /"timestamp": ?(\d{9,10}(?:\.\d{1,9})?)/;

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];
const DAY = 86_400_000;

/** The time at the beginning of a line in the forms installers, system logs and web servers print; null without one. */
export function timeOfLine(line: string): LineTime | null {
  return readDated(line) ?? readYearless(line) ?? readClock(line) ?? readAccess(line) ?? readEvent(line);
}

/** The time on the scale of `yearless`, so that it can be compared with such times. */
export function withoutYear(time: LineTime): number {
  return time.scale === 'dated' ? time.ms - Date.UTC(new Date(time.ms).getUTCFullYear(), 0) : time.ms;
}

function readDated(line: string): LineTime | null {
  const match = DATED.exec(line);
  if (!match) return null;
  const [text, year, month, day, hour, minute, second, fraction = '0', zone = 'Z'] = match;
  const offset = zone === 'Z' ? zone : `${zone.slice(0, 3)}:${zone.slice(-2)}`;
  const iso = `${year}-${month}-${day}T${hour}:${minute}:${second}.${fraction.slice(0, 3).padEnd(3, '0')}${offset}`;
  return dated(Date.parse(iso), text.replace(/^<\d{1,3}>(?:1 )?/, '').replace(/^\[/, ''));
}

function readYearless(line: string): LineTime | null {
  const match = YEARLESS.exec(line);
  const month = match ? MONTHS.indexOf(match[1]!) : -1;
  if (!match || month < 0) return null;
  const [text, , day, hour, minute, second] = match;
  const ms = Date.UTC(1972, month, Number(day), Number(hour), Number(minute), Number(second)) - Date.UTC(1972, 0);
  return { ms, scale: 'yearless', text: text.replace(/^<\d{1,3}>/, '') };
}

function readClock(line: string): LineTime | null {
  const match = CLOCK.exec(line);
  if (!match) return null;
  const [text, hour, minute, second, ms = '0'] = match;
  const seconds = (Number(hour) * 60 + Number(minute)) * 60 + Number(second);
  if (seconds * 1000 >= DAY) return null;
  return { ms: seconds * 1000 + Number(ms), scale: 'clock', text: text.slice(0, -1) };
}

function readAccess(line: string): LineTime | null {
  const match = ACCESS.exec(line);
  if (!match) return null;
  const [, day, name, year, hour, minute, second, zoneHours, zoneMinutes] = match;
  const month = String(MONTHS.indexOf(name!) + 1).padStart(2, '0');
  return dated(Date.parse(`${year}-${month}-${day}T${hour}:${minute}:${second}${zoneHours}:${zoneMinutes}`), null);
}

function readEvent(line: string): LineTime | null {
  if (!line.startsWith('{')) return null;
  const match = EVENT.exec(line.slice(0, 2_000));
  return match ? dated(Math.round(Number(match[1]) * 1000), null) : null;
}

function dated(ms: number, text: string | null): LineTime | null {
  return Number.isNaN(ms) ? null : { ms, scale: 'dated', text: text ?? new Date(ms).toISOString() };
}
