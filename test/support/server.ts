import { spawn, type ChildProcess } from 'node:child_process';
import { existsSync } from 'node:fs';
import { mkdtemp, readFile, rm } from 'node:fs/promises';
import net from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { until } from './until';

const ROOT = path.resolve(__dirname, '../..');
const BUILT = path.join(ROOT, 'dist/src/main.js');

/** How long a server may take to say that it is ready: a first start makes the embedded database. */
const READY_MS = 60_000;
/** How long an orderly stop may take before the process is killed and the test told. */
const STOP_MS = 20_000;
/** Output kept of one server, characters. */
const KEPT_OUTPUT = 1_000_000;

/** How a server of a test is started. */
export interface ServerOptions {
  /** Settings; nothing of the caller's own environment reaches the server but PATH, HOME and TMPDIR. */
  env?: Record<string, string>;
  /** Default: a new temporary folder, removed by `stop` and `kill9` of the server that made it. */
  dataDir?: string;
  databaseUrl?: string | null;
  /** Default: a free one. */
  port?: number;
  /** The compiled server instead of the sources. */
  built?: boolean;
  /** Options of Node.js itself, such as --cpu-prof. */
  nodeOptions?: string[];
  readyMs?: number;
}

/** A server in a process of its own, ready to be asked. */
export interface TestServer {
  /** `http://127.0.0.1:PORT`, no trailing slash. */
  url: string;
  port: number;
  pid: number;
  dataDir: string;
  /** The administrator. */
  user: string;
  password: string;
  /** What the process wrote so far, both streams. */
  logs(): string;
  isRunning(): boolean;
  /** SIGTERM; resolves with the exit code. @throws Error when the server had to be killed. */
  stop(): Promise<number | null>;
  /** SIGKILL; keeps the data folder when it was given, as `stop` does. */
  kill9(): Promise<void>;
}

const alive = new Set<ChildProcess>();
process.once('exit', () => {
  for (const child of alive) child.kill('SIGKILL');
});

/**
 * Starts a server and waits until it is ready. To start again on the same data, give `dataDir` (and `port`).
 *
 * @throws Error with the server's output when it ends or is not ready in time.
 */
export async function startServer(options: ServerOptions = {}): Promise<TestServer> {
  const built = options.built ?? false;
  if (built && !existsSync(BUILT)) throw new Error(`${BUILT} is missing: npm run build`);
  const ownDir = options.dataDir === undefined;
  const dataDir = options.dataDir ?? (await mkdtemp(path.join(os.tmpdir(), 'kickwatch-server-')));
  const removeOwn = (): Promise<void> => (ownDir ? rm(dataDir, { recursive: true, force: true }) : Promise.resolve());
  try {
    // Between the look for a free port and its use somebody else may take it: try another one then.
    for (let attempt = 1; ; attempt++) {
      const port = options.port ?? (await findFreePort());
      try {
        return await launch({ ...options, built, dataDir, port }, removeOwn);
      } catch (error) {
        const taken = error instanceof Error && error.message.includes('EADDRINUSE');
        if (!taken || options.port !== undefined || attempt === 5) throw error;
      }
    }
  } catch (error) {
    await removeOwn();
    throw error;
  }
}

type Launch = ServerOptions & { built: boolean; dataDir: string; port: number };

async function launch(options: Launch, removeOwn: () => Promise<void>): Promise<TestServer> {
  const { port, dataDir } = options;
  const program = options.built ? [BUILT] : ['--import', require.resolve('tsx'), path.join(ROOT, 'src/main.ts')];
  const child = spawn(process.execPath, [...(options.nodeOptions ?? []), ...program], {
    cwd: ROOT,
    env: environment(options),
    stdio: ['ignore', 'pipe', 'pipe'],
  });
  alive.add(child);
  let output = '';
  const keep = (chunk: Buffer): void => {
    output = (output + chunk.toString('utf8')).slice(-KEPT_OUTPUT);
  };
  child.stdout.on('data', keep);
  child.stderr.on('data', keep);
  const exited = new Promise<number | null>((resolve) => {
    child.once('error', (error) => {
      output += `${error.message}\n`;
      resolve(null);
    });
    child.once('exit', (code) => resolve(code));
  }).finally(() => alive.delete(child));
  const isRunning = (): boolean => alive.has(child);

  const url = `http://127.0.0.1:${port}`;
  try {
    await until(
      'the server is ready',
      async () => {
        if (!isRunning()) throw new Error('The server ended before it was ready.');
        return (await fetch(`${url}/readyz`, { signal: AbortSignal.timeout(2_000) }).catch(() => null))?.ok === true;
      },
      options.readyMs ?? READY_MS,
    );
  } catch (error) {
    child.kill('SIGKILL');
    await exited;
    throw new Error(`${(error as Error).message}\n${output}`, { cause: error });
  }
  return {
    url,
    port,
    pid: child.pid!,
    dataDir,
    user: options.env?.['ADMIN_USER'] ?? 'cobbler',
    password: options.env?.['ADMIN_PASSWORD'] ?? (await readFile(path.join(dataDir, 'admin-password'), 'utf8')).trim(),
    logs: () => output,
    isRunning,
    async stop() {
      child.kill('SIGTERM');
      const timer = setTimeout(() => child.kill('SIGKILL'), STOP_MS);
      const code = await exited;
      clearTimeout(timer);
      await removeOwn();
      if (child.signalCode === 'SIGKILL') throw new Error(`The server did not stop within ${STOP_MS} ms.\n${output}`);
      return code;
    },
    async kill9() {
      child.kill('SIGKILL');
      await exited;
      await removeOwn();
    },
  };
}

function environment(options: Launch): Record<string, string> {
  const inherited: Record<string, string> = {};
  for (const name of ['PATH', 'HOME', 'TMPDIR']) {
    const value = process.env[name];
    if (value !== undefined) inherited[name] = value;
  }
  return {
    ...inherited,
    HOST: '127.0.0.1',
    PORT: String(options.port),
    // Servers of tests run side by side, and only some are sent syslog: those ask for `any`.
    SYSLOG_PORT: '0',
    DATA_DIR: options.dataDir,
    ...(options.databaseUrl != null && { DATABASE_URL: options.databaseUrl }),
    ...options.env,
  };
}

/** A port of 127.0.0.1 nobody listens on at this moment. */
export async function findFreePort(): Promise<number> {
  return new Promise((resolve, reject) => {
    const probe = net.createServer();
    probe.once('error', reject);
    probe.listen(0, '127.0.0.1', () => {
      const { port } = probe.address() as net.AddressInfo;
      probe.close(() => resolve(port));
    });
  });
}
