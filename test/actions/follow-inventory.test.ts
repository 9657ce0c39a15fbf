import { copyItem } from '../../src/actions/copy-item';
import { disableNetboot } from '../../src/actions/disable-netboot';
import { editItem } from '../../src/actions/edit-item';
import { followInventory } from '../../src/actions/follow-inventory';
import type { InventoryDeps } from '../../src/actions/inventory-deps';
import { registerSystem } from '../../src/actions/register-system';
import { removeItem } from '../../src/actions/remove-item';
import { renameItem } from '../../src/actions/rename-item';
import type { ItemData, ItemValue } from '../../src/domain/item-value';
import { itemType } from '../../src/domain/inventory';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';
import { startWritePath, type TestServer } from '../support/write-path';

const system = itemType('system');

let database: TestDatabase;
let inventory: TestInventory;
let deps: InventoryDeps;
let server: TestServer;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  server = startWritePath(database.knex);
  inventory = startInventory(database.knex);
  const { now } = server.watch;
  inventory.deps.onInventoryChange = (trx, changes) =>
    followInventory({ intake: server.intake, now }, createStore(trx), trx.executionPromise, changes);
  deps = inventory.deps;
  await inventory.add('distro', { name: 'el9' });
  await inventory.add('profile', { name: 'web', distro: 'el9' });
});

const add = (name: string, netboot: boolean) =>
  inventory.add('system', { name, profile: 'web', netboot_enabled: netboot });

const write = (name: string, field: string, value: ItemValue, by: string | null = 'jane') =>
  editItem(deps, { type: system, name, by }, async (draft) => {
    await draft.write(field, value);
  });

/** `system status: reason` of every run, oldest first. */
async function history(): Promise<string[]> {
  const runs = await server.store.runs.find({ limit: 100 });
  return runs.reverse().map(({ target, state }) => [`${target.name} ${state.status}`, state.reason ?? ''].join(': '));
}

const register = (info: ItemData, mayUpdate = true) => registerSystem(deps, info, { by: 'jane', mayUpdate });

describe('a system with netboot on has a planned run', () => {
  test('from its first save on', async () => {
    await add('web1', true);
    await add('web2', false);
    expect(await history()).toEqual(['web1 planned: ']);
  });

  test('once, however often it is saved', async () => {
    await add('web1', true);
    await write('web1', 'comment', 'rack 12');
    await write('web1', 'netboot_enabled', true);
    expect(await history()).toEqual(['web1 planned: ']);
  });

  test('and so has its copy', async () => {
    await add('web1', true);
    await copyItem(deps, { type: system, name: 'web1', newName: 'web2', by: 'jane' });
    expect(await history()).toEqual(['web1 planned: ', 'web2 planned: ']);
  });

  test('until an administrator switches it off; switching it on plans another', async () => {
    await add('web1', true);
    await write('web1', 'netboot_enabled', false);
    await write('web1', 'netboot_enabled', true);
    expect(await history()).toEqual(['web1 cancelled: netboot was switched off', 'web1 planned: ']);
  });

  test('which goes along when the system gets another name, also together with netboot', async () => {
    await add('web1', true);
    await renameItem(deps, { type: system, name: 'web1', newName: 'web9', by: 'jane' });
    expect(await history()).toEqual(['web9 planned: ']);
    await editItem(deps, { type: system, name: 'web9', by: 'jane' }, async (draft) => {
      await draft.write('name', 'web10');
      await draft.write('netboot_enabled', false);
    });
    expect(await history()).toEqual(['web10 cancelled: netboot was switched off']);
  });

  test('which is called off when the system is removed', async () => {
    await add('web1', true);
    await removeItem(deps, { type: system, name: 'web1', recursive: false, by: 'jane' });
    expect(await history()).toEqual(['web1 cancelled: the system was removed']);
  });
});

describe('a run that is going on', () => {
  beforeEach(async () => {
    await add('web1', true);
    await server.say('install-started');
  });

  test('is not ended by netboot being switched off, whoever does it', async () => {
    expect(await disableNetboot(deps, 'web1')).toBe(true);
    expect(await history()).toEqual(['web1 installing: ']);
    await write('web1', 'netboot_enabled', true);
    await write('web1', 'netboot_enabled', false);
    expect(await history()).toEqual(['web1 installing: ']);
  });

  test('is called off when the system is removed', async () => {
    await removeItem(deps, { type: system, name: 'web1', recursive: false, by: 'jane' });
    expect(await history()).toEqual(['web1 cancelled: the system was removed']);
  });

  test('leaves no place for a planned one', async () => {
    expect(await register({ name: 'web1' })).toMatchObject({ created: false, run: { status: 'installing' } });
    expect(await history()).toEqual(['web1 installing: ']);
  });
});

describe('registering a system', () => {
  test('twice changes nothing the second time', async () => {
    const info = { name: 'web1', profile: 'web', interfaces: { eth0: { ip_address: '192.0.2.1' } } };
    const first = await register(info);
    expect(first).toMatchObject({ system: 'web1', created: true, run: { status: 'planned', kind: 'install' } });
    expect(await register(info)).toEqual({ ...first, created: false });
    expect(await history()).toEqual(['web1 planned: ']);
  });

  test('plans a run of the kind asked for, or none', async () => {
    expect(await register({ name: 'web1', profile: 'web', plan: false })).toMatchObject({ run: null });
    expect(await register({ name: 'web1', kind: 'virt' })).toMatchObject({ run: { status: 'planned', kind: 'virt' } });
  });

  test('subscribes its users to it, once', async () => {
    await inventory.add('contact', { name: 'bob', email: ['bob@example.org'] });
    for (let times = 0; times < 2; times++) await register({ name: 'web1', profile: 'web', users: ['bob'] });
    const { subscriptions } = await server.store.contacts.loadAudience();
    expect(subscriptions).toMatchObject([{ contact: 'bob', scope: { kind: 'system', value: 'web1' } }]);
  });

  test('that names nobody’s contact leaves nothing behind', async () => {
    await expect(register({ name: 'web1', profile: 'web', users: ['ghost'] })).rejects.toThrow('ghost');
    expect(await history()).toEqual([]);
  });

  test('which exists is refused to callers without a session', async () => {
    await add('web1', false);
    await expect(register({ name: 'web1' }, false)).rejects.toMatchObject({ code: 'NOT_ALLOWED' });
  });
});
