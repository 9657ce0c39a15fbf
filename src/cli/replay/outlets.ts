import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import net from 'node:net';
import type { Client } from '../client';
import { CliError } from '../cli-error';
import type { Parcel, RecordedFile } from './recording';

/** Where parcels go. */
export interface Outlet {
  /** Sends parcels of one route, in order; resolves when they are on their way, or answered. @throws CliError. */
  send(parcels: readonly Parcel[]): Promise<void>;
  close(): Promise<void>;
}

/** The syslog port of a server. */
export interface SyslogPlace {
  host: string;
  port: number;
  udp: boolean;
  /** Address of this machine to send from; null: the system chooses. */
  from: string | null;
}

/** Datagrams sent before the event loop has its turn: a receive buffer of 208 KiB holds some 300. */
const DATAGRAMS = 50;

/** @throws CliError when nobody listens there by TCP. */
export async function openSyslog({ host, port, udp, from }: SyslogPlace): Promise<Outlet> {
  if (udp) return openUdp(host, port, from);
  const socket = net.connect({ host, port, ...(from !== null && { localAddress: from }) });
  await once(socket, 'connect').catch((error: unknown) => {
    throw new CliError(`Nobody takes syslog at ${host}:${port} by TCP: ${(error as Error).message}`, {
      hints: ['Say where with --host and --port; the server listens where SYSLOG_PORT says.'],
      cause: error,
    });
  });
  let failure: Error | null = null;
  socket.on('error', (error) => (failure = error));
  socket.resume();
  return {
    async send(parcels) {
      const lines = parcels.map((parcel) => (parcel.route === 'syslog' ? `${parcel.frame}\n` : '')).join('');
      if (!socket.write(lines))
        await Promise.race([once(socket, 'drain'), once(socket, 'close')]).catch(() => undefined);
      if (failure !== null || socket.destroyed) {
        const reason = failure === null ? 'the server closed it' : failure.message;
        throw new CliError(`The connection to ${host}:${port} is gone: ${reason}`);
      }
    },
    async close() {
      if (socket.destroyed) return;
      socket.end();
      await once(socket, 'close').catch(() => undefined);
    },
  };
}

async function openUdp(host: string, port: number, from: string | null): Promise<Outlet> {
  const socket = createSocket(net.isIPv6(host) ? 'udp6' : 'udp4');
  await new Promise<void>((resolve, reject) => {
    socket.once('error', reject);
    socket.bind(0, from ?? undefined, resolve);
  });
  const post = (frame: string): Promise<void> =>
    new Promise((resolve, reject) => {
      socket.send(frame, port, host, (error) => (error ? reject(error) : resolve()));
    });
  return {
    async send(parcels) {
      for (const [n, parcel] of parcels.entries()) {
        if (parcel.route === 'syslog') await post(parcel.frame);
        if (n % DATAGRAMS === DATAGRAMS - 1) await new Promise((resolve) => setTimeout(resolve, 5));
      }
    },
    close: () => new Promise((resolve) => socket.close(() => resolve())),
  };
}

/** Bytes of one piece, as anamon sends them. */
const PIECE_BYTES = 1024 * 1024;

/** Uploads files as anamon does: at every growth all of it, from the beginning, and a closing call. */
export function openUpload(client: Client, system: string, files: readonly RecordedFile[]): Outlet {
  async function call(file: string, size: number, offset: number, data: Buffer): Promise<void> {
    const taken = await client.call('upload_log_data', [system, file, size, offset, data, '']);
    if (taken === true) return;
    throw new CliError(`The server does not take the file "${file}" of system "${system}".`, {
      hints: ['It must know the system (--register), and its setting anamon_enabled must be on.'],
    });
  }
  return {
    async send(parcels) {
      const grown = new Map<number, number>();
      for (const parcel of parcels) if (parcel.route === 'upload') grown.set(parcel.file, parcel.lines);
      for (const [number, lines] of grown) {
        const { name, lines: all } = files[number]!;
        const bytes = Buffer.from(`${all.slice(0, lines).join('\n')}\n`);
        for (let at = 0; at < bytes.length; at += PIECE_BYTES) {
          const piece = bytes.subarray(at, at + PIECE_BYTES);
          await call(name, piece.length, at, piece);
        }
        await call(name, bytes.length, -1, Buffer.alloc(0));
      }
    },
    close: () => Promise.resolve(),
  };
}

/** Events in one request. */
const EVENTS = 200;

/** Reports events as curtin does, several at a time where they come that fast. */
export function openWebhook(url: string, system: string): Outlet {
  const endpoint = `${url}/v1/webhook/subiquity/${encodeURIComponent(system)}`;
  return {
    async send(parcels) {
      const events = parcels.flatMap((parcel) => (parcel.route === 'webhook' ? [parcel.event] : []));
      for (let at = 0; at < events.length; at += EVENTS) {
        const body = `[${events.slice(at, at + EVENTS).join(',')}]`;
        const answer = await fetch(endpoint, { method: 'POST', body, signal: AbortSignal.timeout(30_000) }).catch(
          (error: unknown) => {
            throw new CliError(`The webhook cannot be reached: ${(error as Error).message}`, { cause: error });
          },
        );
        if (answer.status === 200) continue;
        throw new CliError(`The webhook answered ${answer.status}: ${(await answer.text()).trim().slice(0, 300)}`);
      }
    },
    close: () => Promise.resolve(),
  };
}
