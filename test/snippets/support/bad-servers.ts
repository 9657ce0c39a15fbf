import net from 'node:net';
import { findFreePort } from '../../support/server';

/** A server nobody should have to wait for. */
export interface BadServer {
  /** `127.0.0.1:PORT`. */
  address: string;
  close(): Promise<void>;
}

const answer = (status: string): string => `HTTP/1.1 ${status}\r\nContent-Length: 2\r\nConnection: close\r\n\r\n..`;

/** What each does with a connection; it ends by itself when the other side does. */
const MANNERS: Record<string, (socket: net.Socket) => void> = {
  hangs: () => undefined,
  'hangs up': (socket) => socket.destroy(),
  'answers 500': (socket) => socket.once('data', () => socket.end(answer('500 Internal Server Error'))),
  'answers 404': (socket) => socket.once('data', () => socket.end(answer('404 Not Found'))),
  'answers 302': (socket) =>
    socket.once('data', () => socket.end(answer('302 Found\r\nLocation: http://127.0.0.1:9/elsewhere'))),
  'answers nonsense': (socket) => socket.once('data', () => socket.end('\u0000\u0001 no HTTP at all\n'.repeat(50))),
  'answers slowly': (socket) => {
    socket.write('HTTP/1.1 200 OK\r\nContent-Length: 100000\r\n');
    const timer = setInterval(() => socket.write('X-Slow: a header every 100 ms\r\n'), 100);
    socket.once('close', () => clearInterval(timer));
  },
};

/** All ways to be of no use; the first has no listener at all. */
export const BAD_MANNERS = ['is absent', ...Object.keys(MANNERS)];

/** Opens one on a free port. */
export async function openBadServer(manner: string): Promise<BadServer> {
  const behave = MANNERS[manner];
  if (behave === undefined) return { address: `127.0.0.1:${await findFreePort()}`, close: () => Promise.resolve() };
  const sockets = new Set<net.Socket>();
  const server = net.createServer((socket) => {
    sockets.add(socket);
    socket.on('error', () => undefined);
    socket.on('close', () => sockets.delete(socket));
    socket.resume();
    behave(socket);
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return {
    address: `127.0.0.1:${(server.address() as net.AddressInfo).port}`,
    close: () =>
      new Promise((resolve) => {
        sockets.forEach((socket) => socket.destroy());
        server.close(() => resolve());
      }),
  };
}
