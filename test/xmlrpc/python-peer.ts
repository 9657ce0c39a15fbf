import { spawn, spawnSync } from 'node:child_process';
import { join } from 'node:path';
import { createInterface } from 'node:readline';
import type { Canonical } from './canonical';

/** What Python made of a document. */
export type PythonVerdict = { method: string | null; params: Canonical[] } | { fault: string };

/** Python's XML-RPC codec, in a child process that lives until `close`. */
export interface PythonPeer {
  loads(xml: Buffer | string): Promise<PythonVerdict>;
  /** Without a method: an answer. */
  dumps(values: Canonical[], method?: string): Promise<Buffer>;
  close(): Promise<void>;
}

/** True when python3 can be run; says so in the test output when not. */
export function hasPython(): boolean {
  const found = spawnSync('python3', ['-c', 'import xmlrpc.client']).status === 0;
  if (!found) process.stderr.write('SKIPPED: comparisons with Python, because python3 was not found\n');
  return found;
}

/** `describe` where python3 is there, `describe.skip` elsewhere. */
export function describeWithPython(name: string, body: () => void): void {
  (hasPython() ? describe : describe.skip)(name, body);
}

export function startPythonPeer(): PythonPeer {
  const child = spawn('python3', [join(__dirname, 'python-peer.py')], { stdio: ['pipe', 'pipe', 'inherit'] });
  const waiting: ((line: string) => void)[] = [];
  createInterface({ input: child.stdout }).on('line', (line) => waiting.shift()?.(line));
  const ask = (request: object) =>
    new Promise<unknown>((resolve) => {
      waiting.push((line) => resolve(JSON.parse(line)));
      child.stdin.write(`${JSON.stringify(request)}\n`);
    });
  return {
    loads: async (xml) => (await ask({ loads: Buffer.from(xml).toString('base64') })) as PythonVerdict,
    dumps: async (dumps, method) => {
      const { xml } = (await ask({ dumps, method })) as { xml: string };
      return Buffer.from(xml, 'base64');
    },
    close: () =>
      new Promise((resolve) => {
        child.on('close', () => resolve());
        child.stdin.end();
      }),
  };
}
