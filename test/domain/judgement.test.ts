import { foldRun } from '../../src/domain/fold';
import { makeHistory, type FinishedRun } from '../../src/domain/history';
import { viewRun } from '../../src/domain/judgement';
import { chooseLimits, limitsOrigin } from '../../src/domain/limits';
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

/** A finished run whose packages are one step without a word. */
function silentFor(packages: number): FinishedRun {
  const run = past(packages);
  const timeline = run.timeline.map((entry) =>
    entry.phase === 'packages' ? { ...entry, longestGapMs: packages * MINUTE } : entry,
  );
  return { ...run, timeline };
}

/** A finished run that counted its packages evenly. */
function pastCounted(packages: number): FinishedRun {
  const run = past(packages);
  const quarters = [1, 2, 3].map((quarter) => (3 + (packages * quarter) / 4) * MINUTE);
  return {
    ...run,
    timeline: run.timeline.map((entry) => (entry.phase === 'packages' ? { ...entry, quarters } : entry)),
  };
}

/** A finished run on hardware of this pace: 6 minutes before the packages, 12 from there, at pace 1. */
function pastAtPace(pace: number): FinishedRun {
  const timeline = [
    { phase: 'config', at: 0, longestGapMs: 0 },
    { phase: 'packages', at: 6 * MINUTE * pace, longestGapMs: 0 },
    { phase: 'post', at: 15 * MINUTE * pace, longestGapMs: 0 },
  ] as const;
  return { startedAt: 0, endedAt: 18 * MINUTE * pace, timeline: [...timeline] };
}

const web = { by: 'profile', name: 'web', images: false } as const;
const history = makeHistory([8, 9, 10, 11, 12, 10].map(past), web)!;
const options = { stallAfterMs: null, giveUpMs: 6 * 60 * MINUTE };

test('below five finished runs the limits are the general ones and nothing is expected', () => {
  const few = makeHistory([8, 9, 10, 11].map(past), web);
  const { limits, expectedSeconds } = chooseLimits(few, options);
  expect(limits.noProgressMs.packages).toBe(15 * MINUTE);
  expect(expectedSeconds).toBeNull();
});

test('with five finished runs the limits follow what those runs showed', () => {
  const { limits, expectedSeconds } = chooseLimits(history, options);
  const seconds = (ms: number | undefined): number => Math.round(ms! / 1000);
  // Nineteen of twenty stayed below 90 s and 2 min; six runs: times 1.8, and 6 minutes.
  expect(seconds(limits.noProgressMs.packages)).toBe(522);
  expect(seconds(limits.noProgressMs.post)).toBe(576);
  expect(seconds(limits.lateMs!.packages)).toBe(261);
  // Twelve minutes.
  expect(seconds(limits.totalMs.packages)).toBe(1657);
  // Nine of ten took 13 minutes or more.
  expect(limits.tooFastMs).toBe(13 * MINUTE * 0.3);
  expect(expectedSeconds).toBe(15 * 60);
  expect(limits.learned).toEqual({ ...web, runs: 6, phases: ['config', 'storage', 'packages', 'post'] });
});

test('a phase that earlier runs did not go through keeps its general limits', () => {
  const { limits } = chooseLimits(history, options);
  expect(limits.noProgressMs.bootstrap).toBe(5 * MINUTE);
  expect(limitsOrigin(limits, { phase: 'bootstrap', clock: 'no-progress' })).toBe(
    'from the defaults: fewer than five of the 6 runs of profile web were seen in bootstrap',
  );
});

test('a step that is always silent for long is late only after it was longer than that', () => {
  const silent = makeHistory(
    Array.from({ length: 20 }, () => silentFor(30)),
    web,
  )!;
  const { limits } = chooseLimits(silent, options);
  expect(limits.lateMs!.packages! / MINUTE).toBeCloseTo(35, 0);
  expect(limits.noProgressMs.packages! / MINUTE).toBeGreaterThan(40);
});

