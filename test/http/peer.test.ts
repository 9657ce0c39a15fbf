import { normalizeAddress, parseNetworks, resolvePeer } from '../../src/http/peer';

test.each([
  ['192.0.2.1', '192.0.2.1'],
  [' 192.0.2.1 ', '192.0.2.1'],
  ['::ffff:192.0.2.1', '192.0.2.1'],
  ['::FFFF:C000:0201', '192.0.2.1'],
  ['0:0:0:0:0:ffff:c000:201', '192.0.2.1'],
  ['2001:DB8:0:0::1', '2001:db8::1'],
  ['fe80::1%eth0', 'fe80::1'],
  ['::1', '::1'],
  ['192.0.2.256', null],
  ['host.example.org', null],
  ['', null],
])('the address %p is written %p', (text, wanted) => {
  expect(normalizeAddress(text)).toBe(wanted);
});

describe('a list of networks', () => {
  const networks = parseNetworks(['loopback', '10.0.0.0/8', '192.0.2.7', '2001:db8::/32', '::ffff:172.16.0.0/108']);
  test.each([
    '127.0.0.1',
    '127.9.9.9',
    '::1',
    '10.255.0.1',
    '::ffff:10.1.1.1',
    '192.0.2.7',
    '2001:db8:ffff::1',
    '172.16.0.1',
    '172.31.255.255',
  ])('holds %s', (address) => {
    expect(networks.has(address)).toBe(true);
  });
  test.each(['11.0.0.1', '192.0.2.8', '2001:db9::1', '::2', '172.32.0.1', 'loopback', '', '?'])(
    'does not hold %p',
    (address) => {
      expect(networks.has(address)).toBe(false);
    },
  );
  test.each(['10.0.0.0/33', '10.0.0/8', 'all', '', '2001:db8::/129', '10.0.0.0/', '10.0.0.0/8/8', '10.0.0.0/-1'])(
    'refuses %p',
    (entry) => {
      expect(() => parseNetworks([entry])).toThrow(`"${entry}" is not a network`);
    },
  );
  test('an empty list holds nobody', () => {
    expect(parseNetworks([]).has('127.0.0.1')).toBe(false);
  });
});

describe('the caller', () => {
  const trusted = parseNetworks(['loopback', '10.0.0.0/8']);
  const peer = (socket: string | undefined, header?: string) => resolvePeer(socket, header, trusted);

  test('is who is connected, in one spelling', () => {
    expect(peer('::ffff:192.0.2.1')).toBe('192.0.2.1');
    expect(peer(undefined)).toBe('?');
  });
  test('cannot make itself another by a header', () => {
    expect(peer('192.0.2.1', '10.0.0.1')).toBe('192.0.2.1');
    expect(peer('192.0.2.1', '127.0.0.1')).toBe('192.0.2.1');
  });
  test('behind a trusted proxy is the last one the proxies did not add', () => {
    expect(peer('127.0.0.1', '192.0.2.9')).toBe('192.0.2.9');
    expect(peer('127.0.0.1', '192.0.2.9, 10.0.0.5')).toBe('192.0.2.9');
    expect(peer('::1', 'forged, 8.8.8.8, 192.0.2.9, 10.0.0.5')).toBe('192.0.2.9');
    expect(peer('::1', '8.8.8.8,192.0.2.9')).toBe('192.0.2.9');
  });
  test('is the farthest hop when all are trusted, the proxy when the header is nonsense', () => {
    expect(peer('127.0.0.1', '10.0.0.1, 10.0.0.2')).toBe('10.0.0.1');
    expect(peer('127.0.0.1', 'unknown')).toBe('127.0.0.1');
    expect(peer('127.0.0.1', '192.0.2.1, garbage')).toBe('127.0.0.1');
    expect(peer('127.0.0.1', '')).toBe('127.0.0.1');
  });
  test('is read from hops with a port', () => {
    expect(peer('127.0.0.1', '192.0.2.9:4711')).toBe('192.0.2.9');
    expect(peer('127.0.0.1', '[2001:DB8::9]:4711')).toBe('2001:db8::9');
  });
});
