import { attributeError, responseError, type Fault } from './fault';
import { LIMITS, type Limits } from './limits';
import { readScalar } from './scalar';
import { CLOSE, END, OPEN, Scanner, Tag } from './scanner';
import { struct, type Struct, type XmlRpcValue } from './value';

/** A call as it stands in a request. */
export interface ParsedCall {
  method: string;
  params: XmlRpcValue[];
}

/** An answer as a client sees it. */
export type ParsedResponse = { value: XmlRpcValue } | { fault: XmlRpcValue };

/** From this document size on, strings are copied out, lest a name of 20 letters keep 60 MiB alive. */
const COPY_FROM = 256 * 1024;
/** Longer strings are the document, or nearly. */
const COPY_TO = 64 * 1024;
/** V8 copies shorter slices anyway. */
const SLICE_FROM = 13;

/**
 * Reads a `<methodCall>`.
 *
 * Values: `<int>`, `<i4>` and their kin become number (bigint when inexact), `<double>` Double, `<dateTime.iso8601>`
 * DateTime, `<base64>` Buffer, nil null, text without a type string. Of members with one name the last one counts.
 *
 * @throws Fault for anything else than one well-formed, strictly shaped call within the limits.
 * @see http://xmlrpc.com/spec.md; extensions: `ex:nil`, `i8` and the other sizes, `float`.
 */
export function parseCall(xml: Uint8Array | string, limits: Limits = LIMITS): ParsedCall {
  const reader = new Reader(xml, limits);
  const { scanner } = reader;
  const root = reader.openAny('<methodCall>');
  if (root === Tag.methodResponse) throw withoutName();
  if (root !== Tag.methodCall) throw reader.unexpected('<methodCall>');
  const first = reader.openAny('<methodName>');
  if (first === Tag.params) throw withoutName();
  if (first !== Tag.methodName) throw reader.unexpected('<methodName>');
  reader.close(Tag.methodName);
  const method = scanner.text.trim();
  if (method.length > limits.methodNameLength) {
    throw reader.refuse(`a method name is longer than ${limits.methodNameLength} characters`);
  }
  const params: XmlRpcValue[] = [];
  if (reader.openOrClose(Tag.params, Tag.methodCall)) {
    while (reader.openOrClose(Tag.param, Tag.params)) {
      reader.open(Tag.value);
      params.push(reader.value());
      reader.closeBlank(Tag.param);
    }
    reader.closeBlank(Tag.methodCall);
  }
  reader.end();
  return { method: reader.own(method), params };
}

/**
 * Reads a `<methodResponse>`: the one value, or the fault's struct.
 *
 * @throws Fault as `parseCall` does.
 */
export function parseResponse(xml: Uint8Array | string, limits: Limits = LIMITS): ParsedResponse {
  const reader = new Reader(xml, limits);
  reader.open(Tag.methodResponse);
  const tag = reader.openAny('<params> or <fault>');
  if (tag !== Tag.fault && tag !== Tag.params) throw reader.unexpected('<params> or <fault>');
  if (tag === Tag.params) reader.open(Tag.param);
  reader.open(Tag.value);
  const value = reader.value();
  if (tag === Tag.params) reader.closeBlank(Tag.param);
  reader.closeBlank(tag);
  reader.closeBlank(Tag.methodResponse);
  reader.end();
  return tag === Tag.fault ? { fault: value } : { value };
}

/** What Python's server answers when a document names no method. */
function withoutName(): Fault {
  return attributeError("'NoneType' object has no attribute 'startswith'");
}

/** A container whose end has not come yet; exactly one of `items` and `members` is there. */
interface Frame {
  items: XmlRpcValue[] | null;
  members: Struct | null;
  /** Name of the member whose value is being read. */
  key: string;
  count: number;
}

class Reader {
  readonly scanner: Scanner;
  readonly #limits: Limits;
  readonly #copies: boolean;
  #values = 0;

  constructor(xml: Uint8Array | string, limits: Limits) {
    if (xml.length > limits.bodyBytes) throw responseError(`the document is larger than ${limits.bodyBytes} bytes`);
    this.scanner = new Scanner(xml, limits);
    this.#limits = limits;
    this.#copies = xml.length > COPY_FROM;
  }

  /** Reads one value whose `<value>` was just opened, through its `</value>`, without recursion. */
  value(): XmlRpcValue {
    const stack: Frame[] = [];
    for (;;) {
      let value = this.#begin(stack);
      // A frame was pushed (undefined), or a value is complete: hand it to the frame around it, and that, once it is
      // complete too, to the next.
      while (value !== undefined) {
        const frame = stack.at(-1);
        if (frame === undefined) return value;
        if (frame.items !== null) {
          frame.items.push(value);
          if (this.openOrClose(Tag.value, Tag.data)) break;
          this.closeBlank(Tag.array);
          value = frame.items;
        } else if (frame.members !== null) {
          frame.members[frame.key] = value;
          this.closeBlank(Tag.member);
          if (this.openOrClose(Tag.member, Tag.struct)) {
            this.#readKey(frame);
            break;
          }
          value = frame.members;
        }
        stack.pop();
        this.closeBlank(Tag.value);
      }
    }
  }

