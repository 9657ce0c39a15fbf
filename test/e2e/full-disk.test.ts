import { spawnSync } from 'node:child_process';
import { mkdirSync, rmSync } from 'node:fs';
import { mkdtemp, readFile, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { makeTestDatabase } from '../support/database';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';
import { until } from '../support/until';

const KIB = 1024;

/** A small disk of its own at `folder`; false where this user may not make one. */
function mountSmallDisk(folder: string, kib: number): boolean {
  mkdirSync(folder, { recursive: true });
  return spawnSync('mount', ['-t', 'tmpfs', '-o', `size=${kib}k`, 'tmpfs', folder]).status === 0;
}

/** A smaller disk must still hold what is on it. Memory is taken as it is written, not for the size. */
function resize(folder: string, size: string): void {
  if (spawnSync('mount', ['-o', `remount,size=${size}`, folder]).status !== 0) throw new Error(`${folder} stays.`);
}

function unmount(folder: string): void {
  spawnSync('umount', ['--lazy', folder]);
}

const trial = path.join(os.tmpdir(), `kickwatch-mount-${process.pid}`);
const canMount = mountSmallDisk(trial, 64);
unmount(trial);
rmSync(trial, { recursive: true, force: true });
if (!canMount) process.stdout.write('skipped: a full disk wants the right to mount one\n');

(canMount ? describe : describe.skip)('a full disk', () => {
  let folder: string;
  let logs: string;
  let uploads: string;
  let server: TestServer;
  let rpc: Rpc;
  let token: string;
  let removeDatabase: () => Promise<void>;

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-disk-'));
    const database = await makeTestDatabase();
    removeDatabase = () => database.remove();
    [logs, uploads] = [path.join(folder, 'log'), path.join(database.dataDir, 'anamon')];
    mountSmallDisk(logs, 128);
    mountSmallDisk(uploads, 128);
    server = await startServer({
      dataDir: database.dataDir,
      databaseUrl: database.databaseUrl,
      env: { LOG_DIR: logs },
    });
    rpc = createRpc(server.url);
    token = await login(rpc, server);
    await saveDistro(rpc, token, folder);
    await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
    await saveItem(rpc, token, 'system', { name: 'web1', profile: 'web' });
    await rpc('update_status', 'web1', { state: 'started' }, token);
  }, 120_000);

  afterAll(async () => {
    await server?.stop();
    for (const disk of [logs, uploads]) unmount(disk);
    await removeDatabase?.();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  test('logs are refused while the disk is full, what was there stays, and they are taken once there is room', async () => {
    const small = Buffer.alloc(20 * KIB, 'a');
    const large = Buffer.alloc(200 * KIB, 'b');
    const upload = (file: string, data: Buffer): Promise<unknown> =>
      rpc('upload_log_data', 'web1', file, data.length, 0, data);
    resize(uploads, '1g');
    await until('an upload is taken', () => upload('small.log', small));
    expect(await rpc('upload_log_data', 'web1', 'small.log', small.length, -1, Buffer.alloc(0))).toBe(true);

    resize(uploads, '100k');
    await until('an upload is refused', async () => (await upload('large.log', large)) === false);
    expect(await readFile(path.join(uploads, 'web1', 'small.log'))).toEqual(small);
    expect(await rpc('update_status', 'web1', { phase: 'storage' }, token)).toMatchObject({ phase: 'storage' });

    resize(uploads, '1g');
    await until('an upload is taken again', () => upload('large.log', large));
    expect(await rpc('upload_log_data', 'web1', 'large.log', large.length, -1, Buffer.alloc(0))).toBe(true);
    expect(await readFile(path.join(uploads, 'web1', 'large.log'))).toEqual(large);
  }, 120_000);

  test('reports are taken while the log cannot be written, and no line of it is missing afterwards', async () => {
    const filler = path.join(logs, 'filler');
    await expect(writeFile(filler, Buffer.alloc(256 * KIB))).rejects.toThrow('ENOSPC');
    const said: string[] = [];
    for (let index = 0; index < 40; index++) {
      const message = `said while the disk was full ${index}`;
      await rpc('update_status', 'web1', { state: 'heartbeat', message, event_id: message }, token);
      said.push(message);
    }
    const { run_id: run } = await rpc<{ run_id: string }>('get_status', 'web1', token);
    const stored = await rpc<{ detail: { message?: string } }[]>('get_run_log', run, 0, token);
    expect(stored.map(({ detail }) => detail.message)).toEqual(expect.arrayContaining(said));

    await rm(filler);
    resize(logs, '4m');
    await rpc('update_status', 'web1', { phase: 'packages' }, token);
    const written = path.join(logs, 'provisioning.log');
    await until(
      'every line is in the log',
      async () => {
        const text = await readFile(written, 'utf8');
        return said.every((message) => text.split(JSON.stringify(message)).length === 2);
      },
      60_000,
    );
    for (const line of (await readFile(written, 'utf8')).trim().split('\n'))
      expect(() => JSON.parse(line)).not.toThrow();
  }, 120_000);
});
