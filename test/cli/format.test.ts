import fc from 'fast-check';
import {
  formatAge,
  formatDuration,
  formatNumber,
  formatPercent,
  formatPercentWithOrigin,
  formatTime,
  formatTimeLeft,
  progressBar,
} from '../../src/cli/format';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const MINUTE = 60_000;

test('durations are told in at most two units', () => {
  const seconds = [0, 45, 89, 90, 3_599, 7_200, 7_500, 90_000, 200_000];
  expect(seconds.map((each) => formatDuration(each * 1000))).toEqual([
    '0 s',
    '45 s',
    '89 s',
    '2 min',
    '1 h',
    '2 h',
    '2 h 5 min',
    '1 d 1 h',
    '2 d 7 h',
  ]);
});

test('a duration nobody knows is unknown, not zero', () => {
  expect(formatDuration(null)).toBe('unknown');
});

test('ages are told as people say them', () => {
  expect(formatAge(NOW - 200, NOW)).toBe('just now');
  expect(formatAge(NOW - 12_000, NOW)).toBe('12 s ago');
  expect(formatAge(NOW + 5 * MINUTE, NOW)).toBe('in 5 min');
  expect(formatAge(null, NOW)).toBe('unknown');
});

test('a time of today has no date, any other has', () => {
  expect(formatTime(NOW, NOW)).toMatch(/^\d\d:\d\d:\d\d$/);
  expect(formatTime(NOW - 3 * 86_400_000, NOW)).toMatch(/^2026-11-(19|20) \d\d:\d\d:\d\d$/);
});

test('percent says where it comes from', () => {
  expect(formatPercentWithOrigin(45.9, 'reported')).toBe('45 %, reported by the machine');
  expect(formatPercentWithOrigin(45, 'estimated')).toBe('45 %, estimated');
  expect(formatPercentWithOrigin(null, 'estimated')).toBe('unknown');
});

test('what is not finished never reads 100 %', () => {
  expect(formatPercent(99.99)).toBe('99 %');
});

test('time left is a range', () => {
  const at = (minutes: number): number => NOW + minutes * MINUTE;
  expect(formatTimeLeft(at(4), at(9), NOW)).toBe('4–9 min');
  expect(formatTimeLeft(NOW + 50_000, at(3), NOW)).toBe('50 s–3 min');
  expect(formatTimeLeft(at(5), at(5), NOW)).toBe('about 5 min');
  expect(formatTimeLeft(at(50), at(75), NOW)).toBe('50 min–1 h 15 min');
  expect(formatTimeLeft(at(-2), at(3), NOW)).toBe('0 s–3 min');
  expect(formatTimeLeft(at(-5), at(-1), NOW)).toBe('any moment now');
  expect(formatTimeLeft(null, at(1), NOW)).toBe('unknown');
});

test('a progress bar is as wide as it was asked to be, whatever the percent', () => {
  fc.assert(
    fc.property(
      fc.option(fc.double({ min: -50, max: 150, noNaN: true })),
      fc.integer({ min: 0, max: 80 }),
      (percent, width) => {
        expect(progressBar(percent, width)).toHaveLength(width);
      },
    ),
  );
  expect(progressBar(null, 4)).toBe('░░░░');
  expect(progressBar(50, 4)).toBe('██░░');
});

test('large numbers are grouped', () => {
  expect([0, 999, 1_000, 1_234_567].map(formatNumber)).toEqual(['0', '999', '1,000', '1,234,567']);
});
