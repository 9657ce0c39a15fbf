import { isUtf8 } from 'node:buffer';
import { expatError } from './fault';

const DECLARED = /^(?:\xef\xbb\xbf)?<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/;

/**
 * The text of a document in the encoding it declares: UTF-8 (also when nothing is declared) or ISO-8859-1.
 *
 * @throws Fault when the encoding is another one, or the bytes are not valid in it.
 */
export function readEncoding(bytes: Uint8Array): string {
  const buffer = Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  const [first, second] = buffer;
  if ((first === 0xfe && second === 0xff) || (first === 0xff && second === 0xfe) || first === 0 || second === 0) {
    throw expatError('UTF-16 and UTF-32 are not accepted, send UTF-8', 1, 0);
  }
  const declared = DECLARED.exec(buffer.toString('latin1', 0, 200))?.[1]?.toLowerCase() ?? 'utf-8';
  switch (declared) {
    case 'iso-8859-1':
    case 'latin1':
      return buffer.toString('latin1');
    case 'utf-8':
    case 'utf8':
    case 'us-ascii':
    case 'ascii':
      if (!isUtf8(buffer)) throw invalidUtf8(buffer);
      return buffer.toString('utf8');
  }
  throw expatError(`unknown encoding '${declared}', send UTF-8`, 1, 0);
}

function invalidUtf8(buffer: Buffer): Error {
  // The longest valid beginning ends in the line of the error: halve towards it, byte by byte at the end.
  let good = 0;
  for (let step = buffer.length; step >= 1; step = step > 8 ? step >> 1 : step > 4 ? 4 : step - 1) {
    while (good + step <= buffer.length && isUtf8(buffer.subarray(good, good + step))) good += step;
  }
  const lines = buffer.toString('utf8', 0, good).replace(/\r\n?/g, '\n').split('\n');
  return expatError('not well-formed (invalid token)', lines.length, [...(lines.at(-1) ?? '')].length);
}
