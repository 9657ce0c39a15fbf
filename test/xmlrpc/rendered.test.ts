import type { XmlRpcValue } from '../../src/xmlrpc/value';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { startInventory, type TestInventory } from '../support/inventory';
import { JANE, startItemServer, type ItemServer } from '../support/item-server';

let database: TestDatabase;
let inventory: TestInventory;
let server: ItemServer;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  inventory = startInventory(database.knex, { ldap_search_passwd: 'of ldap' });
  server = startItemServer(inventory);
  await inventory.add('distro', { name: 'gd' });
  await inventory.add('repo', { name: 'base', arch: 'x86_64', breed: 'yum', mirror: 'http://m/base' });
  await inventory.add('repo', { name: 'debs', arch: 'x86_64', breed: 'apt', mirror: 'http://m/debs' });
  await inventory.add('repo', { name: 'arms', arch: 'aarch64', breed: 'yum', mirror: 'http://m/arms' });
  await inventory.add('mgmtclass', { name: 'ssh', class_name: 'ssh::server' });
  await inventory.add('profile', { name: 'gp', distro: 'gd', repos: 'base debs', mgmt_classes: 'ssh' });
  await inventory.add('image', { name: 'rescue', file: '/iso/rescue.iso' });
  await inventory.add('system', { name: 'web1', profile: 'gp', power_pass: 'of power' });
  await inventory.add('system', { name: 'old1', image: 'rescue' });
});
afterEach(() => expect(server.errors).toEqual([]));

const call = (method: string, ...params: XmlRpcValue[]) => server.call(method, ...params);

test('a system comes with its repos and its management classes', async () => {
  expect(await call('get_system_as_rendered', 'web1')).toMatchObject({
    repos: 'base debs',
    repo_data: [
      { name: 'base', mirror: 'http://m/base', proxy: '' },
      { name: 'debs', breed: 'apt' },
    ],
    mgmt_classes: { ssh: { class_name: 'ssh::server', owners: ['admin'] } },
  });
});

test('koan can start a machine from an image', async () => {
  expect(await call('get_image_as_rendered', 'rescue')).toMatchObject({
    image_name: 'rescue',
    distro_name: 'N/A',
    file: '/iso/rescue.iso',
    image_type: 'direct',
    kickstart: '/var/lib/cobbler/templates/default.ks',
  });
  expect(await call('get_system_as_rendered', 'old1')).toMatchObject({ system_name: 'old1', image: 'rescue' });
});

test('a repo is shown with the settings underneath, and without names of what starts machines', async () => {
  const shown = (await call('get_repo_as_rendered', 'base')) as Record<string, unknown>;
  expect(shown).toMatchObject({ name: 'base', owners: ['admin'], environment: '', webdir: '/var/www/cobbler' });
  expect(Object.keys(shown)).not.toEqual(expect.arrayContaining(['repo_name']));
});

test('a profile is told which repos suit it, and yum where they are', async () => {
  const suited = (await call('get_repos_compatible_with_profile', 'gp')) as { name: string }[];
  expect(suited.map(({ name }) => name)).toEqual(['base', 'debs']);
  expect(await call('get_repos_compatible_with_profile', 'none')).toEqual([]);
  expect(await call('get_repo_config_for_system', 'web1')).toMatch(/^\[base\]\nname=base\nbaseurl=http:\/\/m\/base\n/);
  expect(await call('get_repo_config_for_profile', 'none')).toBe('# object not found: none');
});

test('boot loaders are those of the architecture, or what is left of them above', async () => {
  await inventory.add('distro', { name: 'arm', arch: 'aarch64' });
  await inventory.add('profile', { name: 'few', distro: 'gd', boot_loaders: 'grub pxe' });
  await inventory.add('system', { name: 'web2', profile: 'few', boot_loaders: 'pxe' });
  expect(await call('get_valid_distro_boot_loaders', 'arm')).toEqual(['grub']);
  expect(await call('get_valid_system_boot_loaders', 'web2')).toEqual(['grub', 'pxe']);
  expect(await call('get_valid_image_boot_loaders', null, JANE)).toEqual(['grub', 'pxe', 'ipxe']);
  expect(await call('get_valid_profile_boot_loaders', 'none')).toBe('# object not found: none');
});

test('all variables of an item are dumped by its uid, as struct or text, secrets hidden', async () => {
  const { uid } = (await call('get_system', 'web1')) as { uid: string };
  expect(await call('dump_vars', uid)).toMatchObject({
    system_name: 'web1',
    kernel_options: '',
    power_pass: '********',
  });
  expect(await call('dump_vars', uid, false, false)).toMatchObject({ kernel_options: {} });
  const text = (await call('dump_vars', uid, true)) as string;
  expect(text).toContain('\nsystem_name : web1\n');
  expect(text).not.toContain('of power');
  await expect(call('dump_vars', 'x')).rejects.toThrow('Item with uuid "x" does not exist!');
});

test('a system on an image is added in one call, and needs one of both', async () => {
  expect(await call('xapi_object_edit', 'system', 'i1', 'add', { name: 'i1', image: 'rescue' }, JANE)).toBe(true);
  expect(await call('find_system', { image: 'rescue' })).toEqual(['i1', 'old1']);
  expect(await call('xapi_object_edit', 'menu', 'm1', 'add', { name: 'm1', display_name: 'One' }, JANE)).toBe(true);
  expect(await call('xapi_object_edit', 'menu', 'm2', 'add', { name: 'm2', parent: 'm1' }, JANE)).toBe(true);
  await expect(call('xapi_object_edit', 'menu', 'm1', 'remove', { name: 'm1' }, JANE)).rejects.toThrow(
    `Can't delete this menu there are 1 submenus and 'recursive' is set to 'False'`,
  );
});
