import { AppError } from '../../src/domain/errors';
import type { EventOutcome } from '../../src/actions/report-events';
import type { LogOutcome } from '../../src/actions/upload-log';
import { createIntakeApi, type IntakeApiDeps } from '../../src/http/intake-api';
import { sendRaw, type RawAnswer } from '../support/raw-http';
import { startHttp, type TestHttp } from './start-http';

let http: TestHttp;
let answer: { events: () => Promise<EventOutcome>; log: () => Promise<LogOutcome>; identify: () => Promise<never> };
let warned: string[];

beforeAll(async () => {
  const deps: IntakeApiDeps = {
    now: () => 0,
    identify: (token, { peer }) =>
      token === '' ? Promise.resolve({ peer, authority: 'anonymous' }) : answer.identify(),
    events: { report: () => answer.events() },
    recordMessage: () => answer.events() as Promise<never>,
    reader: { report: () => Promise.reject(new Error('not asked for')) },
    uploads: { takeLog: () => answer.log() },
    warn: (key) => warned.push(key),
    boundMs: 50,
  };
  http = await startHttp({ routes: createIntakeApi(deps) });
});
afterAll(() => http.server.stop());
beforeEach(() => {
  warned = [];
  http.logged.length = 0;
  answer = {
    events: () => Promise.resolve({ ok: true, run: null }),
    log: () => Promise.resolve({ ok: true, bytes: 1 }),
    identify: () => Promise.reject(new Error('invalid token')),
  };
});

const post = (path: string, headers: Record<string, string> = {}): Promise<RawAnswer> =>
  sendRaw(`http://127.0.0.1:${http.port}`, { path, headers, body: 'a=b' });

test('nobody waits longer than the bound, whatever the database does', async () => {
  answer.events = () => new Promise(() => undefined);
  answer.log = () => new Promise(() => undefined);
  for (const path of ['/v1/webhook/subiquity/web1', '/v1/status/web1', '/v1/log/web1/x.log']) {
    const { status, headers, body } = await post(path);
    expect([path, status, headers['retry-after']]).toEqual([path, 503, '5']);
    expect(body).toContain('try again');
  }
});

test('a database that is away is answered 503', async () => {
  answer.events = () => Promise.reject(new AppError('DATABASE_AWAY'));
  expect((await post('/v1/webhook/subiquity/web1')).status).toBe(503);
  expect((await post('/v1/status/web1')).status).toBe(503);
});

test.each([
  ['away', 503],
  ['no-room', 507],
  ['off', 403],
  ['refused', 403],
  ['unknown', 404],
  ['name', 400],
] as const)('a log that is not taken because %s is answered %i', async (problem, status) => {
  answer.log = () => Promise.resolve({ ok: false, problem, reason: 'Because.' });
  expect(await post('/v1/log/web1/x.log')).toMatchObject({ status, body: '{"error":"Because."}\n' });
});

test('a webhook with a token that is none is taken as from anybody; a status is told so', async () => {
  const bearer = { Authorization: 'Bearer nonsense' };
  expect((await post('/v1/webhook/subiquity/web1', bearer)).status).toBe(200);
  expect((await post('/v1/log/web1/x.log', bearer)).status).toBe(200);
  expect((await post('/v1/status/web1', bearer)).status).toBe(401);
});

test('what is refused is complained of by machine and reason', async () => {
  answer.events = () => Promise.resolve({ ok: false, problem: 'refused', reason: 'Not yours.' });
  expect((await post('/v1/webhook/subiquity/web1')).status).toBe(202);
  expect(warned).toEqual(['refused web1']);
});

test('a mistake of ours is 500 without its words', async () => {
  answer.events = () => Promise.reject(new Error('a secret inside'));
  const { status, body } = await post('/v1/webhook/subiquity/web1');
  expect(status).toBe(500);
  expect(body).not.toContain('secret');
  expect(http.logged).toHaveLength(1);
});
