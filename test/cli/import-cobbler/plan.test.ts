import { itemType } from '../../../src/domain/inventory';
import type { ItemData } from '../../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../../src/domain/settings';
import { addItem, emptySite } from '../../../src/cli/import-cobbler/old-site';
import { planImport, type Plan } from '../../../src/cli/import-cobbler/plan';
import { makeSite, networkInterface, system, type CobblerSite } from './cobbler-site';

const COLLECTIONS = 'menu repo mgmtclass package file distro profile image system'.split(' ').map(itemType);

/** The plan for a site, on a server that has these items. */
function plan(
  site: CobblerSite,
  present: Record<string, ItemData[]> = {},
  settings = DEFAULT_SETTINGS,
  keeps = false,
): Plan {
  const found = emptySite('a test');
  for (const type of COLLECTIONS) {
    for (const item of site[type.plural] ?? []) addItem(found, type, item, { origin: 'a test', fallback: 'nameless' });
  }
  const here = new Map(
    Object.entries(present).map(([type, items]) => [type, new Map(items.map((item) => [String(item.name), item]))]),
  );
  return planImport({ site: found, present: here, settings, prunes: false, keeps });
}

/** The remarks as short lines. */
function told({ remarks }: Plan): string[] {
  return remarks.map(({ what, type, name, field, why }) => `${what} ${type} ${name} ${field ?? '-'}: ${why}`);
}

const step = ({ steps }: Plan, name: string) => steps.find((each) => each.name === name);

test('a site of Cobbler 3.3 is taken without a word, parents first', () => {
  const made = plan(makeSite(3, '/srv'));
  expect(told(made)).toEqual([]);
  expect(made.steps.map(({ name, level }) => `${name} ${level}`)).toEqual(
    'site 0,servers 1,el8-base 0,base 0,vim 0,motd 0,el8 0,z-el8 0,el8-db 1,el8-web 1,rescue 0,node0001 0,node0002 0,node0003 0'.split(
      ',',
    ),
  );
});

test('fields of Cobbler 2.8 are written under their names of today', () => {
  const made = plan({
    distros: [{ name: 'd', ks_meta: { tree: 'http://x/' }, arch: 'i386', breed: 'redhat', os_version: 'rhel6' }],
    profiles: [{ name: 'p', distro: 'd', kickstart: '/var/lib/cobbler/kickstarts/site/web.ks', enable_gpxe: 1 }],
    systems: [
      {
        name: 's',
        profile: 'p',
        monit_enabled: false,
        interfaces: { eth0: { subnet: '255.255.255.0', bonding: 'slave', bonding_master: 'bond0' } },
      },
    ],
  });
  expect(step(made, 'd')!.attributes).toMatchObject({ autoinstall_meta: { tree: 'http://x/' } });
  expect(step(made, 'p')!.attributes).toMatchObject({ autoinstall: 'site/web.ks', enable_ipxe: true });
  expect(step(made, 's')!.attributes).toMatchObject({
    interfaces: { eth0: { netmask: '255.255.255.0', interface_type: 'bond_slave', interface_master: 'bond0' } },
  });
  expect(told(made)).toEqual([
    'mapped profile p autoinstall: /var/lib/cobbler/kickstarts/site/web.ks is written as site/web.ks, below the templates',
    'mapped system s eth0.interface_type: slave is called bond_slave now',
  ]);
});

test('what is here already with the same content is left alone, whatever stands for nil', () => {
  const site: CobblerSite = {
    distros: [{ name: 'd', kernel_options: { quiet: null, a: '1' }, uid: 'x', mtime: 5 }],
  };
  const here = { name: 'd', kernel_options: { a: '1', quiet: '~' }, comment: 'written here' };
  expect(plan(site, { distro: [here] }).steps).toMatchObject([{ action: 'same', attributes: {} }]);
  const other = { ...here, kernel_options: { a: '2' } };
  expect(plan(site, { distro: [other] }).steps).toMatchObject([
    { action: 'edit', attributes: { kernel_options: { a: '1', quiet: null } } },
  ]);
});

test('what was changed here stays when only new items are asked for', () => {
  const site: CobblerSite = { distros: [{ name: 'd', comment: 'there' }, { name: 'new' }] };
  const made = plan(site, { distro: [{ name: 'd', comment: 'here' }] }, DEFAULT_SETTINGS, true);
  expect(made.steps.map(({ name, action }) => `${name} ${action}`)).toEqual(['d same', 'new add']);
});

test('values the rules refuse are left out, and the rest of the item is taken', () => {
  const made = plan({
    distros: [{ name: 'd', arch: 'vax', breed: 'redhat', os_version: 'rhel3.14', comment: 'kept', depth: 7 }],
  });
  expect(step(made, 'd')!.attributes).toEqual({ name: 'd', comment: 'kept', breed: 'redhat' });
  expect(told(made)).toEqual([
    expect.stringMatching(/^left out distro d arch: arch choices include/),
    expect.stringMatching(/^left out distro d os_version: Unknown os_version rhel3.14 of breed redhat/),
  ]);
});

