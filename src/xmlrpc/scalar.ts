import { Fault, pythonRepr, typeError, valueError } from './fault';
import type { Limits } from './limits';
import { Tag } from './scanner';
import { DateTime, Double, type XmlRpcValue } from './value';

const INT = /^\s*[+-]?[0-9]+\s*$/;
const DOUBLE = /^\s*[+-]?(?:[0-9]+(?:\.[0-9]*)?|\.[0-9]+)(?:[eE][+-]?[0-9]+)?\s*$/;
const NOT_FINITE = /^\s*([+-]?)(?:(inf(?:inity)?)|nan)\s*$/i;
const DATE_TIME =
  /^(\d{4})-?(0[1-9]|1[0-2])-?(0[1-9]|[12]\d|3[01])T([01]\d|2[0-3]):?([0-5]\d):?([0-5]\d|60)(?:\.\d{1,9})?(Z|[+-]\d\d:?\d\d)?$/;

/**
 * The value of a scalar element from its text.
 *
 * @throws Fault in the words of Python's own conversions when the text does not spell a value of that type.
 */
export function readScalar(tag: Tag, text: string, limits: Limits): XmlRpcValue {
  switch (tag) {
    case Tag.string:
      return text;
    case Tag.int:
      return readInt(text, limits);
    case Tag.boolean:
      if (text === '1') return true;
      if (text === '0') return false;
      throw typeError('bad boolean value');
    case Tag.double:
      return readDouble(text, limits);
    case Tag.dateTime:
      return readDateTime(text.trim());
    case Tag.base64:
      return readBase64(text);
    case Tag.nil:
      if (text.trim() !== '') throw valueError(`a nil holds ${shown(text)}`);
      return null;
    default:
      throw valueError('not a scalar');
  }
}

/** A literal for an error message: as Python shows it, but never a megabyte of it. */
function shown(text: string): string {
  return pythonRepr(text.length > 200 ? `${text.slice(0, 200)}…` : text);
}

function readInt(text: string, limits: Limits): number | bigint {
  if (text.length > limits.numberLength) {
    throw valueError(
      `Exceeds the limit (${limits.numberLength} digits) for integer string conversion: value has ${text.length} digits`,
    );
  }
  if (!INT.test(text)) throw valueError(`invalid literal for int() with base 10: ${shown(text)}`);
  const number = Number(text);
  if (Number.isSafeInteger(number)) return number + 0; // -0 is 0
  const digits = text.trim();
  return BigInt(digits.startsWith('+') ? digits.slice(1) : digits);
}

function readDouble(text: string, limits: Limits): Double {
  if (text.length <= limits.numberLength) {
    if (DOUBLE.test(text)) return new Double(Number(text));
    const [found, sign, infinite] = NOT_FINITE.exec(text) ?? [];
    if (found !== undefined) return new Double(infinite === undefined ? NaN : sign === '-' ? -Infinity : Infinity);
  }
  throw valueError(`could not convert string to float: ${shown(text)}`);
}

function readDateTime(text: string): DateTime {
  const [found, year, month, day, hour, minute, second, zone = ''] = DATE_TIME.exec(text) ?? [];
  if (found === undefined || Number(day) > new Date(Date.UTC(Number(year), Number(month), 0)).getUTCDate()) {
    throw valueError(`time data ${shown(text)} does not match format '%Y%m%dT%H:%M:%S'`);
  }
  return new DateTime(`${year}${month}${day}T${hour}:${minute}:${second}${zone}`);
}

const PAD = 0x3d;
/** 1 for the 64 data characters, 2 for whitespace, 0 for anything else. */
const BASE64_CLASS = new Uint8Array(256);
for (const character of 'ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789+/') {
  BASE64_CLASS[character.charCodeAt(0)] = 1;
}
for (const character of ' \t\n\r') BASE64_CLASS[character.charCodeAt(0)] = 2;

/**
 * Base64 as Python's `binascii` reads it: other characters are skipped, padding must come out even. The usual case
 * (data, line breaks, right padding) is checked in one pass and decoded by Node from the text as it is.
 */
function readBase64(text: string): Buffer {
  let count = 0;
  let at = 0;
  for (; at < text.length; at++) {
    const kind = BASE64_CLASS[text.charCodeAt(at)];
    if (kind === 1) count++;
    else if (kind !== 2) break;
  }
  const rest = at === text.length ? '' : text.slice(at, at + 100);
  const wanted = count % 4 === 0 ? 0 : count % 4 === 3 ? 1 : 2;
  if (/^=*\s*$/.test(rest) && at + rest.length === text.length && count % 4 !== 1 && rest.trim().length >= wanted) {
    return Buffer.from(text, 'base64');
  }
  return readUnusualBase64(text);
}

function readUnusualBase64(text: string): Buffer {
  const data = Buffer.allocUnsafe(text.length);
  let count = 0;
  let pads = 0;
  for (let at = 0; at < text.length; at++) {
    const code = text.charCodeAt(at);
    if (code === PAD) {
      if (count % 4 >= 2 && (count % 4) + ++pads >= 4) return decode(data, count);
    } else if (code > 127) {
      throw new Fault('UnicodeEncodeError', `'ascii' codec can't encode a character of base64 data in position ${at}`);
    } else if (BASE64_CLASS[code] === 1) {
      data[count++] = code;
      pads = 0;
    }
  }
  if (count % 4 === 0) return decode(data, count);
  throw new Fault(
    'binascii.Error',
    count % 4 === 1
      ? `Invalid base64-encoded string: number of data characters (${count}) cannot be 1 more than a multiple of 4`
      : 'Incorrect padding',
  );
}

function decode(data: Buffer, count: number): Buffer {
  return Buffer.from(data.toString('latin1', 0, count), 'base64');
}
