import { createSocket } from 'node:dgram';
import { once } from 'node:events';
import { readFileSync } from 'node:fs';
import net from 'node:net';
import path from 'node:path';
import tls from 'node:tls';
import { sendDatagrams, sendStream, startListener, type TestListener } from './start-listener';
import { until } from '../support/until';

const open: TestListener[] = [];
async function start(...options: Parameters<typeof startListener>): Promise<TestListener> {
  const started = await startListener(...options);
  open.push(started);
  return started;
}
afterEach(async () => {
  await Promise.all(open.splice(0).map(({ listener }) => listener.stop()));
});

const HOST = '127.0.0.1';
const pair = path.resolve(__dirname, '../../fixtures/tls/one');
const TLS = { cert: readFileSync(`${pair}.crt`, 'utf8'), key: readFileSync(`${pair}.key`, 'utf8') };

test('lines come by UDP and by TCP on the same port, told by sender', async () => {
  const { port, raws } = await start();
  await sendDatagrams({ host: HOST, port, from: '127.0.0.2' }, [
    '<13>Apr 11 00:55:56 a: one',
    '<13>Apr 11 00:55:56 a: two\n',
  ]);
  await sendStream({ host: HOST, port, from: '127.0.0.3' }, '<13>a: three\n12 <13>a: four\n<13>a: five');
  await until('five lines', () => raws().length === 5);
  expect(raws('127.0.0.2')).toEqual(['<13>Apr 11 00:55:56 a: one', '<13>Apr 11 00:55:56 a: two']);
  expect(raws('127.0.0.3')).toEqual(['<13>a: three', '<13>a: four', '<13>a: five']);
});

test('an IPv4 sender has its own address on a listener for all', async () => {
  const { port, raws } = await start({ host: '::' });
  await sendDatagrams({ host: HOST, port }, ['<13>a: one']);
  await sendDatagrams({ host: '::1', port }, ['<13>a: two']);
  await sendStream({ host: HOST, port }, '<13>a: three\n');
  await sendStream({ host: '::1', port }, '<13>a: four\n');
  await until('four lines', () => raws().length === 4);
  expect(raws(HOST).sort()).toEqual(['<13>a: one', '<13>a: three']);
  expect(raws('::1').sort()).toEqual(['<13>a: four', '<13>a: two']);
});

test('lines come over TLS on a port of its own, without the other ports where wanted', async () => {
  const { port, tlsPort, raws, listener } = await start({ port: null, tlsPort: 0, tls: TLS });
  expect(port).toBe(0);
  const socket = tls.connect({ host: HOST, port: tlsPort, rejectUnauthorized: false });
  socket.resume().end('13 <13>a: sealed');
  await until('the line', () => raws().length === 1);
  expect(raws(HOST)).toEqual(['<13>a: sealed']);
  expect(listener.stats().received).toEqual({ udp: 0, tcp: 0, tls: 1 });
});

test('who speaks no TLS to the TLS port is complained of and harms nobody', async () => {
  const { tlsPort, raws, warned } = await start({ tlsPort: 0, tls: TLS });
  await sendStream({ host: HOST, port: tlsPort }, '<13>a: plain\n').catch(() => undefined);
  await until('the complaint', () => warned.length > 0);
  expect(warned[0]).toEqual(['syslog-tls', { peer: HOST, reason: expect.any(String) }]);
  expect(raws()).toEqual([]);
});

test('a TCP port that is taken is one sentence that names the setting', async () => {
  const { port } = await start();
  await expect(startListener({ port })).rejects.toThrow(
    `SYSLOG_PORT ${port} cannot be used on 127.0.0.1 (TCP, EADDRINUSE): something listens there already`,
  );
});

test('a UDP port that is taken is one sentence too, and its TCP half is given back', async () => {
  const holder = createSocket('udp4').bind(0, HOST);
  await once(holder, 'listening');
  const { port } = holder.address();
  await expect(startListener({ port })).rejects.toThrow(
    `SYSLOG_PORT ${port} cannot be used on 127.0.0.1 (UDP, EADDRINUSE): something listens there already`,
  );
  const probe = net.createServer().listen(port, HOST);
  await once(probe, 'listening');
  probe.close();
  holder.close();
});

test('a taken TLS port is named as such, and nothing is left listening', async () => {
  const first = await start({ tlsPort: 0, tls: TLS });
  await first.listener.stop();
  const squatter = await start();
  await expect(startListener({ port: first.port, tlsPort: squatter.port, tls: TLS })).rejects.toThrow(
    `SYSLOG_TLS_PORT ${squatter.port} cannot be used`,
  );
  await start({ port: first.port });
});

test('chatter beyond the rate is left out, every error inside it arrives, and the loss is counted to the line', async () => {
  const { port, raws, lost, listener, warned } = await start();
  const lines = Array.from({ length: 50_100 }, (_, n) =>
    n % 501 === 250 ? `<11>May 16 20:47:06 web1 a: error ${n}` : `<14>May 16 20:47:06 web1 a: chatter ${n}`,
  );
  await sendStream({ host: HOST, port }, lines.join('\n'));
  await until('all lines are accounted for', () => raws().length + lost() === lines.length);
  expect(raws().filter((raw) => raw.includes('error'))).toHaveLength(100);
  expect(raws().filter((raw) => raw.includes('chatter')).length).toBeLessThanOrEqual(5_000);
  const { received, handedOn, lost: counted } = listener.stats();
  expect(received.tcp).toBe(lines.length);
  expect(handedOn).toBe(raws().length);
  expect(counted).toEqual({ chatter: lost(), telling: 0 });
  expect(new Set(warned.map(([key]) => key))).toEqual(new Set(['syslog-chatter-lost']));
});

