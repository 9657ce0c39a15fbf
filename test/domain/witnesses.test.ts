import type { EventDetail } from '../../src/domain/event';
import { machine } from '../support/builders';

const BOOTS: EventDetail = { phase: 'booting', address: '192.0.2.17' };
const KERNEL: EventDetail = { ...BOOTS, kernel: true };
const error = (text: string, file: string): EventDetail => ({ error: { text, file, line: 1 } });

describe('a machine that boots from the network', () => {
  test('begins the install that was planned for it', () => {
    const web1 = machine();
    web1.say('run-planned', '10:00');
    const run = web1.say('netboot-seen', '10:05', BOOTS);
    expect(run).toMatchObject({ status: 'installing', phase: 'booting', percent: 0 });
    expect(run.addresses).toContain('192.0.2.17');
  });

  test('is no install when nobody planned one and only a loader was fetched', () => {
    const web1 = machine({}, true);
    web1.say('netboot-seen', '10:05', BOOTS);
    expect(web1.target.last).toBeNull();
  });

  test('is no install when it is not meant to be netbooted', () => {
    const web1 = machine();
    web1.say('netboot-seen', '10:05', KERNEL);
    expect(web1.target.last).toBeNull();
  });

  test('is an install when it is meant to be netbooted and fetches a kernel', () => {
    expect(machine({}, true).say('netboot-seen', '10:05', KERNEL)).toMatchObject({
      status: 'installing',
      phase: 'booting',
    });
  });

  test('asks twice a boot, which is one start', () => {
    const web1 = machine();
    web1.say('run-planned', '10:00');
    web1.say('netboot-seen', '10:05', BOOTS);
    web1.say('netboot-seen', '10:05', KERNEL);
    web1.say('install-started', '10:06', { phase: 'config' });
    expect(web1.kinds()).not.toContain('install-terminated');
    expect(web1.target.last).toMatchObject({ runId: '1', phase: 'config' });
  });

  test('in the middle of its packages has started over', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:10', { phase: 'packages', packagesDone: 3 });
    const run = web1.say('netboot-seen', '10:20', KERNEL);
    expect(web1.log.find(({ kind }) => kind === 'install-terminated')?.detail.reason).toBe('started over');
    expect(run).toMatchObject({ runId: '2', status: 'installing', phase: 'booting' });
  });

  test('in the middle of its packages may only have fetched a loader, which proves nothing', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:10', { phase: 'packages', packagesDone: 3 });
    expect(web1.say('netboot-seen', '10:20', BOOTS)).toMatchObject({ runId: '1', phase: 'packages' });
  });

  test('after it asked not to be netbooted again has finished', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:10', { phase: 'post' });
    web1.say('netboot-disabled', '10:11');
    expect(web1.say('netboot-seen', '10:13', BOOTS)).toMatchObject({ status: 'finished', endInferred: true });
  });

  test('after its end is suspicious once, and opens nothing', () => {
    const web1 = machine({}, true);
    web1.say('install-started', '10:00');
    web1.say('install-finished', '10:10');
    web1.say('netboot-seen', '10:13', KERNEL);
    const run = web1.say('netboot-seen', '10:14', KERNEL);
    expect(run).toMatchObject({ runId: '1', status: 'finished', integrity: 'suspicious' });
    expect(run.integrityReasons).toEqual(['netboots again: an installer was booted after it finished']);
    expect(web1.kinds().filter((kind) => kind === 'netboot-seen')).toHaveLength(1);
  });

  test('after it failed is another attempt', () => {
    const web1 = machine({}, true);
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:10', error('no disk', 'anaconda.log'));
    expect(web1.say('netboot-seen', '10:30', KERNEL)).toMatchObject({ runId: '2', status: 'installing' });
  });
});

describe('several witnesses of one run', () => {
  test('who tell of the same error in different files tell of one error', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('error-reported', '10:01', error('disk full', 'anaconda.log'));
    const run = web1.say('error-reported', '10:02', error('disk full', 'syslog'));
    expect(run.errors).toHaveLength(1);
  });

  test('who repeat what is known keep the run heard and do not move its clock', () => {
    const web1 = machine();
    const said = (detail: EventDetail): EventDetail => ({ ...detail, installer: 'anaconda' });
    web1.say('install-started', '10:00');
    const before = web1.say('progress-reported', '10:05', said({ phase: 'packages', packagesDone: 10 }));
    web1.say('progress-reported', '10:05:30', said({ phase: 'packages', packagesDone: 9 }));
    const after = web1.say('progress-reported', '10:10', said({ phase: 'storage' }));
    expect(after).toMatchObject({ progressClock: before.progressClock, phase: 'packages', packagesDone: 10 });
    expect(after.lastHeardAt).toBeGreaterThan(before.lastHeardAt!);
    expect(web1.kinds().slice(-2)).toEqual(['progress-reported', 'heard']);
  });

  test('what an exception report says is not taken back by the other logs of that moment', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:10', { ...error('no space', 'anaconda-tb-x'), inferred: true, stands: true });
    const run = web1.say('progress-reported', '10:20', { phase: 'post', installer: 'anaconda' });
    expect(run).toMatchObject({ runId: '1', status: 'failed' });
  });

  test('only a finish takes it back, in a run that goes on', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:10', { ...error('no space', 'anaconda-tb-x'), inferred: true, stands: true });
    expect(web1.say('install-finished', '10:20')).toMatchObject({ runId: '2', continues: '1', status: 'finished' });
  });
});

test('a step that counts nothing moves the percent and the clock inside its phase, never back', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  expect(web1.say('progress-reported', '10:01', { phase: 'packages', estimate: 46 })).toMatchObject({ percent: 46 });
  expect(web1.say('progress-reported', '10:02', { phase: 'packages', estimate: 30 })).toMatchObject({ percent: 46 });
  const run = web1.say('progress-reported', '10:03', { phase: 'packages', estimate: 90 });
  expect(run).toMatchObject({ percent: 74, percentOrigin: 'estimated', stepPercent: 90 });
});

test('lines that were lost are counted, even right after another sign of life', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  web1.say('heard', '10:00:01', { linesLost: 500 });
  expect(web1.say('heard', '10:00:02', { linesLost: 20 }).linesLost).toBe(520);
});
