import { connect, type Socket } from 'node:net';

/** Sends bytes, piece by piece when there are several, and answers everything that comes back until the other side closes. */
export async function exchange(port: number, ...pieces: (string | Uint8Array)[]): Promise<string> {
  const socket = await open(port);
  const all = received(socket);
  for (const piece of pieces) {
    socket.write(piece);
    await new Promise((resolve) => setImmediate(resolve));
  }
  return all;
}

export function open(port: number): Promise<Socket> {
  return new Promise((resolve, reject) => {
    const socket = connect(port, '127.0.0.1', () => resolve(socket));
    socket.once('error', reject);
  });
}

/** What comes until the connection is closed. */
export function received(socket: Socket): Promise<string> {
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  return new Promise((resolve) => {
    socket.on('error', () => undefined);
    socket.once('close', () => resolve(Buffer.concat(chunks).toString()));
  });
}

/** A POST as raw text; `Connection: close` so that `exchange` ends. */
export function post(body: string | Buffer, headers: Record<string, string> = {}, path = '/RPC2'): Buffer {
  const lines = Object.entries({
    Host: 'x',
    Connection: 'close',
    'Content-Length': String(Buffer.byteLength(body)),
    ...headers,
  });
  const head = `POST ${path} HTTP/1.1\r\n${lines.map(([name, value]) => `${name}: ${value}\r\n`).join('')}\r\n`;
  return Buffer.concat([Buffer.from(head), Buffer.from(body)]);
}
