import { parseMessage } from '../../src/intake';
import { INSTALLERS } from '../../src/intake/installers';
import type { EventDraft } from '../../src/domain/event';
import { sniffInPieces } from './read-log';

/** Far beyond what any line needs, far below what a pattern takes whose cost grows with the square of the line. */
const SWIFT_MS = 1_500;
const LINE = 64 * 1024;

function read(file: string, lines: string[]): EventDraft[] {
  return parseMessage({
    transport: 'upload',
    receivedAt: 1_000,
    peer: '192.0.2.1',
    target: { type: 'system', name: 'web1', address: null },
    hints: { file, fileId: 'f1' },
    text: lines.join('\n'),
  })!.drafts;
}

const fill = (piece: string): string => piece.repeat(Math.ceil(LINE / piece.length)).slice(0, LINE);

describe('a line made to keep the reader busy does not', () => {
  const markers = INSTALLERS.flatMap(({ phases, counters, errors, benign }) => [
    ...phases,
    ...counters,
    ...errors,
    ...benign,
  ]);
  const words = markers.flatMap(({ pattern }) => pattern.source.match(/[A-Za-z][\w -]{3,}/g) ?? []);
  const pieces = ['a', '1', ' ', '.', '/', '(1/1) ', 'a-', 'Error: ', '^M', '\t', ...new Set(words)];

  test.each(['anaconda.log', 'program.log', 'console.log', 'anacdump.txt', 'sys.log', 'install.log'])('%s', (file) => {
    const head = file === 'sys.log' ? '12:00:00,000 INFO anaconda: ' : '12:00:00,000 INF packaging: ';
    const slow = pieces.filter((piece) => {
      const before = Date.now();
      read(file, [head + fill(piece), `${fill(piece)}!`, `No space left on device ${fill(piece)}`]);
      return Date.now() - before > SWIFT_MS;
    });
    expect(slow).toEqual([]);
  });

  const heads = [
    '192.0.2.7 - - [01/Oct/2026:10:00:00 +0000] "GET /',
    'Oct  1 10:00:00 boot dnsmasq-dhcp[7]: DHCPACK(eth0) ',
    'Oct  1 10:00:00 boot dnsmasq-tftp[7]: sent /',
    'Oct  1 10:00:00 boot dhcpd: DHCPDISCOVER from ',
    'Oct  1 10:00:00 boot kea-dhcp4: DHCP4_LEASE_ALLOC [hwtype=1 ',
    '2025-04-20 10:00:00,123 ERROR root:36 finish: subiquity/',
    'finish: cmd-install: FAIL: ',
    '{"name": "subiquity/Install", "description": "',
    'Oct  1 10:00:00 main-menu[7]: ',
    'Oct  1 10:00:00 main-menu[7]: (process:7): ',
    'Oct  1 10:00:00 in-target: ',
    'Oct  1 10:00:00 debootstrap: ',
    'Oct  1 10:00:00 base-installer: error: ',
    'Oct  1 10:00:00 grub-installer: ',
    'Oct  1 10:00:00 preseed: ',
    'Oct  1 10:00:00 anna[7]: WARNING **: package retrieval failed',
    'Oct  1 10:00:00 partman: ',
    'main-menu[7]: WARNING **: Configuring ',
    '2026-10-01 10:00:00 <3> install(7) [Ruby] modules/A.rb(x):1 ',
    '2026-10-01 10:00:00 <3> install(7) [zypp] TargetImpl.cc(commit):1 ',
    '2026-10-01 10:00:00 <3> install(7) [',
    '2026-10-01 10:00:00, Error                 MOUPG  ',
    '2026-10-01 10:00:00, Error      [0x0601c1] IBS    ',
    '2026-10-01 10:00:00, Error                 SYSPRP ',
    '2026-10-01 10:00:00, Info ',
    '{"type":"ProgressChanged","progress":{"scope":"',
    '{"type":"',
    'Oct  1 10:00:00 u subiquity_event.12[12]: ',
    'Oct  1 10:00:00 u subiquity_log.12[12]: Stderr: ',
    '',
  ];

  test.each(heads)('a file of no name: %s', (head) => {
    const slow = [...pieces, ':', '0:', '-', '::', '"', '%41', 'x.rpm', '[', 'initrd-'].filter((piece) => {
      const before = Date.now();
      sniffInPieces('any', [
        { line: head + fill(piece), offset: 0 },
        { line: `${head}${fill(piece).slice(0, 4_000)}!`, offset: LINE },
      ]);
      return Date.now() - before > SWIFT_MS;
    });
    expect(slow).toEqual([]);
  });

  test('words of a harmless message, over and over, beside those of an error', () => {
    const before = Date.now();
    read('program.log', [`12:00:00,000 INF program: grub2-install: error: ${fill('dd: error writing zeros')}`]);
    read('program.log', [`12:00:00,000 INF program: grub2-install: error: ${fill('updates.img')}`]);
    expect(Date.now() - before).toBeLessThan(SWIFT_MS);
  });
});

test.each(['constructor', '__proto__', 'toString'])('a package called %s is downloaded like any other', (name) => {
  const line = (text: string): string => `12:00:00,000 INF modules.payloads.payload.dnf.download_progress: ${text}`;
  const unheard = read('anaconda.log', [line(`Downloaded '${name}'`)]);
  expect(unheard.at(-1)?.detail.bytesDone).toBe(0);
  const known = read('anaconda.log', [line(`Started downloading '${name}' - 12 bytes`), line(`Downloaded '${name}'`)]);
  expect(known.at(-1)?.detail.bytesDone).toBe(12);
});

test('a count that no install can have is no count', () => {
  const nines = '9'.repeat(400);
  const drafts = [
    ...read('anaconda.log', [`12:00:00,000 INF payload: Starting the installation. Total packages: ${nines}`]),
    ...read('console.log', [
      `Downloading ${nines} RPMs, ${nines} GiB / ${nines} constructor (1%) done`,
      `a (${nines}/2)`,
    ]),
  ];
  const said = drafts.map(({ detail: { witness: _, ...detail } }) => detail);
  expect(JSON.stringify(said)).not.toMatch(/null,"total|e\+|99999999999/);
  for (const { detail } of drafts) {
    for (const count of [detail.packagesDone, detail.packagesTotal, detail.bytesDone, detail.bytesTotal]) {
      expect(count === undefined || (Number.isSafeInteger(count) && count <= 2 ** 50)).toBe(true);
    }
  }
});
