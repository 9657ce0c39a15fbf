import { InvalidArgumentError } from 'commander';
import { RUN_STATUSES } from '../domain/run';

/** Spans a person may write: `90`, `90s`, `15m`, `2h`, `7d`; a bare number is seconds. */
const UNIT_MS: Record<string, number> = { '': 1_000, s: 1_000, m: 60_000, h: 3_600_000, d: 86_400_000 };

/** Milliseconds of a span like `15m`. @throws InvalidArgumentError. */
export function parseSpan(text: string): number {
  const [, number, unit] = /^(\d{1,9}(?:\.\d{1,3})?)([smhd]?)$/.exec(text.trim()) ?? [];
  if (number === undefined) throw new InvalidArgumentError('Write it like 90s, 15m, 2h or 7d.');
  return Math.round(Number(number) * UNIT_MS[unit ?? '']!);
}

/** Milliseconds between two looks, from seconds. @throws InvalidArgumentError. */
export function parseInterval(text: string): number {
  const ms = parseSpan(text);
  if (ms < 200) throw new InvalidArgumentError('Less than 0.2 seconds is no use to anybody.');
  return ms;
}

/**
 * The moment a person means: a span back from now (`2h`), or a date and time, local unless it says otherwise.
 *
 * @throws InvalidArgumentError.
 */
export function parseSince(text: string, now: number): number {
  if (/^\d{1,9}(\.\d+)?[smhd]$/.test(text.trim())) return now - parseSpan(text);
  // A date alone is midnight here, not in Greenwich.
  const written = /^\d{4}-\d{2}-\d{2}$/.test(text.trim()) ? `${text.trim()}T00:00` : text.trim();
  const at = /^\d{4}-\d{2}-\d{2}/.test(written) ? Date.parse(written) : NaN;
  if (Number.isNaN(at)) throw new InvalidArgumentError('Write it like 2h, 7d, 2026-11-22 or "2026-11-22 14:30".');
  return at;
}

/** A whole number from `least` to `most`. @throws InvalidArgumentError. */
export function parseWhole(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,15}$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a whole number from ${least} to ${most}.`);
  };
}

/** A number of machines (`3`) or a share of all (`20%`). @throws InvalidArgumentError. */
export function parseAmount(text: string): { count: number } | { share: number } {
  const [, number, percent] = /^(\d{1,6}(?:\.\d+)?)(%?)$/.exec(text.trim()) ?? [];
  const value = Number(number ?? NaN);
  if (percent === '%' && value <= 100) return { share: value / 100 };
  if (percent === '' && Number.isInteger(value)) return { count: value };
  throw new InvalidArgumentError('Write it like 3, or 20% of all.');
}

/** A number from `least` to `most`, fractions allowed. @throws InvalidArgumentError. */
export function parseNumber(least: number, most: number): (text: string) => number {
  return (text) => {
    const number = /^\d{1,9}(\.\d{1,6})?$/.test(text) ? Number(text) : NaN;
    if (number >= least && number <= most) return number;
    throw new InvalidArgumentError(`It must be a number from ${least} to ${most}.`);
  };
}

/** Names, separated by commas; the option may also be repeated. */
export function collectNames(text: string, before: string[] | undefined): string[] {
  const names = text
    .split(',')
    .map((name) => name.trim())
    .filter((name) => name !== '');
  return [...(before ?? []), ...names];
}

/** Statuses of runs, separated by commas; the option may also be repeated. @throws InvalidArgumentError. */
export function collectStatuses(text: string, before: string[] | undefined): string[] {
  const words = collectNames(text, before);
  const unknown = words.find((word) => !(RUN_STATUSES as readonly string[]).includes(word));
  if (unknown === undefined && words.length > 0) return words;
  throw new InvalidArgumentError(`Known are ${RUN_STATUSES.join(', ')}.`);
}
