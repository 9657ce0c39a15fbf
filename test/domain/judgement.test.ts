import { chooseLimits, viewRun, type FinishedRun, type History } from '../../src/domain/judgement';
import { at, LIMITS, machine } from '../support/builders';

const MINUTE = 60_000;

/** A finished run: config 2, storage 1, packages `packages`, post 2 minutes. */
function past(packages: number): FinishedRun {
  const entries = [
    { phase: 'config', at: 0, longestGapMs: MINUTE },
    { phase: 'storage', at: 2 * MINUTE, longestGapMs: MINUTE },
    { phase: 'packages', at: 3 * MINUTE, longestGapMs: 90_000 },
    { phase: 'post', at: (3 + packages) * MINUTE, longestGapMs: 2 * MINUTE },
    { phase: 'complete', at: (5 + packages) * MINUTE, longestGapMs: 0 },
  ] as const;
  return { startedAt: 0, endedAt: (5 + packages) * MINUTE, timeline: [...entries] };
}

const history: History = { runs: [8, 9, 10, 11, 12, 10].map(past), origin: '6 runs of profile web' };
const options = { stallAfterMs: null, giveUpMs: 6 * 60 * MINUTE };

test('below five finished runs the limits are the general ones and nothing is expected', () => {
  const few = { ...history, runs: history.runs.slice(0, 4) };
  const { limits, expectedSeconds } = chooseLimits(few, options);
  expect(limits.noProgressMs.packages).toBe(15 * MINUTE);
  expect(expectedSeconds).toBeNull();
});

test('with five finished runs the limits follow what those runs showed', () => {
  const { limits, expectedSeconds } = chooseLimits(history, options);
  expect(limits.noProgressMs.packages).toBe(3 * 90_000);
  expect(limits.noProgressMs.post).toBe(6 * MINUTE);
  expect(limits.totalMs.packages).toBe(24 * MINUTE);
  expect(limits.tooFastMs).toBe((13 * MINUTE) / 4);
  expect(expectedSeconds).toBe(15 * 60);
});

test('the one limit of the settings replaces every no-progress limit, learned or not', () => {
  const { limits } = chooseLimits(history, { ...options, stallAfterMs: 20_000 });
  expect(new Set(Object.values(limits.noProgressMs))).toEqual(new Set([20_000]));
});

test('time left is a range of what earlier runs still needed, and says how many they were', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  web1.say('progress-reported', '10:02', { phase: 'storage' });
  const run = web1.say('progress-reported', '10:03', { phase: 'packages' });
  const view = viewRun(run, at('10:04'), history);
  expect([view.etaLow, view.etaHigh, view.etaOrigin]).toEqual([
    at('10:13'),
    at('10:17'),
    'estimated from 6 runs of profile web',
  ]);
});

test('time left is unknown once the phase has lasted longer than it ever did', () => {
  const { limits } = chooseLimits(history, { ...options, stallAfterMs: 3_600_000 });
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  const run = web1.say('progress-reported', '10:03', { phase: 'packages' });
  expect(viewRun(run, at('10:20'), history)).toMatchObject({ etaLow: null, etaHigh: null, etaOrigin: null });
});

test("a client's own estimate of the end is shown as reported", () => {
  const run = machine().say('progress-reported', '10:00', { percent: 40, etaSeconds: 600 });
  expect(viewRun(run, at('10:01'), history)).toMatchObject({
    etaLow: at('10:10'),
    etaHigh: at('10:10'),
    etaOrigin: 'reported',
  });
});

test('percent moves through the band of the phase as time passes and says it is estimated', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  const run = web1.say('progress-reported', '10:03', { phase: 'packages' });
  expect(viewRun(run, at('10:03'), history)).toMatchObject({ percent: 20, percentOrigin: 'estimated' });
  expect(viewRun(run, at('10:05'), history)).toMatchObject({ percent: 30, percentOrigin: 'estimated' });
  expect(viewRun(run, at('10:07'), history).percent).toBe(41);
});

test('the next event does not take back the percent a reader was shown', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  const run = web1.say('progress-reported', '10:03', { phase: 'packages' });
  const shown = viewRun(run, at('10:08'), history).percent!;
  expect(web1.say('heard', '10:08').percent).toBeGreaterThanOrEqual(shown);
});

test('a reported percent is shown as sent, whatever the band of the phase', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  const run = web1.say('progress-reported', '10:03', { phase: 'storage', percent: 60 });
  expect(viewRun(run, at('10:05'), history)).toMatchObject({ percent: 60, percentOrigin: 'reported' });
});

test('a reader past the deadline sees the stall before the watch loop wrote it', () => {
  const run = machine().say('install-started', '10:00');
  expect(viewRun(run, at('10:11'), null).run).toMatchObject({ status: 'stalled' });
});

test('a run that finished in a tenth of the usual time is suspicious', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  const run = web1.say('install-finished', '10:01');
  expect(run).toMatchObject({ status: 'finished', integrity: 'suspicious' });
  expect(run.integrityReasons).toEqual([
    'finished much faster than any run of this profile',
    'never seen: storage, packages, post',
  ]);
});

test('phases that were never seen are named in their order, however the limits were kept', () => {
  const reasons = [
    { post: 60_000, packages: 60_000 },
    { packages: 60_000, post: 60_000 },
  ].map((usualMs) => {
    const web1 = machine({ limits: { ...LIMITS, usualMs } });
    return web1.say('install-finished', '10:00').integrityReasons;
  });
  expect(reasons).toEqual([['never seen: packages, post'], ['never seen: packages, post']]);
});
