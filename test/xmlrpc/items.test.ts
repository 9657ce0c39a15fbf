import { ITEM_TYPES } from '../../src/domain/inventory';
import type { XmlRpcValue } from '../../src/xmlrpc/value';
import { Double } from '../../src/xmlrpc/value';
import { REQUIRED_FIELDS } from '../support/required-fields';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';
import { JANE, JOE, startItemServer, type ItemServer } from '../support/item-server';

let database: TestDatabase;
let inventory: TestInventory;
let server: ItemServer;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  inventory = startInventory(database.knex, {
    ldap_search_passwd: 'of ldap',
    nsupdate_tsig_key: ['name', 'of tsig'],
    default_password_crypted: '$1$of$root',
  });
  server = startItemServer(inventory);
  await inventory.add('distro', { name: 'gd' });
  await inventory.add('profile', {
    name: 'gp',
    distro: 'gd',
    autoinstall: 'web.ks',
    autoinstall_meta: 'tree=http://x/y',
  });
});
afterEach(() => expect(server.errors).toEqual([]));

const call = (method: string, ...params: XmlRpcValue[]) => server.call(method, ...params);
const addSystem = (name: string, rest = {}) => inventory.add('system', { name, profile: 'gp', ...rest });

describe('every item type', () => {
  test.each(ITEM_TYPES.map((type) => [type.name, type.plural]))('%s has all verbs', async (name, plural) => {
    await inventory.add('contact', { name: 'someone' });
    const handle = await call(`new_${name}`, JANE);
    expect(handle).toMatch(new RegExp(`^___NEW___${name}::[A-Za-z0-9+/]{34}==$`));
    const fields = { name: 'one', comment: 'c', ...REQUIRED_FIELDS[name] };
    for (const [field, value] of Object.entries(fields)) {
      expect(await call(`modify_${name}`, handle, field, value, JANE)).toBe(true);
    }
    expect(await call(`get_${name}`, 'one')).toBe('~');
    expect(await call(`save_${name}`, handle, JANE, 'new')).toBe(true);
    expect(await call(`get_${name}`, 'one')).toMatchObject({ name: 'one', comment: 'c' });
    expect(await call(`get_${name}_handle`, 'one', JANE)).toBe(`${name}::one`);
    expect(await call(`copy_${name}`, `${name}::one`, 'two', JANE)).toBe(true);
    expect(await call(`rename_${name}`, `${name}::two`, 'three', JANE)).toBe(true);
    expect(await call(`find_${name}`, { comment: 'c' })).toEqual(['one', 'three']);
    const since = (await call(`get_${plural}_since`, new Double(0))) as unknown[];
    expect(since).toEqual(await call(`get_${plural}`));
    expect(await call(`get_${name}_as_rendered`, 'three')).toMatchObject({ name: 'three' });
    expect(await call(`remove_${name}`, 'one', JANE)).toBe(true);
    expect(await call('get_item_names', name)).not.toContain('one');
  });

  test('a type nobody knows is refused by name', async () => {
    await expect(call('new_item', 'spaceship', JANE)).rejects.toThrow('collection name is "spaceship"');
    await expect(call('get_items', 'spaceship')).rejects.toThrow('collection name "spaceship" not supported');
    await expect(call('find_items', 'spaceship', {})).rejects.toThrow('what needs to be a valid collection');
  });
});

