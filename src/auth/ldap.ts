import net from 'node:net';
import tls from 'node:tls';
import {
  Client,
  Filter,
  InvalidCredentialsError,
  NoSuchObjectError,
  ResultCodeError,
  SizeLimitExceededError,
} from 'ldapts';
import { AppError } from '../domain/errors';
import type { LdapServer, LdapSettings } from './ldap-settings';

/** Longest wait for a directory: to connect, for one answer, and for everything of one login. */
const CONNECT_MS = 3_000;
const ANSWER_MS = 5_000;
const LOGIN_MS = 12_000;

/** Asks a directory. */
export interface LdapLogin {
  /**
   * True when exactly one entry has the user's name and takes the password.
   *
   * @throws AppError AUTHENTICATION_AWAY when no server can tell, saying why.
   */
  authenticate(user: string, password: string): Promise<boolean>;
}

/**
 * Logs in at a directory: search the user's entry, then bind as it. Servers are tried in their order until one can tell.
 * A connection for each login, never reused: what one user binds is not there for another.
 *
 * @param warn - told of servers that cannot be asked, and of names that more than one entry has; never of passwords.
 */
export function createLdapLogin(settings: LdapSettings, warn: (sentence: string) => void): LdapLogin {
  return {
    async authenticate(user, password) {
      // A bind with an empty password succeeds as nobody (RFC 4513, 5.1.2).
      if (user === '' || password === '') return false;
      const deadline = Date.now() + LOGIN_MS;
      const reasons: string[] = [];
      for (const server of settings.servers) {
        const leftMs = deadline - Date.now();
        if (leftMs <= 0) break;
        try {
          return await askServer(server, settings, { user, password }, leftMs, warn);
        } catch (error) {
          const reason = `${server.host}:${server.port}: ${describe(error as Error)}`;
          reasons.push(reason);
          warn(`The directory cannot be asked: ${reason}`);
        }
      }
      throw new AppError('AUTHENTICATION_AWAY', 'The directory (LDAP) cannot be asked; try again.', {
        cause: new Error(reasons.join('; ')),
      });
    },
  };
}

/** Of an answer of the directory its kind, `InvalidCredentialsError`; of anything else the first of its words. */
function describe(error: Error): string {
  return error instanceof ResultCodeError ? error.name : error.message.slice(0, 200);
}

async function askServer(
  server: LdapServer,
  settings: LdapSettings,
  login: { user: string; password: string },
  leftMs: number,
  warn: (sentence: string) => void,
): Promise<boolean> {
  const { client, destroy } = connectOnce(server, settings);
  let timer: NodeJS.Timeout | undefined;
  const late = new Promise<never>((_, reject) => {
    timer = setTimeout(() => reject(new Error(`no answer within ${Math.ceil(leftMs / 1000)} s`)), leftMs);
  });
  try {
    const asked = ask(client, server, settings, login, warn);
    asked.catch(() => undefined); // what it says after the time is over is nobody's business
    return await Promise.race([asked, late]);
  } finally {
    clearTimeout(timer);
    destroy();
  }
}

async function ask(
  client: Client,
  server: LdapServer,
  settings: LdapSettings,
  { user, password }: { user: string; password: string },
  warn: (sentence: string) => void,
): Promise<boolean> {
  if (server.security === 'starttls') await client.startTLS(tlsOptions(server, settings));
  if (settings.searcher !== null) {
    await client.bind(settings.searcher.dn, settings.searcher.password).catch((error: unknown) => {
      throw new Error(`it refuses ldap_search_bind_dn (${describe(error as Error)})`, { cause: error });
    });
  }
  const dn = await findEntry(client, settings, user, warn);
  if (dn === null) return false;
  try {
    await client.bind(dn, password);
    return true;
  } catch (error) {
    if (error instanceof InvalidCredentialsError || error instanceof NoSuchObjectError) return false;
    throw error;
  }
}

/** The name of the one entry of that user; null when there is none, or more than one. */
async function findEntry(
  client: Client,
  settings: LdapSettings,
  user: string,
  warn: (sentence: string) => void,
): Promise<string | null> {
  // RFC 4515: what is not a letter of the name is written as its code, so that no name is a pattern.
  const filter = `(${settings.searchPrefix}${Filter.escape(user)})`;
  try {
    const { searchEntries } = await client.search(settings.baseDn, {
      scope: 'sub',
      filter,
      attributes: ['1.1'],
      sizeLimit: 2,
      timeLimit: ANSWER_MS / 1000,
    });
    const [entry, second] = searchEntries;
    if (second !== undefined) throw new SizeLimitExceededError();
    const dn = entry?.dn ?? '';
    // Without an attribute in it this is no entry's name; an empty one would bind as nobody.
    return dn.includes('=') ? dn : null;
  } catch (error) {
    if (error instanceof NoSuchObjectError) return null;
    if (!(error instanceof SizeLimitExceededError)) throw error;
    warn('More than one entry of the directory has that name: nobody can log in by it.');
    return null;
  }
}

/**
 * A client whose connection is made once. The library connects anew whenever it is not connected, and would send the
 * password in clear after a server hung up behind STARTTLS.
 */
function connectOnce(server: LdapServer, settings: LdapSettings): { client: Client; destroy(): void } {
  let socket: net.Socket | null = null;
  const { host, port } = server;
  const once = <T extends net.Socket>(make: () => T): T => {
    if (socket !== null) throw new Error('the connection was closed');
    const made = make();
    socket = made;
    return made;
  };
  const isLdaps = server.security === 'ldaps';
  const client = new Client({
    url: `${isLdaps ? 'ldaps' : 'ldap'}://${net.isIPv6(host) ? `[${host}]` : host}:${port}`,
    timeout: ANSWER_MS,
    connectTimeout: CONNECT_MS,
    // Exactly as the directory names its entries: there is nothing to parse.
    strictDN: false,
    createConnection: () => once(() => net.connect(port, host)),
    ...(isLdaps && {
      createSecureConnection: () => once(() => tls.connect(port, host, tlsOptions(server, settings))),
    }),
  });
  return {
    client,
    destroy() {
      socket?.on('error', () => undefined);
      socket?.destroy();
    },
  };
}

function tlsOptions({ host }: LdapServer, settings: LdapSettings): tls.ConnectionOptions {
  // The name is checked against the certificate; an address is no server name (RFC 6066, 3).
  return { ...settings.tls, host, ...(net.isIP(host) === 0 && { servername: host }) };
}
