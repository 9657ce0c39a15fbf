/**
 * Kills a server under load with SIGKILL at random instants, again and again, and checks what it promised: nothing that
 * was acknowledged is lost, the log folds to the same runs, everybody who had to be told was told.
 *
 *     npm run build && npm run crash-test -- --rounds 25 --database both
 *
 * --database embedded, postgres or both (default). PostgreSQL is that of DATABASE_URL, in which a database is made and
 * dropped again, or one started for the test by test/support/with-postgres.sh. --seed repeats the choices of a run.
 */
import { spawn } from 'node:child_process';
import { randomInt } from 'node:crypto';
import { mkdtemp, readdir, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { identifyLine } from '../../src/actions/event-lines';
import { rebuildRuns } from '../../src/actions/rebuild-runs';
import { createStore } from '../../src/store';
import { connect } from '../../src/store/connect';
import { createRpc, login, saveDistro, saveItem } from '../support/rpc';
import { findFreePort, startServer, type TestServer } from '../support/server';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp';
import { asSuperuser, withDatabase } from '../support/template';
import { checkDatabase, type CheckResult } from './checks';
import { startFleet, type Fleet } from './machines';
import { createRandom, type Random } from './random';

const MACHINES = 40;
/** Each watches the machines of one rack, so that a message left behind by a kill holds up few others. */
const CONTACTS = 10;
const STALL_SECONDS = 3;
const GROUP_SECONDS = 1;
/** A message that was being sent at a kill is sent again when its lease has run out. */
const LEASE_WAIT_MS = 100_000;
const QUIET_MS = 4_000;
const PASSWORD = 'crash-test';

type Kind = 'embedded' | 'postgres';

interface Bench {
  kind: Kind;
  dataDir: string;
  databaseUrl: string | null;
  port: number;
  smtp: TestSmtpServer;
  random: Random;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      rounds: { type: 'string', default: '25' },
      database: { type: 'string', default: 'both' },
      seed: { type: 'string', default: String(randomInt(2 ** 31)) },
    },
  });
  const kinds = { both: ['embedded', 'postgres'], embedded: ['embedded'], postgres: ['postgres'] }[values.database];
  const rounds = Number(values.rounds);
  if (!kinds || !(rounds >= 1)) throw new Error('--database is embedded, postgres or both; --rounds a number from 1');

  const serverUrl = process.env['DATABASE_URL'] ?? process.env['TEST_DATABASE_URL'] ?? null;
  if (kinds.includes('postgres') && serverUrl === null) return runWithPostgres();
  let failed = 0;
  let passed = 0;
  for (const kind of kinds as Kind[]) {
    say(`${kind}: ${rounds} rounds, seed ${values.seed}`);
    const results = await runOn(kind, kind === 'postgres' ? serverUrl : null, rounds, Number(values.seed));
    for (const { name, count, wrong } of results) {
      say(`  ${wrong.length === 0 ? 'ok    ' : 'FAILED'} ${name} (${count})`);
      for (const sentence of wrong.slice(0, 5)) say(`           ${sentence}`);
      if (wrong.length > 5) say(`           and ${wrong.length - 5} more`);
    }
    failed += results.filter((result) => result.wrong.length > 0).length;
    passed += results.filter((result) => result.wrong.length === 0).length;
  }
  say(`${passed} passed, ${failed} failed`);
  process.exitCode = failed === 0 ? 0 : 1;
}

