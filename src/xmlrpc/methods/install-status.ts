import { Double, struct, type XmlRpcValue } from '../value';

/**
 * What is known of one address, as Cobbler folds it from its install.log. Times are seconds since 1970 with fraction,
 * -1 when there was none. `target` is `TYPE:NAME` of the latest event.
 */
export interface InstallStatusRow {
  ip: string;
  target: string;
  mostRecentStart: number;
  mostRecentStop: number;
  seenStart: number;
  seenStop: number;
}

/** Longer than this many minutes after its start an install that said nothing more is called stalled. */
const STALLED_MINUTES = 100;
/** Widths of the table that scripts cut apart. */
const WIDTHS = [15, 20, 17, 17];
const DAYS = ['Sun', 'Mon', 'Tue', 'Wed', 'Thu', 'Fri', 'Sat'];
const MONTHS = ['Jan', 'Feb', 'Mar', 'Apr', 'May', 'Jun', 'Jul', 'Aug', 'Sep', 'Oct', 'Nov', 'Dec'];

/**
 * The answer of get_status: `normal` is a struct by address of [start, stop, target, starts, stops, state], `text` the
 * table people see.
 *
 * @param nowSeconds - seconds since 1970.
 */
export function formatInstallStatus(
  mode: 'normal' | 'text',
  rows: readonly InstallStatusRow[],
  nowSeconds: number,
): XmlRpcValue {
  const sorted = [...rows].sort((a, b) => (a.ip < b.ip ? -1 : a.ip > b.ip ? 1 : 0));
  if (mode === 'text') return formatTable(sorted, nowSeconds);
  const answer = struct();
  for (const row of sorted) {
    answer[row.ip] = [
      toTime(row.mostRecentStart),
      toTime(row.mostRecentStop),
      row.target,
      row.seenStart,
      row.seenStop,
      installState(row, nowSeconds),
    ];
  }
  return answer;
}

/**
 * Cobbler's word for an address, in whole seconds: `finished` when the latest stop is later than the latest start, else
 * `installing (Mm Ss)`, from the 101st minute on `unknown/stalled`. A start in the future counts as now.
 */
export function installState(row: InstallStatusRow, nowSeconds: number): string {
  const start = Math.floor(row.mostRecentStart);
  if (Math.floor(row.mostRecentStop) > start) return 'finished';
  const elapsed = Math.max(0, Math.floor(nowSeconds) - start);
  const minutes = Math.floor(elapsed / 60);
  return minutes > STALLED_MINUTES ? 'unknown/stalled' : `installing (${minutes}m ${elapsed % 60}s)`;
}

function formatTable(rows: readonly InstallStatusRow[], nowSeconds: number): string {
  const lines = [
    ['ip', 'target', 'start', 'state'],
    ...rows.map((row) => [row.ip, row.target, formatStart(row.mostRecentStart), installState(row, nowSeconds)]),
  ];
  return lines.map((cells) => cells.map((cell, column) => cell.padEnd(WIDTHS[column]!)).join('|')).join('\n');
}

/** As C's ctime in the time zone of the server: `Sun Nov 22 13:16:00 2026`. */
function formatStart(seconds: number): string {
  if (seconds < 0) return 'Unknown';
  const at = new Date(Math.floor(seconds) * 1000);
  const two = (value: number): string => String(value).padStart(2, '0');
  const time = [at.getHours(), at.getMinutes(), at.getSeconds()].map(two).join(':');
  const day = String(at.getDate()).padStart(2, ' ');
  return `${DAYS[at.getDay()]} ${MONTHS[at.getMonth()]} ${day} ${time} ${at.getFullYear()}`;
}

function toTime(seconds: number): XmlRpcValue {
  return seconds < 0 ? -1 : new Double(seconds);
}
