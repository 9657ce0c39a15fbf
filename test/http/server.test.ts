import { createServer } from 'node:net';
import { gzipSync, gunzipSync } from 'node:zlib';
import { HTTP_LIMITS } from '../../src/http/http-limits';
import { parseResponse, serializeCall } from '../../src/xmlrpc/codec';
import { defineMethod } from '../../src/xmlrpc/method';
import type { Struct, XmlRpcValue } from '../../src/xmlrpc/value';
import { exchange, open, post, received } from './raw';
import { startHttp, type TestHttp } from './start-http';

const VERSION = serializeCall('version', []);

let http: TestHttp;
const url = (path: string) => `http://127.0.0.1:${http.port}${path}`;

async function call(name: string, params: XmlRpcValue[] = [], headers: Record<string, string> = {}): Promise<unknown> {
  const response = await fetch(url('/RPC2'), { method: 'POST', body: serializeCall(name, params), headers });
  return unpack(await response.text());
}

function unpack(document: string): unknown {
  const answer = parseResponse(document);
  return 'value' in answer ? answer.value : (answer.fault as Struct)['faultString'];
}

/** The value of a raw HTTP/1.1 answer with a length. */
function bodyOf(answer: string): unknown {
  return unpack(answer.slice(answer.indexOf('\r\n\r\n') + 4));
}

