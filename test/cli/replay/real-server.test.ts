import { mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { makeTestDatabase } from '../../support/database';
import { startServer, type TestServer } from '../../support/server';
import { cli } from '../support/run-cli';

const INTAKE = path.join(__dirname, '../../../fixtures/intake');

let database: Awaited<ReturnType<typeof makeTestDatabase>>;
let server: TestServer;
let cache: string;

/** The environment of a person who sits on the server's machine. */
const env = (): Record<string, string> => ({
  DATA_DIR: database.dataDir,
  XDG_CACHE_HOME: cache,
  KICKWATCH_URL: server.url,
});

beforeAll(async () => {
  cache = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-cli-'));
  database = await makeTestDatabase();
  const { databaseUrl, dataDir } = database;
  server = await startServer({ databaseUrl, dataDir });
}, 90_000);

afterAll(async () => {
  await server?.stop();
  await database?.remove();
  rmSync(cache, { recursive: true, force: true });
});

test('replay sends a recorded install through the server, which comes to what the files say', async () => {
  const folder = path.join(INTAKE, 'anaconda/f44-ostree-grub-failure');
  const args = ['replay', folder, '--system', 'replayed', '--register', '--via', 'upload', '--speed', 'max', '--json'];
  const { code, out } = await cli(args, env());
  expect(JSON.parse(out)).toMatchObject({
    outcome: 'failed',
    same: true,
    run: { system: 'replayed', phase: 'packages' },
    explain: { outcome: 'failed', phase: 'packages' },
  });
  expect(code).toBe(0);
}, 60_000);

test('replay says which option is missing, and that nobody listens where syslog should go', async () => {
  const log = path.join(INTAKE, 'debian-installer/debian10-netinst-success/syslog');
  const nobody = await cli(['replay', log, '--system', 'replayed', '--port', '9'], env());
  expect(nobody.err).toContain('Nobody takes syslog at 127.0.0.1:9');
  const nameless = await cli(['replay', log, '--via', 'upload'], env());
  expect([nameless.code, nameless.err]).toEqual([2, expect.stringContaining('--system NAME')]);
  const unknown = await cli(['replay', log, '--system', 'nobody'], env());
  expect(unknown.err).toContain('--register');
});
