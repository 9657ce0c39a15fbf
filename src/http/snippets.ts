import { readdir, readFile, stat } from 'node:fs/promises';
import path from 'node:path';

/** The snippets of the program: path below the folder, with `/` (`kickstart/pre.ks`) → its text as shipped. */
export interface Snippets {
  files: ReadonlyMap<string, string>;
  /** When the newest of them was written; a whole second, ms since 1970. */
  changedAt: number;
}

/** What fills the placeholders; null = the placeholder stays, and the functions look at the kernel command line. */
export interface SnippetValues {
  /** URL of the server, no trailing slash. */
  url: string;
  system: string | null;
  profile: string | null;
}

/** Name of the folder, at the root of the source tree and beside `dist`. */
const FOLDER = 'snippets';
/** Under this name Cobbler's templates know the folder: `$SNIPPET('kickwatch/kickstart/pre.ks')`. */
const COBBLER_FOLDER = 'kickwatch/';
/** The folder holds some 15 files of a few KiB; what is beyond these bounds was put there by mistake. */
const MAX_FILES = 200;
const MAX_FILE_BYTES = 256 * 1024;
/** `kickwatch.ks` includes `firstboot.ks`, that `install.sh`, that `kickwatch.sh`. */
const MAX_DEPTH = 5;

/**
 * Reads all snippets into memory: what is served later is looked up there and cannot lead out of the folder. Links,
 * hidden files, README.md (which explains the placeholders) and files over 256 KiB are left out.
 *
 * @param from - a folder inside the program; the snippets lie beside it or above it.
 * @throws Error when no folder above holds them.
 */
export function loadSnippets(from: string): Promise<Snippets> {
  return loadFolder(from, FOLDER, 'kickwatch.sh');
}

/** The templates of the program, in the same way: answer files to begin with. */
export function loadTemplates(from: string): Promise<Snippets> {
  return loadFolder(from, 'autoinstall', 'sample.ks');
}

async function loadFolder(from: string, name: string, known: string): Promise<Snippets> {
  const root = await findFolder(from, name, known);
  const files = new Map<string, string>();
  let changedAt = 0;
  const entries = await readdir(root, { recursive: true, withFileTypes: true });
  for (const entry of entries) {
    if (!entry.isFile() || entry.name.startsWith('.') || entry.name === 'README.md') continue;
    const file = path.join(entry.parentPath, entry.name);
    const { size, mtimeMs } = await stat(file);
    if (size > MAX_FILE_BYTES) continue;
    if (files.size === MAX_FILES) break;
    files.set(path.relative(root, file).split(path.sep).join('/'), await readFile(file, 'utf8'));
    changedAt = Math.max(changedAt, mtimeMs);
  }
  return { files, changedAt: Math.floor(changedAt / 1000) * 1000 };
}

/** `known` is a file the folder has: others of its name are not it. */
async function findFolder(from: string, name: string, known: string): Promise<string> {
  for (let above = from; ; above = path.dirname(above)) {
    const folder = path.join(above, name);
    const found = await stat(path.join(folder, known)).then(
      (it) => it.isFile(),
      () => false,
    );
    if (found) return folder;
    if (above === path.dirname(above)) throw new Error(`The folder ${name} of the program is missing.`);
  }
}

/**
 * A snippet as it is copied or fetched: what it includes is in it, what only Cobbler's template language reads is not,
 * and the placeholders are filled. null when there is none of that name.
 */
export function renderSnippet(snippets: Snippets, name: string, values: SnippetValues): string | null {
  const text = snippets.files.get(name);
  if (text === undefined) return null;
  const lines: string[] = [];
  expand(snippets, text, 0, lines);
  return fill(lines.join('\n'), values);
}

const INCLUDE = /^\$SNIPPET\('([\w./-]{1,100})'\)$/;

/** `#if True … #else … #end if` holds Cobbler's variables first and plain placeholders second. */
function expand(snippets: Snippets, text: string, depth: number, into: string[]): void {
  let isForCobbler = false;
  for (const line of text.split('\n')) {
    const included = INCLUDE.exec(line)?.[1];
    if (line === '#if True') isForCobbler = true;
    else if (line === '#else' || line === '#end if') isForCobbler = false;
    else if (line === '#raw' || line === '#end raw' || isForCobbler) continue;
    else if (included === undefined) into.push(line);
    else if (depth < MAX_DEPTH && included.startsWith(COBBLER_FOLDER)) {
      const found = snippets.files.get(included.slice(COBBLER_FOLDER.length));
      if (found !== undefined) expand(snippets, found.replace(/\n$/, ''), depth + 1, into);
    }
  }
}

/** `http://@@server@@` becomes the URL, `@@server@@` alone the URL too, shortened to host and port where it is plain HTTP. */
function fill(text: string, { url, system, profile }: SnippetValues): string {
  const filled = text
    .replaceAll('http://@@server@@', url)
    .replaceAll('@@server@@', url.replace(/^http:\/\//, ''))
    .replaceAll('@@host@@', new URL(url).hostname);
  const named = system === null ? filled : filled.replaceAll('@@system@@', system);
  return profile === null ? named : named.replaceAll('@@profile@@', profile);
}
