/**
 * Measures the whole way of a live log: from 500 senders' sockets through the compiled server into PostgreSQL.
 *
 *     npm run build && npx tsx bench/syslog.ts [--seconds 30] [--senders 500] [--profile FOLDER]
 *
 * Each sender has an address of its own in 127.0.0.0/8, which is on record for its system, and sends one of the recorded
 * installs of fixtures/intake; every fifth by UDP. PostgreSQL is started for the measurement. --profile writes a CPU profile
 * of the server. docs/bench.md tells the method and figures.
 */
import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { parseArgs } from 'node:util';
import { renderFrame, createFrameReader, routeOf, stampOf } from '../src/cli/replay/line-frames';
import { planSchedule } from '../src/cli/replay/schedule';
import { connect, type Database } from '../src/store/connect';
import { migrate } from '../src/store/migrate';
import { loadSamples, type Sample } from '../test/intake/samples';
import { startPostgres } from '../test/support/postgres';
import { createRpc, login, type Rpc } from '../test/support/rpc';
import { findFreePort, startServer, type TestServer } from '../test/support/server';
import { asSuperuser, withDatabase } from '../test/support/template';
import { fillInventory, nameOf } from './inventory';
import { cpuTime, residentMiB } from './process-figures';
import type { Order, Sender, Sent } from './syslog-fleet';
import { createProbes, type Probes } from './syslog-probes';
import { printTable, type Figure } from './table';

/** Systems whose only business is to be looked at: how long from a line to what one sees of it. */
const PROBES = 40;
/** What one sender may send in one go is 5,000 lines: the recorded installs are shorter. */
const SAMPLES = [
  'el7.5-centos-kickstart-success-clockjump',
  'el8.3-rhel-kickstart-success',
  'el6-centos6.2-dvd-success',
  'f36-kickstart-success',
  'f38-no-usable-disks',
  'f39-transaction-ended-abruptly',
  'debian10-netinst-success',
  'ubuntu12.04-server-preseed-success',
];
const UDP_EVERY = 5;
const FLOOD_PER_SECOND = 50_000;
const LINES_PER_SECOND = 20_000;
/** The longest the server may take to work off what has been sent. */
const SETTLE_MS = 60_000;

interface Script {
  name: string;
  file: string;
  lines: number;
}

export interface Bench {
  server: TestServer;
  rpc: Rpc;
  token: string;
  port: number;
  database: Database;
  scripts: Script[];
  chatter: Script;
}

/** What is to be seen of a machine in the end. */
type Seen = Record<'runs' | 'status' | 'phase' | 'done' | 'total' | 'errors' | 'lost', string | number | null>;

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '30' },
      senders: { type: 'string', default: '500' },
      profile: { type: 'string' },
    },
  });
  const senders = Number(values.senders);
  const postgres = await startPostgres();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-bench-'));
  const load = os.loadavg()[0]!.toFixed(1);
  try {
    const { scripts, chatter } = await writeScripts(folder);
    await asSuperuser(postgres.url, (admin) => admin.raw('create database kickwatch_bench'));
    const databaseUrl = withDatabase(postgres.url, 'kickwatch_bench');
    const database = await connect({ databaseUrl, dataDir: folder });
    await migrate(database.knex);
    // Alone; as fast as they can, steadily, beside a flood: a fleet each.
    await fillInventory(database.knex, scripts.length + 3 * senders + 3 * PROBES, addressOf);
    const port = await findFreePort();
    const server = await startServer({
      built: true,
      databaseUrl,
      dataDir: folder,
      env: {
        SYSLOG_PORT: String(port),
        TRUSTED_NETWORKS: '127.0.0.1/32',
      },
      ...(values.profile !== undefined && {
        nodeOptions: ['--cpu-prof', `--cpu-prof-dir=${path.resolve(values.profile)}`],
      }),
    });
    const rpc = createRpc(server.url);
    const bench: Bench = { server, rpc, token: await login(rpc, server), port, database, scripts, chatter };
    let figures: Figure[];
    try {
      figures = await measure(bench, senders, Number(values.seconds));
    } finally {
      await server.stop();
      await database.close();
    }
    printTable(figures, [
      `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown CPU'}, load of the machine before: ${load}, Node ${process.version}`,
      `scripts: ${scripts.map(({ name, lines }) => `${name} ${lines}`).join(', ')} lines`,
    ]);
  } finally {
    await postgres.close();
    await rm(folder, { recursive: true, force: true });
  }
}