describe('who may change items', () => {
  const changes: [string, ...XmlRpcValue[]][] = ITEM_TYPES.flatMap(({ name }): [string, ...XmlRpcValue[]][] => [
    [`new_${name}`],
    [`modify_${name}`, `${name}::x`, 'comment', 'y'],
    [`save_${name}`, `${name}::x`],
    [`copy_${name}`, `${name}::x`, 'y'],
    [`rename_${name}`, `${name}::x`, 'y'],
    [`remove_${name}`, 'x'],
  ]).concat([
    ['new_item', 'system'],
    ['new_subprofile'],
    ['modify_item', 'system', 'system::x', 'comment', 'y'],
    ['save_item', 'system', 'system::x'],
    ['copy_item', 'system', 'system::x', 'y'],
    ['rename_item', 'system', 'system::x', 'y'],
    ['remove_item', 'system', 'x'],
    ['xapi_object_edit', 'system', 'x', 'remove', {}],
  ]);

  test('only the holder of a live token', async () => {
    for (const [method, ...params] of changes) {
      await expect(call(method, ...params, 'short')).rejects.toThrow(
        '"token" did not have the correct format or type!',
      );
      await expect(call(method, ...params, 'x'.repeat(36))).rejects.toThrow('invalid token');
    }
  });
});

describe('staged edits', () => {
  test('of one session do not show to another under the same handle', async () => {
    await addSystem('web1');
    await call('modify_system', 'system::web1', 'comment', 'of jane', JANE);
    await call('modify_system', 'system::web1', 'gateway', '10.0.0.1', JOE);
    await call('save_system', 'system::web1', JOE);
    expect(await call('get_system', 'web1')).toMatchObject({ comment: '', gateway: '10.0.0.1' });
    await call('save_system', 'system::web1', JANE);
    expect(await call('get_system', 'web1')).toMatchObject({ comment: 'of jane', gateway: '10.0.0.1' });
  });

  test('under a handle of another type are refused', async () => {
    await expect(call('modify_system', 'profile::gp', 'comment', 'x', JANE)).rejects.toThrow('storing wrong data type');
  });

  test('of what does not exist cannot be saved, and the fault says so', async () => {
    await expect(call('save_system', 'system::none', JANE)).rejects.toThrow(
      `<class 'cobbler.cexceptions.CX'>:'internal error, unknown system name none'`,
    );
  });

  test('former and dashed names mean the fields of today', async () => {
    const edits = {
      kickstart: 'a.ks',
      ks_meta: 'x=1',
      kopts: 'k=v',
      'netboot-enabled': '1',
      'name-servers': '10.0.0.1',
    };
    await addSystem('web1');
    for (const [field, value] of Object.entries(edits)) {
      expect(await call('modify_system', 'system::web1', field, value, JANE)).toBe(true);
    }
    await call('save_system', 'system::web1', JANE);
    expect(await call('get_system', 'web1')).toMatchObject({
      autoinstall: 'a.ks',
      kickstart: 'a.ks',
      autoinstall_meta: { x: '1' },
      ks_meta: { x: '1' },
      kernel_options: { k: 'v' },
      netboot_enabled: true,
      name_servers: ['10.0.0.1'],
    });
  });
});

describe('reading', () => {
  test('a flattened read changes nothing for the next reader', async () => {
    expect(await call('get_profile', 'gp', true)).toMatchObject({
      autoinstall_meta: 'tree=http://x/y ',
      ks_meta: 'tree=http://x/y ',
    });
    expect(await call('get_profile', 'gp')).toMatchObject({ autoinstall_meta: { tree: 'http://x/y' } });
  });

  test('nothing is shown as ~, at any depth', async () => {
    await addSystem('web1', { kernel_options: 'quiet a=1' });
    expect(await call('get_system', 'web1')).toMatchObject({ kernel_options: { quiet: '~', a: '1' } });
  });

  test('times and sizes are doubles, counts are ints', async () => {
    const profile = (await call('get_profile', 'gp', false, true)) as Record<string, XmlRpcValue>;
    expect([profile.mtime, profile.virt_file_size, profile.virt_ram]).toEqual([
      new Double(inventory.clock.now / 1000),
      new Double(5),
      512,
    ]);
  });

  test('koan finds the answer file under all its names, and the metadata as text', async () => {
    await addSystem('web1');
    for (const method of ['get_system_as_rendered', 'get_system_for_koan']) {
      expect(await call(method, 'web1')).toMatchObject({
        autoinst: '/var/lib/cobbler/templates/web.ks',
        autoinstall: 'web.ks',
        kickstart: '/var/lib/cobbler/templates/web.ks',
        ks_meta: 'tree=http://x/y ',
        autoinstall_meta: 'tree=http://x/y ',
        distro: 'gd',
        system_name: 'web1',
      });
    }
  });

  test('a system is found by the DNS name of an interface', async () => {
    await addSystem('web1', { interfaces: { eth0: { dns_name: 'web1.example.org' } } });
    expect(await call('find_system_by_dns_name', 'WEB1.example.org')).toMatchObject({ system_name: 'web1' });
  });

  test('one value of an item is resolved by its uid', async () => {
    await addSystem('web1');
    const { uid } = (await call('get_system', 'web1')) as { uid: string };
    expect(await call('get_item_resolved_value', uid, 'autoinstall')).toBe('web.ks');
    expect(await call('get_item_resolved_value', uid, 'virt_type')).toBe('xenpv');
    expect(await call('get_item_resolved_value', uid, 'serial_baud_rate')).toBe('DISABLED');
    await expect(call('get_item_resolved_value', uid, 'nope')).rejects.toThrow('did not exist on item type "system"');
  });
});

