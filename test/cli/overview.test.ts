import { createColors } from 'picocolors';
import { readRun } from '../../src/cli/answers';
import { renderOverview, type OverviewOptions } from '../../src/cli/overview';
import { displayWidth } from '../../src/cli/text-width';
import { wireRun } from './support/fake-server';

const NOW = Date.parse('2026-11-22T12:00:00Z');
const OPTIONS: OverviewOptions = { now: NOW, width: 120, rows: null, bars: true, colors: createColors(false) };

const seconds = (ago: number): number => NOW / 1000 - ago;

const RUNS = [
  wireRun({
    run_id: '1',
    system: 'db1',
    status: 'failed',
    phase: 'storage',
    ended: seconds(60),
    reason: 'no disk was found',
  }),
  wireRun({
    run_id: '2',
    system: 'web1',
    phase: 'packages',
    percent: 45,
    percent_origin: 'reported',
    eta_low: seconds(-240),
    eta_high: seconds(-540),
    eta_origin: 'estimated from 12 runs of profile web',
    last_heard: seconds(3),
    message: 'Installing libgcc '.repeat(10),
  }),
].map((run) => readRun(run as never));

const board = { runs: RUNS, cuts: [] };

test('an install shows bar, percent with its origin, the range of time left and when it was heard', () => {
  const line = renderOverview(board, OPTIONS).find((each) => each.startsWith('web1'));
  expect(line).toMatch(/installing +packages +█████░░░░░░░ +45 % reported +4–9 min +3 s ago +Installing libgcc/);
});

test.each([200, 120, 100, 90, 80])('fits a terminal of %i columns', (width) => {
  const lines = renderOverview(board, { ...OPTIONS, width });
  for (const line of lines) expect(displayWidth(line)).toBeLessThanOrEqual(width);
  expect(lines.join('\n')).toContain('45 % reported');
});

test('on a narrow terminal the bar goes before the words', () => {
  expect(renderOverview(board, { ...OPTIONS, width: 80 }).join('\n')).not.toContain('█');
});

test('where there is too little room, those who need least help are counted instead of shown', () => {
  const many = Array.from({ length: 50 }, (_, index) =>
    readRun(wireRun({ run_id: String(index + 10), system: `web${index}`, status: 'planned' }) as never),
  );
  const lines = renderOverview({ runs: [...RUNS, ...many], cuts: [] }, { ...OPTIONS, rows: 12 });
  expect(lines).toHaveLength(12);
  expect(lines[3]).toContain('db1');
  expect(lines.at(-1)).toBe('… and 44 more, which need less help.');
});

test('what was not looked at is said', () => {
  const lines = renderOverview({ runs: RUNS, cuts: [{ status: 'planned', limit: 1_000 }] }, OPTIONS);
  expect(lines.at(-1)).toContain('1,000 planned');
});