test('one run that somebody let hang for five hours does not become the rule', () => {
  const gaps = [10, 10, 10, 10, 10, 300].map(silentFor);
  const { limits } = chooseLimits(makeHistory(gaps, web), options);
  expect(limits.noProgressMs.packages! / MINUTE).toBeLessThan(75);
  expect(limits.totalMs.packages! / MINUTE).toBeLessThan(75);
});

test('newer runs weigh more: a mirror that has become slower is soon what is usual', () => {
  const moved = [...Array<number>(15).fill(20), ...Array<number>(35).fill(10)].map(past);
  expect(chooseLimits(makeHistory(moved, web), options).limits.usualMs.packages).toBe(10 * MINUTE);
  const longAgo = [...Array<number>(20).fill(20), ...Array<number>(30).fill(10)].map(past);
  expect(chooseLimits(makeHistory(longAgo, web), options).limits.usualMs.packages).toBe(20 * MINUTE);
});

test('time that a question waited for a human teaches nothing', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  web1.say('progress-reported', '10:03', { phase: 'packages' });
  web1.say('waiting-reported', '10:04', { question: 'Use the whole disk?' });
  web1.say('progress-reported', '12:03', { packagesDone: 10 });
  const { startedAt, endedAt, timeline } = web1.say('install-finished', '12:13');
  const run = { startedAt: startedAt!, endedAt: endedAt!, timeline };
  const { limits, expectedSeconds } = chooseLimits(makeHistory(Array(5).fill(run), web), options);
  expect(limits.noProgressMs.packages! / MINUTE).toBeLessThan(30);
  expect(expectedSeconds).toBe(13 * 60);
});

test('the one limit of the settings replaces every no-progress limit, learned or not', () => {
  const { limits } = chooseLimits(history, { ...options, stallAfterMs: 20_000 });
  expect(new Set(Object.values(limits.noProgressMs))).toEqual(new Set([20_000]));
});

test('time left is a range around what earlier runs still needed, and says how many they were', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  web1.say('progress-reported', '10:02', { phase: 'storage' });
  const run = web1.say('progress-reported', '10:03', { phase: 'packages' });
  const view = viewRun(run, at('10:04'), history);
  // They needed from 9 to 13 minutes from here; six are few, so the range is wider.
  expect(view.etaLow).toBeGreaterThan(at('10:11'));
  expect(view.etaLow).toBeLessThan(at('10:13'));
  expect(view.etaHigh).toBeGreaterThan(at('10:17'));
  expect(view.etaHigh).toBeLessThan(at('10:20'));
  expect(view.etaOrigin).toBe('estimated from 6 runs of profile web');
});

test('time left follows the pace of the machine where earlier runs show that pace goes on', () => {
  const paces = [0.5, 2, 0.6, 1.8, 0.5, 2.2, 0.55, 1.9, 0.6, 2, 0.5, 2.1].map(pastAtPace);
  const twoKinds = makeHistory(paces, web)!;
  const [fast, slow] = [0.5, 2].map((pace) => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    const entered = at('10:00') + 6 * MINUTE * pace;
    const run = web1.say('progress-reported', entered, { phase: 'packages' });
    const view = viewRun(run, entered, twoKinds);
    return [view.etaLow! - entered, view.etaHigh! - entered].map((ms) => ms / MINUTE);
  });
  // 12 minutes at pace 1.
  expect(fast![0]).toBeLessThanOrEqual(6);
  expect(fast![1]).toBeGreaterThanOrEqual(6);
  expect(fast![1]).toBeLessThan(12);
  expect(slow![0]).toBeGreaterThan(12);
  expect(slow![0]).toBeLessThanOrEqual(24);
  expect(slow![1]).toBeGreaterThanOrEqual(24);
});

