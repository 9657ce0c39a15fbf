import fc from 'fast-check';
import { readSighting, type Sighting } from '../../src/intake/sighting';

const MAC = '52:54:00:aa:bb:0c';

function says(tag: string | null, text: string): Partial<Sighting> | null {
  const sighting = readSighting(tag, text);
  if (!sighting) return null;
  const { text: _, ...rest } = sighting;
  return Object.fromEntries(Object.entries(rest).filter(([, value]) => value !== null));
}

const get = (path: string, status: number | string = 200, agent = 'curl/8.9.1', method = 'GET'): string =>
  `192.0.2.7 - - [01/Oct/2026:10:00:00 +0000] "${method} ${path} HTTP/1.1" ${status} 1200 "-" "${agent}"`;
const whatOf = (line: string): string | null => readSighting(null, line)?.what ?? null;

describe('an address that was given binds it to the machine', () => {
  test.each<[string, string, Partial<Sighting>]>([
    ['dnsmasq-dhcp', `DHCPACK(eth0) 192.0.2.7 ${MAC} web1`, { ip: '192.0.2.7', mac: MAC, hostname: 'web1' }],
    ['dnsmasq-dhcp', `653460281 DHCPACK(br0) 192.0.2.7 ${MAC}`, { ip: '192.0.2.7', mac: MAC, xid: '653460281' }],
    ['dnsmasq-dhcp', 'DHCPACK(br0) 192.0.2.7 52:54:00:AA:BB:0C', { ip: '192.0.2.7', mac: MAC }],
    [
      'dnsmasq-dhcp',
      'DHCPREPLY(eth0) 2001:db8::57 00:01:00:01:2c:11:22:33:52:54:00:aa:bb:0c web1',
      { ip: '2001:db8::57', mac: MAC, hostname: 'web1' },
    ],
    ['dnsmasq-dhcp', 'DHCPREPLY(eth0) 2001:DB8::57 00:03:00:01:52:54:00:aa:bb:0c', { ip: '2001:db8::57', mac: MAC }],
    [
      'dnsmasq-dhcp',
      'DHCPREPLY(eth0) 2001:db8::57 00:04:49:f0:60:cc:52:78:26:57:89:6f:f8:bf:35:6f:e0:7a',
      { ip: '2001:db8::57' },
    ],
    ['dhcpd', `DHCPACK on 192.0.2.7 to ${MAC} via enp1s0`, { ip: '192.0.2.7', mac: MAC }],
    ['dhcpd', `DHCPACK on 192.0.2.7 to ${MAC} (web1) via 192.0.2.1`, { ip: '192.0.2.7', mac: MAC, hostname: 'web1' }],
    ['dhcpd', `DHCPACK to 192.0.2.7 (${MAC}) via enp1s0`, { ip: '192.0.2.7', mac: MAC }],
    [
      'dhcpd',
      'Reply NA: address 2001:db8::59 to client with duid 00:01:00:01:2c:11:22:33:52:54:00:aa:bb:0c iaid = 7 valid for 600 seconds',
      { ip: '2001:db8::59', mac: MAC },
    ],
    [
      'kea-dhcp4',
      `2025-08-13 14:23:38.856 INFO  [kea-dhcp4.leases/6455.139934778066624] DHCP4_LEASE_ALLOC [hwtype=1 ${MAC}], cid=[01:${MAC}], tid=0x3f082956: lease 192.0.2.7 has been allocated for 7200 seconds`,
      { ip: '192.0.2.7', mac: MAC, xid: '0x3f082956' },
    ],
    [
      'kea-dhcp4',
      `INFO  [kea-dhcp4.leases] DHCP4_LEASE_ALLOC [hwtype=1 ${MAC}], cid=[no info], tid=0x1: lease 192.0.2.7 has been allocated`,
      { ip: '192.0.2.7', mac: MAC, xid: '0x1' },
    ],
    [
      'kea-dhcp6',
      `INFO  [kea-dhcp6.leases/1.2] DHCP6_LEASE_ALLOC duid=[00:04:49:f0:60:cc:52:78:26:57:89:6f:f8:bf:35:6f:e0:7a], [hwtype=1 ${MAC}], tid=0xa492a1: lease for address 2001:db8::1057 and iaid=0 has been allocated for 1800 seconds`,
      { ip: '2001:db8::1057', mac: MAC, xid: '0xa492a1' },
    ],
    [
      'kea-dhcp6',
      'INFO  [kea-dhcp6.leases/1.2] DHCP6_LEASE_ALLOC duid=[00:01:00:01:2c:11:22:33:52:54:00:aa:bb:0c], [no hwaddr info], tid=0xa492a1: lease for address 2001:db8::1057 and iaid=0 has been allocated for 1800 seconds',
      { ip: '2001:db8::1057', mac: MAC, xid: '0xa492a1' },
    ],
  ])('%s: %s', (tag, text, expected) => {
    expect(says(tag, text)).toEqual({ what: 'lease', ...expected });
  });

  test('an offer, a request and a refusal give none', () => {
    expect(says('dnsmasq-dhcp', `DHCPOFFER(eth0) 192.0.2.7 ${MAC}`)).toBeNull();
    expect(says('dnsmasq-dhcp', `DHCPREQUEST(eth0) 192.0.2.7 ${MAC}`)).toBeNull();
    expect(says('dhcpd', `DHCPREQUEST for 192.0.2.7 (192.0.2.1) from ${MAC} via enp1s0`)).toBeNull();
    expect(says('dhcpd', `DHCPNAK on 192.0.2.7 to ${MAC} via enp1s0`)).toBeNull();
  });

  test('without an address to give the machine gets no further', () => {
    const failed = { what: 'failed', mac: MAC };
    expect(says('dnsmasq-dhcp', `DHCPDISCOVER(eth0) ${MAC} no address available`)).toEqual(failed);
    expect(says('dhcpd', `DHCPDISCOVER from ${MAC} via enp1s0: network 192.0.2.0/24: no free leases`)).toEqual(failed);
  });
});

