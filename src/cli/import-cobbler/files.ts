import { readdir } from 'node:fs/promises';
import path from 'node:path';
import type { Client } from '../client';
import { ServerFault } from '../client-errors';
import { inParallel } from '../simulate/register';
import type { OldFile, OldSite } from './old-site';
import { readBounded } from './read-folder';

/** Answer files are some KiB; what is larger is something else. */
const MAX_FILE = 1024 * 1024;
/** Templates and snippets that are read. */
const MAX_FILES = 20_000;
/** Folders inside one another. */
const MAX_DEPTH = 20;

/** Adds the templates or snippets below a folder to the site. A folder that is not there has none; false then. */
export async function readFiles(site: OldSite, kind: OldFile['kind'], folder: string): Promise<boolean> {
  const refuse = (name: string, why: string): void => {
    site.remarks.push({ what: 'refused', type: kind, name, field: null, why });
  };
  const waiting = [{ below: '', depth: 0 }];
  for (let next = waiting.pop(); next; next = waiting.pop()) {
    const { below, depth } = next;
    const entries = await readdir(path.join(folder, below), { withFileTypes: true }).catch((error: unknown) => {
      const { code } = error as NodeJS.ErrnoException;
      if (below !== '' || code !== 'ENOENT') refuse(below || folder, `the folder cannot be read (${code})`);
      return null;
    });
    if (entries === null) {
      if (below === '') return false;
      continue;
    }
    for (const entry of entries.sort((a, b) => (a.name < b.name ? -1 : 1))) {
      const name = below === '' ? entry.name : `${below}/${entry.name}`;
      if (entry.name.startsWith('.')) continue;
      if (entry.isDirectory()) {
        if (depth < MAX_DEPTH) waiting.push({ below: name, depth: depth + 1 });
        else refuse(name, `folders inside one another are read ${MAX_DEPTH} deep`);
      } else if (!entry.isFile()) refuse(name, 'it is no plain file');
      else if (site.files.length >= MAX_FILES) refuse(name, `there are more than ${MAX_FILES} files`);
      else await readOne(site, kind, { folder, name }, refuse);
    }
  }
  return true;
}

async function readOne(
  site: OldSite,
  kind: OldFile['kind'],
  { folder, name }: { folder: string; name: string },
  refuse: (name: string, why: string) => void,
): Promise<void> {
  try {
    const text = await readBounded(path.join(folder, name), MAX_FILE);
    if (text === null) refuse(name, `it is larger than ${MAX_FILE >> 10} KiB: no autoinstall file`);
    else if (text.includes('\0') || text.includes('\uFFFD')) refuse(name, 'it is no text in UTF-8');
    else site.files.push({ kind, path: name, text });
  } catch (error) {
    refuse(name, `it cannot be read (${(error as NodeJS.ErrnoException).code})`);
  }
}

/** What is to be done with one file. `absent`: this server has no method to write it. */
export interface FileStep {
  file: OldFile;
  action: 'add' | 'edit' | 'same' | 'absent';
}

/** Compares the files with those of this server. `methods`: what it can be asked. */
export async function planFiles(
  client: Client,
  files: readonly OldFile[],
  methods: ReadonlySet<string>,
): Promise<FileStep[]> {
  const present = new Map<string, Set<string>>();
  const steps: FileStep[] = files.map((file) => ({ file, action: 'absent' }));
  for (const kind of ['template', 'snippet'] as const) {
    if (!methods.has(`write_autoinstall_${kind}`) || !methods.has(`get_autoinstall_${kind}s`)) continue;
    const paths = await client.ask(`get_autoinstall_${kind}s`, []);
    present.set(kind, new Set(Array.isArray(paths) ? paths.map(String) : []));
  }
  await inParallel(
    steps,
    () => undefined,
    async (step) => {
      const { kind, path: name, text } = step.file;
      const here = present.get(kind);
      if (!here) return;
      if (!here.has(name)) step.action = 'add';
      else step.action = (await readHere(client, kind, name)) === text ? 'same' : 'edit';
    },
  );
  return steps;
}

async function readHere(client: Client, kind: string, name: string): Promise<string | null> {
  try {
    const text = await client.ask(`read_autoinstall_${kind}`, [name]);
    return typeof text === 'string' ? text : null;
  } catch (error) {
    if (error instanceof ServerFault) return null;
    throw error;
  }
}

/** Writes the files that differ; answers those that were refused, with the reason. */
export async function writeFiles(
  client: Client,
  steps: readonly FileStep[],
  onProgress: (text: string) => void,
): Promise<Map<FileStep, string>> {
  const refused = new Map<FileStep, string>();
  const open = steps.filter(({ action }) => action === 'add' || action === 'edit');
  await inParallel(
    open,
    (done, total) => onProgress(`wrote ${done} of ${total} templates and snippets`),
    async (step) => {
      const { kind, path: name, text } = step.file;
      try {
        await client.ask(`write_autoinstall_${kind}`, [name, text]);
      } catch (error) {
        if (!(error instanceof ServerFault)) throw error;
        refused.set(step, error.message);
      }
    },
  );
  return refused;
}
