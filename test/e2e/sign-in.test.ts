import { createHash } from 'node:crypto';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { cli } from '../cli/support/run-cli';
import { digestOf, makeCobblerFolder, type CobblerFolder } from '../support/cobbler-folder';
import { createRpc, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';

const FAILED = /login failed/;
let folder: CobblerFolder;
let server: TestServer;
let rpc: Rpc;

/** A server with these settings, in a folder as /etc/cobbler is. */
async function start(settings: string, files: Record<string, string> = {}): Promise<void> {
  folder = await makeCobblerFolder(settings);
  for (const [name, content] of Object.entries(files)) await folder.write(name, content);
  server = await startServer({ env: { SETTINGS_FILE: folder.settingsFile } });
  rpc = createRpc(server.url);
}

async function stop(): Promise<void> {
  await server?.stop();
  await folder?.remove();
}

const login = (user: string, password: string): Promise<unknown> => rpc('login', user, password);

describe('as it comes, with Cobbler’s file of users', () => {
  beforeAll(() => start('server: 10.0.0.1\n'), 120_000);
  afterAll(stop, 60_000);

  test('users of Cobbler’s users.digest log in, also those added later; the shipped one with its known password does not', async () => {
    const known = createHash('sha3-512').update('cobbler').digest('hex');
    await folder.write(
      'users.digest',
      `${digestOf('anna')}cobbler:Cobbler:${known}\nbad line\nmallory:Elsewhere:${known}\n`,
    );
    expect(await login('anna', 'anna-pass')).toHaveLength(36);
    expect(await login('cobbler', server.password)).toHaveLength(36);
    await expect(login('cobbler', 'cobbler')).rejects.toThrow(FAILED);
    await expect(login('anna', 'wrong')).rejects.toThrow(FAILED);
    await expect(login('mallory', 'cobbler')).rejects.toThrow(FAILED);
    await folder.write('users.digest', digestOf('bob'));
    expect(await login('bob', 'bob-pass')).toHaveLength(36);
    await expect(login('anna', 'anna-pass')).rejects.toThrow(FAILED);
    expect(server.logs()).toMatch(/the password everybody knows/);
  }, 60_000);

  test('a user of the server’s own is added, logs in, is given another password and removed, by the command line', async () => {
    const { url, dataDir } = server;
    const cache = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-cli-'));
    const env = { KICKWATCH_URL: url, DATA_DIR: dataDir, XDG_CACHE_HOME: cache };
    const user = (args: string[], stdin?: string) => cli(['user', ...args], env, stdin === undefined ? {} : { stdin });
    expect(await user(['add', 'alice'], 'correct horse\n')).toEqual({
      code: 0,
      out: 'User alice can log in now.\n',
      err: '',
    });
    expect(await user(['add', 'alice'], 'correct horse\n')).toMatchObject({
      code: 1,
      err: expect.stringContaining('already'),
    });
    expect(await user(['add', 'bob'], 'short\n')).toMatchObject({ code: 1, err: expect.stringContaining('too short') });
    expect(await user(['add', 'a:b'], 'correct horse\n')).toMatchObject({ code: 1 });
    expect(await user(['add', 'cobbler'], 'correct horse\n')).toMatchObject({
      code: 1,
      err: expect.stringContaining('ADMIN_PASSWORD'),
    });
    expect(await user(['add', 'bob'], '')).toMatchObject({ code: 2, err: expect.stringContaining('No password came') });
    expect((await user(['list'])).out).toMatch(/alice/);

    const token = await login('alice', 'correct horse');
    await expect(login('alice', 'correct hors')).rejects.toThrow(FAILED);
    await expect(rpc('add_user', 'eve', 'correct horse', token)).rejects.toThrow(
      'authorization failure for user alice',
    );
    expect(await user(['passwd', 'alice'], 'battery staple\n')).toMatchObject({ code: 0 });
    expect(await rpc('token_check', token)).toBe(false);
    await expect(login('alice', 'correct horse')).rejects.toThrow(FAILED);
    const next = await login('alice', 'battery staple');
    expect(await user(['remove', 'alice'])).toMatchObject({ code: 0 });
    expect(await rpc('token_check', next)).toBe(false);
    await expect(login('alice', 'battery staple')).rejects.toThrow(FAILED);
    expect(await user(['remove', 'alice'])).toMatchObject({ code: 1, err: expect.stringContaining('no user') });
    for (const secret of ['correct horse', 'battery staple']) expect(server.logs()).not.toContain(secret);
    await rm(cache, { recursive: true });
  }, 60_000);

  test('logins by the hundred at a time are answered, each right one with a session, while the server answers others', async () => {
    const admin = await login(server.user, server.password);
    await rpc('add_user', 'alice', 'correct horse', admin);
    const logins = Array.from({ length: 40 }, () => login('alice', 'correct horse'));
    expect(await rpc('ping')).toBe(true);
    const tokens = await Promise.all(logins);
    expect(new Set(tokens).size).toBe(40);
    const guesses = await Promise.allSettled(Array.from({ length: 40 }, () => login('alice', 'a guess')));
    const throttled = guesses.filter(
      (guess) => guess.status === 'rejected' && /Too many failed/.test(String(guess.reason)),
    );
    // Five are free, and those that ran beside them.
    expect(throttled.length).toBeGreaterThanOrEqual(40 - 5 - 3);
  }, 60_000);
});

describe('with authentication.passthru and authorization.configfile', () => {
  beforeAll(
    () =>
      start(
        'modules: {authentication: {module: authentication.passthru}, authorization: {module: authz_configfile}}\n',
        {
          'users.conf': '[any]\nAnna = ""\n',
        },
      ),
    120_000,
  );
  afterAll(stop, 60_000);

  test('whoever knows the shared secret says who the user is', async () => {
    const secret = await readFile(path.join(server.dataDir, 'web.ss'), 'utf8');
    expect(await rpc('get_user_from_token', await login('anna', secret))).toBe('anna');
    await expect(login('anna', 'anna-pass')).rejects.toThrow(FAILED);
    await expect(login('<DIRECT>', secret)).rejects.toThrow(FAILED);
  });

  test('only users of users.conf have rights, and others see no secrets', async () => {
    const secret = await readFile(path.join(server.dataDir, 'web.ss'), 'utf8');
    const admin = await login(server.user, server.password);
    await rpc('xapi_object_edit', 'image', 'i', 'add', { name: 'i' }, admin);
    await rpc('xapi_object_edit', 'system', 's', 'add', { name: 's', image: 'i', power_pass: 'hush' }, admin);
    const [anna, eve] = [await login('anna', secret), await login('eve', secret)];
    expect(await rpc('get_user_from_token', eve)).toBe('eve');
    for (const call of [
      ['new_system', eve],
      ['get_runs', {}, eve],
      ['update_status', 's', {}, eve],
    ] as [string, ...unknown[]][]) {
      await expect(rpc(...call)).rejects.toThrow('authorization failure for user eve');
    }
    expect(await rpc('new_system', anna)).toMatch(/^___NEW___system::/);
    expect(JSON.stringify(await rpc('get_system', 's', false, false, anna))).toContain('hush');
    expect(JSON.stringify(await rpc('get_system', 's', false, false, eve))).not.toContain('hush');
  });
});

test('with authentication.denyall nobody logs in but the server’s own tools', async () => {
  await start('server: 10.0.0.1\n', {
    'modules.conf': '[authentication]\nmodule = authentication.denyall\n',
    'users.digest': digestOf('anna'),
  });
  try {
    await expect(login('anna', 'anna-pass')).rejects.toThrow(FAILED);
    await expect(login(server.user, server.password)).rejects.toThrow(FAILED);
    const token = await login('', await readFile(path.join(server.dataDir, 'web.ss'), 'utf8'));
    expect(await rpc('get_authn_module_name', token)).toBe('authentication.denyall');
  } finally {
    await stop();
  }
}, 120_000);
