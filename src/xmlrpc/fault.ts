import { AppError } from '../domain/errors';
import { FieldError, type FieldFlavour } from '../domain/item-value';

/** What every fault of Cobbler carries. */
export const FAULT_CODE = 1;

/** Python's name for a domain error of Cobbler. Clients search fault strings for it. */
const CX_CLASS = 'cobbler.cexceptions.CX';

/** Characters that Python's repr writes as escapes: controls, unassigned and private ones, separators save the space. */
const UNPRINTABLE = /[\\\p{C}\p{Zl}\p{Zp}]|(?! )\p{Zs}/gu;

/** An error as XML-RPC callers see it: `<class 'pythonClass'>:detail`. `detail` is final, quotes included. */
export class Fault extends Error {
  readonly faultCode = FAULT_CODE;

  constructor(
    readonly pythonClass: string,
    readonly detail: string,
    options?: { cause?: unknown },
  ) {
    super(`<class '${pythonClass}'>:${detail}`, options);
    this.name = 'Fault';
  }

  /** The text on the wire. */
  get faultString(): string {
    return this.message;
  }
}

/** A string as Python's `repr()` shows it: single quotes unless only they occur inside, non-printables escaped. */
export function pythonRepr(text: string): string {
  const quote = text.includes("'") && !text.includes('"') ? '"' : "'";
  const escaped = text.replace(UNPRINTABLE, escapeCharacter);
  return quote + (quote === "'" ? escaped.replaceAll("'", "\\'") : escaped) + quote;
}

function escapeCharacter(character: string): string {
  switch (character) {
    case '\\':
      return '\\\\';
    case '\n':
      return '\\n';
    case '\r':
      return '\\r';
    case '\t':
      return '\\t';
  }
  const code = character.codePointAt(0) ?? 0;
  if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
  if (code < 0x10000) return `\\u${code.toString(16).padStart(4, '0')}`;
  return `\\U${code.toString(16).padStart(8, '0')}`;
}

/** A domain error: the message goes out as a quoted literal. */
export function cx(message: string, options?: { cause?: unknown }): Fault {
  return new Fault(CX_CLASS, pythonRepr(message), options);
}

/** A built-in error of Python; the message goes out as it is. */
export function valueError(message: string): Fault {
  return new Fault('ValueError', message);
}

/** See `valueError`. */
export function typeError(message: string): Fault {
  return new Fault('TypeError', message);
}

/** See `valueError`. */
export function attributeError(message: string): Fault {
  return new Fault('AttributeError', message);
}

/** A missing key: Python shows the key as a quoted literal. */
export function keyError(key: string): Fault {
  return new Fault('KeyError', pythonRepr(key));
}

/** An address that cannot be read, as Python's `ipaddress` words it. */
export function addressValueError(message: string): Fault {
  return new Fault('ipaddress.AddressValueError', message);
}

/** A document that is not well-formed XML. Line from 1, column from 0, in characters. */
export function expatError(message: string, line: number, column: number): Fault {
  return new Fault('xml.parsers.expat.ExpatError', `${message}: line ${line}, column ${column}`);
}

/** Well-formed XML that is not XML-RPC. */
export function responseError(message: string): Fault {
  return new Fault('xmlrpc.client.ResponseError', `ResponseError(${pythonRepr(message)})`);
}

/** An answer with a whole number beyond 32 bits. */
export function overflowError(): Fault {
  return new Fault('OverflowError', 'int exceeds XML-RPC limits');
}

/**
 * What the caller is told of an error. Faults pass; what the inventory refuses in its own words; AppErrors by kind; of
 * a bug and of anything unknown only that it happened: the caller of this function logs it (see `isInternal`).
 */
export function toFault(error: unknown): Fault {
  if (error instanceof Fault) return error;
  if (error instanceof FieldError) return FIELD_FAULTS[error.flavour](error.message);
  if (!(error instanceof AppError)) return internalFault(error);
  switch (error.kind) {
    case 'invalid':
      return new Fault('ValueError', error.message, { cause: error });
    case 'not-found':
    case 'conflict':
    case 'denied':
      return cx(error.message, { cause: error });
    case 'unavailable':
      return cx(/\btry again\b/i.test(error.message) ? error.message : `${error.message}; try again`, { cause: error });
    case 'bug':
      return internalFault(error);
  }
}

/** True when the error is the program's own mistake, so that an operator must see it in the log. */
export function isInternal(error: unknown): boolean {
  return error instanceof AppError ? error.kind === 'bug' : !(error instanceof Fault || error instanceof FieldError);
}

/** How Python would call what the inventory refuses. */
const FIELD_FAULTS: Readonly<Record<FieldFlavour, (message: string) => Fault>> = {
  value: valueError,
  type: typeError,
  attribute: attributeError,
  key: keyError,
  address: addressValueError,
  syntax: (message) => new Fault('SyntaxError', message),
  rule: cx,
  file: (message) => new Fault('OSError', message),
};

function internalFault(cause: unknown): Fault {
  return cx('internal error, see the log of the server', { cause });
}
