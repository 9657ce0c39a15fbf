import { decideNotifications, type Audience, type Reason } from '../../src/domain/notification';
import type { PlannedEvent } from '../../src/domain/plan';
import { audienceOf, contact, subscription } from '../support/audience';
import { at, machine } from '../support/builders';

/** What was said, one `contact:channel:reason` per decision, in order. */
function said(log: PlannedEvent[], audience: Audience): string[] {
  return log.flatMap((event) =>
    decideNotifications(event.before, event.after, event, audience).map(
      (decision) => `${decision.contact}:${decision.channel}:${decision.reason}`,
    ),
  );
}

const ALL: Reason[] = [
  'started',
  'progress',
  'late',
  'stalled',
  'waiting',
  'recovered',
  'failed',
  'terminated',
  'finished',
  'suspicious',
  'install loop',
];
const everything = audienceOf([subscription('ann', { reasons: ALL, progressEvery: 50 })]);

describe('what happens to a machine has a name', () => {
  test('a run that starts, moves and finishes', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:01', { percent: 20 });
    web1.say('progress-reported', '10:02', { percent: 55 });
    web1.say('install-finished', '10:04');
    expect(said(web1.log, everything)).toEqual(['ann:email:started', 'ann:email:progress', 'ann:email:finished']);
  });

  test('a planned run is no news before it starts', () => {
    const web1 = machine();
    web1.say('run-planned', '09:00');
    web1.say('install-started', '10:00');
    expect(said(web1.log, everything)).toEqual(['ann:email:started']);
  });

  test('calling off a planned run is no news, calling off a running one is its early end', () => {
    const web1 = machine();
    web1.say('run-planned', '09:00');
    web1.say('run-cancelled', '09:01');
    web1.say('install-started', '10:00');
    web1.say('run-cancelled', '10:01');
    expect(said(web1.log, everything)).toEqual(['ann:email:started', 'ann:email:terminated']);
  });

  test('a machine that goes silent is late, then stalled, and recovers with its next progress', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.tick('10:20');
    web1.say('progress-reported', '10:21', { phase: 'storage' });
    expect(said(web1.log, everything)).toEqual([
      'ann:email:started',
      'ann:email:late',
      'ann:email:stalled',
      'ann:email:recovered',
    ]);
  });

  test('a question and its answer', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('waiting-reported', '10:01', { question: 'which disk?' });
    web1.say('waiting-reported', '10:02', { question: 'which disk?' });
    web1.say('progress-reported', '10:03', { phase: 'storage' });
    expect(said(web1.log, everything)).toEqual(['ann:email:started', 'ann:email:waiting', 'ann:email:recovered']);
  });

  test('a start over ends the old run and starts the new one; the third in two hours is a loop, once', () => {
    const web1 = machine();
    for (const time of ['10:00', '10:05', '10:10', '10:15']) {
      web1.say('install-started', time);
      web1.say('progress-reported', `${time}:30`, { phase: 'storage' });
    }
    expect(said(web1.log, everything)).toEqual([
      'ann:email:started',
      'ann:email:terminated',
      'ann:email:started',
      'ann:email:terminated',
      'ann:email:started',
      'ann:email:install loop',
      'ann:email:terminated',
      'ann:email:started',
    ]);
  });

  test('a finish with errors behind it is a finish; who only asked for suspicious runs hears that word', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('error-reported', '10:01', { error: { text: 'scriptlet failed' } });
    web1.say('install-finished', '10:10');
    const audience = audienceOf([
      subscription('ann', { reasons: ['finished', 'suspicious'] }),
      subscription('bob', { reasons: ['suspicious'] }),
    ]);
    expect(said(web1.log, audience)).toEqual(['ann:email:finished', 'bob:email:suspicious']);
  });

  test('repeated starts and late words about a finished run are evidence, not news', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-started', '10:00:20');
    web1.say('install-finished', '10:10');
    web1.say('install-failed', '10:11', { error: { text: 'late' }, inferred: true });
    web1.say('system-booted', '10:12');
    const audience = audienceOf([subscription('ann', { reasons: ['started', 'finished', 'failed'] })]);
    expect(said(web1.log, audience)).toEqual(['ann:email:started', 'ann:email:finished']);
  });
});