describe('finding', () => {
  beforeEach(async () => {
    await addSystem('web1', { interfaces: { eth0: { mac_address: 'aa:bb:cc:dd:ee:01' } } });
    await addSystem('web2', { hostname: 'web2.example.org' });
    await addSystem('db1');
  });

  test('Ansible passes its token where expand belongs and gets structs', async () => {
    expect(await call('find_system', { name: 'web1' }, JANE)).toEqual([expect.objectContaining({ name: 'web1' })]);
  });

  test('no criteria find everything', async () => {
    for (const criteria of [[], [null], [{}], ['']]) {
      expect(await call('find_system', ...criteria)).toEqual(['db1', 'web1', 'web2']);
    }
  });

  test('all criteria must be met, also those an index knows', async () => {
    expect(await call('find_system', { mac_address: 'AA:BB:CC:DD:EE:01', name: 'web*' })).toEqual(['web1']);
    expect(await call('find_system', { mac_address: 'AA:BB:CC:DD:EE:01', name: 'db*' })).toEqual([]);
    expect(await call('find_system', { mac_address: 'AA:BB:CC:DD:EE:99', profile: 'gp' })).toEqual([]);
  });

  test('items come sorted, backwards with !, and in pages also by name', async () => {
    expect(await call('find_items', 'system', { name: '*' }, '!name', false)).toEqual(['web2', 'web1', 'db1']);
    const page = (await call('find_items_paged', 'system', { name: 'web*' }, 'name', 2, 1)) as {
      items: { name: string }[];
      pageinfo: object;
    };
    expect(page.items.map((item) => item.name)).toEqual(['web2']);
    expect(page.pageinfo).toMatchObject({
      page: 2,
      prev_page: 1,
      next_page: '~',
      pages: [1, 2],
      num_items: 2,
      end_item: 2,
    });
  });

  test('pages without criteria are the same pages', async () => {
    const names = async (...params: XmlRpcValue[]) =>
      ((await call('find_items_paged', 'system', ...params)) as { items: { name: string }[] }).items.map(
        (item) => item.name,
      );
    expect(await names(null, null, 1, 2)).toEqual(['db1', 'web1']);
    expect(await names(null, '!name', 2, 2)).toEqual(['db1']);
    expect(await names(null, 'mtime', 9, 2)).toEqual(['web2']);
    expect(await names(null, null, 'x', -1)).toEqual(['db1', 'web1', 'web2']);
  });

  test('values that are no text are refused in the usual words', async () => {
    await expect(call('find_system', { netboot_enabled: true })).rejects.toThrow(
      "'bool' object has no attribute 'startswith'",
    );
    await expect(call('find_items', 'spaceship', {})).rejects.toThrow('what needs to be a valid collection');
  });
});

