import { randomBytes, randomInt } from 'node:crypto';
import { link, readFile, rename, rm, writeFile } from 'node:fs/promises';
import { hostname } from 'node:os';
import path from 'node:path';

const PASSWORD_FILE = 'admin-password';
const SHARED_SECRET_FILE = 'web.ss';

/** Letters and digits nobody takes for one another. 32 of them: five bits each. */
const ALPHABET = 'abcdefghijkmnpqrstuvwxyz23456789';
const PASSWORD_LENGTH = 20;

/**
 * The administrator's password kept in the data folder, made at the first start: 100 random bits, mode 0600.
 *
 * @returns `isNew` when this call made it, so that it can be shown once.
 */
export async function keepAdminPassword(dataDir: string): Promise<{ password: string; isNew: boolean }> {
  const file = path.join(dataDir, PASSWORD_FILE);
  for (;;) {
    const kept = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
      if (error.code === 'ENOENT') return null;
      throw new Error(`The password of the administrator cannot be read: ${error.message}`, { cause: error });
    });
    const password = kept?.replace(/\r?\n$/, '') ?? '';
    if (password !== '') return { password, isNew: false };
    if (kept !== null) await rm(file); // emptied by a power failure or by hand: no password at all
    const made = Array.from({ length: PASSWORD_LENGTH }, () => ALPHABET[randomInt(ALPHABET.length)]).join('');
    // Another server may make one in the same folder at the same time: only the first link succeeds.
    if (await writeWhole(file, `${made}\n`, link)) return { password: made, isNew: true };
  }
}

/**
 * Writes a new shared secret to the data folder, mode 0600: whoever can read the file may log in with an empty user
 * name. 128 hexadecimal digits without a line break, so that readers that trim and readers that do not agree.
 */
export async function renewSharedSecret(dataDir: string): Promise<string> {
  const secret = randomBytes(64).toString('hex');
  await writeWhole(path.join(dataDir, SHARED_SECRET_FILE), secret, rename);
  return secret;
}

/** Makes `file` appear with its whole content, by link (never replacing: false) or rename (replacing). */
async function writeWhole(
  file: string,
  content: string,
  place: (from: string, to: string) => Promise<void>,
): Promise<boolean> {
  const draft = `${file}.${process.pid}.${randomBytes(6).toString('hex')}`;
  try {
    await writeFile(draft, content, { mode: 0o600, flag: 'wx' });
    await place(draft, file);
    return true;
  } catch (error) {
    if ((error as NodeJS.ErrnoException).code === 'EEXIST') return false;
    throw error;
  } finally {
    await rm(draft, { force: true });
  }
}

const SERVER_NAME_FILE = 'server-name';

/**
 * The name of this server in heartbeats, leases and events: host name and a random part, kept in the data folder, so
 * that it finds after a restart what it did before.
 */
export async function keepServerName(dataDir: string): Promise<string> {
  const file = path.join(dataDir, SERVER_NAME_FILE);
  for (;;) {
    const kept = await readFile(file, 'utf8').catch(() => '');
    if (kept.trim() !== '') return kept.trim();
    await rm(file, { force: true });
    await writeWhole(file, `${hostname()}-${randomBytes(4).toString('hex')}\n`, link);
  }
}
