import {
  bootUrl,
  comparable,
  emails,
  hostName,
  ipv4Address,
  ipv6Address,
  macAddress,
  netmask,
  phoneNumbers,
  webhooks,
} from '../../src/domain/item-addresses';

const at = { type: 'system', field: 'email', values: {} };

test.each([
  ['52:54:00:AB:CD:07', '52:54:00:ab:cd:07'],
  ['52-54-00-ab-cd-07', '52-54-00-ab-cd-07'],
  ['525400abcd07', '525400abcd07'],
  ['', ''],
  ['random', 'random'],
])('the MAC address %j is stored as %j', (given, stored) => {
  expect(macAddress(given, at)).toBe(stored);
});

test.each(['zz', '52:54:00:ab:cd', '52:54:00:ab:cd:0g', '52:54-00:ab:cd:07', '52:54:00:ab:cd:07\n52:54:00:ab:cd:08'])(
  '%j is no MAC address',
  (given) => {
    expect(() => macAddress(given, at)).toThrow(`Invalid mac address format (${given})`);
  },
);

test('one MAC address in three notations is the same address', () => {
  const spellings = ['52:54:00:AB:CD:07', '52-54-00-ab-cd-07', '5254.00ab.cd07'];
  expect(new Set(spellings.map((mac) => comparable('mac', mac)))).toEqual(new Set(['52:54:00:ab:cd:07']));
});

test('an IPv6 address is stored and compared in its short form', () => {
  expect(ipv6Address('2001:DB8:0:0::0001', at)).toBe('2001:db8::1');
  expect(comparable('ipv6', '2001:0DB8::1')).toBe('2001:db8::1');
});

test.each(['1.2.3', '300.1.1.1', '10.9.0.1/24', '255.255.255.0', '01.2.3.4', '::1'])(
  '%j is no IPv4 address',
  (given) => {
    expect(() => ipv4Address(given, at)).toThrow(/Invalid IPv4 address format/);
  },
);

test.each(['fe80::1%eth0', '1::2::3', 'abc', '[::1]'])('%j is no IPv6 address', (given) => {
  expect(() => ipv6Address(given, at)).toThrow(/Invalid IPv6 address format/);
});

test('a netmask is ones, then zeros', () => {
  expect(netmask('255.255.252.0', at)).toBe('255.255.252.0');
  expect(() => netmask('255.0.255.0', at)).toThrow();
});

test('host names follow RFC 1123', () => {
  expect(hostName('web-1.example.org', at)).toBe('web-1.example.org');
  expect(() => hostName('-web', at)).toThrow(/Invalid hostname/);
  expect(() => hostName('a b', at)).toThrow(/Invalid hostname/);
});

test('boot files come by http or tftp, from a name, an address or the server macro', () => {
  for (const url of ['http://h/vmlinuz', 'tftp://10.0.0.1/v', 'http://@@server@@/v', 'http://[2001:db8::1]:80/v']) {
    expect(bootUrl(url, at)).toBe(url);
  }
  for (const url of ['ftp://h/v', 'http://h', "http://h/a'b", 'http://h/a b']) expect(() => bootUrl(url, at)).toThrow();
});

describe('where contacts can be reached', () => {
  test('addresses come as an array, or alone', () => {
    expect(emails(['a@example.org', 'b@example.org'], at)).toEqual(['a@example.org', 'b@example.org']);
    expect(emails(' a@example.org ', at)).toEqual(['a@example.org']);
    expect(emails('', at)).toEqual([]);
  });

  test.each([
    ['a@example.org, b@example.org', 'one bare e-mail address'],
    ['a@example.org\r\nBcc: x@example.org', 'line breaks'],
    ['a@example.org\n', 'line breaks'],
    ['Jane <a@example.org>', 'one bare e-mail address'],
    ['nobody', 'exactly one @'],
  ])('the e-mail address %j is refused with a reason', (address, reason) => {
    expect(() => emails([address], at)).toThrow(reason);
  });

  test.each(['030 123456', '+49', '+49 30 123456', '4930123456', '+4930123456\n'])(
    '%j is no number for SMS',
    (number) => {
      expect(() => phoneNumbers([number], at)).toThrow('international form');
    },
  );

  test.each([
    ['chat.example.com/hook', 'whole URL'],
    ['ftp://example.com/', 'https://'],
    ['https://example.com/\r\nX: y', 'line breaks'],
    ['javascript:alert(1)', 'https://'],
  ])('the webhook %j is refused with a reason', (url, reason) => {
    expect(() => webhooks([url], at)).toThrow(reason);
  });

  test('a number where text belongs is refused', () => {
    expect(() => emails([5], at)).toThrow('list of text');
  });
});
