import os from 'node:os';
import path from 'node:path';

/** What the environment says to the command line: where the server is and how to log in. */
export interface CliEnvironment {
  /** KICKWATCH_URL; null = the server these settings belong to, on this machine. */
  url: string | null;
  /** Where the server listens that is started with the same environment. */
  localUrl: string;
  token: string | null;
  user: string | null;
  password: string | null;
  /** The file that holds the password (KICKWATCH_PASSWORD_FILE). */
  passwordFile: string | null;
  /** Folder of the server's own secrets, for a person on the same machine. */
  dataDir: string;
  adminUser: string;
  /** Where session tokens are kept between calls; null = nowhere. */
  tokenCache: string | null;
  color: 'auto' | 'always' | 'never';
}

/** Variables only the command line reads, for help texts and documentation. */
export const CLI_VARIABLES = [
  { name: 'KICKWATCH_URL', about: 'Where the server is; made from HOST, PORT and TLS_CERT when unset.' },
  { name: 'KICKWATCH_USER', about: 'Who logs in; ADMIN_USER when unset.' },
  { name: 'KICKWATCH_PASSWORD', about: 'The password; may also be in a file named by KICKWATCH_PASSWORD_FILE.' },
  { name: 'KICKWATCH_TOKEN', about: 'A session token instead of user and password.' },
  { name: 'NO_COLOR', about: 'Any value switches colours off.' },
] as const;

/** Address a server on this machine can be reached at when it listens everywhere. */
const ANY_ADDRESS = new Set(['0.0.0.0', '::', '']);

/** Reads the environment. Pure; an empty variable counts as not set. */
export function readCliEnvironment(env: Readonly<Record<string, string | undefined>>): CliEnvironment {
  const text = (name: string): string | null => env[name]?.trim() || null;
  return {
    url: text('KICKWATCH_URL'),
    localUrl: localUrl(text),
    token: text('KICKWATCH_TOKEN'),
    user: text('KICKWATCH_USER'),
    password: env['KICKWATCH_PASSWORD'] || null,
    passwordFile: text('KICKWATCH_PASSWORD_FILE'),
    dataDir: path.resolve(text('DATA_DIR') ?? 'data'),
    adminUser: text('ADMIN_USER') ?? 'cobbler',
    tokenCache: tokenCache(text),
    color: chooseColor(env),
  };
}

function localUrl(text: (name: string) => string | null): string {
  const host = text('HOST') ?? '127.0.0.1';
  const reachable = ANY_ADDRESS.has(host) ? '127.0.0.1' : host;
  const scheme = text('TLS_CERT') === null ? 'http' : 'https';
  return `${scheme}://${reachable.includes(':') ? `[${reachable}]` : reachable}:${text('PORT') ?? '25151'}`;
}

function tokenCache(text: (name: string) => string | null): string | null {
  const home = text('HOME') ?? os.homedir();
  const cache = text('XDG_CACHE_HOME') ?? (home === '' ? null : path.join(home, '.cache'));
  return cache === null ? null : path.join(cache, 'kickwatch', 'token');
}

/** NO_COLOR (no-color.org) wins; FORCE_COLOR colours pipes too; a dumb terminal gets none. */
function chooseColor(env: Readonly<Record<string, string | undefined>>): CliEnvironment['color'] {
  if (env['NO_COLOR']) return 'never';
  if (env['FORCE_COLOR'] && env['FORCE_COLOR'] !== '0') return 'always';
  return env['TERM'] === 'dumb' ? 'never' : 'auto';
}
