import { CliError } from './cli-error';
import { faultSentence } from './wire';

/** The server cannot be reached, or says "not now": the same call may work a moment later. */
export class ServerAway extends CliError {}

/** The server understood and said no. `message` is its sentence. */
export class ServerFault extends CliError {
  constructor(
    readonly faultString: string,
    hints: readonly string[] = [],
  ) {
    super(faultSentence(faultString) || 'The server refused the call and gave no reason.', { hints });
  }

  /** True when the session is not known, or not any more. */
  get isAboutToken(): boolean {
    return /invalid token|"token" did not have the correct format/.test(this.faultString);
  }

  /** True when the server has no such method. */
  get isUnknownMethod(): boolean {
    return /unknown remote method/.test(this.faultString);
  }
}

/** What proxies say, and servers in trouble, when trying again may help. */
const AWAY_STATUSES = new Set([500, 502, 503, 504]);

interface TransportError extends Error {
  code?: string | number;
  faultString?: unknown;
  res?: { statusCode?: number };
}

/** A failed call as a person, or the code that tries again, needs to know it. */
export function toClientError(error: unknown, url: string, timeoutMs: number): CliError {
  const failure = (typeof error === 'object' && error !== null ? error : new Error(String(error))) as TransportError;
  if (typeof failure.faultString === 'string') return toFault(failure.faultString);
  if (failure.name === 'AbortError' || failure.name === 'TimeoutError') {
    return new ServerAway(`The server at ${url} did not answer within ${timeoutMs / 1000} seconds.`, {
      hints: ['It may be busy, or its database away: look at its log.'],
      cause: error,
    });
  }
  const known = typeof failure.code === 'string' ? networkError(failure.code, failure, url) : null;
  if (known) return known;
  const status = failure.res?.statusCode;
  if (status !== undefined && AWAY_STATUSES.has(status)) {
    return new ServerAway(`The server at ${url} answers HTTP ${status}.`, { cause: error });
  }
  const answered = status === undefined ? failure.message : `HTTP ${status}, no XML-RPC`;
  return new CliError(`What answers at ${url} is not Kickwatch (${answered}).`, {
    hints: ['Say where the server is with --url or KICKWATCH_URL, for example http://127.0.0.1:25151'],
    cause: error,
  });
}

/** "Try again" is what the server says while its database is away or its queue is full. */
function toFault(faultString: string): CliError {
  if (/try again/i.test(faultString)) return new ServerAway(faultSentence(faultString));
  return new ServerFault(faultString);
}

function networkError(code: string, cause: Error, url: string): CliError | null {
  switch (code) {
    case 'ECONNREFUSED':
      return new ServerAway(`No server answers at ${url}.`, {
        hints: [
          'Start it with "npm start" (or "systemctl start kickwatch"),',
          'or say where it is with --url or KICKWATCH_URL.',
        ],
        cause,
      });
    case 'ECONNRESET':
    case 'EPIPE':
      return new ServerAway(`The connection to ${url} broke.`, { cause });
    case 'ETIMEDOUT':
    case 'EHOSTUNREACH':
    case 'ENETUNREACH':
      return new ServerAway(`The machine of ${url} cannot be reached (${code}).`, { cause });
    case 'ENOTFOUND':
    case 'EAI_AGAIN':
      return new ServerAway(`The name in ${url} is not known here.`, {
        hints: ['Check --url or KICKWATCH_URL, and the name service of this machine.'],
        cause,
      });
    case 'EPROTO':
    case 'ERR_SSL_WRONG_VERSION_NUMBER':
      return new CliError(`The server at ${url} does not speak TLS.`, { hints: ['Use http:// in the URL.'], cause });
    default:
      if (!/CERT|SIGNATURE|ERR_TLS/.test(code)) return null;
      return new CliError(`The certificate of ${url} cannot be trusted: ${cause.message}.`, {
        hints: ['When it is your own, name it (or its authority) in NODE_EXTRA_CA_CERTS.'],
        cause,
      });
  }
}
