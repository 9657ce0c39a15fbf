import { constants, promises as fs } from 'node:fs';
import { randomUUID } from 'node:crypto';
import path from 'node:path';
import { FieldError } from '../domain/item-value';

/** Largest file that is read or written, in bytes; answer files of the field have 20 kB. */
export const MAX_TEMPLATE_BYTES = 256 * 1024;
/** Longest name: that of a file, folders included. */
const MAX_NAME = 255;
/** Files and folders looked through for a list; Cobbler ships a hundred. */
const MAX_LISTED = 5_000;

/** Files of one kind – templates, snippets – in a site's own folder, with what is shipped underneath. */
export interface TemplateFolder {
  /** Where the site's own files lie. */
  readonly dir: string;
  /** Names of all files, sorted. */
  list(): Promise<string[]>;
  /** The text of a file; null when there is none of that name, or the name leads elsewhere. */
  find(name: string): Promise<string | null>;
  /** True when the site has a file of that name itself. */
  isOwn(name: string): Promise<boolean>;
  /** As `find`. @throws FieldError with Cobbler's words for a bad name or a missing file. */
  read(name: string): Promise<string>;
  /** Writes a file as a whole: readers see the former text or the new one. @throws FieldError for a bad name or text. */
  write(name: string, text: string): Promise<void>;
  /** @throws FieldError when the name is bad, or the site has no such file. */
  remove(name: string): Promise<void>;
}

/** How a folder is made. */
export interface TemplateFolderOptions {
  /** Absolute; need not be there. */
  dir: string;
  /** Cobbler's words for one of its files, in faults. */
  what: string;
  /** Files that come with the program, by name; a file of the site hides the one of its name. */
  shipped?: ReadonlyMap<string, string>;
}

/**
 * A folder as callers from outside may use it: names are relative, without `..`, controls and hidden parts; links are
 * followed only as far as they stay inside.
 */
export function createTemplateFolder({ dir, what, shipped = new Map() }: TemplateFolderOptions): TemplateFolder {
  const fault = (name: string, why: string): string => `Invalid ${what} file location ${name}, ${why}`;
  const check = (name: string): void => {
    if (name.includes('..')) throw new FieldError('value', fault(shorten(name), 'it must not contain ..'));
    const why = refuseName(name);
    if (why !== null) throw new FieldError('value', fault(shorten(name), why));
  };
  const missing = (name: string): FieldError => new FieldError('file', fault(path.join(dir, name), 'file not found'));

  /** The place a name really has; null when there is none, or it is outside. */
  async function locate(name: string): Promise<string | null> {
    try {
      const [root, real] = await Promise.all([fs.realpath(dir), fs.realpath(path.join(dir, name))]);
      return real.startsWith(root + path.sep) ? real : null;
    } catch (error) {
      if (isAbsent(error)) return null;
      throw error;
    }
  }

  async function readOwn(name: string): Promise<string | null> {
    const real = await locate(name);
    if (real === null) return null;
    const handle = await fs.open(real, constants.O_RDONLY | constants.O_NOFOLLOW | constants.O_NONBLOCK);
    try {
      const stats = await handle.stat();
      if (!stats.isFile()) return null;
      if (stats.size > MAX_TEMPLATE_BYTES) {
        throw new FieldError('file', fault(name, `it is larger than ${MAX_TEMPLATE_BYTES} bytes`));
      }
      return await handle.readFile('utf8');
    } finally {
      await handle.close();
    }
  }

  async function find(name: string): Promise<string | null> {
    if (name.includes('..') || refuseName(name) !== null) return null;
    return (await readOwn(name)) ?? shipped.get(name) ?? null;
  }

  return {
    dir,
    find,
    isOwn: async (name) => !name.includes('..') && refuseName(name) === null && (await readOwn(name)) !== null,
    async list() {
      const names = new Set([...(await listOwn(dir)), ...shipped.keys()]);
      return [...names].sort();
    },
    async read(name) {
      check(name);
      const text = await find(name);
      if (text === null) throw missing(name);
      return text;
    },
    async write(name, text) {
      check(name);
      if (text.includes('\0')) throw new FieldError('value', fault(name, 'its text holds NUL characters'));
      if (Buffer.byteLength(text) > MAX_TEMPLATE_BYTES) {
        throw new FieldError('value', fault(name, `its text is larger than ${MAX_TEMPLATE_BYTES} bytes`));
      }
      await writeInside(dir, name, text, (why) => new FieldError('file', fault(name, why)));
    },
    async remove(name) {
      check(name);
      if ((await locate(name)) === null) throw missing(name);
      // The link goes, not what it leads to.
      await fs.unlink(path.join(await fs.realpath(path.dirname(path.join(dir, name))), path.basename(name)));
    },
  };
}

