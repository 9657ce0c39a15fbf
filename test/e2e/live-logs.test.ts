import { once } from 'node:events';
import { connect } from 'node:net';
import { createClient, type Client } from '../../src/cli/client';
import { readRuns } from '../../src/cli/answers';
import { readCliEnvironment } from '../../src/cli/environment';
import { openSyslog, openUpload, openWebhook, type Outlet } from '../../src/cli/replay/outlets';
import { outcomeOfRun } from '../../src/cli/replay/outcome';
import { playParcels } from '../../src/cli/replay/play';
import { packRecording, type RecordedFile } from '../../src/cli/replay/recording';
import { routeOf, type Route } from '../../src/cli/replay/line-frames';
import { registerMachines, SIM_PROFILE } from '../../src/cli/simulate/register';
import { loadSamples, type Sample } from '../intake/samples';
import { makeTestDatabase } from '../support/database';
import { findFreePort, startServer, type TestServer } from '../support/server';
import { until } from '../support/until';

/** Machines others tell of: their address in the logs of DHCP, TFTP and web servers. */
const TOLD_OF: Record<string, { ip: string; mac: string }> = {
  'http-access-centos6-pxe': { ip: '172.18.0.1', mac: '52:54:00:00:00:01' },
  'http-access-centos7-pxe': { ip: '198.51.100.9', mac: '52:54:00:00:00:02' },
  'ipxe-http-coreos': { ip: '192.168.242.180', mac: '52:54:00:00:00:03' },
  'dhcp-tftp-lines': { ip: '10.30.5.12', mac: '3c:fd:fe:aa:b9:05' },
};
/** A server that is believed; the machines themselves are not. */
const TRUSTED = '127.0.0.1';

/** Machines that send what nobody should. */
const HOSTILE = {
  garbage: '127.78.0.1',
  liar: '127.78.0.2',
  victim: '127.78.0.3',
  jumping: '127.78.0.4',
  flooding: '127.78.0.5',
  quiet: '127.78.0.6',
  words: '127.78.0.7',
  german: '127.78.0.8',
};
type Hostile = keyof typeof HOSTILE;

const SAMPLES = loadSamples();
const addressOf = (number: number): string => `127.77.0.${number + 1}`;

let database: Awaited<ReturnType<typeof makeTestDatabase>>;
let server: TestServer;
let client: Client;
let port: number;

beforeAll(async () => {
  database = await makeTestDatabase();
  port = await findFreePort();
  const { databaseUrl, dataDir } = database;
  const env = { SYSLOG_PORT: String(port), TRUSTED_NETWORKS: `${TRUSTED}/32` };
  server = await startServer({ databaseUrl, dataDir, env });
  client = createClient(
    { url: server.url, user: server.user, password: server.password },
    readCliEnvironment({ DATA_DIR: dataDir }),
    () => Date.now(),
  );
  const machines = SAMPLES.map(({ name }, n) => ({
    ...{ name, comment: 'a recorded install', ip: addressOf(n) },
    ...{ mac: `52:54:00:77:00:${(n + 16).toString(16)}` },
    ...TOLD_OF[name],
  }));
  const others = Object.entries(HOSTILE).map(([name, ip], n) => {
    return { name, ip, comment: 'whatever comes', mac: `52:54:00:78:00:${n + 16}` };
  });
  await registerMachines(client, [...machines, ...others], { profile: SIM_PROFILE, onProgress: () => undefined });
}, 90_000);

afterAll(async () => {
  client?.close();
  await server?.stop();
  await database?.remove();
});

/** Sends all files of a recorded install, mixed by their times, as its installer would have sent them. */
async function send({ name, files }: Sample, from: string, udp: boolean): Promise<void> {
  const recorded = files.map((file): RecordedFile => ({ ...file, route: routeOf(file.name, file.lines) }));
  const { parcels } = packRecording(recorded, { speed: Infinity, host: null, today: Date.now() });
  const outlets: Record<Route, Outlet> = {
    syslog: await openSyslog({ host: '127.0.0.1', port, udp, from }),
    upload: openUpload(client, name, recorded),
    webhook: openWebhook(server.url, name),
  };
  const signal = new AbortController().signal;
  const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));
  await playParcels(parcels, { outlets, now: () => performance.now(), sleep, onProgress: () => undefined, signal });
  for (const outlet of Object.values(outlets)) await outlet.close();
}

async function verdictOf(system: string): Promise<string> {
  const [run] = readRuns(await client.ask('get_runs', [{ system, limit: 1 }]));
  return run === undefined ? 'no run' : `${outcomeOfRun(run)} in ${run.phase === 'pending' ? 'null' : run.phase}`;
}

test('every recorded install, all at once and through real sockets, gets the verdict its lines support', async () => {
  await Promise.all(
    SAMPLES.map((sample, n) =>
      // Long ones by TCP, as nothing slows datagrams down; short ones by both.
      send(sample, TOLD_OF[sample.name] ? TRUSTED : addressOf(n), n % 2 === 0 && linesOf(sample) < 500),
    ),
  );
  const wanted = SAMPLES.map(({ name, outcome, phase }) => `${name}: ${outcome} in ${String(phase)}`);
  let seen: string[] = [];
  await until(
    'all verdicts',
    async () => {
      seen = await Promise.all(SAMPLES.map(async ({ name }) => `${name}: ${await verdictOf(name)}`));
      return seen.every((each, n) => each === wanted[n]);
    },
    20_000,
  ).catch(() => undefined);
  expect(seen).toEqual(wanted);
}, 90_000);

