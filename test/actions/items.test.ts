import { copyItem } from '../../src/actions/copy-item';
import { disableNetboot } from '../../src/actions/disable-netboot';
import { editItem } from '../../src/actions/edit-item';
import { readItem } from '../../src/actions/read-items';
import { removeItem } from '../../src/actions/remove-item';
import { renameItem } from '../../src/actions/rename-item';
import { saveHandle, type EditMode, type HandleRef } from '../../src/actions/save-item';
import { HANDLE_IDLE_MS, stageEdit, stageNewItem, sweepHandles } from '../../src/actions/stage-item';
import { INHERIT, type ItemValue } from '../../src/domain/item-value';
import { itemType } from '../../src/domain/inventory';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';

let database: TestDatabase;
let inventory: TestInventory;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  inventory = startInventory(database.knex);
  await inventory.add('distro', { name: 'gd' });
  await inventory.add('profile', { name: 'gp', distro: 'gd' });
});

const system = itemType('system');
const saved = (name: string, owner = 'token of jane'): HandleRef => ({
  kind: 'saved',
  type: system,
  owner,
  handle: `system::${name}`,
  name,
});
const fresh: HandleRef = { kind: 'new', type: system, handle: 'secret' };
const write = (ref: HandleRef, field: string, value: ItemValue) =>
  stageEdit(inventory.deps, ref, (draft) => draft.write(field, value));
const writeParts = (ref: HandleRef, change: Record<string, ItemValue>) =>
  stageEdit(inventory.deps, ref, async (draft) => {
    await draft.writeParts(change);
    return true;
  });
const save = (ref: HandleRef, mode: EditMode = 'bypass') => saveHandle(inventory.deps, ref, mode, 'jane');
const read = (name: string) => readItem(inventory.deps, system, name);

describe('staged edits', () => {
  test('a new system is seen by nobody before it is saved', async () => {
    await stageNewItem(inventory.deps, system, 'secret', false);
    await write(fresh, 'name', 'web1');
    await write(fresh, 'profile', 'gp');
    expect(await read('web1')).toBeNull();
    expect(await save(fresh)).toBe(true);
    expect(await read('web1')).toMatchObject({ name: 'web1', profile: 'gp', depth: 2, owners: INHERIT });
  });

  test('an edit is seen by nobody before it is saved, and other edits do not undo it', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    const [jane, joe] = [saved('web1', 'jane'), saved('web1', 'joe')];
    await write(jane, 'comment', 'of jane');
    await write(joe, 'gateway', '10.0.0.1');
    expect(await read('web1')).toMatchObject({ comment: '', gateway: '' });
    await save(jane);
    expect(await read('web1')).toMatchObject({ comment: 'of jane', gateway: '' });
    await save(joe);
    expect(await read('web1')).toMatchObject({ comment: 'of jane', gateway: '10.0.0.1' });
  });

  test('a handle shows its own edits to the rules that look at them', async () => {
    const distro: HandleRef = { kind: 'saved', type: itemType('distro'), owner: '', handle: 'distro::gd', name: 'gd' };
    await write(distro, 'breed', 'redhat');
    await expect(write(distro, 'os_version', 'bullseye')).rejects.toThrow('of breed redhat');
    await write(distro, 'os_version', 'rhel8');
    await save(distro);
    expect(await readItem(inventory.deps, itemType('distro'), 'gd')).toMatchObject({ os_version: 'rhel8' });
  });

  test('a refused value leaves what was staged before as it was', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await write(saved('web1'), 'comment', 'kept');
    await expect(write(saved('web1'), 'gateway', 'x')).rejects.toThrow('Invalid IPv4');
    await save(saved('web1'));
    expect(await read('web1')).toMatchObject({ comment: 'kept', gateway: '' });
  });

  test('the handle of a new item goes on standing for the item it became', async () => {
    await stageNewItem(inventory.deps, system, 'secret', false);
    await write(fresh, 'name', 'web1');
    await write(fresh, 'profile', 'gp');
    await save(fresh);
    await write(fresh, 'comment', 'later');
    await save(fresh);
    expect(await read('web1')).toMatchObject({ comment: 'later' });
  });

  test('what nobody touches for ten minutes is forgotten', async () => {
    await stageNewItem(inventory.deps, system, 'secret', false);
    inventory.clock.now += HANDLE_IDLE_MS;
    await write(fresh, 'name', 'web1');
    inventory.clock.now += HANDLE_IDLE_MS;
    expect(await sweepHandles(inventory.deps)).toBe(0);
    inventory.clock.now += 1;
    expect(await sweepHandles(inventory.deps)).toBe(1);
    await expect(write(fresh, 'comment', 'x')).rejects.toMatchObject({ flavour: 'key', message: 'secret' });
  });

  test('there is nothing to edit or save under the handle of an item that does not exist', async () => {
    expect(await write(saved('none'), 'comment', 'x')).toBe(false);
    expect(await save(saved('none'))).toBe(false);
  });
});

