/** Data from outside as Python values. */
import type { Budget } from '../limits';
import { int } from './numbers';
import { PyDict, PyFloat, PyList, raise, type Value } from './values';

/** What a template may be given: JSON, with maps for objects where wanted; a number with a fraction is a float. */
export type TemplateData =
  | null
  | undefined
  | boolean
  | number
  | bigint
  | string
  | readonly TemplateData[]
  | ReadonlyMap<string, TemplateData>
  | { readonly [key: string]: TemplateData };

/** Nesting of the data; inventory items have three levels. */
const DEEPEST = 50;

/** A copy in Python's terms: what a template changes changes nothing outside. TypeError for anything else than data. */
export function toValue(data: TemplateData, budget: Budget, depth = 0): Value {
  budget.step();
  switch (typeof data) {
    case 'string':
    case 'boolean':
      return data;
    case 'number':
      return Number.isSafeInteger(data) ? (data === 0 ? 0 : data) : new PyFloat(data);
    case 'bigint':
      return int(data);
    case 'undefined':
      return null;
    default:
      break;
  }
  if (data === null) return null;
  if (depth > DEEPEST) raise('ValueError', `the data is nested more than ${DEEPEST} deep`);
  if (Array.isArray(data)) return new PyList(data.map((item: TemplateData) => toValue(item, budget, depth + 1)));
  if (typeof data !== 'object') raise('TypeError', `a ${typeof data} cannot be used as data of a template`);
  const dict = new PyDict();
  const entries = data instanceof Map ? (data as Map<string, TemplateData>) : Object.entries(data);
  for (const [key, value] of entries) dict.set(key, toValue(value as TemplateData, budget, depth + 1));
  return dict;
}
