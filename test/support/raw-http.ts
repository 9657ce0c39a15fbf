import { request } from 'node:http';
import net from 'node:net';
import { gunzipSync } from 'node:zlib';

/** An HTTP answer as it came. */
export interface RawAnswer {
  status: number;
  headers: Record<string, string | string[] | undefined>;
  body: string;
}

/** What is sent. `body` in pieces goes out chunked. */
export interface RawRequest {
  path?: string;
  method?: string;
  headers?: Record<string, string>;
  body?: string | Buffer | Iterable<Buffer>;
  timeoutMs?: number;
}

/** Sends bytes as they are, for requests no honest client makes. @throws Error when no answer comes in time. */
export function sendRaw(url: string, given: RawRequest): Promise<RawAnswer> {
  const { path = '/RPC2', method = 'POST', headers = {}, body = '', timeoutMs = 60_000 } = given;
  const whole = typeof body === 'string' || Buffer.isBuffer(body);
  return new Promise((resolve, reject) => {
    const length: Record<string, string> = whole ? { 'Content-Length': String(Buffer.byteLength(body)) } : {};
    const outgoing = request(
      new URL(path, url),
      { method, headers: { 'Content-Type': 'text/xml', Connection: 'close', ...length, ...headers } },
      (response) => {
        const chunks: Buffer[] = [];
        response.on('data', (chunk: Buffer) => chunks.push(chunk));
        response.on('end', () => {
          const bytes = Buffer.concat(chunks);
          const isGzip = response.headers['content-encoding'] === 'gzip';
          resolve({
            status: response.statusCode!,
            headers: response.headers,
            body: (isGzip ? gunzipSync(bytes) : bytes).toString('utf8'),
          });
          outgoing.destroy();
        });
        response.on('error', reject);
      },
    );
    outgoing.on('error', reject);
    outgoing.setTimeout(timeoutMs, () => outgoing.destroy(new Error(`No answer within ${timeoutMs} ms.`)));
    if (whole) {
      outgoing.end(body);
      return;
    }
    void (async () => {
      for (const piece of body) {
        if (outgoing.destroyed || outgoing.writableFinished) return;
        if (!outgoing.write(piece)) await new Promise((done) => outgoing.once('drain', done).once('close', done));
      }
      outgoing.end();
    })();
  });
}

/** The faultString in an answer; null when it holds none. */
export function faultOf(answer: RawAnswer): string | null {
  const match = /<fault>[\s\S]*<name>faultString<\/name>\s*<value><string>([\s\S]*?)<\/string>/.exec(answer.body);
  if (!match) return null;
  return match[1]!.replaceAll('&lt;', '<').replaceAll('&gt;', '>').replaceAll('&quot;', '"').replaceAll('&amp;', '&');
}

/** A call whose parameters are given as XML, however wrong. */
export function callXml(method: string, ...params: string[]): string {
  const listed = params.map((param) => `<param><value>${param}</value></param>`).join('');
  return `<?xml version="1.0"?><methodCall><methodName>${method}</methodName><params>${listed}</params></methodCall>`;
}

/** Connections that say `text` (default nothing) and then no more. @returns how to close them. */
export async function openIdle(port: number, count: number, text = ''): Promise<{ open(): number; close(): void }> {
  const sockets: net.Socket[] = [];
  let alive = 0;
  for (let index = 0; index < count; index++) {
    await new Promise<void>((resolve) => {
      const socket = net.connect(port, '127.0.0.1', () => {
        alive += 1;
        if (text !== '') socket.write(text);
        resolve();
      });
      socket.on('error', () => resolve());
      socket.on('close', () => (alive -= 1));
      socket.resume();
      sockets.push(socket);
    });
  }
  return {
    open: () => alive,
    close: () => sockets.forEach((socket) => socket.destroy()),
  };
}
