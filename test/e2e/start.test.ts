import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { createRpc } from '../support/rpc';
import { startServer } from '../support/server';

const MAIN = path.resolve(__dirname, '../../src/main.ts');

let dataDir: string;
beforeEach(async () => {
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

/** Runs the server until it ends by itself. */
async function runToEnd(env: Record<string, string>): Promise<{ code: number | null; stdout: string; stderr: string }> {
  const child = spawn(process.execPath, ['--import', require.resolve('tsx'), MAIN], {
    env: { PATH: process.env.PATH, DATA_DIR: dataDir, SYSLOG_PORT: '0', ...env },
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  const output = { stdout: '', stderr: '' };
  child.stdout.on('data', (chunk: Buffer) => (output.stdout += chunk.toString()));
  child.stderr.on('data', (chunk: Buffer) => (output.stderr += chunk.toString()));
  const [code] = (await once(child, 'close')) as [number | null];
  return { code, ...output };
}

test('the first start shows the password once; it logs in, after a restart too', async () => {
  const first = await startServer({ dataDir });
  const kept = (await readFile(path.join(dataDir, 'admin-password'), 'utf8')).trim();
  expect(first.logs()).toContain(`Kickwatch listens on ${first.url}`);
  expect(first.logs()).toMatch(/administrator +cobbler/);
  expect(first.logs().split(kept)).toHaveLength(2);
  expect(first.logs()).toContain('npx kickwatch simulate');
  const token = await createRpc(first.url)<string>('login', 'cobbler', kept);
  expect(await first.stop()).toBe(0);

  const second = await startServer({ dataDir });
  expect(second.logs()).not.toContain(kept);
  const rpc = createRpc(second.url);
  expect(await rpc('get_user_from_token', token)).toBe('cobbler');
  expect(await rpc('login', 'cobbler', kept)).toHaveLength(36);
  const secret = await readFile(path.join(dataDir, 'web.ss'), 'utf8');
  expect(await rpc('get_user_from_token', await rpc('login', '', secret))).toBe('<DIRECT>');
  expect(await second.stop()).toBe(0);
}, 120_000);

test('settings that cannot be used are all named, and nothing starts', async () => {
  const { code, stdout, stderr } = await runToEnd({ PORT: 'x', LOG_LEVEL: 'loud', ADMIN_PASSWORD_FILE: '/nowhere' });
  expect(code).toBe(1);
  expect(stdout).toBe('');
  expect(stderr.trim().split('\n')).toEqual([
    'The settings cannot be used:',
    '  PORT must be a whole number from 0 to 65535, not "x"',
    '  LOG_LEVEL must be one of error, warn, info, debug, not "loud"',
    '  ADMIN_PASSWORD_FILE names a file that cannot be read: /nowhere (ENOENT)',
  ]);
}, 120_000);

test('a port that is taken is one sentence, not a stack', async () => {
  const squatter = net.createServer().listen(0, '127.0.0.1');
  await once(squatter, 'listening');
  const { port } = squatter.address() as net.AddressInfo;
  const { code, stderr } = await runToEnd({ PORT: String(port) });
  squatter.close();
  expect(code).toBe(1);
  expect(stderr).toMatch(new RegExp(`Kickwatch cannot start: .*EADDRINUSE.*${port}`));
  expect(stderr).not.toMatch(/^ +at /m);
}, 120_000);

test('a data folder that another server uses is one sentence that names it', async () => {
  const server = await startServer({ dataDir });
  const { code, stderr } = await runToEnd({ PORT: '0' });
  expect(code).toBe(1);
  expect(stderr).toContain(`Kickwatch cannot start: The data folder ${dataDir} is in use by process ${server.pid}.`);
  expect(await server.stop()).toBe(0);
}, 120_000);

test('a database that cannot be reached is one sentence without its password', async () => {
  const { code, stderr } = await runToEnd({ DATABASE_URL: 'postgres://kw:geheim@127.0.0.1:1/kickwatch' });
  expect(code).toBe(1);
  expect(stderr).toMatch(/Kickwatch cannot start: PostgreSQL at 127\.0\.0\.1:1 cannot be used: .*ECONNREFUSED/);
  expect(stderr).not.toContain('geheim');
}, 120_000);
