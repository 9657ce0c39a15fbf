import { execFileSync } from 'node:child_process';
import { sms } from '../../src/notify/sms';
import type { Notifier, RenderedDelivery } from '../../src/notify/notifier';
import { startTwilioApi, type TestTwilioApi } from '../support/twilio-api';

const delivery = (rest: Partial<RenderedDelivery> = {}): RenderedDelivery => ({
  id: '6f1c3d1e-1f5a-4b55-9d0f-0a1b2c3d4e5f',
  contact: 'ann',
  address: '+4930123456',
  content: { subject: '', text: 'web1 failed: disk full', html: null, thread: null },
  createdAt: new Date('2026-11-22T10:00:00Z'),
  ...rest,
});

describe("SMS through Twilio's SDK", () => {
  let api: TestTwilioApi;
  let notifier: Notifier;
  const signal = (ms = 5000): AbortSignal => AbortSignal.timeout(ms);
  const connect = (rest: object = {}): Notifier =>
    sms.create({
      smtpUrl: null,
      mailFrom: '',
      twilio: { accountSid: api.accountSid, authToken: api.authToken, from: '+15005550006', apiUrl: api.url, ...rest },
    })!;

  beforeEach(async () => {
    api = await startTwilioApi();
    notifier = connect();
  });

  afterEach(async () => {
    await notifier.close();
    await api.close();
  });

  test('an SMS arrives, with a mark that shows repeats', async () => {
    const result = await notifier.send(delivery(), signal());
    expect(result).toEqual({ ok: true, reference: expect.stringMatching(/^SM/) as string });
    await notifier.send(delivery(), signal());
    expect(api.messages.map(({ to, from, body }) => ({ to, from, body }))).toEqual([
      { to: '+4930123456', from: '+15005550006', body: 'web1 failed: disk full #6f1c3d' },
      { to: '+4930123456', from: '+15005550006', body: 'web1 failed: disk full #6f1c3d' },
    ]);
  });

  test('a messaging service can be the sender', async () => {
    const service = connect({ from: `MG${'0'.repeat(32)}` });
    await service.send(delivery(), signal());
    expect(api.messages[0]!.from).toBe(`MG${'0'.repeat(32)}`);
  });

  test.each([
    [400, 21211, false, 'address refused'],
    [400, 21610, false, 'address refused'],
    [400, 21614, false, 'address refused'],
    [400, 21617, false, 'message refused'],
    [400, 21606, true, 'misconfigured'],
    [401, 20003, true, 'auth refused'],
    [404, 20404, true, 'misconfigured'],
    [429, 20429, true, 'rate limited'],
    [503, 20503, true, 'server error'],
  ] as const)('status %d with code %d: try again %s, %s', async (status, code, retry, reason) => {
    api.behaviour.refuse = { status, code, message: 'No.' };
    const result = await notifier.send(delivery(), signal());
    expect(result).toEqual({ ok: false, retry, reason, detail: `No. (${code})` });
  });

  test('a wrong token keeps the SMS waiting and is not repeated', async () => {
    const wrong = connect({ authToken: 'not-the-token-of-this-account' });
    const result = await wrong.send(delivery(), signal());
    expect(result).toMatchObject({ ok: false, retry: true, reason: 'auth refused' });
    expect(JSON.stringify(result)).not.toMatch(/not-the-token|bm90LXRoZS10b2tlbi/);
    expect(JSON.stringify(result)).not.toContain(
      Buffer.from(`${api.accountSid}:not-the-token-of-this-account`).toString('base64').slice(0, 60),
    );
  });

  test('an answer that is no JSON is tried again', async () => {
    api.behaviour.trouble = 'garbage';
    expect(await notifier.send(delivery(), signal())).toMatchObject({ retry: true, reason: 'server error' });
  });

  test('an API that hangs is left when the time is up', async () => {
    api.behaviour.trouble = 'hang';
    expect(await notifier.send(delivery(), signal(300))).toMatchObject({ retry: true, reason: 'timed out' });
  });

  test('an API that hangs up is tried again', async () => {
    api.behaviour.trouble = 'hang up';
    expect(await notifier.send(delivery(), signal())).toMatchObject({ retry: true, reason: 'unreachable' });
  });
});

test('the SDK is not loaded before there is something to send', () => {
  const script = `
    const { sms } = require('./src/notify/sms');
    sms.create({ smtpUrl: null, mailFrom: '', twilio: { accountSid: 'AC', authToken: 't', from: '+1', apiUrl: null } });
    const loaded = Object.keys(require.cache).some((file) => file.includes('node_modules/twilio'));
    process.stdout.write(String(loaded));
  `;
  const output = execFileSync(process.execPath, ['--import', 'tsx', '-e', script], { encoding: 'utf8' });
  expect(output).toBe('false');
});