/** First each script alone, to learn what is to be seen; then crowds of them. */
async function measure(bench: Bench, count: number, seconds: number): Promise<Figure[]> {
  const { scripts, chatter } = bench;
  const scriptOf = (number: number): Script => scripts[number % scripts.length]!;
  await play(
    bench,
    scripts.map((script, number) => toSender(script, number, { perSecond: 500 })),
    null,
  );
  await settle(bench, 0, scripts);
  const wanted = await look(bench, 0, scripts.length);
  if (wanted.some(({ runs }) => runs !== 1)) throw new Error('A machine that is alone has no run, or several.');
  scripts.forEach(({ name }, n) => process.stderr.write(`  ${name}: ${describe(wanted[n]!)}\n`));

  const fleet = (from: number, manner: (n: number, script: Script) => Partial<Sender>): Sender[] =>
    Array.from({ length: count }, (_, n) => toSender(scriptOf(n), from + n, manner(n, scriptOf(n))));
  const [greedyFrom, steadyFrom, floodFrom] = [0, 1, 2].map((n) => scripts.length + n * count) as [
    number,
    number,
    number,
  ];
  const probesFrom = floodFrom + count;
  const steady = (n: number, { lines }: Script): Partial<Sender> => ({
    kind: n % UDP_EVERY === UDP_EVERY - 1 ? 'udp' : 'tcp',
    perSecond: lines / seconds,
  });
  const flood = toSender(chatter, floodFrom, { perSecond: FLOOD_PER_SECOND, forMs: seconds * 1000 });
  return [
    ...(await measureCrowd(bench, {
      ...{ what: `${count} senders by TCP, as fast as they can`, isGreedy: true },
      ...{ senders: fleet(greedyFrom, () => ({ perSecond: null })), from: greedyFrom, wanted, probesFrom },
    })),
    ...(await measureCrowd(bench, {
      ...{ what: `${count} senders, every fifth by UDP`, senders: fleet(steadyFrom, steady), from: steadyFrom, wanted },
      probesFrom: probesFrom + PROBES,
    })),
    ...(await measureCrowd(bench, {
      what: `${count - 1} senders beside one of ${FLOOD_PER_SECOND} lines/s`,
      senders: [...fleet(floodFrom, steady).slice(1), flood],
      ...{ from: floodFrom + 1, firstScript: 1, wanted, probesFrom: probesFrom + 2 * PROBES },
    })),
    ...(await measureFlood(bench, floodFrom)),
  ];
}

interface Crowd {
  what: string;
  /** Those of scripts first, in the order of the scripts. */
  senders: Sender[];
  /** Number of the first one's system, and of its script. */
  from: number;
  firstScript?: number;
  /** More is sent than can be worked off: it is the rate that matters. */
  isGreedy?: boolean;
  wanted: Seen[];
  probesFrom: number;
}

