import { registerNewSystem, type Registration } from '../../src/actions/register-new-system';
import { editItem } from '../../src/actions/edit-item';
import { readItem } from '../../src/actions/read-items';
import { itemType } from '../../src/domain/inventory';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';

let database: TestDatabase;
let inventory: TestInventory;
beforeAll(async () => {
  database = await openTestDatabase({ poolSize: 8 });
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  inventory = startInventory(database.knex, { register_new_installs: true });
  await inventory.add('distro', { name: 'gd' });
  await inventory.add('profile', { name: 'gp', distro: 'gd' });
});

const system = itemType('system');
const machine = (name: string, rest: Partial<Registration> = {}): Registration => ({
  name,
  profile: 'gp',
  hostname: '',
  interfaces: { eth0: { mac_address: '52:54:00:00:00:01' } },
  ...rest,
});
const register = (wanted: Registration) => registerNewSystem(inventory.deps, wanted);
const read = (name: string) => readItem(inventory.deps, system, name);

test('a machine nobody knows is added, its host name becomes the DNS name of its interfaces', async () => {
  const eth0 = {
    mac_address: '52:54:00:AB:00:01',
    ip_address: '10.1.0.1',
    netmask: '255.255.255.0',
    bridge: 0,
    module: 'e1000',
  };
  await register(machine('r1', { hostname: 'r1.example.org', interfaces: { eth0 } }));
  expect(await read('r1')).toMatchObject({
    netboot_enabled: false,
    hostname: 'r1.example.org',
    interfaces: {
      eth0: {
        mac_address: '52:54:00:ab:00:01',
        ip_address: '10.1.0.1',
        netmask: '255.255.255.0',
        dns_name: 'r1.example.org',
      },
    },
  });
});

test('bridges and interfaces without a known MAC address are left out, unknown addresses ignored', async () => {
  await register(
    machine('r1', {
      interfaces: {
        br0: { mac_address: '52:54:00:00:00:04', bridge: 1 },
        eth0: { mac_address: '?' },
        eth1: { mac_address: '52:54:00:00:00:05', ip_address: '?', netmask: '?' },
      },
    }),
  );
  expect((await read('r1'))!.interfaces).toEqual({
    eth1: expect.objectContaining({ mac_address: '52:54:00:00:00:05', ip_address: '', netmask: '' }) as unknown,
  });
});

describe('is refused', () => {
  beforeEach(() =>
    register(
      machine('r1', {
        hostname: 'r1.example.org',
        interfaces: { eth0: { mac_address: '52:54:00:00:00:01', ip_address: '10.1.0.1' } },
      }),
    ),
  );
  const other = (mac: string, ip = '') => ({ eth0: { mac_address: mac, ip_address: ip } });

  test.each<[string, Registration]>([
    ['no system name submitted', machine('')],
    ['profile not submitted', machine('r2', { profile: null })],
    ['no interfaces submitted', machine('r2', { interfaces: {} })],
    [
      'too many interfaces submitted',
      machine('r2', { interfaces: Object.fromEntries(Array.from({ length: 64 }, (_, n) => [`e${n}`, {}])) }),
    ],
    ['system name conflicts', machine('r1')],
    ['hostname conflicts', machine('r2', { hostname: 'R1.example.org' })],
    ['mac conflict: 52:54:00:00:00:01', machine('r2')],
    ['mac conflict: 52-54-00-00-00-01', machine('r2', { interfaces: other('52-54-00-00-00-01') })],
    ['ip conflict: 10.1.0.1', machine('r2', { interfaces: other('52:54:00:00:00:02', '10.1.0.1') })],
    ['no CIDR ips are allowed', machine('r2', { interfaces: other('52:54:00:00:00:02', '10.1.0.2/24') })],
    ['missing MAC address for interface eth0', machine('r2', { interfaces: { eth0: {} } })],
    [
      'Profile with the name "none" is not existing',
      machine('r2', { profile: 'none', interfaces: other('52:54:00:00:00:02') }),
    ],
    ["Invalid characters in name: 'r 2'", machine('r 2', { interfaces: other('52:54:00:00:00:02') })],
    ['Invalid mac address format (zz)', machine('r2', { interfaces: other('zz') })],
  ])('with "%s"', async (reason, wanted) => {
    await expect(register(wanted)).rejects.toThrow(reason);
    expect(await inventory.deps.store.inventory.names(system)).toEqual(['r1']);
  });

  test('while the setting is off', async () => {
    inventory = startInventory(database.knex);
    await expect(register(machine('r2'))).rejects.toThrow('registration is disabled in cobbler settings');
  });
});

test('of many machines that register one MAC address at the same time exactly one is added', async () => {
  const attempts = Array.from({ length: 12 }, (_, n) => register(machine(`r${n}`)));
  const results = await Promise.allSettled(attempts);
  const refused = results.flatMap((result) => (result.status === 'rejected' ? [(result.reason as Error).message] : []));
  expect(refused).toEqual(Array.from({ length: 11 }, () => 'mac conflict: 52:54:00:00:00:01'));
  expect(await inventory.deps.store.inventory.names(system)).toHaveLength(1);
});

test('a machine that registers and an administrator who gives its address away do not both win', async () => {
  await inventory.add('system', { name: 'web1', profile: 'gp' });
  for (let round = 1; round <= 5; round++) {
    const mac = `52:54:00:00:01:0${round}`;
    const results = await Promise.allSettled([
      register(machine(`r${round}`, { interfaces: { eth0: { mac_address: mac } } })),
      editItem(inventory.deps, { type: system, name: 'web1', by: 'jane' }, (draft) =>
        draft.writeParts({ [`mac_address-eth${round}`]: mac }),
      ),
    ]);
    expect(results.filter((result) => result.status === 'fulfilled')).toHaveLength(1);
  }
});

test('changes of one system at the same time all count', async () => {
  await inventory.add('system', { name: 'web1', profile: 'gp' });
  const edits = Array.from({ length: 10 }, (_, n) =>
    editItem(inventory.deps, { type: system, name: 'web1', by: null }, (draft) =>
      draft.writeParts({ [`mac_address-eth${n}`]: `52:54:00:00:02:0${n}` }),
    ),
  );
  await Promise.all(edits);
  expect(Object.keys((await read('web1'))!.interfaces as object)).toHaveLength(10);
});

test('a profile renamed while systems below it change leaves none behind', async () => {
  for (let n = 0; n < 6; n++) await inventory.add('system', { name: `s${n}`, profile: 'gp' });
  const rename = editItem(inventory.deps, { type: itemType('profile'), name: 'gp', by: null }, async (draft) => {
    await draft.write('name', 'gp2');
  });
  const edits = Array.from({ length: 6 }, (_, n) =>
    editItem(inventory.deps, { type: system, name: `s${n}`, by: null }, async (draft) => {
      await draft.write('comment', 'changed');
    }),
  );
  await Promise.all([rename, ...edits]);
  const systems = await inventory.deps.store.inventory.list(system);
  expect(systems.map(({ values }) => [values.profile, values.comment])).toEqual(
    Array.from({ length: 6 }, () => ['gp2', 'changed']),
  );
});
