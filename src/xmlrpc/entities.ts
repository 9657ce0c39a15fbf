import type { Fault } from './fault';
import { TextBuilder } from './text-builder';

/** The five of XML, the frequent ones first. */
const COMMON_ENTITIES = [
  { entity: '&lt;', character: '<' },
  { entity: '&gt;', character: '>' },
  { entity: '&amp;', character: '&' },
  { entity: '&quot;', character: '"' },
  { entity: '&apos;', character: "'" },
];

/** `&#1234567;` and the longest of the five fit; anything longer is refused without a search through the whole text. */
const REFERENCE_LENGTH = 12;
const SEMICOLON = 0x3b;

/**
 * Text with its references resolved. Documents cannot declare entities, so the five of XML and numbers are all there is.
 *
 * @param isCut - The document ends where the text ends.
 * @param refuse - Makes the fault for a place in `raw`.
 */
export function resolveEntities(raw: string, isCut: boolean, refuse: (message: string, at: number) => Fault): string {
  const text = new TextBuilder();
  let from = 0;
  for (let at = raw.indexOf('&'); at >= 0; at = raw.indexOf('&', from)) {
    if (at > from) text.add(raw.slice(from, at));
    const common = COMMON_ENTITIES.find(({ entity }) => raw.startsWith(entity, at));
    if (common !== undefined) {
      text.add(common.character);
      from = at + common.entity.length;
      continue;
    }
    const end = raw.indexOf(';', at);
    const code = end < 0 || end - at > REFERENCE_LENGTH ? -1 : readCode(raw, at + 1, end);
    if (code < 0) throw refuseReference(raw, at, isCut, refuse);
    if (!isXmlCharacter(code)) throw refuse('reference to invalid character number', at);
    text.add(String.fromCodePoint(code));
    from = end + 1;
  }
  text.add(raw.slice(from));
  return text.toString();
}

/** The number of `#65` or `#x41`; -1 for anything else. */
function readCode(raw: string, start: number, end: number): number {
  if (raw.charCodeAt(start) !== 0x23) return -1;
  const isHex = raw.charCodeAt(start + 1) === 0x78;
  const digits = start + (isHex ? 2 : 1);
  let code = digits < end ? 0 : -1;
  for (let at = digits; at < end; at++) {
    const character = raw.charCodeAt(at);
    const letter = character | 0x20;
    let digit: number;
    if (character >= 0x30 && character <= 0x39) digit = character - 0x30;
    else if (isHex && letter >= 0x61 && letter <= 0x66) digit = letter - 0x57;
    else return -1;
    code = code * (isHex ? 16 : 10) + digit;
  }
  return code;
}

/** XML 1.0 §2.2. */
function isXmlCharacter(code: number): boolean {
  if (code < 0x20) return code === 0x9 || code === 0xa || code === 0xd;
  return code < 0xd800 || (code > 0xdfff && code < 0xfffe) || (code >= 0x10000 && code <= 0x10ffff);
}

/** What is wrong with the reference at `at`, as expat sees it. */
function refuseReference(
  raw: string,
  at: number,
  isCut: boolean,
  refuse: (message: string, at: number) => Fault,
): Fault {
  const name = /^#?[\w.:-]*/.exec(raw.slice(at + 1, at + REFERENCE_LENGTH))?.[0] ?? '';
  const end = at + 1 + name.length;
  if (isCut && end === raw.length) return refuse('unclosed token', at);
  const isNamed = raw.charCodeAt(end) === SEMICOLON && /^[A-Za-z_:]/.test(name);
  return isNamed ? refuse('undefined entity', at) : refuse('not well-formed (invalid token)', end);
}
