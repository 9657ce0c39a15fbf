import { createServer, type IncomingMessage, type Server, type ServerResponse } from 'node:http';
import { createServer as createTlsServer } from 'node:https';
import type { AddressInfo } from 'node:net';
import type { Log } from '../log';
import { sendAnswer, type Answer } from './answer';
import { createBodyReader, declaredLength, type Body } from './body';
import { watchConnections } from './connections';
import { HTTP_LIMITS, type HttpLimits } from './http-limits';
import { parseNetworks, resolvePeer } from './peer';

/** The XML-RPC side, which knows nothing of HTTP. */
export interface RpcEndpoint {
  readonly maxBodyBytes: number;
  /** Answers a document with a document; never rejects. */
  handle(body: Uint8Array, peer: string): Promise<string | Iterable<string>>;
  /** A document that refuses with this sentence. */
  refuse(sentence: string): string;
}

/** A request as routes see it. */
export interface HttpRequest {
  method: 'GET' | 'HEAD' | 'POST' | 'PUT';
  /** As sent, without the query, percent signs and all. */
  path: string;
  /** Behind the question mark, as sent; empty when there is none. */
  query: string;
  headers: IncomingMessage['headers'];
  /** Address of the caller, no port; `?` when unknown. */
  peer: string;
  /** Empty unless the route takes bodies. */
  body: Buffer;
}

/** Everything below a path. */
export interface Route {
  /** `/cblr/svc` takes that path and all below it. */
  prefix: string;
  /** Bodies up to that size are read before `handle`; 0 = none are wanted. */
  maxBodyBytes?: number;
  /** PUT is answered; else it is a verb nobody knows. */
  takesPut?: boolean;
  /** May reject: the answer is then 500 without the reason, which is logged. */
  handle(request: HttpRequest): Promise<Answer>;
}

/** What the listener is made of. */
export interface HttpServerOptions {
  host: string;
  /** 0 = any free one. */
  port: number;
  /** PEM texts; null = plain HTTP. */
  tls: { cert: string; key: string } | null;
  /** X-Forwarded-For is believed from there only. See `parseNetworks`. */
  trustedNetworks: readonly string[];
  rpc: RpcEndpoint;
  routes: Route[];
  /** null when the server can do its work, else the reason why not. */
  checkReady(): Promise<string | null>;
  log: Pick<Log, 'error' | 'warn'>;
  limits?: HttpLimits;
}

/** One listener. `start` once, then `stop` once. */
export interface HttpServer {
  /** @returns The port. Rejects when it cannot be had. */
  start(): Promise<number>;
  /** Takes no more connections, answers the requests in hand for a while, closes everything. */
  stop(): Promise<void>;
}

const RPC_PATHS = new Set(['/', '/RPC2', '/RPC2/', '/cobbler_api', '/cobbler_api/']);

/** Makes the listener; nothing is open before `start`. */
export function createHttpServer(options: HttpServerOptions): HttpServer {
  const { rpc, log, limits = HTTP_LIMITS } = options;
  const trusted = parseNetworks(options.trustedNetworks);
  const bodies = createBodyReader(limits);
  const server = openServer(options.tls, limits);
  const connections = watchConnections(server, log);

  server.on('request', (request, response) => void serve(request, response));
  // Whoever asks before sending a body that is too large need not send it.
  server.on('checkContinue', (request, response) => {
    if ((declaredLength(request) ?? 0) > rpc.maxBodyBytes) return void serve(request, response, { kind: 'too-large' });
    response.writeContinue();
    void serve(request, response);
  });
  server.on('clientError', (error: NodeJS.ErrnoException, socket) => {
    if (error.code === 'ECONNRESET' || !socket.writable) return void socket.destroy();
    // Also for a TLS handshake on the plain port: koan tries https first and waits for the refusal.
    const status =
      error.code === 'ERR_HTTP_REQUEST_TIMEOUT'
        ? '408 Request Timeout'
        : error.code === 'HPE_HEADER_OVERFLOW'
          ? '431 Request Header Fields Too Large'
          : '400 Bad Request';
    socket.end(`HTTP/1.1 ${status}\r\nConnection: close\r\nContent-Length: 0\r\n\r\n`, () => socket.destroy());
  });

  async function serve(request: IncomingMessage, response: ServerResponse, refused?: Body): Promise<void> {
    connections.track(response);
    request.on('error', () => undefined); // hung up: the response's close says so too
    response.on('error', () => undefined);
    try {
      const answer = await route(request, refused);
      if (answer === null || response.destroyed) return;
      if (!request.complete) request.resume(); // whoever still writes shall live to read
      await sendAnswer(response, answer, request.headers['accept-encoding'], limits);
    } catch (error) {
      log.error('A request failed', { method: request.method, path: request.url?.slice(0, 200), error });
      if (response.headersSent || response.destroyed) response.destroy();
      else await sendAnswer(response, text(500, 'internal error, see the log of the server'), undefined, limits);
    }
  }

  /** null: nobody is left to answer. */
  async function route(request: IncomingMessage, refused: Body | undefined): Promise<Answer | null> {
    const { method = 'GET' } = request;
    const { path, query } = splitTarget(request.url ?? '/');
    if (method === 'OPTIONS') return { status: 200, body: '' };
    const peer = resolvePeer(request.socket.remoteAddress, joined(request.headers['x-forwarded-for']), trusted);
    if (RPC_PATHS.has(path)) {
      if (method !== 'POST') return unsupported(method);
      return answerRpc(refused ?? (await bodies.read(request, rpc.maxBodyBytes)), peer);
    }
    const found = options.routes.find(({ prefix }) => path === prefix || path.startsWith(`${prefix}/`));
    const isKnown = method === 'GET' || method === 'HEAD' || method === 'POST';
    if (!isKnown && !(method === 'PUT' && found?.takesPut)) return unsupported(method);
    if (path === '/healthz') return text(200, 'ok');
    if (path === '/readyz') return answerReady();
    if (found === undefined) return text(404, 'No such page');
    const wanted = found.maxBodyBytes ?? 0;
    const body = refused ?? (wanted > 0 ? await bodies.read(request, wanted) : NO_BODY);
    if (body.kind !== 'whole') return refuseBody(body, `the request is larger than ${wanted} bytes`);
    try {
      return await found.handle({ method, path, query, headers: request.headers, peer, body: body.bytes });
    } finally {
      body.release();
    }
  }

  async function answerRpc(body: Body, peer: string): Promise<Answer | null> {
    if (body.kind === 'whole') {
      try {
        return { status: 200, contentType: 'text/xml', body: await rpc.handle(body.bytes, peer) };
      } finally {
        body.release();
      }
    }
    const tooLarge = `the request is larger than ${rpc.maxBodyBytes >> 20} MiB`;
    const plain = refuseBody(body, tooLarge);
    // What a client can show its user is a fault.
    if (plain === null || (body.kind !== 'too-large' && body.kind !== 'busy')) return plain;
    const document = rpc.refuse(body.kind === 'busy' ? BUSY : tooLarge);
    return { ...plain, status: 200, contentType: 'text/xml', body: document };
  }

  async function answerReady(): Promise<Answer> {
    const reason = await options.checkReady().catch((error: unknown) => {
      log.error('The check for readiness failed', { error });
      return 'the check failed';
    });
    return {
      status: reason === null ? 200 : 503,
      contentType: 'application/json',
      headers: { 'Cache-Control': 'no-store' },
      body: JSON.stringify(reason === null ? { ready: true } : { ready: false, reason }),
    };
  }

  return {
    start: () =>
      new Promise((resolve, reject) => {
        server.once('error', reject);
        server.listen(options.port, options.host, () => {
          server.off('error', reject);
          server.on('error', (error) => log.error('The listener failed', { error }));
          resolve((server.address() as AddressInfo).port);
        });
      }),
    stop: () => connections.close(limits.stopMs),
  };
}