async function measureCrowd(bench: Bench, crowd: Crowd): Promise<Figure[]> {
  const { what, senders, from, wanted, probesFrom, firstScript = 0, isGreedy = false } = crowd;
  const { server, scripts } = bench;
  const scriptNumber = (n: number): number => (firstScript + n) % scripts.length;
  const played = senders.filter(({ forMs }) => forMs === null).map((_, n) => scripts[scriptNumber(n)]!);
  const memory: number[] = [];
  const timer = setInterval(() => memory.push(residentMiB(server.pid)), 500);
  const probes = createProbes({ bench, from: probesFrom, count: PROBES, nameOf, addressOf });
  const cpuBefore = cpuTime(server.pid);
  const began = performance.now();
  const sent = await play(bench, senders, probes);
  const lines = await settle(bench, from, played);
  const seconds = (performance.now() - began) / 1000;
  const cpuMs = cpuTime(server.pid) - cpuBefore;
  clearInterval(timer);
  const latencies = await probes.stop();
  const seen = await look(bench, from, played.length);
  const wrong = seen.filter((each, n) => describe(each) !== describe(wanted[scriptNumber(n)]!));
  for (const each of wrong.slice(0, 5)) process.stderr.write(`  not as alone: ${describe(each)}\n`);
  const rate = sent.lines / seconds;
  const p99 = quantile(latencies, 0.99);
  return [
    {
      what: `live logs, ${what}`,
      figure: `${Math.round(rate)}/s`,
      target: `≥ ${LINES_PER_SECOND}/s`,
      isMet: rate >= LINES_PER_SECOND,
      detail: `${sent.lines} lines sent in ${sent.seconds.toFixed(1)} s, all worked off after ${seconds.toFixed(1)} s; ${((cpuMs * 1000) / sent.lines).toFixed(1)} µs of the server's CPU each`,
    },
    {
      what: '  runs that came out as when alone',
      figure: `${seen.length - wrong.length} of ${seen.length}`,
      target: 'all',
      isMet: wrong.length === 0,
      detail: `${lines} of their lines taken`,
    },
    {
      what: '  from a line to what is seen, p50 / p99 / longest',
      figure: `${[0.5, 0.99, 1].map((q) => Math.round(quantile(latencies, q))).join(' / ')} ms`,
      ...(!isGreedy && { target: 'p99 < 1000 ms', isMet: p99 < 1_000 }),
      detail: `${latencies.length} phases of ${PROBES} further machines`,
    },
    { what: '  memory of the server', figure: `${Math.min(...memory)} to ${Math.max(...memory)} MiB` },
  ];
}

async function measureFlood(bench: Bench, number: number): Promise<Figure[]> {
  const flood = (await readSenders(bench)).get(addressOf(number));
  return [
    {
      what: '  lines of the flood left out, and counted',
      figure: String(flood?.lost ?? 0),
      target: '> 0',
      isMet: (flood?.lost ?? 0) > 0,
      detail: `${flood?.lines ?? 0} taken`,
    },
  ];
}

/** Every machine has its own address, and all of them its network. */
function addressOf(number: number): string {
  return `127.${40 + Math.floor(number / 50_000)}.${Math.floor((number % 50_000) / 200)}.${(number % 200) + 10}`;
}

function toSender(script: Script, number: number, manner: Partial<Sender>): Sender {
  return { address: addressOf(number), kind: 'tcp', script: script.file, perSecond: null, forMs: null, ...manner };
}

/** Sends it all from a process beside; the probes speak meanwhile. */
async function play({ port }: Bench, senders: readonly Sender[], probes: Probes | null): Promise<Sent> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-bench-order-'));
  const file = path.join(folder, 'order.json');
  const order: Order = { port, senders: [...senders] };
  await writeFile(file, JSON.stringify(order));
  const child = spawn(
    process.execPath,
    ['--import', require.resolve('tsx'), path.join(__dirname, 'syslog-fleet.ts'), file],
    { stdio: ['ignore', 'pipe', 'inherit'] },
  );
  let said = '';
  child.stdout.on('data', (chunk: Buffer) => (said += chunk.toString()));
  probes?.start();
  await new Promise((resolve) => child.once('close', resolve));
  await rm(folder, { recursive: true, force: true });
  if (said === '') throw new Error('The senders gave up.');
  return JSON.parse(said) as Sent;
}

