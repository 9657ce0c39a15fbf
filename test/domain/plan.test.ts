import { at, machine } from '../support/builders';

describe('starts', () => {
  test('a machine that asks twice within a minute of one boot opens one run', () => {
    const web1 = machine();
    web1.say('install-started', '10:00:00', {}, { source: 'trigger' });
    web1.say('install-started', '10:00:40', {}, { source: 'trigger' });
    expect(web1.target.last).toMatchObject({ runId: '1', status: 'installing', phase: 'config' });
    expect(web1.log.filter((event) => event.kind === 'install-started')).toHaveLength(2);
  });

  test('a second witness of the start that speaks early in the run is the same start', () => {
    const web1 = machine();
    web1.say('install-started', '10:00', {}, { source: 'trigger' });
    expect(web1.say('install-started', '10:04', {}, { source: 'update-status' }).runId).toBe('1');
  });

  test('a machine that starts over ends the run it was in and opens another', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:05', { phase: 'packages' });
    const second = web1.say('install-started', '10:10');
    expect(web1.log.at(-2)).toMatchObject({
      runId: '1',
      kind: 'install-terminated',
      after: { status: 'terminated', reason: 'started over' },
    });
    expect(second).toMatchObject({ runId: '2', status: 'installing', kind: 'install' });
  });

  test('the same source starting again after a minute, still early, starts over', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    expect(web1.say('install-started', '10:02').runId).toBe('2');
  });

  test('the boot id tells a repeated start from another boot', () => {
    const web1 = machine();
    web1.say('install-started', '10:00', { bootId: 'a' });
    web1.say('progress-reported', '10:05', { phase: 'packages' });
    expect(web1.say('install-started', '10:06', { bootId: 'a' }).runId).toBe('1');
    expect(web1.say('install-started', '10:07', { bootId: 'b' }).runId).toBe('2');
  });

  test('a start takes up the planned run', () => {
    const web1 = machine();
    web1.say('run-planned', '09:00');
    expect(web1.target.last).toMatchObject({ status: 'planned', deadlineAt: null });
    expect(web1.say('install-started', '10:00')).toMatchObject({
      runId: '1',
      status: 'installing',
      startedAt: at('10:00'),
    });
  });

  test('a start that says what kind of install it is knows better than the plan', () => {
    const web1 = machine();
    web1.say('run-planned', '09:00');
    expect(web1.say('install-started', '10:00', { kind: 'upgrade' })).toMatchObject({ runId: '1', kind: 'upgrade' });
  });

  test('an install after a finished one is a reinstall', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-finished', '10:20');
    expect(web1.say('install-started', '11:00')).toMatchObject({ runId: '2', kind: 'reinstall' });
  });

  test('three starts in two hours without a finish are an install loop, told once', () => {
    const web1 = machine();
    for (const time of ['10:00', '10:30', '11:00', '11:30']) web1.say('install-started', time);
    const looped = web1.log.filter((event) => event.kind === 'install-looped');
    expect(looped.map((event) => [event.runId, event.detail.evidence === true])).toEqual([
      ['3', false],
      ['4', true],
    ]);
  });

  test('a finish breaks the loop count', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-started', '10:10');
    web1.say('install-finished', '10:20');
    web1.say('install-started', '10:40');
    expect(web1.kinds()).not.toContain('install-looped');
  });
});

