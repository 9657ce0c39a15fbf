import { dueDigests } from '../../src/domain/digest';

const t = (text: string): number => Date.parse(text);
const every = (minutes: number) => ({ digestMinutes: minutes, digestAt: null });
const daily = (time: string) => ({ digestMinutes: null, digestAt: time });

test('a digest every hour is due once when the hour turns', () => {
  const due = (from: string, to: string) => dueDigests(every(60), null, t(from), t(to)).map((entry) => entry.slot);
  expect(due('2026-11-22T09:59:30Z', '2026-11-22T10:00:00Z')).toHaveLength(1);
  expect(due('2026-11-22T10:00:00Z', '2026-11-22T10:00:30Z')).toEqual([]);
  expect(due('2026-11-22T09:59:30Z', '2026-11-22T10:00:10Z')).toEqual(
    due('2026-11-22T09:59:50Z', '2026-11-22T10:00:40Z'),
  );
});

test('after a long pause the latest digest is due, not all of those missed', () => {
  expect(dueDigests(every(10), null, t('2026-11-22T08:00:00Z'), t('2026-11-22T10:05:00Z'))).toMatchObject([
    { since: t('2026-11-22T09:50:00Z'), evenIfQuiet: false },
  ]);
});

test('nobody gets a digest more often than every five minutes', () => {
  const at = (minute: number) => t('2026-11-22T10:00:00Z') + minute * 60_000;
  const slots = Array.from({ length: 10 }, (_, index) => dueDigests(every(1), null, at(index), at(index + 1))).flat();
  expect(slots).toHaveLength(2);
});

test('a daily digest comes at the local time of its reader', () => {
  const due = (zone: string | null, from: string, to: string) => dueDigests(daily('07:30'), zone, t(from), t(to));
  expect(due('Europe/Berlin', '2026-11-22T06:29:30Z', '2026-11-22T06:30:00Z')).toMatchObject([
    { slot: 'daily 2026-11-22', evenIfQuiet: true, note: 'Daily at 07:30.' },
  ]);
  expect(due('Europe/Berlin', '2026-11-22T07:29:30Z', '2026-11-22T07:30:00Z')).toEqual([]);
  expect(due(null, '2026-11-22T07:29:30Z', '2026-11-22T07:30:00Z')).toHaveLength(1);
  expect(due('Nowhere/Atlantis', '2026-11-22T07:29:30Z', '2026-11-22T07:30:00Z')).toHaveLength(1);
});

test('a digest at midnight belongs to the day that begins', () => {
  expect(dueDigests(daily('00:00'), null, t('2026-11-21T23:59:40Z'), t('2026-11-22T00:00:10Z'))).toMatchObject([
    { slot: 'daily 2026-11-22' },
  ]);
});

test('a time that summer time leaves out counts as passed with the gap, a repeated one is sent once', () => {
  const zone = 'Europe/Berlin';
  // 2027-03-28 02:00 becomes 03:00; 2026-10-25 03:00 becomes 02:00.
  expect(dueDigests(daily('02:30'), zone, t('2027-03-28T00:59:40Z'), t('2027-03-28T01:00:10Z'))).toHaveLength(1);
  const first = dueDigests(daily('02:30'), zone, t('2026-10-25T00:29:40Z'), t('2026-10-25T00:30:10Z'));
  const second = dueDigests(daily('02:30'), zone, t('2026-10-25T01:29:40Z'), t('2026-10-25T01:30:10Z'));
  expect(first).toHaveLength(1);
  expect(second.map((entry) => entry.slot)).toEqual(first.map((entry) => entry.slot));
});
