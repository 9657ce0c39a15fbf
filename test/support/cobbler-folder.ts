import { createHash } from 'node:crypto';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';

/** A folder as /etc/cobbler is: settings, users and their groups. */
export interface CobblerFolder {
  path: string;
  /** What SETTINGS_FILE has to be. */
  settingsFile: string;
  write(name: string, content: string): Promise<void>;
  remove(): Promise<void>;
}

/** Makes the folder. `settings` is YAML. */
export async function makeCobblerFolder(settings: string): Promise<CobblerFolder> {
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-cobbler-'));
  const settingsFile = path.join(folder, 'settings.yaml');
  await writeFile(settingsFile, settings);
  return {
    path: folder,
    settingsFile,
    write: (name, content) => writeFile(path.join(folder, name), content),
    remove: () => rm(folder, { recursive: true, force: true }),
  };
}

/** users.digest as Cobbler 3 writes it: everybody's password is the name, a hyphen and `pass`. */
export function digestOf(...users: string[]): string {
  return users
    .map((user) => `${user}:Cobbler:${createHash('sha3-512').update(`${user}-pass`).digest('hex')}\n`)
    .join('');
}