describe('secrets', () => {
  beforeEach(() => addSystem('web1', { power_pass: 'of power' }));
  const reads: [string, ...XmlRpcValue[]][] = [
    ['get_settings'],
    ['get_system', 'web1'],
    ['get_item', 'system', 'web1'],
    ['get_systems'],
    ['get_items', 'system'],
    ['get_systems_since', 0],
    ['find_system', { name: 'web1' }, true],
    ['find_items', 'system', { name: 'web1' }],
    ['find_items_paged', 'system', { name: 'web1' }],
    ['get_system_as_rendered', 'web1'],
    ['get_system_for_koan', 'web1'],
    ['get_profile_as_rendered', 'gp'],
    ['get_distro_as_rendered', 'gd'],
    ['get_blended_data', '', 'web1'],
  ];

  test('are shown by no read to those who are not logged in', async () => {
    for (const [method, ...params] of reads) {
      expect([method, JSON.stringify(await call(method, ...params))]).toEqual([
        method,
        expect.not.stringMatching(/of power|of ldap|of tsig|of\$root/),
      ]);
    }
  });

  test('nor does the resolved value of one field', async () => {
    const { uid } = (await call('get_system', 'web1')) as { uid: string };
    expect(await call('get_item_resolved_value', uid, 'power_pass')).toBe('********');
  });

  test('nor can they be guessed at by searching or sorting', async () => {
    expect(await call('find_system', { power_pass: 'of*' })).toEqual([]);
    expect(await call('find_system', { 'power-pass': '~of*' })).toEqual([]);
    expect(await call('find_items', 'system', {}, '!power_pass', false)).toEqual([]);
    expect(await call('find_items_paged', 'system', { power_pass: 'of*' })).toMatchObject({ items: [] });
    expect(await call('find_system', { power_pass: 'of*' }, false, JANE)).toEqual(['web1']);
  });

  test('where contacts can be reached is one', async () => {
    const reach = { email: 'ops@example.org', sms: '+4930123456', webhook: 'https://chat.example.org/hooks/secret' };
    await inventory.add('contact', { name: 'ops', ...reach });
    expect(JSON.stringify(await call('get_contacts'))).not.toMatch(/ops@|4930|hooks/);
    expect(await call('get_contact', 'ops', false, false, JANE)).toMatchObject({ email: ['ops@example.org'] });
    await call('modify_contact', 'contact::ops', 'email', ['********'], JANE);
    await call('save_contact', 'contact::ops', JANE);
    expect(await call('get_contact', 'ops', false, false, JANE)).toMatchObject({ email: ['ops@example.org'] });
  });

  test('a session sees them', async () => {
    expect(await call('get_system', 'web1', false, false, JANE)).toMatchObject({ power_pass: 'of power' });
    expect(await call('get_system_as_rendered', 'web1', JANE)).toMatchObject({ power_pass: 'of power' });
  });

  test('those of the server are hidden from sessions too', async () => {
    expect(await call('get_settings', JANE)).toMatchObject({ ldap_search_passwd: '********' });
  });

  test('what stands in their place does not overwrite them when it is written back', async () => {
    const { power_pass: shown } = (await call('get_system', 'web1')) as { power_pass: string };
    await call('modify_system', 'system::web1', 'power_pass', shown, JANE);
    await call('save_system', 'system::web1', JANE);
    expect(await call('get_system', 'web1', false, false, JANE)).toMatchObject({ power_pass: 'of power' });
  });
});

