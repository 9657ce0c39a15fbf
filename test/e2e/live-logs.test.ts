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
  await registerMachines(client, machines, { profile: SIM_PROFILE, onProgress: () => undefined });
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

const linesOf = ({ files }: Sample): number => files.reduce((sum, { lines }) => sum + lines.length, 0);
