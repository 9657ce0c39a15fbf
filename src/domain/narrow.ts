import { isKnown, isPartWord, type Criteria } from './find';
import { isGlob } from './glob';
import type { Field } from './item-fields';
import { FieldError, type ItemData } from './item-value';
import { readFlag, readPairs, splitWords } from './item-values';
import { fieldNamed, findField, findPartField, type ItemType } from './inventory';

/** What a stored value is compared with. Where a list, struct or flag is stored as text (the marker), `wanted` counts. */
export type Comparison =
  | { kind: 'text' }
  | { kind: 'flag'; flag: boolean }
  | { kind: 'words'; words: string[] }
  | { kind: 'pairs'; pairs: ItemData };

/** A criterion that the database can answer: it leaves at least every item that meets it. */
export interface Narrowing {
  /** Stored field; in parts also `name`, the name of the part itself. */
  field: string;
  /** In a part (an interface) rather than in the item itself; a part called `wanted` counts as well. */
  inPart: boolean;
  wanted: string;
  /** `wanted` is a shell pattern. */
  isGlob: boolean;
  compare: Comparison;
  negated: boolean;
}

/** What the database can do of a search. */
export interface Narrowed {
  /** False when nothing can meet the criteria. */
  possible: boolean;
  narrowings: Narrowing[];
  /** The narrowings leave nothing but items that meet the criteria: nobody has to look at each. */
  exact: boolean;
}

/** The criteria as the database can answer them; what it cannot is for `matches`. */
export function narrow(type: ItemType, criteria: Criteria): Narrowed {
  const narrowings: Narrowing[] = [];
  let exact = true;
  for (const [word, pattern] of Object.entries(criteria)) {
    if (!isKnown(type, word)) return { possible: false, narrowings: [], exact: true };
    // Nil asks for no more than that there is such a field.
    if (pattern === null) continue;
    const made = narrowOne(type, word, pattern);
    if (made) narrowings.push(made.narrowing);
    exact &&= made?.exact === true;
  }
  return { possible: true, narrowings, exact };
}

function narrowOne(type: ItemType, word: string, pattern: string): { narrowing: Narrowing; exact: boolean } | null {
  const negated = pattern.startsWith('~');
  const wanted = negated ? pattern.slice(1) : pattern;
  // Beyond ASCII the database and this program may see different letters as the same.
  if (/[^ -~]/.test(wanted)) return null;
  const found = findPlace(type, word);
  const compare = found && compareWith(found.field, wanted);
  if (!found || !compare) return null;
  const { field, inPart } = found;
  const glob = isGlob(wanted) && !(inPart && field === PART_NAME);
  // Containment of structs says too much of lists in them, LIKE knows no sets of characters.
  const isExact = compare.kind !== 'pairs' && !(glob && wanted.includes('['));
  // What leaves more than what is meant leaves less than that when it is turned round.
  if (negated && !isExact) return null;
  return { narrowing: { field: field.name, inPart, wanted, isGlob: glob, compare, negated }, exact: isExact };
}

/** Stands for the name of a part, which is no field of it. */
const PART_NAME = { name: 'name', kind: 'text' } as Field;

function findPlace(type: ItemType, word: string): { field: Field; inPart: boolean } | null {
  const field = findField(type.fields, word);
  if (field && field.kind !== 'parts') {
    const stored = field.mirrors === undefined ? field : fieldNamed(type.fields, field.mirrors);
    return stored && !stored.derive ? { field: stored, inPart: false } : null;
  }
  if (!type.parts || !isPartWord(type, word)) return null;
  const own = word === type.parts.word ? PART_NAME : findPartField(type.parts.fields, word);
  return own ? { field: own, inPart: true } : null;
}

/** Null for numbers, which text cannot be compared with, and for what cannot be read: `matches` says so. */
function compareWith(field: Field, wanted: string): Comparison | null {
  try {
    switch (field.kind) {
      case 'text':
        return { kind: 'text' };
      case 'flag':
        return { kind: 'flag', flag: readFlag(wanted) };
      case 'list':
        return { kind: 'words', words: splitWords(wanted) };
      case 'struct':
        return { kind: 'pairs', pairs: readPairs(wanted, { type: '', field: field.name, values: {} }, true) };
      case 'int':
      case 'double':
      case 'parts':
        return null;
    }
  } catch (error) {
    if (error instanceof FieldError) return null;
    throw error;
  }
}

/** An order the database can put items in: a field, and which way. Equals come by name, the same way. */
export interface Order {
  field: string;
  backwards: boolean;
}

/**
 * The order a caller asks for (see `sortItems`), when the database can make it; null when it cannot, as for fields that
 * hold numbers or text by turns.
 */
export function orderOf(type: ItemType, sortField: string | null): Order | null {
  const backwards = sortField?.startsWith('!') === true;
  const word = (backwards ? sortField?.slice(1) : sortField) ?? '';
  const field = word === '' ? fieldNamed(type.fields, 'name') : findField(type.fields, word);
  if (!field || field.derive || field.mirrors !== undefined) return null;
  return field.kind === 'text' || (field.kind === 'double' && field.column) ? { field: field.name, backwards } : null;
}
