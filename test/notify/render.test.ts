import fc from 'fast-check';
import { collectEntries, findCommonTraits, overviewEntries, type Message } from '../../src/domain/message';
import type { Reason } from '../../src/domain/notification';
import type { RunState } from '../../src/domain/run';
import { smsSize } from '../../src/notify/gsm';
import { renderMail } from '../../src/notify/render';
import { escapeHtml } from '../../src/notify/render-html';
import { renderSms, SMS_MARK_LENGTH } from '../../src/notify/render-sms';
import { at, machine } from '../support/builders';
import { expectGolden } from '../support/golden';

const NOW = at('10:36');

/** One run of its own, told as a story. */
function runOf(name: string, tell: (web: ReturnType<typeof machine>) => void, opening: object = {}): RunState {
  const web = machine({ system: name, ...opening });
  tell(web);
  return { ...web.target.last!, runId: String(100 + Number(/\d+/.exec(name)?.[0] ?? 0)) };
}

/** A message of news: runs with what happened to them. */
function news(list: [RunState, ...Reason[]][], rest: Partial<Message> = {}): Message {
  const runs = new Map(list.map(([run]) => [run.runId, run]));
  const items = list.flatMap(([run, ...reasons]) =>
    reasons.map((reason, index) => ({ runId: run.runId, reason, createdAt: at('10:35') + index * 1000 })),
  );
  const macs = new Map(list.map(([run], index) => [run.system!, [`52:54:00:00:00:${10 + index}`]]));
  const entries = collectEntries(items, { runs, macs });
  return base({ entries, common: findCommonTraits(entries, new Map([['web', 8]])), ...rest });
}

const base = (rest: Partial<Message>): Message => ({
  kind: 'news',
  contact: 'ann',
  entries: [],
  common: [],
  running: null,
  at: NOW,
  timeZone: null,
  publicUrl: 'https://kickwatch.example.org',
  note: null,
  ...rest,
});

const stalled = (name: string, address = `192.0.2.${name.replace(/\D/g, '')}`): RunState =>
  runOf(name, (web) => {
    web.say('install-started', '10:00', { address });
    web.say('progress-reported', '10:10', { phase: 'packages', packagesDone: 120, packagesTotal: 480 });
    web.tick('10:35');
  });

const failed = (name: string, text: string): RunState =>
  runOf(name, (web) => {
    web.say('install-started', '10:00', { address: '198.51.100.7' });
    web.say('progress-reported', '10:10', { phase: 'storage' });
    web.say('install-failed', '10:12', {
      error: {
        text,
        file: 'program.log',
        line: 212,
        context: ['10:11:58 INFO Running… lvcreate', '\t10:11:59 ERR  no space', '10:12:00 INFO Return code: 5'],
      },
    });
  });

const finished = (name: string): RunState =>
  runOf(name, (web) => {
    web.say('install-started', '10:00', { address: '192.0.2.11' });
    web.say('progress-reported', '10:04', { phase: 'packages', percent: 45 });
    web.say('install-finished', '10:14');
  });

const CASES: Record<string, Message> = {
  failed: news([[failed('web1', 'volume group "vg0" has insufficient free space'), 'failed']]),
  stalled: news([[stalled('web1'), 'stalled']], { timeZone: 'Europe/Berlin' }),
  finished: news([[finished('web1'), 'finished']]),
  'problem-and-ending': news([[finished('web1'), 'started', 'stalled', 'recovered', 'finished']]),
  'several-stalled': news(
    [1, 2, 3, 4, 5, 10, 11].map((number) => [stalled(`web${number}`), 'stalled']),
    { running: 12 },
  ),
  mixed: news(
    [
      [finished('web3'), 'finished'],
      [failed('web1', 'No space left on device web1 (17 of 20 MiB)'), 'failed'],
      [failed('web2', 'No space left on device web2 (3 of 20 MiB)'), 'stalled', 'failed'],
    ],
    { running: 9 },
  ),
  hostile: news([
    [failed('web1', '<script>alert(1)</script>\r\nBcc: eve@example.org \u202egnp.exe “€ & co”'), 'failed'],
  ]),
  'on-demand': base({
    kind: 'status',
    note: 'Asked for by admin.',
    entries: overviewEntries([finished('web3'), stalled('web1'), failed('web2', 'disk full')], { macs: new Map() }),
  }),
  'on-demand-one': base({
    kind: 'status',
    note: 'Asked for by admin.',
    entries: overviewEntries([stalled('web1')], { macs: new Map([['web1', ['52:54:00:00:00:01']]]) }),
  }),
  digest: base({
    kind: 'digest',
    note: 'Every 60 minutes while something runs.',
    entries: overviewEntries([stalled('web1'), finished('web3')], { macs: new Map() }),
  }),
  'digest-quiet': base({ kind: 'digest', note: 'Daily at 07:30. Nothing runs; the server is alive.' }),
  test: base({ kind: 'test', note: 'Sent by admin.' }),
  undeliverable: base({
    kind: 'undeliverable',
    note: 'sms to ann (***456): address refused, The number is unsubscribed (21610).',
  }),
};

