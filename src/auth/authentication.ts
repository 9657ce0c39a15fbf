import { access, constants } from 'node:fs/promises';
import path from 'node:path';
import { type SettingValues, textOf } from '../domain/item-value';
import { matchesDigest } from './digest-hash';
import { createLdapLogin } from './ldap';
import { readLdapSettings } from './ldap-settings';
import type { Modules } from './modules';
import { NO_PASSWORD, verifyPassword } from './passwords';
import { askSaslauthd, saslauthdHint } from './saslauthd';
import { watchFile } from './watched-file';

/** What decides who may log in. */
export interface AuthenticationDeps {
  modules: Modules;
  settings: SettingValues;
  admin: { user: string; password: string };
  sharedSecret: string;
  /** Compares secrets in constant time. */
  isSame(given: string, right: string): boolean;
  /** What is kept of the password of one of the server's own users; `none`: it has no users at all. */
  findPassword(user: string): Promise<{ kept: string } | 'unknown' | 'none'>;
  /** Runs work that costs this machine much, little of it at a time. */
  hashing: InTurn;
  /** Runs questions to others, not too many at a time. */
  asking: InTurn;
  /** Told what a person must know, again and again. */
  warn(sentence: string): void;
}

/** Runs work in its turn. @throws AppError OVERLOADED when too much waits already. */
interface InTurn {
  run<T>(work: () => Promise<T>): Promise<T>;
}

type Login = (user: string, password: string) => Promise<boolean>;

/**
 * The check of names and passwords: the administrator and the server's own users first, then Cobbler's module, which
 * `authentication.denyall` alone comes before.
 *
 * @throws Error with one sentence when the settings of the module cannot be used.
 */
export async function createAuthentication(deps: AuthenticationDeps): Promise<Login> {
  const { modules, admin } = deps;
  if (modules.authentication === 'authentication.denyall') return () => Promise.resolve(false);
  const askModule = await createModule(deps);
  // Elsewhere others decide who has a name, and must not become the administrator by it.
  const isForeign = ['authentication.ldap', 'authentication.pam'].includes(modules.authentication);
  return async (user, password) => {
    // Both are compared in any case, so that time tells nothing about either.
    const isAdmin = deps.isSame(user, admin.user);
    if (deps.isSame(password, admin.password) && isAdmin) return true;
    if (isAdmin && isForeign) return false;
    const own = await deps.findPassword(user);
    if (own !== 'none') {
      const kept = own === 'unknown' ? NO_PASSWORD : own.kept;
      const isRight = await deps.hashing.run(() => verifyPassword(password, kept));
      if (own !== 'unknown') return isRight;
    }
    return askModule(user, password);
  };
}

async function createModule({
  modules,
  settings,
  sharedSecret,
  isSame,
  asking,
  warn,
}: AuthenticationDeps): Promise<Login> {
  switch (modules.authentication) {
    case 'authentication.configfile':
      return createDigestLogin(modules, warn);
    case 'authentication.ldap': {
      const ldap = createLdapLogin(readLdapSettings(settings), warn);
      return (user, password) => asking.run(() => ldap.authenticate(user, password));
    }
    case 'authentication.pam': {
      const socket = modules.saslauthdSocket;
      await access(socket, constants.W_OK).catch(() => warn(saslauthdHint(socket)));
      const service = textOf(settings.authn_pam_service) || 'login';
      return (user, password) => asking.run(() => askSaslauthd(socket, { user, password, service }));
    }
    case 'authentication.passthru':
      // The web server in front has checked the user, and shows that it may say so by the secret.
      return (_user, password) => Promise.resolve(isSame(password, sharedSecret));
    case 'authentication.denyall':
      return () => Promise.resolve(false);
  }
}

/** A line of users.digest. */
interface DigestLine {
  user: string;
  realm: string;
  hash: string;
}

const REALM = 'Cobbler';

function createDigestLogin({ folder, hashAlgorithm }: Modules, warn: (sentence: string) => void): Login {
  const file = watchFile(path.join(folder, 'users.digest'), parseDigestFile);
  return async (user, password) => {
    let lines: Map<string, DigestLine> | null;
    try {
      lines = await file.read();
    } catch (error) {
      warn(`${(error as Error).message} Nobody in it can log in.`);
      return false;
    }
    const found = lines?.get(user);
    // Names nobody has take as long.
    const line = found ?? { user, realm: REALM, hash: '0'.repeat(128) };
    const isRight = matchesDigest(line, password, hashAlgorithm) && found !== undefined;
    if (isRight && user === 'cobbler' && password === 'cobbler') {
      warn(`User cobbler in ${file.path} has the password everybody knows; it is refused. Give it another one.`);
      return false;
    }
    return isRight;
  };
}

/** Users by name, the first line of each; lines of another realm and lines that are none are left out. */
export function parseDigestFile(text: string): Map<string, DigestLine> {
  const lines = new Map<string, DigestLine>();
  for (const raw of text.split('\n')) {
    const parts = raw.trim().split(':');
    const [user = '', realm = '', hash = ''] = parts;
    if (parts.length !== 3 || user === '' || realm !== REALM || lines.has(user)) continue;
    lines.set(user, { user, realm, hash });
  }
  return lines;
}
