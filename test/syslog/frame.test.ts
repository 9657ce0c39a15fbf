import fc from 'fast-check';
import { KEPT_BYTES, MAX_LINE_LENGTH, parseFrame, parseLine, type SyslogLine } from '../../src/syslog/frame';

/** The fields that differ from those of a line nothing is known of. */
function parsed(text: string): Partial<SyslogLine> {
  const { raw, ...fields } = parseLine(text);
  expect(raw).toBe(text);
  return Object.fromEntries(Object.entries(fields).filter(([, value]) => value !== null && value !== ''));
}

const PRI_142 = { facility: 17, severity: 6 };
const PRI_13 = { facility: 1, severity: 5 };

test.each([
  [
    'anaconda of EL7 through rsyslog',
    '<142>May 16 20:47:06 localhost anaconda[1491]: /sbin/anaconda 21.48.22.134-1',
    {
      ...PRI_142,
      stamp: 'May 16 20:47:06',
      host: 'localhost',
      tag: 'anaconda',
      pid: '1491',
      text: '/sbin/anaconda 21.48.22.134-1',
    },
  ],
  [
    'debian-installer through busybox, without a host',
    '<13>Apr 11 00:56:00 grub-installer: info: Installing grub on ’/dev/sda’',
    { ...PRI_13, stamp: 'Apr 11 00:56:00', tag: 'grub-installer', text: 'info: Installing grub on ’/dev/sda’' },
  ],
  [
    'debian-installer with a process number',
    '<13>Apr  1 00:55:56 main-menu[234]: INFO: Menu item ‘pkgsel’ selected',
    { ...PRI_13, stamp: 'Apr  1 00:55:56', tag: 'main-menu', pid: '234', text: 'INFO: Menu item ‘pkgsel’ selected' },
  ],
  [
    'a module of anaconda whose tag rsyslog cut at 32 characters',
    '<30>Sep 21 10:11:12 web1 org.fedoraproject.Anaconda.Modul INFO:anaconda.modules:Starting',
    {
      facility: 3,
      severity: 6,
      stamp: 'Sep 21 10:11:12',
      host: 'web1',
      tag: 'org.fedoraproject.Anaconda.Modul',
      text: 'INFO:anaconda.modules:Starting',
    },
  ],
  [
    'a tag that was cut inside its process number',
    '<30>Sep 21 10:11:12 web1 dbus-org.freedesktop.nm[12345678 text',
    {
      facility: 3,
      severity: 6,
      stamp: 'Sep 21 10:11:12',
      host: 'web1',
      text: 'text',
      tag: 'dbus-org.freedesktop.nm',
    },
  ],
  [
    'RSYSLOG_ForwardFormat',
    '<30>2024-05-16T20:47:06.123456+02:00 web1 dracut-initqueue[531]: anaconda: hello',
    {
      facility: 3,
      severity: 6,
      stamp: '2024-05-16T20:47:06.123456+02:00',
      host: 'web1',
      tag: 'dracut-initqueue',
      pid: '531',
      text: 'anaconda: hello',
    },
  ],
  [
    'a file of dnsmasq: no priority',
    'Aug  2 12:32:58 raspberrypi dnsmasq-dhcp[548]: DHCPACK(eth0) 192.0.2.7 52:54:00:aa:bb:cc',
    {
      stamp: 'Aug  2 12:32:58',
      host: 'raspberrypi',
      tag: 'dnsmasq-dhcp',
      pid: '548',
      text: 'DHCPACK(eth0) 192.0.2.7 52:54:00:aa:bb:cc',
    },
  ],
  [
    'an IPv6 address as host, no space behind the tag',
    '<4>May 16 20:47:06 fe80::1 kernel:[    0.000000] Linux',
    {
      facility: 0,
      severity: 4,
      stamp: 'May 16 20:47:06',
      host: 'fe80::1',
      tag: 'kernel',
      text: '[    0.000000] Linux',
    },
  ],
  [
    'an address and words without a tag (RFC 3164 §5.4, example 2)',
    '<13>Feb  5 17:32:18 10.0.0.99 Use the BFG!',
    { ...PRI_13, stamp: 'Feb  5 17:32:18', host: '10.0.0.99', text: 'Use the BFG!' },
  ],
  ['a priority and a tag, no time', '<13>partman: hello', { ...PRI_13, tag: 'partman', text: 'hello' }],
  ['the loader of EL6', '<142>INFO    getting kickstart', { ...PRI_142, text: 'INFO    getting kickstart' }],
  ['netconsole', '[   12.345678] usb 1-1: new device: ok', { text: '[   12.345678] usb 1-1: new device: ok' }],
  [
    'netconsole with a level',
    '<6>[   12.3] e1000: eth0 up',
    { facility: 0, severity: 6, text: '[   12.3] e1000: eth0 up' },
  ],
  [
    'anaconda --remotelog',
    '12:34:56,789 INFO anaconda.core: started',
    { text: '12:34:56,789 INFO anaconda.core: started' },
  ],
  [
    'RFC 5424 §6.5, example 1',
    "<34>1 2003-10-11T22:14:15.003Z mymachine.example.com su - ID47 - \ufeff'su root' failed",
    {
      facility: 4,
      severity: 2,
      stamp: '2003-10-11T22:14:15.003Z',
      host: 'mymachine.example.com',
      tag: 'su',
      text: "'su root' failed",
    },
  ],
  [
    'RFC 5424 with structured data and escapes',
    '<165>1 2003-10-11T22:14:15.003Z web1 evntslog 77 ID47 [a@32473 iut="3" x="q\\"\\]\\\\"][b@32473 y=""] An event',
    {
      facility: 20,
      severity: 5,
      stamp: '2003-10-11T22:14:15.003Z',
      host: 'web1',
      tag: 'evntslog',
      pid: '77',
      text: 'An event',
    },
  ],
  ['RFC 5424 with nothing but nils', '<34>1 - - - - - -', { facility: 4, severity: 2 }],
  ['a priority that is none', '<192>May 16 20:47:06 web1 a: b', { text: '<192>May 16 20:47:06 web1 a: b' }],
])('understood: %s', (_, text, expected) => {
  expect(parsed(text)).toEqual(expected);
});

