import fc from 'fast-check';
import { MAX_PAUSE_MS, planSchedule } from '../../../src/cli/replay/schedule';

const at = (files: string[][], speed = 1): number[] => planSchedule(files, speed).lines.map((line) => line.at);

test('lines keep the distance of their times, divided by the speed', () => {
  const file = ['05:00:00,000 INF a: one', '05:00:01,500 INF a: two', '05:01:00,000 INF a: three'];
  expect(at([file])).toEqual([0, 1_500, 60_000]);
  expect(at([file], 60)).toEqual([0, 25, 1_000]);
  expect(at([file], Infinity)).toEqual([0, 0, 0]);
});

test('a line without time comes with the one before it', () => {
  expect(at([['05:00:00,000 INF a: one', 'Traceback', '05:00:02,000 INF a: two', '  more']])).toEqual([
    0, 0, 2_000, 2_000,
  ]);
});

test('a clock that jumps back four hours stops nothing, and one that jumps on costs ten minutes', () => {
  const back = ['20:47:00,000 INF a: 1', '16:47:01,000 INF a: 2', '16:47:03,000 INF a: 3'];
  expect(at([back])).toEqual([0, 0, 2_000]);
  const on = ['May 16 20:47:00 h a: 1', 'May 18 20:47:00 h a: 2', 'May 18 20:47:05 h a: 3'];
  expect(at([on])).toEqual([0, MAX_PAUSE_MS, MAX_PAUSE_MS + 5_000]);
});

test('an install goes on over midnight', () => {
  expect(at([['23:59:58,000 INF a: 1', '00:00:02,000 INF a: 2']])).toEqual([0, 4_000]);
});

test('several files are mixed by their times, whatever they know of the date', () => {
  const schedule = planSchedule(
    [
      ['20:47:06,000 INFO a: 1', '20:47:10,000 INFO a: 2'],
      ['May 16 20:47:05 h b: 1', 'May 16 20:47:07 h b: 2'],
      ['2018-05-16T20:47:08Z c: 1'],
    ],
    1,
  );
  expect(schedule.lines.map(({ file, line, at: ms }) => [file, line, ms])).toEqual([
    [1, 0, 0],
    [0, 0, 1_000],
    [1, 1, 2_000],
    [2, 0, 3_000],
    [0, 1, 5_000],
  ]);
  expect(schedule).toMatchObject({ recordedMs: 5_000, playedMs: 5_000 });
});

test('a file that knows no time is spread over the others', () => {
  const schedule = planSchedule(
    [
      ['05:00:00,000 I a: 1', '05:00:10,000 I a: 2'],
      ['x', 'y'],
    ],
    1,
  );
  expect(schedule.lines.filter(({ file }) => file === 1).map((line) => line.at)).toEqual([0, 5_000]);
});

test('whatever the files hold, every line is played once, in the order of its file, and no pause is longer than ten minutes', () => {
  const clock = fc.integer({ min: 0, max: 86_399 }).map((second) => {
    const two = (number: number): string => String(Math.floor(number)).padStart(2, '0');
    return `${two(second / 3_600)}:${two((second / 60) % 60)}:${two(second % 60)},000 INFO a: x`;
  });
  const line = fc.oneof(
    clock,
    fc.constant('May 16 20:47:06 h b: x'),
    fc.constant('2018-05-16T20:47:08Z c: x'),
    fc.string(),
  );
  fc.assert(
    fc.property(fc.array(fc.array(line, { maxLength: 20 }), { maxLength: 4 }), (files) => {
      const { lines } = planSchedule(files, 1);
      expect(lines).toHaveLength(files.reduce((sum, { length }) => sum + length, 0));
      files.forEach((_, number) => {
        const own = lines.filter(({ file }) => file === number).map((each) => each.line);
        expect(own).toEqual(own.map((_each, n) => n));
      });
      lines.forEach((each, n) => {
        const pause = each.at - (lines[n - 1]?.at ?? 0);
        expect(pause).toBeGreaterThanOrEqual(0);
        expect(pause).toBeLessThanOrEqual(MAX_PAUSE_MS);
      });
    }),
  );
});
