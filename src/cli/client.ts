import http from 'node:http';
import https from 'node:https';
import xmlrpc from 'xmlrpc';
import { CliError, EXIT } from './cli-error';
import { ServerAway, ServerFault, toClientError } from './client-errors';
import { findCredentials, type CredentialOptions, type Credentials } from './credentials';
import type { CliEnvironment } from './environment';
import { createTokenCache } from './token-cache';
import type { WireValue } from './wire';

/** Longest wait for an answer. */
const TIMEOUT_MS = 30_000;
/** A difference between the clocks below this is lost in the whole seconds of HTTP's Date. */
const CLOCK_TOLERANCE_MS = 2_000;

/** A connection to one server. */
export interface Client {
  /** Scheme, host and port, as people write it. */
  readonly url: string;
  /** A call that needs no session. @throws ServerAway, ServerFault, CliError. */
  call(method: string, params: WireValue[]): Promise<WireValue>;
  /**
   * A call whose last argument is the session token: logs in when needed, and once more when the server does not know
   * the token any more.
   */
  ask(method: string, params: WireValue[]): Promise<WireValue>;
  /** Now by the server's clock, as far as its answers told; ages are counted by it. */
  serverNow(): number;
  close(): void;
}

/** Where to connect, and as whom. */
export interface ClientOptions extends CredentialOptions {
  url?: string;
  /** Longest wait for an answer, milliseconds. Default: 30 seconds. */
  timeoutMs?: number;
}

/**
 * Opens a client; nothing is sent before the first call.
 *
 * @throws CliError (usage) when the URL is none.
 */
export function createClient(options: ClientOptions, environment: CliEnvironment, now: () => number): Client {
  const url = parseServerUrl(options.url ?? environment.url ?? environment.localUrl);
  const isSecure = url.protocol === 'https:';
  const agent = new (isSecure ? https : http).Agent({ keepAlive: true, maxSockets: 64 });
  const timeoutMs = options.timeoutMs ?? TIMEOUT_MS;
  const cache = createTokenCache(environment.tokenCache);
  const isLocal = isLoopback(url.hostname) || url.origin === new URL(environment.localUrl).origin;
  let clockOffset = 0;
  let session: Promise<string> | null = null;

  function call(method: string, params: WireValue[]): Promise<WireValue> {
    // The package keeps headers and options per client: one each call, so that calls may overlap.
    const client = (isSecure ? xmlrpc.createSecureClient : xmlrpc.createClient)({
      host: url.hostname.replace(/^\[|\]$/g, ''),
      port: Number(url.port || (isSecure ? 443 : 80)),
      path: url.pathname === '/' ? '/RPC2' : url.pathname,
      headers: { 'User-Agent': 'kickwatch-cli' },
      agent,
      signal: AbortSignal.timeout(timeoutMs),
    } as Parameters<typeof xmlrpc.createClient>[0]);
    client.headersProcessors.processors.push({
      composeRequest: () => undefined,
      parseResponse: (headers) => (clockOffset = readClock(headers['date'], now())),
    });
    return new Promise((resolve, reject) => {
      client.methodCall(method, params, (error: unknown, value: WireValue) => {
        if (error) reject(toClientError(error, url.origin, timeoutMs));
        else resolve(value);
      });
    });
  }

  async function logIn(found: Credentials[]): Promise<string> {
    for (const [index, credentials] of found.entries()) {
      if (credentials.kind === 'token') return credentials.token;
      try {
        const token = String(await call('login', [credentials.user, credentials.password]));
        await cache.write(cacheKey(url, credentials), token);
        return token;
      } catch (error) {
        const isLast = index === found.length - 1;
        if (!(error instanceof ServerFault) || !/login failed/.test(error.faultString)) throw error;
        if (isLast) throw loginRefused(credentials, url, environment);
      }
    }
    throw new CliError('There is no way to log in.');
  }

  async function openSession(options_: { fresh: boolean }): Promise<string> {
    const found = await findCredentials(options, environment, isLocal).catch(async (error: unknown) => {
      await call('ping', []); // a server that does not run is the better news to start with
      throw error;
    });
    const first = found[0]!;
    if (first.kind === 'login' && !first.isExplicit && !options_.fresh) {
      const cached = await cache.read(cacheKey(url, first));
      if (cached !== null) return cached;
    }
    return logIn(found);
  }

  /** One login at a time: calls that run beside each other share it. A failed one is tried anew by the next call. */
  function token(fresh: boolean): Promise<string> {
    if (session === null || fresh) {
      const opened = openSession({ fresh });
      session = opened;
      opened.catch(() => {
        if (session === opened) session = null;
      });
    }
    return session;
  }

  async function ask(method: string, params: WireValue[]): Promise<WireValue> {
    const used = token(false);
    const first = await used;
    try {
      return await call(method, [...params, first]);
    } catch (error) {
      if (!(error instanceof ServerFault) || !error.isAboutToken) throw error;
      if (environment.token === first) throw tokenRefused();
      const next = await token(session === used); // unless another call has logged in anew meanwhile
      return call(method, [...params, next]);
    }
  }

  return {
    url: url.origin,
    call,
    ask,
    serverNow: () => now() + clockOffset,
    close: () => agent.destroy(),
  };
}

/** Servers on this very machine. */
function isLoopback(hostname: string): boolean {
  return /^(localhost|127(\.\d+){3}|\[::1\])$/.test(hostname);
}

function parseServerUrl(text: string): URL {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && /^https?:$/.test(url.protocol) && url.hostname !== '') return url;
  throw new CliError(`"${text}" is not the URL of a server.`, {
    hints: ['Write it like http://127.0.0.1:25151'],
    exitCode: EXIT.usage,
  });
}

function cacheKey(url: URL, credentials: Credentials): string {
  return `${url.origin} ${credentials.kind === 'token' ? '' : credentials.user || '<DIRECT>'}`;
}

/** How far the server's clock is ahead of ours, milliseconds; 0 when close, or not told. */
function readClock(date: string | undefined, now: number): number {
  const offset = date === undefined ? NaN : Date.parse(date) - now;
  return Math.abs(offset) > CLOCK_TOLERANCE_MS ? offset : 0;
}

function loginRefused(credentials: Credentials & { kind: 'login' }, url: URL, environment: CliEnvironment): CliError {
  const who = credentials.user === '' ? 'the shared secret' : `user ${credentials.user}`;
  return new CliError(`The server at ${url.origin} refuses ${who} (from ${credentials.origin}).`, {
    hints: [
      `The administrator's password is what ADMIN_PASSWORD says, else it is in DATA_DIR/admin-password on the server` +
        ` (here that would be ${environment.dataDir}/admin-password).`,
      'Give it in KICKWATCH_PASSWORD, with --user when it is not the administrator.',
    ],
  });
}

function tokenRefused(): CliError {
  return new CliError('The server does not know the token in KICKWATCH_TOKEN, or not any more.', {
    hints: ['Log in anew for another one, or unset it and use KICKWATCH_PASSWORD.'],
  });
}

/** True when trying the same call again may help. */
export function isAway(error: unknown): error is ServerAway {
  return error instanceof ServerAway;
}
