import { execFile, execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync, symlinkSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import { loadSnippets, renderSnippet, type SnippetValues } from '../../../src/http/snippets';

/** What a script came to. `isCutOff`: it did not end within 30 s and was killed. */
export interface ShellOutcome {
  code: number | null;
  stdout: string;
  stderr: string;
  isCutOff: boolean;
}

const which = (name: string): string | null => {
  try {
    return execFileSync('/bin/sh', ['-c', 'command -v "$1"', 'sh', name], { encoding: 'utf8' }).trim();
  } catch {
    return null;
  }
};

/** The shells of this machine a snippet may meet, each as a command. */
export const SHELLS: string[][] = [['dash'], ['bash'], ['busybox', 'ash'], ['sh']]
  .filter(([program]) => which(program!) !== null)
  .slice(0, 3);

/** Programs that can make a call, each alone; those this machine has. Busybox's wget knows no time limit. */
export const TOOLS = ['curl', 'wget', 'python3', 'busybox'].filter((tool) => which(tool) !== null);

/** What every installer has. */
const BASE = [
  'cat',
  'chmod',
  'cut',
  'find',
  'grep',
  'head',
  'ln',
  'mkdir',
  'mktemp',
  'rm',
  'sed',
  'sleep',
  'tail',
  'tr',
];

/** A folder for PATH with the programs every installer has and one that makes calls; `null` = none does. */
export function createPath(tool: string | null): { folder: string; remove(): void } {
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-path-'));
  for (const name of BASE) symlinkSync(which(name)!, path.join(folder, name));
  if (tool === 'busybox') symlinkSync(which('busybox')!, path.join(folder, 'wget'));
  // Not the shim of a version manager, which is a script that needs more than there is.
  else if (tool === 'python3') symlinkSync(realPython(), path.join(folder, 'python3'));
  else if (tool !== null) symlinkSync(which(tool)!, path.join(folder, tool));
  return { folder, remove: () => rmSync(folder, { recursive: true, force: true }) };
}

const realPython = (): string =>
  execFileSync('python3', ['-c', 'import sys; print(sys.executable)'], { encoding: 'utf8' }).trim();

/** A snippet as `/cblr/pub` serves it. */
export async function snippet(name: string, values: Partial<SnippetValues> = {}): Promise<string> {
  const rendered = renderSnippet(await loadSnippets(__dirname), name, {
    url: 'http://127.0.0.1:9',
    system: 'web1',
    profile: null,
    ...values,
  });
  if (rendered === null) throw new Error(`There is no snippet ${name}.`);
  return rendered;
}

/** The body of the first section of a kickstart file. */
export function section(kickstart: string, name: string): string {
  const found = new RegExp(`^%${name}\\b.*\\n([^]*?)^%end$`, 'm').exec(kickstart);
  if (found === null) throw new Error(`There is no section %${name}.`);
  return found[1]!;
}

/** Runs a script the way anaconda does: as a file. */
export function runShell(
  shell: readonly string[],
  script: string,
  options: { path?: string; env?: Record<string, string>; name?: string; args?: string[] } = {},
): Promise<ShellOutcome> {
  const [program, ...rest] = shell;
  const folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-script-'));
  const file = path.join(folder, options.name ?? 'ks-script-a1b2c3');
  writeFileSync(file, script);
  return new Promise((resolve) => {
    execFile(
      which(program!)!,
      [...rest, file, ...(options.args ?? [])],
      {
        env: { PATH: options.path ?? process.env['PATH']!, ...options.env },
        encoding: 'utf8',
        timeout: 30_000,
        killSignal: 'SIGKILL',
      },
      (error, stdout, stderr) => {
        rmSync(folder, { recursive: true, force: true });
        resolve({
          code: error === null ? 0 : typeof error.code === 'number' ? error.code : null,
          stdout,
          stderr,
          isCutOff: error?.killed === true,
        });
      },
    );
  });
}