describe('the listener', () => {
  beforeAll(async () => {
    http = await startHttp({
      routes: [
        {
          prefix: '/cblr/svc',
          handle: ({ method, path, query, peer, body }) =>
            Promise.resolve({
              status: 200,
              contentType: 'text/plain',
              body: [method, path, query, peer, body.length].join(' '),
            }),
        },
        { prefix: '/upload', maxBodyBytes: 10, handle: ({ body }) => Promise.resolve({ status: 201, body }) },
        { prefix: '/broken', handle: () => Promise.reject(new Error('a secret inside')) },
      ],
    });
  });
  afterAll(() => http.server.stop());

  test.each(['/', '/RPC2', '/RPC2/', '/cobbler_api', '/cobbler_api?x=1'])('answers calls at %s', async (path) => {
    const response = await fetch(url(path), { method: 'POST', body: VERSION });
    expect(response.status).toBe(200);
    expect(response.headers.get('content-type')).toBe('text/xml');
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    expect(response.headers.get('access-control-allow-headers')).toBe('Origin, X-Requested-With, Content-Type, Accept');
    expect(await response.text()).toBe(
      "<?xml version='1.0'?>\n<methodResponse>\n<params>\n<param>\n<value><double>3.307</double></value>\n</param>\n</params>\n</methodResponse>\n",
    );
  });

  test('answers faults with status 200', async () => {
    const response = await fetch(url('/'), { method: 'POST', body: 'hello' });
    expect(response.status).toBe(200);
    expect(unpack(await response.text())).toBe("<class 'xml.parsers.expat.ExpatError'>:syntax error: line 1, column 0");
  });

  test.each(['GET', 'HEAD', 'PUT', 'DELETE'])('answers %s on a path for calls as the original does', async (method) => {
    const response = await fetch(url('/RPC2'), { method, ...(method === 'PUT' ? { body: VERSION } : {}) });
    expect([response.status, response.statusText]).toEqual([501, `Unsupported method ('${method}')`]);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
    const page = await response.text();
    if (method === 'HEAD') expect(page).toBe('');
    else expect(page).toContain(`<p>Message: Unsupported method ('${method}').</p>`);
  });

  test('answers OPTIONS with what other origins may do', async () => {
    const response = await fetch(url('/anything'), { method: 'OPTIONS' });
    expect([response.status, await response.text()]).toEqual([200, '']);
    expect(response.headers.get('access-control-allow-origin')).toBe('*');
  });

  test('knows no other page', async () => {
    for (const path of ['/nothing', '/RPC3', '/cblr', '/cblr/svcx', '//', '/%2e%2e/etc/passwd']) {
      const response = await fetch(url(path), { method: 'POST', body: VERSION });
      expect([path, response.status, await response.text()]).toEqual([path, 404, 'No such page']);
    }
  });

  test('hands a path and all below it to its route, as they were sent', async () => {
    expect(await (await fetch(url('/cblr/svc/op/trig/mode/pre%2F/system/a%20b?x=%41&y'))).text()).toBe(
      'GET /cblr/svc/op/trig/mode/pre%2F/system/a%20b x=%41&y 127.0.0.1 0',
    );
    expect(await (await fetch(url('/cblr/svc'))).text()).toBe('GET /cblr/svc  127.0.0.1 0');
    expect(
      await exchange(http.port, 'GET http://server:80/cblr/svc/x HTTP/1.1\r\nHost: x\r\nConnection: close\r\n\r\n'),
    ).toMatch(/GET \/cblr\/svc\/x {2}127/);
  });

  test('reads bodies for routes that want them, up to their bound', async () => {
    const send = (body: string) => fetch(url('/upload'), { method: 'POST', body });
    expect(await (await send('0123456789')).text()).toBe('0123456789');
    const refused = await send('0123456789a');
    expect([refused.status, await refused.text()]).toEqual([413, 'the request is larger than 10 bytes']);
  });

  test('does not tell why a route broke, but logs it', async () => {
    const response = await fetch(url('/broken'));
    expect([response.status, await response.text()]).toEqual([500, 'internal error, see the log of the server']);
    expect(http.logged.at(-1)).toEqual(['A request failed', expect.objectContaining({ path: '/broken' })]);
  });

  test('says that it lives', async () => {
    expect(await (await fetch(url('/healthz'))).text()).toBe('ok');
    expect((await fetch(url('/readyz'))).status).toBe(200);
  });

  test('believes X-Forwarded-For of a trusted proxy', async () => {
    expect(await call('peer')).toBe('127.0.0.1');
    expect(await call('peer', [], { 'X-Forwarded-For': '192.0.2.9' })).toBe('192.0.2.9');
    expect(await call('peer', [], { 'X-Forwarded-For': '6.6.6.6, 192.0.2.9, 127.0.0.2' })).toBe('192.0.2.9');
  });

  describe('compression', () => {
    const zipped = { 'Content-Encoding': 'gzip' };

    test('requests may be compressed', async () => {
      expect(bodyOf(await exchange(http.port, post(gzipSync(VERSION), zipped)))).toMatchObject({ value: 3.307 });
      expect(
        bodyOf(await exchange(http.port, post(gzipSync(VERSION), { 'Content-Encoding': 'X-GZIP' }))),
      ).toMatchObject({ value: 3.307 });
    });

    test('what is not understood is refused as the original does', async () => {
      expect(await exchange(http.port, post(VERSION, { 'Content-Encoding': 'deflate' }))).toMatch(
        /^HTTP\/1.1 501 encoding 'deflate' not supported\r\n/,
      );
      expect(await exchange(http.port, post(VERSION, { 'Content-Encoding': 'a\tb' }))).toMatch(
        /^HTTP\/1.1 501 encoding '\?' not supported\r\n/,
      );
      expect(await exchange(http.port, post(VERSION, zipped))).toMatch(
        /^HTTP\/1.1 400 error decoding gzip content\r\n/,
      );
      expect(await exchange(http.port, post(gzipSync(VERSION).subarray(0, 60), zipped))).toMatch(/^HTTP\/1.1 400 /);
    });

    test('answers above 1400 bytes are compressed for those who accept it', async () => {
      const ask = async (value: XmlRpcValue, accept?: string) => {
        const answer = await exchangeBytes(
          post(serializeCall('echo', [value]), accept === undefined ? {} : { 'Accept-Encoding': accept }),
        );
        const head = answer.subarray(0, answer.indexOf('\r\n\r\n')).toString();
        const body = answer.subarray(answer.indexOf('\r\n\r\n') + 4);
        const isZipped = /content-encoding: gzip/i.test(head);
        expect(unpack((isZipped ? gunzipSync(body) : body).toString())).toBe(value);
        return isZipped;
      };
      const long = 'é'.repeat(2000);
      expect(await ask(long, 'gzip')).toBe(true);
      expect(await ask(long, 'deflate, GZIP;q=0.5')).toBe(true);
      expect(await ask(long)).toBe(false);
      expect(await ask(long, 'identity')).toBe(false);
      expect(await ask(long, 'gzip;q=0')).toBe(false);
      expect(await ask('short', 'gzip')).toBe(false);
    });

    test.each(['gzip', undefined])('answers in pieces arrive whole (%s)', async (accept) => {
      const response = await fetch(url('/'), {
        method: 'POST',
        body: serializeCall('many', [30_000]),
        headers: { 'Accept-Encoding': accept ?? 'identity' },
      });
      expect(response.headers.get('content-encoding')).toBe(accept ?? null);
      expect(unpack(await response.text())).toHaveLength(30_000);
    });
  });

  describe('connections', () => {
    test('carry many calls, also when they are sent at once, answered in order', async () => {
      const calls = ['a', 'b', 'c'].map((text) => post(serializeCall('echo', [text]), { Connection: 'keep-alive' }));
      const answers = await exchange(http.port, Buffer.concat([...calls, post(serializeCall('echo', ['last']))]));
      expect([...answers.matchAll(/<string>(\w+)<\/string>/g)].map(([, text]) => text)).toEqual([
        'a',
        'b',
        'c',
        'last',
      ]);
      expect(answers.match(/HTTP\/1\.1 200/g)).toHaveLength(4);
    });

    test('of HTTP/1.0 are closed after the answer, however long it is', async () => {
      const call10 = (body: string) => `POST / HTTP/1.0\r\nContent-Length: ${body.length}\r\n\r\n${body}`;
      expect(bodyOf(await exchange(http.port, call10(VERSION)))).toMatchObject({ value: 3.307 });
      const long = await exchange(http.port, call10(serializeCall('many', [10_000])));
      expect(long.slice(0, long.indexOf('\r\n\r\n')).toLowerCase()).not.toContain('chunked');
      expect(bodyOf(long)).toHaveLength(10_000);
    });

    test('need no Host header', async () => {
      expect(
        await exchange(
          http.port,
          `POST / HTTP/1.1\r\nConnection: close\r\nContent-Length: ${VERSION.length}\r\n\r\n${VERSION}`,
        ),
      ).toMatch(/^HTTP\/1.1 200/);
    });

    test('may bring a body in chunks, cut inside a character', async () => {
      const body = Buffer.from(serializeCall('echo', ['käse 😀']));
      const cut = body.indexOf(0xc3) + 1;
      const emoji = body.indexOf(0xf0) + 2;
      const chunks = [body.subarray(0, cut), body.subarray(cut, emoji), body.subarray(emoji)];
      const pieces = chunks.flatMap((chunk) => [`${chunk.length.toString(16)}\r\n`, chunk, '\r\n']);
      const answer = await exchange(
        http.port,
        'POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nTransfer-Encoding: chunked\r\n\r\n',
        ...pieces,
        '0\r\n\r\n',
      );
      expect(bodyOf(answer)).toBe('käse 😀');
    });

    test('are asked for the body when the caller waits for that', async () => {
      const socket = await open(http.port);
      const all = received(socket);
      socket.write(
        `POST / HTTP/1.1\r\nHost: x\r\nConnection: close\r\nExpect: 100-continue\r\nContent-Length: ${VERSION.length}\r\n\r\n`,
      );
      await new Promise((resolve) => socket.once('data', resolve));
      socket.write(VERSION);
      expect(await all).toMatch(/^HTTP\/1.1 100 Continue\r\n\r\nHTTP\/1.1 200 OK/);
    });

    test('that begin a TLS handshake are refused at once, so that koan goes on with http', async () => {
      const hello = Buffer.from('16030100c6010000c203037f', 'hex');
      const started = performance.now();
      expect(await exchange(http.port, Buffer.concat([hello, Buffer.alloc(500)]))).toMatch(
        /^HTTP\/1.1 400 Bad Request/,
      );
      expect(performance.now() - started).toBeLessThan(5000); // headers may take 10 s
    });

    test('that bring nonsense are refused', async () => {
      expect(await exchange(http.port, 'hello\r\n\r\n')).toMatch(/^HTTP\/1.1 400/);
      expect(await exchange(http.port, `GET / HTTP/1.1\r\nX: ${'x'.repeat(20_000)}\r\n\r\n`)).toMatch(/^HTTP\/1.1 431/);
    });
  });
});

