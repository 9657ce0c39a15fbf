import { type ChildProcess, spawn } from 'node:child_process';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import { mkdir, mkdtemp, readdir, readFile, rm, stat, utimes, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { connect } from '../../src/store/connect';
import { lockDataDir } from '../../src/store/data-lock';
import { until } from '../support/until';

let parent: string;
let dataDir: string;
let lockFile: string;
beforeEach(async () => {
  parent = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-test-'));
  dataDir = path.join(parent, 'data');
  lockFile = path.join(dataDir, 'kickwatch.lock');
});
afterEach(() => rm(parent, { recursive: true, force: true }));

/** The lock as the running process `pid` writes it. */
async function lockOf(pid: number): Promise<{ pid: number; started: string; boot: string }> {
  const fields = (await readFile(`/proc/${pid}/stat`, 'utf8')).split(') ').pop()!.split(' ');
  const boot = (await readFile('/proc/sys/kernel/random/boot_id', 'utf8')).trim();
  return { pid, started: fields[19]!, boot };
}

async function leave(content: string): Promise<void> {
  await mkdir(dataDir, { recursive: true });
  await writeFile(lockFile, content);
}

test('the folder is made for its owner alone', async () => {
  const lock = await lockDataDir(dataDir);
  expect((await stat(dataDir)).mode & 0o777).toBe(0o700);
  await lock.release();
});

test('a second server is refused, and told by whom the folder is used', async () => {
  const lock = await lockDataDir(dataDir);
  await expect(lockDataDir(dataDir)).rejects.toThrow(
    `The data folder ${dataDir} is in use by process ${process.pid}. ` +
      'Stop that server first, or give this one another folder (DATA_DIR).',
  );
  await lock.release();
});

test('a released folder can be taken again, and nothing is left in it', async () => {
  await (await lockDataDir(dataDir)).release();
  await (await lockDataDir(dataDir)).release();
  expect(await readdir(dataDir)).toEqual([]);
});

test('the lock of a process that is gone is replaced', async () => {
  const child = spawn(process.execPath, ['-e', '']);
  await once(child, 'exit');
  await leave(JSON.stringify({ pid: child.pid, started: '1', boot: null }));
  const lock = await lockDataDir(dataDir);
  expect(JSON.parse(await readFile(lockFile, 'utf8'))).toEqual(await lockOf(process.pid));
  await lock.release();
});

test('a killed server that nobody has reaped does not hold the folder', async () => {
  // `sleep` takes the place of the shell and never asks after the child it has inherited.
  const parentOfZombie = spawn('sh', ['-c', 'sleep 0 & echo $!; exec sleep 60'], {
    stdio: ['ignore', 'pipe', 'ignore'],
  });
  try {
    const [line] = (await once(createInterface(parentOfZombie.stdout), 'line')) as [string];
    const pid = Number(line);
    await until('the child is dead', async () => / Z /.test(await readFile(`/proc/${pid}/stat`, 'utf8')));
    await leave(JSON.stringify(await lockOf(pid)));
    await (await lockDataDir(dataDir)).release();
  } finally {
    parentOfZombie.kill('SIGKILL');
  }
});

test('a live process that merely got the number of the former owner does not hold the folder', async () => {
  await leave(JSON.stringify({ ...(await lockOf(process.ppid)), started: '1' }));
  await (await lockDataDir(dataDir)).release();
});

test('the same number and ticks after a restart of the machine do not hold the folder', async () => {
  await leave(JSON.stringify({ ...(await lockOf(process.ppid)), boot: '00000000-0000-0000-0000-000000000000' }));
  await (await lockDataDir(dataDir)).release();
});

test('another live process holds the folder', async () => {
  await leave(JSON.stringify(await lockOf(process.ppid)));
  await expect(lockDataDir(dataDir)).rejects.toThrow(`in use by process ${process.ppid}`);
});

test('a lock damaged by a power failure is replaced', async () => {
  await leave('');
  await (await lockDataDir(dataDir)).release();
});

test('a release leaves the lock of a later owner alone', async () => {
  const lock = await lockDataDir(dataDir);
  const later = JSON.stringify(await lockOf(process.ppid));
  await writeFile(lockFile, later);
  await lock.release();
  expect(await readFile(lockFile, 'utf8')).toBe(later);
});

test('of many that find a stale lock at once, exactly one gets the folder', async () => {
  for (let round = 0; round < 10; round++) {
    await leave(JSON.stringify({ pid: 2 ** 22 + 1, started: '1', boot: null }));
    const results = await Promise.allSettled(Array.from({ length: 12 }, () => lockDataDir(dataDir)));
    const winners = results.flatMap((result) => (result.status === 'fulfilled' ? [result.value] : []));
    expect(winners).toHaveLength(1);
    await winners[0]!.release();
  }
});

test('a takeover that died half-way does not keep the folder locked', async () => {
  await leave(JSON.stringify({ pid: 2 ** 22 + 1, started: '1', boot: null }));
  await writeFile(`${lockFile}.takeover`, '');
  await utimes(`${lockFile}.takeover`, new Date(0), new Date(0));
  await (await lockDataDir(dataDir)).release();
});

describe('a server that is killed', () => {
  const owners: ChildProcess[] = [];
  afterEach(async () => {
    for (const owner of owners.splice(0)) if (owner.kill('SIGKILL')) await once(owner, 'exit');
  });

  async function startOwner(): Promise<{ child: ChildProcess; next(): Promise<string> }> {
    const script = path.resolve(__dirname, '../support/database-owner.ts');
    const child = spawn(process.execPath, ['--import', 'tsx', script, dataDir], { stdio: ['pipe', 'pipe', 'inherit'] });
    owners.push(child);
    const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
    return { child, next: async () => String((await lines.next()).value) };
  }

  test('leaves a folder that opens again with every acknowledged row in it', async () => {
    const owner = await startOwner();
    expect(await owner.next()).toBe('ready');
    for (let n = 1; n <= 50; n++) owner.child.stdin!.write(`${n}\n`);
    let acknowledged = 0;
    while (acknowledged < 30) acknowledged = Number(await owner.next());
    owner.child.kill('SIGKILL');
    await once(owner.child, 'exit');

    const database = await connect({ databaseUrl: null, dataDir });
    const { rows } = await database.knex.raw('select count(*) as n, max(n) as last from kept');
    await database.close();
    expect(rows[0].n).toBe(rows[0].last);
    expect(rows[0].n).toBeGreaterThanOrEqual(acknowledged);
  }, 120_000);

  test('in the middle of its first start does not spoil the folder', async () => {
    const owner = await startOwner();
    const draft = path.join(dataDir, 'database.new');
    const begun = (): boolean => existsSync(path.join(draft, 'global')) || existsSync(path.join(dataDir, 'database'));
    while (!begun()) await new Promise((resolve) => setTimeout(resolve, 5));
    owner.child.kill('SIGKILL');
    await once(owner.child, 'exit');

    const database = await connect({ databaseUrl: null, dataDir });
    expect((await database.knex.raw('select 1 as one')).rows).toEqual([{ one: 1 }]);
    await database.close();
    expect(await readdir(dataDir)).toEqual(['database']);
  }, 120_000);

  test('keeps the folder while it lives: another process is refused', async () => {
    const owner = await startOwner();
    expect(await owner.next()).toBe('ready');
    await expect(connect({ databaseUrl: null, dataDir })).rejects.toThrow(`in use by process ${owner.child.pid}.`);
    const second = await startOwner();
    expect(await second.next()).toContain(`error: The data folder ${dataDir} is in use by process ${owner.child.pid}`);
  }, 120_000);
});