describe('the firmware asks for a network boot', () => {
  test.each<[string, string, Partial<Sighting>]>([
    [
      'dnsmasq-dhcp',
      '653460281 vendor class: PXEClient:Arch:00007:UNDI:003016',
      { agent: 'PXEClient:Arch:00007:UNDI:003016', xid: '653460281' },
    ],
    [
      'dnsmasq-dhcp',
      '653460281 vendor class: HTTPClient:Arch:00016:UNDI:003001',
      { agent: 'HTTPClient:Arch:00016:UNDI:003001', xid: '653460281' },
    ],
    ['dnsmasq-dhcp', `653460281 PXE(eth0) ${MAC} proxy`, { mac: MAC, xid: '653460281' }],
    ['dnsmasq-dhcp', `PXE(eth0) 192.0.2.7 ${MAC} pxelinux.0`, { ip: '192.0.2.7', mac: MAC }],
    [
      'kea-dhcp4',
      `DEBUG [kea-dhcp4.options/1.2] DHCP4_CLASS_ASSIGNED [hwtype=1 ${MAC}], cid=[no info], tid=0x5: client packet has been assigned to the following class: VENDOR_CLASS_PXEClient:Arch:00007:UNDI:003016`,
      { mac: MAC, agent: 'PXEClient:Arch:00007:UNDI:003016', xid: '0x5' },
    ],
  ])('%s: %s', (tag, text, expected) => {
    expect(says(tag, text)).toEqual({ what: 'pxe', ...expected });
  });

  test('UEFI looks at the size over HTTP before it fetches', () => {
    expect(whatOf(get('/boot/grubx64.efi', 200, 'UefiHttpBoot/1.0', 'HEAD'))).toBe('pxe');
    expect(whatOf(get('/boot/grubx64.efi', 200, 'UefiHttpBoot/1.0'))).toBe('loader');
    expect(whatOf(get('/boot/vmlinuz', 200, 'curl/8.9.1', 'HEAD'))).toBeNull();
  });

  test('an operating system that asks for an address is no network boot', () => {
    expect(says('dnsmasq-dhcp', '653460281 vendor class: dhcpcd-10.0.6:Linux')).toBeNull();
    expect(says('dnsmasq-dhcp', '653460281 vendor class: MSFT 5.0')).toBeNull();
  });
});

