import { createServer, type IncomingMessage, type ServerResponse } from 'node:http';
import type { AddressInfo } from 'node:net';

/** One SMS as it arrived. */
export interface ReceivedSms {
  to: string;
  from: string;
  body: string;
  sid: string;
  at: number;
}

/** An HTTP API of the shape of Twilio's Messages resource, for tests: what the real SDK is pointed at. */
export interface TestTwilioApi {
  url: string;
  accountSid: string;
  authToken: string;
  /** Everything taken so far, oldest first. */
  messages: ReceivedSms[];
  /** Answers the messages, as soon as `count` are there; rejects after `timeoutMs`. */
  waitFor(count: number, timeoutMs?: number): Promise<ReceivedSms[]>;
  /** What to do with the next requests; changed at any time. */
  behaviour: {
    /** Refuses with this status and Twilio code, all numbers or the one given. */
    refuse?: { status: number; code: number; message: string; to?: string } | undefined;
    /** `hang` never answers, `hang up` cuts the connection, `garbage` answers something that is not JSON. */
    trouble?: 'hang' | 'hang up' | 'garbage' | undefined;
  };
  close(): Promise<void>;
}

/** Starts the API on a free port of 127.0.0.1. */
export async function startTwilioApi(
  options: { accountSid?: string; authToken?: string; port?: number } = {},
): Promise<TestTwilioApi> {
  const accountSid = options.accountSid ?? `AC${'0123456789abcdef'.repeat(2)}`;
  const authToken = options.authToken ?? 'twilio-test-secret-token';
  const messages: ReceivedSms[] = [];
  const behaviour: TestTwilioApi['behaviour'] = {};
  const waiting: { count: number; resolve(found: ReceivedSms[]): void }[] = [];
  const path = `/2010-04-01/Accounts/${accountSid}/Messages.json`;
  const credentials = `Basic ${Buffer.from(`${accountSid}:${authToken}`).toString('base64')}`;

  const refuse = (response: ServerResponse, status: number, code: number, message: string): void =>
    answer(response, status, { code, message, more_info: `https://www.twilio.com/docs/errors/${code}`, status });

  const handle = async (request: IncomingMessage, response: ServerResponse): Promise<void> => {
    const form = new URLSearchParams(await readBody(request));
    if (request.headers.authorization !== credentials) {
      return refuse(response, 401, 20003, `Authenticate ${request.headers.authorization ?? ''}`);
    }
    if (request.method !== 'POST' || request.url !== path) return refuse(response, 404, 20404, 'Not found');
    if (behaviour.trouble === 'hang') return;
    if (behaviour.trouble === 'hang up') return void request.socket.destroy();
    if (behaviour.trouble === 'garbage') return void response.writeHead(502).end('<html>Bad Gateway</html>');
    const to = form.get('To') ?? '';
    const from = form.get('From') ?? form.get('MessagingServiceSid') ?? '';
    const body = form.get('Body') ?? '';
    const fault = behaviour.refuse;
    if (fault && (fault.to === undefined || fault.to === to)) {
      return refuse(response, fault.status, fault.code, fault.message);
    }
    if (!/^\+[1-9]\d{6,14}$/.test(to)) return refuse(response, 400, 21211, `Invalid 'To' Phone Number: ${to}`);
    if (body === '') return refuse(response, 400, 21602, 'Message body is required.');
    const sid = `SM${String(messages.length + 1).padStart(32, '0')}`;
    messages.push({ to, from, body, sid, at: Date.now() });
    answer(response, 201, { sid, account_sid: accountSid, to, from, body, status: 'queued', error_code: null });
    for (const entry of waiting) if (messages.length >= entry.count) entry.resolve([...messages]);
  };

  const server = createServer((request, response) => void handle(request, response));
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.address() as AddressInfo;
  return {
    url: `http://127.0.0.1:${port}`,
    accountSid,
    authToken,
    messages,
    behaviour,
    waitFor(count, timeoutMs = 10_000) {
      if (messages.length >= count) return Promise.resolve([...messages]);
      return new Promise((resolve, reject) => {
        const seen = (): string => messages.map((message) => message.body).join(' | ');
        const timer = setTimeout(() => reject(new Error(`${messages.length} SMS of ${count}: ${seen()}`)), timeoutMs);
        waiting.push({
          count,
          resolve(found) {
            clearTimeout(timer);
            resolve(found);
          },
        });
      });
    },
    close() {
      server.closeAllConnections();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

async function readBody(request: IncomingMessage): Promise<string> {
  const chunks: Buffer[] = [];
  for await (const chunk of request) chunks.push(chunk as Buffer);
  return Buffer.concat(chunks).toString('utf8');
}

function answer(response: ServerResponse, status: number, body: object): void {
  response.writeHead(status, { 'Content-Type': 'application/json' }).end(JSON.stringify(body));
}