test('errors beyond their own bound are counted and complained of', async () => {
  const { port, raws, lost, listener, warned } = await start();
  await sendStream({ host: HOST, port }, '<11>a: error\n'.repeat(15_010));
  await until('all lines', () => raws().length === 15_000 && lost() === 10);
  expect(listener.stats().lost).toEqual({ chatter: 0, telling: 10 });
  expect(warned.map(([key]) => key)).toContain('syslog-telling-lost');
});

test('lines are handed on some hundreds at a time', async () => {
  const { port, raws, batches } = await start();
  await sendStream({ host: HOST, port }, '<14>a: b\n'.repeat(4_000));
  await until('all lines', () => raws().length === 4_000);
  expect(batches.length).toBeLessThan(200);
  for (const batch of batches) expect(batch.reduce((sum, { lines }) => sum + lines.length, 0)).toBeLessThanOrEqual(500);
});

test('a consumer that throws loses its batch and nothing else', async () => {
  let calls = 0;
  const { port, warned, listener } = await start({
    onLines: () => {
      calls += 1;
      throw new Error('no');
    },
  });
  await sendDatagrams({ host: HOST, port }, ['<14>a: b']);
  await until('the first', () => calls === 1);
  await sendDatagrams({ host: HOST, port }, ['<14>a: c']);
  await until('the second', () => calls === 2);
  expect(warned[0]![0]).toBe('syslog-consumer');
  expect(listener.stats().handedOn).toBe(2);
});

test('a sender with too many connections is refused further ones, another is not', async () => {
  const { port, listener, raws } = await start({ limits: { connectionsPerPeer: 2 } });
  const sockets = [1, 2].map(() => net.connect(port, HOST));
  await until('two connections', () => listener.stats().connections === 2);
  const third = net.connect(port, HOST).on('error', () => undefined);
  await once(third, 'close');
  await sendStream({ host: HOST, port, from: '127.0.0.9' }, '<14>a: b\n');
  await until('the line of another', () => raws('127.0.0.9').length === 1);
  expect(listener.stats().refusedConnections).toBe(1);
  sockets[0]!.destroy();
  await until('one has gone', () => listener.stats().connections === 1);
  await sendStream({ host: HOST, port }, '<14>a: c\n');
  await until('its line', () => raws(HOST).length === 1);
  sockets[1]!.destroy();
});

test('the number of connections has a bound', async () => {
  const { port, listener, warned } = await start({ limits: { connections: 1 } });
  const first = net.connect(port, HOST);
  await until('one connection', () => listener.stats().connections === 1);
  const second = net.connect(port, HOST).on('error', () => undefined);
  await once(second, 'close');
  await until('the complaint', () => warned.some(([key]) => key === 'syslog-connections'));
  first.destroy();
});

test('a connection that stays silent for too long is closed; what had no line end is a line', async () => {
  const { port, raws } = await start({ limits: { idleMs: 50 } });
  const socket = net.connect(port, HOST).resume();
  socket.write('<14>a: half');
  await once(socket, 'close');
  await until('the line', () => raws().length === 1);
  expect(raws()).toEqual(['<14>a: half']);
});

test('a connection that is reset leaves its last line', async () => {
  const { port, raws } = await start();
  const socket = net.connect(port, HOST);
  socket.write('<14>a: half');
  await new Promise((resolve) => socket.write('\n<14>a: other half', resolve));
  await until('the first line', () => raws().length === 1);
  socket.resetAndDestroy();
  await until('the last line', () => raws().length === 2);
  expect(raws()).toEqual(['<14>a: half', '<14>a: other half']);
});

test('stopping hands on what had come, frees the port and may be asked twice', async () => {
  const { port, raws, listener } = await start({ limits: { batchMs: 60_000 } });
  const socket = net.connect(port, HOST).on('error', () => undefined);
  socket.write('<14>a: whole\n<14>a: half');
  await until('it is received', () => listener.stats().received.tcp === 1);
  await Promise.all([listener.stop(), listener.stop()]);
  expect(raws()).toEqual(['<14>a: whole', '<14>a: half']);
  await start({ port });
  socket.destroy();
});

test('many connections that send at once are served in turns: timers and UDP go on', async () => {
  const { port, raws, listener } = await start({ limits: { lineBurst: 1e9 } });
  const text = '<14>May 16 20:47:06 web1 a: chatter\n'.repeat(10_000);
  const streams = Array.from({ length: 40 }, (_, n) =>
    sendStream({ host: HOST, port, from: `127.0.1.${n + 1}` }, text),
  );
  await until('they send', () => listener.stats().received.tcp > 0);
  await sendDatagrams({ host: HOST, port, from: '127.0.0.2' }, ['<14>a: b']);
  await until('the datagram', () => raws('127.0.0.2').length === 1);
  expect(listener.stats().received.tcp).toBeLessThan(400_000);
  await Promise.all(streams);
  await until('all lines', () => listener.stats().handedOn === 400_001);
});

test('datagrams the kernel had no room for are counted', async () => {
  const { port, listener, warned } = await start({
    limits: { dropCheckMs: 20, receiveBufferBytes: 16_384, lineBurst: 1e9 },
  });
  if (process.platform !== 'linux') return expect(listener.stats().kernelDrops).toBeNull();
  // All at once, while nobody can read: more than any buffer holds.
  await sendDatagrams(
    { host: HOST, port },
    Array.from({ length: 5_000 }, (_, n) => `<14>a: ${n}`),
  );
  const all = () => listener.stats().received.udp + (listener.stats().kernelDrops ?? 0);
  await until('all are accounted for', () => all() === 5_000);
  expect(listener.stats().kernelDrops).toBeGreaterThan(0);
  await until('the complaint', () => warned.some(([key]) => key === 'syslog-kernel-drops'));
});