test('wrong types, unknown fields and __proto__ are left out one by one', () => {
  const strange = JSON.parse(
    '{"name":"d","__proto__":{"x":1},"kernel_options":{"__proto__":"x"},"owners":5,"wings":2,"monit_enabled":false}',
  ) as Record<string, unknown>;
  const made = plan({ distros: [strange], systems: [system(1, { profile: 'p', interfaces: [1, 2] })] });
  expect(step(made, 'd')!.attributes).toEqual({ name: 'd' });
  expect(told(made)).toEqual([
    'left out distro d __proto__: there is no such field',
    'left out distro d wings: there is no such field',
    'left out distro d owners: Field owners of object distro needs to be a list or text of words!',
    'left out distro d kernel_options: __proto__ cannot be a key',
    'left out system node0001 interfaces: interfaces must be a struct of structs',
    'refused system node0001 -: there is no profile p here, nor was one taken',
  ]);
  expect(Object.prototype).not.toHaveProperty('x');
});

test('interfaces lose what cannot be used, not themselves', () => {
  const interfaces = {
    eth0: networkInterface({ mac_address: 'no mac', ip_address: '10.0.0.9' }),
    'bad name!': networkInterface({}),
    eth1: 'up',
  };
  const made = plan({ ...makeSite(0, '/srv'), systems: [system(1, { interfaces })] });
  const parts = step(made, 'node0001')!.attributes.interfaces as Record<string, ItemData>;
  expect(Object.keys(parts)).toEqual(['eth0']);
  expect(parts.eth0).toEqual({ ip_address: '10.0.0.9' });
  expect(told(made)).toEqual([
    'left out system node0001 eth0.mac_address: Invalid mac address format (no mac)',
    'left out system node0001 interfaces: "bad name!" cannot be the name of an interface',
    'left out system node0001 interfaces.eth1: an interface is a struct of fields',
  ]);
});

test('parents that lead back to themselves are refused, and so is what hangs on them', () => {
  const made = plan({
    distros: [{ name: 'd' }],
    profiles: [
      { name: 'a', parent: 'b' },
      { name: 'b', parent: 'c' },
      { name: 'c', parent: 'b' },
      { name: 'own', parent: 'own' },
      { name: 'good', distro: 'd' },
    ],
    systems: [{ name: 's', profile: 'a' }],
  });
  expect(made.steps.map(({ name }) => name)).toEqual(['d', 'good']);
  expect(told(made)).toEqual([
    'refused profile b -: its parents lead back to itself: b → c → b',
    'refused profile c -: its parents lead back to itself: b → c → b',
    'refused profile a -: there is no profile b here, nor was one taken',
    'refused profile own -: its parents lead back to itself: own → own',
    'refused system s -: there is no profile a here, nor was one taken',
  ]);
});

test('names of what is not there are left out where an item can be without them', () => {
  const made = plan({
    distros: [{ name: 'd' }],
    repos: [{ name: 'r' }],
    profiles: [{ name: 'p', distro: 'd', menu: 'gone', repos: ['r', 'lost'] }],
  });
  expect(step(made, 'p')!.attributes).toEqual({ name: 'p', distro: 'd', repos: ['r'] });
  expect(told(made)).toEqual([
    'left out profile p menu: there is no menu gone here, nor was one taken',
    'left out profile p repos: there is no repo lost here, nor was one taken',
  ]);
});

test('of two items with one name the first is taken', () => {
  const made = plan({
    distros: [
      { name: 'd', comment: 'first' },
      { name: 'd', comment: 'second' },
    ],
  });
  expect(made.steps).toMatchObject([{ attributes: { comment: 'first' } }]);
  expect(told(made)).toEqual(['refused distro d -: a test: a test has the same name and was taken']);
});

test('an address that two systems have stays with the first, unless settings allow both', () => {
  const twins = (name: string): Record<string, unknown> => ({
    name,
    profile: 'z-el8',
    interfaces: { eth0: { mac_address: '52:54:00:aa:bb:cc' } },
  });
  const site = { ...makeSite(0, '/srv'), systems: [twins('one'), twins('two')] };
  const made = plan(site);
  expect(told(made)).toEqual(['left out system two eth0.mac_address: 52:54:00:aa:bb:cc belongs to system one']);
  expect(told(plan(site, {}, { ...DEFAULT_SETTINGS, allow_duplicate_macs: true }))).toEqual([]);
});

test('secrets hidden by stars do not overwrite those that are here', () => {
  const made = plan(
    { ...makeSite(0, '/srv'), systems: [{ name: 's', profile: 'z-el8', power_pass: '********', power_user: 'root' }] },
    { system: [{ name: 's', profile: 'z-el8', power_pass: 'real', power_user: 'admin' }] },
  );
  expect(step(made, 's')).toMatchObject({ action: 'edit', attributes: { power_user: 'root' } });
  expect(step(made, 's')!.attributes).not.toHaveProperty('power_pass');
  expect(told(made)).toEqual(['left out system s power_pass: the old server hides it: log in there with --old-user']);
});

test('an interface that is only here stays', () => {
  const here = { name: 's', profile: 'z-el8', interfaces: { ipmi: networkInterface({}) as ItemData } };
  const site = { ...makeSite(0, '/srv'), systems: [{ name: 's', profile: 'z-el8', interfaces: { eth0: {} } }] };
  const parts = step(plan(site, { system: [here] }), 's')!.attributes.interfaces;
  expect(Object.keys(parts as object)).toEqual(['eth0', 'ipmi']);
});

test('a chain of ten thousand parents is planned', () => {
  const profiles = Array.from({ length: 10_000 }, (_, at) => ({
    name: `p${at}`,
    ...(at === 9_999 ? { distro: 'd' } : { parent: `p${at + 1}` }),
  }));
  const made = plan({ distros: [{ name: 'd' }], profiles });
  expect(told(made)).toEqual([]);
  expect(step(made, 'p0')!.level).toBe(9_999);
});
