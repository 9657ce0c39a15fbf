import { createHttpServer, type HttpServer, type HttpServerOptions } from '../../src/http/server';
import type { Log } from '../../src/log';
import { cx } from '../../src/xmlrpc/fault';
import { defineMethod, type Method } from '../../src/xmlrpc/method';
import { createXmlRpcServer } from '../../src/xmlrpc/server';
import { Double, struct } from '../../src/xmlrpc/value';

export const TOKEN = 'x'.repeat(36);

/** A listener with a few methods behind it, and what it logged. */
export interface TestHttp {
  port: number;
  server: HttpServer;
  logged: [string, unknown][];
}

/** Methods that show what a caller gets to see. */
export const METHODS: Method[] = [
  defineMethod({
    name: 'version',
    params: [{ name: 'token', type: 'string', default: null }],
    access: 'public',
    returns: 'double',
    summary: 'Version as a number.',
    run: () => Promise.resolve(new Double(3.307)),
  }),
  defineMethod({
    name: 'echo',
    params: [{ name: 'value', type: 'any' }],
    access: 'public',
    returns: 'any',
    summary: 'The value itself.',
    run: ([value]) => Promise.resolve(value ?? null),
  }),
  defineMethod({
    name: 'peer',
    params: [],
    access: 'public',
    returns: 'string',
    summary: 'Who is asking.',
    run: (_, call) => Promise.resolve(call.peer),
  }),
  defineMethod({
    name: 'who',
    params: [{ name: 'token', type: 'string' }],
    access: 'session',
    returns: 'string',
    summary: 'User of a session.',
    run: (_, __, session) => Promise.resolve(session?.user ?? '?'),
  }),
  defineMethod({
    name: 'many',
    params: [{ name: 'count', type: 'int' }],
    access: 'public',
    returns: 'array',
    summary: 'That many structs.',
    run: ([count]) =>
      Promise.resolve(Array.from({ length: Number(count) }, (_, at) => struct({ at, text: 'some text that fills' }))),
  }),
  defineMethod({
    name: 'break',
    params: [],
    access: 'public',
    returns: 'any',
    summary: 'Throws.',
    run: () => Promise.reject(new Error('a secret inside')),
  }),
];

/** Starts a listener on a free port. */
export async function startHttp(options: Partial<HttpServerOptions> & { methods?: Method[] } = {}): Promise<TestHttp> {
  const logged: [string, unknown][] = [];
  const note = (message: string, fields?: unknown): void => void logged.push([message, fields]);
  const log: Pick<Log, 'error' | 'warn'> = { error: note, warn: note };
  const rpc = createXmlRpcServer({
    methods: [...METHODS, ...(options.methods ?? [])],
    sessions: {
      check: (token) => (token === TOKEN ? Promise.resolve({ user: 'admin' }) : Promise.reject(cx('invalid token'))),
    },
    log,
    now: () => 0,
  });
  const server = createHttpServer({
    host: '127.0.0.1',
    port: 0,
    tls: null,
    trustedNetworks: ['loopback'],
    rpc,
    routes: [],
    checkReady: () => Promise.resolve(null),
    log,
    ...options,
  });
  return { port: await server.start(), server, logged };
}
