import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { hasPostgres, startPostgres, type OwnPostgres } from '../support/postgres';
import { sendRaw } from '../support/raw-http';
import { createRpc, login, RpcFault, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';
import { until } from '../support/until';

if (!hasPostgres())
  process.stdout.write('skipped: a database that goes away wants PostgreSQL, which is not installed\n');

/** How long the database is away at least, milliseconds. */
const AWAY_MS = 5_000;

interface LogEvent {
  seq: number;
  kind: string;
  detail: { message?: string };
}

(hasPostgres() ? describe : describe.skip)('a database that goes away', () => {
  let postgres: OwnPostgres;
  let server: TestServer;
  let rpc: Rpc;
  let token: string;
  let folder: string;
  const accepted: string[] = [];

  const readiness = async (): Promise<number> =>
    (await sendRaw(server.url, { method: 'GET', path: '/readyz', timeoutMs: 30_000 })).status;

  /** Reports with an event id of its own; answers `taken` or the fault. */
  async function report(message: string): Promise<string> {
    try {
      await rpc('update_status', 'web1', { state: 'heartbeat', event_id: message, message }, token);
      accepted.push(message);
      return 'taken';
    } catch (error) {
      if (error instanceof RpcFault) return error.message;
      throw error;
    }
  }

  async function readMessages(): Promise<string[]> {
    const { run_id: run } = await rpc<{ run_id: string }>('get_status', 'web1', token);
    const log = await rpc<LogEvent[]>('get_run_log', run, 0, token);
    return log.flatMap(({ detail }) => (detail.message === undefined ? [] : [detail.message]));
  }

  beforeAll(async () => {
    folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-away-'));
    postgres = await startPostgres();
    server = await startServer({ databaseUrl: postgres.url });
    rpc = createRpc(server.url);
    token = await login(rpc, server);
    await saveDistro(rpc, token, folder);
    await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
    await saveItem(rpc, token, 'system', { name: 'web1', profile: 'web' });
    await rpc('update_status', 'web1', { state: 'started' }, token);
  }, 120_000);

  afterAll(async () => {
    await server?.stop();
    await postgres?.close();
    await rm(folder, { recursive: true, force: true });
  }, 60_000);

  afterEach(() => {
    if (!server.isRunning()) throw new Error(`The server ended:\n${server.logs().slice(-5000)}`);
  });

  test('callers are told to try again, readiness says no, and all is well when it is back', async () => {
    for (let index = 0; index < 5; index++) expect(await report(`before ${index}`)).toBe('taken');
    postgres.stop();
    const gone = Date.now();
    try {
      await until('readiness says no', async () => (await readiness()) === 503);
      while (Date.now() - gone < AWAY_MS) {
        expect(await report('while it is away')).toMatch(/try again/);
        await expect(rpc('get_status', 'web1', token)).rejects.toThrow(/try again/);
        await new Promise((resolve) => setTimeout(resolve, 200));
      }
      // As Cobbler answers when its daemon is away: a body that says why, which stock snippets throw away.
      const trigger = await sendRaw(server.url, { method: 'GET', path: '/cblr/svc/op/trig/mode/pre/system/web1' });
      expect([500, 503]).toContain(trigger.status);
      expect(trigger.body).toMatch(/try again/);
      expect(await rpc('ping')).toBe(true);
      expect((await sendRaw(server.url, { method: 'GET', path: '/healthz' })).status).toBe(200);
    } finally {
      postgres.start();
    }
    await until('readiness says yes', async () => (await readiness()) === 200, 60_000);
    await until('a report is taken', async () => (await report('back again')) === 'taken', 60_000);
    const messages = await readMessages();
    expect(messages).toEqual(expect.arrayContaining(accepted));
    expect(messages).not.toContain('while it is away');
  }, 180_000);

  test('logs sent meanwhile are neither refused nor lost', async () => {
    const text = Buffer.from('INFO anaconda: a line\n');
    expect(await rpc('upload_log_data', 'web1', 'anaconda.log', text.length, 0, text)).toBe(true);
    postgres.stop();
    try {
      await until('readiness says no', async () => (await readiness()) === 503);
      expect(await rpc('upload_log_data', 'web1', 'anaconda.log', text.length, text.length, text)).toBe(true);
      expect(await rpc('upload_log_data', 'web1', 'anaconda.log', 2 * text.length, -1, Buffer.alloc(0))).toBe(true);
    } finally {
      postgres.start();
    }
    await until('readiness says yes', async () => (await readiness()) === 200, 60_000);
  }, 180_000);

  test('a database that hangs is as good as away, and what was accepted stays', async () => {
    await until('a report is taken', async () => (await report('before it hangs')) === 'taken', 60_000);
    postgres.freeze();
    let reports: Promise<string>[];
    try {
      reports = [0, 1, 2].map((index) => report(`while it hangs ${index}`));
      await until('readiness says no', async () => (await readiness()) === 503, 60_000);
      await new Promise((resolve) => setTimeout(resolve, AWAY_MS));
      expect(await rpc('ping')).toBe(true);
    } finally {
      postgres.thaw();
    }
    // Each of them is either taken or told to try again; which one depends on how long it had to wait.
    for (const outcome of await Promise.all(reports)) if (outcome !== 'taken') expect(outcome).toMatch(/try again/);
    await until('readiness says yes', async () => (await readiness()) === 200, 60_000);
    await until('a report is taken', async () => (await report('after it hung')) === 'taken', 60_000);
    expect(await readMessages()).toEqual(expect.arrayContaining(accepted));
  }, 180_000);

  test('the log names the trouble without repeating it at every call', () => {
    const about = server
      .logs()
      .split('\n')
      .filter((line) => /database/i.test(line) && /away|reach|refused|ECONN/i.test(line));
    expect(about.length).toBeGreaterThan(0);
    expect(about.length).toBeLessThan(40);
  });
});