/** Sends bytes as they are, by one connection. */
async function post(name: Hostile, ...parts: (string | Buffer)[]): Promise<void> {
  const socket = connect({ host: '127.0.0.1', port, localAddress: HOSTILE[name] });
  await once(socket, 'connect');
  for (const part of parts) if (!socket.write(part)) await once(socket, 'drain');
  socket.end();
  socket.resume();
  await once(socket, 'close');
}

const line = (text: string, options: { host?: string; stamp?: string } = {}): string =>
  `<142>${options.stamp ?? 'May 16 20:47:06'} ${options.host ?? 'localhost'} ${text}\n`;
const START = 'anaconda[1491]: anaconda: /sbin/anaconda 34.25.1.14-1.el9';
const STORAGE = 'anaconda[1491]: anaconda: threading: Running Thread: AnaInstallThread (1401)';
const PACKAGES = 'anaconda[1491]: packaging: running transaction';
const POST = 'anaconda[1491]: anaconda: kickstart: Running kickstart %%post script(s)';

const runsOf = async (name: Hostile) => readRuns(await client.ask('get_runs', [{ system: name, limit: 10 }]));
const comesTo = (name: Hostile, phase: string): Promise<unknown> =>
  until(`${name} comes to ${phase}`, async () => (await runsOf(name))[0]?.phase === phase);

async function senderOf(name: Hostile): Promise<{ lines: number; lost: number }> {
  const senders = (await client.ask('get_senders', [])) as unknown as { peer: string; lines: number; lost: number }[];
  return senders.find(({ peer }) => peer === HOSTILE[name]) ?? { lines: 0, lost: 0 };
}

test('garbage, endless lines, NULs and half characters harm neither the run nor the server', async () => {
  const garbage = Buffer.from(Array.from({ length: 100_000 }, (_, n) => (n * 7_919 + (n >> 3)) & 255));
  const long = Buffer.concat([Buffer.from('<142>May 16 20:47:06 localhost anaconda[1]: '), Buffer.alloc(2 ** 20, 'x')]);
  await post('garbage', line(START), garbage, '\n', long, '\n', line(STORAGE));
  await post(
    'garbage',
    Buffer.from(line('anaconda[1]: Ünï').slice(0, -3)),
    Buffer.from([0xc3, 10, 0, 0, 10, 0xe2, 0x82, 10]),
  );
  await post('garbage', line(`anaconda[1]: \0\0anaconda: ui: nothing\0`), line(PACKAGES));
  await comesTo('garbage', 'packages');
  expect(await runsOf('garbage')).toMatchObject([{ status: 'installing', errors: [] }]);
  expect((await fetch(`${server.url}/readyz`)).status).toBe(200);
});

test('who claims the host name of another moves only itself', async () => {
  await post('liar', line(START, { host: 'victim' }), line(PACKAGES, { host: 'victim' }));
  await comesTo('liar', 'packages');
  expect(await runsOf('victim')).toMatchObject([{ status: 'planned', phase: 'pending' }]);
});

test('a clock that jumps back four hours makes no second install', async () => {
  await post('jumping', line(START), line(STORAGE), line(PACKAGES, { stamp: 'May 16 16:47:07' }));
  await comesTo('jumping', 'packages');
  await post('jumping', line(POST, { stamp: 'May 16 16:47:08' }));
  await comesTo('jumping', 'post');
  expect(await runsOf('jumping')).toHaveLength(1);
});

test('a flood of chatter is counted as lost, keeps its own markers, and holds up nobody else', async () => {
  const chatter = line('systemd[1]: Started Device-Mapper Multipath Device Controller.').repeat(10_000);
  await post('flooding', line(START), ...Array<string>(6).fill(chatter), line(PACKAGES));
  await post('quiet', line(START), line(STORAGE));
  await comesTo('quiet', 'storage');
  await comesTo('flooding', 'packages');
  const { lines, lost } = await until('all lines', async () => {
    const sender = await senderOf('flooding');
    return sender.lines + sender.lost >= 60_002 && sender;
  });
  expect(lines + lost).toBe(60_002);
  expect(lost).toBeGreaterThan(10_000);
  expect(await senderOf('quiet')).toMatchObject({ lines: 2, lost: 0 });
});

test('words of success or failure inside the name of a package or of a service are just names', async () => {
  await post(
    'words',
    ...[line(START), line(PACKAGES)],
    line('anaconda[1491]: packaging: Installing installation-complete-error-failed-1.0-1.noarch (1/2)'),
    line('systemd[1]: Started Installation complete. Traceback (most recent call last).'),
    line('sshd[7]: Installation failed: anaconda-tb-xyz: fatal error'),
  );
  await comesTo('words', 'packages');
  await until('all lines', async () => (await senderOf('words')).lines === 5);
  expect(await runsOf('words')).toMatchObject([{ status: 'installing', phase: 'packages', errors: [] }]);
});

test('an installer that speaks German is followed by what is never translated', async () => {
  await post(
    'german',
    line(START),
    line('anaconda[1491]: anaconda: ui.lib: Speicher wird eingerichtet'),
    line(STORAGE),
    line('anaconda[1491]: anaconda: progress: Bootloader wird installiert: Fehler wurden keine gefunden'),
    line(PACKAGES),
  );
  await comesTo('german', 'packages');
  expect(await runsOf('german')).toMatchObject([{ status: 'installing', errors: [] }]);
});

const linesOf = ({ files }: Sample): number => files.reduce((sum, { lines }) => sum + lines.length, 0);