  /** What stands directly inside a `<value>`: a complete value, or undefined when a container was pushed and entered. */
  #begin(stack: Frame[]): XmlRpcValue | undefined {
    const { scanner } = this;
    if (++this.#values > this.#limits.values) throw this.refuse(`more than ${this.#limits.values} values`);
    const top = stack.at(-1);
    if (top !== undefined && ++top.count > (top.items ? this.#limits.arrayLength : this.#limits.structMembers)) {
      throw this.refuse(top.items ? 'an array has too many entries' : 'a struct has too many members');
    }
    if (scanner.next() === CLOSE) {
      if (scanner.tag !== Tag.value) throw scanner.mismatch();
      return this.own(scanner.text); // no type element: a string
    }
    this.blank();
    const { tag, name } = scanner;
    let value: XmlRpcValue;
    if (tag === Tag.array) {
      const items: XmlRpcValue[] = [];
      if (this.openOrClose(Tag.data, Tag.array)) {
        if (this.openOrClose(Tag.value, Tag.data)) {
          this.#push(stack, { items, members: null, key: '', count: 0 });
          return undefined;
        }
        this.closeBlank(Tag.array);
      }
      value = items;
    } else if (tag === Tag.struct) {
      const members = struct();
      if (this.openOrClose(Tag.member, Tag.struct)) {
        const frame = { items: null, members, key: '', count: 0 };
        this.#readKey(frame);
        this.#push(stack, frame);
        return undefined;
      }
      value = members;
    } else {
      if (tag < Tag.string) throw this.#notAType(name);
      if (scanner.next() !== CLOSE) throw this.unexpected(`</${name}>`);
      if (scanner.name !== name) throw scanner.mismatch();
      value = readScalar(tag, scanner.text, this.#limits);
      if (typeof value === 'string') value = this.own(value);
    }
    this.closeBlank(Tag.value);
    return value;
  }

  #push(stack: Frame[], frame: Frame): void {
    if (stack.length >= this.#limits.depth) throw this.refuse(`nested deeper than ${this.#limits.depth} levels`);
    stack.push(frame);
  }

  #readKey(frame: Frame): void {
    this.open(Tag.name);
    this.close(Tag.name);
    frame.key = this.scanner.text;
    if (frame.key.length > this.#limits.nameLength) {
      throw this.refuse(`a member's name is longer than ${this.#limits.nameLength} characters`);
    }
    this.open(Tag.value);
  }

  /** A string that does not hold the whole document in memory. */
  own(text: string): string {
    if (!this.#copies || text.length < SLICE_FROM || text.length > COPY_TO) return text;
    return ` ${text}`.slice(1);
  }

  openAny(wanted: string): Tag {
    if (this.scanner.next() !== OPEN) throw this.unexpected(wanted);
    this.blank();
    return this.scanner.tag;
  }

  open(tag: Tag): void {
    if (this.scanner.next() !== OPEN || this.scanner.tag !== tag) throw this.unexpected(`<${nameOf(tag)}>`);
    this.blank();
  }

  /** The end of an element that holds text. */
  close(tag: Tag): void {
    if (this.scanner.next() !== CLOSE) throw this.unexpected(`</${nameOf(tag)}>`);
    if (this.scanner.tag !== tag) throw this.scanner.mismatch();
  }

  /** The end of an element that holds elements. */
  closeBlank(tag: Tag): void {
    this.close(tag);
    this.blank();
  }

  /** True when `child` opens, false when `parent` closes. */
  openOrClose(child: Tag, parent: Tag): boolean {
    const { scanner } = this;
    if (scanner.next() === OPEN) {
      if (scanner.tag !== child) throw this.unexpected(`<${nameOf(child)}>`);
      this.blank();
      return true;
    }
    if (scanner.tag !== parent) throw scanner.mismatch();
    this.blank();
    return false;
  }

  /** Between elements only whitespace may stand. */
  blank(): void {
    const { text } = this.scanner;
    for (let i = 0; i < text.length; i++) {
      const code = text.charCodeAt(i);
      if (code !== 0x20 && code !== 0x0a && code !== 0x09 && code !== 0x0d) throw this.refuse('text between elements');
    }
  }

  end(): void {
    if (this.scanner.next() !== END) throw this.unexpected('the end');
  }

  unexpected(wanted: string): Fault {
    return this.refuse(`${wanted} expected, found <${this.scanner.name}>`);
  }

  refuse(message: string): Fault {
    return responseError(`${message}: ${this.scanner.place()}`);
  }

  #notAType(name: string): Fault {
    const short = name.slice(name.lastIndexOf(':') + 1);
    return this.scanner.tag === Tag.unknown ? responseError(`unknown tag '${short}'`) : this.unexpected('a type');
  }
}

function nameOf(tag: Tag): string {
  return Object.keys(Tag).find((name) => Tag[name as keyof typeof Tag] === tag) ?? '?';
}