describe('a listener that is not ready', () => {
  test.each<[string, () => Promise<string | null>, string]>([
    ['says why', () => Promise.resolve('the database is away'), 'the database is away'],
    ['says so when it cannot even tell', () => Promise.reject(new Error('x')), 'the check failed'],
  ])('%s', async (_, checkReady, reason) => {
    http = await startHttp({ checkReady });
    const response = await fetch(url('/readyz'));
    expect([response.status, await response.json()]).toEqual([503, { ready: false, reason }]);
    await http.server.stop();
  });
});

test('a port that is taken is told when the listener starts', async () => {
  const other = createServer();
  const port = await new Promise<number>((resolve) =>
    other.listen(0, '127.0.0.1', () => resolve((other.address() as { port: number }).port)),
  );
  await expect(startHttp({ port })).rejects.toThrow('EADDRINUSE');
  other.close();
});

describe('stopping', () => {
  test('closes idle connections at once and lets a request in hand end', async () => {
    let release = (): void => undefined;
    let arrived = (): void => undefined;
    const isIn = new Promise<void>((resolve) => (arrived = resolve));
    http = await startHttp({
      methods: [
        defineMethod({
          name: 'slow',
          params: [],
          access: 'public',
          returns: 'string',
          summary: '',
          run: () =>
            new Promise((resolve) => {
              release = () => resolve('done');
              arrived();
            }),
        }),
      ],
    });
    const silent = await open(http.port);
    const idle = await open(http.port);
    idle.write(post(VERSION, { Connection: 'keep-alive' }));
    await new Promise((resolve) => idle.once('data', resolve));
    const busy = await open(http.port);
    const answer = received(busy);
    busy.write(post(serializeCall('slow', []), { Connection: 'keep-alive' }));
    await isIn;

    const closed = Promise.all([silent, idle].map((socket) => received(socket)));
    const stopped = http.server.stop();
    await closed;
    await expect(open(http.port)).rejects.toThrow('ECONNREFUSED');
    release();
    await stopped;
    const text = await answer;
    expect(bodyOf(text)).toBe('done');
    expect(text).toMatch(/connection: close/i);
  });

  test('does not wait for ever', async () => {
    http = await startHttp({
      limits: { ...HTTP_LIMITS, stopMs: 100 },
      methods: [
        defineMethod({
          name: 'hang',
          params: [],
          access: 'public',
          returns: 'string',
          summary: '',
          run: () => new Promise(() => undefined),
        }),
      ],
    });
    const socket = await open(http.port);
    const answer = received(socket);
    socket.write(post(serializeCall('hang', [])));
    await fetch(url('/healthz'));
    await http.server.stop();
    expect(await answer).toBe('');
  });
});

async function exchangeBytes(request: Buffer): Promise<Buffer> {
  const socket = await open(http.port);
  const chunks: Buffer[] = [];
  socket.on('data', (chunk: Buffer) => chunks.push(chunk));
  socket.write(request);
  await new Promise((resolve) => socket.once('close', resolve));
  return Buffer.concat(chunks);
}
