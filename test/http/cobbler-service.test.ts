import { AppError } from '../../src/domain/errors';
import { createCobblerService, type CobblerServiceDeps } from '../../src/http/cobbler-service';
import type { HttpRequest } from '../../src/http/server';

let calls: unknown[][];
let deps: CobblerServiceDeps;
beforeEach(() => {
  calls = [];
  deps = {
    runTriggers(...args) {
      calls.push(['trig', ...args]);
      if (args[2] === 'nope') return Promise.reject(new Error('no such system'));
      if (args[2] === 'away') return Promise.reject(new AppError('DATABASE_AWAY'));
      return Promise.resolve(args[0] === 'pre' || args[0] === 'post');
    },
    disableNetboot(...args) {
      calls.push(['nopxe', ...args]);
      return Promise.resolve(args[0] === 'gi');
    },
    noteProfileInstalled(...args) {
      calls.push(['profile', ...args]);
      return Promise.resolve();
    },
    describeFault: (error) => `<class 'X'>:${(error as Error).message}`,
  };
});

async function get(path: string, rest: Partial<HttpRequest> = {}): Promise<[number, string]> {
  const answer = await createCobblerService(deps).handle({
    method: 'GET',
    path,
    query: '',
    headers: {},
    peer: '192.0.2.7',
    body: Buffer.alloc(0),
    ...rest,
  });
  expect(answer.contentType).toBe('text/plain;charset=utf-8');
  return [answer.status, answer.body as string];
}

test.each([
  ['/cblr/svc/op/trig/mode/pre/system/gi', 'True', ['trig', 'pre', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/post/profile/web', 'True', ['trig', 'post', 'profile', 'web', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre/system/gi/profile/web', 'True', ['trig', 'pre', 'profile', 'web', '192.0.2.7']],
  ['/cblr/svc/op/trig/system/gi', 'False', ['trig', '?', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre', 'True', ['trig', 'pre', 'system', null, '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/bogus/system/gi/', 'False', ['trig', 'bogus', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc//op/trig/mode/pre/system/zz/../g%69', 'True', ['trig', 'pre', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre/system/a%2Fb', 'True', ['trig', 'pre', 'system', 'a', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre/system/gi/extra', 'True', ['trig', 'pre', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/nopxe/system/gi', 'True', ['nopxe', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/nopxe/system/nope', 'False', ['nopxe', 'nope', '192.0.2.7']],
  ['/cblr/svc/op/nopxe', 'False', ['nopxe', null, '192.0.2.7']],
  ['/cblr/svc/op/nopxe/profile/web', 'False', ['profile', 'web', '192.0.2.7']],
])('%s answers %s', async (path, body, call) => {
  expect(await get(path)).toEqual([200, body]);
  expect(calls).toEqual([call]);
});

test('a machine with an IPv6 address is known by it', async () => {
  await get('/cblr/svc/op/trig/mode/pre/system/gi', { peer: '2001:db8::7' });
  expect(calls[0]!.at(-1)).toBe('2001:db8::7');
});

test.each(['/cblr/svc', '/cblr/svc/', '/cblr/svc/op/index', '/cblr/svc/op'])('%s names no mode', async (path) => {
  expect(await get(path)).toEqual([200, 'no mode specified']);
});

test('the query is not part of a name', async () => {
  expect(await get('/cblr/svc/op/trig/mode/pre/system/gi', { query: 'x=1' })).toEqual([200, 'True']);
});

test('POST does what GET does', async () => {
  expect(await get('/cblr/svc/op/trig/mode/pre/system/gi', { method: 'POST', body: Buffer.from('x=1') })).toEqual([
    200,
    'True',
  ]);
});

test('asking for headers only changes nothing', async () => {
  expect(await get('/cblr/svc/op/trig/mode/pre/system/gi', { method: 'HEAD' })).toEqual([200, '']);
  expect(calls).toEqual([]);
});

test('a fault is answered 500 with its text', async () => {
  expect(await get('/cblr/svc/op/trig/mode/post/system/nope')).toEqual([500, "<class 'X'>:no such system"]);
});

test('a database that is away is answered 503, so that a script tries again', async () => {
  expect((await get('/cblr/svc/op/trig/mode/post/system/away'))[0]).toBe(503);
});

test.each(['list', 'ks', 'nosuch', '__proto__', 'constructor'])('operation %s is not available', async (op) => {
  expect(await get(`/cblr/svc/op/${op}/system/gi`)).toEqual([404, '# this operation is not available']);
});

test.each(['/cblr/svc/op/trig/%', '/cblr/svc/op/trig/%ff/x', `/cblr/svc/${'a/'.repeat(3_000)}`])(
  'a path that cannot be read is told so',
  async (path) => {
    expect(await get(path)).toEqual([400, '# the path cannot be read']);
  },
);
