import { readdirSync } from 'node:fs';
import { join } from 'node:path';
import { linesOf, sniffInPieces, verdictOf, type LogVerdict, type OffsetLine } from './read-log';

const FIXTURES = join(__dirname, '../../fixtures/intake/boot-trail');
const CASES = readdirSync(FIXTURES, { withFileTypes: true })
  .filter((entry) => entry.isDirectory())
  .map((entry) => entry.name);

describe.each(CASES)('%s', (name) => {
  const files = readdirSync(join(FIXTURES, name)).sort();

  test('it says the same line by line, and with every line twice', () => {
    for (const file of files) {
      const lines = linesOf(join(FIXTURES, name, file));
      const whole = verdictOf(sniffInPieces(file, lines));
      const cuts = lines.map((_, index) => index);
      expect(verdictOf(sniffInPieces(file, lines, cuts))).toEqual(whole);
      expect(verdictOf(sniffInPieces(file, linesFrom(lines.flatMap(({ line }) => [line, line]))))).toEqual(whole);
    }
  });
});

function linesFrom(lines: readonly string[]): OffsetLine[] {
  let offset = 0;
  return lines.map((line) => {
    const at = offset;
    offset += Buffer.byteLength(line) + 1;
    return { line, offset: at };
  });
}

const verdict = (...lines: string[]): LogVerdict => verdictOf(sniffInPieces('access.log', linesFrom(lines)));
const get = (path: string, status = 200): string =>
  `192.0.2.7 - - [01/Oct/2026:10:00:00 +0000] "GET ${path} HTTP/1.1" ${status} 1200 "-" "libdnf (Rocky Linux 9.4)"`;

test('packages are counted once each, parts of packages are not', () => {
  const { phase, packagesDone } = verdict(
    get('/Packages/bash-5.1.8-9.el9.x86_64.rpm', 206),
    get('/Packages/bash-5.1.8-9.el9.x86_64.rpm'),
    get('/Packages/bash-5.1.8-9.el9.x86_64.rpm'),
    get('/Packages/zlib-1.2.11-40.el9.x86_64.rpm', 302),
    get('/mirror/Packages/zlib-1.2.11-40.el9.x86_64.rpm'),
  );
  expect({ phase, packagesDone }).toEqual({ phase: 'packages', packagesDone: 2 });
});

test('udebs are the installer’s own, not packages', () => {
  expect(verdict(get('/debian/pool/main/p/partman-base/partman-base_226_amd64.udeb'))).toMatchObject({
    phase: 'bootstrap',
    packagesDone: null,
  });
});

test('an answer file that is not there is told, an optional image is not', () => {
  const { phase, outcome, errors } = verdict(get('/images/updates.img', 404), get('/ks/web1.cfg', 404));
  expect({ phase, outcome }).toEqual({ phase: 'bootstrap', outcome: 'running' });
  expect(errors.map(({ text }) => text)).toEqual([
    'the web server had no answer file for the installer: 404 /ks/web1.cfg',
  ]);
});

test('a kernel that is not there is told', () => {
  const { phase, errors } = verdict(
    'Oct  1 10:00:00 boot dnsmasq-tftp[7]: file /srv/tftp/images/rocky9/vmlinuz not found for 192.0.2.7',
  );
  expect(phase).toBe('booting');
  expect(errors.map(({ text }) => text)).toEqual([
    'the server had no such file to boot from: tftp /srv/tftp/images/rocky9/vmlinuz',
  ]);
});

test('Kea’s own log file and access lines through syslog are read', () => {
  const kea =
    '2025-08-13 14:23:38.856 INFO  [kea-dhcp4.leases/6455.1399] DHCP4_LEASE_ALLOC [hwtype=1 52:54:00:aa:bb:0c], cid=[no info], tid=0x3f: lease 192.0.2.7 has been allocated for 7200 seconds';
  expect(verdict(kea).phase).toBe('booting');
  expect(verdict(`<190>Oct  1 10:00:00 boot nginx: ${get('/repodata/repomd.xml')}`).phase).toBe('config');
  expect(verdict('Oct  1 10:00:00 boot atftpd[7.139938]: Serving pxelinux.0 to 192.0.2.7:2070').phase).toBe('booting');
});

test('a boot after the packages does not take the install back', () => {
  const lease = 'Oct  1 10:20:00 boot dhcpd: DHCPACK on 192.0.2.7 to 52:54:00:aa:bb:0c via enp1s0';
  expect(verdict(get('/Packages/bash-5.1.8-9.el9.x86_64.rpm'), lease).phase).toBe('packages');
});

test('the last words of a kernel are understood in a file that says nothing else', () => {
  const { phase, outcome, errors } = verdict(
    '[    1.9] VFS: Cannot open root device "(null)" or unknown-block(0,0): error -6',
    '[    1.9] Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)',
  );
  expect({ phase, outcome }).toEqual({ phase: 'booting', outcome: 'failed' });
  expect(errors.at(-1)?.text).toBe('Kernel panic - not syncing: VFS: Unable to mount root fs on unknown-block(0,0)');
});
