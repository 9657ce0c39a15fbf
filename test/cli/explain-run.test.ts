import type { EventDetail } from '../../src/domain/event';
import { reportRun } from '../../src/domain/run-report';
import type { LogEntry } from '../../src/cli/answers';
import { localTime } from '../../src/cli/format';
import { explainRun, type RunExplanation } from '../../src/cli/explain-run';
import { at, machine } from '../support/builders';

type Machine = ReturnType<typeof machine>;

/** What is said of the machine's newest run by the log it has by now. */
function explain({ target, log }: Machine): RunExplanation {
  const run = target.last!;
  const entries = log
    .filter(({ runId }) => runId === run.runId)
    .map(({ runId, seq, kind, source, occurredAt, detail }): LogEntry => ({
      runId,
      seq,
      kind,
      source,
      occurredAt,
      detail,
    }));
  return explainRun(reportRun(run, run.lastHeardAt ?? at('10:00'), null), entries);
}

const bySyslog = (detail: EventDetail): [EventDetail, { source: string }] => [
  { installer: 'anaconda', ...detail },
  { source: 'syslog' },
];

test('a finished run names who said so and when the new system was seen', () => {
  const web1 = machine();
  web1.say('install-started', '14:00');
  web1.say('install-finished', '14:31', {}, { source: 'trigger' });
  web1.say(
    'system-booted',
    '14:33',
    { witness: { file: 'boot trail', text: 'DHCPACK 10.0.0.1' } },
    { source: 'boot-trail' },
  );
  const { verdict, because } = explain(web1);
  const times = [localTime(at('14:31')), localTime(at('14:33'))];
  expect(verdict).toBe(`finished: finished (trigger) ${times[0]}, first boot (boot-trail) ${times[1]}`);
  expect(because.map(({ at: when, text }) => [when, text])).toEqual([
    [at('14:31'), null],
    [at('14:33'), 'DHCPACK 10.0.0.1'],
  ]);
});

test('a failed run gives the words that explain most, and where they stand', () => {
  const web1 = machine();
  web1.say('install-started', '14:00');
  web1.say('install-failed', '14:10', {
    inferred: true,
    explains: 2,
    error: { text: 'exception report', file: 'tb', line: 1 },
  });
  web1.say('install-failed', '14:10', {
    inferred: true,
    explains: 9,
    error: { text: 'no space left', file: 'tb', line: 14 },
  });
  const { verdict, because } = explain(web1);
  expect(verdict).toBe('failed: no space left');
  expect(because[0]).toMatchObject({ text: 'no space left', file: 'tb', line: 14 });
});

test('a stalled run names the clock that struck and the last progress', () => {
  const web1 = machine();
  web1.say('install-started', '14:00');
  web1.say('progress-reported', '14:05', ...bySyslog({ phase: 'storage', witness: { text: 'Creating disklabel' } }));
  web1.tick('14:30');
  expect(explain(web1).because.map(({ what, text }) => `${what}: ${text}`)).toEqual([
    'stalled: no progress for 15 minutes',
    'phase storage: Creating disklabel',
  ]);
});

test('a waiting run names the question', () => {
  const web1 = machine();
  web1.say('install-started', '14:00');
  web1.say('waiting-reported', '14:05', { question: 'Format /dev/sda?' });
  expect(explain(web1).verdict).toBe('waiting for a human: Format /dev/sda?');
});

test('each witness is listed with how far it saw the install come', () => {
  const web1 = machine();
  web1.say('install-started', '14:00', {}, { source: 'trigger' });
  web1.say('progress-reported', '14:05', ...bySyslog({ phase: 'storage' }));
  web1.say('progress-reported', '14:06', ...bySyslog({ phase: 'packages' }));
  web1.tick('14:20');
  expect(explain(web1).witnesses).toMatchObject([
    {
      source: 'syslog',
      installers: ['anaconda'],
      events: 2,
      phase: 'packages',
      firstAt: at('14:05'),
      lastAt: at('14:06'),
    },
    { source: 'trigger', installers: [], events: 1 },
  ]);
});

test('what makes a run suspicious comes with the events behind it', () => {
  const web1 = machine();
  web1.say('install-started', '14:00');
  web1.say('error-reported', '14:05', { error: { text: 'mirror is slow' } });
  web1.say('install-finished', '14:31');
  const { integrity } = explain(web1);
  expect(integrity.verdict).toBe('suspicious');
  expect(integrity.reasons[0]!.evidence.map(({ text }) => text)).toEqual(['mirror is slow']);
});

test('chatter is no evidence', () => {
  const web1 = machine();
  web1.say('install-started', '14:00');
  web1.say('heard', '14:02');
  web1.say('progress-reported', '14:03', { phase: 'packages', packagesDone: 1 });
  web1.say('progress-reported', '14:04', { phase: 'packages', packagesDone: 2 });
  expect(explain(web1).evidence.map(({ what }) => what)).toEqual(['started', 'phase packages']);
});
