import { mkdtemp, readFile, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeTestDatabase } from '../support/database';
import { sendRaw, type RawAnswer, type RawRequest } from '../support/raw-http';
import { createRpc, login, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';

const SAMPLES = path.join(__dirname, '../../fixtures/intake/subiquity');
const MIB = 1024 * 1024;

let server: TestServer;
let rpc: Rpc;
let token: string;
let removeDatabase: () => Promise<void>;
let folder: string;
let next = 0;

type Run = Record<string, unknown>;

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-intake-'));
  const database = await makeTestDatabase();
  removeDatabase = () => database.remove();
  server = await startServer({
    dataDir: database.dataDir,
    databaseUrl: database.databaseUrl,
    // Only the machine's own address may report, as in the field: the tests' own address is no machine's but web9's.
    env: { TRUSTED_NETWORKS: '192.0.2.0/24' },
  });
  rpc = createRpc(server.url);
  token = await login(rpc, server);
  await saveDistro(rpc, token, folder);
  await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await removeDatabase?.();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

/** A system nobody has heard of. */
async function newSystem(ip?: string): Promise<string> {
  const name = `m${(next += 1)}`;
  await saveItem(rpc, token, 'system', { name, profile: 'web' });
  if (ip !== undefined) {
    const handle = await rpc('get_system_handle', name, token);
    await rpc('modify_system', handle, 'modify_interface', { 'ip_address-eth0': ip }, token);
    await rpc('save_system', handle, token);
  }
  return name;
}

const send = (given: RawRequest): Promise<RawAnswer> => sendRaw(server.url, given);
const post = (where: string, body: RawRequest['body'], headers = {}): Promise<RawAnswer> =>
  send({ path: where, body: body ?? '', headers });
const statusOf = (name: string): Promise<Run> => rpc<Run>('get_status', name, token);
const eventsOf = async (sample: string): Promise<string[]> =>
  (await readFile(path.join(SAMPLES, sample, 'webhook-events.jsonl'), 'utf8')).trimEnd().split('\n');

describe('the webhook', () => {
  test.each([
    ['ubuntu22.04.3-subiquity-partitioning-failure', 'failed', 'storage'],
    ['ubuntu22.10-subiquity23.04-success', 'installing', 'finalize'],
  ])(
    'makes of the bodies of %s what its logs say',
    async (sample, status, phase) => {
      const name = await newSystem();
      for (const body of await eventsOf(sample)) {
        const answer = await post(`/v1/webhook/subiquity/${name}`, body, { 'Content-Type': 'application/json' });
        expect([answer.status, answer.body]).toEqual([200, '{"ok":true}\n']);
      }
      expect(await statusOf(name)).toMatchObject({ status, phase });
    },
    60_000,
  );

  test('takes a list, under the address MAAS has as well, with a signature that means nothing here', async () => {
    const name = await newSystem();
    const body = `[${(await eventsOf('ubuntu22.04.3-subiquity-partitioning-failure')).join(',')}]`;
    const headers = { Authorization: 'OAuth oauth_consumer_key="a"', 'Content-Type': 'text/xml' };
    expect((await post(`/MAAS/metadata/status/${name}`, body, headers)).status).toBe(200);
    expect(await statusOf(name)).toMatchObject({ status: 'failed', phase: 'storage' });
  });

  test('keeps the log that comes with a failure and explains the failure by it', async () => {
    const name = await newSystem();
    const log =
      'curtin: Installation started. (22.1)\nfinish: cmd-install/stage-extract: FAIL: writing install sources to disk\n' +
      "Command: ['tar', '-x']\nExit code: 2\nStderr: tar: Unexpected EOF in archive\n";
    const event = {
      ...{ name: 'cmd-install', description: 'curtin command install', event_type: 'finish', origin: 'curtin' },
      ...{ timestamp: 1_700_000_000.25, level: 'ERROR', result: 'FAIL' },
      files: [
        { path: '/var/log/curtin/install.log', content: Buffer.from(log).toString('base64'), encoding: 'base64' },
      ],
    };
    expect((await post(`/v1/webhook/curtin/${name}`, JSON.stringify(event))).status).toBe(200);
    const run = await statusOf(name);
    expect(run).toMatchObject({ status: 'failed', phase: 'packages', reason: 'tar: Unexpected EOF in archive' });
    const kept = path.join(server.dataDir, 'runs', String(run['run_id']), 'install.log');
    expect(await readFile(kept, 'utf8')).toBe(log);
  });

  test('answers what cannot be read, and whom nobody knows, with one sentence', async () => {
    const name = await newSystem();
    for (const [where, body, status] of [
      [`/v1/webhook/subiquity/${name}`, Buffer.from([0xff, 0, 0x80]), 400],
      [`/v1/webhook/subiquity/${name}`, '{"name": 1}', 400],
      [`/v1/webhook/subiquity/${name}`, '['.repeat(MIB), 400],
      [`/v1/webhook/subiquity/${name}`, Buffer.alloc(9 * MIB, ' '), 413],
      ['/v1/webhook/subiquity/nobody', '{"name": "a", "event_type": "start"}', 404],
      [`/v1/webhook/other/${name}`, '{}', 404],
      ['/v1/webhook/subiquity/%zz', '{}', 400],
      ['/v1/webhook/subiquity/a%00b', '{}', 400],
    ] as const) {
      const answer = await post(where, body);
      expect([where, answer.status]).toEqual([where, status]);
      expect(answer.body.length).toBeLessThan(300);
    }
  });

  test('ignores whoever is not the machine, and does not fail their install', async () => {
    const name = await newSystem('10.77.0.1');
    const body = '{"name": "cmd-install", "event_type": "start"}';
    const answer = await post(`/v1/webhook/subiquity/${name}`, body);
    expect(answer.status).toBe(202);
    expect(answer.body).toContain('ignored');
    expect(await statusOf(name)).toMatchObject({ run_id: '~' });
    expect((await post(`/v1/webhook/subiquity/${name}?token=${encodeURIComponent(token)}`, body)).status).toBe(200);
    expect(await statusOf(name)).toMatchObject({ status: 'installing' });
  });
});

describe('/v1/status', () => {
  const report = async (name: string, body: string, query = ''): Promise<Run> => {
    const answer = await post(`/v1/status/${name}${query}`, body, { 'Content-Type': 'nonsense' });
    expect(answer.headers['content-type']).toBe('application/json');
    return { http: answer.status, ...(JSON.parse(answer.body) as Run) };
  };

  test('takes forms, lines, JSON and queries, and answers what the run now is', async () => {
    const name = await newSystem();
    expect(await report(name, 'state=started&message=pre+runs')).toMatchObject({
      ...{ http: 200, system: name, status: 'installing', phase: 'config', message: 'pre runs', reason: null },
    });
    expect(await report(name, 'phase=packages\npercent=40\neta_seconds=600\n')).toMatchObject({ percent: 40 });
    expect(await report(name, '{"percent": 41.5, "error": "a disk is slow"}')).toMatchObject({
      ...{ percent: 41.5, status: 'installing', errors: [{ text: 'a disk is slow', fatal: false }] },
    });
    expect(await report(name, '', '?percent=50&state=progress')).toMatchObject({ percent: 50 });
    expect(await report(name, 'state=error&error=no+room&fatal=true&occurred_at=1700000000')).toMatchObject({
      ...{ status: 'failed', reason: 'no room' },
    });
  });

  test('with an event_id sent twice tells one fact', async () => {
    const name = await newSystem();
    const first = await report(name, 'state=waiting&message=which+disk%3F&event_id=e1&kind=upgrade');
    expect(first).toMatchObject({ question: 'which disk?', flags: ['waiting'], kind: 'upgrade' });
    await report(name, 'state=waiting&message=which+disk%3F&event_id=e1');
    const log = await rpc<{ kind: string }[]>('get_run_log', String(first['run_id']), 0, token);
    expect(log.filter(({ kind }) => kind === 'waiting-reported')).toHaveLength(1);
  });

  test('tells machines of one profile apart by their addresses', async () => {
    const run = await report('profile:web', 'state=started');
    expect(run).toMatchObject({ system: null, profile: 'web' });
    expect((run['addresses'] as string[]).join()).toContain('127.0.0.1');
  });

  test.each([
    ['percent=140', 400, /percent is 140.*0 to 100/],
    ['percent=half', 400, /percent is "half"/],
    ['colour=red', 400, /no field "colour"/],
    ['{"__proto__": {"state": "finished"}}', 400, /no field "__proto__"/],
    ['{"state": {"a": 1}}', 400, /state is a struct/],
    ['{"percent": ', 400, /begins like JSON/],
    ['["state"]', 400, /one object/],
    ['just words', 400, /name=value/],
    ['state=progress&message=a\0b', 400, /name=value/],
    ['--x\r\nContent-Disposition: form-data; name="percent"\r\n\r\n3\r\n--x--', 400, /curl -d/],
  ])('says what is wrong with %j', async (body, http, sentence) => {
    const answer = await report(await newSystem(), body);
    expect(answer['http']).toBe(http);
    expect(answer['error']).toMatch(sentence);
  });

  test('says who may not report, and why', async () => {
    const name = await newSystem('10.77.0.2');
    expect(await report('nobody', 'percent=1')).toMatchObject({ http: 404, error: expect.stringMatching(/nobody/) });
    expect(await report(name, 'percent=1')).toMatchObject({ http: 403 });
    expect(await report(name, 'percent=1', '?token=wrong')).toMatchObject({ http: 401 });
    expect(await report(name, `percent=1&token=${encodeURIComponent(token)}`)).toMatchObject({ http: 200 });
    const bearer = { Authorization: `Bearer ${token}` };
    expect((await post(`/v1/status/${name}`, 'percent=1', bearer)).status).toBe(200);
  });
});

describe('/v1/log', () => {
  test('adds lines to a log of the run, takes whole ones and compressed ones', async () => {
    const name = await newSystem();
    expect((await post(`/v1/log/${name}/my.log`, 'one\n')).body).toBe('{"ok":true,"bytes":4}\n');
    const packed = gzipSync('two\n');
    expect((await post(`/v1/log/${name}/my.log`, packed, { 'Content-Encoding': 'gzip' })).body).toContain('"bytes":8');
    const { run_id: runId } = await statusOf(name);
    const kept = path.join(server.dataDir, 'runs', String(runId), 'my.log');
    expect(await readFile(kept, 'utf8')).toBe('one\ntwo\n');
    await post(`/v1/log/${name}/my.log?whole=1`, 'three\n');
    expect(await readFile(kept, 'utf8')).toBe('three\n');
    expect((await send({ path: `/v1/log/${name}/my.log`, method: 'PUT', body: 'four\n' })).status).toBe(200);
    expect(await readFile(kept, 'utf8')).toBe('four\n');
  });

  test('is read as an uploaded log is', async () => {
    const name = await newSystem();
    const sample = path.join(SAMPLES, 'ubuntu22.04.3-subiquity-partitioning-failure/curtin-install.log');
    await post(`/v1/log/${name}/curtin-install.log`, await readFile(sample));
    expect(await statusOf(name)).toMatchObject({ status: 'failed', phase: 'storage' });
  });

  test.each([
    ['nobody/x.log', 404],
    ['web9x/..%2f..%2fetc', 400],
    ['m1/a%20b', 400],
    ['m1/a/b', 404],
    ['m1', 404],
  ])('%s is refused', async (where, status) => {
    expect((await post(`/v1/log/${where}`, 'x')).status).toBe(status);
  });

  test('longer than its limit is refused', async () => {
    expect((await post('/v1/log/m1/x.log', Buffer.alloc(33 * MIB))).status).toBe(413);
  });
});

test.each(['GET', 'HEAD'])('%s says how to use each address', async (method) => {
  for (const where of ['/v1/webhook/subiquity/m1', '/v1/status/m1', '/v1/log/m1/x.log', '/MAAS/metadata/status/m1']) {
    const answer = await send({ path: where, method });
    expect([answer.status, answer.headers['allow']]).toEqual([405, 'POST, PUT']);
    if (method === 'GET') expect(answer.body).toContain('POST');
  }
});

test('verbs nobody knows are answered as everywhere else', async () => {
  expect((await send({ path: '/v1/status/m1', method: 'DELETE' })).status).toBe(501);
  expect((await send({ path: '/healthz', method: 'PUT' })).status).toBe(501);
});
