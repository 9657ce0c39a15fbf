import { request as startRequest } from 'node:http';
import { gzipSync } from 'node:zlib';
import { HTTP_LIMITS } from '../../src/http/http-limits';
import { parseResponse, serializeCall } from '../../src/xmlrpc/codec';
import { LIMITS } from '../../src/xmlrpc/limits';
import type { Struct } from '../../src/xmlrpc/value';
import { exchange, open, post, received } from './raw';
import { startHttp, type TestHttp } from './start-http';

const MIB = 1024 * 1024;
const TOO_LARGE = "<class 'cobbler.cexceptions.CX'>:'the request is larger than 64 MiB'";
const VERSION = serializeCall('version', []);

let http: TestHttp;
afterEach(() => http.server.stop());

function faultOf(document: string): unknown {
  const answer = parseResponse(document.slice(document.indexOf('<?xml')));
  return 'fault' in answer ? (answer.fault as Struct)['faultString'] : answer.value;
}

/** Sends a body of that size from one small buffer, all of it, before it looks at the answer. */
function sendLarge(bytes: number, headers: Record<string, string | number>): Promise<string> {
  return new Promise((resolve, reject) => {
    const request = startRequest({ port: http.port, method: 'POST', path: '/', headers }, (response) => {
      let text = '';
      response.on('data', (chunk) => (text += String(chunk)));
      response.on('end', () => resolve(text));
    });
    request.on('error', reject);
    const piece = Buffer.alloc(MIB, 'x');
    let left = bytes;
    const go = (): void => {
      for (; left > 0;) {
        left -= piece.length;
        if (!request.write(piece)) return void request.once('drain', go);
      }
      request.end();
    };
    go();
  });
}

describe('a body of 70 MiB gets a clear fault, and does not stay in memory', () => {
  test.each<[string, Record<string, string | number>, number]>([
    ['with its length told', { 'Content-Length': 70 * MIB }, 40 * MIB],
    ['in chunks', { 'Transfer-Encoding': 'chunked' }, 150 * MIB],
  ])('%s', async (_, headers, bound) => {
    http = await startHttp();
    await sendLarge(MIB, { 'Content-Length': MIB });
    const before = process.memoryUsage();
    let most = 0;
    const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 5);
    expect(faultOf(await sendLarge(70 * MIB, headers))).toBe(TOO_LARGE);
    clearInterval(watch);
    expect(most - before.arrayBuffers).toBeLessThan(bound);
  });

  test('and is not even sent by those who ask first', async () => {
    http = await startHttp();
    const answer = await exchange(
      http.port,
      `POST / HTTP/1.1\r\nHost: x\r\nExpect: 100-continue\r\nContent-Length: ${70 * MIB}\r\n\r\n`,
    );
    expect(answer).toMatch(/^HTTP\/1.1 200 OK/);
    expect(faultOf(answer)).toBe(TOO_LARGE);
  });
});

test('a small request that inflates to a gibibyte is refused without doing so', async () => {
  http = await startHttp();
  const bomb = gzipSync(Buffer.alloc(1024 * MIB), { level: 9 });
  expect(bomb.length).toBeLessThan(2 * MIB);
  let most = 0;
  const before = process.memoryUsage().arrayBuffers;
  const watch = setInterval(() => (most = Math.max(most, process.memoryUsage().arrayBuffers)), 5);
  expect(faultOf(await exchange(http.port, post(bomb, { 'Content-Encoding': 'gzip' })))).toBe(TOO_LARGE);
  clearInterval(watch);
  expect(most - before).toBeLessThan(200 * MIB);
});

test('5,000 levels are a fault, and the next call is answered', async () => {
  http = await startHttp();
  const deep = `<methodCall><methodName>echo</methodName><params><param>${'<value><array><data>'.repeat(5000)}<value/>${'</data></array></value>'.repeat(5000)}</param></params></methodCall>`;
  expect(faultOf(await exchange(http.port, post(deep)))).toContain(`nested deeper than ${LIMITS.depth} levels`);
  expect(faultOf(await exchange(http.port, post(VERSION)))).toMatchObject({ value: 3.307 });
});

