/** Values of number and string literals. */
import { int } from './numbers';
import { PyFloat, type Value } from './values';

/** What Python would not understand, with its reason. */
export class SyntaxFault extends Error {
  constructor(message: string) {
    super(message);
    this.name = 'SyntaxFault';
  }
}

/** The number a literal stands for. */
export function readNumber(text: string): Value {
  const plain = text.replaceAll('_', '');
  if (/^0[xXbBoO]/.test(plain) && plain.length < 4000) return int(BigInt(plain.toLowerCase()));
  if (!/^\d+$/.test(plain)) return new PyFloat(Number(plain));
  if (/^0+[1-9]/.test(plain)) throw new SyntaxFault('leading zeros in decimal integer literals are not permitted');
  if (plain.length > 4300) throw new SyntaxFault('integers may have at most 4300 digits');
  return int(BigInt(plain));
}

export interface StringLiteral {
  text: string;
  isFormatted: boolean;
}

/** The text of a string literal; an f-string's is not read further yet. */
export function readString(literal: string): StringLiteral {
  const prefix = /^[a-zA-Z]*/.exec(literal)![0].toLowerCase();
  if (prefix.includes('b')) throw new SyntaxFault('bytes literals are not supported in templates');
  const mark = literal.slice(prefix.length, prefix.length + 3);
  const quotes = mark === "'''" || mark === '"""' ? 3 : 1;
  const body = literal.slice(prefix.length + quotes, literal.length - quotes).replace(/\r\n?/g, '\n');
  return { text: prefix.includes('r') ? body : unescape(body), isFormatted: prefix.includes('f') };
}

const SIMPLE: ReadonlyMap<string, string> = new Map([
  ['\n', ''],
  ['\\', '\\'],
  ["'", "'"],
  ['"', '"'],
  ['a', '\u0007'],
  ['b', '\b'],
  ['f', '\f'],
  ['n', '\n'],
  ['r', '\r'],
  ['t', '\t'],
  ['v', '\v'],
]);

/** Backslash escapes of a str literal; unknown ones stay as they are. */
export function unescape(text: string): string {
  if (!text.includes('\\')) return text;
  return text.replace(
    /\\(?:x([0-9a-fA-F]{2})|u([0-9a-fA-F]{4})|U([0-9a-fA-F]{8})|([0-7]{1,3})|([^]))/g,
    (whole, hex?: string, four?: string, eight?: string, octal?: string, other?: string) => {
      const code = hex ?? four ?? eight;
      if (code !== undefined) return codePoint(parseInt(code, 16));
      if (octal !== undefined) return codePoint(parseInt(octal, 8));
      if (other === 'x' || other === 'u' || other === 'U' || other === 'N') {
        throw new SyntaxFault(`(unicode error) truncated \\${other} escape`);
      }
      return SIMPLE.get(other ?? '') ?? whole;
    },
  );
}

function codePoint(code: number): string {
  if (code > 0x10ffff) throw new SyntaxFault('(unicode error) illegal Unicode character');
  return String.fromCodePoint(code);
}