describe('ends', () => {
  test('the first end wins: a failure after the finish is evidence', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-finished', '10:20');
    const run = web1.say('install-failed', '10:21', { error: { text: 'late' } });
    expect(run).toMatchObject({ runId: '1', status: 'finished', integrity: 'suspicious' });
    expect(run.errors).toMatchObject([{ text: 'late', fatal: false }]);
  });

  test('a late install-started does not reopen a finished run, it opens another', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-finished', '10:20');
    web1.say('install-started', '10:25');
    expect(web1.log.findLast((event) => event.runId === '1')).toMatchObject({ after: { status: 'finished' } });
    expect(web1.target.last!.runId).toBe('2');
  });

  test('progress after a reported end opens nothing', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:10', { error: { text: 'disk' } });
    expect(web1.say('progress-reported', '10:11', { phase: 'post' })).toMatchObject({ runId: '1', status: 'failed' });
  });

  test('progress after an error that was only read in a log takes the run up again', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:10', { error: { text: 'Traceback' }, inferred: true });
    const next = web1.say('progress-reported', '10:11', { phase: 'packages' });
    expect(next).toMatchObject({ runId: '2', status: 'installing', continues: '1', phase: 'packages' });
  });

  test('what another log still says of the phase an error was read in does not take the failed run up again', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:05', { phase: 'packages', packagesDone: 10 });
    web1.say('install-failed', '10:10:00', { error: { text: 'Traceback' }, inferred: true });
    expect(web1.say('progress-reported', '10:10:05', { packagesDone: 40 })).toMatchObject({
      runId: '1',
      status: 'failed',
    });
    expect(web1.say('progress-reported', '10:12', { packagesDone: 50 })).toMatchObject({ runId: '2', continues: '1' });
  });

  test('a finish after giving up on the run takes it up and ends it', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    expect(web1.tick('17:00')).toMatchObject({ status: 'terminated', reason: 'given up' });
    expect(web1.say('install-finished', '17:30')).toMatchObject({ runId: '2', status: 'finished', continues: '1' });
  });

  test('an end without an open run opens and ends one', () => {
    expect(machine().say('install-finished', '10:00')).toMatchObject({ runId: '1', status: 'finished', percent: 100 });
  });

  test('an end just after the last end is a late word about that run', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-finished', '10:20');
    expect(web1.say('install-finished', '10:29').runId).toBe('1');
    expect(web1.say('install-finished', '10:40').runId).toBe('2');
  });

  test('the first boot of the new system finishes a run that never said so', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    expect(web1.say('system-booted', '10:20')).toMatchObject({
      status: 'finished',
      bootedAt: at('10:20'),
      endInferred: true,
    });
  });

  test('the finish that arrives after the first boot is a late word about the run that boot has finished', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('system-booted', '10:20');
    expect(web1.say('install-finished', '10:21')).toMatchObject({ runId: '1', status: 'finished', continues: null });
  });

  test('the old system that boots once more before its planned reinstall is not the new one', () => {
    const web1 = machine();
    web1.say('run-planned', '09:00');
    expect(web1.say('system-booted', '09:30')).toMatchObject({ status: 'planned', bootedAt: null });
  });

  test('the first boot after the finish is a fact of its own', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-finished', '10:20');
    expect(web1.say('system-booted', '10:22')).toMatchObject({ endedAt: at('10:20'), bootedAt: at('10:22') });
  });
});