test("a thousand connections that say nothing are in nobody's way, and are cut off", async () => {
  http = await startHttp({ limits: { ...HTTP_LIMITS, headersMs: 3000, checkEveryMs: 100 } });
  const silent = await Promise.all(Array.from({ length: 1000 }, () => open(http.port)));
  const ends = silent.map(received);
  const started = performance.now();
  expect(faultOf(await exchange(http.port, post(VERSION)))).toMatchObject({ value: 3.307 });
  expect(performance.now() - started).toBeLessThan(2500);
  await Promise.all(ends);
});

test('headers that trickle in are cut off', async () => {
  http = await startHttp({ limits: { ...HTTP_LIMITS, headersMs: 300, checkEveryMs: 50 } });
  const socket = await open(http.port);
  const trickle = setInterval(() => socket.write('X: y\r\n'), 40);
  socket.write('POST / HTTP/1.1\r\nHost: x\r\n');
  expect(await received(socket)).toMatch(/^HTTP\/1.1 408 Request Timeout/);
  clearInterval(trickle);
});

test('a body that never ends is cut off', async () => {
  http = await startHttp({ limits: { ...HTTP_LIMITS, headersMs: 200, requestMs: 400, checkEveryMs: 50 } });
  expect(await exchange(http.port, 'POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 100\r\n\r\nabc')).toMatch(
    /^HTTP\/1.1 408/,
  );
});

test('connections beyond the bound are closed, those within go on', async () => {
  http = await startHttp({ limits: { ...HTTP_LIMITS, connections: 3 } });
  const sockets = await Promise.all([1, 2, 3].map(() => open(http.port)));
  const rejected = await open(http.port);
  expect(await received(rejected)).toBe('');
  sockets[0]?.write(post(VERSION));
  expect(faultOf(await received(sockets[0]!))).toMatchObject({ value: 3.307 });
  for (const socket of sockets) socket.destroy();
});

test('callers are asked to try again while too many bodies are in hand, and bodies given up are forgotten', async () => {
  http = await startHttp({ limits: { ...HTTP_LIMITS, bodyBytesInHand: 1000 } });
  const half = await open(http.port);
  half.write(`POST / HTTP/1.1\r\nHost: x\r\nContent-Length: 950\r\n\r\n${'x'.repeat(900)}`);
  for (;;) {
    const answer = faultOf(await exchange(http.port, post(VERSION)));
    if (typeof answer !== 'string') continue; // the other body has not arrived yet
    expect(answer).toBe(
      "<class 'cobbler.cexceptions.CX'>:'the server has more requests in hand than it may hold; try again'",
    );
    break;
  }
  half.destroy();
  for (;;) if (typeof faultOf(await exchange(http.port, post(VERSION))) !== 'string') break;
  for (let round = 0; round < 20; round++) {
    expect(faultOf(await exchange(http.port, post(VERSION)))).toMatchObject({ value: 3.307 });
    await exchange(http.port, post(gzipSync(VERSION), { 'Content-Encoding': 'gzip' }));
    await exchange(http.port, post('x'.repeat(900)));
  }
});

test('a reader that takes nothing of a big answer is cut off; others are served meanwhile', async () => {
  http = await startHttp({ limits: { ...HTTP_LIMITS, stalledReaderMs: 300 } });
  const stuck = await open(http.port);
  stuck.pause();
  const closed = new Promise((resolve) => stuck.once('close', resolve));
  stuck.on('error', () => undefined);
  stuck.write(post(serializeCall('many', [200_000])));
  expect(faultOf(await exchange(http.port, post(VERSION)))).toMatchObject({ value: 3.307 });
  await new Promise((resolve) => setTimeout(resolve, 600)); // longer than the reader's patience
  stuck.resume();
  await closed;
  expect(stuck.bytesRead).toBeLessThan(20 * MIB);
});