describe.each(Object.entries(CASES))('a message about %s', (name, message) => {
  const mail = renderMail(message);

  test('reads as reviewed', () => {
    expectGolden(`notify/${name}.txt`, `Subject: ${mail.subject}\n\n${mail.text}`);
    expectGolden(`notify/${name}.html`, mail.html!);
    expectGolden(`notify/${name}.sms`, `${renderSms(message).text}\n`);
  });

  test('carries every machine’s name and reason words as they are', () => {
    for (const { run, reasons } of message.entries) {
      for (const text of [mail.text, mail.html!.replace(/<[^>]*>/g, '')]) {
        expect(text).toContain(run.system!);
        for (const reason of reasons) expect(text).toContain(reason);
        if (reasons.length > 0) expect(text).toContain(`${run.system!} ${reasons.join(', ')}`);
      }
    }
  });

  test('has a subject of one line that a mail list can show', () => {
    expect(mail.subject).not.toMatch(/[\r\n\u202e]/);
    expect(mail.subject.length).toBeLessThanOrEqual(160);
  });
});

const name = fc.stringMatching(/^[A-Za-z0-9_.:-]{1,60}$/);
const anyText = fc.string({ unit: 'binary', maxLength: 200 });

/** A failed run with any name and error. */
const failure = (system: string, text: string, index = 0): RunState => ({
  ...failed('web1', text || 'x'),
  system,
  runId: String(index),
});

test('whatever an installer says adds no markup to a mail and no control character to anything', () => {
  fc.assert(
    fc.property(name, anyText, (system, text) => {
      const message = news([[failure(system, text), 'failed']]);
      const mail = renderMail(message);

      for (const part of [mail.subject, mail.text, mail.html!])
        expect(part).not.toMatch(/[\u0000-\u0009\u000b-\u001f]/);
      expect(mail.html!.match(/<script|<img|<a /g)).toEqual(['<a ']);
      expect(escapeHtml(text)).not.toMatch(/[<>"']/);
      expect(mail.subject.isWellFormed()).toBe(true);
    }),
    { numRuns: 200 },
  );
});

test('an SMS about one machine is one message and starts with its whole name, whatever the error', () => {
  fc.assert(
    fc.property(name, anyText, (system, text) => {
      const sms = renderSms(news([[failure(system, text), 'failed']])).text;
      expect(sms.startsWith(`${system} failed`)).toBe(true);
      expect(smsSize(sms + ' '.repeat(SMS_MARK_LENGTH)).segments).toBe(1);
      expect(sms.isWellFormed()).toBe(true);
    }),
    { numRuns: 300 },
  );
});

test('an SMS about many machines names as many as fit, whole, and counts the rest', () => {
  fc.assert(
    fc.property(fc.uniqueArray(name, { minLength: 2, maxLength: 40 }), (names) => {
      const message = news(names.map((system, index) => [failure(system, 'x', index), 'failed']));
      const sms = renderSms(message).text;
      expect(smsSize(sms).segments).toBeLessThanOrEqual(3);
      const [, list] = /: (.*?)(?:\. Common: .*)?$/s.exec(sms)!;
      const [named, rest] = list!.split(/ \+(?=\d+$)/);
      const shown = named!.split(', ');
      for (const entry of shown) expect(names).toContain(entry);
      expect(shown.length + Number(rest ?? 0)).toBe(names.length);
    }),
    { numRuns: 100 },
  );
});

test('a machine name longer than an SMS is not cut', () => {
  const long = 'a'.repeat(200);
  expect(renderSms(news([[failure(long, 'disk full'), 'failed']])).text).toContain(`${long} failed`);
  expect(renderMail(news([[failure(long, 'disk full'), 'failed']])).subject).toContain(`${long} failed`);
});

test('an explanation in another script is cut, not turned into question marks; a stray character is', () => {
  const japanese = renderSms(news([[failure('web1', '空き容量が足りません。'.repeat(20)), 'failed']])).text;
  expect(japanese).toMatch(/^web1 failed: 空き容量/);
  expect(smsSize(japanese).encoding).toBe('UCS-2');
  const stray = renderSms(news([[failure('web1', `${'disk full '.repeat(12)}☠`), 'failed']])).text;
  expect(smsSize(stray).encoding).toBe('GSM-7');
});
