/**
 * What the syslog listener can take: lines per second through real sockets, from 500 senders with addresses of their own
 * (127.1.x.y), and of the parser alone.
 *
 *     npm run build && npx tsx bench/syslog-listener.ts [--seconds 5] [--senders 500]
 *
 * Measures the compiled listener where there is one. The senders are in a process of their own and share the machine
 * with it, so the figures say what both can do together; the listener's own CPU time per line says more.
 */
import { fork } from 'node:child_process';
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { existsSync } from 'node:fs';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { monitorEventLoopDelay } from 'node:perf_hooks';
import { parseArgs } from 'node:util';
import type * as Frame from '../src/syslog/frame';
import type * as Listener from '../src/syslog/listener';
import { printTable, type Figure } from './table';

const COMPILED = path.join(__dirname, '../dist/src/syslog');
const FOLDER = existsSync(path.join(COMPILED, 'listener.js')) ? COMPILED : path.join(__dirname, '../src/syslog');
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { createSyslogListener } = require(`${FOLDER}/listener`) as typeof Listener;
// eslint-disable-next-line @typescript-eslint/no-require-imports
const { parseFrame } = require(`${FOLDER}/frame`) as typeof Frame;

/** What the whole way of a line, to the database, should be able to take. */
const PIPELINE_PER_SECOND = 20_000;
const PARSE_PER_SECOND = 100_000;
/** More than can be taken, and little enough that what waits in the kernel stays far below a gigabyte. */
const FLOOD_PER_SECOND = 1_000_000;

const LINES = [
  '<142>May 16 20:47:21 localhost.localdomain packaging[1491]: Installing iwl7265-firmware (314/314)',
  '<13>Apr 11 00:57:11 grub-installer: grub-install: warning: Cannot set EFI variable Boot0007.',
  '<30>May 16 20:47:06 localhost systemd[1]: Started Device-Mapper Multipath Device Controller, which takes a while.',
  '<165>1 2003-10-11T22:14:15.003Z web1.example.org evntslog 77 ID47 [a@32473 iut="3" eventSource="App"] An event',
];

interface Order {
  kind: 'udp' | 'tcp';
  port: number;
  senders: number;
  seconds: number;
  /** Lines per second, all senders together. */
  perSecond: number;
}

async function main(): Promise<void> {
  const { values } = parseArgs({
    options: {
      seconds: { type: 'string', default: '5' },
      senders: { type: 'string', default: '500' },
      send: { type: 'string' },
    },
  });
  if (values.send !== undefined) return sendAll(JSON.parse(values.send) as Order);
  const [seconds, senders] = [Number(values.seconds), Number(values.senders)];
  const figures: Figure[] = [measureParse()];
  for (const kind of ['tcp', 'udp'] as const) {
    figures.push(...(await measureSocket({ kind, senders, seconds, perSecond: FLOOD_PER_SECOND })));
    figures.push(...(await measureSocket({ kind, senders, seconds, perSecond: PIPELINE_PER_SECOND })));
  }
  printTable(figures, [
    `${os.cpus().length} × ${os.cpus()[0]?.model ?? 'unknown CPU'}, load ${os.loadavg()[0]!.toFixed(1)}, Node ${process.version}`,
    `the listener of ${FOLDER === COMPILED ? 'dist, compiled' : 'src, by tsx'}`,
  ]);
}

function measureParse(): Figure {
  const frames = LINES.map((line) => Buffer.from(line));
  const times = 200_000;
  const rounds: number[] = [];
  for (let round = 0; round < 5; round++) {
    const began = performance.now();
    for (let n = 0; n < times; n++) parseFrame(frames[n & 3]!);
    rounds.push((times * 1000) / (performance.now() - began));
  }
  const rate = rounds.sort((a, b) => a - b)[2]!;
  return {
    what: 'parse alone',
    figure: `${Math.round(rate)}/s`,
    target: `≥ ${PARSE_PER_SECOND}/s`,
    isMet: rate >= PARSE_PER_SECOND,
    detail: 'bytes to line, median of 5',
  };
}

