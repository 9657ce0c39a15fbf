import { mkdirSync, mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeTestDatabase } from '../../support/database';
import { createRpc, login } from '../../support/rpc';
import { startServer, type TestServer } from '../../support/server';
import { cli } from '../support/run-cli';
import { makeSite, system, writeSite } from './cobbler-site';

// One story told in order: a site of 500 systems moves from a Cobbler's folder to a server, and from there to another.

interface Row {
  type: string;
  found: number;
  added: number;
  changed: number;
  same: number;
  refused: number;
  removed: number;
}
interface Result {
  types: Row[];
  remarks: { what: string; type: string; name: string; field: string | null; why: string }[];
  settings: { snippet: string; by_hand: string[]; of_the_old_server: string[] } | null;
  netboot: number;
  only_here: number;
}
type Database = Awaited<ReturnType<typeof makeTestDatabase>>;

let databases: Database[];
let servers: TestServer[];
let folder: string;

beforeAll(async () => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-import-'));
  writeSite(path.join(folder, 'collections'), makeSite(500, folder));
  mkdirSync(path.join(folder, 'templates'));
  writeFileSync(path.join(folder, 'templates/sample.ks'), 'install\n');
  databases = [await makeTestDatabase(), await makeTestDatabase()];
  servers = await Promise.all(databases.map(({ databaseUrl, dataDir }) => startServer({ databaseUrl, dataDir })));
}, 120_000);

afterAll(async () => {
  await Promise.all((servers ?? []).map((server) => server.stop()));
  await Promise.all((databases ?? []).map((database) => database.remove()));
  rmSync(folder, { recursive: true, force: true });
});

/** Runs the command into a server; its JSON, and what it said beside. */
async function take(into: number, args: string[]): Promise<{ code: number; result: Result; err: string }> {
  const { code, out, err } = await run(into, [...args, '--json']);
  return { code, err, result: JSON.parse(out === '' ? 'null' : out) as Result };
}

function run(into: number, args: string[]): ReturnType<typeof cli> {
  const env = { DATA_DIR: databases[into]!.dataDir, KICKWATCH_URL: servers[into]!.url };
  return cli(['import-cobbler', ...args], env);
}

const fromFolder = (): string[] => ['--from', path.join(folder, 'collections')];
const row = ({ types }: Result, type: string): Row => types.find((each) => each.type === type)!;
const changes = ({ types }: Result): number =>
  types.reduce((sum, { added, changed, refused, removed }) => sum + added + changed + refused + removed, 0);

test('a dry run says what would be taken and writes nothing', async () => {
  const { code, out } = await run(0, [...fromFolder(), '--dry-run']);
  expect(code).toBe(0);
  expect(out).toMatch(/^Would take from .*\n\nTYPE +FOUND +NEW[ A-Z]*\n/);
  expect(out).toMatch(/\nsystems +500 +500\n/);
  expect(out).toMatch(/left out {2}distro el8 {2}kernel {2}The kernel of a distro must be a file on the server/);
  expect(out).toMatch(/Nothing was written\.\n$/);
  const rpc = createRpc(servers[0]!.url);
  expect(await rpc('get_item_names', 'system')).toEqual([]);
}, 60_000);

test('everything is taken, and kernels that are not here are told of', async () => {
  const { code, result } = await take(0, fromFolder());
  expect(row(result, 'system')).toMatchObject({ found: 500, added: 500, refused: 0 });
  expect(row(result, 'profile')).toMatchObject({ found: 3, added: 3 });
  expect(result.remarks.map(({ what, name, field }) => `${what} ${name} ${field}`)).toEqual([
    'left out el8 kernel',
    'left out el8 initrd',
  ]);
  expect(result.netboot).toBe(5);
  expect(code).toBe(0);
  const rpc = createRpc(servers[0]!.url);
  const token = await login(rpc, servers[0]!);
  expect(await rpc('get_system', 'node0300', false, false, token)).toMatchObject({
    profile: 'el8-web',
    power_pass: 'secret-300',
    kernel_options: { node: '300' },
    interfaces: { eth0: { mac_address: '52:54:00:00:01:2c', interface_master: 'bond0' } },
  });
  expect(await rpc('get_system_as_rendered', 'node0300')).toMatchObject({ breed: 'redhat', virt_ram: 4096 });
}, 120_000);

