import { existsSync, mkdtempSync, rmSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { createClient } from '../../src/cli/client';
import { readCliEnvironment } from '../../src/cli/environment';
import { connect } from '../../src/store/connect';
import { makeTestDatabase } from '../support/database';
import { startServer, type TestServer } from '../support/server';
import { cli } from './support/run-cli';

// One story told in order, by the commands a person would type: a fleet reports, the server is looked at, stopped, and
// its runs are worked out anew.

let database: Awaited<ReturnType<typeof makeTestDatabase>>;
let server: TestServer;
let cache: string;

/** The environment of a person who sits on the server's machine. */
function env(): Record<string, string> {
  return {
    DATA_DIR: database.dataDir,
    XDG_CACHE_HOME: cache,
    KICKWATCH_URL: server.url,
    ...(database.databaseUrl !== null && { DATABASE_URL: database.databaseUrl }),
  };
}

beforeAll(async () => {
  cache = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-cli-'));
  database = await makeTestDatabase();
  const { databaseUrl, dataDir } = database;
  server = await startServer({ databaseUrl, dataDir, env: { STALL_AFTER_SECONDS: '2' } });
}, 90_000);

afterAll(async () => {
  await server?.stop();
  await database?.remove();
  rmSync(cache, { recursive: true, force: true });
});

test('simulate registers a fleet, plays it, and the server says of every machine what was played', async () => {
  const args = ['simulate', '--register', '--systems', '10', '--speed', '450', '--seed', '4', '--json'];
  const { code, out, err } = await cli(args, env());
  const result = JSON.parse(out) as Record<string, unknown>;
  expect(result).toMatchObject({ machines: 10, compared: 10, matches: 10, refused: 0, mismatches: [] });
  expect(code).toBe(0);
  expect(err).toContain('10 machines (5 good, 1 slow, 1 pausing, 1 silent, 1 failing, 1 looping)');
}, 90_000);

test('status shows the failed machine on top', async () => {
  const { code, out } = await cli(['status'], env());
  expect(code).toBe(0);
  expect(out.split('\n')[3]).toMatch(/^sim-\d{4} +failed /);
});

test('status of the failed machine tells its error and its way there', async () => {
  const board = JSON.parse((await cli(['status', '--json'], env())).out) as { runs: { system: string }[] };
  const { out } = await cli(['status', board.runs[0]!.system], env());
  expect(out).toMatch(/^sim-\d{4} failed: /);
  expect(out).toMatch(/Phases\n[^]*Errors\n/);
});

test('log tells a run from its plan to its end', async () => {
  const runs = JSON.parse((await cli(['runs', '--status', 'finished', '--json'], env())).out) as { system: string }[];
  const { out } = await cli(['log', runs[0]!.system], env());
  expect(out).toMatch(/planned[^]*started[^]*finished/);
});

test('migrate and rebuild-runs keep their hands off the embedded database of a running server', async () => {
  if (database.databaseUrl !== null) return; // on PostgreSQL they may run beside it
  for (const command of ['migrate', 'rebuild-runs']) {
    const { code, err } = await cli([command], env());
    expect(code).toBe(1);
    expect(err).toContain(`held by a running server (process ${server.pid})`);
  }
});

test('simulate --clean leaves nothing behind but the runs', async () => {
  const client = createClient({}, readCliEnvironment(env()), () => Date.now());
  const { kernel } = (await client.call('get_distro', ['sim-distro'])) as { kernel: string };
  client.close();
  expect(existsSync(kernel)).toBe(true);
  expect((await cli(['simulate', '--clean'], env())).out).toBe('Removed 10 systems, their profile and distro.\n');
  expect(existsSync(path.dirname(kernel))).toBe(false);
  expect((await cli(['simulate', '--clean'], env())).out).toBe('Nothing was left.\n');
  expect((await cli(['runs'], env())).out).toContain('sim-0001');
}, 30_000);

test('without systems of its own simulate says how to get them', async () => {
  const { code, err } = await cli(['simulate'], env());
  expect(code).toBe(1);
  expect(err).toContain('kickwatch simulate --register');
});

test('once the server is stopped, every command says how to start it', async () => {
  await server.stop();
  for (const args of [['status'], ['runs'], ['log', 'sim-0001'], ['notify', 'test'], ['simulate']]) {
    const { code, err } = await cli(args, env());
    expect(code).toBe(1);
    expect(err).toContain('npm start');
  }
}, 30_000);

test('migrate finds the schema up to date', async () => {
  expect(await cli(['migrate'], env())).toMatchObject({ code: 0, out: 'The schema is up to date.\n' });
}, 30_000);

test('rebuild-runs finds every run as the log says', async () => {
  const { code, out } = await cli(['rebuild-runs', '--dry-run', '--json'], env());
  expect(JSON.parse(out)).toMatchObject({ different: [], written: false });
  expect(code).toBe(0);
}, 30_000);

test('a run that is not what its log says is found by a dry run and put right by a real one', async () => {
  const { knex, close } = await connect(database);
  const finished: { id: number }[] = await knex('runs').where('status', 'finished').orderBy('id').select('id');
  const { id } = finished[0]!;
  await knex('runs').where({ id }).update({ status: 'failed' });
  await close();

  const dry = await cli(['rebuild-runs', '--dry-run'], env());
  expect(dry.code).toBe(1);
  expect(dry.out).toContain(`1 differ from what is stored.\nRuns ${id}`);
  expect(await cli(['rebuild-runs'], env())).toMatchObject({ code: 0 });
  expect((await cli(['rebuild-runs', '--dry-run'], env())).code).toBe(0);
}, 60_000);
