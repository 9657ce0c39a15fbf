import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { CliError } from './cli-error';
import type { CliEnvironment } from './environment';

/** How to become somebody at the server. `login('', secret)` is the shared secret. */
export type Credentials =
  | { kind: 'token'; token: string }
  | { kind: 'login'; user: string; password: string; origin: string; isExplicit: boolean };

/** Nothing says who asks. Some calls work all the same. */
export class NoCredentials extends CliError {}

/** What was said on the command line. */
export interface CredentialOptions {
  user?: string;
  password?: string;
}

/**
 * The ways to log in, best first: a token; a user and password given on purpose; and, for a server on this machine, the
 * secrets in its data folder. Files are read anew each time: a restarted server has a new secret.
 *
 * @param isLocal - false keeps the secrets of this machine away from servers elsewhere.
 * @throws CliError when nothing is to be had.
 */
export async function findCredentials(
  options: CredentialOptions,
  environment: CliEnvironment,
  isLocal: boolean,
): Promise<Credentials[]> {
  const explicit = await explicitCredentials(options, environment);
  if (explicit) return [explicit];

  const secretPath = path.join(environment.dataDir, 'web.ss');
  const passwordPath = path.join(environment.dataDir, 'admin-password');
  const secret = isLocal ? await readSecret(secretPath) : null;
  const password = isLocal ? await readSecret(passwordPath) : null;
  const user = environment.adminUser;
  const found: Credentials[] = [];
  if (secret?.text)
    found.push({ kind: 'login', user: '', password: secret.text, origin: secretPath, isExplicit: false });
  if (password?.text) {
    found.push({ kind: 'login', user, password: password.text, origin: passwordPath, isExplicit: false });
  }
  if (found.length > 0) return found;

  const isHidden = secret?.isForbidden || password?.isForbidden;
  const local = isHidden
    ? `You may not read ${passwordPath}: ask the user the server runs as, or run this as that user.`
    : `On the server's machine, run this in the server's folder or name its DATA_DIR (there is no ${passwordPath}).`;
  throw new NoCredentials('The server asks who you are, and nothing here says so.', {
    hints: [
      isLocal ? local : "The password is in DATA_DIR/admin-password on the server's machine.",
      'Or set KICKWATCH_PASSWORD (with --user when it is not the administrator), or KICKWATCH_TOKEN.',
    ],
  });
}

async function explicitCredentials(
  options: CredentialOptions,
  environment: CliEnvironment,
): Promise<Credentials | null> {
  const hasOptions = options.user !== undefined || options.password !== undefined;
  if (!hasOptions && environment.token !== null) return { kind: 'token', token: environment.token };
  const password = options.password ?? environment.password ?? (await readPasswordFile(environment.passwordFile));
  const user = options.user ?? environment.user ?? environment.adminUser;
  if (password) {
    const origin = options.password === undefined ? 'KICKWATCH_PASSWORD' : '--password';
    return { kind: 'login', user, password, origin, isExplicit: options.password !== undefined };
  }
  if (options.user === undefined && environment.user === null) return null;
  throw new CliError(`The password of user ${user} is missing.`, {
    hints: ['Put it into KICKWATCH_PASSWORD, or into a file named by KICKWATCH_PASSWORD_FILE.'],
  });
}

async function readPasswordFile(file: string | null): Promise<string | null> {
  if (file === null) return null;
  const password = await readSecret(file);
  if (password.text) return password.text;
  throw new CliError(`KICKWATCH_PASSWORD_FILE names ${file}, which cannot be read or is empty.`);
}

/** A secret file's content without the line end; null when it is not there, empty, or not ours to read. */
async function readSecret(file: string): Promise<{ text: string | null; isForbidden: boolean }> {
  try {
    return { text: (await readFile(file, 'utf8')).replace(/\r?\n$/, '') || null, isForbidden: false };
  } catch (error) {
    return { text: null, isForbidden: (error as NodeJS.ErrnoException).code === 'EACCES' };
  }
}
