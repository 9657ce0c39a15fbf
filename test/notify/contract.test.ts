import { createServer, type Server } from 'node:net';
import type { AddressInfo } from 'node:net';
import { FAILURE_REASONS } from '../../src/domain/delivery';
import { CHANNEL_KINDS } from '../../src/domain/notification';
import { CHANNELS } from '../../src/notify';
import type { Notifier, NotifierSettings, RenderedDelivery } from '../../src/notify/notifier';

const PASSWORD = 'p%ss:w0rd-of-the-relay';
const TOKEN = 'token-of-the-twilio-account';

/** Settings that point every channel at one port. */
const settingsFor = (port: number): NotifierSettings => ({
  smtpUrl: `smtp://kickwatch:${encodeURIComponent(PASSWORD)}@127.0.0.1:${port}`,
  mailFrom: 'Kickwatch <kickwatch@example.org>',
  twilio: {
    accountSid: `AC${'0'.repeat(32)}`,
    authToken: TOKEN,
    from: '+15005550006',
    apiUrl: `http://127.0.0.1:${port}`,
  },
});

const GOOD: Record<string, string> = { email: 'ops@example.org', sms: '+4930123456' };

const delivery = (address: string): RenderedDelivery => ({
  id: '6f1c3d1e-1f5a-4b55-9d0f-0a1b2c3d4e5f',
  contact: 'ann',
  address,
  content: { subject: 'web1 failed', text: 'web1 failed', html: null, thread: null },
  createdAt: new Date('2026-11-22T10:00:00Z'),
});

/** A server that does `onConnection` with every connection: the same for all channels, since all speak over TCP. */
async function listen(onConnection: Parameters<typeof createServer>[1]): Promise<{ server: Server; port: number }> {
  const server = createServer(onConnection as never);
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  return { server, port: (server.address() as AddressInfo).port };
}

test('the list of channels is the list decisions are made for', () => {
  expect(CHANNELS.map((channel) => channel.kind)).toEqual([...CHANNEL_KINDS]);
});

describe.each(CHANNELS.map((channel) => [channel.kind, channel] as const))('%s', (kind, channel) => {
  const servers: Server[] = [];
  const notifiers: Notifier[] = [];
  const signal = (ms: number): AbortSignal => AbortSignal.timeout(ms);

  async function make(onConnection: (socket: import('node:net').Socket) => void): Promise<Notifier> {
    const { server, port } = await listen((socket: import('node:net').Socket) => {
      socket.on('error', () => undefined);
      onConnection(socket);
    });
    servers.push(server);
    const notifier = channel.create(settingsFor(port))!;
    notifiers.push(notifier);
    return notifier;
  }

  afterEach(async () => {
    for (const notifier of notifiers.splice(0)) await notifier.close();
    for (const server of servers.splice(0)) await new Promise((resolve) => server.close(resolve));
  });

  test('without settings there is no sender', () => {
    expect(channel.create({ smtpUrl: null, mailFrom: 'kickwatch@localhost', twilio: null })).toBeNull();
  });

  test.each(['', 'x@y.z\r\nBCC: q@q', '+49301\n', 'a@b.c, d@e.f', 'javascript:alert(1)'])(
    'an address such as %j never reaches the wire',
    async (address) => {
      let connections = 0;
      const notifier = await make((socket) => {
        connections += 1;
        socket.destroy();
      });
      const result = await notifier.send(delivery(address), signal(5000));
      expect(result).toMatchObject({ ok: false, retry: false, reason: 'address refused' });
      expect(connections).toBe(0);
    },
  );

  test('a server that says nothing is left when the time is up, and asked again later', async () => {
    const sockets: import('node:net').Socket[] = [];
    const notifier = await make((socket) => sockets.push(socket));
    const started = Date.now();
    const result = await notifier.send(delivery(GOOD[kind]!), signal(300));
    expect(result).toMatchObject({ ok: false, retry: true, reason: 'timed out' });
    expect(Date.now() - started).toBeLessThan(3000);
    for (const socket of sockets) socket.destroy();
  });

  test('a signal that has fired already sends nothing', async () => {
    let connections = 0;
    const notifier = await make((socket) => {
      connections += 1;
      socket.destroy();
    });
    const result = await notifier.send(delivery(GOOD[kind]!), AbortSignal.abort());
    expect(result).toMatchObject({ ok: false, retry: true, reason: 'timed out' });
    expect(connections).toBe(0);
  });

  test('a connection that breaks is tried again later', async () => {
    const notifier = await make((socket) => socket.destroy());
    expect(await notifier.send(delivery(GOOD[kind]!), signal(5000))).toMatchObject({
      ok: false,
      retry: true,
      reason: 'unreachable',
    });
  });

  test('a server that is not there is tried again later', async () => {
    const { server, port } = await listen(() => undefined);
    await new Promise((resolve) => server.close(resolve));
    const notifier = channel.create(settingsFor(port))!;
    notifiers.push(notifier);
    const result = await notifier.send(delivery(GOOD[kind]!), signal(5000));
    expect(result).toMatchObject({ ok: false, retry: true, reason: 'unreachable' });
  });

  test('a server that speaks nonsense is tried again later, and its nonsense betrays no secret', async () => {
    const echo = (socket: import('node:net').Socket): void => {
      socket.write('220 hello\r\n');
      socket.on('data', (chunk) => socket.write(`599 ${chunk.toString('latin1').replace(/[\r\n]+/g, ' ')}\r\n`));
    };
    const notifier = await make(echo);
    const result = await notifier.send(delivery(GOOD[kind]!), signal(5000));
    expect(result).toMatchObject({ ok: false, retry: true });
    const said = JSON.stringify(result);
    for (const secret of [PASSWORD, TOKEN, encodeURIComponent(PASSWORD)]) {
      expect(said).not.toContain(secret);
      expect(said).not.toContain(Buffer.from(secret).toString('base64').slice(0, 16));
    }
    expect(FAILURE_REASONS).toContain((result as { reason: string }).reason);
  });

  test('a message about nothing in particular has words', () => {
    const content = channel.render({
      kind: 'test',
      contact: 'ann',
      entries: [],
      common: [],
      running: null,
      at: Date.parse('2026-11-22T10:00:00Z'),
      timeZone: null,
      publicUrl: null,
      note: null,
    });
    expect(content.text).toContain('Kickwatch test');
  });
});
