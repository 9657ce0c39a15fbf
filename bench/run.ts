/**
 * Measures what the server can take, on the compiled server, a real PostgreSQL with fsync on, and the embedded database:
 *
 *     npm run build && npm run bench
 *
 * PostgreSQL is that of DATABASE_URL, in which a database is made and dropped again, or one started for the measurement
 * by test/support/with-postgres.sh. --seconds N per throughput figure (default 10), --messages N for the memory figure
 * (default 100000), --runs N open runs for the cost of the watch (default 10000). docs/bench.md tells the method.
 */
import { spawn } from 'node:child_process';
import { closeSync, fdatasyncSync, openSync, rmSync, writeSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInterface } from 'node:readline';
import { parseArgs } from 'node:util';
import { connect } from '../src/store/connect';
import { migrate } from '../src/store/migrate';
import { startServer, type TestServer } from '../test/support/server';
import { asSuperuser, withDatabase } from '../test/support/template';
import { fillInventory, PREFIX } from './inventory';
import type { Plan, Tally } from './load';
import { cpuTime, residentMiB } from './process-figures';
import { printTable, type Figure } from './table';
import { measureWatch } from './watch';

const CLIENTS = 8;
const MULTICALL = 50;
/** Machines the throughput is spread over. */
const MACHINES = 1_000;
const WARM_UP_SECONDS = 3;

interface Options {
  seconds: number;
  messages: number;
  runs: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '10' },
      messages: { type: 'string', default: '100000' },
      runs: { type: 'string', default: '10000' },
    },
  });
  const options = { seconds: Number(values.seconds), messages: Number(values.messages), runs: Number(values.runs) };
  const serverUrl = process.env['DATABASE_URL'] ?? process.env['TEST_DATABASE_URL'];
  if (serverUrl === undefined) return runWithPostgres();
  const facts = await describeMachine(serverUrl);
  const figures = [...(await measurePostgres(serverUrl, options)), ...(await measureEmbedded(options))];
  printTable(figures, facts);
}

/** Runs this program again, the same way, with a PostgreSQL of its own beside it. */
async function runWithPostgres(): Promise<void> {
  const script = path.resolve(__dirname, '../test/support/with-postgres.sh');
  const again = [process.execPath, ...process.execArgv, ...process.argv.slice(1)];
  const child = spawn('bash', [script, ...again], { stdio: 'inherit' });
  process.exitCode = await new Promise<number>((resolve) => child.once('close', (code) => resolve(code ?? 1)));
}

async function measurePostgres(serverUrl: string, options: Options): Promise<Figure[]> {
  const name = `kickwatch_bench_${process.pid}`;
  await asSuperuser(serverUrl, (admin) => admin.raw('create database ??', [name]));
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-bench-'));
  const databaseUrl = withDatabase(serverUrl, name);
  try {
    await prepare(databaseUrl, dataDir, Math.max(MACHINES, options.runs));
    const server = await start(databaseUrl, dataDir);
    const load = createLoad(server);
    let figures: Figure[];
    try {
      await load({ seconds: WARM_UP_SECONDS });
      const single = await load({ seconds: options.seconds });
      const multicall = await load({ seconds: options.seconds, clients: 1, perRequest: MULTICALL });
      const multicalls = await load({ seconds: options.seconds, perRequest: MULTICALL });
      figures = [
        ...throughput(`PostgreSQL, ${CLIENTS} clients`, single, 2_000, 100),
        ...throughput(`PostgreSQL, one client, multicall of ${MULTICALL}`, multicall, 3 * perSecond(single)),
        { ...ratio('  to the plain calls', multicall, single), target: '≥ 3 ×' },
        ...throughput(`PostgreSQL, ${CLIENTS} clients, multicalls of ${MULTICALL}`, multicalls),
        ratio('  to the plain calls', multicalls, single),
        ...(await measureMemory(server, load, options.messages)),
      ];
      await load({ messages: options.runs, machines: options.runs, perRequest: MULTICALL });
    } finally {
      await server.stop();
    }
    return [...figures, ...(await measureWatch(databaseUrl, dataDir))];
  } finally {
    await rm(dataDir, { recursive: true, force: true });
    await asSuperuser(serverUrl, (admin) => admin.raw('drop database if exists ?? with (force)', [name]));
  }
}

async function measureEmbedded(options: Options): Promise<Figure[]> {
  const dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-bench-'));
  try {
    await prepare(null, dataDir, MACHINES);
    const server = await start(null, dataDir);
    const load = createLoad(server);
    try {
      await load({ seconds: WARM_UP_SECONDS });
      const single = await load({ seconds: options.seconds });
      const multicall = await load({ seconds: options.seconds, clients: 1, perRequest: MULTICALL });
      return [
        ...throughput(`embedded, ${CLIENTS} clients`, single, 500),
        ...throughput(`embedded, one client, multicall of ${MULTICALL}`, multicall),
        ratio('  to the plain calls', multicall, single),
      ];
    } finally {
      await server.stop();
    }
  } finally {
    await rm(dataDir, { recursive: true, force: true });
  }
}

async function prepare(databaseUrl: string | null, dataDir: string, systems: number): Promise<void> {
  const database = await connect({ databaseUrl, dataDir });
  try {
    await migrate(database.knex);
    await fillInventory(database.knex, systems);
  } finally {
    await database.close();
  }
}

function start(databaseUrl: string | null, dataDir: string): Promise<TestServer> {
  return startServer({ built: true, databaseUrl, dataDir });
}