test('a second time changes nothing', async () => {
  const { result } = await take(0, fromFolder());
  expect(changes(result)).toBe(0);
  expect(row(result, 'system').same).toBe(500);
}, 60_000);

test('paths are taken as they are when asked to, and from then on are the same', async () => {
  const first = await take(0, [...fromFolder(), '--force-paths']);
  expect(row(first.result, 'distro')).toMatchObject({ changed: 1 });
  expect(first.result.remarks).toEqual([]);
  const again = await take(0, fromFolder());
  expect(changes(again.result)).toBe(0);
  expect(again.result.remarks).toEqual([]);
}, 60_000);

test('nobody else may name files that are not there', async () => {
  const rpc = createRpc(servers[0]!.url);
  const token = await login(rpc, servers[0]!);
  const attributes = { name: 'el8', kernel: '/nowhere/vmlinuz' };
  await expect(rpc('xapi_object_edit', 'distro', 'el8', 'edit', attributes, token)).rejects.toThrow(
    'must be a file on the server',
  );
  const shell = { name: 'el8', kernel: '/etc/shadow', force_paths: true };
  await expect(rpc('xapi_object_edit', 'distro', 'el8', 'edit', shell, token)).rejects.toThrow(
    'does not look like that of a kernel',
  );
});

test('what changed at the old server follows, and only that', async () => {
  writeSite(path.join(folder, 'collections'), { systems: [system(7, { comment: 'moved to rack 9' })] });
  const { result } = await take(0, fromFolder());
  expect(row(result, 'system')).toMatchObject({ changed: 1, same: 499 });
}, 60_000);

test('the API of the first server fills the second, secrets only with a login', async () => {
  for (const name of ['vmlinuz', 'initrd.img']) writeFileSync(path.join(folder, name), 'x');
  const anonymous = await take(1, ['--url', servers[0]!.url, '--dry-run']);
  expect(row(anonymous.result, 'system')).toMatchObject({ added: 500 });
  expect(new Set(anonymous.result.remarks.map(({ field, why }) => `${field}: ${why}`))).toContain(
    'power_pass: the old server hides it: log in there with --old-user',
  );
  const passwordFile = path.join(folder, 'old-password');
  writeFileSync(passwordFile, `${servers[0]!.password}\n`);
  const asUser = ['--old-user', servers[0]!.user, '--old-password-file', passwordFile];
  const known = await take(1, ['--url', `${servers[0]!.url}/cobbler_api`, ...asUser]);
  expect(row(known.result, 'system')).toMatchObject({ added: 500 });
  const again = await take(1, ['--url', `${servers[0]!.url}/cobbler_api`, ...asUser]);
  expect(changes(again.result)).toBe(0);
  const rpc = createRpc(servers[1]!.url);
  const token = await login(rpc, servers[1]!);
  expect(await rpc('get_system', 'node0300', false, false, token)).toMatchObject({ power_pass: 'secret-300' });
  // Whoever may not see the secrets does not undo them either.
  expect(changes((await take(1, ['--url', servers[0]!.url])).result)).toBe(0);
}, 240_000);

test('an item the server refuses loses only the values it refuses', async () => {
  // A profile may only narrow the boot loaders it inherits, which the server alone knows.
  const distros = [
    { ...makeSite(0, folder)['distros']![0], name: 'narrow', boot_loaders: ['grub'], kernel: '', initrd: '' },
  ];
  const profiles = [{ name: 'wide', distro: 'narrow', boot_loaders: ['grub', 'pxe'], comment: 'kept' }];
  writeSite(path.join(folder, 'narrow'), { distros, profiles });
  const { code, result } = await take(0, ['--from', path.join(folder, 'narrow')]);
  expect(row(result, 'profile')).toMatchObject({ added: 1, refused: 0 });
  expect(result.remarks).toEqual([expect.objectContaining({ what: 'left out', name: 'wide', field: 'boot_loaders' })]);
  expect(code).toBe(0);
  const rpc = createRpc(servers[0]!.url);
  expect(await rpc('get_profile', 'wide')).toMatchObject({ comment: 'kept', boot_loaders: '<<inherit>>' });
}, 60_000);

