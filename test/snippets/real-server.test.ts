import { mkdir, mkdtemp, readFile, readdir, rm, stat, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';
import { createPath, runShell, section, SHELLS, TOOLS, type ShellOutcome } from './support/run-shell';

let server: TestServer;
let rpc: Rpc;
let token: string;
let folder: string;

const COMBINATIONS = TOOLS.map((tool, at) => ({
  system: `by-${tool}`,
  tool,
  shell: SHELLS[at % SHELLS.length]!,
}));

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-snippets-'));
  server = await startServer();
  rpc = createRpc(server.url);
  token = await login(rpc, server);
  await saveDistro(rpc, token, folder);
  await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
  for (const name of [...COMBINATIONS.map(({ system }) => system), 'booting', 'cmdline', 'program']) {
    await saveItem(rpc, token, 'system', { name, profile: 'web', netboot_enabled: true });
  }
}, 90_000);

afterAll(async () => {
  await server.stop();
  await rm(folder, { recursive: true, force: true });
}, 30_000);

async function fetchSnippet(name: string, query = ''): Promise<string> {
  const answer = await fetch(`${server.url}/cblr/pub/${name}?${query}`);
  expect(answer.status).toBe(200);
  return answer.text();
}

async function run(
  script: string,
  options: Partial<(typeof COMBINATIONS)[0]> & Parameters<typeof runShell>[2] = {},
): Promise<void> {
  const tools = createPath(options.tool ?? TOOLS[0]!);
  const outcome = await runShell(options.shell ?? SHELLS[0]!, script, { path: tools.folder, ...options });
  tools.remove();
  expect(outcome).toEqual({ code: 0, stdout: '', stderr: '', isCutOff: false } satisfies ShellOutcome);
}

const status = (name: string): Promise<Record<string, unknown>> => rpc('get_status', name, token);

describe.each(COMBINATIONS)('in $shell with $tool', ({ system, tool, shell }) => {
  test('%pre opens a run, progress moves it, %post ends it and switches netboot off', async () => {
    const kickstart = await fetchSnippet('kickstart/kickwatch.ks', `system=${system}`);
    await run(section(kickstart, 'pre'), { shell, tool });
    expect(await status(system)).toMatchObject({ status: 'installing', phase: 'config' });

    const text = 'a=b & 50% <of> "it" + $more; #1';
    const library = await fetchSnippet('kickwatch.sh', `system=${system}`);
    await run(`${library}\nkw_progress packages 42 '${text}'`, { shell, tool });
    expect(await status(system)).toMatchObject({ phase: 'packages', percent: 42, message: text });

    await run(section(await fetchSnippet('kickstart/post.ks', `system=${system}`), 'post'), { shell, tool });
    expect(await status(system)).toMatchObject({ status: 'finished', percent: 100 });
    expect(await rpc('get_system', system, false, false, token)).toMatchObject({ netboot_enabled: false });
  });

  test('%onerror ends the run with the reason the logs hold', async () => {
    const logs = path.join(folder, `logs-${tool}`);
    await mkdir(logs);
    await writeFile(
      path.join(logs, 'packaging.log'),
      '10:01:00,000 INFO packaging: fine\n10:01:01,000 ERR packaging: PayloadError: no <repo> & "no" 100% w\u00f6rking mirror\n',
    );
    const kickstart = await fetchSnippet('kickstart/kickwatch.ks', `system=${system}`);
    await run(section(kickstart, 'pre'), { shell, tool });
    await run(section(kickstart, 'onerror'), { shell, tool, env: { KW_LOGS: logs } });
    const now = await status(system);
    expect(now['status']).toBe('failed');
    expect(await readFile(path.join(server.dataDir, 'anamon', system, 'packaging.log'), 'utf8')).toContain(
      'PayloadError',
    );
    expect(JSON.stringify(now['errors'] ?? now)).toContain(
      JSON.stringify(
        'packaging.log: 10:01:01,000 ERR packaging: PayloadError: no <repo> & "no" 100% w rking mirror',
      ).slice(1, -1),
    );
  });
});

test('what was not filled in is found on the kernel command line', async () => {
  const cmdline = path.join(folder, 'cmdline');
  await writeFile(
    cmdline,
    `BOOT_IMAGE=vmlinuz ip=dhcp inst.ks=${server.url}/cblr/svc/op/autoinstall/system/cmdline quiet`,
  );
  const library = await fetchSnippet('kickwatch.sh');
  await run(`${library}\nkw_start`, { env: { KW_CMDLINE: cmdline } });
  expect(await status('cmdline')).toMatchObject({ status: 'installing' });
});

test('the functions are a program too, for installers whose commands are one line', async () => {
  const library = await fetchSnippet('kickwatch.sh', 'system=program');
  for (const args of [['start'], ['progress', 'storage', '10'], ['nonsense'], []]) {
    await run(library, { name: 'kickwatch.sh', args });
  }
  expect(await status('program')).toMatchObject({ status: 'installing', phase: 'storage', percent: 10 });
  await run(library, { name: 'kickwatch.sh', args: ['error', 'grub-install failed'] });
  expect(await status('program')).toMatchObject({ status: 'failed' });
});

describe.each([
  ['a systemd unit', 'etc/systemd/system', 'etc/systemd/system/multi-user.target.wants/kickwatch-firstboot.service'],
  ['an init script', 'etc/init.d', 'etc/rc3.d/S99kickwatch-firstboot'],
])('the first boot, as %s', (_, init, link) => {
  test('is reported once; afterwards nothing of it is left', async () => {
    const root = await mkdtemp(path.join(folder, 'root-'));
    for (const name of [init, 'etc/rc3.d']) await mkdir(path.join(root, name), { recursive: true });
    const post = section(await fetchSnippet('kickstart/firstboot.ks', 'system=booting'), 'post');
    await run(post, { env: { KW_ROOT: root } });
    const script = path.join(root, 'usr/local/sbin/kickwatch-firstboot');
    expect((await stat(script)).mode & 0o777).toBe(0o700);
    expect(await readdir(path.dirname(path.join(root, link)))).toContain(path.basename(link));

    await run(`KW_SERVER=127.0.0.1:9 ${SHELLS[0]!.join(' ')} "${script}"`, { path: process.env['PATH']! });
    expect(await readdir(path.dirname(script))).toEqual(['kickwatch-firstboot']); // tries again at the next boot

    await run(`${SHELLS[0]!.join(' ')} "${script}"`, { path: process.env['PATH']! });
    const left = (await readdir(root, { recursive: true })).filter((name) => name.includes('kickwatch'));
    expect(left).toEqual([]);
    const log = await rpc<{ kind: string }[]>('get_runs', { system: 'booting' }, token);
    expect(JSON.stringify(log)).toContain('boot');
  });
});
