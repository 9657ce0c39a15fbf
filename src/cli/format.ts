import type { Instant } from '../domain/event';

/** What people read where nothing is known. */
export const UNKNOWN = 'unknown';

const SECOND = 1_000;

/** A span of time in at most two units, as in the notifications: `45 s`, `12 min`, `2 h 5 min`, `3 d 4 h`; null is unknown. */
export function formatDuration(ms: number | null): string {
  if (ms === null) return UNKNOWN;
  const seconds = Math.max(0, Math.round(ms / SECOND));
  if (seconds < 90) return `${seconds} s`;
  const minutes = Math.round(seconds / 60);
  if (minutes < 60) return `${minutes} min`;
  const hours = Math.floor(minutes / 60);
  if (hours < 24) return joinUnits(`${hours} h`, minutes % 60, 'min');
  return joinUnits(`${Math.floor(hours / 24)} d`, hours % 24, 'h');
}

function joinUnits(large: string, rest: number, unit: string): string {
  return rest === 0 ? large : `${large} ${rest} ${unit}`;
}

/** How long ago, or how soon: `just now`, `12 s ago`, `in 5 min`; null is unknown. */
export function formatAge(at: Instant | null, now: Instant): string {
  if (at === null) return UNKNOWN;
  const ago = now - at;
  if (Math.abs(ago) < SECOND) return ago >= 0 ? 'just now' : 'now';
  return ago > 0 ? `${formatDuration(ago)} ago` : `in ${formatDuration(-ago)}`;
}

/** Local wall-clock time; with the date when that is not today's. null is unknown. */
export function formatTime(at: Instant | null, now: Instant): string {
  if (at === null) return UNKNOWN;
  const time = localTime(at);
  const date = localDate(at);
  return date === localDate(now) ? time : `${date} ${time}`;
}

/** `10:20:31`, local. */
export function localTime(at: Instant): string {
  const date = new Date(at);
  return [date.getHours(), date.getMinutes(), date.getSeconds()].map(twoDigits).join(':');
}

/** `2026-11-22`, local. */
export function localDate(at: Instant): string {
  const date = new Date(at);
  return `${date.getFullYear()}-${twoDigits(date.getMonth() + 1)}-${twoDigits(date.getDate())}`;
}

function twoDigits(value: number): string {
  return String(value).padStart(2, '0');
}

/** `45 %`; null is unknown. Never rounded up to 100. */
export function formatPercent(percent: number | null): string {
  return percent === null ? UNKNOWN : `${Math.floor(percent)} %`;
}

/** Percent and where it comes from: `45 %, reported by the machine`. */
export function formatPercentWithOrigin(percent: number | null, origin: string | null): string {
  if (percent === null) return UNKNOWN;
  if (origin === 'reported') return `${formatPercent(percent)}, reported by the machine`;
  return origin === null ? formatPercent(percent) : `${formatPercent(percent)}, ${origin}`;
}

/** Time left as the range it is: `4–9 min`, `50 s–3 min`, `about 5 min`; null is unknown. */
export function formatTimeLeft(low: Instant | null, high: Instant | null, now: Instant): string {
  if (low === null || high === null) return UNKNOWN;
  if (high <= now) return 'any moment now';
  const least = Math.max(0, low - now);
  const most = high - now;
  const lowText = formatDuration(least);
  const highText = formatDuration(most);
  if (lowText === highText) return `about ${highText}`;
  const [lowNumber, lowUnit, ...more] = lowText.split(' ');
  const hasSameUnit = more.length === 0 && new RegExp(`^\\d+ ${lowUnit}$`).test(highText);
  return hasSameUnit ? `${lowNumber}–${highText}` : `${lowText}–${highText}`;
}

/** A bar of `width` columns; empty boxes for unknown. */
export function progressBar(percent: number | null, width: number): string {
  const filled = percent === null ? 0 : Math.min(width, Math.floor((Math.max(0, percent) / 100) * width));
  return '█'.repeat(filled) + '░'.repeat(width - filled);
}

/** `1 run`, `2 runs`, `12,345 runs`. */
export function count(number: number, noun: string, plural = `${noun}s`): string {
  return `${formatNumber(number)} ${number === 1 ? noun : plural}`;
}

/** A whole number with commas between thousands. */
export function formatNumber(number: number): string {
  return String(Math.round(number)).replace(/\B(?=(\d{3})+$)/g, ',');
}
