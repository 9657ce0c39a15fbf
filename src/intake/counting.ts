import type { EventDetail } from '../domain/event';
import { phaseBand } from '../domain/phase';
import type { Counter } from './vocabulary';

/** Downloads under way that are remembered; DNF runs three at a time. */
const MAX_DOWNLOADS = 64;
/** Names remembered to count each once: more packages than the largest install seen, 12,000 bytes of hashes at most. */
const MAX_NAMES = 4_000;
/** No install has more packages, and none has more bytes: a larger number is no count. */
const MAX_PACKAGES = 10_000_000;
const MAX_BYTES = 2 ** 50;

/** The steps inside the phase packages, in order. */
const STEPS = ['download', 'install', 'scriptlets'] as const;
export type PackageStep = (typeof STEPS)[number];

/** What has been counted so far. Plain JSON. */
export interface Counts {
  done: number | null;
  total: number | null;
  /** Packages of the batches before the present one. */
  earlier: number;
  bytesDone: number | null;
  bytesTotal: number | null;
  step: PackageStep | null;
  /** Bytes of downloads under way, by package. */
  downloads: Record<string, number>;
  /** Hashes of the names counted already. */
  names: number[];
}

/** Nothing counted. */
export function emptyCounts(): Counts {
  return {
    done: null,
    total: null,
    earlier: 0,
    bytesDone: null,
    bytesTotal: null,
    step: null,
    downloads: {},
    names: [],
  };
}

/**
 * Counts one line. Changes `counts`.
 *
 * @returns what is known now, for a progress report; null when the line changed nothing that is reported.
 */
export function count(
  counts: Counts,
  counter: Counter,
  groups: Record<string, string | undefined>,
): EventDetail | null {
  if (counter.step) counts.step = laterStep(counts.step, counter.step);
  const step = counts.step === null ? {} : { packageStep: counts.step };
  switch (counter.sets) {
    case 'count': {
      const total = readCount(groups['total'] ?? groups['total2'], MAX_PACKAGES);
      const done = readCount(groups['done'], MAX_PACKAGES);
      if (total !== null) counts.total = total;
      if (done !== null) counts.done = Math.max(counts.done ?? 0, done);
      break;
    }
    case 'batch': {
      const batch = (readCount(groups['total'], MAX_PACKAGES) ?? 0) + (readCount(groups['more'], MAX_PACKAGES) ?? 0);
      if (batch === 0) return null;
      counts.earlier = counts.done ?? 0;
      // Of small batches at the beginning nothing can be said of the whole: a further one always comes.
      if (counts.total === null && batch * 2 < counts.earlier) break;
      counts.total = Math.max(counts.total ?? 0, counts.earlier + batch);
      break;
    }
    case 'one-more':
      counts.done = (counts.done ?? 0) + 1;
      // Two logs of one stream may tell of the same packages: there are no more than there are.
      if (counts.total !== null && counts.total > 0) counts.done = Math.min(counts.done, counts.total);
      break;
    case 'one-more-named': {
      const hash = hashOf(groups['name'] ?? '');
      if (counts.names.includes(hash)) return null;
      if (counts.names.length >= MAX_NAMES) counts.names = counts.names.slice(MAX_NAMES / 2);
      counts.names = [...counts.names, hash];
      counts.done = (counts.done ?? 0) + 1;
      break;
    }
    case 'share': {
      const share = readCount(groups['share'], 100);
      const [low, high] = phaseBand(counter.phase);
      return share === null ? null : { ...step, estimate: Math.round(low + ((high - low) * share) / 100) };
    }
    case 'whole': {
      const share = readCount(groups['share'], 100);
      return share === null ? null : { estimate: Math.min(share, 99) };
    }
    case 'download-started':
      // By entries: a package may have the name of a property that every object has.
      if (Object.keys(counts.downloads).length < MAX_DOWNLOADS) {
        const started = [groups['name']!, readCount(groups['bytes'], MAX_BYTES) ?? 0];
        counts.downloads = Object.fromEntries([...Object.entries(counts.downloads), started]) as Record<string, number>;
      }
      return null;
    case 'download-done': {
      const name = groups['name']!;
      const bytes = Object.hasOwn(counts.downloads, name) ? counts.downloads[name]! : 0;
      counts.downloads = Object.fromEntries(Object.entries(counts.downloads).filter(([other]) => other !== name));
      counts.bytesDone = (counts.bytesDone ?? 0) + bytes;
      return { ...step, bytesDone: counts.bytesDone };
    }
    case 'download-bytes':
      counts.total = readCount(groups['total'], MAX_PACKAGES) ?? counts.total;
      counts.bytesDone = Math.max(counts.bytesDone ?? 0, readBytes(groups['bytes']!));
      counts.bytesTotal = readBytes(groups['bytesTotal']!);
      return {
        ...step,
        ...(counts.total !== null && { packagesTotal: counts.total }),
        bytesDone: counts.bytesDone,
        bytesTotal: counts.bytesTotal,
      };
  }
  return {
    ...step,
    ...(counts.done !== null && { packagesDone: counts.done }),
    ...(counts.total !== null && { packagesTotal: counts.total }),
  };
}

function laterStep(now: PackageStep | null, next: PackageStep): PackageStep {
  return now !== null && STEPS.indexOf(now) > STEPS.indexOf(next) ? now : next;
}

/** FNV-1a, 32 bits: two of 4,000 names collide once in 500 installs, which costs one package of the count. */
function hashOf(text: string): number {
  let hash = 0x811c9dc5;
  for (let index = 0; index < text.length; index += 1) {
    hash = Math.imul(hash ^ text.charCodeAt(index), 0x01000193);
  }
  return hash >>> 0;
}

const UNITS: Record<string, number> = { B: 1, bytes: 1, KiB: 2 ** 10, MiB: 2 ** 20, GiB: 2 ** 30, TiB: 2 ** 40 };

/** Digits as a number; null without any, and for a number that counts nothing. */
function readCount(digits: string | undefined, most: number): number | null {
  const number = digits === undefined ? NaN : Number(digits);
  return number <= most ? number : null;
}

/** `1.14 MiB` in bytes; 0 for a unit nobody prints and for a number that is none. */
function readBytes(text: string): number {
  const [number, unit = 'B'] = text.split(' ');
  const bytes = Math.round(Number(number) * (Object.hasOwn(UNITS, unit) ? UNITS[unit]! : 0));
  return bytes <= MAX_BYTES ? bytes : 0;
}
