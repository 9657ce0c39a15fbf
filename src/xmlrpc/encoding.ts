import { isUtf8 } from 'node:buffer';
import { expatError } from './fault';
import { findPlace } from './place';

const DECLARED = /^(?:\xef\xbb\xbf)?<\?xml[^>]{0,100}?\sencoding\s*=\s*["']([A-Za-z][\w.-]*)["']/;

/**
 * The text of a document in the encoding it declares, UTF-8 (also when nothing is declared) or ISO-8859-1: without a byte
 * order mark, every line end a single LF (XML 1.0 §2.11).
 *
 * @throws Fault when the encoding is another one, or the bytes are not valid in it.
 */
export function readDocument(source: Uint8Array | string): string {
  const text = typeof source === 'string' ? source : decode(withUnixLines(asBuffer(source)));
  if (typeof source === 'string' && source.includes('\r')) return readDocument(Buffer.from(source));
  return text.charCodeAt(0) === 0xfeff ? text.slice(1) : text;
}

function asBuffer(bytes: Uint8Array): Buffer {
  return Buffer.from(bytes.buffer, bytes.byteOffset, bytes.byteLength);
}

const CR = 0x0d;
const LF = 0x0a;

/** CRLF and CR as LF. On bytes, because replacing millions of them in a string takes memory without measure. */
function withUnixLines(buffer: Buffer): Buffer {
  let from = buffer.indexOf(CR);
  if (from < 0) return buffer;
  const made = Buffer.allocUnsafe(buffer.length);
  let length = buffer.copy(made, 0, 0, from);
  for (; from < buffer.length; from++) {
    const byte = buffer[from] as number;
    if (byte !== CR) made[length++] = byte;
    else if (buffer[from + 1] !== LF) made[length++] = LF;
  }
  return made.subarray(0, length);
}

function decode(buffer: Buffer): string {
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
  // The longest valid beginning: halve towards its end, byte by byte at last.
  let good = 0;
  for (let step = buffer.length; step >= 1; step = step > 8 ? step >> 1 : step > 4 ? 4 : step - 1) {
    while (good + step <= buffer.length && isUtf8(buffer.subarray(good, good + step))) good += step;
  }
  const text = buffer.toString('utf8', 0, good);
  const { line, column } = findPlace(text, text.length);
  return expatError('not well-formed (invalid token)', line, column);
}