describe('what a finished machine fetches at every boot is not what an installing one fetches', () => {
  test.each([
    'pxelinux.0',
    'lpxelinux.0',
    'grub/grubx64.efi',
    '/srv/tftp/grub/shimx64.efi',
    'undionly.kpxe',
    'ipxe.efi',
    'snponly.efi',
    'ldlinux.c32',
    'menu.c32',
    'pxelinux.cfg/default',
    'pxelinux.cfg/C0A8288A',
    'grub/grub.cfg',
    'grub/grub.cfg-01-52-54-00-aa-bb-0c',
    'grub/x86_64-efi/normal.mod',
    'boot.ipxe',
  ])('%s is a loader', (file) => {
    expect(readSighting('dnsmasq-tftp', `sent ${file} to 192.0.2.7`)?.what).toBe('loader');
    expect(readSighting('in.tftpd', `RRQ from 192.0.2.7 filename ${file}`)?.what).toBe('loader');
  });

  test.each([
    'images/rocky9/vmlinuz',
    'images/rocky9/initrd.img',
    'debian-installer/amd64/linux',
    'debian-installer/amd64/initrd.gz',
    'casper/vmlinuz',
    'coreos_production_pxe.vmlinuz',
    'rhcos-4.16.3-x86_64-live-kernel-x86_64',
    'rhcos-4.16.3-x86_64-live-initramfs.x86_64.img',
    'wimboot',
    'boot/boot.wim',
    'Boot/x64/Images/LiteTouchPE_x64.wim',
    '\\Boot\\x64\\Images\\boot.wim',
  ])('%s is a kernel', (file) => {
    expect(readSighting('dnsmasq-tftp', `sent /srv/tftp/${file} to 192.0.2.7`)?.what).toBe('kernel');
    expect(readSighting('atftpd', `Serving ${file} to 192.0.2.7:2070`)?.what).toBe('kernel');
    expect(whatOf(get(`/${file}`, 200, 'iPXE/1.21.1'))).toBe('kernel');
  });

  test('a transfer broken off to learn the size fetches nothing', () => {
    expect(says('dnsmasq-tftp', 'error 0 Early terminate received from 192.0.2.7')).toBeNull();
    expect(readSighting('dnsmasq-tftp', 'failed sending /srv/tftp/vmlinuz to 192.0.2.7')?.what).toBe('loader');
  });

  test('a menu under a name that is not there is no failure, a missing kernel or loader is one', () => {
    const absent = (file: string): string | undefined =>
      readSighting('dnsmasq-tftp', `file /srv/tftp/${file} not found for 192.0.2.7`)?.what;
    expect(absent('pxelinux.cfg/01-52-54-00-aa-bb-0c')).toBe('loader');
    expect(absent('grub/x86_64-efi/command.lst')).toBe('loader');
    expect(absent('shim_certificate_0.efi')).toBe('loader');
    expect(absent('b66c4c16/kernel8.img')).toBe('loader');
    expect(absent('images/rocky9/vmlinuz')).toBe('failed');
    expect(absent('pxelinux.0')).toBe('failed');
  });
});

