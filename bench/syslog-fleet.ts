/**
 * The senders of bench/syslog.ts, in a process of their own: machines with addresses of their own in 127.0.0.0/8, each
 * sending a recorded install by TCP or UDP. Takes the path of an Order as its one argument, prints a Sent as one line of JSON.
 */
import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';

/** One machine that sends. */
export interface Sender {
  address: string;
  kind: 'tcp' | 'udp';
  /** File of its frames, one a line; the same for many machines. */
  script: string;
  /** Lines per second; null: as many as are taken. */
  perSecond: number | null;
  /** Sends its script again and again for so long, milliseconds; null: once. */
  forMs: number | null;
}

/** What to send. */
export interface Order {
  port: number;
  senders: Sender[];
}

/** How it went. */
export interface Sent {
  lines: number;
  seconds: number;
}

/** Bytes that may wait in one socket. */
const MAX_WAITING = 64 * 1024;
const TICK_MS = 10;
/** Lines a sender as fast as it can sends at a time. */
const GREEDY_LINES = 100;

type Send = (from: number, to: number) => boolean;

async function main(): Promise<void> {
  const order = JSON.parse(readFileSync(process.argv[2]!, 'utf8')) as Order;
  const scripts = new Map<string, Buffer[]>();
  const readScript = (file: string): Buffer[] =>
    readFileSync(file, 'utf8')
      .split('\n')
      .filter((line) => line !== '')
      .map((line) => Buffer.from(line));
  const senders = await Promise.all(
    order.senders.map(async (sender) => {
      const lines = scripts.get(sender.script) ?? readScript(sender.script);
      scripts.set(sender.script, lines);
      const open = sender.kind === 'udp' ? openUdp : openTcp;
      return { ...sender, lines, next: 0, ...(await open(sender.address, order.port, lines)) };
    }),
  );
  const began = performance.now();
  let sent = 0;
  for (let isDone = false; !isDone;) {
    isDone = true;
    const elapsed = performance.now() - began;
    for (const sender of senders) {
      const end = sender.forMs === null ? sender.lines.length : elapsed < sender.forMs ? Infinity : sender.next;
      if (sender.next >= end) continue;
      isDone = false;
      const due =
        sender.perSecond === null ? sender.next + GREEDY_LINES : Math.floor((elapsed * sender.perSecond) / 1000);
      while (sender.next < Math.min(due, end)) {
        const at = sender.next % sender.lines.length;
        const to = Math.min(at + Math.min(due, end) - sender.next, sender.lines.length);
        if (!sender.send(at, to)) break;
        sender.next += to - at;
        sent += to - at;
      }
    }
    await new Promise((resolve) => setTimeout(resolve, TICK_MS));
  }
  await Promise.all(senders.map(({ close }) => close()));
  const told: Sent = { lines: sent, seconds: (performance.now() - began) / 1000 };
  process.stdout.write(`${JSON.stringify(told)}\n`);
}

interface Opened {
  /** Sends those lines, or answers false when they must wait. */
  send: Send;
  /** Resolves when everything has been handed over. */
  close(): Promise<unknown>;
}

async function openUdp(from: string, port: number, lines: Buffer[]): Promise<Opened> {
  const socket = createSocket('udp4');
  await new Promise<void>((resolve) => socket.bind(0, from, resolve));
  await new Promise<void>((resolve) => socket.connect(port, '127.0.0.1', resolve));
  return {
    send(first, end) {
      for (const line of lines.slice(first, end)) socket.send(line);
      return true;
    },
    close: () => new Promise<void>((resolve) => socket.send('', () => socket.close(resolve))),
  };
}

async function openTcp(from: string, port: number, lines: Buffer[]): Promise<Opened> {
  const socket = net.connect({ host: '127.0.0.1', port, localAddress: from });
  await once(socket, 'connect');
  const starts = [0];
  for (const line of lines) starts.push(starts.at(-1)! + line.length + 1);
  const whole = Buffer.concat(lines.flatMap((line) => [line, Buffer.from('\n')]));
  return {
    send(first, end) {
      if (socket.writableLength > MAX_WAITING) return false;
      socket.write(whole.subarray(starts[first], starts[end]));
      return true;
    },
    close() {
      socket.end();
      socket.resume();
      return once(socket, 'close');
    },
  };
}

if (require.main === module) {
  main().catch((error: unknown) => {
    process.stderr.write(`${String(error)}\n`);
    process.exit(1);
  });
}
