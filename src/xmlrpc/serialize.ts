import { pythonFloat } from './double';
import { FAULT_CODE, Fault, overflowError, typeError } from './fault';
import { LIMITS } from './limits';
import { DateTime, Double, Fragment, type Struct, type XmlRpcValue } from './value';

/**
 * A document ready to be sent: a string, or for big answers the pieces of one in order. Pieces are made as they are
 * asked for, so the value must not change until the last one is out.
 */
export type Document = string | Iterable<string>;

const HEAD = "<?xml version='1.0'?>\n";
const RESPONSE_HEAD = `${HEAD}<methodResponse>\n<params>\n<param>\n`;
const RESPONSE_TAIL = '</param>\n</params>\n</methodResponse>\n';
const NIL = '<value><nil/></value>\n';
/** What stands for "nothing" in answers: clients of Cobbler do not expect nil. */
const TILDE = '<value><string>~</string></value>\n';

/** Length of one piece: enough that the pieces' overhead vanishes, little enough that others get their turn. */
const PIECE_LENGTH = 64 * 1024;

const MIN_INT = -2_147_483_648;
const MAX_INT = 2_147_483_647;

/** Markup, CR, and the characters that XML 1.0 §2.2 leaves out. */
const SPECIAL = /[&<>\r\x00-\x08\x0b\x0c\x0e-\x1f\ufffe\uffff]/;
const SPECIALS = new RegExp(SPECIAL, 'g');

/**
 * Serialises an answer, laid out as Python's `xmlrpc.client` does. null becomes `~` at any depth. Characters that XML
 * cannot carry become U+FFFD.
 *
 * @throws Fault for whole numbers beyond 32 bits, values that are none of XML-RPC's, nesting beyond the limit: always
 *   before the first piece is handed out.
 */
export function serializeResponse(value: XmlRpcValue): Document {
  const writer = new Writer(TILDE);
  writer.text = RESPONSE_HEAD;
  writer.begin(value);
  if (writer.run(PIECE_LENGTH)) return writer.text + RESPONSE_TAIL;
  checkValue(value); // a fault must come out before half of the answer does
  return pieces(writer);
}

function* pieces(writer: Writer): Generator<string> {
  for (;;) {
    yield writer.text;
    writer.text = '';
    if (writer.run(PIECE_LENGTH)) break;
  }
  yield writer.text + RESPONSE_TAIL;
}

/** Serialises a fault; its code is always 1. */
export function serializeFault(fault: Fault): string {
  return (
    `${HEAD}<methodResponse>\n<fault>\n` +
    serializeValue({ faultCode: FAULT_CODE, faultString: fault.faultString }) +
    '</fault>\n</methodResponse>\n'
  );
}

/**
 * Serialises a call, for clients. null is `<nil/>` here.
 *
 * @throws Fault as `serializeResponse` does.
 */
export function serializeCall(method: string, params: XmlRpcValue[]): string {
  const writer = new Writer(NIL);
  writer.text = `${HEAD}<methodCall>\n<methodName>${escapeText(method)}</methodName>\n<params>\n`;
  for (const param of params) {
    writer.text += '<param>\n';
    writer.begin(param);
    writer.run(Infinity);
    writer.text += '</param>\n';
  }
  return `${writer.text}</params>\n</methodCall>\n`;
}

/** One value for repeated use inside answers: serialised once, as answers are. */
export function makeFragment(value: XmlRpcValue): Fragment {
  const xml = serializeValue(value);
  // A string put together from thousands of others is a tree of them until somebody looks inside: ten times the memory.
  xml.charCodeAt(0);
  return new Fragment(xml);
}

function serializeValue(value: XmlRpcValue): string {
  const writer = new Writer(TILDE);
  writer.begin(value);
  writer.run(Infinity);
  return writer.text;
}

/** Text with the characters of markup escaped and those that XML cannot carry replaced; CR survives as a reference. */
export function escapeText(text: string): string {
  if (!SPECIAL.test(text)) return text;
  return text.replace(SPECIALS, escapeCharacter);
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '&':
      return '&amp;';
    case '<':
      return '&lt;';
    case '>':
      return '&gt;';
    case '\r':
      return '&#13;';
  }
  return '\ufffd';
}

/** `<name>` elements of the members seen so far: the same few hundred names come in every answer. */
const NAMES = new Map<string, string>();
const NAMES_KEPT = 4096;
const NAME_KEPT_LENGTH = 64;

function nameElement(name: string): string {
  let element = NAMES.get(name);
  if (element === undefined) {
    element = `<member>\n<name>${escapeText(name)}</name>\n`;
    if (NAMES.size < NAMES_KEPT && name.length <= NAME_KEPT_LENGTH) NAMES.set(name, element);
  }
  return element;
}

/** An array or struct that is half written; `keys` is null for an array. */
interface Frame {
  items: XmlRpcValue[];
  members: Struct;
  keys: string[] | null;
  next: number;
}

const NO_ITEMS: XmlRpcValue[] = [];
const NO_MEMBERS: Struct = Object.freeze({});

/** Writes values without recursion; can pause anywhere between two of them. */
class Writer {
  text = '';
  readonly #nil: string;
  readonly #stack: Frame[] = [];

