import net from 'node:net';
import { AppError } from '../domain/errors';

/** PAM waits some seconds after a wrong password. */
const ANSWER_MS = 15_000;
/** Longest text of the protocol, in bytes. */
const MAX_TEXT = 1_024;

/**
 * Asks saslauthd, which asks PAM: authentication and account management (expired and locked accounts are refused), as
 * root, so that this server need not be. One request and one answer over its Unix socket, each text behind its length as
 * two bytes: login, password, service, realm; then `OK …` or `NO …` (cyrus-sasl, saslauthd.8).
 *
 * @throws AppError AUTHENTICATION_AWAY when it does not run, may not be asked or does not answer.
 */
export async function askSaslauthd(
  socketPath: string,
  login: { user: string; password: string; service: string },
): Promise<boolean> {
  const texts = [login.user, login.password, login.service, ''].map((text) => Buffer.from(text));
  if (texts.some((text) => text.length > MAX_TEXT)) return false;
  const answer = await exchange(socketPath, Buffer.concat(texts.flatMap((text) => [lengthOf(text), text])));
  if (answer.startsWith('OK')) return true;
  if (answer.startsWith('NO')) return false;
  throw away('it answered neither OK nor NO');
}

/** What an operator must do when saslauthd is not there. */
export function saslauthdHint(socketPath: string): string {
  return (
    `authentication.pam asks saslauthd, which cannot be reached at ${socketPath}. Install it (sasl2-bin on Debian, ` +
    'cyrus-sasl on Red Hat), run it as `saslauthd -a pam`, and let this server’s user into the folder of its socket ' +
    '(group sasl on Debian). Elsewhere: saslauthd_socket beside the module in modules.conf or settings.yaml.'
  );
}

function lengthOf(text: Buffer): Buffer {
  const length = Buffer.alloc(2);
  length.writeUInt16BE(text.length);
  return length;
}

function exchange(socketPath: string, request: Buffer): Promise<string> {
  return new Promise((resolve, reject) => {
    const socket = net.connect(socketPath);
    let received = Buffer.alloc(0);
    const timer = setTimeout(() => fail('it did not answer in time'), ANSWER_MS);
    const end = (): void => {
      clearTimeout(timer);
      socket.destroy();
    };
    const fail = (reason: string): void => {
      end();
      reject(away(reason));
    };
    socket.on('connect', () => socket.write(request));
    socket.on('error', (error: NodeJS.ErrnoException) => fail(error.code ?? 'error'));
    socket.on('close', () => fail('it hung up'));
    socket.on('data', (chunk: Buffer) => {
      received = Buffer.concat([received, chunk]);
      if (received.length < 2) return;
      const length = received.readUInt16BE(0);
      if (length > MAX_TEXT) return fail('its answer is too long');
      if (received.length < 2 + length) return;
      end();
      resolve(received.toString('utf8', 2, 2 + length));
    });
  });
}

function away(reason: string): AppError {
  return new AppError('AUTHENTICATION_AWAY', `PAM cannot be asked: saslauthd is not there (${reason}); try again.`);
}
