import fc from 'fast-check';
import { FieldError, type ItemData, textOf } from '../../src/domain/item-value';
import { matches, type Criteria } from '../../src/domain/find';
import { narrow } from '../../src/domain/narrow';
import { itemType } from '../../src/domain/inventory';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';

let database: TestDatabase;
let inventory: TestInventory;
beforeAll(async () => {
  database = await openTestDatabase();
  inventory = startInventory(database.knex);
  await inventory.add('distro', { name: 'd1', owners: 'distro-team' });
  await inventory.add('distro', { name: 'd2' });
  await inventory.add('profile', { name: 'p1', distro: 'd1' });
  await inventory.add('profile', { name: 'p1-sub', parent: 'p1', owners: 'sub-team' });
  await inventory.add('profile', { name: 'p2', distro: 'd2' });
  await inventory.add('system', {
    name: 'a',
    profile: 'p1',
    hostname: 'A.example.org',
    netboot_enabled: true,
    interfaces: {
      eth1: { mac_address: 'AA-BB-CC-DD-EE-01', ip_address: '10.0.0.1', ipv6_address: '2001:DB8::0:1' },
      eth0: { mac_address: 'aa:bb:cc:dd:ee:02', dns_name: 'A-eth0.example.org' },
    },
  });
  await inventory.add('system', { name: 'b', profile: 'p1-sub' });
  await inventory.add('system', { name: 'c', profile: 'p2', owners: 'jane joe' });
  await inventory.add('system', { name: 'p2', profile: 'p2' });
});
afterAll(() => database.close());

const items = () => inventory.deps.store.inventory;

describe('what the rules need of targets', () => {
  const find = async (...names: { type: 'system' | 'profile' | null; name: string }[]) => {
    const found = await items().findTargets(names);
    return new Map(found.map((target) => [`${target.type}:${target.name}`, target]));
  };

  test('a system comes with profile, distro, addresses in comparable spelling and netboot', async () => {
    expect((await find({ type: null, name: 'a' })).get('system:a')).toEqual({
      type: 'system',
      name: 'a',
      profile: 'p1',
      distro: 'd1',
      owners: ['distro-team'],
      addresses: ['10.0.0.1', '2001:db8::1'],
      macs: ['aa:bb:cc:dd:ee:01', 'aa:bb:cc:dd:ee:02'],
      netbootEnabled: true,
    });
  });

  test('owners are the own ones, else those of the nearest profile, of the distro, of the settings', async () => {
    const found = await find(...['a', 'b', 'c', 'p2'].map((name) => ({ type: 'system' as const, name })));
    const owners = Object.fromEntries([...found.values()].map((target) => [target.name, target.owners]));
    expect(owners).toEqual({ a: ['distro-team'], b: ['sub-team'], c: ['jane', 'joe'], p2: ['admin'] });
    const [other] = await createStore(database.knex, { defaultOwners: ['ops'] }).inventory.findTargets([
      { type: 'system', name: 'p2' },
    ]);
    expect(other!.owners).toEqual(['ops']);
  });

  test('a sub-profile has the distro of the profile above', async () => {
    expect((await find({ type: 'profile', name: 'p1-sub' })).get('profile:p1-sub')).toMatchObject({
      profile: 'p1-sub',
      distro: 'd1',
      owners: ['sub-team'],
      addresses: [],
      netbootEnabled: false,
    });
  });

  test('a bare name means both a system and a profile; unknown names are missing; repeated ones come once', async () => {
    const found = await items().findTargets([
      { type: null, name: 'p2' },
      { type: null, name: 'p2' },
      { type: 'system', name: 'p1' },
      { type: null, name: 'nobody' },
    ]);
    expect(found.map((target) => `${target.type}:${target.name}`).sort()).toEqual(['profile:p2', 'system:p2']);
    expect(await items().findTargets([])).toEqual([]);
  });
});

describe('chains', () => {
  test('go from the item up to the distro in one query', async () => {
    const chain = await items().loadChain(itemType('system'), 'b');
    expect(chain.map((item) => `${item.type}:${textOf(item.values.name)}`)).toEqual([
      'system:b',
      'profile:p1-sub',
      'profile:p1',
      'distro:d1',
    ]);
    expect(await items().loadChain(itemType('system'), 'nobody')).toEqual([]);
  });

  test('start at any item by its uid', async () => {
    const item = await items().get(itemType('profile'), 'p1');
    const chain = await items().loadChainByUid(textOf(item!.values.uid));
    expect(chain.map((link) => link.values.name)).toEqual(['p1', 'd1']);
  });
});