  constructor(nil: string) {
    this.#nil = nil;
  }

  /** Writes until `length` characters are in `text`. @returns True when nothing is left to write. */
  run(length: number): boolean {
    for (;;) {
      const frame = this.#stack.at(-1);
      if (frame === undefined) return true;
      const { keys, items } = frame;
      if (keys === null) {
        const depth = this.#stack.length;
        while (frame.next < items.length) {
          this.begin(items[frame.next++] as XmlRpcValue);
          if (this.#stack.length > depth) break;
          if (this.text.length >= length) return false;
        }
        if (this.#stack.length > depth) continue;
        this.text += '</data></array></value>\n';
      } else {
        const depth = this.#stack.length;
        while (frame.next < keys.length) {
          if (frame.next > 0) this.text += '</member>\n';
          const key = keys[frame.next++] as string;
          this.text += nameElement(key);
          this.begin(frame.members[key] as XmlRpcValue);
          if (this.#stack.length > depth) break;
          if (this.text.length >= length) return false;
        }
        if (this.#stack.length > depth) continue;
        this.text += frame.next > 0 ? '</member>\n</struct></value>\n' : '</struct></value>\n';
      }
      this.#stack.pop();
      if (this.text.length >= length && this.#stack.length > 0) return false;
    }
  }

  /** Writes a scalar, or the beginning of a container, whose rest `run` writes. */
  begin(value: XmlRpcValue): void {
    switch (typeof value) {
      case 'string':
        this.text += `<value><string>${escapeText(value)}</string></value>\n`;
        return;
      case 'boolean':
        this.text += value ? '<value><boolean>1</boolean></value>\n' : '<value><boolean>0</boolean></value>\n';
        return;
      case 'number':
      case 'bigint':
        this.text += numberElement(value);
        return;
      case 'object':
        if (value === null) this.text += this.#nil;
        else this.#beginObject(value);
        return;
      default:
        throw typeError(`cannot marshal ${typeof value} objects`);
    }
  }

  #beginObject(value: Exclude<XmlRpcValue, null | boolean | number | bigint | string>): void {
    if (Array.isArray(value)) {
      this.text += '<value><array><data>\n';
      this.#push({ items: value, members: NO_MEMBERS, keys: null, next: 0 });
    } else if (value instanceof Fragment) this.text += value.xml;
    else if (value instanceof Double) this.text += `<value><double>${pythonFloat(value.value)}</double></value>\n`;
    else if (value instanceof DateTime) {
      this.text += `<value><dateTime.iso8601>${escapeText(value.text)}</dateTime.iso8601></value>\n`;
    } else if (value instanceof Uint8Array) {
      const bytes = Buffer.from(value.buffer, value.byteOffset, value.byteLength);
      this.text += `<value><base64>\n${bytes.toString('base64')}\n</base64></value>\n`;
    } else if (isPlain(value)) {
      this.text += '<value><struct>\n';
      this.#push({ items: NO_ITEMS, members: value, keys: Object.keys(value), next: 0 });
    } else throw typeError(`cannot marshal ${objectName(value)} objects`);
  }

  #push(frame: Frame): void {
    if (this.#stack.length >= LIMITS.depth) throw tooDeep();
    this.#stack.push(frame);
  }
}

function numberElement(value: number | bigint): string {
  if (typeof value === 'number' && !Number.isInteger(value)) {
    return `<value><double>${pythonFloat(value)}</double></value>\n`;
  }
  if (value < MIN_INT || value > MAX_INT) throw overflowError();
  return `<value><int>${value === 0 ? 0 : value}</int></value>\n`; // -0 is 0
}

/** True for structs; false for Date, Map, Error and other things that handlers should not answer. */
function isPlain(value: object): value is Struct {
  const prototype: unknown = Object.getPrototypeOf(value);
  return prototype === null || prototype === Object.prototype || Object.getPrototypeOf(prototype) === null;
}

function objectName(value: object): string {
  const maker = (value as { constructor?: { name?: string } }).constructor;
  return maker?.name ?? 'unknown';
}

function tooDeep(): Fault {
  return new Fault('RecursionError', `maximum depth of ${LIMITS.depth} levels exceeded while marshalling`);
}

/** Walks a value that is too big to be serialised before the answer starts, for the faults that would come. */
function checkValue(value: XmlRpcValue): void {
  const stack: { items: XmlRpcValue[]; next: number }[] = [{ items: [value], next: 0 }];
  for (let frame = stack.at(-1); frame !== undefined; frame = stack.at(-1)) {
    if (frame.next === frame.items.length) {
      stack.pop();
      continue;
    }
    const item = frame.items[frame.next++] as XmlRpcValue;
    const kind = typeof item;
    if (kind === 'string' || kind === 'boolean' || item === null || item instanceof Fragment) continue;
    if (kind === 'object' && (Array.isArray(item) || isPlain(item as object))) {
      // The list that stands for the whole is one level that the writer does not count.
      if (stack.length > LIMITS.depth) throw tooDeep();
      stack.push({ items: Array.isArray(item) ? item : Object.values(item as Struct), next: 0 });
    } else new Writer(TILDE).begin(item);
  }
}