async function measureSocket(order: Omit<Order, 'port'>): Promise<Figure[]> {
  let lines = 0;
  let [first, last] = [0, 0];
  const listener = createSyslogListener({
    host: '0.0.0.0',
    port: 0,
    tlsPort: null,
    tls: null,
    onLines: (batch) => {
      for (const entry of batch) lines += entry.lines.length;
      last = performance.now();
      first ||= last;
    },
    isTelling: (line) => line.severity !== null && line.severity <= 3,
    warn: () => undefined,
    now: () => Date.now(),
    limits: { linesPerSecond: 1e9, lineBurst: 1e9, dropCheckMs: 200 },
  });
  const { tcpPort } = await listener.start();
  const delay = monitorEventLoopDelay({ resolution: 1 });
  const cpu = process.cpuUsage();
  delay.enable();
  const child = fork(__filename, ['--send', JSON.stringify({ ...order, port: tcpPort })], {
    execArgv: process.execArgv,
  });
  const sent = once(child, 'message') as Promise<[number]>;
  const [count] = await sent;
  // What is still on its way; of UDP some never arrives.
  for (let seen = -1; seen !== lines;) {
    seen = lines;
    await new Promise((resolve) => setTimeout(resolve, 300));
  }
  const spent = (last - first) / 1000;
  const used = process.cpuUsage(cpu);
  delay.disable();
  await listener.stop();
  child.disconnect();
  const { kernelDrops } = listener.stats();
  const rate = lines / spent;
  const isFlood = order.perSecond === FLOOD_PER_SECOND;
  const figure: Figure = {
    what: `${order.kind.toUpperCase()}, ${order.senders} senders, ${order.perSecond}/s sent`,
    figure: `${Math.round(rate)}/s`,
    ...(isFlood && { target: `≥ ${PIPELINE_PER_SECOND}/s`, isMet: rate >= PIPELINE_PER_SECOND }),
    detail: `${lines} of ${count} lines, ${kernelDrops ?? '?'} lost in the kernel; ${((used.user + used.system) / lines).toFixed(1)} µs of CPU each`,
  };
  return [
    figure,
    {
      what: '  delay of the event loop, p99 / longest',
      figure: `${(delay.percentile(99) / 1e6).toFixed(1)} / ${(delay.max / 1e6).toFixed(1)} ms`,
    },
  ];
}

/** The other process: all senders. Tells how many lines it sent. */
async function sendAll(order: Order): Promise<void> {
  const addresses = Array.from({ length: order.senders }, (_, n) => `127.1.${n >> 8}.${n & 255 || 254}`);
  const end = (): boolean => performance.now() >= until;
  const open = order.kind === 'udp' ? openUdp : openTcp;
  const senders = await Promise.all(addresses.map((from) => open(from, order.port)));
  const began = performance.now();
  const until = began + order.seconds * 1000;
  let sent = 0;
  /** Lines that may be sent by now. */
  const allowed = (): number => ((performance.now() - began) / 1000) * order.perSecond;
  while (!end()) {
    for (const send of senders) {
      if (sent < allowed()) sent += await send();
    }
    await new Promise((resolve) => setTimeout(resolve, 5));
  }
  process.send!(sent);
  process.once('disconnect', () => process.exit());
}

type Sender = () => number | Promise<number>;

async function openUdp(from: string, port: number): Promise<Sender> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  const datagrams = LINES.map((line) => Buffer.from(line));
  return () => {
    for (const datagram of datagrams) socket.send(datagram);
    return datagrams.length;
  };
}

async function openTcp(from: string, port: number): Promise<Sender> {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: from });
  await once(socket, 'connect');
  const times = 25;
  const block = Buffer.from(`${LINES.join('\n')}\n`.repeat(times));
  return () => {
    if (socket.writableLength > 64 * 1024) return 0;
    socket.write(block);
    return LINES.length * times;
  };
}

main().catch((error: unknown) => {
  process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
  process.exitCode = 1;
});