/** Runs this program again, the same way, with a PostgreSQL of its own beside it. */
async function runWithPostgres(): Promise<void> {
  const script = path.resolve(__dirname, '../support/with-postgres.sh');
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('bash', [script, ...again], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function runOn(kind: Kind, serverUrl: string | null, rounds: number, seed: number): Promise<CheckResult[]> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-crash-'));
  const name = `kickwatch_crash_${process.pid}`;
  if (serverUrl !== null) await asSuperuser(serverUrl, (admin) => admin.raw('create database ??', [name]));
  const smtp = await startSmtpServer();
  const bench: Bench = {
    ...{ kind, dataDir, smtp, port: await findFreePort(), random: createRandom(seed) },
    databaseUrl: serverUrl === null ? null : withDatabase(serverUrl, name),
  };
  try {
    return await runRounds(bench, rounds);
  } finally {
    await smtp.close();
    await rm(dataDir, { recursive: true, force: true });
    if (serverUrl !== null) {
      await asSuperuser(serverUrl, (admin) => admin.raw('drop database if exists ?? with (force)', [name]));
    }
  }
}

function start(bench: Bench, readyMs?: number): Promise<TestServer> {
  return startServer({
    ...{ built: true, dataDir: bench.dataDir, databaseUrl: bench.databaseUrl, port: bench.port },
    ...(readyMs !== undefined && { readyMs }),
    env: {
      ADMIN_PASSWORD: PASSWORD,
      INTAKE_POLICY: 'open',
      SMTP_URL: bench.smtp.url,
      MAIL_FROM: 'kickwatch@example.org',
      STALL_AFTER_SECONDS: String(STALL_SECONDS),
      GROUP_WAIT_SECONDS: String(GROUP_SECONDS),
    },
  });
}

async function runRounds(bench: Bench, rounds: number): Promise<CheckResult[]> {
  const { random, smtp } = bench;
  const began = Date.now();
  const machines = Array.from({ length: MACHINES }, (_, at) => `m${String(at).padStart(2, '0')}`);
  let server = await start(bench);
  await fillInventory(bench, server, machines);
  const fleet = startFleet({ url: server.url, machines, stallMs: STALL_SECONDS * 1000, random });
  const figures = { kills: 0, whileStarting: 0, inFlight: 0 };
  const lost: CheckResult = {
    name: 'after every kill the acknowledged messages are answered by get_run_log',
    count: 0,
    wrong: [],
  };

  for (let round = 1; round <= rounds; round += 1) {
    fleet.resume();
    const loadMs = random.between(300, 4_000);
    await sleep(loadMs);
    const inFlight = fleet.inFlight();
    const dead = server.kill9();
    fleet.suspend();
    await dead;
    figures.kills += 1;
    figures.inFlight += inFlight;
    let starts = '';
    while (random.chance(0.25)) {
      const afterMs = random.between(100, 1_500);
      if (await killWhileStarting(bench, afterMs)) {
        figures.kills += 1;
        figures.whileStarting += 1;
        starts += `, and ${afterMs} ms into the next start`;
      }
    }
    server = await start(bench);
    await checkLogs(server, fleet, lost);
    say(
      `  round ${round}/${rounds}: killed after ${loadMs} ms with ${inFlight} calls in flight${starts}; ` +
        `${countAcknowledged(fleet)} acknowledged so far, ${smtp.mails.length} mails`,
    );
  }
  fleet.resume();
  await fleet.finish();
  await settle(bench, server);
  const results = await checkStopped(bench, fleet);
  const seconds = Math.round((Date.now() - began) / 1000);
  say(
    `  ${bench.kind}: ${figures.kills} kills (${figures.whileStarting} while starting) in ${seconds} s, ` +
      `${countAcknowledged(fleet)} messages acknowledged, ` +
      `${fleet.ledgers.reduce((sum, ledger) => sum + ledger.repeats, 0)} sent again, ` +
      `${figures.inFlight} calls in flight at the kills, ${smtp.mails.length} mails, ` +
      `${smtp.mails.length - new Set(smtp.mails.map((mail) => mail.headers['message-id'])).size} of them repeats`,
  );
  return [lost, ...results];
}

/** False when the server was ready before it could be killed; it is killed all the same. */
async function killWhileStarting(bench: Bench, afterMs: number): Promise<boolean> {
  const early = await start(bench, afterMs).catch((error: Error) => {
    if (error.message.startsWith('Not within')) return null;
    throw error;
  });
  await early?.kill9();
  return early === null;
}

async function fillInventory(bench: Bench, server: TestServer, machines: string[]): Promise<void> {
  const rpc = createRpc(server.url);
  const token = await login(rpc, server);
  await saveDistro(rpc, token, bench.dataDir);
  await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
  for (const machine of machines) await saveItem(rpc, token, 'system', { name: machine, profile: 'web', owners: [] });
  for (let rack = 0; rack < CONTACTS; rack += 1) {
    await saveItem(rpc, token, 'contact', { name: `rack${rack}`, email: [`rack${rack}@example.org`] });
  }
  for (const [at, machine] of machines.entries()) {
    const scope = { scope_type: 'system', scope: machine };
    await saveItem(rpc, token, 'subscription', { name: machine, contact: `rack${at % CONTACTS}`, ...scope });
  }
}

/** Asks the server, as a user would, for what it has acknowledged since the last time it was asked. */
async function checkLogs(server: TestServer, fleet: Fleet, result: CheckResult): Promise<void> {
  const rpc = createRpc(server.url);
  const token = await login(rpc, server);
  for (const ledger of fleet.ledgers) {
    const missing = new Set(ledger.acknowledged.slice(checked.get(ledger) ?? 0).map((n) => `${ledger.machine}:${n}`));
    checked.set(ledger, ledger.acknowledged.length);
    result.count += missing.size;
    if (missing.size === 0) continue;
    const runs = await rpc<{ run_id: string }[]>('get_runs', { system: ledger.machine, limit: 200 }, token);
    for (const { run_id } of runs) {
      if (missing.size === 0) break;
      const log = await rpc<{ message?: string; detail?: { message?: string } }[]>('get_run_log', run_id, 0, token);
      for (const event of log) missing.delete(event.message ?? event.detail?.message ?? '');
    }
    result.wrong.push(...missing);
  }
}

/** How many acknowledged messages of each machine were looked for already. */
const checked = new WeakMap<object, number>();

/** Stops the server when everything it has to send is sent; starts it again where leases of killed ones must run out. */
async function settle(bench: Bench, running: TestServer): Promise<void> {
  let server = running;
  for (let attempt = 1; ; attempt += 1) {
    await untilQuiet(bench.smtp);
    await server.stop();
    const waiting = await inDatabase(bench, async (knex) => {
      const { rows } = await knex.raw<{ rows: { waiting: number }[] }>(
        `select (select count(*) from notifications where formed_at is null)
           + (select count(*) from deliveries where status in ('pending', 'claimed')) as waiting`,
      );
      return rows[0]!.waiting;
    });
    if (waiting === 0 || attempt === 4) return;
    say(`  ${waiting} messages wait for the leases of killed servers to run out`);
    server = await start(bench);
    const before = bench.smtp.mails.length;
    await bench.smtp.waitFor(before + 1, LEASE_WAIT_MS).catch(() => undefined);
  }
}

async function untilQuiet(smtp: TestSmtpServer): Promise<void> {
  for (let seen = -1; seen !== smtp.mails.length;) {
    seen = smtp.mails.length;
    await sleep(QUIET_MS);
  }
}

async function checkStopped(bench: Bench, fleet: Fleet): Promise<CheckResult[]> {
  return inDatabase(bench, async (knex) => {
    const rebuilt = await rebuildRuns(createStore(knex), { write: false });
    const { rows } = await knex.raw<{ rows: { count: number }[] }>('select count(*) from events');
    const logged = await readEventLog(path.join(bench.dataDir, 'log'));
    return [
      ...(await checkDatabase(knex, fleet.ledgers, bench.smtp.mails)),
      {
        name: 'the log folds again to the same runs',
        count: rebuilt.runs,
        wrong: [...rebuilt.different, ...rebuilt.incomplete],
      },
      {
        name: 'provisioning.log has a line for every event',
        count: rows[0]!.count,
        wrong: logged === rows[0]!.count ? [] : [`${logged} events in the file`],
      },
      { name: 'no call met an error that nobody expects', count: countAcknowledged(fleet), wrong: fleet.surprises },
    ];
  });
}

/** Different events in the files of provisioning.log. */
async function readEventLog(dir: string): Promise<number> {
  const seen = new Set<string>();
  for (const name of (await readdir(dir)).filter((file) => file.startsWith('provisioning.log'))) {
    for (const line of (await readFile(path.join(dir, name), 'utf8')).split('\n')) {
      const event = identifyLine(line); // null for a line that a kill cut short
      if (event) seen.add(`${event.run}.${event.seq}`);
    }
  }
  return seen.size;
}

async function inDatabase<T>(bench: Bench, work: Parameters<typeof asSuperuser<T>>[1]): Promise<T> {
  const database = await connect({ databaseUrl: bench.databaseUrl, dataDir: bench.dataDir });
  try {
    return await work(database.knex);
  } finally {
    await database.close();
  }
}

function countAcknowledged(fleet: Fleet): number {
  return fleet.ledgers.reduce(
    (sum, { acknowledged, triggers }) => sum + acknowledged.length + triggers.pre + triggers.post,
    0,
  );
}

function sleep(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}

function say(line: string): void {
  process.stdout.write(`${line}\n`);
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
