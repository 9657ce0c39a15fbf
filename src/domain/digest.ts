import type { Instant } from './event';
import type { Subscription } from './notification';

/** Shortest time between two digests of one subscription, minutes. */
export const MIN_DIGEST_MINUTES = 5;

/** A periodic message that is due. */
export interface DueDigest {
  /** The same on every server, and for the whole of its period: whoever stores it first sends it. */
  slot: string;
  /** Start of the time it tells of. */
  since: Instant;
  /** A daily digest goes out also when nothing runs: that is the sign of life. */
  evenIfQuiet: boolean;
  /** For the reader: `Every 60 minutes while something runs.` */
  note: string;
}

const MINUTE = 60_000;
const DAY = 24 * 60 * MINUTE;

/**
 * The digests of a subscription that became due after `from`, up to and including `to`; at most one of each kind, the
 * latest. Periods are counted from midnight UTC, so that all servers agree on them; a time of day is that of the
 * contact, and one that a change of the clocks leaves out counts as passed with it.
 *
 * @param timeZone - IANA name; null or unknown = UTC.
 */
export function dueDigests(
  subscription: Pick<Subscription, 'digestMinutes' | 'digestAt'>,
  timeZone: string | null,
  from: Instant,
  to: Instant,
): DueDigest[] {
  const due: DueDigest[] = [];
  const { digestMinutes, digestAt } = subscription;
  if (digestMinutes !== null && digestMinutes > 0) {
    const minutes = Math.max(digestMinutes, MIN_DIGEST_MINUTES);
    const start = Math.floor(to / (minutes * MINUTE)) * minutes * MINUTE;
    if (start > from) {
      due.push({
        slot: `every ${minutes} ${start}`,
        since: start - minutes * MINUTE,
        evenIfQuiet: false,
        note: `Every ${minutes} minutes while something runs.`,
      });
    }
  }
  const time = digestAt === null ? null : /^(\d\d):(\d\d)$/.exec(digestAt);
  if (time) {
    const date = dailySlot(Number(time[1]) * 60 + Number(time[2]), timeZone, from, to);
    if (date !== null) {
      due.push({ slot: `daily ${date}`, since: to - DAY, evenIfQuiet: true, note: `Daily at ${digestAt!}.` });
    }
  }
  return due;
}

/** The local date whose minute of the day lies between the moments; null when none does. */
function dailySlot(minuteOfDay: number, timeZone: string | null, from: Instant, to: Instant): string | null {
  const before = localTime(from, timeZone);
  const after = localTime(to, timeZone);
  if (after.date === before.date) {
    return before.minute < minuteOfDay && minuteOfDay <= after.minute ? after.date : null;
  }
  if (minuteOfDay <= after.minute) return after.date;
  return before.minute < minuteOfDay ? before.date : null;
}

function localTime(at: Instant, timeZone: string | null): { date: string; minute: number } {
  const parts = formatterOf(timeZone ?? 'UTC').formatToParts(at);
  const get = (type: string): string => parts.find((part) => part.type === type)?.value ?? '';
  return {
    date: `${get('year')}-${get('month')}-${get('day')}`,
    minute: Number(get('hour')) * 60 + Number(get('minute')),
  };
}

/** Formatters by zone: making one costs much more than using it. */
const formatters = new Map<string, Intl.DateTimeFormat>();

function formatterOf(zone: string): Intl.DateTimeFormat {
  let known = formatters.get(zone);
  if (!known) {
    known = makeFormatter(zone);
    formatters.set(zone, known);
  }
  return known;
}

function makeFormatter(zone: string): Intl.DateTimeFormat {
  const format = {
    year: 'numeric',
    month: '2-digit',
    day: '2-digit',
    hour: '2-digit',
    minute: '2-digit',
    hourCycle: 'h23',
  } as const;
  try {
    return new Intl.DateTimeFormat('en-GB', { ...format, timeZone: zone });
  } catch {
    return new Intl.DateTimeFormat('en-GB', { ...format, timeZone: 'UTC' });
  }
}