function openServer(tls: HttpServerOptions['tls'], limits: HttpLimits): Server {
  const settings = {
    headersTimeout: limits.headersMs,
    requestTimeout: limits.requestMs,
    connectionsCheckingInterval: limits.checkEveryMs,
    keepAliveTimeout: limits.keepAliveMs,
    maxHeaderSize: limits.headerBytes,
    requireHostHeader: false, // scripts that speak HTTP/1.1 by hand forget it
    keepAlive: true,
    noDelay: true,
  };
  const server =
    tls === null
      ? createServer(settings)
      : createTlsServer({ ...settings, ...tls, handshakeTimeout: limits.handshakeMs, minVersion: 'TLSv1.2' });
  server.maxConnections = limits.connections;
  server.maxRequestsPerSocket = limits.requestsPerConnection;
  server.timeout = limits.deadMs;
  return server;
}

const BUSY = 'the server has more requests in hand than it may hold; try again';

const NO_BODY: Body = { kind: 'whole', bytes: Buffer.alloc(0), release: () => undefined };

/** What a body that could not be read is answered with; null when its sender is gone. */
function refuseBody(body: Exclude<Body, { kind: 'whole' }>, tooLarge: string): Answer | null {
  switch (body.kind) {
    case 'gone':
      return null;
    case 'too-large':
      return { ...text(413, tooLarge), headers: { Connection: 'close' } };
    case 'busy':
      return text(503, BUSY);
    case 'bad-gzip':
      return { status: 400, reason: 'error decoding gzip content', body: '' };
    case 'bad-encoding': {
      const name = /^[\w.-]{1,40}$/.test(body.encoding) ? body.encoding : '?';
      return { status: 501, reason: `encoding '${name}' not supported`, body: '' };
    }
  }
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain', body };
}

/** The page that Python's HTTP server, and with it Cobbler, has for verbs it does not know. */
function unsupported(method: string): Answer {
  const reason = `Unsupported method ('${method}')`;
  const body = [
    '<!DOCTYPE HTML>',
    '<html lang="en">',
    '    <head>',
    '        <meta charset="utf-8">',
    '        <title>Error response</title>',
    '    </head>',
    '    <body>',
    '        <h1>Error response</h1>',
    '        <p>Error code: 501</p>',
    `        <p>Message: ${reason}.</p>`,
    '        <p>Error code explanation: 501 - Server does not support this operation.</p>',
    '    </body>',
    '</html>',
    '',
  ].join('\n');
  return { status: 501, reason, contentType: 'text/html;charset=utf-8', headers: { Connection: 'close' }, body };
}

/** Path and query; of a whole URL, as proxies send it, the part behind the host. */
function splitTarget(target: string): { path: string; query: string } {
  const local = target.startsWith('/') ? target : target.replace(/^[a-z]+:\/\/[^/?]*/i, '').replace(/^(?!\/)/, '/');
  const mark = local.indexOf('?');
  return mark < 0 ? { path: local, query: '' } : { path: local.slice(0, mark), query: local.slice(mark + 1) };
}

function joined(header: string | string[] | undefined): string | undefined {
  return Array.isArray(header) ? header.join(',') : header;
}