describe('saving', () => {
  const stage = async (fields: Record<string, ItemValue>) => {
    await stageNewItem(inventory.deps, system, 'secret', false);
    for (const [field, value] of Object.entries(fields)) await write(fresh, field, value);
  };

  test('a system needs a name and a profile', async () => {
    await stage({});
    await expect(save(fresh)).rejects.toThrow('Name is required');
    await write(fresh, 'name', 'web1');
    await expect(save(fresh)).rejects.toThrow('Error with system web1 - profile or image is required');
  });

  test('mode new refuses a name that is taken, bypass overwrites the item and keeps its uid', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp', comment: 'old' });
    const before = await read('web1');
    await stage({ name: 'web1', profile: 'gp', comment: 'new' });
    await expect(save(fresh, 'new')).rejects.toThrow('An object already exists with that name');
    await save(fresh);
    expect(await read('web1')).toMatchObject({ comment: 'new', uid: before!.uid, ctime: before!.ctime });
  });

  test('the profile must exist when it is written, and still when it is saved', async () => {
    await expect(stage({ name: 'web1', profile: 'none' })).rejects.toThrow(
      'Profile with the name "none" is not existing',
    );
    await inventory.add('profile', { name: 'short-lived', distro: 'gd' });
    await write(fresh, 'profile', 'short-lived');
    await removeItem(inventory.deps, { type: itemType('profile'), name: 'short-lived', recursive: false, by: null });
    await expect(save(fresh)).rejects.toThrow('"short-lived" is not existing');
  });

  test('ctime stays, mtime moves', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    const before = await read('web1');
    inventory.clock.now += 5_000;
    await save(saved('web1'));
    const after = await read('web1');
    expect(after!.ctime).toBe(before!.ctime);
    expect(after!.mtime).toBe(Number(before!.mtime) + 5);
  });

  test('a file of a distro must be there', async () => {
    const edit = editItem(inventory.deps, { type: itemType('distro'), name: 'gd', by: null }, async (draft) => {
      await draft.write('kernel', '/missing/vmlinuz');
    });
    await expect(edit).rejects.toThrow('must be a file on the server');
  });

  test('a profile cannot be below itself', async () => {
    await inventory.add('profile', { name: 'sub', parent: 'gp' });
    const edit = (parent: string) =>
      editItem(inventory.deps, { type: itemType('profile'), name: 'gp', by: null }, async (draft) => {
        await draft.write('parent', parent);
      });
    await expect(edit('sub')).rejects.toThrow('cannot be below itself');
    await expect(edit('gp')).rejects.toThrow('cannot be its own parent');
  });

  test('writing the name of a saved system and saving renames it', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await write(saved('web1'), 'name', 'web2');
    await save(saved('web1'));
    expect([await read('web1'), (await read('web2'))?.name]).toEqual([null, 'web2']);
  });
});

