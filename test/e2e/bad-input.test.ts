import { existsSync } from 'node:fs';
import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { gzipSync } from 'node:zlib';
import { makeTestDatabase } from '../support/database';
import { callXml, faultOf, openIdle, sendRaw, type RawAnswer, type RawRequest } from '../support/raw-http';
import { createRpc, login, RpcFault, saveDistro, saveItem, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';

const MIB = 1024 * 1024;
/** Connections that say nothing, beside which work must go on. */
const IDLE = 1000;
/** How fast a small call is answered beside them; a few milliseconds on an idle machine. */
const SWIFT_MS = 5_000;

const REPORT = callXml(
  'update_status',
  'web1',
  '<struct><member><name>percent</name><value><i4>5</i4></value></member></struct>',
);

let server: TestServer;
let rpc: Rpc;
let token: string;
let databaseUrl: string | null;
let removeDatabase: () => Promise<void>;
let folder: string;
/** Event ids of messages the server has accepted: none of them may ever be missing. */
const accepted: string[] = [];

const send = (given: RawRequest): Promise<RawAnswer> => sendRaw(server.url, given);

/** A report that must be taken, whatever else went on. */
async function accept(): Promise<void> {
  const eventId = `kept-${accepted.length}`;
  await rpc('update_status', 'web1', { state: 'heartbeat', event_id: eventId, message: eventId }, token);
  accepted.push(eventId);
}

async function faultFrom(call: Promise<unknown>): Promise<string> {
  const answer = await call.then(
    (value) => `no fault but ${JSON.stringify(value)}`,
    (error: unknown) => error,
  );
  if (answer instanceof RpcFault) return answer.message;
  throw answer instanceof Error ? answer : new Error(String(answer));
}

beforeAll(async () => {
  folder = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-bad-'));
  const database = await makeTestDatabase();
  removeDatabase = () => database.remove();
  databaseUrl = database.databaseUrl;
  server = await startServer({ dataDir: database.dataDir, databaseUrl });
  rpc = createRpc(server.url);
  token = await login(rpc, server);
  await saveDistro(rpc, token, folder);
  await saveItem(rpc, token, 'profile', { name: 'web', distro: 'el9' });
  await saveItem(rpc, token, 'system', { name: 'web1', profile: 'web' });
  await rpc('update_status', 'web1', { state: 'started' }, token);
}, 120_000);

afterAll(async () => {
  await server?.stop();
  await removeDatabase?.();
  await rm(folder, { recursive: true, force: true });
}, 60_000);

beforeEach(accept);

afterEach(() => {
  if (!server.isRunning()) throw new Error(`The server ended:\n${server.logs().slice(-5000)}`);
});

describe('reports that make no sense are faults that name what is wrong', () => {
  test.each([
    ['a system nobody has', 'nobody', { percent: 10 }, /nobody/],
    ['an unknown phase', 'web1', { phase: 'lunch' }, /phase.*"lunch".*packages/],
    ['percent 140', 'web1', { percent: 140 }, /percent.*140.*0 to 100/],
    ['percent as text', 'web1', { percent: 'half' }, /percent.*half/],
    ['an unknown state', 'web1', { state: 'sleeping' }, /state.*sleeping.*progress/],
    ['an unknown field', 'web1', { percentage: 10 }, /percentage/],
    ['a struct for the message', 'web1', { message: { text: 'x' } }, /message.*struct/],
    ['a time in the year 1', 'web1', { occurred_at: 12 }, /occurred_at/],
    ['a run nobody has', 'web1', { run_id: 'nope', percent: 5 }, /nope|run/],
  ])('%s', async (_what, name, status, expected) => {
    expect(await faultFrom(rpc('update_status', name, status, token))).toMatch(expected);
  });

  test('a struct where the name belongs', async () => {
    expect(await faultFrom(rpc('update_status', { name: 'web1' }, { percent: 5 }, token))).toMatch(/name.*string/);
  });

  test('a string where the struct belongs', async () => {
    expect(await faultFrom(rpc('update_status', 'web1', 'percent 5', token))).toMatch(/status.*struct/);
  });

  test('too few and too many arguments', async () => {
    expect(await faultFrom(rpc('update_status', 'web1'))).toMatch(/^<class 'TypeError'>:.*missing 1 required/);
    expect(await faultFrom(rpc('ping', 'loud'))).toMatch(/^<class 'TypeError'>:.*positional argument/);
  });

  test('a method nobody has', async () => {
    expect(await faultFrom(rpc('make_coffee'))).toBe(
      `<class 'cobbler.cexceptions.CX'>:"unknown remote method 'make_coffee'"`,
    );
  });
});

describe('an installer that asks for nonsense gets a harmless answer', () => {
  test('logs for a system nobody has are refused without a fault', async () => {
    expect(await rpc('upload_log_data', 'nobody', 'anaconda.log', 1, 0, Buffer.from('x'))).toBe(false);
  });

  test('netboot of a system nobody has cannot be switched off', async () => {
    expect(await rpc('disable_netboot', 'nobody')).toBe(false);
  });

  test('a trigger about a system nobody has is told so in one line, as Cobbler does', async () => {
    const answer = await send({ method: 'GET', path: '/cblr/svc/op/trig/mode/pre/system/nobody' });
    expect(answer).toMatchObject({
      status: 500,
      body: "<class 'cobbler.cexceptions.CX'>:'Cobbler trigger failed: cobbler.modules.installation.pre_log'",
    });
  });

  test('netboot of a system nobody has is not switched off over HTTP either', async () => {
    const answer = await send({ method: 'GET', path: '/cblr/svc/op/nopxe/system/nobody' });
    expect(answer).toMatchObject({ status: 200, body: 'False' });
  });

  test.each([
    '/cblr/svc/op/trig/mode/pre/system/%2e%2e%2f%00',
    '/cblr/svc/op/nopxe/system/%ff',
    '/cblr/svc/op/a%0d%0ab',
  ])('the path %s does no harm', async (path) => {
    const answer = await send({ method: 'GET', path });
    expect(answer.body.length).toBeLessThan(300);
    expect(answer.body).not.toMatch(/at .*\.[jt]s:\d+/);
  });

  test.each([
    '../escape.log',
    '../../admin-password',
    '/etc/cron.d/kickwatch',
    'a/b.log',
    '..',
    '',
    'a\0b',
    'a b',
    'x'.repeat(300),
  ])('a file called %j stays inside or is refused', async (file) => {
    const text = callXml(
      'upload_log_data',
      'web1',
      `<string>${file.replace('\0', '&#0;')}</string>`,
      '<int>1</int>',
      '<int>0</int>',
      '<base64>eA==</base64>',
    );
    const answer = await send({ body: text });
    expect(answer.status).toBe(200);
    expect(answer.body).not.toContain('<boolean>1</boolean>');
    const stored = path.join(server.dataDir, 'anamon', 'web1');
    expect(existsSync(stored) ? await readdir(stored) : []).toEqual([]);
    expect(existsSync(path.join(server.dataDir, 'anamon', 'escape.log'))).toBe(false);
  });
});

describe('who has no right learns nothing', () => {
  test('a token that is no session', async () => {
    const fault = await faultFrom(rpc('get_status', 'normal', 'x'.repeat(36)));
    expect(fault).toMatch(/^<class 'cobbler\.cexceptions\.CX'>:'invalid token/);
  });

  test.each([['abc'], [''], [12], [{ token: 'x' }]])('a token like %j', async (wrong) => {
    expect(await faultFrom(rpc('get_status', 'normal', wrong))).toMatch(/token/);
    expect(await faultFrom(rpc('new_system', wrong))).toMatch(/token/);
  });

  test.each([
    ['', ''],
    ['', -1],
    ['cobbler', ''],
    ['cobbler', 'wrong'],
    ['cobbler', null],
    [{ user: 'cobbler' }, ['x']],
  ])('a login as %j with %j', async (user, password) => {
    expect(await faultFrom(rpc('login', user, password))).toMatch(/^<class '[\w.]+'>:/);
  });

  test('a report with a wrong token is refused although the same without one would be taken', async () => {
    expect(await faultFrom(rpc('update_status', 'web1', { percent: 6 }, 'y'.repeat(36)))).toMatch(/token/);
  });
});

describe('documents that are no XML-RPC', () => {
  test.each([
    ['nothing', ''],
    ['words', 'hello'],
    ['half a document', REPORT.slice(0, REPORT.length / 2)],
    ['two documents', REPORT + REPORT],
    ['JSON', '{"method":"ping"}'],
    ['a document type', `<?xml version="1.0"?><!DOCTYPE a [<!ENTITY b "c">]>${REPORT.slice(21)}`],
    ['control characters', REPORT.replace('web1', 'we\u0001b1')],
    ['an unknown entity', REPORT.replace('web1', '&web1;')],
    ['an answer', '<?xml version="1.0"?><methodResponse><params/></methodResponse>'],
    ['a number that is none', callXml('ping', '<int>12abc</int>')],
  ])('%s', async (_what, body) => {
    const answer = await send({ body });
    expect(answer.status).toBe(200);
    expect(faultOf(answer)).toMatch(/^<class '[\w.]+'>:/);
  });

  test('broken UTF-8', async () => {
    const body = Buffer.concat([
      Buffer.from(REPORT.slice(0, REPORT.indexOf('web1'))),
      Buffer.from([0xc3, 0x28, 0xff, 0xed, 0xa0, 0x80]),
      Buffer.from(REPORT.slice(REPORT.indexOf('web1'))),
    ]);
    expect(faultOf(await send({ body }))).toMatch(/^<class '[\w.]+'>:/);
  });

  test.each([5_000, 200_000])('%i structs inside one another', async (depth) => {
    const open = '<struct><member><name>a</name><value>'.repeat(depth);
    const body = callXml('update_status', 'web1', `${open}x${'</value></member></struct>'.repeat(depth)}`);
    expect(faultOf(await send({ body }))).toMatch(/^<class '[\w.]+'>:/);
  });

  test('a member called __proto__ changes nothing', async () => {
    const member = '<struct><member><name>__proto__</name><value><struct/></value></member></struct>';
    expect(faultOf(await send({ body: callXml('update_status', 'web1', member) }))).toMatch(/__proto__/);
  });

  test('something that says it is gzip and is not', async () => {
    const answer = await send({ body: REPORT, headers: { 'Content-Encoding': 'gzip' } });
    expect(answer.status === 400 || faultOf(answer) !== null).toBe(true);
  });
});

describe('more than the server takes', () => {
  const isRefused = (answer: RawAnswer): boolean => answer.status === 413 || faultOf(answer) !== null;

  test('a body of 70 MiB', async () => {
    const answer = await send({ body: Buffer.alloc(70 * MIB, 'x') });
    expect(isRefused(answer)).toBe(true);
  }, 120_000);

  test('a body of 70 MiB that does not say so first', async () => {
    function* pieces(): Generator<Buffer> {
      for (let sent = 0; sent < 70; sent++) yield Buffer.alloc(MIB, 'x');
    }
    const answer = await send({ body: pieces() });
    expect(isRefused(answer)).toBe(true);
  }, 120_000);

  test('70 MiB in 70 KiB of gzip', async () => {
    const body = gzipSync(Buffer.alloc(70 * MIB, ' '));
    const answer = await send({ body, headers: { 'Content-Encoding': 'gzip' } });
    expect(isRefused(answer)).toBe(true);
  }, 120_000);

  test('an array of two million numbers', async () => {
    const body = callXml(
      'update_status',
      'web1',
      `<array><data>${'<value><i4>1</i4></value>'.repeat(2_000_000)}</data></array>`,
    );
    expect(isRefused(await send({ body }))).toBe(true);
  }, 120_000);

  test('headers of a megabyte', async () => {
    const answer = await send({ body: REPORT, headers: { 'X-Long': 'x'.repeat(MIB) } }).catch(() => null);
    expect(answer === null || answer.status === 431 || answer.status === 400).toBe(true);
  });

  test.each([
    ['say nothing', ''],
    ['stop in the middle of a request', 'POST /RPC2 HTTP/1.1\r\nHost: x\r\nContent-Length: 1000\r\n\r\n<?xml'],
    ['speak TLS on the plain port', '\x16\x03\x01\x02\x00\x01\x00\x01\xfc\x03\x03'],
  ])(
    `${IDLE} connections that %s do not hold up the others`,
    async (_what, text) => {
      const idle = await openIdle(server.port, IDLE, text);
      try {
        const before = Date.now();
        await accept();
        expect(Date.now() - before).toBeLessThan(SWIFT_MS);
      } finally {
        idle.close();
      }
    },
    60_000,
  );
});

describe('after all that', () => {
  test('every accepted message is in the log, once', async () => {
    const kept = await readKept();
    expect(kept).toEqual(accepted);
  });

  test('the log says what was refused without a line for each of it', () => {
    const lines = server.logs().trim().split('\n');
    expect(lines.some((line) => line.includes('refused'))).toBe(true);
    expect(lines.length).toBeLessThan(60);
  });

  test('and it is still there when the server is killed and started again', async () => {
    const { dataDir, port } = server;
    await server.kill9();
    server = await startServer({ dataDir, port, databaseUrl });
    token = await login(rpc, server);
    expect(await readKept()).toEqual(accepted);
  }, 120_000);
});

async function readKept(): Promise<string[]> {
  const { run_id: run } = await rpc<{ run_id: string }>('get_status', 'web1', token);
  const kept: string[] = [];
  for (let since = 0; ;) {
    const events = await rpc<{ seq: number; detail: { message?: string } }[]>('get_run_log', run, since, token);
    if (events.length === 0) return kept;
    since = events.at(-1)!.seq;
    for (const { detail } of events) if (detail.message?.startsWith('kept-')) kept.push(detail.message);
  }
}
