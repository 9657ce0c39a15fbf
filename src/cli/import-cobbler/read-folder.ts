import { open, readdir } from 'node:fs/promises';
import path from 'node:path';
import type { ItemType } from '../../domain/inventory';
import { CliError } from '../cli-error';
import { addItem, emptySite, IMPORTED_TYPES, refuseUnread, type OldSite } from './old-site';

/** Largest item that is read, bytes: a system with hundreds of interfaces has a tenth of it. */
const MAX_FILE = 4 * 1024 * 1024;
/** Items of one type that are read. */
const MAX_ITEMS = 200_000;
/** Files open at a time. */
const PARALLEL = 32;

/**
 * The items below Cobbler's folder of collections: `distros/NAME.json` and so on (3.x), `distros.d/NAME.json` (2.8).
 *
 * @throws CliError when it is no such folder, or may not be read.
 */
export async function readCollections(folder: string, onProgress: (text: string) => void): Promise<OldSite> {
  const names = await readFolder(folder);
  const site = emptySite(folder);
  if (names.includes('network_interfaces')) {
    throw new CliError(`${folder} holds collections of Cobbler 4, which name each other by number.`, {
      hints: ['Collections of Cobbler 2.8 and 3 can be read; of 4 none can yet.'],
    });
  }
  for (const type of IMPORTED_TYPES) {
    const found = [type.plural, `${type.plural}.d`].find((name) => names.includes(name));
    if (found === undefined) continue;
    await readCollection(site, type, path.join(folder, found), onProgress);
    site.complete.add(type.name);
  }
  if (site.complete.size === 0) {
    throw new CliError(`${folder} holds no collections of Cobbler.`, {
      hints: [
        'They are folders named distros, profiles, systems …; Cobbler keeps them in /var/lib/cobbler/collections.',
      ],
    });
  }
  return site;
}

async function readFolder(folder: string): Promise<string[]> {
  try {
    return (await readdir(folder)).sort();
  } catch (error) {
    const { code } = error as NodeJS.ErrnoException;
    const why: Record<string, string> = {
      ENOENT: 'there is no such folder',
      ENOTDIR: 'it is no folder',
      EACCES: 'it may not be read; Cobbler keeps it for root',
    };
    throw new CliError(`${folder}: ${why[code ?? ''] ?? String(error)}.`, {
      hints: ['Name the folder with distros/, profiles/, systems/ in it, or a copy of it, with --from.'],
      cause: error,
    });
  }
}

async function readCollection(
  site: OldSite,
  type: ItemType,
  folder: string,
  onProgress: (text: string) => void,
): Promise<void> {
  const files = (await readFolder(folder)).filter((name) => name.endsWith('.json') && !name.startsWith('.'));
  if (files.length > MAX_ITEMS) throw new CliError(`${folder} holds more than ${MAX_ITEMS} items.`);
  for (let at = 0; at < files.length; at += PARALLEL) {
    const batch = files.slice(at, at + PARALLEL);
    const read = await Promise.all(batch.map((name) => readJson(path.join(folder, name))));
    read.forEach((each, index) => {
      const origin = path.join(path.basename(folder), batch[index]!);
      const fallback = batch[index]!.slice(0, -'.json'.length);
      if ('why' in each) refuseUnread(site, type, fallback, `${origin}: ${each.why}`);
      else addItem(site, type, each.value, { origin, fallback });
    });
    onProgress(`read ${at + batch.length} of ${files.length} ${type.plural}`);
  }
}

async function readJson(file: string): Promise<{ value: unknown } | { why: string }> {
  try {
    const text = await readBounded(file, MAX_FILE);
    if (text === null) return { why: `it is larger than ${MAX_FILE >> 20} MiB` };
    return { value: JSON.parse(text) as unknown };
  } catch (error) {
    if (error instanceof SyntaxError) return { why: `it is not JSON (${error.message.slice(0, 200)})` };
    const { code, message } = error as NodeJS.ErrnoException;
    return { why: code === undefined ? message : `it cannot be read (${code})` };
  }
}

/** The text of a file; null when it is longer than `most` bytes. @throws Error of the system, or when it is no text. */
export async function readBounded(file: string, most: number): Promise<string | null> {
  const handle = await open(file, 'r');
  try {
    const { size } = await handle.stat();
    if (size > most) return null;
    const buffer = Buffer.alloc(most < size + 1 ? most : size + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}
