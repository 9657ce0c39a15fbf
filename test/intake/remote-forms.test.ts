import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { explain } from './samples';

const FIXTURES = join(__dirname, '../../fixtures/intake/anaconda');
const TIMED = /^(\d\d:\d\d:\d\d),\d{3} [A-Z]+ ([^: ]+): ?(.*)$/;

/** The same line of anaconda's system log as it comes by other ways; lines of other forms stay as they are. */
const FORMS: Record<string, (time: string, tag: string, text: string) => string> = {
  'RFC 3164, as rsyslog forwards it': (time, tag, text) => `<142>Nov 12 ${time} localhost ${tag}[123]: ${text}`,
  'RFC 3164 without a host': (time, tag, text) => `<13>Nov 12 ${time} ${tag}[123]: ${text}`,
  'RFC 5424': (time, tag, text) => `<142>1 2026-11-12T${time}.123456+00:00 localhost ${tag} 123 - - ${text}`,
  'with ISO times, as rsyslog writes files': (time, tag, text) =>
    `2026-11-12T${time}.123456+00:00 localhost ${tag}[123]: ${text}`,
  'a console the journal is forwarded to': (_, tag, text) => `[   12.345678] ${tag}[123]: ${text}`,
};

const LOGS = [
  ['el8.3-rhel-kickstart-success', 'sys.log'],
  ['f36-kickstart-success', 'sys.log'],
  ['f38-no-usable-disks', 'virtio.log'],
  ['f39-transaction-ended-abruptly', 'virtio.log'],
  ['f41-depsolve-error', 'virtio.log'],
  ['el10-postin-scriptlet-error', 'virtio.log'],
] as const;

describe.each(LOGS)('the system log of %s', (sample, file) => {
  const lines = readFileSync(join(FIXTURES, sample, file), 'utf8').split('\n');
  const whole = explain([{ name: file, lines }]);

  test.each(Object.keys(FORMS))('says the same in the form: %s', (form) => {
    const sent = lines.map((line) => {
      const match = TIMED.exec(line);
      return match ? FORMS[form]!(match[1]!, match[2]!, match[3]!) : line;
    });
    const { phase, outcome, errors } = explain([{ name: 'received.txt', lines: sent }]);
    expect([phase, outcome, errors.map(({ text }) => text)]).toEqual([
      whole.phase,
      whole.outcome,
      whole.errors.map(({ text }) => text),
    ]);
  });
});

/** debian-installer's own forms are the one of its file and the one busybox sends; other senders may stand between. */
const BUSYBOX: Record<string, (time: string, tag: string, text: string) => string> = {
  'as busybox sends it': (time, tag, text) => `<13>${time} ${tag}: ${text}`,
  'as a server writes it, with the sender': (time, tag, text) => `${time} 192.0.2.7 ${tag}: ${text}`,
  'with ISO times, as rsyslog writes files': (time, tag, text) =>
    `2026-01-0${time.slice(5, 6).trim()}T${time.slice(7)}.123456+00:00 192.0.2.7 ${tag}: ${text}`,
};

describe.each(['debian10-netinst-success', 'ubuntu12.04-server-preseed-success', 'ubuntu14.04-kernel-install-failure'])(
  'the system log of %s',
  (sample) => {
    const path = join(FIXTURES, '../debian-installer', sample, 'syslog');
    const lines = readFileSync(path, 'utf8').split('\n');
    const whole = explain([{ name: 'syslog', lines }]);

    test.each(Object.keys(BUSYBOX))('says the same in the form: %s', (form) => {
      const sent = lines.map((line) => {
        const match = /^([A-Z][a-z]{2} [ \d]\d [\d:]{8}) ([^ ]+?): (.*)$/.exec(line);
        return match ? BUSYBOX[form]!(match[1]!, match[2]!, match[3]!) : line;
      });
      const { phase, outcome, percent, source } = explain([{ name: 'received.txt', lines: sent }]);
      expect({ phase, outcome, percent, source }).toEqual({
        phase: whole.phase,
        outcome: whole.outcome,
        percent: whole.percent,
        source: 'debian-installer',
      });
    });
  },
);
