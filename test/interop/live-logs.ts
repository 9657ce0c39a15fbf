/**
 * Whole installs through real senders of syslog: a recorded anaconda goes line by line to an rsyslogd set up as anaconda sets
 * it up, a recorded debian-installer to busybox' syslogd -R, and the started server must come to the verdict their files
 * support. Called by run.sh; prints a line per check and `N passed, N failed`; exit code 1 when one failed.
 */
import { mkdtemp, rm, writeFile } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { packRecording } from '../../src/cli/replay/recording';
import { routeOf } from '../../src/cli/replay/line-frames';
import { loadSamples, type Sample } from '../intake/samples';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { findFreePort, startServer } from '../support/server';
import { until } from '../support/until';
import { claim, createChecks, run, start } from './harness';

const ANACONDA = 'el7.5-centos-kickstart-success-clockjump';
const DEBIAN = 'debian10-netinst-success';
const DEVLOG = path.join(__dirname, 'devlog.py');
/** The kernel holds what is sent faster than it is read; the whole way takes some seconds. */
const SETTLED_MS = 30_000;

async function main(): Promise<number> {
  const checks = createChecks();
  const folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-live-'));
  const port = await findFreePort();
  const server = await startServer({ built: true, env: { SYSLOG_PORT: String(port) } });
  try {
    const rpc = createRpc(server.url);
    const token = await login(rpc, server);
    await saveDistro(rpc, token, server.dataDir);
    await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
    await addSystem(rpc, token, 'el75', '192.0.2.75');
    // busybox names no host: its machine is known by the address it sends from.
    await addSystem(rpc, token, 'debian10', '127.0.0.1');
    if (await isThere('rsyslogd', ['-v'])) {
      await checks.check(`rsyslogd as anaconda configures it forwards the whole of ${ANACONDA}`, async () => {
        await throughRsyslog(folder, port, await writeFrames(folder, ANACONDA));
        await comesTo(rpc, token, 'el75', sampleOf(ANACONDA), { packages_done: 314, packages_total: 314 });
      });
    } else process.stdout.write('skipped: an install through rsyslogd: rsyslog is not installed\n');
    if ((await isThere('unshare', [...UNSHARE, 'true'])) && (await isThere('busybox', ['true']))) {
      await checks.check(`busybox' syslogd -R forwards the whole of ${DEBIAN}`, async () => {
        const frames = await writeFrames(folder, DEBIAN);
        const script = path.join(__dirname, 'busybox-syslog.sh');
        const place = await mkdtemp(path.join(folder, 'busybox-'));
        const ran = await run('unshare', [...UNSHARE, 'sh', script, place, `127.0.0.1:${port}`, DEVLOG, frames]);
        claim(ran.code === 0, `exit code ${ran.code}`, ran.output);
        await comesTo(rpc, token, 'debian10', sampleOf(DEBIAN), { packages_done: 553 });
      });
    } else process.stdout.write('skipped: an install through busybox: it, or a mount namespace, cannot be had\n');
  } finally {
    await server.stop();
    await rm(folder, { recursive: true, force: true });
  }
  return checks.close();
}

/** A mount namespace; as another user than root with a user namespace around it. */
const UNSHARE = process.getuid?.() === 0 ? ['--mount'] : ['--map-root-user', '--mount'];

async function addSystem(rpc: Rpc, token: string, name: string, address: string): Promise<void> {
  const interfaces = { eth0: { ip_address: address } };
  await rpc('register_system', { name, profile: 'web', netboot_enabled: true, interfaces }, token);
}

const sampleOf = (name: string): Sample => loadSamples().find((sample) => sample.name === name)!;

/** What programs of that install said to their system log, one a line; answers the file. */
async function writeFrames(folder: string, name: string): Promise<string> {
  const files = sampleOf(name).files.flatMap((file) => {
    const route = routeOf(file.name, file.lines);
    return route === 'syslog' ? [{ ...file, route }] : [];
  });
  const { parcels } = packRecording(files, { speed: Infinity, host: null, today: Date.now() });
  const frames = parcels.flatMap(({ parcel }) =>
    // Time and host are the daemon's business.
    parcel.route === 'syslog' ? [parcel.frame.replace(/^(<\d+>)\w{3} [ \d]\d [\d:]{8} localhost /, '$1')] : [],
  );
  const file = path.join(folder, `${name}.frames`);
  await writeFile(file, frames.map((frame) => `${frame}\n`).join(''));
  return file;
}

async function throughRsyslog(folder: string, port: number, frames: string): Promise<void> {
  const place = await mkdtemp(path.join(folder, 'rsyslog-'));
  const [conf, socket] = [path.join(place, 'rsyslog.conf'), path.join(place, 'log')];
  await writeFile(
    conf,
    `global(workDirectory="${place}" localHostname="el75")
module(load="imuxsock" SysSock.Use="off")
input(type="imuxsock" Socket="${socket}" RateLimit.Interval="0")
*.* @@127.0.0.1:${port}
`,
  );
  const daemon = start('rsyslogd', ['-n', '-f', conf, '-i', path.join(place, 'pid')]);
  try {
    await until('rsyslogd is ready', async () => (await run('test', ['-S', socket])).code === 0);
    const ran = await run('sh', ['-c', 'exec python3 "$0" "$1" <"$2"', DEVLOG, socket, frames]);
    claim(ran.code === 0, `exit code ${ran.code}`, `${ran.output}\n${daemon.output()}`);
    // Its queue empties in order; the run shows when it has.
    await new Promise((resolve) => setTimeout(resolve, 2_000));
  } finally {
    await daemon.stop();
  }
}

const OUTCOMES: Record<string, string> = { running: 'installing', complete: 'finished', failed: 'failed' };

async function comesTo(
  rpc: Rpc,
  token: string,
  system: string,
  { phase, outcome }: Sample,
  more: Record<string, unknown>,
): Promise<void> {
  const wanted: Record<string, unknown> = { ...more, phase, status: OUTCOMES[outcome] };
  let run_: Record<string, unknown> = {};
  await until(
    `${system} comes to ${JSON.stringify(wanted)}`,
    async () => {
      run_ = (await rpc<Record<string, unknown>[]>('get_runs', { system }, token))[0] ?? {};
      return Object.entries(wanted).every(([name, value]) => run_[name] === value);
    },
    SETTLED_MS,
  ).catch((error: unknown) => claim(false, String(error), run_));
  const runs = await rpc<unknown[]>('get_runs', { system }, token);
  claim(runs.length === 1, `${runs.length} runs instead of one`);
}

async function isThere(command: string, args: string[]): Promise<boolean> {
  return run(command, args, 10_000).then(
    ({ code }) => code === 0,
    () => false,
  );
}

main()
  .then((code) => (process.exitCode = code))
  .catch((error: unknown) => {
    process.stderr.write(`${error instanceof Error ? (error.stack ?? error.message) : String(error)}\n`);
    process.exitCode = 1;
  });