test('one space behind the colon is the form, a second one is text', () => {
  expect(parseLine('<13>May 16 20:47:06 h program[1]:  indented').text).toBe(' indented');
  expect(parseLine('<13>May 16 20:47:06 h program:close').text).toBe('close');
});

test('line ends and a NUL at the end do not belong to the line', () => {
  expect(parseFrame(Buffer.from('<13>May 16 20:47:06 h a: b\r\n')).text).toBe('b');
  expect(parseFrame(Buffer.from('<142>INFO    b\0')).text).toBe('INFO    b');
});

test('control characters are spaces, and what is no UTF-8 is a replacement character', () => {
  const line = parseFrame(Buffer.from('<13>May 16 20:47:06 h a: x\x1b[31m\0y\tz\nß\xff\xc3', 'latin1'));
  expect(line.text).toBe('x [31m y\tz \ufffd\ufffd\ufffd');
  expect(line.raw).toContain(line.text);
});

test('of a line that is too long the beginning is kept, and it says how much is missing', () => {
  const text = `<13>May 16 20:47:06 h a: ${'x'.repeat(1_000_000)}`;
  const line = parseFrame(Buffer.from(text));
  expect(line.tag).toBe('a');
  expect(line.text).toMatch(/^x{8000,}… \[\d+ bytes cut\]$/);
  expect(line.raw.indexOf('…') + Number(/\[(\d+) bytes/.exec(line.raw)![1])).toBe(text.length);
});

test('a line is never cut inside a character', () => {
  for (let shift = 0; shift < 4; shift++) {
    const line = parseFrame(Buffer.from('a'.repeat(shift) + '🜛'.repeat(KEPT_BYTES)));
    expect(line.text).not.toContain('\ufffd');
  }
});

const word = fc.stringMatching(/^[A-Za-z][A-Za-z0-9_-]{0,20}$/);
const text = fc
  .string({ unit: 'grapheme', maxLength: 200 })
  .map((value) => value.replace(/[\p{Cc}\ufeff\ufffd]/gu, ''));
const priority = fc.integer({ min: 0, max: 191 });

test('whatever the bytes are, there is a line, within its bound', () => {
  const piece = fc.oneof(
    fc.uint8Array({ maxLength: 40 }).map((bytes) => Buffer.from(bytes)),
    fc
      .constantFrom(
        '<13>',
        '<165>1 ',
        'May 16 20:47:06 ',
        '- ',
        '[a b="',
        '\\"]',
        'host ',
        'tag[1]:',
        ':',
        '[',
        ' ',
        '\ufeff',
      )
      .map((part) => Buffer.from(part)),
    fc.constantFrom(9_000, 70_000).map((length) => Buffer.alloc(length, 'ä: [')),
  );
  fc.assert(
    fc.property(fc.array(piece, { maxLength: 12 }), fc.nat(), (pieces, skipped) => {
      const line = parseFrame(Buffer.concat(pieces), skipped);
      expect(line.raw.length).toBeLessThanOrEqual(MAX_LINE_LENGTH);
      expect(line.text.length).toBeLessThanOrEqual(line.raw.length);
      expect(`${line.raw}${line.tag}${line.host}${line.pid}${line.stamp}`).not.toMatch(/[\u0000-\u0008\u000a-\u001f]/);
    }),
  );
});

test('what a sender of RFC 3164 meant is what is read', () => {
  const fields = fc.record({
    priority,
    host: fc.option(word),
    tag: word,
    pid: fc.option(fc.integer({ min: 1, max: 4_194_304 }).map(String)),
    text,
    day: fc.integer({ min: 1, max: 31 }),
  });
  fc.assert(
    fc.property(fields, ({ priority: pri, host, tag, pid, text: words, day }) => {
      const stamp = `Oct ${String(day).padStart(2)} 22:14:15`;
      const line = parseLine(
        `<${pri}>${stamp} ${host === null ? '' : `${host} `}${tag}${pid === null ? '' : `[${pid}]`}: ${words}`,
      );
      expect(line).toMatchObject({ facility: pri >> 3, severity: pri & 7, stamp, host, tag, pid, text: words });
    }),
  );
});

test('what a sender of RFC 5424 meant is what is read', () => {
  const escaped = (value: string): string => value.replace(/["\\\]]/g, '\\$&');
  const data = fc
    .array(fc.tuple(word, fc.array(fc.tuple(word, text), { maxLength: 3 })), { maxLength: 3 })
    .map((elements) =>
      elements
        .map(([id, pairs]) => `[${id}${pairs.map(([name, value]) => ` ${name}="${escaped(value)}"`).join('')}]`)
        .join(''),
    );
  const fields = fc.record({
    priority,
    host: fc.option(word),
    tag: fc.option(word),
    pid: fc.option(word),
    data,
    text,
    mark: fc.boolean(),
  });
  fc.assert(
    fc.property(fields, ({ priority: pri, host, tag, pid, data: elements, text: words, mark }) => {
      const stamp = '2003-10-11T22:14:15.003Z';
      // One space more, as rsyslog has it, is not the text's.
      const head = `<${pri}>1 ${stamp} ${host ?? '-'} ${tag ?? '-'} ${pid ?? '-'} - ${elements || '-'}`;
      const line = parseLine(`${head} ${mark ? '\ufeff' : ''}${words.startsWith(' ') ? ' ' : ''}${words}`);
      expect(line).toMatchObject({
        facility: pri >> 3,
        severity: pri & 7,
        stamp,
        host,
        tag: tag ?? '',
        pid,
        text: words,
      });
    }),
  );
});

test.each(['[', '[a b="', 'tag[', 'a:', '<', '\\', ' ', '1 ', '-', '[a b="c" '])(
  'a line full of %j takes no longer than others',
  (piece) => {
    // What were not linear would take minutes for these.
    for (const head of ['', '<13>', '<13>May 16 20:47:06 ', '<13>1 - - - - - ']) {
      for (let round = 0; round < 50; round++) parseLine(head + piece.repeat(KEPT_BYTES / piece.length));
    }
  },
);
