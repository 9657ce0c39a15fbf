import { readDocument } from './encoding';
import { resolveEntities } from './entities';
import { expatError, type Fault } from './fault';
import type { Limits } from './limits';
import { findPlace } from './place';
import { TextBuilder } from './text-builder';

/** What `Scanner.next` came upon. */
export const END = 0;
export const OPEN = 1;
export const CLOSE = 2;

/** The tags of XML-RPC as numbers: comparing them costs nothing. `Tag.unknown` is any other name. */
export const Tag = {
  unknown: 0,
  value: 1,
  array: 2,
  data: 3,
  struct: 4,
  member: 5,
  name: 6,
  params: 7,
  param: 8,
  methodCall: 9,
  methodName: 10,
  methodResponse: 11,
  fault: 12,
  string: 13,
  int: 14,
  boolean: 15,
  double: 16,
  dateTime: 17,
  base64: 18,
  nil: 19,
} as const;
export type Tag = (typeof Tag)[keyof typeof Tag];

const TAGS = new Map<string, Tag>([
  ...(Object.entries(Tag) as [string, Tag][]).filter(([name]) => name !== 'unknown' && name !== 'dateTime'),
  ['dateTime.iso8601', Tag.dateTime],
  ...['i1', 'i2', 'i4', 'i8', 'biginteger'].map((name): [string, Tag] => [name, Tag.int]),
  ['float', Tag.double],
]);

interface CommonTag {
  /** What stands behind `<` or `</`. */
  text: string;
  name: string;
  tag: Tag;
}

/** Tags in the way everybody writes them, by the code of their first letter, the frequent ones first. */
const COMMON_TAGS: CommonTag[][] = [];
for (const name of [...'value name member string int boolean struct array data double i4 base64 param'.split(' ')]) {
  (COMMON_TAGS[name.charCodeAt(0)] ??= []).push({ text: `${name}>`, name, tag: TAGS.get(name) ?? Tag.unknown });
}

/** The characters that XML 1.0 §2.2 leaves out. */
const FORBIDDEN = /[\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const BLANK = /^[ \t\n]*$/;
const NAME = /^[A-Za-z_:][\w.:-]*$/;
const ATTRIBUTE = /[ \t\n]+([A-Za-z_:][\w.:-]*)[ \t\n]*=[ \t\n]*("[^"<]*"|'[^'<]*')/y;
const DECLARATION =
  /^<\?xml[ \t\n]+version[ \t\n]*=[ \t\n]*(["'])1\.\d\1([ \t\n]+encoding[ \t\n]*=[ \t\n]*(["'])[A-Za-z][\w.-]*\3)?([ \t\n]+standalone[ \t\n]*=[ \t\n]*(["'])(yes|no)\5)?[ \t\n]*\?>/;

/**
 * Walks an XML document from tag to tag: the well-formedness of XML 1.0 (without DTDs, which are refused) in one pass,
 * without building anything. Errors are worded and placed as expat does where that costs nothing on the way.
 */
export class Scanner {
  /** Characters before the tag just found: entities resolved, CDATA joined, comments dropped. */
  text = '';
  /** The tag just found. */
  tag: Tag = Tag.unknown;
  /** Its name as written. */
  name = '';
  /** Where it starts. */
  at = 0;

  readonly #source: string;
  readonly #limits: Limits;
  #position = 0;
  /** How many elements are open. */
  #depth = 0;
  #rootSeen = false;
  /** The tag just found was `<x/>`: its end comes next. */
  #selfClosed = false;
  readonly #hasCdataEnd: boolean;

  /** @throws Fault when the bytes are no text, or the text holds characters that XML does not allow. */
  constructor(source: Uint8Array | string, limits: Limits) {
    const text = readDocument(source);
    this.#source = text;
    this.#limits = limits;
    this.#hasCdataEnd = text.includes(']]>');
    const forbidden = FORBIDDEN.exec(text);
    if (forbidden) throw this.fault('not well-formed (invalid token)', forbidden.index);
  }

