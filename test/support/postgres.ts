import { spawn, spawnSync } from 'node:child_process';
import { existsSync, readdirSync, readlinkSync } from 'node:fs';
import path from 'node:path';
import { createInterface } from 'node:readline';

/** A PostgreSQL server of one test's own, which can be taken away and given back. */
export interface OwnPostgres {
  url: string;
  /** Stops it at once, as a crash does: connections break, nothing is written any more. */
  stop(): void;
  /** Starts it again on the same port; resolves when it takes connections. */
  start(): void;
  /** Stops all its processes where they are: connections stay and nothing answers. */
  freeze(): void;
  thaw(): void;
  /** Stops and removes it. */
  close(): Promise<void>;
}

/** True when PostgreSQL's server programs are installed where `with-postgres.sh` looks for them. */
export function hasPostgres(): boolean {
  if (process.env.PG_BIN !== undefined) return existsSync(path.join(process.env.PG_BIN, 'initdb'));
  if (spawnSync('sh', ['-c', 'command -v initdb']).status === 0) return true;
  const root = '/usr/lib/postgresql';
  return existsSync(root) && readdirSync(root).some((version) => existsSync(path.join(root, version, 'bin/initdb')));
}

/** Starts a PostgreSQL server of the caller's own, through `with-postgres.sh`. */
export async function startPostgres(): Promise<OwnPostgres> {
  const script = path.join(__dirname, 'with-postgres.sh');
  const tell = 'echo "$TEST_DATABASE_URL|$KICKWATCH_POSTGRES_DATA|$KICKWATCH_POSTGRES_BIN"; read -r _';
  const child = spawn(script, ['bash', '-c', `${tell} <&3`], { stdio: ['ignore', 'pipe', 'inherit', 'pipe'] });
  const line = await new Promise<string>((resolve, reject) => {
    createInterface({ input: child.stdout! }).once('line', resolve);
    child.once('exit', (code) => reject(new Error(`with-postgres.sh ended with ${code}.`)));
  });
  const [url, data, bin] = line.split('|') as [string, string, string];
  const port = new URL(url).port;
  const asServer = process.getuid?.() === 0 ? ['setpriv', '--reuid=postgres', '--regid=postgres', '--init-groups'] : [];
  const control = (...args: string[]): void => {
    const command = [...asServer, `${bin}/pg_ctl`, '-D', data, '-w', '-t', '60', '-s', ...args];
    const { status, stderr } = spawnSync(command[0]!, command.slice(1), {
      cwd: path.dirname(data),
      stdio: ['ignore', 'ignore', 'pipe'],
    });
    if (status !== 0) throw new Error(`pg_ctl ${args.join(' ')}: ${stderr.toString()}`);
  };
  const signal = (name: 'SIGSTOP' | 'SIGCONT'): void => {
    for (const pid of processesIn(data)) process.kill(pid, name);
  };
  return {
    url,
    stop: () => control('-m', 'immediate', 'stop'),
    start: () =>
      control(
        ...['-l', path.join(path.dirname(data), 'server.log'), 'start', '-o'],
        `-p ${port} -c listen_addresses=127.0.0.1 -c unix_socket_directories='' -c fsync=on -c max_connections=200`,
      ),
    freeze: () => signal('SIGSTOP'),
    thaw: () => signal('SIGCONT'),
    async close() {
      const ended = new Promise((resolve) => child.once('exit', resolve));
      (child.stdio[3] as NodeJS.WritableStream).end('\n');
      await ended;
    },
  };
}

/** The processes of a cluster: those that work in its data folder. */
function processesIn(data: string): number[] {
  return readdirSync('/proc')
    .filter((name) => /^\d+$/.test(name))
    .map(Number)
    .filter((pid) => {
      try {
        return readlinkSync(`/proc/${pid}/cwd`) === data;
      } catch {
        return false; // gone, or somebody else's
      }
    });
}