describe('interfaces', () => {
  test('are made by writing their fields, in the order they came', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await writeParts(saved('web1'), {
      'macaddress-eth10': 'AA:BB:CC:DD:EE:01',
      'mac_address-eth2': 'aa:bb:cc:dd:ee:02',
      'bogus-eth3.100:1-x': 'x',
    });
    await save(saved('web1'));
    const { interfaces } = (await read('web1'))!;
    expect(Object.keys(interfaces as object)).toEqual(['eth10', 'eth2', 'eth3.100:1-x']);
    expect(interfaces).toMatchObject({ eth10: { mac_address: 'aa:bb:cc:dd:ee:01', interface_type: 'na' } });
  });

  test.each([
    ['mac_address', 'aa:bb:cc:dd:ee:01', 'AA-BB-CC-DD-EE-01', 'MAC address', ' '],
    ['ip_address', '10.0.0.1', '10.0.0.1', 'IP address', ' '],
    ['ipv6_address', '2001:db8::1', '2001:0db8::1', 'IPv6 address', ''],
    ['dns_name', 'web.example.org', 'WEB.example.org', 'DNS name', ' '],
  ])('two systems cannot have one %s', async (field, value, again, word, blank) => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await inventory.add('system', { name: 'web2', profile: 'gp' });
    await writeParts(saved('web1'), { [`${field}-eth0`]: value });
    await writeParts(saved('web2'), { [`${field}-eth0`]: again });
    await save(saved('web1'));
    const refusal = new RegExp(`^${word} duplicate found ".+"\\. Object with the conflict has the name${blank}"web1"$`);
    await expect(save(saved('web2'))).rejects.toThrow(refusal);
    await expect(writeParts(saved('web2'), { [`${field}-eth1`]: again })).rejects.toThrow(refusal);
  });

  test('settings can allow what is double', async () => {
    inventory = startInventory(database.knex, { allow_duplicate_macs: true });
    await inventory.add('system', {
      name: 'web1',
      profile: 'gp',
      interfaces: { eth0: { mac_address: 'aa:bb:cc:dd:ee:01' } },
    });
    await inventory.add('system', {
      name: 'web2',
      profile: 'gp',
      interfaces: { eth0: { mac_address: 'aa:bb:cc:dd:ee:01' } },
    });
    expect(await read('web2')).toMatchObject({ interfaces: { eth0: { mac_address: 'aa:bb:cc:dd:ee:01' } } });
  });

  test('one system may have an address twice', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await writeParts(saved('web1'), { 'mac-eth0': 'aa:bb:cc:dd:ee:01', 'mac-eth1': 'aa:bb:cc:dd:ee:01' });
    expect(await save(saved('web1'))).toBe(true);
  });

  test('a MAC address can be drawn', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await writeParts(saved('web1'), { 'macaddress-eth0': 'random', 'macaddress-eth1': 'random' });
    await save(saved('web1'));
    const { interfaces } = (await read('web1'))! as { interfaces: Record<string, { mac_address: string }> };
    const macs = Object.values(interfaces).map((part) => part.mac_address);
    expect(new Set(macs).size).toBe(2);
    for (const mac of macs) expect(mac).toMatch(/^00:16:3e(:[0-9a-f]{2}){3}$/);
  });

  test('are renamed and deleted', async () => {
    const interfaces = { eth0: { mac_address: 'aa:bb:cc:dd:ee:01' }, eth1: {} };
    await inventory.add('system', { name: 'web1', profile: 'gp', interfaces });
    await stageEdit(inventory.deps, saved('web1'), (draft) => {
      draft.renamePart('eth0', 'lan');
      draft.deletePart('eth1');
      return Promise.resolve(true);
    });
    await save(saved('web1'));
    expect(Object.keys((await read('web1'))!.interfaces as object)).toEqual(['lan']);
  });
});