type Load = (
  plan: Partial<Plan>,
  onProgress?: (done: number) => void,
) => Promise<Tally & { cpuMs: number; name: string }>;

/** Sends load from a process of its own; event ids never repeat. */
function createLoad(server: TestServer): Load {
  let nextId = 1;
  return async (given, onProgress) => {
    const plan: Plan = {
      ...{ port: server.port, clients: CLIENTS, perRequest: 1, messages: null, seconds: null },
      ...{ prefix: PREFIX, machines: MACHINES, firstId: nextId, reportEvery: null },
      ...given,
    };
    const name = `${plan.clients} × ${plan.perRequest}`;
    process.stderr.write(
      `  ${name}: ${plan.messages === null ? `${plan.seconds} s` : `${plan.messages} messages`} …\n`,
    );
    const cpuBefore = cpuTime(server.pid);
    const child = spawn(
      process.execPath,
      ['--import', require.resolve('tsx'), path.join(__dirname, 'load.ts'), JSON.stringify(plan)],
      {
        stdio: ['ignore', 'pipe', 'inherit'],
      },
    );
    let tally: Tally | null = null;
    const closed = new Promise((resolve) => child.once('close', resolve));
    for await (const line of createInterface({ input: child.stdout })) {
      const said = JSON.parse(line) as Tally | { done: number };
      if ('done' in said) onProgress?.(said.done);
      else tally = said;
    }
    await closed;
    if (!tally) throw new Error('The load generator gave up.');
    if (tally.faults > 0) throw new Error(`${tally.faults} faults, the first one: ${tally.firstFault}`);
    nextId += tally.messages + 1_000_000; // clients may have been cut short: leave room
    return { ...tally, name, cpuMs: cpuTime(server.pid) - cpuBefore };
  };
}

async function measureMemory(server: TestServer, load: Load, messages: number): Promise<Figure[]> {
  const samples: number[] = [];
  const every = Math.max(1, Math.floor(messages / 20));
  await load({ messages, reportEvery: every }, () => samples.push(residentMiB(server.pid)));
  const half = Math.floor(samples.length / 2);
  const middle = average(samples.slice(half - 3, half + 3));
  const end = average(samples.slice(-6));
  return [
    {
      what: `memory of the server over ${messages} messages`,
      figure: `${Math.min(...samples)} to ${Math.max(...samples)} MiB`,
      target: 'flat',
      detail: `each ${every}: ${samples.join(' ')}`,
    },
    {
      what: '  end to middle',
      figure: `${(end / middle).toFixed(2)} ×`,
      target: '≤ 1.1 ×',
      isMet: end / middle <= 1.1,
    },
  ];
}

function throughput(what: string, tally: Tally & { cpuMs: number }, target?: number, p99Target?: number): Figure[] {
  const rate = perSecond(tally);
  return [
    {
      what,
      figure: `${Math.round(rate)}/s`,
      ...(target !== undefined && { target: `≥ ${Math.round(target)}/s`, isMet: rate >= target }),
      detail: `${tally.messages} messages in ${tally.seconds.toFixed(1)} s, ${Math.round((tally.cpuMs / tally.messages) * 1000)} µs of the server's CPU each`,
    },
    {
      what: '  latency of a request, p50 / p99 / longest',
      figure: `${tally.p50.toFixed(1)} / ${tally.p99.toFixed(1)} / ${tally.max.toFixed(0)} ms`,
      ...(p99Target !== undefined && { target: `p99 < ${p99Target} ms`, isMet: tally.p99 < p99Target }),
    },
  ];
}

function ratio(what: string, tally: Tally, base: Tally): Figure {
  const times = perSecond(tally) / perSecond(base);
  return { what, figure: `${times.toFixed(1)} ×` };
}

const perSecond = (tally: Tally): number => tally.messages / tally.seconds;
const average = (values: number[]): number =>
  values.reduce((sum, value) => sum + value, 0) / Math.max(1, values.length);

async function describeMachine(serverUrl: string): Promise<string[]> {
  const settings = await asSuperuser(serverUrl, async (admin) => {
    const { rows } = await admin.raw<{ rows: { name: string; setting: string }[] }>(
      `select name, setting from pg_settings where name in ('server_version', 'fsync', 'synchronous_commit', 'full_page_writes')`,
    );
    return Object.fromEntries(rows.map((row) => [row.name, row.setting]));
  });
  const [load = 0] = os.loadavg();
  return [
    `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown CPU'}, ${Math.round(os.totalmem() / 2 ** 30)} GiB, load of the machine before: ${load.toFixed(1)}`,
    `Node ${process.version}, PostgreSQL ${settings['server_version']}, fsync ${settings['fsync']}, ` +
      `synchronous_commit ${settings['synchronous_commit']}, full_page_writes ${settings['full_page_writes']}`,
    `fdatasync of 8 KiB: ${syncMs().toFixed(2)} ms (median of 100)`,
  ];
}

function syncMs(): number {
  const file = path.join(os.tmpdir(), `kickwatch-bench-sync-${process.pid}`);
  const handle = openSync(file, 'w');
  const page = Buffer.alloc(8_192, 1);
  const times: number[] = [];
  for (let turn = 0; turn < 100; turn += 1) {
    writeSync(handle, page);
    const began = process.hrtime.bigint();
    fdatasyncSync(handle);
    times.push(Number(process.hrtime.bigint() - began) / 1e6);
  }
  closeSync(handle);
  rmSync(file);
  return times.sort((a, b) => a - b)[50]!;
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
