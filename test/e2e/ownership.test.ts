import { digestOf, makeCobblerFolder, type CobblerFolder } from '../support/cobbler-folder';
import { createRpc, login, RpcFault, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';

/** Types, with what an item of each needs besides its name. All of them belong to anna and the group web. */
const ITEMS: Record<string, Record<string, unknown>> = {
  profile: { distro: 'el9' },
  system: { profile: 'anna' },
  repo: {},
  image: {},
  menu: {},
  file: { path: '/x', template: 'x', owner: 'root', group: 'root', mode: '0644' },
  package: {},
  mgmtclass: {},
  contact: {},
  subscription: { contact: 'anna', scope_type: 'all', reasons: ['failed'] },
  silence: { system: 'anna', ends_at: '2126-01-01T00:00:00Z' },
};
const TYPES = ['distro', ...Object.keys(ITEMS)];
/** What every user may do, and what users of users.conf may besides: nothing of it is about items of others. */
const FOR_ALL = /^(?:get_(?!users$)\w+|check_access|read_(?:autoinstall|kickstart)_\w+)$/;
const FOR_LISTED = /^(?:new_\w+|send_status|send_test|update_status|auto_add_repos|check|sync|sync_dhcp)$/;

let folder: CobblerFolder;
let server: TestServer;
let rpc: Rpc;
const tokens: Record<string, string> = {};
let methods: string[];

beforeAll(async () => {
  folder = await makeCobblerFolder('modules: {authorization: {module: authorization.ownership}}\n');
  await folder.write('users.digest', digestOf('anna', 'bob', 'carol', 'dora', 'eve'));
  await folder.write('users.conf', '[admins]\ndora = ""\n[web]\nanna = ""\ncarol = ""\n[db]\nbob = ""\n');
  server = await startServer({ env: { SETTINGS_FILE: folder.settingsFile } });
  rpc = createRpc(server.url);
  tokens.admin = await login(rpc, server);
  for (const user of ['anna', 'bob', 'carol', 'dora', 'eve']) {
    tokens[user] = await login(rpc, { user, password: `${user}-pass` });
  }
  await saveDistro(rpc, tokens.admin, folder.path);
  await rpc('xapi_object_edit', 'distro', 'el9', 'edit', { owners: ['nobody', 'web', 'dept'] }, tokens.admin);
  for (const [type, fields] of Object.entries(ITEMS)) {
    await saveItem(rpc, tokens.admin, type, { name: 'anna', owners: ['nobody', 'web', 'dept'], ...fields });
  }
  await rpc('write_autoinstall_template', 'used.ks', '#', tokens.admin);
  await rpc('xapi_object_edit', 'profile', 'anna', 'edit', { autoinstall: 'used.ks' }, tokens.admin);
  methods = await rpc<string[]>('system.listMethods');
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await folder?.remove();
}, 60_000);

/** All that the inventory holds. */
const look = (): Promise<unknown> => Promise.all(TYPES.map((type) => rpc('get_items', type)));
const nameOf = (type: string): string => (type === 'distro' ? 'el9' : 'anna');

async function faultOf(method: string, ...params: unknown[]): Promise<string | null> {
  return rpc(method, ...params).then(
    () => null,
    (error: unknown) => {
      if (error instanceof RpcFault) return error.message;
      throw error;
    },
  );
}

/** A call of the method about an item, by this user. */
async function callAs(user: string, method: string, type: string): Promise<string | null> {
  const help = await rpc<string>('system.methodHelp', method);
  const names = /^[^(]*\(([^)]*)\)/
    .exec(help)![1]!
    .split(', ')
    .map((name) => name.replace(/[[\]]/g, ''));
  const own: Record<string, unknown> = {
    token: tokens[user],
    what: type,
    object_type: type,
    object_name: nameOf(type),
    edit_type: 'remove',
    attributes: { name: nameOf(type), comment: 'x' },
    object_id: `${type}::${nameOf(type)}`,
    name: nameOf(type),
    newname: 'mine',
    attribute: 'comment',
    arg: 'x',
    editmode: 'bypass',
    recursive: true,
    info: { name: 'anna', comment: 'x' },
    criteria: {},
    contacts: [],
    options: { systems: ['anna'], power: 'off' },
    system_id: 'system::anna',
    file_path: 'used.ks',
    kickstart_file: 'used.ks',
    autoinstall_file: 'used.ks',
    is_read: false,
  };
  return faultOf(method, ...names.filter((name) => name !== '').map((name) => own[name] ?? 'x'));
}

const refused = (user: string): string => `<class 'cobbler.cexceptions.CX'>:'authorization failure for user ${user}'`;

test.each([
  ['bob', 'whose group owns nothing of it'],
  ['eve', 'who is in no group'],
])(
  'no method does anything to what others own for %s, %s',
  async (user) => {
    const before = await look();
    const forSessions: string[] = [];
    const answered: string[] = [];
    for (const method of methods) {
      const help = await rpc<string>('system.methodHelp', method);
      if (!help.includes('token') || method === 'logout') continue;
      const type = TYPES.find((one) => method.endsWith(`_${one}`)) ?? 'system';
      const anonymous = await faultOf(
        method,
        ...Array<unknown>(9).fill('x').slice(0, help.split(')')[0]!.split(', ').length),
      );
      if (anonymous === null || !/invalid token|"token" did not have/.test(anonymous)) continue;
      forSessions.push(method);
      if (FOR_ALL.test(method) || (user === 'bob' && FOR_LISTED.test(method))) continue;
      const fault = await callAs(user, method, type);
      // What is in use nobody removes, whoever asks.
      if (fault !== refused(user) && !fault?.includes('delete in-use file'))
        answered.push(`${method}: ${fault ?? 'no fault'}`);
    }
    expect(forSessions.length).toBeGreaterThan(80);
    expect(answered).toEqual([]);
    expect(await look()).toEqual(before);
  },
  120_000,
);

test.each(['add', 'edit', 'copy', 'rename', 'remove', 'anything'])(
  'xapi_object_edit %s is refused to those who do not own the item',
  async (edit) => {
    const before = await look();
    const attributes = { name: 'anna', newname: 'mine', comment: 'x' };
    expect(await faultOf('xapi_object_edit', 'system', 'anna', edit, attributes, tokens.bob)).toBe(refused('bob'));
    expect(await look()).toEqual(before);
  },
);

test('a new item cannot be saved, added or renamed over one of others', async () => {
  const before = await look();
  const handle = await rpc('new_system', tokens.bob);
  await rpc('modify_system', handle, 'profile', 'anna', tokens.bob);
  await rpc('modify_system', handle, 'name', 'anna', tokens.bob);
  expect(await faultOf('save_system', handle, tokens.bob, 'bypass')).toBe(refused('bob'));
  expect(await faultOf('save_item', 'system', handle, tokens.bob)).toBe(refused('bob'));
  expect(
    await faultOf('xapi_object_edit', 'system', 'mine', 'add', { name: 'anna', profile: 'anna' }, tokens.bob),
  ).toBe(refused('bob'));
  expect(await look()).toEqual(before);
});

test('no spelling of a handle gets around the owner', async () => {
  for (const handle of ['x::anna', '::anna', 'SYSTEM::anna', 'system::anna']) {
    expect(await faultOf('modify_system', handle, 'comment', 'x', tokens.bob)).toBe(refused('bob'));
    expect(await faultOf('copy_item', 'system', handle, 'mine', tokens.bob)).toBe(refused('bob'));
  }
});

test('register_system does not update what others own', async () => {
  expect(await faultOf('register_system', { name: 'anna', comment: 'x' }, tokens.bob)).toBe(refused('bob'));
  expect(await faultOf('register_system', { name: 'anna', plan: false }, tokens.anna)).toBeNull();
});

test('removing what one owns is refused while it takes along what others own', async () => {
  await saveItem(rpc, tokens.admin!, 'profile', { name: 'shared', distro: 'el9', owners: ['db'] });
  await saveItem(rpc, tokens.admin!, 'system', { name: 'hers', profile: 'shared', owners: ['anna'] });
  expect(await faultOf('remove_profile', 'shared', tokens.bob, true)).toBe(refused('bob'));
  expect(await rpc('has_item', 'system', 'hers')).toBe(true);
  await rpc('remove_system', 'hers', tokens.anna);
  expect(await faultOf('remove_profile', 'shared', tokens.bob, true)).toBeNull();
});

test.each([
  ['anna', 'a member of a group that owns it, whichever of the owners that is'],
  ['carol', 'another member of that group'],
  ['dora', 'a member of the group of administrators'],
  ['admin', 'the administrator'],
])('%s, %s, may change, copy, rename and remove', async (user) => {
  for (const type of ['repo', 'menu']) {
    const name = `of-${user}`;
    await saveItem(rpc, tokens.admin!, type, { name, owners: ['x', 'web', 'y'] });
    const token = tokens[user]!;
    await rpc(`modify_${type}`, `${type}::${name}`, 'comment', 'seen', token);
    await rpc(`save_${type}`, `${type}::${name}`, token);
    await rpc(`copy_${type}`, `${type}::${name}`, `${name}-copy`, token);
    await rpc(`rename_${type}`, `${type}::${name}`, `${name}-2`, token);
    expect(await rpc(`get_${type}`, `${name}-2`)).toMatchObject({ comment: 'seen' });
    await rpc(`remove_${type}`, `${name}-2`, token);
    await rpc(`remove_${type}`, `${name}-copy`, token);
    expect(await rpc('has_item', type, `${name}-2`)).toBe(false);
  }
});

test('owners are inherited: a system without its own belongs to those of its profile', async () => {
  await saveItem(rpc, tokens.admin!, 'system', { name: 'heir', profile: 'anna' });
  expect(await faultOf('remove_system', 'heir', tokens.bob)).toBe(refused('bob'));
  expect(await faultOf('remove_system', 'heir', tokens.anna)).toBeNull();
});

test('who may do what can be asked, and the file of groups may change while the server runs', async () => {
  const ask = (user: string, ...params: unknown[]) => rpc('check_access_no_fail', tokens[user], ...params);
  expect(await ask('bob', 'modify_system', 'anna')).toBe(0);
  expect(await ask('bob', 'modify_system', 'system::anna', 'comment')).toBe(0);
  expect(await ask('bob', 'new_system')).toBe(1);
  expect(await ask('eve', 'new_system')).toBe(0);
  expect(await ask('eve', 'get_systems')).toBe(1);
  expect(await ask('bob', 'modify_setting', 'server')).toBe(0);
  expect(await ask('dora', 'modify_setting', 'server')).toBe(1);
  expect(await ask('anna', 'modify_system', 'anna')).toBe(1);
  expect(await faultOf('check_access', tokens.bob, 'modify_system', 'anna')).toBe(refused('bob'));
  await folder.write('users.conf', '[admins]\ndora = ""\n[web]\nanna = ""\ncarol = ""\nbob = ""\n');
  expect(await rpc('check_access', tokens.bob, 'modify_system', 'anna')).toBe(1);
  await folder.write('users.conf', 'broken');
  expect(await ask('bob', 'modify_system', 'anna')).toBe(0);
  expect(await ask('admin', 'modify_system', 'anna')).toBe(1);
});

test('the server log says who did what, and who was refused, without a secret', async () => {
  await folder.write('users.conf', '[web]\nanna = ""\n[db]\nbob = ""\n');
  await rpc('xapi_object_edit', 'system', 'anna', 'edit', { power_pass: 'hush-hush' }, tokens.anna);
  await faultOf('remove_system', 'anna', tokens.bob);
  const lines = server
    .logs()
    .split('\n')
    .filter((line) => line.startsWith('{'))
    .map((line) => JSON.parse(line) as Record<string, unknown>);
  expect(lines).toContainEqual(
    expect.objectContaining({
      message: 'A user did something',
      user: 'anna',
      verb: 'edit_system',
      items: ['system::anna'],
    }),
  );
  expect(lines).toContainEqual(
    expect.objectContaining({
      message: 'A user was refused for want of rights',
      user: 'bob',
      peer: '127.0.0.1',
      verb: 'remove_system',
      items: ['system::anna'],
    }),
  );
  for (const secret of ['hush-hush', 'anna-pass', ...Object.values(tokens)])
    expect(server.logs()).not.toContain(secret);
});