describe('what is fetched over HTTP', () => {
  test.each<[string, string]>([
    ['/cblr/svc/op/autoinstall/system/web1', 'answers'],
    ['/cblr/svc/op/ks/system/web1', 'answers'],
    ['/ks/web1.cfg', 'answers'],
    ['/ks/el9/rack4/web1', 'answers'],
    ['/preseed.cfg', 'answers'],
    ['/autoinstall/web1/user-data', 'answers'],
    ['/autoinst.xml', 'answers'],
    ['/config.ign', 'answers'],
    ['/rocky/9/BaseOS/x86_64/os/images/install.img', 'stage2'],
    ['/rocky/9/BaseOS/x86_64/os/.treeinfo', 'stage2'],
    ['/casper/ubuntu-24.04-live-server-amd64.iso', 'stage2'],
    ['/debian/dists/bookworm/main/debian-installer/binary-amd64/Packages.xz', 'stage2'],
    ['/debian/pool/main/p/partman-base/partman-base_226_amd64.udeb', 'stage2'],
    ['/debian/dists/bookworm/InRelease', 'metadata'],
    ['/rocky/9/BaseOS/x86_64/os/repodata/repomd.xml', 'metadata'],
    ['/rocky/9/BaseOS/x86_64/os/Packages/b/bash-5.1.8-9.el9.x86_64.rpm', 'package'],
    ['/debian/pool/main/b/bash/bash_5.2.15-2%2bb2_amd64.deb', 'package'],
    [`/ostree/repo/objects/0a/${'b'.repeat(62)}.filez`, 'package'],
  ])('%s: %s', (path, what) => {
    expect(whatOf(get(path))).toBe(what);
  });

  test.each([
    'Packages/kernel-5.14.0-70.13.1.el9_0.x86_64.rpm',
    'Packages/k/kernel-core-5.14.0-70.13.1.el9_0.x86_64.rpm',
    'suse/x86_64/kernel-default-5.3.18-1.1.x86_64.drpm',
    'pool/main/i/initramfs-tools/initramfs-tools_0.142_all.deb',
  ])('a kernel that is a package boots nothing: %s', (file) => {
    expect(whatOf(get(`/el9/${file}`, 200, 'libdnf (Red Hat 9)'))).toBe('package');
  });

  test('a kernel fetched by what is no boot loader boots nothing: mirrors and virtual machines are made so', () => {
    expect(whatOf(get('/el9/images/pxeboot/vmlinuz', 200, 'Python-urllib/3.9'))).toBeNull();
    expect(whatOf(get('/el9/images/pxeboot/vmlinuz', 200, 'iPXE/1.21.1'))).toBe('kernel');
  });

  test('parts of packages are headers that yum reads', () => {
    expect(whatOf(get('/7/Packages/bash-4.2.46-34.el7.x86_64.rpm', 206))).toBe('package-header');
  });

  test('a boot script asked for by iPXE is a loader, whatever its name', () => {
    expect(whatOf(get('/v1/boot/chain?mac=52%3A54%3A00%3Aaa%3Abb%3A0c', 200, 'iPXE/1.21.1'))).toBe('loader');
    expect(readSighting(null, get('/v1/boot/chain?mac=52%3A54%3A00%3Aaa%3Abb%3A0c', 200, 'iPXE/1.21.1'))?.mac).toBe(
      MAC,
    );
  });

  test('answers or a kernel that are not there stop the machine, optional images do not', () => {
    expect(says(null, get('/ks/web1.cfg', 404))).toMatchObject({ what: 'failed', file: '/ks/web1.cfg', status: 404 });
    expect(whatOf(get('/images/vmlinuz', 404, 'iPXE/1.21.1'))).toBe('failed');
    expect(whatOf(get('/7/images/updates.img', 404))).toBe('stage2');
    expect(whatOf(get('/7/images/product.img', 404))).toBe('stage2');
  });

  test.each(['/', '/favicon.ico', '/cblr/svc/op/nopxe/system/web1', '/api/v1/runs', '/index.html'])(
    '%s is nothing',
    (path) => {
      expect(whatOf(get(path))).toBeNull();
      expect(whatOf(get(path, 404))).toBeNull();
    },
  );

  test('the words kept of a request hold neither its query nor a password', () => {
    const { text, file } = readSighting(null, get('http://joe:secret@boot.example.net/ks/web1.cfg?token=secret'))!;
    expect(file).toBe('/ks/web1.cfg');
    expect(text).toContain('boot.example.net/ks/web1.cfg?…');
    expect(text).not.toContain('secret');
  });

  test('a POST fetches nothing', () => {
    expect(whatOf(get('/ks/web1.cfg', 200, 'curl/8.9.1', 'POST'))).toBeNull();
  });

  test('common format, a virtual host in front, a name for the client, IPv6, through syslog', () => {
    const common = '192.0.2.7 - - [01/Oct/2026:10:00:00 +0000] "GET /ks/web1.cfg HTTP/1.1" 200 -';
    expect(says(null, common)).toEqual({
      what: 'answers',
      ip: '192.0.2.7',
      file: '/ks/web1.cfg',
      bytes: 0,
      status: 200,
    });
    expect(says(null, `boot.example.net:80 ${common}`)).toMatchObject({ what: 'answers', ip: '192.0.2.7' });
    expect(says(null, common.replace('192.0.2.7', 'web1.example.net'))).toMatchObject({ hostname: 'web1.example.net' });
    expect(says(null, common.replace('192.0.2.7', '2001:DB8::7'))).toMatchObject({ ip: '2001:db8::7' });
    expect(says('nginx', common.replace('192.0.2.7', '::ffff:192.0.2.7'))).toMatchObject({ ip: '192.0.2.7' });
    expect(says('httpd', common)).toMatchObject({ what: 'answers' });
    expect(says('apache2', common)).toMatchObject({ what: 'answers' });
    expect(says('lighttpd', common.replace(' - - ', ' boot.example.net - '))).toMatchObject({ what: 'answers' });
  });
});