describe('clocks', () => {
  test('half the limit without progress is late, the limit is a stall, progress brings the run back', () => {
    const web1 = machine();
    web1.say('install-started', '10:00'); // config: 10 minutes
    expect(web1.tick('10:05')).toMatchObject({ status: 'installing', late: true });
    expect(web1.tick('10:10')).toMatchObject({ status: 'stalled', reason: 'no progress for 10 minutes' });
    expect(web1.say('heard', '10:12')).toMatchObject({ status: 'stalled' });
    expect(web1.say('progress-reported', '10:15', { phase: 'storage' })).toMatchObject({
      status: 'installing',
      late: false,
    });
    expect(web1.kinds()).toEqual(['install-started', 'run-late', 'run-stalled', 'heard', 'progress-reported']);
  });

  test('chatter never resets the no-progress clock', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    for (let minute = 1; minute < 10; minute += 1) web1.say('heard', at('10:00') + minute * 60_000);
    expect(web1.tick('10:10').status).toBe('stalled');
  });

  test('a message past the deadline logs the stall at the deadline, then itself', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:30', { phase: 'storage' });
    expect(web1.log.map((event) => [event.kind, event.occurredAt])).toEqual([
      ['install-started', at('10:00')],
      ['run-late', at('10:05')],
      ['run-stalled', at('10:10')],
      ['progress-reported', at('10:30')],
    ]);
    expect(web1.target.last!.status).toBe('installing');
  });

  test('an old deadline never fires in a later phase', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:09', { phase: 'storage' }); // 15 minutes
    expect(web1.tick('10:12')).toMatchObject({ status: 'installing', late: false });
    expect(web1.target.last!.deadlineAt).toBe(at('10:16:30'));
  });

  test('a stall that lasts six hours ends the run as given up', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    expect(web1.tick('16:09').status).toBe('stalled');
    expect(web1.tick('16:10')).toMatchObject({ status: 'terminated', reason: 'given up', endInferred: true });
  });

  test('the total time in a phase sets late and nothing more', () => {
    const web1 = machine({
      limits: { ...machine().say('install-started', '10:00').limits, totalMs: { packages: 20 * 60_000 } },
    });
    web1.say('install-started', '10:00');
    for (let minute = 0; minute < 40; minute += 5) {
      web1.say('progress-reported', at('10:01') + minute * 60_000, { phase: 'packages', packagesDone: minute + 1 });
    }
    expect(web1.log.filter((event) => event.kind === 'run-late')).toMatchObject([
      { occurredAt: at('10:21'), detail: { clock: 'total' } },
    ]);
    expect(web1.target.last).toMatchObject({ status: 'installing', late: true });
    expect(web1.say('progress-reported', '10:40', { phase: 'bootloader' }).late).toBe(false);
  });

  test('the time in which nobody listened does not count', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.blindWindows.push({ from: at('10:02'), to: at('10:32') });
    expect(web1.tick('10:32')).toMatchObject({ status: 'installing', late: false, blindMs: 30 * 60_000 });
    expect(web1.tick('10:39')).toMatchObject({ status: 'installing', late: true });
    expect(web1.tick('10:40')).toMatchObject({ status: 'stalled' });
    expect(web1.kinds().filter((kind) => kind === 'clock-extended')).toHaveLength(1);
  });

  test('a deadline that passed while somebody still listened stands, however long nobody did after it', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.blindWindows.push({ from: at('10:10:01'), to: at('10:40:01') });
    expect(web1.tick('10:40:01')).toMatchObject({ status: 'stalled', stalledAt: at('10:10') });
    expect(web1.kinds()).toEqual(['install-started', 'run-late', 'run-stalled', 'clock-extended']);
  });

  test('saying 100 percent again and again is no progress', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    for (const time of ['10:05', '10:10']) web1.say('progress-reported', time, { percent: 100 });
    expect(web1.target.last).toMatchObject({ percent: 99, lastProgressAt: at('10:05') });
    expect(web1.tick('10:15').status).toBe('stalled');
  });

  test('a planned run has no deadline', () => {
    const web1 = machine();
    web1.say('run-planned', '09:00');
    expect(web1.tick('23:00')).toMatchObject({ status: 'planned', late: false });
  });
});

test('a run knows the addresses on record first, then those it is heard from', () => {
  const web1 = machine({ addresses: ['192.0.2.11'] });
  web1.say('install-started', '10:00', { address: '198.51.100.7' });
  expect(web1.target.last!.addresses).toEqual(['192.0.2.11', '198.51.100.7']);
});

test('an image is written in one long silent step, which is no stall for forty minutes', () => {
  const web1 = machine();
  web1.say('progress-reported', '10:00', { phase: 'packages', kind: 'image' });
  expect(web1.tick('10:30')).toMatchObject({ kind: 'image', status: 'installing', late: true });
  expect(web1.tick('10:40')).toMatchObject({ status: 'stalled' });
});

test('a server clock that is set back two hours makes no run end before it started', () => {
  const web1 = machine();
  web1.say('install-started', '10:00');
  expect(web1.say('install-finished', '08:00')).toMatchObject({ status: 'finished', endedAt: at('10:00') });
});