/** Waits until the server has taken all lines of those machines, or no more come; answers how many it has. */
async function settle(bench: Bench, from: number, scripts: readonly Script[]): Promise<number> {
  const wanted = scripts.reduce((sum, { lines }) => sum + lines, 0);
  const until = performance.now() + SETTLE_MS;
  let before = -1;
  for (;;) {
    const senders = await readSenders(bench);
    const lines = scripts.reduce((sum, _, n) => sum + (senders.get(addressOf(from + n))?.lines ?? 0), 0);
    if (lines >= wanted || performance.now() > until) break;
    if (lines === before) {
      await new Promise((resolve) => setTimeout(resolve, 2_000));
      break;
    }
    before = lines;
    await new Promise((resolve) => setTimeout(resolve, 500));
  }
  // What was taken is written within the next turn of the live logs.
  await new Promise((resolve) => setTimeout(resolve, 700));
  const senders = await readSenders(bench);
  return scripts.reduce((sum, _, n) => sum + (senders.get(addressOf(from + n))?.lines ?? 0), 0);
}

async function readSenders({ rpc, token }: Bench): Promise<Map<string, { lines: number; lost: number }>> {
  const senders = await rpc<{ peer: string; lines: number; lost: number }[]>('get_senders', token);
  return new Map(senders.map(({ peer, ...counts }) => [peer, counts]));
}

/** What the API says of each machine. */
async function look({ rpc, token }: Bench, from: number, count: number): Promise<Seen[]> {
  const seen: Seen[] = [];
  for (let n = 0; n < count; n += 1) {
    const runs = await rpc<Record<string, never>[]>('get_runs', { system: nameOf(from + n), limit: 5 }, token);
    const run: Record<string, unknown> = runs[0] ?? {};
    seen.push({
      ...{ runs: runs.length, status: run['status'], phase: run['phase'], lost: run['lines_lost'] },
      ...{ done: run['packages_done'], total: run['packages_total'] },
      errors: JSON.stringify(((run['errors'] ?? []) as { text: string }[]).map(({ text }) => text)),
    } as Seen);
  }
  return seen;
}

const describe = ({ errors, ...seen }: Seen): string => `${JSON.stringify(seen)} ${String(errors)}`;

function quantile(values: readonly number[], q: number): number {
  const sorted = [...values].sort((a, b) => a - b);
  return sorted[Math.min(sorted.length - 1, Math.floor(q * sorted.length))] ?? NaN;
}

/** The recorded installs as an installer sends them: what goes by syslog of all their files, by time. */
async function writeScripts(folder: string): Promise<{ scripts: Script[]; chatter: Script }> {
  const scripts: Script[] = [];
  for (const sample of loadSamples()) {
    if (SAMPLES.includes(sample.name)) scripts.push(await writeScript(folder, sample.name, framesOf(sample)));
  }
  const chatter = Array.from(
    { length: 1_000 },
    (_, n) => `<30>May 16 20:47:06 localhost systemd[1]: Started Device-Mapper Multipath Device Controller ${n}.`,
  );
  return { scripts, chatter: await writeScript(folder, 'chatter', chatter) };
}

function framesOf({ files }: Sample): string[] {
  const sent = files.filter(({ name, lines }) => routeOf(name, lines) === 'syslog');
  const readers = sent.map(({ name }) => createFrameReader(name));
  const { lines } = planSchedule(
    sent.map((file) => file.lines),
    Infinity,
  );
  return lines.map(({ file, line, time }) =>
    renderFrame(readers[file]!(sent[file]!.lines[line]!), 'localhost', stampOf(time, 0)),
  );
}

async function writeScript(folder: string, name: string, frames: readonly string[]): Promise<Script> {
  const file = path.join(folder, `${name}.frames`);
  await writeFile(file, frames.map((frame) => `${frame}\n`).join(''));
  return { name, file, lines: frames.length };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
