import { spawn, type ChildProcess } from 'node:child_process';

/** Longest time one client may take; the slowest, koan, needs about two seconds on an idle machine. */
const CLIENT_MS = 60_000;

/** What a program did. */
export interface Ran {
  code: number | null;
  /** Both streams, in the order they came. */
  output: string;
  ms: number;
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

function launch(command: string, args: string[], keep: (text: string) => void): ChildProcess {
  const child = spawn(command, args, { stdio: ['ignore', 'pipe', 'pipe'] });
  alive.add(child);
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (chunk: Buffer) => keep(chunk.toString('utf8')));
  child.once('exit', () => alive.delete(child));
  return child;
}

/** Runs a program to its end. @throws Error when it takes too long; it is killed then. */
export function run(command: string, args: string[], timeoutMs = CLIENT_MS): Promise<Ran> {
  return new Promise((resolve, reject) => {
    const started = Date.now();
    let output = '';
    const child = launch(command, args, (text) => (output += text));
    const timer = setTimeout(() => {
      child.kill('SIGKILL');
      reject(new Error(`${command} did not end within ${timeoutMs} ms:\n${output}`));
    }, timeoutMs);
    child.once('error', reject);
    child.once('close', (code) => {
      clearTimeout(timer);
      resolve({ code, output, ms: Date.now() - started });
    });
  });
}

/** Starts a program that goes on until `stop`. */
export function start(command: string, args: string[]): { output(): string; stop(): Promise<void> } {
  let output = '';
  const child = launch(command, args, (text) => (output += text));
  const ended = new Promise<void>((resolve) => {
    child.once('error', () => resolve());
    child.once('close', () => resolve());
  });
  return {
    output: () => output,
    async stop() {
      child.kill('SIGKILL');
      await ended;
    },
  };
}

/** Counts checks and prints a line for each. */
export interface Checks {
  /** Runs one check; a throw makes it failed and the others go on. */
  check(name: string, work: () => unknown): Promise<void>;
  /** Prints the closing line. @returns the exit code. */
  close(): number;
}

export function createChecks(): Checks {
  let passed = 0;
  let failed = 0;
  return {
    async check(name, work) {
      const started = Date.now();
      try {
        await work();
        passed += 1;
        process.stdout.write(`ok      ${name} (${Date.now() - started} ms)\n`);
      } catch (error) {
        failed += 1;
        const text = error instanceof Error ? error.message : String(error);
        process.stdout.write(`FAILED  ${name}\n${text.replace(/^/gm, '        ')}\n`);
      }
    },
    close() {
      process.stdout.write(`${passed} passed, ${failed} failed\n`);
      return failed === 0 ? 0 : 1;
    },
  };
}

/** @throws Error with `what` and the evidence when the claim does not hold. */
export function claim(holds: boolean, what: string, evidence: unknown = ''): void {
  if (holds) return;
  const shown = typeof evidence === 'string' ? evidence : JSON.stringify(evidence, null, 1);
  throw new Error(`${what}\n${shown.slice(0, 3000)}`);
}