test('the hardware address in the name of a menu is the machine’s', () => {
  expect(readSighting('in.tftpd', 'RRQ from 192.0.2.7 filename pxelinux.cfg/01-52-54-00-AA-BB-0C')?.mac).toBe(MAC);
  expect(
    readSighting('dnsmasq-tftp', 'sent /srv/tftp/grub/grub.cfg-01-52-54-00-aa-bb-0c to 2001:db8::7'),
  ).toMatchObject({
    ip: '2001:db8::7',
    mac: MAC,
  });
});

test('other programs and other lines are nobody’s', () => {
  expect(readSighting('sshd', `DHCPACK(eth0) 192.0.2.7 ${MAC}`)).toBeNull();
  expect(readSighting('dnsmasq', 'query[A] example.net from 192.0.2.7')).toBeNull();
  expect(readSighting(null, 'whatever')).toBeNull();
});

test('any line from any server is read without harm and in bounds', () => {
  const tags = [null, 'dnsmasq-dhcp', 'dnsmasq-tftp', 'dhcpd', 'kea-dhcp4', 'kea-dhcp6', 'in.tftpd', 'atftpd', 'nginx'];
  const pieces = [
    'DHCPACK(eth0) ',
    '192.0.2.7 ',
    `${MAC} `,
    'sent ',
    ' to ',
    '"GET /',
    '.rpm',
    ' 200 ',
    '%zz',
    ' ',
    '::',
    '[',
  ];
  fc.assert(
    fc.property(
      fc.constantFrom(...tags),
      fc.oneof(
        fc.string(),
        fc.array(fc.constantFrom(...pieces)).map((all) => all.join('')),
      ),
      (tag, text) => {
        const sighting = readSighting(tag, text);
        if (!sighting) return;
        expect(sighting.text.length).toBeLessThanOrEqual(300);
        expect(sighting.mac ?? MAC).toMatch(/^([0-9a-f]{2}:){5}[0-9a-f]{2}$/);
      },
    ),
  );
});
