import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { isDict, type ItemData, textOf } from '../domain/item-value';
import { AUTHORIZATION_MODULES, type AuthorizationModule } from '../domain/rights';
import { isHashAlgorithm } from './digest-hash';
import { parseIni } from './ini';

/** Cobbler's authentication modules that are here. */
export const AUTHENTICATION_MODULES = [
  'authentication.configfile',
  'authentication.denyall',
  'authentication.ldap',
  'authentication.pam',
  'authentication.passthru',
] as const;
export type AuthenticationModule = (typeof AUTHENTICATION_MODULES)[number];

/** Which modules decide who may log in, and who may do what. */
export interface Modules {
  authentication: AuthenticationModule;
  authorization: AuthorizationModule;
  /** Of the hashes in users.digest, as Cobbler names it. */
  hashAlgorithm: string;
  /** Where saslauthd listens, for `authentication.pam`. */
  saslauthdSocket: string;
  /** Folder of users.digest and users.conf. */
  folder: string;
}

/** Why modules of Cobbler that are not here are not. */
const NOT_HERE: Readonly<Record<string, string>> = {
  'authentication.spacewalk': 'there is no Spacewalk behind this server; use authentication.ldap or passthru',
  'authentication.testing': 'it lets in everybody who knows its published password',
};

/**
 * The modules as Cobbler's own configuration names them: `modules:` of the settings file (Cobbler 4), else the file
 * `modules.conf` beside it (Cobbler 2 and 3), else Cobbler's defaults.
 *
 * @param settingsFile - null: only the defaults, and `dataDir` is the folder of users.digest and users.conf.
 * @param given - `modules:` of the settings file.
 * @throws Error with one sentence for a module that is not here, naming those that are.
 */
export async function chooseModules(settingsFile: string | null, given: ItemData, dataDir: string): Promise<Modules> {
  const folder = settingsFile === null ? dataDir : path.dirname(settingsFile);
  const inFile = settingsFile === null ? new Map<string, Map<string, string>>() : await readModulesConf(folder);
  const read = (section: string, key: string): string => {
    const part = given[section];
    const value = isDict(part) ? textOf(part[key]) : '';
    return value !== '' ? value : (inFile.get(section)?.get(key) ?? '');
  };
  const hashAlgorithm = read('authentication', 'hash_algorithm') || 'sha3_512';
  if (!isHashAlgorithm(hashAlgorithm)) {
    throw new Error(`hash_algorithm of the authentication module is "${hashAlgorithm}", which is not known.`);
  }
  return {
    authentication: choose('authentication', read('authentication', 'module'), AUTHENTICATION_MODULES),
    authorization: choose('authorization', read('authorization', 'module'), AUTHORIZATION_MODULES),
    hashAlgorithm,
    saslauthdSocket: read('authentication', 'saslauthd_socket') || '/run/saslauthd/mux',
    folder,
  };
}

async function readModulesConf(folder: string): Promise<Map<string, Map<string, string>>> {
  const file = path.join(folder, 'modules.conf');
  try {
    return parseIni(await readFile(file, 'utf8'));
  } catch (error) {
    const { code, message } = error as NodeJS.ErrnoException;
    if (code === 'ENOENT') return new Map();
    // Not knowing who may log in, it is better not to start than to guess.
    throw new Error(`${file} cannot be used: ${message}.`, { cause: error });
  }
}

/** The module of that name, first one of the list when none is named. Cobbler 2 wrote `authn_ldap` and `authz_ownership`. */
function choose<T extends string>(kind: string, name: string, known: readonly T[]): T {
  if (name === '') return known[0]!;
  const current = name.replace(/^authn_/, 'authentication.').replace(/^authz_/, 'authorization.');
  const found = known.find((one) => one === current);
  if (found !== undefined) return found;
  const reason = NOT_HERE[current] ?? `there is no such module`;
  throw new Error(`The ${kind} module "${name}" cannot be used: ${reason}. There are ${known.join(', ')}.`);
}
