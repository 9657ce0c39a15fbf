/**
 * Cobbler's own command line, as released, pointed at Kickwatch, beside Kickwatch's called by the name of `cobbler`: the
 * same command lines, each at a server of its own, must print the same and end alike. `cobbler-cli.ts VENV`, called by
 * run.sh. Prints a line per check and `N passed, N failed`; exit code 1 when one failed.
 *
 * Cobbler's reads /etc/cobbler and /var/lib/cobbler. It is given them in a mount namespace of its own: folders made here
 * lie over /etc, /var/lib and /var/log for that process alone.
 */
import { appendFile, copyFile, cp, mkdir, mkdtemp, readdir, readFile, rm, symlink, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createRpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';
import { until } from '../support/until';
import { claim, createChecks, run, start, type Ran } from './harness';

/** The whole run; two programs for each line take a second on an idle machine, four on a busy one. */
const ALL_MS = 20 * 60_000;
/** A first start makes a database; two at a time on a busy machine need more than one. */
const READY_MS = 120_000;
const ROOT = path.resolve(__dirname, '../..');
/** Lies the three folders over those of the system, then becomes the program. */
const ENTER =
  'mount --bind "$1/etc" /etc && mount --bind "$1/lib" /var/lib && mount --bind "$1/log" /var/log && shift && exec "$@"';

/** Types in the order they can refer to each other, and what each needs besides its name. */
const TYPES: readonly (readonly [string, readonly string[]])[] = [
  ['distro', ['--kernel=FOLDER/vmlinuz', '--initrd', 'FOLDER/initrd.img', '--arch=x86_64', '--breed=redhat']],
  ['profile', ['--distro=one', '--kernel-options=a=b c', '--virt-cpus=2', '--name-servers=10.0.0.1 10.0.0.2']],
  [
    'system',
    ['--profile=one', '--interface=eth0', '--mac=aa:bb:cc:dd:ee:01', '--ip-addr=10.0.0.5', '--netboot-enabled=1'],
  ],
  ['repo', ['--mirror=http://mirror.example.org/']],
  ['image', ['--file=FOLDER/disk.img']],
  ['mgmtclass', []],
  ['package', []],
  ['file', ['--path=/etc/motd', '--owner=root', '--group=root', '--mode=0644', '--template=motd']],
  ['menu', ['--display-name=One']],
];

/** What is done with an item of every type. */
function linesFor([type, required]: (typeof TYPES)[number], folder: string): string[][] {
  const given = required.map((word) => word.replace('FOLDER', folder));
  return [
    [type, 'add', '--name=one', ...given, '--comment=made by hand'],
    [type, 'edit', '--name=one', "--comment=it's edited"],
    [type, 'list'],
    [type, 'find', '--name=o*'],
    [type, 'report', '--name=one'],
    [type, 'copy', '--name=one', '--newname=two', '--comment=copied', '--in-place'],
    [type, 'rename', '--name=two', '--newname=three'],
    [type, 'report'],
    [type, 'remove', '--name=three'],
    [type, 'report', '--name=three'],
  ];
}

/** What is refused, and how. */
const REFUSED_LINES = [
  ['menu', 'add', '--name=one'],
  ['menu', 'copy', '--name=one'],
  ['menu', 'copy', '--name=nobody', '--newname=two'],
  ['menu', 'remove', '--name=nobody'],
  ['menu', 'edit', '--name=nobody'],
  ['menu', 'edit', '--comment=of nobody'],
  ['menu', 'add', '--nonsense=1'],
  ['menu', 'find', '--comment=nothing like it'],
  ['menu'],
  ['menu', 'frobnicate'],
];

const SYSTEM_LINES = [
  ['system', 'edit', '--name=one', '--interface=eth1', '--ip-address=10.0.0.6', '--static=1'],
  ['system', 'report', '--name=one'],
  ['system', 'edit', '--name=one', '--interface=eth1', '--rename-interface=eth2'],
  ['system', 'edit', '--name=one', '--interface=eth9', '--rename-interface=eth3'],
  ['system', 'find', '--interface=eth2'],
  ['system', 'find', '--mac-address=AA:BB:CC:DD:EE:01'],
  ['system', 'edit', '--name=one', '--interface=eth2', '--delete-interface'],
  ['system', 'edit', '--name=one', '--kernel-options=a=1 b=2'],
  ['system', 'edit', '--name=one', '--in-place', '--kernel-options=c=3 ~a'],
  ['system', 'report', '--name', 'one'],
  ['system', 'edit', '--name=one', '--kernel-opt=x'],
  ['system', 'edit', '--name=one', '--delete-interface=x'],
  ['system', 'edit', '--name'],
  ['system', 'edit', '-x'],
  ['system', 'edit', 'stray', '--name=one', '--', '--comment=not read'],
  ['system', 'dumpvars', '--name=one'],
  ['system', 'dumpvars', '--name=nobody'],
  ['system', 'powerstatus'],
  ['system', 'add', '--name=four'],
  ['profile', 'remove', '--name=one'],
];

const DIRECT_LINES = [
  ['list'],
  ['report'],
  ['list', '--what=x'],
  ['status'],
  ['version'],
  ['setting'],
  ['setting', 'report', '--name=default_virt_file_size'],
  ['setting', 'report', '--name=nope'],
  ['setting', 'edit', '--value=1'],
  ['signature'],
  ['sync', '--nonsense'],
  [],
  ['--help'],
  ['frobnicate'],
];

/** What the server may have or not yet: both say the same of it. */
const SERVER_LINES = [
  ['check'],
  ['system', 'get-autoinstall', '--name=one'],
  ['profile', 'get-autoinstall', '--name=one'],
  ['signature', 'report'],
];

type Cobbler = (...args: string[]) => Promise<Ran>;

/** Both ways of running a command line: to its end, and beside others. */
interface Theirs {
  run: Cobbler;
  start(...args: string[]): ReturnType<typeof start>;
  /** The log of Cobbler's server, which its command line reads instead of asking. */
  log: string;
}

/**
 * A task as Cobbler's own command line follows it: by the log file of a server on its machine. Kickwatch writes none, so
 * what get_event_log answers is put there.
 */
async function followTheirs(theirs: Theirs, server: TestServer): Promise<string> {
  const rpc = createRpc(server.url);
  const program = theirs.start('sync');
  try {
    const [id] = /\S+_Sync_\S+/.exec(
      await until('the task is told', () => /.*_Sync_.*\n/.exec(program.output())?.[0]),
    )!;
    const text = await until('the task is over', async () => {
      const log = await rpc<string>('get_event_log', id);
      return /### TASK \w+ ###/.test(log) ? log : undefined;
    });
    await appendFile(theirs.log, `${text.trimEnd()}\n`);
    return await until('the end is told', () =>
      /TASK \w+ (?:\*|!)/.test(program.output()) ? program.output() : undefined,
    );
  } finally {
    await program.stop();
  }
}

/** Cobbler's own, in a namespace where its files are. */
async function prepareTheirs(venv: string, folder: string, server: TestServer): Promise<Theirs> {
  const root = path.join(folder, 'root');
  for (const name of ['etc', 'lib/cobbler', 'log/cobbler']) await mkdir(path.join(root, name), { recursive: true });
  for (const name of ['hosts', 'passwd', 'group', 'nsswitch.conf', 'localtime', 'ld.so.cache', 'os-release']) {
    await copyFile(path.join('/etc', name), path.join(root, 'etc', name)).catch(() => undefined);
  }
  const [python] = await readdir(path.join(venv, 'lib'));
  await cp(path.join(venv, 'lib', python!, 'site-packages/etc/cobbler'), path.join(root, 'etc/cobbler'), {
    recursive: true,
  });
  const settings = path.join(root, 'etc/cobbler/settings.yaml');
  const text = (await readFile(settings, 'utf8')).replace(/^(http_port|xmlrpc_port):.*$/gm, `$1: ${server.port}`);
  await writeFile(settings, text);
  const log = path.join(root, 'log/cobbler/cobbler.log');
  await writeFile(log, '');
  await copyFile(path.join(server.dataDir, 'web.ss'), path.join(root, 'lib/cobbler/web.ss'));
  const program = path.join(venv, 'bin/cobbler');
  const enter = ['--map-root-user', '--mount', 'bash', '-c', ENTER, 'enter', root, program];
  return {
    run: (...args) => run('unshare', [...enter, ...args]),
    start: (...args) => start('unshare', [...enter, ...args]),
    log,
  };
}

/** Ours, called by that name through a link. */
async function prepareOurs(folder: string, server: TestServer): Promise<Cobbler> {
  const link = path.join(folder, 'cobbler');
  await symlink(path.join(ROOT, 'dist/src/cli/main.js'), link);
  const env = [`KICKWATCH_URL=${server.url}`, `DATA_DIR=${server.dataDir}`, `XDG_CACHE_HOME=${folder}`];
  return (...args) => run('env', [...env, process.execPath, link, ...args]);
}

/** What differs from server to server: times, identifiers, ports. */
function comparable({ code, output }: Ran): string {
  const text = output
    .replace(/^(\s*build time:).*$/m, '$1 …')
    .replace(/^((?:uid|ctime|mtime|http_port|server|http_server|\w*_in_\w*|redirect\w*): ).*$/gm, '$1…')
    .replace(/127\.0\.0\.1:\d+/g, '127.0.0.1:…')
    .replace(/"?(uid|ctime|mtime)'?: '?[\w.]+'?/g, '$1: …');
  return `exit code ${code}\n${text}`;
}

async function main(): Promise<number> {
  const [venv] = process.argv.slice(2);
  if (venv === undefined) throw new Error('usage: cobbler-cli.ts VENV');
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-interop-cli-'));
  for (const name of ['vmlinuz', 'initrd.img', 'disk.img']) await writeFile(path.join(folder, name), '');
  const servers: TestServer[] = [
    await startServer({ built: true, readyMs: READY_MS }),
    await startServer({ built: true, readyMs: READY_MS }),
  ];
  const checks = createChecks();
  try {
    const theirs = await prepareTheirs(path.resolve(venv), folder, servers[0]!);
    const ours = await prepareOurs(folder, servers[1]!);
    await checks.check("Cobbler's own command line reaches Kickwatch", async () => {
      const ran = await theirs.run('version');
      claim(ran.code === 0 && /^Cobbler \d/.test(ran.output), `exit code ${ran.code}`, ran.output);
    });
    const lines = [
      ...TYPES.flatMap((type) => linesFor(type, folder)),
      ...REFUSED_LINES,
      ...SYSTEM_LINES,
      ...DIRECT_LINES,
      ...SERVER_LINES,
    ];
    for (const line of lines) {
      await checks.check(`cobbler ${line.join(' ').replaceAll(folder, '')}`, async () => {
        const [expected, ran] = await Promise.all([theirs.run(...line), ours(...line)]);
        claim(!expected.output.includes('Traceback'), 'Cobbler broke on what Kickwatch answered', expected.output);
        const [left, right] = [comparable(expected), comparable(ran)];
        claim(left === right, 'They differ', firstDifference(left, right));
      });
    }
    await checks.check('cobbler sync is followed to its end by both', async () => {
      const output = await followTheirs(theirs, servers[0]!);
      claim(output.includes('*** TASK COMPLETE ***'), 'no end', output);
      const ran = await ours('sync');
      claim(ran.code === 0 && ran.output.includes('*** TASK COMPLETE ***'), `exit code ${ran.code}`, ran.output);
      const told = (text: string): string[] =>
        text.split('\n').filter((line) => !/task started|start_task|^$/.test(line));
      claim(told(output).join('|') === told(ran.output).join('|'), 'They differ', `${output}\n${ran.output}`);
    });
    await checks.check('with the server away both end with the same code', async () => {
      await Promise.all(servers.map((server) => server.stop()));
      const [expected, ran] = await Promise.all([theirs.run('list'), ours('list')]);
      claim(expected.code === ran.code, `exit codes ${expected.code} and ${ran.code}`, ran.output);
    });
  } finally {
    for (const server of servers) if (server.isRunning()) await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return checks.close();
}

/** The lines from the first on that are not the same. */
function firstDifference(left: string, right: string): string {
  const [theirs, ours] = [left.split('\n'), right.split('\n')];
  const at = theirs.findIndex((line, index) => line !== ours[index]);
  const from = at === -1 ? theirs.length : at;
  const show = (lines: string[]): string => lines.slice(from, from + 6).join('\n');
  return `line ${from + 1}\nCobbler's:\n${show(theirs)}\nours:\n${show(ours)}`;
}

const watchdog = setTimeout(() => {
  process.stderr.write(`The checks did not end within ${ALL_MS / 1000} s.\n`);
  process.exit(1);
}, ALL_MS);
main()
  .then((code) => (process.exitCode = code))
  .catch((error: Error) => {
    process.stderr.write(`${error.stack}\n`);
    process.exitCode = 1;
  })
  .finally(() => clearTimeout(watchdog));