  /** Goes to the next tag. */
  next(): typeof END | typeof OPEN | typeof CLOSE {
    if (this.#selfClosed) {
      this.#selfClosed = false;
      this.#depth--;
      this.text = '';
      return CLOSE;
    }
    const source = this.#source;
    const from = this.#position;
    const lt = source.indexOf('<', from);
    const code = lt < 0 ? 0x21 : source.charCodeAt(lt + 1);
    if (code === 0x21 || code === 0x3f || this.#depth === 0) return this.#nextUncommon();
    this.text = lt > from ? this.#characters(from, lt) : '';
    return this.#readTag(lt, code);
  }

  /** A fault that names the place. */
  fault(message: string, offset: number = this.at): Fault {
    const { line, column } = findPlace(this.#source, offset);
    return expatError(message, line, column);
  }

  /** The place of the tag just found, as the words behind a message. */
  place(): string {
    const { line, column } = findPlace(this.#source, this.at);
    return `line ${line}, column ${column}`;
  }

  /** A close tag that does not belong to the open element. */
  mismatch(): Fault {
    return this.fault('mismatched tag', this.at + 2);
  }

  /** Comments, CDATA, processing instructions, the end, and everything outside the root. */
  #nextUncommon(): typeof END | typeof OPEN | typeof CLOSE {
    const source = this.#source;
    const text = new TextBuilder();
    for (;;) {
      const from = this.#position;
      const lt = source.indexOf('<', from);
      const to = lt < 0 ? source.length : lt;
      if (to > from) {
        if (this.#depth === 0) this.#requireBlank(from, to);
        else text.add(this.#characters(from, to));
      }
      if (lt < 0) {
        this.#position = this.at = to;
        if (this.#depth > 0 || !this.#rootSeen) throw this.fault('no element found', to);
        return END;
      }
      const code = source.charCodeAt(lt + 1);
      if (code === 0x3f) this.#skipInstruction(lt);
      else if (code !== 0x21) {
        this.text = text.toString();
        if (this.#depth === 0 && this.#rootSeen) throw this.fault('junk after document element', lt);
        return this.#readTag(lt, code);
      } else if (source.startsWith('<!--', lt)) {
        const end = source.indexOf('--', lt + 4);
        if (end < 0 || end + 2 >= source.length) throw this.fault('unclosed token', lt);
        if (source.charCodeAt(end + 2) !== 0x3e) throw this.fault('not well-formed (invalid token)', end + 2);
        this.#position = end + 3;
      } else if (this.#depth > 0 && source.startsWith('<![CDATA[', lt)) {
        const end = source.indexOf(']]>', lt + 9);
        if (end < 0) throw this.fault('unclosed CDATA section', source.search(/\]{0,2}$/));
        text.add(source.slice(lt + 9, end));
        this.#position = end + 3;
      } else if (!this.#rootSeen && source.startsWith('<!DOCTYPE', lt)) {
        throw this.fault('document type declarations are refused', lt);
      } else if (isCutShort(source.slice(lt, lt + 9))) {
        throw this.fault('unclosed token', lt);
      } else throw this.fault('not well-formed (invalid token)', lt + 2);
    }
  }

  #requireBlank(from: number, to: number): void {
    const text = this.#source.slice(from, to);
    if (BLANK.test(text)) return;
    const at = from + text.search(/[^ \t\n]/);
    throw this.fault(this.#rootSeen ? 'junk after document element' : 'syntax error', at);
  }

  #skipInstruction(lt: number): void {
    const source = this.#source;
    const end = source.indexOf('?>', lt + 2);
    if (end < 0) throw this.fault('unclosed token', lt);
    const target = /^[A-Za-z_:][\w.:-]*(?=[ \t\n?])/.exec(source.slice(lt + 2, Math.min(end + 1, lt + 2 + 256)))?.[0];
    if (target === undefined) throw this.fault('not well-formed (invalid token)', lt + 2);
    if (/^xml$/i.test(target)) {
      if (lt !== 0) throw this.fault('XML or text declaration not at start of entity', lt);
      if (!DECLARATION.test(source.slice(0, end + 2))) throw this.fault('XML declaration not well-formed', lt + 6);
    }
    this.#position = end + 2;
  }

  #readTag(lt: number, code: number): typeof OPEN | typeof CLOSE {
    const source = this.#source;
    this.at = lt;
    if (code === 0x2f) {
      this.#depth--;
      if (!this.#readCommonTag(lt + 2, source.charCodeAt(lt + 2))) {
        const gt = source.indexOf('>', lt + 2);
        if (gt < 0) throw this.fault('unclosed token', lt);
        const name = source.slice(lt + 2, Math.min(gt, lt + this.#limits.tagLength));
        this.#readName(name.replace(/[ \t\n]+$/, ''));
        this.#position = gt + 1;
      }
      if (this.#depth < 0) throw this.mismatch();
      return CLOSE;
    }
    this.#depth++;
    this.#rootSeen = true;
    if (this.#readCommonTag(lt + 1, code)) return OPEN;
    const gt = this.#tagEnd(lt);
    const selfClosed = source.charCodeAt(gt - 1) === 0x2f;
    this.#readAttributes(lt, selfClosed ? gt - 1 : gt);
    this.#selfClosed = selfClosed;
    this.#position = gt + 1;
    return OPEN;
  }

  /** Recognises the tags of which large documents consist, without cutting their names out. */
  #readCommonTag(from: number, code: number): boolean {
    const candidates = COMMON_TAGS[code];
    if (candidates === undefined) return false;
    for (let i = 0; i < candidates.length; i++) {
      const candidate = candidates[i] as CommonTag;
      if (!this.#source.startsWith(candidate.text, from)) continue;
      this.tag = candidate.tag;
      this.name = candidate.name;
      this.#position = from + candidate.text.length;
      return true;
    }
    return false;
  }

  /** The `>` of a tag: one inside a quoted attribute does not count. */
  #tagEnd(lt: number): number {
    const source = this.#source;
    const bound = Math.min(source.length, lt + this.#limits.tagLength);
    let quote = 0;
    for (let i = lt + 1; i < bound; i++) {
      const code = source.charCodeAt(i);
      if (quote !== 0) {
        if (code === quote) quote = 0;
      } else if (code === 0x3e) return i;
      else if (code === 0x22 || code === 0x27) quote = code;
      else if (code === 0x3c) throw this.fault('not well-formed (invalid token)', i);
    }
    if (bound < source.length) throw this.fault(`a tag is longer than ${this.#limits.tagLength} characters`, lt);
    throw this.fault('unclosed token', lt);
  }

  /** Name and attributes of a tag; attributes mean nothing in XML-RPC, but must be well-formed. */
  #readAttributes(lt: number, end: number): void {
    const inner = this.#source.slice(lt + 1, end);
    const space = inner.search(/[ \t\n]/);
    this.#readName(space < 0 ? inner : inner.slice(0, space));
    if (space < 0) return;
    const seen = new Set<string>();
    ATTRIBUTE.lastIndex = space;
    let behind = space;
    for (let found = ATTRIBUTE.exec(inner); found !== null; found = ATTRIBUTE.exec(inner)) {
      const [, name = '', value = ''] = found;
      if (seen.has(name)) throw this.fault('duplicate attribute', lt + 1 + found.index);
      seen.add(name);
      if (value.includes('&')) this.#resolveEntities(value, lt);
      behind = ATTRIBUTE.lastIndex;
    }
    if (!BLANK.test(inner.slice(behind))) throw this.fault('not well-formed (invalid token)', lt + 1 + behind);
  }

  /** Names of types may carry a namespace prefix, declared or not: `ex:nil`, `ex:i8`. */
  #readName(name: string): void {
    if (!NAME.test(name)) throw this.fault('not well-formed (invalid token)', this.at + 1);
    this.name = name;
    this.tag = TAGS.get(name.slice(name.lastIndexOf(':') + 1)) ?? Tag.unknown;
  }

  #characters(from: number, to: number): string {
    const raw = this.#source.slice(from, to);
    if (this.#hasCdataEnd) {
      const end = raw.indexOf(']]>');
      if (end >= 0) throw this.fault('not well-formed (invalid token)', from + end + 2);
    }
    return raw.includes('&') ? this.#resolveEntities(raw, from) : raw;
  }

  #resolveEntities(raw: string, offset: number): string {
    const isCut = offset + raw.length === this.#source.length;
    return resolveEntities(raw, isCut, (message, at) => this.fault(message, offset + at));
  }
}

/** True for the beginning of `<!--`, `<!DOCTYPE` or `<![CDATA[` where the document ends. */
function isCutShort(rest: string): boolean {
  return rest.length < 9 && ['<!--', '<!DOCTYPE', '<![CDATA['].some((opening) => opening.startsWith(rest));
}
