import type { AddressInfo } from 'node:net';
import { SMTPServer, type SMTPServerOptions } from 'smtp-server';

/** One mail as it arrived. */
export interface ReceivedMail {
  from: string;
  to: string[];
  /** Header names in lower case; a header that came twice keeps its last value. */
  headers: Record<string, string>;
  subject: string;
  /** The text/plain part, decoded. */
  text: string;
  /** The text/html part, decoded; '' without one. */
  html: string;
  raw: string;
}

/** A mail server for tests that takes, refuses, delays or breaks what it is told to. */
export interface TestSmtpServer {
  url: string;
  port: number;
  /** Everything taken so far, oldest first. */
  mails: ReceivedMail[];
  /** Answers the `count` mails that arrive, as soon as so many are there; rejects after `timeoutMs`. */
  waitFor(count: number, timeoutMs?: number): Promise<ReceivedMail[]>;
  /** What to do with the next mails; changed at any time. Undefined lets everything through. */
  behaviour: SmtpBehaviour;
  close(): Promise<void>;
}

/** Faults the server can be told to show. Replies are full, such as `550 5.1.1 No such user`. */
export interface SmtpBehaviour {
  refuseSender?: string | undefined;
  /** By recipient, or for all of them when a text. */
  refuseRecipient?: string | Record<string, string> | undefined;
  refuseData?: string | undefined;
  /** Cuts the connection while the mail is being sent. */
  hangUpInData?: boolean | undefined;
  /** Never answers the end of the mail. */
  silentAfterData?: boolean | undefined;
}

/** Starts a mail server on a free port of 127.0.0.1; with `user`, it wants that name and password. */
export async function startSmtpServer(
  options: { user?: { name: string; password: string }; port?: number; server?: SMTPServerOptions } = {},
): Promise<TestSmtpServer> {
  const mails: ReceivedMail[] = [];
  const waiting: { count: number; resolve(mails: ReceivedMail[]): void }[] = [];
  const behaviour: SmtpBehaviour = {};
  const { user } = options;
  const server = new SMTPServer({
    disabledCommands: user ? ['STARTTLS'] : ['STARTTLS', 'AUTH'],
    authOptional: user === undefined,
    allowInsecureAuth: true,
    logger: false,
    onAuth(auth, _session, callback) {
      if (auth.username === user?.name && auth.password === user?.password) callback(null, { user: auth.username });
      else callback(reply(`535 5.7.8 Bad credentials ${auth.password ?? ''}`));
    },
    onMailFrom(_address, _session, callback) {
      callback(behaviour.refuseSender === undefined ? null : reply(behaviour.refuseSender));
    },
    onRcptTo(address, _session, callback) {
      const refuse = behaviour.refuseRecipient;
      const text = typeof refuse === 'string' ? refuse : refuse?.[address.address];
      callback(text === undefined ? null : reply(text));
    },
    onData(stream, session, callback) {
      if (behaviour.hangUpInData) {
        for (const connection of server.connections) (connection as unknown as Connection)._socket.destroy();
        stream.resume();
        return;
      }
      const chunks: Buffer[] = [];
      stream.on('data', (chunk: Buffer) => chunks.push(chunk));
      stream.on('end', () => {
        if (behaviour.silentAfterData) return;
        if (behaviour.refuseData !== undefined) return callback(reply(behaviour.refuseData));
        const from = session.envelope.mailFrom === false ? '' : session.envelope.mailFrom.address;
        const to = session.envelope.rcptTo.map((entry) => entry.address);
        mails.push({ from, to, ...parseMail(Buffer.concat(chunks).toString('utf8')) });
        callback(null);
        for (const entry of waiting) if (mails.length >= entry.count) entry.resolve([...mails]);
      });
    },
    ...options.server,
  });
  server.on('error', () => undefined); // connections that break are what some tests are about
  await new Promise<void>((resolve) => server.listen(options.port ?? 0, '127.0.0.1', resolve));
  const { port } = server.server.address() as AddressInfo;
  const credentials = user ? `${encodeURIComponent(user.name)}:${encodeURIComponent(user.password)}@` : '';
  return {
    url: `smtp://${credentials}127.0.0.1:${port}`,
    port,
    mails,
    behaviour,
    waitFor(count, timeoutMs = 10_000) {
      if (mails.length >= count) return Promise.resolve([...mails]);
      return new Promise((resolve, reject) => {
        const timer = setTimeout(
          () =>
            reject(new Error(`${mails.length} mails of ${count}: ${mails.map((mail) => mail.subject).join(' | ')}`)),
          timeoutMs,
        );
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
      for (const connection of server.connections) (connection as unknown as Connection)._socket.destroy();
      return new Promise((resolve) => server.close(() => resolve()));
    },
  };
}

interface Connection {
  _socket: { destroy(): void };
}

function reply(text: string): Error {
  const [code, ...rest] = text.split(' ');
  return Object.assign(new Error(rest.join(' ')), { responseCode: Number(code) });
}

/** Reads the mails nodemailer makes: headers, text and HTML. Enough for tests, no general parser. */
export function parseMail(raw: string): Omit<ReceivedMail, 'from' | 'to'> {
  const { headers, body } = splitPart(raw);
  const boundary = /boundary="?([^";]+)"?/.exec(headers['content-type'] ?? '')?.[1];
  const parts = boundary === undefined ? [raw] : body.split(`--${boundary}`).slice(1, -1);
  const found = { text: '', html: '' };
  for (const part of parts) {
    const { headers: own, body: content } = splitPart(part.replace(/^\r?\n/, ''));
    const kind = (own['content-type'] ?? 'text/plain').startsWith('text/html') ? 'html' : 'text';
    found[kind] = decodeBody(content, own['content-transfer-encoding'] ?? '7bit');
  }
  return { headers, subject: decodeWords(headers.subject ?? ''), ...found, raw };
}

function splitPart(raw: string): { headers: Record<string, string>; body: string } {
  const end = /\r?\n\r?\n/.exec(raw);
  const head = end ? raw.slice(0, end.index) : raw;
  const headers: Record<string, string> = {};
  for (const line of head.replace(/\r?\n[ \t]+/g, ' ').split(/\r?\n/)) {
    const colon = line.indexOf(':');
    if (colon > 0) headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
  }
  return { headers, body: end ? raw.slice(end.index + end[0].length) : '' };
}

function decodeBody(body: string, encoding: string): string {
  const text = body.replace(/\r\n/g, '\n');
  switch (encoding.toLowerCase()) {
    case 'base64':
      return Buffer.from(text, 'base64').toString('utf8').replace(/\r\n/g, '\n');
    case 'quoted-printable':
      return decodeQuoted(text.replace(/=\n/g, ''));
    default:
      return text;
  }
}

function decodeQuoted(text: string): string {
  const bytes = Buffer.from(text, 'utf8').toString('latin1');
  const decoded = bytes.replace(/=([0-9A-F]{2})/gi, (_all, hex: string) => String.fromCharCode(parseInt(hex, 16)));
  return Buffer.from(decoded, 'latin1').toString('utf8');
}

/** RFC 2047 encoded words. */
function decodeWords(text: string): string {
  return text
    .replace(/\?=\s+=\?/g, '?==?')
    .replace(/=\?utf-8\?([BQ])\?([^?]*)\?=/gi, (_all, encoding: string, word: string) =>
      encoding.toUpperCase() === 'B'
        ? Buffer.from(word, 'base64').toString('utf8')
        : decodeQuoted(word.replaceAll('_', ' ')),
    );
}
