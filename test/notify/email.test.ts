import { email, senderFault } from '../../src/notify/email';
import type { Notifier, RenderedDelivery } from '../../src/notify/notifier';
import { startSmtpServer, type TestSmtpServer } from '../support/smtp';

const ID = '6f1c3d1e-1f5a-4b55-9d0f-0a1b2c3d4e5f';

const delivery = (rest: Partial<RenderedDelivery> = {}): RenderedDelivery => ({
  id: ID,
  contact: 'ann',
  address: 'ann@example.org',
  content: { subject: 'web1 failed: disk “full”', text: 'web1 failed\n', html: '<p>web1 failed</p>', thread: 'run-42' },
  createdAt: new Date('2026-11-22T10:00:00Z'),
  ...rest,
});

describe('e-mail over a real mail server', () => {
  let server: TestSmtpServer;
  let notifier: Notifier;
  const signal = (ms = 5000): AbortSignal => AbortSignal.timeout(ms);
  const connect = (url: string, mailFrom = 'Kickwatch <kickwatch@example.org>'): Notifier =>
    email.create({ smtpUrl: url, mailFrom, twilio: null })!;

  beforeEach(async () => {
    server = await startSmtpServer();
    notifier = connect(server.url);
  });

  afterEach(async () => {
    await notifier.close();
    await server.close();
  });

  test('a mail arrives with text and HTML, marked as sent by a machine, named after its delivery', async () => {
    const result = await notifier.send(delivery(), signal());
    expect(result).toMatchObject({ ok: true });
    const [mail] = await server.waitFor(1);
    expect(mail).toMatchObject({
      from: 'kickwatch@example.org',
      to: ['ann@example.org'],
      subject: 'web1 failed: disk “full”',
      text: expect.stringContaining('web1 failed') as string,
      html: expect.stringContaining('<p>web1 failed</p>') as string,
    });
    expect(mail!.headers).toMatchObject({
      from: 'Kickwatch <kickwatch@example.org>',
      to: 'ann@example.org',
      'message-id': `<${ID}@kickwatch.example.org>`,
      'auto-submitted': 'auto-generated',
      'list-id': 'Kickwatch <kickwatch.example.org>',
      references: '<run-42@kickwatch.example.org>',
      'x-kickwatch-delivery': ID,
      date: 'Sun, 22 Nov 2026 10:00:00 +0000',
    });
  });

  test('a delivery sent twice carries the same Message-ID', async () => {
    await notifier.send(delivery(), signal());
    await notifier.send(delivery(), signal());
    const mails = await server.waitFor(2);
    expect(new Set(mails.map((mail) => mail.headers['message-id'])).size).toBe(1);
  });

  test('line breaks in a subject add no header', async () => {
    const content = { subject: 'web1\r\nBcc: eve@example.org', text: 'x', html: null, thread: null };
    await notifier.send(delivery({ content }), signal());
    const [mail] = await server.waitFor(1);
    expect(mail!.to).toEqual(['ann@example.org']);
    expect(mail!.headers.bcc).toBeUndefined();
  });

  test.each([
    ['550 5.1.1 No such user', false, 'address refused'],
    ['550 No such user', false, 'address refused'],
    ['552 5.2.2 Mailbox full', true, 'server error'],
    ['550 5.7.1 Relaying denied', false, 'message refused'],
    ['450 4.2.0 Greylisted', true, 'server error'],
    ['452 4.2.2 Mailbox full', true, 'server error'],
    ['451 4.7.1 Too many messages', true, 'rate limited'],
  ] as const)('a recipient answered with %s: try again %s, %s', async (text, retry, reason) => {
    server.behaviour.refuseRecipient = text;
    expect(await notifier.send(delivery(), signal())).toMatchObject({ ok: false, retry, reason });
  });

  test.each([
    ['554 5.6.0 Looks like spam', false, 'message refused'],
    ['421 4.3.2 Shutting down', true, 'rate limited'],
    ['451 4.3.0 Try later', true, 'server error'],
  ] as const)('a mail answered with %s: try again %s, %s', async (text, retry, reason) => {
    server.behaviour.refuseData = text;
    expect(await notifier.send(delivery(), signal())).toMatchObject({ ok: false, retry, reason });
  });

  test('a sender the server refuses is ours to mend: the mail waits', async () => {
    server.behaviour.refuseSender = '553 5.1.8 Sender unknown';
    expect(await notifier.send(delivery(), signal())).toMatchObject({ retry: true, reason: 'misconfigured' });
  });

  test('a connection cut in the middle of the mail is tried again, and the next mail gets through', async () => {
    server.behaviour.hangUpInData = true;
    expect(await notifier.send(delivery(), signal())).toMatchObject({ ok: false, retry: true, reason: 'unreachable' });
    server.behaviour.hangUpInData = false;
    expect(await notifier.send(delivery(), signal())).toMatchObject({ ok: true });
    expect(server.mails).toHaveLength(1);
  });

  test('a server that never confirms is left when the time is up', async () => {
    server.behaviour.silentAfterData = true;
    expect(await notifier.send(delivery(), signal(300))).toMatchObject({ retry: true, reason: 'timed out' });
  });

  test('connections are kept and shared', async () => {
    const results = await Promise.all(Array.from({ length: 20 }, () => notifier.send(delivery(), signal())));
    expect(results.every((result) => result.ok)).toBe(true);
    expect(server.mails).toHaveLength(20);
  });

  test('wrong credentials keep the mail waiting, and the server repeating them betrays nothing', async () => {
    const strict = await startSmtpServer({ user: { name: 'kickwatch', password: 'right' } });
    const wrong = connect(strict.url.replace(':right@', ':wr%40ng-password@'));
    const result = await wrong.send(delivery(), signal());
    expect(result).toMatchObject({ ok: false, retry: true, reason: 'auth refused' });
    expect(JSON.stringify(result)).not.toContain('wr@ng-password');
    const right = connect(strict.url);
    expect(await right.send(delivery(), signal())).toMatchObject({ ok: true });
    await wrong.close();
    await right.close();
    await strict.close();
  });
});

test.each(['kickwatch@localhost', 'Kickwatch <kickwatch@example.org>', '"Kick, watch" <kickwatch@example.org>'])(
  '%s can be a sender',
  (text) => {
    expect(senderFault(text)).toBeNull();
  },
);

test.each(['', 'Kickwatch', 'a@b <c@d', 'Kick\nwatch <a@b.c>', 'a@b.c, d@e.f', 'x <a@b.c>, y <d@e.f>'])(
  '%j cannot',
  (text) => {
    expect(senderFault(text)).toMatch(/\.$/);
  },
);