test('items that are only here are deleted only when that was said and confirmed', async () => {
  const alone = await take(0, fromFolder());
  expect(alone.result.only_here).toBe(2);
  const unconfirmed = await run(0, [...fromFolder(), '--prune']);
  expect(unconfirmed.code).toBe(2);
  expect(unconfirmed.err).toContain('--prune would delete 2 items here (profile wide, distro narrow)');
  const { result } = await take(0, [...fromFolder(), '--prune', '--yes']);
  expect(result.types.map(({ removed }) => removed).reduce((a, b) => a + b)).toBe(2);
  const rpc = createRpc(servers[0]!.url);
  expect(await rpc('get_item_names', 'profile')).not.toContain('wide');
}, 120_000);

test('an item whose file cannot be read is not deleted', async () => {
  writeFileSync(path.join(folder, 'collections/systems/node0500.json'), '{broken');
  const { code, result } = await take(0, [...fromFolder(), '--prune', '--yes']);
  expect(row(result, 'system')).toMatchObject({ same: 499, refused: 1, removed: 0 });
  expect(code).toBe(1);
}, 60_000);

test('settings that differ are told for the settings file; addresses of the old server and secrets are not', async () => {
  const file = path.join(folder, 'settings.yaml');
  writeFileSync(
    file,
    [
      'server: 192.0.2.7',
      'default_ownership: [ops]',
      'pxe_just_once: false',
      'default_password_crypted: $6$salt$hash',
      'no_such_setting: 1',
      'http_port: lots',
      'enable_menu: yes',
    ].join('\n'),
  );
  const { result } = await take(0, [...fromFolder(), '--settings', file, '--dry-run']);
  expect(result.settings).toMatchObject({ of_the_old_server: ['server'] });
  expect(result.settings!.snippet).toBe(
    'default_ownership:\n  - ops\npxe_just_once: false\n' +
      '# default_password_crypted: a secret; copy it from the old settings by hand\n',
  );
  expect(result.remarks.filter(({ type }) => type === 'setting').map(({ name, why }) => `${name}: ${why}`)).toEqual([
    'no_such_setting: there is no such setting',
    'http_port: it cannot be used: http_port must be a whole number, not text.',
  ]);
}, 60_000);

test('where settings may be changed by the API they are set, once', async () => {
  const file = path.join(folder, 'dynamic.yaml');
  writeFileSync(file, 'default_ownership: [ops]\npxe_just_once: false\ndefault_password_crypted: $6$salt$hash\n');
  const own = path.join(folder, 'own-settings.yaml');
  writeFileSync(own, 'allow_dynamic_settings: true\n');
  const { databaseUrl, dataDir } = databases[1]!;
  await servers[1]!.stop();
  servers[1] = await startServer({ databaseUrl, dataDir, env: { SETTINGS_FILE: own } });
  const small = path.join(folder, 'small');
  writeSite(small, { repos: makeSite(0, folder)['repos']! });
  const first = await take(1, ['--from', small, '--settings', file]);
  expect(first.result.settings).toMatchObject({
    taken: ['default_ownership', 'pxe_just_once', 'default_password_crypted'],
    by_hand: [],
  });
  expect(await createRpc(servers[1].url)('get_settings')).toMatchObject({ pxe_just_once: false });
  const again = await take(1, ['--from', small, '--settings', file]);
  expect(again.result.settings).toMatchObject({ taken: [], by_hand: [] });
}, 120_000);

test('a command line that says too little, or too much, is refused before anything is asked', async () => {
  for (const args of [
    [],
    ['--from', 'x', '--url', 'http://x'],
    ['--from', 'x', '--yes'],
    ['--url', 'http://x', '--old-user', 'a'],
  ]) {
    expect((await run(0, args)).code).toBe(2);
  }
});

test('an old server that is away, or none, is said to be the old one', async () => {
  const { code, err } = await run(0, ['--url', 'http://127.0.0.1:9']);
  expect(code).toBe(1);
  expect(err).toMatch(/^Error: The old server, http:\/\/127\.0\.0\.1:9: No server answers/);
});
