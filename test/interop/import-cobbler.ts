import { spawn } from 'node:child_process';
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import net, { type AddressInfo } from 'node:net';
import os from 'node:os';
import path from 'node:path';
import { cli } from '../cli/support/run-cli';
import { createRpc, login } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';
import { until } from '../support/until';
import { claim, createChecks, run } from './harness';

/** How long Cobbler may take to start; about five seconds on an idle machine. */
const COBBLER_MS = 60_000;

interface Cobbler {
  url: string;
  /** Its files, as the processes of its mount namespace see them. */
  files: string;
  stop(): Promise<void>;
}

/** Starts Cobbler's daemon as released, in a mount namespace of its own; null where that cannot be. */
async function startCobbler(bin: string, packages: string, folder: string): Promise<Cobbler | null> {
  const port = await freePort();
  const script = path.join(__dirname, 'cobbler/start.sh');
  const args = [
    '--map-root-user',
    '--mount',
    'bash',
    script,
    packages,
    folder,
    String(port),
    path.join(bin, 'cobblerd'),
  ];
  const child = spawn('unshare', args, { stdio: ['ignore', 'pipe', 'pipe'] });
  let output = '';
  for (const stream of [child.stdout, child.stderr]) stream.on('data', (text: Buffer) => (output += text.toString()));
  const ended = new Promise<void>((resolve) => child.once('close', () => resolve()));
  child.once('error', (error) => (output += error.message));
  const url = `http://127.0.0.1:${port}`;
  const stop = async (): Promise<void> => {
    child.kill('SIGKILL');
    await ended;
  };
  try {
    await until(
      'Cobbler answers',
      async () => {
        if (child.exitCode !== null) throw new Error('it ended');
        return createRpc(url)('ping').catch(() => false);
      },
      COBBLER_MS,
    );
  } catch {
    await stop();
    process.stdout.write(`skipped: import from Cobbler's daemon: it cannot be started here (${lastLine(output)})\n`);
    return null;
  }
  return { url, files: `/proc/${child.pid}/root`, stop };
}

function lastLine(output: string): string {
  return output.trim().split('\n').at(-1) ?? '';
}

function freePort(): Promise<number> {
  return new Promise((resolve) => {
    const server = net.createServer().listen(0, '127.0.0.1', () => {
      const { port } = server.address() as AddressInfo;
      server.close(() => resolve(port));
    });
  });
}

interface Report {
  types: { type: string; found: number; added: number; changed: number; same: number; refused: number }[];
  remarks: { what: string; field: string | null }[];
}

async function take(server: TestServer, args: string[]): Promise<Report> {
  const { out, err } = await cli(['import-cobbler', ...args, '--json'], {
    DATA_DIR: server.dataDir,
    KICKWATCH_URL: server.url,
  });
  claim(out !== '', 'the import failed', err);
  return JSON.parse(out) as Report;
}

async function checkImport(cobbler: Cobbler, server: TestServer, folder: string): Promise<number> {
  const checks = createChecks();
  const passwordFile = path.join(folder, 'password');
  await writeFile(passwordFile, 'cobbler\n');
  const fromApi = ['--url', `${cobbler.url}/RPC2`, '--old-user', 'cobbler', '--old-password-file', passwordFile];
  const found = { menu: 2, repo: 1, mgmtclass: 1, package: 1, file: 1, distro: 1, profile: 2, image: 1, system: 20 };

  await checks.check('import-cobbler takes everything from the API of a Cobbler', async () => {
    const report = await take(server, [...fromApi, '--force-paths']);
    for (const [type, count] of Object.entries(found)) {
      const row = report.types.find((each) => each.type === type)!;
      claim(row.found === count && row.added === count, `${type}: not all were taken`, report);
    }
    claim(!report.remarks.some(({ what }) => what === 'refused'), 'something was refused', report.remarks);
  });

  await checks.check('what was taken reads as it does at the Cobbler, field by field', async () => {
    const [there, here] = [createRpc(cobbler.url), createRpc(server.url)];
    const tokens = [await login(there, { user: 'cobbler', password: 'cobbler' }), await login(here, server)];
    const own = ['uid', 'ctime', 'mtime', 'depth', 'is_subobject', 'parent', 'distro', 'ks_meta', 'kickstart'];
    for (const [type, name] of [
      ['system', 'node07'],
      ['profile', 'z-el8'],
      ['distro', 'el8'],
      ['repo', 'el8-base'],
      ['image', 'rescue'],
      ['menu', 'servers'],
      ['file', 'motd'],
    ] as const) {
      const [theirs, ours] = await Promise.all([
        there<Record<string, unknown>>(`get_${type}`, name, false, false, tokens[0]),
        here<Record<string, unknown>>(`get_${type}`, name, false, false, tokens[1]),
      ]);
      for (const [field, value] of Object.entries(theirs)) {
        if (own.includes(field) || field.startsWith('remote_grub')) continue;
        const same = canonical(ours[field]) === canonical(value);
        claim(same, `${type}.${field}: ${JSON.stringify(ours[field])} instead of ${JSON.stringify(value)}`);
      }
    }
    const text = await here('read_autoinstall_template', 'site.ks', tokens[1]);
    claim(text === "url --url=$tree\n$SNIPPET('hello')\n", 'the template differs', text);
  });

  await checks.check('a second time, and from its collections, nothing changes', async () => {
    const collections = path.join(cobbler.files, 'var/lib/cobbler/collections');
    for (const args of [fromApi, ['--from', collections, '--templates', path.join(collections, '../templates')]]) {
      const { types } = await take(server, args);
      const items = types.filter(({ type }) => Object.hasOwn(found, type));
      claim(
        items.every((row) => row.same === row.found),
        'something changed',
        types,
      );
    }
  });
  return checks.close();
}

/** JSON with the keys in order. */
function canonical(value: unknown): string {
  return JSON.stringify(value, (_key, each: unknown) =>
    typeof each === 'object' && each !== null && !Array.isArray(each)
      ? Object.fromEntries(Object.entries(each).sort(([a], [b]) => (a < b ? -1 : 1)))
      : each,
  );
}

/** Where Python keeps the packages of a virtual environment. */
async function packagesOf(bin: string): Promise<string> {
  const script = 'import sysconfig; print(sysconfig.get_path("purelib"))';
  return (await run(path.join(bin, 'python'), ['-c', script])).output.trim();
}

/** Imports a Cobbler that runs from the virtual environment of that path. */
async function main([venv]: string[]): Promise<number> {
  const bin = path.resolve(venv!, 'bin');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-cobbler-'));
  const own = path.join(folder, 'cobbler');
  await run('mkdir', [own]);
  const cobbler = await startCobbler(bin, await packagesOf(bin), own);
  try {
    if (cobbler === null) return 0;
    const fill = await run(path.join(bin, 'python'), [
      path.join(__dirname, 'cobbler/fill.py'),
      cobbler.url,
      path.join(own, 'kernels'),
    ]);
    claim(fill.code === 0, 'the Cobbler could not be filled', fill.output);
    const server = await startServer({ env: { SYSLOG_PORT: '0' } });
    try {
      return await checkImport(cobbler, server, folder);
    } finally {
      await server.stop();
    }
  } finally {
    await cobbler?.stop();
    await rm(folder, { recursive: true, force: true });
  }
}

void main(process.argv.slice(2)).then((code) => {
  process.exitCode = code;
});