describe('progress', () => {
  const progress = (every: number | null): Audience =>
    audienceOf([subscription('ann', { reasons: ['progress'], progressEvery: every })]);
  const percents = (...given: number[]) => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    given.forEach((percent, index) => web1.say('progress-reported', at('10:01') + index * 1000, { percent }));
    return web1.log;
  };

  test('is told at every step crossed, once even when several are crossed at once', () => {
    expect(said(percents(9, 10, 11, 45, 49), progress(10))).toHaveLength(2);
  });

  test('is never told at 0 or 100', () => {
    const web1 = machine();
    web1.say('install-started', '10:00', { percent: 0 });
    web1.say('install-finished', '10:10', { percent: 100 });
    expect(said(web1.log, progress(50))).toEqual([]);
  });

  test('is told at quarters when the subscription names no step', () => {
    expect(said(percents(24, 25, 50, 74), progress(null))).toHaveLength(2);
  });

  test('with a step of zero is never told', () => {
    expect(said(percents(24, 25, 50, 74), progress(0))).toEqual([]);
  });
});

describe('who is told', () => {
  const failure = (opening = {}) => {
    const web1 = machine(opening);
    web1.say('install-failed', '10:00', { error: { text: 'disk full' } });
    return web1.log;
  };

  test.each([
    ['all', ''],
    ['system', 'web1'],
    ['system', 'web*'],
    ['profile', 'web'],
    ['distro', 'el9'],
    ['distro', 'el[89]'],
    ['owner', 'admin'],
    ['pattern', '*1'],
  ] as const)('a subscription to %s %s covers web1', (kind, value) => {
    const audience = audienceOf([subscription('ann', { scope: { kind, value } })]);
    expect(said(failure(), audience)).toEqual(['ann:email:failed']);
  });

  test.each([
    ['system', 'web2'],
    ['profile', 'db'],
    ['distro', 'el8'],
    ['owner', 'ann'],
    ['pattern', 'db*'],
  ] as const)('a subscription to %s %s does not', (kind, value) => {
    const audience = audienceOf([subscription('ann', { scope: { kind, value } })]);
    expect(said(failure(), audience)).toEqual([]);
  });

  test('a profile installed on a machine nobody registered is found by its profile and by a pattern on it', () => {
    const audience = audienceOf([
      subscription('ann', { scope: { kind: 'profile', value: 'web' } }),
      subscription('bob', { scope: { kind: 'pattern', value: 'we*' } }),
      subscription('eve', { scope: { kind: 'system', value: '*' } }),
    ]);
    expect(said(failure({ system: null }), audience)).toEqual(['ann:email:failed', 'bob:email:failed']);
  });

  test('an owner with an e-mail address hears of problems without having subscribed', () => {
    const audience = audienceOf([], [contact('admin'), contact('ann')]);
    expect(said(failure(), audience)).toEqual(['admin:email:failed']);
  });

  test("an owner's own subscription to what he owns replaces that, also a disabled one", () => {
    const owned = { scope: { kind: 'owner', value: '' }, reasons: ['finished'] } as const;
    const by = (rest: object) => audienceOf([subscription('admin', { ...owned, ...rest })]);
    expect(said(failure(), by({}))).toEqual([]);
    expect(said(failure(), by({ enabled: false, reasons: ['failed'] }))).toEqual([]);
    expect(said(failure(), by({ channel: 'sms', reasons: ['failed'] }))).toEqual(['admin:sms:failed']);
  });

  test('a subscription of his to somebody else’s machines does not', () => {
    const audience = audienceOf([subscription('admin', { scope: { kind: 'owner', value: 'bob' }, reasons: [] })]);
    expect(said(failure(), audience)).toEqual(['admin:email:failed']);
  });

  test('nobody is told on a channel he has no address for, and nobody who is disabled', () => {
    const audience = audienceOf(
      [subscription('ann'), subscription('bob'), subscription('eve', { enabled: false })],
      [contact('ann', { addresses: { sms: ['+4930123456'] } }), contact('bob', { enabled: false }), contact('eve')],
    );
    expect(said(failure(), audience)).toEqual([]);
  });

  test('a subscription that names no channel uses every channel the contact has an address for', () => {
    const audience = audienceOf([subscription('ann', { channel: '*' })], [contact('ann'), contact('admin')]);
    expect(said(failure(), audience)).toEqual(['ann:email:failed', 'ann:sms:failed', 'admin:email:failed']);
  });

  test('several subscriptions of a contact on one channel make one decision, with the strongest reason', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('progress-reported', '10:01', { percent: 60 });
    web1.tick('10:06');
    const audience = audienceOf([
      subscription('ann', { reasons: ['progress'] }),
      subscription('ann', { reasons: ['started', 'late'] }),
      subscription('ann', { reasons: ['late'], channel: 'sms' }),
    ]);
    expect(said(web1.log, audience)).toEqual([
      'ann:email:started',
      'ann:email:progress',
      'ann:email:late',
      'ann:sms:late',
    ]);
  });
});

