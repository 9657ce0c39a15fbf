import { matches, sortItems, type Criteria } from '../../src/domain/find';
import { initialValues, itemType } from '../../src/domain/inventory';
import { INTERFACE_FIELDS } from '../../src/domain/item-fields';
import type { ItemData } from '../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';

const type = itemType('system');
const part = (values: ItemData): ItemData => ({ ...initialValues(INTERFACE_FIELDS, DEFAULT_SETTINGS), ...values });
const web: ItemData = {
  ...initialValues(type.fields, DEFAULT_SETTINGS),
  name: 'Web1',
  hostname: 'web1.example.org',
  profile: 'gp',
  netboot_enabled: true,
  name_servers: ['10.0.0.1', '10.0.0.2'],
  kernel_options: { a: '1', b: null },
  interfaces: {
    eth0: part({ mac_address: 'aa:bb:cc:dd:ee:01', ip_address: '10.9.0.1', netmask: '255.255.255.0' }),
    eth5: part({ ipv6_address: '2001:db8::1', dns_name: 'web1-v6.example.org' }),
  },
};

test.each<[string, Criteria, boolean]>([
  ['a name in any case', { name: 'web1' }, true],
  ['a pattern', { name: 'w*1' }, true],
  ['a set of characters', { name: 'web[0-3]' }, true],
  ['another name', { name: 'web2' }, false],
  ['all of several', { profile: 'gp', hostname: 'web*' }, true],
  ['not all of several', { profile: 'gp', hostname: 'db*' }, false],
  ['a MAC address that misses among others that hit', { mac_address: 'aa:bb:cc:dd:ee:99', profile: 'gp' }, false],
  ['a MAC address in upper case', { mac_address: 'AA:BB:CC:DD:EE:01' }, true],
  ['a MAC address in another notation', { mac: 'aa-bb-cc-dd-ee-01' }, true],
  ['an IPv6 address spelled out', { ipv6_address: '2001:0DB8::0001' }, true],
  ['a field of any interface', { netmask: '255.255.255.0' }, true],
  ['the name of an interface', { interface: 'eth5' }, true],
  ['the name of an interface, under another field', { mac_address: 'eth5' }, true],
  ['an interface that is not there', { interface: 'eth7' }, false],
  ['what is not so', { name: '~db*' }, true],
  ['what is not so but is', { name: '~web*' }, false],
  ['a field whatever its value', { hostname: null }, true],
  ['a field that does not exist', { nofield: 'x' }, false],
  ['a field that does not exist, negated', { nofield: '~x' }, false],
  ['a flag by word', { netboot_enabled: 'yes' }, true],
  ['a flag with a dash', { 'netboot-enabled': 'true' }, true],
  ['words of a list', { name_servers: '10.0.0.2' }, true],
  ['words not all of a list', { name_servers: '10.0.0.2 10.0.0.3' }, false],
  ['pairs of a struct by a former name', { kopts: 'a=1 b' }, true],
  ['pairs with another value', { kopts: 'a=2' }, false],
  ['stored values only: the marker is one', { owners: 'admin' }, false],
  ['nothing', {}, true],
])('finds by %s', (_what, criteria, expected) => {
  expect(matches(type, web, criteria)).toBe(expected);
});

test('numbers cannot be compared with text', () => {
  expect(() => matches(type, web, { serial_device: '-1' })).toThrow("find cannot compare type: <class 'int'>");
});

test('a profile is found by the architecture of its distro', () => {
  const profile = initialValues(itemType('profile').fields, DEFAULT_SETTINGS);
  expect(matches(itemType('profile'), profile, { arch: 'x86_64' }, 'x86_64')).toBe(true);
  expect(matches(itemType('profile'), profile, { arch: 'x86' }, 'x86_64')).toBe(false);
});

test('the order is by field, then name; ! turns it round', () => {
  const items = [
    { values: { name: 'b', mtime: 2 } },
    { values: { name: 'c', mtime: 1 } },
    { values: { name: 'a', mtime: 2 } },
  ];
  const names = (sortField: string | null) => sortItems(type, [...items], sortField).map(({ values }) => values.name);
  expect(names(null)).toEqual(['a', 'b', 'c']);
  expect(names('mtime')).toEqual(['c', 'a', 'b']);
  expect(names('!mtime')).toEqual(['b', 'a', 'c']);
});