test('packages that are counted tell how far a long phase is', () => {
  const counted = makeHistory([8, 9, 10, 11, 12, 10].map(pastCounted), web)!;
  const web1 = machine();
  web1.say('install-started', '10:00');
  web1.say('progress-reported', '10:03', { phase: 'packages' });
  const early = viewRun(web1.target.last!, at('10:03'), counted);
  const run = web1.say('progress-reported', '10:10:30', { packagesDone: 76, packagesTotal: 100 });
  const view = viewRun(run, at('10:10:30'), counted);
  expect(view.etaHigh! - view.etaLow!).toBeLessThan((early.etaHigh! - early.etaLow!) / 2);
  expect(view.etaLow).toBeLessThan(at('10:15'));
  expect(view.etaHigh).toBeGreaterThan(at('10:15'));
});

test('time left is unknown once the phase has lasted longer than it ever did', () => {
  const { limits } = chooseLimits(history, { ...options, stallAfterMs: 3_600_000 });
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  const run = web1.say('progress-reported', '10:03', { phase: 'packages' });
  expect(viewRun(run, at('10:20'), history)).toMatchObject({
    etaLow: null,
    etaHigh: null,
    etaOrigin: 'unknown: nearly all of 6 runs of profile web had left packages sooner',
  });
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

test('the report says what both clocks stand at, what their limits are and where those come from', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00');
  web1.say('progress-reported', '10:03', { phase: 'packages' });
  const run = web1.say('progress-reported', '10:06', { packagesDone: 10 });
  const { clocks, limitsOrigin: origin } = viewRun(run, at('10:07'), history);
  expect(clocks).toMatchObject([
    { clock: 'no-progress', elapsedMs: MINUTE, origin: 'learned from 6 runs of profile web' },
    { clock: 'total', elapsedMs: 4 * MINUTE, usualMs: 10 * MINUTE, stalledMs: null },
  ]);
  expect(clocks[0]!.stalledMs).toBe(limits.noProgressMs.packages);
  expect(origin).toBe('learned from 6 runs of profile web');
  expect(viewRun(machine().say('install-started', '10:00'), at('10:00'), null).limitsOrigin).toBe(
    'from the defaults: fewer than five finished runs to learn from',
  );
});

test('progress that only crawls is late in the end, without any history', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  web1.say('progress-reported', '10:01', { phase: 'packages' });
  for (let minute = 2; minute < 100; minute += 4) {
    web1.say('progress-reported', at('10:00') + minute * MINUTE, { packagesDone: minute });
  }
  expect(web1.target.last).toMatchObject({ status: 'installing', late: true, lateTotal: true });
  expect(web1.kinds().filter((kind) => kind === 'run-late')).toHaveLength(1);
});

test('a run of software without history is judged by the runs of its installer from the next phase on', () => {
  const byInstaller = makeHistory([8, 9, 10, 11, 12, 10].map(past), {
    by: 'installer',
    name: 'anaconda',
    images: false,
  });
  const web1 = machine({}, false, () => chooseLimits(byInstaller, options));
  const words = { installer: 'anaconda' };
  expect(web1.say('install-started', '10:00').limits.learned).toBeUndefined();
  expect(web1.say('heard', '10:02', words)).toMatchObject({ installer: 'anaconda', limits: LIMITS });
  const run = web1.say('progress-reported', '10:03', { ...words, phase: 'packages' });
  expect(run.limits.learned).toMatchObject({ by: 'installer', name: 'anaconda', runs: 6 });
  expect(run.expectedSeconds).toBe(15 * 60);
  expect(foldRun(web1.log)).toEqual(run);
});

test('what servers tell of a machine names no installer', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  expect(
    web1.say('progress-reported', '10:01', { phase: 'packages', installer: 'boot-trail', trail: true }).installer,
  ).toBe(null);
});

test('an image that is written may be silent for longer than packages, whatever installs taught', () => {
  const { limits } = chooseLimits(history, options);
  const web1 = machine({ limits });
  web1.say('install-started', '10:00', { kind: 'image' });
  web1.say('progress-reported', '10:01', { phase: 'packages' });
  expect(web1.tick('10:40').status).toBe('installing');
  expect(web1.tick('10:42').status).toBe('stalled');
});