describe('if we told you it broke, we tell you how it ended', () => {
  const onlyProblems = audienceOf([subscription('ann', { reasons: ['stalled', 'waiting'] })]);

  test('who asked only for stalls hears of the recovery and of the finish', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.tick('10:20');
    web1.say('progress-reported', '10:21', { phase: 'storage' });
    web1.say('install-finished', '10:30');
    expect(said(web1.log, onlyProblems)).toEqual(['ann:email:stalled', 'ann:email:recovered', 'ann:email:finished']);
  });

  test.each([
    ['install-failed', 'failed'],
    ['install-finished', 'finished'],
    ['install-terminated', 'terminated'],
    ['run-cancelled', 'terminated'],
  ] as const)('a stall that ends in %s', (kind, reason) => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.tick('10:20');
    web1.say(kind, '10:21');
    expect(said(web1.log, onlyProblems)).toEqual(['ann:email:stalled', `ann:email:${reason}`]);
  });

  test('a stall that is given up', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.tick('20:00');
    expect(said(web1.log, onlyProblems)).toEqual(['ann:email:stalled', 'ann:email:terminated']);
  });

  test('an end that was inferred and proves wrong', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:05', { error: { text: 'traceback' }, inferred: true });
    web1.say('progress-reported', '10:06', { phase: 'packages' });
    web1.say('install-finished', '10:30');
    const audience = audienceOf([subscription('ann', { reasons: ['failed'] })]);
    expect(said(web1.log, audience)).toEqual(['ann:email:failed', 'ann:email:recovered', 'ann:email:finished']);
  });

  test('a finish that proves an inferred failure wrong', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.say('install-failed', '10:05', { error: { text: 'traceback' }, inferred: true });
    web1.say('install-finished', '10:30');
    const audience = audienceOf([subscription('ann', { reasons: ['failed'] })]);
    expect(said(web1.log, audience)).toEqual(['ann:email:failed', 'ann:email:finished']);
  });

  test('the last turn of an install loop', () => {
    const web1 = machine();
    for (const time of ['10:00', '10:20', '10:40']) {
      web1.say('install-started', time);
      web1.say('progress-reported', `${time}:30`, { phase: 'storage' });
    }
    web1.say('install-finished', '11:00');
    const audience = audienceOf([subscription('ann', { reasons: ['install loop'] })]);
    expect(said(web1.log, audience)).toEqual(['ann:email:install loop', 'ann:email:finished']);
  });

  test('also when the subscription has changed in between', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.tick('10:20');
    web1.say('progress-reported', '10:21', { phase: 'storage' });
    const told = new Map([['1', [{ contact: 'bob', channel: 'sms' }]]]);
    const audience = { ...audienceOf([subscription('ann', { reasons: [] })]), told };
    expect(said(web1.log, { ...audience, contacts: [...audience.contacts, contact('bob')] })).toEqual([
      'bob:sms:recovered',
    ]);
    expect(said(web1.log, audience)).toEqual([]);
  });

  test('who asked for neither is not bothered with the ending', () => {
    const web1 = machine();
    web1.say('install-started', '10:00');
    web1.tick('10:20');
    web1.say('progress-reported', '10:21', { phase: 'storage' });
    expect(said(web1.log, audienceOf([subscription('ann', { reasons: ['started'] })]))).toEqual(['ann:email:started']);
  });
});
