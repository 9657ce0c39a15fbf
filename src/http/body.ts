import type { IncomingMessage } from 'node:http';
import { promisify } from 'node:util';
import { gunzip } from 'node:zlib';
import type { HttpLimits } from './http-limits';

/** What became of reading a body. `gone` = the sender hung up; nobody is left to answer. */
export type Body =
  | { kind: 'whole'; bytes: Buffer; release(): void }
  | { kind: 'too-large' }
  | { kind: 'busy' }
  | { kind: 'bad-gzip' }
  | { kind: 'bad-encoding'; encoding: string }
  | { kind: 'gone' };

/** Reads the bodies of requests; holds the count of bytes that all of them together have in memory. */
export interface BodyReader {
  /**
   * Reads one body and undoes gzip. `release` of a whole body gives its bytes back to the count.
   *
   * @param maxBytes - Bound of the body, before and after gzip.
   */
  read(request: IncomingMessage, maxBytes: number): Promise<Body>;
}

const inflate = promisify(gunzip);

/** Makes the reader of one listener. */
export function createBodyReader(limits: HttpLimits): BodyReader {
  let inHand = 0;
  return {
    async read(request, maxBytes) {
      const encoding = (request.headers['content-encoding'] ?? 'identity').trim().toLowerCase();
      const isGzip = encoding === 'gzip' || encoding === 'x-gzip';
      if (!isGzip && encoding !== 'identity' && encoding !== '') {
        return (await drain(request, limits)) ? { kind: 'bad-encoding', encoding } : { kind: 'gone' };
      }
      let held = 0;
      const hold = (bytes: number): void => {
        held += bytes;
        inHand += bytes;
      };
      const release = (): void => hold(-held);
      const taken = await collect(request, maxBytes, (bytes) => {
        hold(bytes);
        return inHand <= limits.bodyBytesInHand;
      });
      if (!Buffer.isBuffer(taken)) {
        release();
        if (taken === 'gone') return { kind: 'gone' };
        return (await drain(request, limits)) ? { kind: taken } : { kind: 'gone' };
      }
      if (!isGzip) return { kind: 'whole', bytes: taken, release };
      try {
        const bytes = await inflate(taken, { maxOutputLength: maxBytes });
        hold(bytes.length - taken.length);
        return { kind: 'whole', bytes, release };
      } catch (error) {
        release();
        return { kind: (error as NodeJS.ErrnoException).code === 'ERR_BUFFER_TOO_LARGE' ? 'too-large' : 'bad-gzip' };
      }
    },
  };
}

/** The declared length of a body; null for chunked ones and none. */
export function declaredLength(request: IncomingMessage): number | null {
  const length = request.headers['content-length'];
  return length === undefined ? null : Number(length);
}

/** Collects the body until it is whole or must be refused. The caller drains what is left of a refused one. */
function collect(
  request: IncomingMessage,
  maxBytes: number,
  accept: (bytes: number) => boolean,
): Promise<Buffer | 'too-large' | 'busy' | 'gone'> {
  if ((declaredLength(request) ?? 0) > maxBytes) return Promise.resolve('too-large');
  return new Promise((resolve) => {
    const chunks: Buffer[] = [];
    let length = 0;
    const finish = (result: Buffer | 'too-large' | 'busy' | 'gone'): void => {
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      if (typeof result === 'string') request.pause();
      resolve(result);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > maxBytes) return finish('too-large');
      if (!accept(chunk.length)) return finish('busy');
      chunks.push(chunk);
    };
    const onEnd = (): void => finish(chunks.length === 1 ? (chunks[0] as Buffer) : Buffer.concat(chunks, length));
    const onClose = (): void => finish('gone');
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
  });
}

/**
 * Reads the rest of a body and throws it away. Senders that write all before they read would otherwise meet a reset
 * instead of the answer.
 *
 * @returns False when the sender hung up.
 */
export function drain(request: IncomingMessage, limits: HttpLimits): Promise<boolean> {
  if (request.complete) return Promise.resolve(true);
  if (request.destroyed) return Promise.resolve(false);
  return new Promise((resolve) => {
    let length = 0;
    const timer = setTimeout(() => finish(true), limits.drainMs);
    const finish = (isThere: boolean): void => {
      clearTimeout(timer);
      request.off('data', onData).off('end', onEnd).off('close', onClose).off('error', onClose);
      request.on('error', () => undefined);
      if (!request.complete) request.pause();
      resolve(isThere);
    };
    const onData = (chunk: Buffer): void => {
      length += chunk.length;
      if (length > limits.drainBytes) finish(true);
    };
    const onEnd = (): void => finish(true);
    const onClose = (): void => finish(false);
    request.on('data', onData).on('end', onEnd).on('close', onClose).on('error', onClose);
    request.resume();
  });
}
