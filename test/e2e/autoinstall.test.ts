import { mkdir, mkdtemp, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';

/** A site as Cobbler left it: its folders are used where they are. */
const SITE: Record<string, string> = {
  'templates/el9.ks': [
    '# $system_name of $profile_name on $breed',
    'url --url=$tree',
    '$yum_repo_stanza',
    '#for $name in sorted($interfaces.keys())',
    '#set $nic = $interfaces[$name]',
    'network --device=$name --ip=$nic["ip_address"] --hostname=$hostname',
    '#end for',
    "$SNIPPET('disks')",
    'bootloader --append="$kernel_options_post"',
    '%post',
    'echo $HOME @@role@@ for @@system_name@@',
    '%end',
    '',
  ].join('\n'),
  'templates/deb.seed': [
    '#template=jinja2',
    'd-i netcfg/get_hostname string {{ hostname }}',
    '{% for name, nic in interfaces.items() %}d-i netcfg/choose_interface select {{ name }} {{ nic.ip_address }}\n{% endfor -%}',
    "{% include 'disks' %}",
    "{% include 'kickwatch/kernel-options.txt' %}",
  ].join('\n'),
  'templates/loop.ks': 'text\n#while True\n#end while\n',
  'templates/cycle.ks': "$SNIPPET('round')\n",
  'templates/lacks.ks': '#if $nowhere\n#end if\n',
  'templates/motd': 'welcome to $system_name\n',
  'snippets/disks': 'autopart # everybody\n',
  'snippets/per_profile/disks/web': 'autopart # $profile_name\n',
  'snippets/per_system/disks/web2': 'autopart # only $system_name\n',
  'snippets/round': "$SNIPPET('trip')",
  'snippets/trip': "$SNIPPET('round')",
  'scripts/late': 'echo $profile_name\n',
};

let base: string;
let server: TestServer;
let rpc: Rpc;
let token: string;
const get = async (op: string, init: RequestInit = {}): Promise<[number, string]> => {
  const response = await fetch(`${server.url}/cblr/svc/op/${op}`, init);
  return [response.status, await response.text()];
};

beforeAll(async () => {
  base = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-site-'));
  for (const [name, text] of Object.entries(SITE)) {
    await mkdir(path.dirname(path.join(base, name)), { recursive: true });
    await writeFile(path.join(base, name), text);
  }
  await writeFile(path.join(base, 'outside'), 'secret of the server');
  await symlink('../outside', path.join(base, 'snippets/out'));
  await writeFile(
    path.join(base, 'settings.yaml'),
    `server: kick.example.org\nautoinstall_templates_dir: ${base}/templates\nautoinstall_snippets_dir: ${base}/snippets\nldap_search_passwd: hidden\n`,
  );
  server = await startServer({ env: { SETTINGS_FILE: path.join(base, 'settings.yaml') } });
  rpc = createRpc(server.url);
  token = await login(rpc, server);
  await saveDistro(rpc, token, server.dataDir);
  const [distro] = await rpc<{ name: string }[]>('get_distros');
  const save = (type: string, fields: Record<string, unknown>): Promise<unknown> => saveItem(rpc, token, type, fields);
  await save('repo', {
    name: 'extras',
    arch: 'x86_64',
    breed: 'yum',
    mirror: 'http://m/extras',
    mirror_locally: false,
  });
  const meta = { tree: 'http://@@http_server@@/el9', role: 'web server' };
  const common = { distro: distro!.name, autoinstall_meta: meta };
  await save('profile', {
    ...common,
    name: 'web',
    autoinstall: 'el9.ks',
    repos: 'extras',
    kernel_options_post: 'quiet',
  });
  await save('profile', { ...common, name: 'deb', autoinstall: 'deb.seed', template_files: { motd: '/etc/motd' } });
  const nic = (ip: string) => ({ 'ip_address-eth0': ip });
  for (const [name, profile, ip] of [
    ['web1', 'web', '127.0.0.1'],
    ['web2', 'web', '192.0.2.2'],
    ['deb1', 'deb', '192.0.2.3'],
  ] as const) {
    await save('system', {
      name,
      profile,
      hostname: `${name}.example.org`,
      netboot_enabled: true,
      modify_interface: nic(ip),
    });
  }
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await rm(base, { recursive: true, force: true });
}, 60_000);

const kickstart = (system: string, ip: string, disks: string): string =>
  [
    `# ${system} of web on redhat`,
    'url --url=http://kick.example.org/el9',
    'repo --name=extras --baseurl=http://m/extras',
    '',
    `network --device=eth0 --ip=${ip} --hostname=${system}.example.org`,
    disks,
    '',
    'bootloader --append="quiet "',
    '%post',
    `echo $HOME web server for ${system}`,
    '%end',
    '',
  ].join('\n');

// First: whoever is at 127.0.0.1 here is web1, and fetches the files of others later on.
test('a machine that fetches its answer file moves its run, and one that gets a foreign file is suspicious', async () => {
  const run = async (): Promise<unknown> => (await rpc<unknown[]>('get_runs', { system: 'web1' }, token))[0];
  await get('ks/system/web1');
  expect(await run()).toMatchObject({ status: 'installing', phase: 'bootstrap', integrity: 'intact' });
  await get('ks/profile/deb');
  expect(await run()).toMatchObject({
    integrity: 'suspicious',
    integrity_reasons: ['wrong profile served: it fetched the answer file of profile deb'],
  });
});

test("a Cheetah template of the site's own folder is rendered the same over XML-RPC and HTTP", async () => {
  const web2 = kickstart('web2', '192.0.2.2', 'autopart # only web2');
  expect(await rpc('generate_autoinstall', '', 'web2')).toBe(web2);
  expect(await rpc('generate_kickstart', 'deb', 'web2')).toBe(web2);
  expect(await get('ks/system/web2')).toEqual([200, web2]);
  expect(await get('autoinstall/system/web1')).toEqual([200, kickstart('web1', '127.0.0.1', 'autopart # web')]);
});

test('a Jinja2 template gets the same variables and snippets, those that come with the server too', async () => {
  const [status, text] = await get('autoinstall/system/deb1');
  expect(status).toBe(200);
  expect(text).toContain(
    'd-i netcfg/get_hostname string deb1.example.org\nd-i netcfg/choose_interface select eth0 192.0.2.3\nautopart # everybody',
  );
  expect(text).toContain('kickwatch.server=kick.example.org');
  expect(text).not.toContain('@@');
});

test.each([
  ['loop.ks', 'loop.ks, line 2: rendering took more than 100000 steps'],
  ['cycle.ks', 'line 1: calls, snippets and includes are nested more than 40 deep'],
  ['lacks.ks', "lacks.ks, line 1: cannot find 'nowhere'"],
  ['gone.ks', 'gone.ks: there is no such template'],
])('%s is an error that says where, never half a file', async (template, why) => {
  await saveItem(rpc, token, 'profile', { name: `bad-${template}`, distro: 'el9', autoinstall: template });
  const [status, text] = await get(`ks/profile/bad-${template}`);
  expect(status).toBe(500);
  expect(text).toMatch(/^# \*\*\* ERROR \*\*\*\n(?:# [^\n]*\n)+$/);
  expect(text).toContain(why);
});

test('nothing outside the folders can be had, by whatever name', async () => {
  for (const name of ['out', '../outside', `${base}/outside`, 'per_system/../../outside']) {
    await rpc('write_autoinstall_template', 'peek.ks', `[$SNIPPET('${name}')]\n#include "${name}"\n`, token);
    await saveItem(rpc, token, 'profile', { name: 'peek', distro: 'el9', autoinstall: 'peek.ks' });
    expect((await get('ks/profile/peek'))[1]).not.toContain('secret of the server');
    await expect(rpc('read_autoinstall_snippet', name, token)).rejects.toThrow(
      /Invalid automated installation snippet/,
    );
  }
});

test('scripts, files of template_files and settings are served, secrets are not', async () => {
  expect(await get('script/profile/web/?script=late')).toEqual([200, 'echo web\n']);
  expect(await get('script/profile/web/?script=none')).toEqual([200, '# script template "none" not found']);
  expect(await get('template/system/deb1/path/_etc_motd')).toEqual([200, 'welcome to deb1\n']);
  expect(await get('template/system/web1/path/_etc_motd')).toEqual([
    200,
    '# template path not found for specified system',
  ]);
  const [, settings] = await get('settings');
  expect(JSON.parse(settings)).toMatchObject({ server: 'kick.example.org', ldap_search_passwd: '********' });
});

test("Cobbler 2's calls do what they did", async () => {
  const file = '/var/lib/cobbler/kickstarts/two.ks';
  expect(await rpc('read_or_write_kickstart_template', file, false, 'text\n', token)).toBe(true);
  expect(await rpc('read_or_write_kickstart_template', file, true, '', token)).toBe('text\n');
  expect(await rpc('is_kickstart_in_use', file, token)).toBe(false);
  expect(await rpc('read_or_write_kickstart_template', file, false, -1, token)).toBe(true);
  expect(await rpc('get_kickstart_templates', token)).not.toContain('two.ks');
});
