import type { Criteria } from '../domain/find';
import { attributeError, typeError } from './fault';
import { isTruthy, pythonType } from './item-wire';
import { isStruct, type XmlRpcValue } from './value';

/**
 * Criteria from the wire; none of them for nil and everything empty, which means all items.
 *
 * @throws Fault for what is no struct, and for values that are not text.
 */
export function readCriteria(value: XmlRpcValue): Criteria {
  if (!isTruthy(value)) return {};
  if (!isStruct(value)) {
    throw typeError(
      `cobbler.cobbler_collections.collection.Collection.find() argument after ** must be a mapping, not ${pythonType(value)}`,
    );
  }
  const criteria: Record<string, string | null> = Object.create(null) as Record<string, string | null>;
  for (const [field, pattern] of Object.entries(value)) {
    if (pattern !== null && typeof pattern !== 'string') {
      throw attributeError(`'${pythonType(pattern)}' object has no attribute 'startswith'`);
    }
    criteria[field] = pattern;
  }
  return criteria;
}

/** A field to sort by, `!` in front for backwards; null for the usual order. */
export function readSortField(value: XmlRpcValue): string | null {
  return typeof value === 'string' && value !== '' ? value : null;
}

/** A number of a page or of items; NaN for what makes no sense. */
export function readNumber(value: XmlRpcValue): number {
  if (typeof value === 'string' && /^\d+$/.test(value)) return Number(value);
  return typeof value === 'number' ? value : NaN;
}
