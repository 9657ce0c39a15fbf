/** A line of a system log, taken apart. */
export interface TaggedLine {
  /** Name of the program, without process number. */
  tag: string;
  /** Severity as the file prints it; '' when it prints none. */
  level: string;
  text: string;
}

/**
 * RFC 3164 §4.1, with and without priority and host (busybox names none), as forwarded, and as `journalctl` dumps it.
 * The process number may have that of a thread behind it (atftpd). The time may be ISO 8601: what rsyslog writes by
 * default since 8.2204 (Debian 12).
 */
const NAMED =
  /^(?:<\d{1,3}>)?(?:[A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d|\d{4}-\d\d-\d\dT\d\d:\d\d:\d\d(?:\.\d{1,9})?(?:Z|[+-]\d\d:\d\d)) (?:[\w.:-]+ )??([\w./()@+-]+?)(?:\[\d+(?:\.\d+)?\])?: ?(.*)$/s;
/** anaconda's `/tmp/syslog`, which anamon calls sys.log, and its virtio port: no blank after the colon. */
const TIMED = /^\d\d:\d\d:\d\d,\d{3} ([A-Z]+) ([^: ]+):(.*)$/s;
/** RFC 5424 §6: version, time, host, program, process, message id, structured data. */
const STRUCTURED =
  /^<\d{1,3}>1 \S{1,64} \S{1,255} (\S{1,64}) \S{1,128} \S{1,32} (?:-|(?:\[(?:[^\]\\"]|\\.|"(?:[^"\\]|\\.)*")*\])+)(?: (?:\ufeff)?(.*))?$/s;

/** The program and its text in a line of a system log; null when the line has none of the known forms. */
export function splitTagged(line: string): TaggedLine | null {
  const named = NAMED.exec(line);
  if (named) return { tag: named[1]!, level: '', text: named[2]! };
  const timed = TIMED.exec(line);
  if (timed)
    return { tag: bare(timed[2]!), level: timed[1]!, text: timed[3]!.startsWith(' ') ? timed[3]!.slice(1) : timed[3]! };
  const structured = STRUCTURED.exec(line);
  if (structured) return { tag: bare(structured[1]!), level: '', text: structured[2] ?? '' };
  return null;
}

function bare(name: string): string {
  return name.replace(/\[\d+(?:\.\d+)?\]$/, '');
}
