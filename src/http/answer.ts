import type { ServerResponse } from 'node:http';
import type { Writable } from 'node:stream';
import { promisify } from 'node:util';
import { createGzip, gzip } from 'node:zlib';
import type { HttpLimits } from './http-limits';

/** Every answer carries them, as Cobbler's do: pages of other sites may call the API. */
const CORS = {
  'Access-Control-Allow-Headers': 'Origin, X-Requested-With, Content-Type, Accept',
  'Access-Control-Allow-Origin': '*',
};

/** What goes out. */
export interface Answer {
  status: number;
  /** Reason phrase; left out, the usual one. */
  reason?: string;
  contentType?: string;
  headers?: Record<string, string>;
  /** Pieces are written as the reader takes them. */
  body: string | Uint8Array | Iterable<string>;
}

const compress = promisify(gzip);

/**
 * Sends an answer; compressed when `acceptEncoding` allows and it is worth it. Resolves when all of it was handed to
 * the connection, or the reader is gone. The answer to HEAD has the headers of its body only.
 */
export async function sendAnswer(
  response: ServerResponse,
  answer: Answer,
  acceptEncoding: string | undefined,
  limits: HttpLimits,
): Promise<void> {
  const headers: Record<string, string | number> = { ...CORS, ...answer.headers };
  if (answer.contentType !== undefined) headers['Content-Type'] = answer.contentType;
  const { body } = answer;
  const isText = typeof body === 'string';
  if (!isText && !(body instanceof Uint8Array))
    return sendPieces(response, answer, body, headers, acceptEncoding, limits);
  const length = isText ? Buffer.byteLength(body) : body.length;
  if (length > limits.gzipFrom && acceptsGzip(acceptEncoding)) {
    const bytes = await compress(body, { level: limits.gzipLevel });
    headers['Content-Encoding'] = 'gzip';
    headers['Content-Length'] = bytes.length;
    writeHead(response, answer, headers);
    response.end(bytes);
    return;
  }
  headers['Content-Length'] = length;
  writeHead(response, answer, headers);
  response.end(body);
}

function writeHead(response: ServerResponse, answer: Answer, headers: Record<string, string | number>): void {
  if (answer.reason === undefined) response.writeHead(answer.status, headers);
  else response.writeHead(answer.status, answer.reason, headers);
}

/** Writes pieces no faster than they are read; a reader that stops reading is cut off after a while. */
async function sendPieces(
  response: ServerResponse,
  answer: Answer,
  pieces: Iterable<string>,
  headers: Record<string, string | number>,
  acceptEncoding: string | undefined,
  limits: HttpLimits,
): Promise<void> {
  const isGzip = acceptsGzip(acceptEncoding);
  if (isGzip) headers['Content-Encoding'] = 'gzip';
  writeHead(response, answer, headers);
  const sink = isGzip ? createGzip({ level: limits.gzipLevel }) : response;
  if (sink !== response) {
    sink.pipe(response);
    response.once('close', () => sink.destroy());
  }
  try {
    for (const piece of pieces) {
      if (response.destroyed) return;
      if (sink.write(piece)) await nextTurn();
      else if (!(await hasDrained(sink, response, limits.stalledReaderMs))) break;
    }
    if (!response.destroyed) sink.end();
  } catch (error) {
    response.destroy(); // half an answer must not look like a whole one
    throw error;
  }
}

/** Waits until the reader has taken what was written; false when it went away or stopped reading, and is cut off. */
function hasDrained(sink: Writable, response: ServerResponse, patienceMs: number): Promise<boolean> {
  return new Promise((resolve) => {
    const finish = (isDrained: boolean): void => {
      clearTimeout(timer);
      sink.off('drain', onDrain);
      response.off('close', onClose);
      if (!isDrained) response.destroy();
      resolve(isDrained);
    };
    const onDrain = (): void => finish(true);
    const onClose = (): void => finish(false);
    const timer = setTimeout(onClose, patienceMs);
    sink.once('drain', onDrain);
    response.once('close', onClose);
  });
}

/** Between two pieces others get their turn. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

/** True when gzip is named with a quality above 0. */
export function acceptsGzip(acceptEncoding: string | undefined): boolean {
  if (acceptEncoding === undefined) return false;
  return acceptEncoding.split(',').some((part) => {
    const [coding = '', ...parameters] = part.split(';').map((text) => text.trim().toLowerCase());
    if (coding !== 'gzip' && coding !== 'x-gzip') return false;
    const quality = parameters.find((text) => text.startsWith('q='));
    return quality === undefined || Number(quality.slice(2)) > 0;
  });
}
