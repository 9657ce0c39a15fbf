import { findByFileName, sniffLine } from '../../intake/installers';
import { splitTagged } from '../../intake/tagged-line';
import type { LineTime } from '../../intake/line-time';

/** How a recorded file reaches a server: line by line as syslog, piece by piece as anamon does, or as events. */
export type Route = 'syslog' | 'upload' | 'webhook';

/** Lines looked at to tell what a file is. */
const HEAD_LINES = 50;

/**
 * How the installer itself would have sent a file: events by webhook, system logs and the logs an installer also writes to
 * syslog that way, and the rest as uploads: lists of packages, consoles, exception reports, output of scripts.
 */
export function routeOf(name: string, lines: readonly string[]): Route {
  const head = lines.slice(0, HEAD_LINES);
  const sniffed = head.map(sniffLine).find((found) => found !== null) ?? null;
  // Agama's events are read from its own service by who likes to, and sent nowhere.
  if (sniffed?.kind === 'events') return sniffed.installer.name === 'subiquity' ? 'webhook' : 'upload';
  const found = findByFileName(name)[0];
  if (found?.entry.kind === 'tagged' || sniffed?.kind === 'access') return 'syslog';
  const isRemote = found?.installer.name === 'anaconda' && REMOTE_KINDS.has(found.entry.kind);
  if (found) return isRemote ? 'syslog' : 'upload';
  return head.some((line) => splitTagged(line) !== null) ? 'syslog' : 'upload';
}

const REMOTE_KINDS = new Set(['installer', 'program']);

/** A line as syslog carries it. */
export interface SyslogFrame {
  /** Facility × 8 + severity. */
  priority: number;
  tag: string;
  text: string;
}

/** EL8 and later have levels of three letters and log all loggers of the main process under the name anaconda. */
const NAMED = /^\d\d:\d\d:\d\d,\d{3} ([A-Z_0-9]+) ([\w.]+): (.*)$/s;
const UNNAMED = /^\d\d:\d\d:\d\d(?:,\d{3})? ([A-Z]+) *: (.*)$/s;
/** The modules' own form, which the journal has under their D-Bus names. */
const MODULE = /^([A-Z]*DEBUG|INFO|WARNING|ERROR|CRITICAL):([\w.]+):/;
const SHORT_LEVEL = /^(?:DBG|INF|WRN|ERR|CRT|DDEBUG)$/;
const PRIORITY = /^<(\d{1,3})>/;
/** Loggers that are programs of their own in EL7's system log. */
const OWN_NAMES = new Set(['packaging', 'program', 'storage', 'blivet', 'dnf', 'yum', 'simpleline', 'ifcfg']);

/**
 * Reads the lines of one file as the frames its installer sends remotely: those of a system log as they are, those of
 * anaconda's own logs with the tag and form they have on the wire (EL7: `packaging: text`; EL8 and later: `anaconda:
 * packaging: text`). A line that goes on from the one before, as in a call stack, has that one's tag.
 */
export function createFrameReader(name: string): (line: string) => SyslogFrame {
  const base = name.replace(/\.log$/, '');
  let before: Pick<SyslogFrame, 'priority' | 'tag'> = {
    priority: LOCAL1 + 6,
    tag: OWN_NAMES.has(base) ? base : 'anaconda',
  };
  const isOwnLog = findByFileName(name).some(
    ({ installer, entry }) => installer.name === 'anaconda' && REMOTE_KINDS.has(entry.kind),
  );

  return (line) => {
    const frame = (isOwnLog ? readOwn(line, base) : null) ?? readSystem(line) ?? { ...before, text: line };
    before = frame;
    return frame;
  };
}

const USER = 8;
const LOCAL1 = 17 * 8;

function readOwn(line: string, base: string): SyslogFrame | null {
  const named = NAMED.exec(line);
  if (named) {
    const [, level, logger, text] = named as unknown as [string, string, string, string];
    const priority = LOCAL1 + severityOf(level);
    const isOwn = OWN_NAMES.has(logger);
    if (!SHORT_LEVEL.test(level)) return { priority, tag: isOwn ? logger : 'anaconda', text };
    return { priority, tag: 'anaconda', text: isOwn ? `${logger}: ${text}` : `anaconda: ${logger}: ${text}` };
  }
  const module = MODULE.exec(line);
  if (module) {
    const tag = `org.fedoraproject.Anaconda.Modules.${base === 'storage' ? 'Storage' : 'Payloads'}`;
    return { priority: 3 * 8 + severityOf(module[1]!), tag, text: line };
  }
  const unnamed = UNNAMED.exec(line);
  if (!unnamed) return null;
  return {
    priority: LOCAL1 + severityOf(unnamed[1]!),
    tag: OWN_NAMES.has(base) ? base : 'anaconda',
    text: unnamed[2]!,
  };
}

function readSystem(line: string): SyslogFrame | null {
  const priority = Number(PRIORITY.exec(line)?.[1] ?? NaN);
  const tagged = splitTagged(line);
  if (tagged) {
    const { tag, level, text } = tagged;
    return { priority: priority <= 191 ? priority : USER + severityOf(level), tag, text };
  }
  if (sniffLine(line)?.kind === 'access') return { priority: LOCAL1 + 6, tag: 'httpd', text: line };
  return null;
}

function severityOf(level: string): number {
  if (/^(?:CRIT|CRT|EMERG|ALERT)/.test(level)) return 2;
  if (/^ERR/.test(level)) return 3;
  if (/^W(?:ARN|RN)/.test(level)) return 4;
  if (/^NOTICE/.test(level)) return 5;
  return /^D*DEBUG|^DBG/.test(level) ? 7 : 6;
}

const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/** A frame as RFC 3164 writes it, without a line end; line ends inside are escaped as rsyslog escapes them. */
export function renderFrame({ priority, tag, text }: SyslogFrame, host: string, stamp: string): string {
  return `<${priority}>${stamp} ${host} ${tag}: ${text}`.replaceAll('\n', '#012');
}

/** `Mmm dd HH:MM:SS` of a recorded time; of one without a date, on the day of `today`, milliseconds since 1970. UTC. */
export function stampOf(time: LineTime | null, today: number): string {
  const date = new Date(
    time === null
      ? today
      : time.scale === 'dated'
        ? time.ms
        : time.scale === 'yearless'
          ? Date.UTC(1972, 0) + time.ms
          : new Date(today).setUTCHours(0, 0, 0, 0) + time.ms,
  );
  const day = String(date.getUTCDate()).padStart(2, ' ');
  return `${MONTHS[date.getUTCMonth()]!} ${day} ${date.toISOString().slice(11, 19)}`;
}