/** Why a name cannot be that of a file here; null when it can. */
function refuseName(name: string): string | null {
  if (name === '') return 'it must not be empty';
  if (name.length > MAX_NAME) return `it must not be longer than ${MAX_NAME} characters`;
  if (name.startsWith('/')) return 'it must be relative';
  if (/[\p{Cc}\\]/u.test(name)) return 'it must not contain control characters or backslashes';
  if (name.split('/').some((part) => part === '' || part.startsWith('.'))) return 'no part may be empty or hidden';
  return null;
}

/** Folders a name needs are made; each must be inside, and no link out of it. */
async function writeInside(dir: string, name: string, text: string, refuse: (why: string) => Error): Promise<void> {
  await fs.mkdir(dir, { recursive: true, mode: 0o750 });
  const root = await fs.realpath(dir);
  let folder = root;
  for (const part of name.split('/').slice(0, -1)) {
    await fs.mkdir(path.join(folder, part), { mode: 0o750 }).catch((error: NodeJS.ErrnoException) => {
      if (error.code !== 'EEXIST') throw error;
    });
    folder = await fs.realpath(path.join(folder, part));
    if (!folder.startsWith(root + path.sep)) throw refuse('it leads out of the folder');
    if (!(await fs.stat(folder)).isDirectory()) throw refuse('a file is in its way');
  }
  const target = path.join(folder, path.basename(name));
  const before = await fs.lstat(target).catch(() => null);
  if (before?.isDirectory()) throw refuse('it is a folder');
  const written = path.join(folder, `.${randomUUID()}.new`);
  try {
    // Answer files hold password hashes; what a site opened to others stays open.
    await fs.writeFile(written, text, { flag: 'wx', mode: 0o640 });
    if (before?.isFile()) await fs.chmod(written, before.mode & 0o777);
    await fs.rename(written, target);
  } catch (error) {
    await fs.rm(written, { force: true });
    throw error;
  }
}

/** Names of the files below, bounded. Folders behind links are not looked into. */
async function listOwn(dir: string): Promise<string[]> {
  const found: string[] = [];
  const waiting = [''];
  let seen = 0;
  for (let at = waiting.pop(); at !== undefined; at = waiting.pop()) {
    const entries = await fs.readdir(path.join(dir, at), { withFileTypes: true }).catch((error: unknown) => {
      if (isAbsent(error)) return [];
      throw error;
    });
    for (const entry of entries) {
      seen += 1;
      if (seen > MAX_LISTED) return found;
      const name = at === '' ? entry.name : `${at}/${entry.name}`;
      if (refuseName(name) !== null || name.includes('..')) continue;
      if (entry.isDirectory()) waiting.push(name);
      else found.push(name);
    }
  }
  return found;
}

function isAbsent(error: unknown): boolean {
  return ['ENOENT', 'ENOTDIR', 'ELOOP'].includes((error as NodeJS.ErrnoException).code ?? '');
}

/** A name in a message. */
function shorten(name: string): string {
  return name.length > MAX_NAME ? `${name.slice(0, MAX_NAME)}…` : name;
}

/**
 * The folder to use for a setting: the one it names when it is there or was chosen by hand, else one of the same name in
 * the data folder.
 */
export async function chooseFolder(named: string, usual: string, dataDir: string): Promise<string> {
  if (named !== usual) return path.resolve(named);
  const isThere = await fs.stat(named).then(
    (it) => it.isDirectory(),
    () => false,
  );
  return isThere ? named : path.join(dataDir, path.basename(named));
}