describe('the one-call editing of the command line', () => {
  const edit = (what: string, name: string, how: string, attributes: Record<string, XmlRpcValue>) =>
    call('xapi_object_edit', what, name, how, attributes, JANE);

  test('adds a system with its interface, and refuses to do so twice', async () => {
    const attributes = { name: 'web1', profile: 'gp', interface: 'eth0', mac_address: 'aa:bb:cc:dd:ee:01' };
    expect(await edit('system', 'web1', 'add', attributes)).toBe(true);
    expect(await call('get_system', 'web1')).toMatchObject({
      interfaces: { eth0: { mac_address: 'aa:bb:cc:dd:ee:01' } },
    });
    await expect(edit('system', 'web1', 'add', attributes)).rejects.toThrow(
      'It seems unwise to overwrite the object web1',
    );
  });

  test('makes no interface unless a field of one is given', async () => {
    await edit('system', 'web1', 'add', { name: 'web1', profile: 'gp' });
    await edit('system', 'web1', 'edit', { name: 'web1', comment: 'c' });
    expect(await call('get_system', 'web1')).toMatchObject({ comment: 'c', interfaces: {} });
    await edit('system', 'web1', 'edit', { name: 'web1', 'ip-address': '10.0.0.1' });
    expect(await call('get_system', 'web1')).toMatchObject({ interfaces: { default: { ip_address: '10.0.0.1' } } });
  });

  test('wants to know which interface when there are several', async () => {
    await addSystem('web1', { interfaces: { eth0: {}, eth1: {} } });
    await expect(edit('system', 'web1', 'edit', { mtu: '9000' })).rejects.toThrow('Interface is required.');
    expect(await edit('system', 'web1', 'edit', { comment: 'no interface meant' })).toBe(true);
    await edit('system', 'web1', 'edit', { interface: 'eth1', rename_interface: 'lan' });
    await edit('system', 'web1', 'edit', { interface: 'eth0', delete_interface: 'true' });
    expect(Object.keys((await call('get_system', 'web1')) as object)).toContain('interfaces');
    expect(await call('get_system', 'web1')).toMatchObject({ interfaces: { lan: {} } });
  });

  test('merges pairs in place and takes away those marked', async () => {
    await addSystem('web1', { kernel_options: 'a=1 b=2' });
    await edit('system', 'web1', 'edit', { in_place: true, kernel_options: 'c=3 ~a=' });
    expect(await call('get_system', 'web1')).toMatchObject({ kernel_options: { b: '2', c: '3' } });
  });

  test('copies, renames and removes', async () => {
    await addSystem('web1', { comment: 'c' });
    await edit('system', 'web1', 'copy', { name: 'web1', newname: 'web2', hostname: 'web2.example.org' });
    expect(await call('get_system', 'web2')).toMatchObject({ comment: 'c', hostname: 'web2.example.org' });
    await edit('system', 'web2', 'rename', { newname: 'web3' });
    await edit('system', 'web3', 'remove', {});
    expect(await call('get_item_names', 'system')).toEqual(['web1']);
    await expect(edit('system', 'web3', 'edit', {})).rejects.toThrow('unknown system name web3');
    await expect(edit('system', 'web1', 'copy', { newname: 'x' })).rejects.toThrow("<class 'KeyError'>:'name'");
  });

  test('does not remove what others need unless told to', async () => {
    await addSystem('web1');
    await inventory.add('profile', { name: 'sub', parent: 'gp' });
    await expect(edit('profile', 'gp', 'remove', {})).rejects.toThrow(
      "Can't delete this profile there are 1 subprofiles and 'recursive' is set to 'False'",
    );
    await expect(edit('distro', 'gd', 'remove', {})).rejects.toThrow('removal would orphan profile: gp');
    expect(await edit('profile', 'gp', 'remove', { recursive: true })).toBe(true);
    expect(await call('get_item_names', 'system')).toEqual([]);
  });
});

test('random MAC addresses have the prefix of their maker', async () => {
  expect(await call('get_random_mac', 'vmware')).toMatch(/^00:50:56:[0-3][0-9a-f](:[0-9a-f]{2}){2}$/);
  expect(await call('get_random_mac', 'kvm')).toMatch(/^00:16:3e:[0-7][0-9a-f](:[0-9a-f]{2}){2}$/);
});