describe('candidates', () => {
  const type = itemType('system');

  test.each<[string, Criteria, string[]]>([
    ['name in any case', { name: 'A' }, ['a']],
    ['host name in any case', { hostname: 'a.EXAMPLE.org' }, ['a']],
    ['MAC address in any notation', { mac_address: 'AABBCCDDEE01' }, ['a']],
    ['IP address', { ip: '10.0.0.1' }, ['a']],
    ['IPv6 address spelled out', { ipv6_address: '2001:db8:0::1' }, ['a']],
    ['DNS name', { dns_name: 'a-ETH0.example.org' }, ['a']],
    ['name of an interface', { interface: 'eth1' }, ['a']],
    ['name of an interface under another field', { ip_address: 'eth1' }, ['a']],
    ['profile', { profile: 'P1-SUB' }, ['b']],
    ['pattern on the name', { name: '?' }, ['a', 'b', 'c']],
    ['pattern with a set of characters', { name: 'p[0-9]' }, ['p2']],
    ['pattern on the host name', { hostname: '*_example?org' }, []],
    ['pattern that is no text of LIKE', { name: 'p%*' }, []],
    ['two of them', { profile: 'p1', name: 'b' }, []],
    ['comment', { comment: 'x' }, []],
    ['flag', { 'netboot-enabled': 'yes' }, ['a']],
    ['flag that is not set', { netboot_enabled: '~1' }, ['b', 'c', 'p2']],
    ['words of a list', { owners: 'joe' }, ['c']],
    ['the marker in place of a list', { owners: '<<INHERIT>>' }, ['a', 'b', 'p2']],
    ['pattern on the marker', { owners: '<<*' }, ['a', 'b', 'p2']],
    ['field that is empty', { hostname: '' }, ['b', 'c', 'p2']],
    ['field that is not empty', { hostname: '~' }, ['a']],
    ['reference that is empty', { image: '' }, ['a', 'b', 'c', 'p2']],
    ['reference that is another', { profile: '~p2' }, ['a', 'b']],
    ['field of an interface no index knows', { interface_type: 'na' }, ['a']],
    ['flag of an interface', { static: 'no' }, ['a']],
    ['pattern on an interface', { mac_address: 'AA:bb:*:02' }, ['a']],
    ['no such interface', { interface: '~eth0' }, ['b', 'c', 'p2']],
    ['pairs', { autoinstall_meta: 'a=1' }, []],
    ['anything, of a field there is', { comment: null }, ['a', 'b', 'c', 'p2']],
    ['what the database cannot compare', { comment: '~ä' }, ['a', 'b', 'c', 'p2']],
  ])('by %s', async (_what, criteria, expected) => {
    const { narrowings, exact } = narrow(type, criteria);
    const found = await items().findCandidates(type, narrowings);
    expect(found.map((item) => item.values.name)).toEqual(expected);
    // The database must never leave out what the rules would have found.
    const all = await items().list(type);
    const meant = all.filter((item) => matches(type, item.values, criteria)).map((item) => item.values.name);
    expect(found.map((item) => item.values.name)).toEqual(expect.arrayContaining(meant));
    if (exact) {
      expect(meant).toEqual(expected);
      expect(await items().findNames(type, narrowings, { field: 'name', backwards: true })).toEqual(meant.reverse());
      expect(await items().count(type, narrowings)).toBe(meant.length);
    }
  });
});

test('whatever is looked for, the database finds what the rules find', async () => {
  const fields = ['name', 'profile', 'image', 'hostname', 'comment', 'owners', 'netboot_enabled', 'virt_ram', 'uid'];
  const inParts = ['mac', 'ip_address', 'ipv6_address', 'dns_name', 'netmask', 'static', 'cnames', 'interface'];
  const values = [
    '',
    'a',
    'A',
    'p1',
    'P2',
    'eth0',
    'yes',
    'jane',
    'jane joe',
    '<<inherit>>',
    '10.0.0.1',
    'aabbccddee02',
  ];
  const patterns = [
    '*',
    '?',
    '*a*',
    '[ab]',
    'p?',
    '<<*',
    '10.*',
    'aa:*',
    'é',
    '"open',
    'k=v',
    'A.example.org',
    '%',
    '_',
  ];
  const type = itemType('system');
  const all = await items().list(type);
  const pattern = fc
    .tuple(fc.constantFrom('', '~'), fc.constantFrom(...values, ...patterns))
    .map((parts) => parts.join(''));
  const word = fc.constantFrom(...fields, ...inParts, 'kopts', 'nofield');
  await fc.assert(
    fc.asyncProperty(fc.dictionary(word, pattern, { maxKeys: 3 }), async (criteria) => {
      const meant = all.filter((item) => isMet(item.values, criteria)).map((item) => item.values.name);
      const { possible, narrowings, exact } = narrow(type, criteria);
      if (!possible) return expect(meant).toEqual([]);
      const found = (await items().findCandidates(type, narrowings)).map((item) => item.values.name);
      if (exact) expect(found).toEqual(meant);
      else expect(found).toEqual(expect.arrayContaining(meant));
    }),
    { numRuns: 300 },
  );

  /** What the rules refuse to compare is met by nothing. */
  function isMet(item: ItemData, criteria: Criteria): boolean {
    try {
      return matches(type, item, criteria);
    } catch (error) {
      expect(error).toBeInstanceOf(FieldError);
      return false;
    }
  }
});

test('interfaces come in the order they were made', async () => {
  const item = await items().get(itemType('system'), 'a');
  expect(Object.keys(item!.values.interfaces as object)).toEqual(['eth1', 'eth0']);
});

test('pages are in the order of names', async () => {
  const page = await items().page(itemType('system'), {
    narrowings: [],
    order: { field: 'name', backwards: true },
    offset: 1,
    limit: 2,
  });
  expect(page.map((item) => item.values.name)).toEqual(['c', 'b']);
});

test('the time of the last change is that of the newest item or removal', async () => {
  const before = await items().lastModified();
  expect(before).toBe(inventory.clock.now / 1000);
  await items().remove(itemType('system'), ['c'], before + 7);
  expect(await items().lastModified()).toBe(before + 7);
});
