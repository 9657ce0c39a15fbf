import { pythonFloat } from '../../src/xmlrpc/double';
import { DateTime, Double, type Struct, type XmlRpcValue } from '../../src/xmlrpc/value';

/** A value as plain JSON that keeps the types apart; `fixtures/xmlrpc/make-documents.py` does the same in Python. */
export type Canonical = [string, ...unknown[]];

export function canonical(value: XmlRpcValue): Canonical {
  return describeValue(value, true);
}

/** The same with struct members in the order they have. */
export function canonicalInOrder(value: XmlRpcValue): Canonical {
  return describeValue(value, false);
}

function describeValue(value: XmlRpcValue, sorted: boolean): Canonical {
  if (value === null) return ['nil'];
  if (typeof value === 'boolean') return ['boolean', value];
  if (typeof value === 'number' || typeof value === 'bigint') return ['int', String(value)];
  if (typeof value === 'string') return ['string', value];
  if (value instanceof Double) return ['double', pythonFloat(value.value)];
  if (value instanceof DateTime) return ['dateTime', value.text];
  if (value instanceof Uint8Array) return ['base64', Buffer.from(value).toString('hex')];
  if (Array.isArray(value)) return ['array', value.map((item) => describeValue(item, sorted))];
  const members = value as Struct;
  const names = Object.keys(members);
  if (sorted) names.sort(compareCodePoints);
  return ['struct', names.map((name) => [name, describeValue(members[name] as XmlRpcValue, sorted)])];
}

/** Python orders strings by code point, JavaScript by UTF-16 unit. */
function compareCodePoints(left: string, right: string): number {
  return Buffer.compare(Buffer.from(left), Buffer.from(right));
}