describe('copies', () => {
  test('have their own uid and none of the addresses that must be unique', async () => {
    const interfaces = { eth0: { mac_address: 'aa:bb:cc:dd:ee:01', ip_address: '10.0.0.1', netmask: '255.255.255.0' } };
    await inventory.add('system', { name: 'web1', profile: 'gp', comment: 'c', interfaces });
    await copyItem(inventory.deps, { type: system, name: 'web1', newName: 'web2', by: 'jane' });
    const [one, two] = [await read('web1'), await read('web2')];
    expect(two).toMatchObject({
      comment: 'c',
      interfaces: { eth0: { mac_address: '', ip_address: '', netmask: '255.255.255.0' } },
    });
    expect(two!.uid).not.toBe(one!.uid);
  });

  test('do not overwrite', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    const onto = (newName: string) => copyItem(inventory.deps, { type: system, name: 'web1', newName, by: null });
    await expect(onto('web1')).rejects.toThrow('already exists');
    await expect(onto('a b')).rejects.toThrow("Invalid characters in name: 'a b'");
  });
});

describe('renaming', () => {
  const rename = (type: string, name: string, newName: string) =>
    renameItem(inventory.deps, { type: itemType(type), name, newName, by: 'jane' });

  test('takes along everything that refers to the item', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await inventory.add('profile', { name: 'sub', parent: 'gp' });
    await inventory.add('contact', { name: 'ops', email: 'ops@example.org' });
    await inventory.add('subscription', { name: 's', contact: 'ops', scope_type: 'profile', scope: 'gp' });
    await rename('profile', 'gp', 'gp2');
    await rename('distro', 'gd', 'gd2');
    await rename('contact', 'ops', 'operators');
    expect(await read('web1')).toMatchObject({ profile: 'gp2' });
    const profile = itemType('profile');
    expect(await readItem(inventory.deps, profile, 'sub')).toMatchObject({ parent: 'gp2' });
    expect(await readItem(inventory.deps, profile, 'gp2')).toMatchObject({ distro: 'gd2' });
    const subscription = await readItem(inventory.deps, itemType('subscription'), 's');
    expect(subscription).toMatchObject({ contact: 'operators', scope: 'gp2' });
  });

  test('onto another item or a bad name is refused and changes nothing', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await inventory.add('system', { name: 'web2', profile: 'gp' });
    await expect(rename('system', 'web1', 'web2')).rejects.toThrow('already exists');
    await expect(rename('system', 'web1', 'a b')).rejects.toThrow('Invalid characters');
    await expect(rename('system', 'web1', '')).rejects.toThrow('Name is required');
    expect([(await read('web1'))?.name, (await read('web2'))?.name]).toEqual(['web1', 'web2']);
  });

  test('to its own name does nothing', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    const before = await read('web1');
    inventory.clock.now += 1_000;
    expect(await rename('system', 'web1', 'web1')).toBe(true);
    expect(await read('web1')).toEqual(before);
  });
});

describe('removing', () => {
  const remove = (type: string, name: string, recursive: boolean) =>
    removeItem(inventory.deps, { type: itemType(type), name, recursive, by: 'jane' });

  beforeEach(async () => {
    await inventory.add('profile', { name: 'sub', parent: 'gp' });
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await inventory.add('system', { name: 'web2', profile: 'sub', netboot_enabled: true });
    inventory.changes.length = 0;
  });

  test('leaves nothing behind that refers to what is gone', async () => {
    expect(await remove('distro', 'gd', true)).toBe(true);
    const { inventory: items } = inventory.deps.store;
    const left = await Promise.all(['distro', 'profile', 'system'].map((type) => items.names(itemType(type))));
    expect(left).toEqual([[], [], []]);
    expect(inventory.changes).toEqual(
      expect.arrayContaining([
        { system: 'web1', netboot: 'unchanged', removed: true, by: 'jane' },
        { system: 'web2', netboot: 'off', removed: true, by: 'jane' },
      ]),
    );
  });

  test('is refused without recursive while something refers to it', async () => {
    await expect(remove('profile', 'gp', false)).rejects.toThrow('removal would orphan profile: sub');
    expect(await remove('system', 'web1', false)).toBe(true);
    expect(inventory.changes).toEqual([{ system: 'web1', netboot: 'unchanged', removed: true, by: 'jane' }]);
  });

  test('of what is not there is no error', async () => {
    expect(await remove('system', 'none', true)).toBe(false);
  });
});

