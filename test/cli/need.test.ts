import fc from 'fast-check';
import { readRun } from '../../src/cli/answers';
import { needOf, NEEDS, needsHelp, selectCurrent, sortByNeed, summarise } from '../../src/cli/need';
import { LOOP_REASON } from '../../src/domain/plan';
import type { RunReport } from '../../src/domain/run-report';
import { wireRun } from './support/fake-server';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const HOUR = 3_600;

function run(runId: number, system: string, fields: Record<string, unknown> = {}): RunReport {
  return readRun(wireRun({ run_id: String(runId), system, ...fields }) as never);
}

/** Seconds since 1970, hours before NOW. */
const hoursAgo = (hours: number): number => NOW / 1000 - hours * HOUR;

const EVERY_NEED = [
  run(1, 'done', { status: 'finished', ended: hoursAgo(1) }),
  run(2, 'soon', { status: 'planned' }),
  run(3, 'running', { percent: 10 }),
  run(4, 'almost', { percent: 90 }),
  run(5, 'slow', { flags: ['late'] }),
  run(6, 'asks', { flags: ['late', 'waiting'] }),
  run(7, 'stuck', { status: 'stalled' }),
  run(8, 'gone', { status: 'terminated', ended: hoursAgo(1) }),
  run(9, 'broken', { status: 'failed', ended: hoursAgo(1) }),
  run(10, 'turning', { integrity: 'broken', integrity_reasons: [LOOP_REASON] }),
  run(11, 'odd', { status: 'finished', integrity: 'suspicious', ended: hoursAgo(1) }),
];

test('what needs help comes first, what is done last', () => {
  expect(sortByNeed(EVERY_NEED).map((each) => each.system)).toEqual([
    'broken',
    'gone',
    'stuck',
    'asks',
    'turning',
    'slow',
    'almost',
    'running',
    'soon',
    'odd',
    'done',
  ]);
});

test('the machine that has been stuck longest is on top of those stuck', () => {
  const stuck = [
    run(1, 'since-noon', { status: 'stalled', last_progress: hoursAgo(1) }),
    run(2, 'since-night', { status: 'stalled', last_progress: hoursAgo(9) }),
  ];
  expect(sortByNeed(stuck)[0]!.system).toBe('since-night');
});

test('machines of one kind are in the order of their names, with numbers as numbers', () => {
  const planned = ['web10', 'web9', 'db1'].map((name, index) => run(index + 1, name, { status: 'planned' }));
  expect(sortByNeed(planned).map((each) => each.system)).toEqual(['db1', 'web9', 'web10']);
});

test('sorting never loses a run and never puts a smaller need above a larger one', () => {
  fc.assert(
    fc.property(fc.shuffledSubarray(EVERY_NEED), (runs) => {
      const sorted = sortByNeed(runs);
      expect(new Set(sorted)).toEqual(new Set(runs));
      const ranks = sorted.map((each) => NEEDS.indexOf(needOf(each)));
      expect(ranks).toEqual([...ranks].sort((left, right) => left - right));
    }),
  );
});

test('a failure is shown until a newer run of that machine takes its place', () => {
  const failed = run(3, 'web1', { status: 'failed', ended: hoursAgo(30) });
  const again = run(12, 'web1', { status: 'installing' });
  expect(selectCurrent([failed], NOW)).toEqual([failed]);
  expect(selectCurrent([again, failed], NOW)).toEqual([again]);
});

test('numbers of runs are compared as numbers', () => {
  const older = run(9, 'web1', { status: 'failed', ended: hoursAgo(2) });
  const newer = run(10, 'web1', { status: 'finished', ended: hoursAgo(1) });
  expect(selectCurrent([older, newer], NOW)).toEqual([newer]);
});

test('a finished install leaves the picture after a day, a failed one after a week', () => {
  const at = (hours: number): RunReport[] => [
    run(1, 'ok', { status: 'finished', ended: hoursAgo(hours) }),
    run(2, 'bad', { status: 'failed', ended: hoursAgo(hours) }),
  ];
  expect(selectCurrent(at(23), NOW)).toHaveLength(2);
  expect(selectCurrent(at(25), NOW).map((each) => each.system)).toEqual(['bad']);
  expect(selectCurrent(at(8 * 24), NOW)).toEqual([]);
});

test('what an administrator called off is not news', () => {
  expect(selectCurrent([run(1, 'web1', { status: 'cancelled', ended: hoursAgo(1) })], NOW)).toEqual([]);
});

test('two machines installed by the name of one profile are two machines', () => {
  const byProfile = (id: number, address: string): RunReport =>
    run(id, '~', { system: '~', profile: 'web', addresses: [address] });
  expect(selectCurrent([byProfile(1, '10.0.0.1'), byProfile(2, '10.0.0.2')], NOW)).toHaveLength(2);
});

test('the summary counts who needs help first', () => {
  expect(summarise(EVERY_NEED)).toBe('6 need help · 2 installing · 1 planned · 2 finished');
  expect(summarise([run(1, 'a', { status: 'stalled' })])).toBe('1 needs help');
  expect(EVERY_NEED.filter(needsHelp)).toHaveLength(6);
});
