import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { SyslogBatch } from '../../src/syslog/batches';
import { createSyslogListener, type SyslogListener, type SyslogListenerOptions } from '../../src/syslog/listener';

/** A listener on 127.0.0.1, any port, and what came of it. */
export interface TestListener {
  listener: SyslogListener;
  port: number;
  tlsPort: number;
  batches: SyslogBatch[][];
  warned: [string, Record<string, unknown> | undefined][];
  /** Raw lines so far, of one peer or of all. */
  raws(peer?: string): string[];
  lost(): number;
}

/** A line is telling when it is an error or worse. The clock stands still unless one is given. */
export async function startListener(options: Partial<SyslogListenerOptions> = {}): Promise<TestListener> {
  const batches: SyslogBatch[][] = [];
  const warned: TestListener['warned'] = [];
  const listener = createSyslogListener({
    host: '127.0.0.1',
    port: 0,
    tlsPort: null,
    tls: null,
    onLines: (batch) => void batches.push(batch),
    isTelling: (line) => line.severity !== null && line.severity <= 3,
    warn: (key, _sentence, fields) => void warned.push([key, fields]),
    now: () => 1_000_000,
    ...options,
  });
  const { udpPort, tlsPort } = await listener.start();
  const entries = (): SyslogBatch[] => batches.flat();
  return {
    listener,
    port: udpPort ?? 0,
    tlsPort: tlsPort ?? 0,
    batches,
    warned,
    raws: (peer) =>
      entries()
        .filter((entry) => peer === undefined || entry.peer === peer)
        .flatMap(({ lines }) => lines.map(({ raw }) => raw)),
    lost: () => entries().reduce((sum, entry) => sum + entry.lost, 0),
  };
}

/** Sends datagrams from one address; resolves when the kernel has them all. */
export async function sendDatagrams(to: { host: string; port: number; from?: string }, lines: string[]): Promise<void> {
  const socket = createSocket(to.host.includes(':') ? 'udp6' : 'udp4');
  if (to.from !== undefined) await new Promise<void>((resolve) => socket.bind(0, to.from, resolve));
  await new Promise<void>((resolve) => socket.connect(to.port, to.host, resolve));
  const sent = lines.map(
    (line) => new Promise<void>((resolve, reject) => socket.send(line, (error) => (error ? reject(error) : resolve()))),
  );
  await Promise.all(sent);
  socket.close();
}

/** Sends bytes over one connection and closes it; resolves when the other side has closed it too. */
export async function sendStream(to: { host: string; port: number; from?: string }, bytes: string): Promise<void> {
  const socket = net.connect({ host: to.host, port: to.port, ...(to.from !== undefined && { localAddress: to.from }) });
  socket.resume().end(bytes);
  await once(socket, 'close');
}