describe('who is told', () => {
  test('the monitor hears when netboot is switched and when a system or profile is renamed, and of nothing else', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp' });
    await write(saved('web1'), 'comment', 'x');
    await save(saved('web1'));
    await write(saved('web1'), 'netboot_enabled', 'yes');
    await save(saved('web1'));
    await save(saved('web1'));
    await renameItem(inventory.deps, { type: system, name: 'web1', newName: 'web2', by: 'jane' });
    await renameItem(inventory.deps, { type: itemType('profile'), name: 'gp', newName: 'gp2', by: 'jane' });
    expect(inventory.changes).toEqual([
      { system: 'web1', netboot: 'on', by: 'jane' },
      { system: 'web1', netboot: 'unchanged', renamedTo: 'web2', by: 'jane' },
      { profile: 'gp', renamedTo: 'gp2', by: 'jane' },
    ]);
  });

  test('a monitor that refuses undoes the change', async () => {
    inventory.deps.onInventoryChange = () => Promise.reject(new Error('no'));
    await expect(inventory.add('system', { name: 'web1', profile: 'gp', netboot_enabled: true })).rejects.toThrow('no');
    expect(await read('web1')).toBeNull();
  });

  test('contacts, subscriptions and owners change who is to be told; other fields do not', async () => {
    const versions = [await inventory.audience()];
    const step = async (change: Promise<unknown>) => {
      await change;
      versions.push(await inventory.audience());
    };
    await step(inventory.add('system', { name: 'web1', profile: 'gp' }));
    await step(inventory.add('contact', { name: 'ops', email: 'ops@example.org' }));
    await step(inventory.add('subscription', { name: 's', contact: 'ops' }));
    await step(write(saved('web1'), 'comment', 'x').then(() => save(saved('web1'))));
    await step(write(saved('web1'), 'owners', 'ops').then(() => save(saved('web1'))));
    await step(removeItem(inventory.deps, { type: itemType('contact'), name: 'ops', recursive: true, by: null }));
    expect(versions.map((version, index) => version - (versions[index - 1] ?? version))).toEqual([0, 0, 1, 1, 0, 1, 1]);
    expect(await inventory.deps.store.inventory.names(itemType('subscription'))).toEqual([]);
  });
});

describe('netboot after an install', () => {
  test('is switched off by the machine itself, once', async () => {
    await inventory.add('system', { name: 'web1', profile: 'gp', netboot_enabled: true });
    inventory.changes.length = 0;
    expect(await disableNetboot(inventory.deps, 'web1')).toBe(true);
    const off = await read('web1');
    inventory.clock.now += 1_000;
    expect(await disableNetboot(inventory.deps, 'web1')).toBe(true);
    expect(await read('web1')).toEqual(off);
    expect(inventory.changes).toEqual([{ system: 'web1', netboot: 'off', by: null }]);
  });

  test('stays when the setting says so, and unknown systems are not found', async () => {
    expect(await disableNetboot(inventory.deps, 'none')).toBe(false);
    inventory = startInventory(database.knex, { pxe_just_once: false });
    await inventory.add('system', { name: 'web1', profile: 'gp', netboot_enabled: true });
    expect(await disableNetboot(inventory.deps, 'web1')).toBe(false);
    expect(await read('web1')).toMatchObject({ netboot_enabled: true });
  });
});
