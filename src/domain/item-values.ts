import { INHERIT, FieldError, isDict, type ItemData, type ItemValue, textOf } from './item-value';

/** What a rule for one field may look at besides the value. */
export interface SetContext {
  /** Word for the item type, for messages. */
  type: string;
  /** Name of the field, for messages. */
  field: string;
  /** The item as it is so far: some rules depend on fields set before. */
  values: ItemData;
  /** The value the field would inherit, for fields that may only narrow it; undefined when nobody looked it up. */
  inherited?: ItemValue;
}

/** Turns a written value into the one that is stored; throws FieldError when it cannot be used. */
export type Rule = (value: ItemValue, at: SetContext) => ItemValue;

/** Words a list or dict writer sends to empty it. */
const CLEARING = new Set(['', 'delete']);
const TRUE_WORDS = new Set(['true', '1', 'on', 'yes', 'y']);
/** Longest text any single field takes. Nobody's comment is longer; a bound keeps one call from filling the database. */
const MAX_TEXT = 1_000_000;

/**
 * Refuses arrays and structs that are larger, written out, than text may be. Entries count too: a million empty ones are
 * not nothing.
 *
 * @throws FieldError
 */
export function checkSize(value: ItemValue): void {
  if (typeof value !== 'object' || value === null) return;
  let left = MAX_TEXT;
  const waiting: ItemValue[] = [value];
  while (waiting.length > 0) {
    const next = waiting.pop()!;
    left -= 2 + (typeof next === 'string' ? next.length : 0);
    if (Array.isArray(next)) for (const entry of next) waiting.push(entry);
    else if (isDict(next)) {
      for (const [key, entry] of Object.entries(next)) {
        left -= key.length;
        waiting.push(entry);
      }
    }
    if (left < 0) throw new FieldError('value', `Values longer than ${MAX_TEXT} characters cannot be stored.`);
  }
}

/**
 * Splits text into words as a POSIX shell would: blanks separate, single and double quotes group, a backslash takes
 * the next character as it is (inside double quotes only before `"` and `\`).
 *
 * @throws FieldError when a quote or backslash is left open.
 */
export function splitWords(text: string): string[] {
  const words: string[] = [];
  let word = '';
  // An empty word in quotes is a word; blanks between words are none.
  let begun = false;
  let quote = '';
  for (let i = 0; i < text.length; i++) {
    const char = text.charAt(i);
    if (quote === "'") {
      if (char === "'") quote = '';
      else word += char;
    } else if (char === '\\' && (quote === '' || '"\\'.includes(text.charAt(i + 1)))) {
      if (++i >= text.length) throw new FieldError('value', 'No escaped character');
      word += text.charAt(i);
      begun = true;
    } else if (quote === '"') {
      if (char === '"') quote = '';
      else word += char;
    } else if (char === '"' || char === "'") {
      quote = char;
      begun = true;
    } else if (' \t\r\n'.includes(char)) {
      if (begun) words.push(word);
      word = '';
      begun = false;
    } else {
      word += char;
      begun = true;
    }
  }
  if (quote !== '') throw new FieldError('value', 'No closing quotation');
  if (begun) words.push(word);
  return words;
}

/** True for true, 1 and the words true, 1, on, yes, y in any case; false for everything else. */
export function readFlag(value: ItemValue): boolean {
  if (typeof value === 'string') return TRUE_WORDS.has(value.toLowerCase());
  return value === true || value === 1;
}

/** The words of an array or of shell-quoted text; nil, '' and `delete` are none. */
export function readWords(value: ItemValue, at: SetContext): ItemValue[] {
  if (value === null || (typeof value === 'string' && CLEARING.has(value))) return [];
  if (typeof value === 'string') return splitWords(value);
  if (Array.isArray(value)) return value;
  throw new FieldError('type', `Field ${at.field} of object ${at.type} needs to be a list or text of words!`);
}

/**
 * The pairs of a struct or of shell-quoted `k=v k2 k3="a b"` text. A key without `=` has the value null; the empty key
 * is dropped. With `repeats`, a key given twice holds both values, else the last one wins.
 */
export function readPairs(value: ItemValue, at: SetContext, repeats: boolean): ItemData {
  if (value === null || value === 'delete') return {};
  if (isDict(value)) return { ...value };
  if (typeof value !== 'string') {
    throw new FieldError(
      'type',
      `Field ${at.field} of object ${at.type} needs to be a struct or text of key=value pairs!`,
    );
  }
  const pairs: ItemData = {};
  for (const word of splitWords(value)) {
    const cut = word.indexOf('=');
    const key = cut === -1 ? word : word.slice(0, cut);
    if (key === '') continue;
    const item = cut === -1 ? null : word.slice(cut + 1);
    const earlier = Object.hasOwn(pairs, key) ? pairs[key] : undefined;
    if (!repeats || earlier === undefined) set(pairs, key, item);
    else set(pairs, key, Array.isArray(earlier) ? [...earlier, item] : [earlier, item]);
  }
  return pairs;
}

/** Plain assignment, for keys that callers chose: `__proto__` becomes a key like any other. */
function set(target: ItemData, key: string, value: ItemValue): void {
  Object.defineProperty(target, key, { value, writable: true, enumerable: true, configurable: true });
}

/** Free text: anything that is not text is written out. */
export const anyText: Rule = (value) => {
  if (value === null) return '';
  const text = typeof value === 'string' ? value : typeof value === 'object' ? JSON.stringify(value) : String(value);
  return limitText(text);
};

/** Text as it is. */
export const text: Rule = (value, at) => {
  if (typeof value !== 'string') {
    throw new FieldError('type', `Field ${at.field} of object ${at.type} needs to be of type str!`);
  }
  return limitText(value);
};

/** Text without line breaks and control characters. */
export const oneLine: Rule = (value, at) => {
  const line = text(value, at) as string;
  if (/[\p{Cc}\u2028\u2029]/u.test(line)) {
    throw new FieldError('value', `${at.field}: Line breaks and control characters cannot be used here.`);
  }
  return line;
};

function limitText(value: string): string {
  if (value.length > MAX_TEXT)
    throw new FieldError('value', `Text longer than ${MAX_TEXT} characters cannot be stored.`);
  if (value.includes('\0')) throw new FieldError('value', 'Text must not hold NUL characters.');
  return value;
}

/** Text in which '' asks for the inherited value. */
export const textOrInherit: Rule = (value, at) => {
  const checked = text(value, at);
  return checked === '' ? INHERIT : checked;
};

/** Text that may reach a command line one day: without the characters shells act on, and without line breaks. */
export const plainText: Rule = (value, at) => {
  const checked = text(value, at) as string;
  if (/[;&|`$<>(){}!\\"'\n\r]/.test(checked)) {
    throw new FieldError('rule', `Invalid characters found in input for ${at.field}`);
  }
  return checked;
};

export const flag: Rule = (value) => readFlag(value);

/** A whole number of at least `least`, or its digits; '' is 0. */
export function whole(least: number): Rule {
  return (value, at) => {
    const number =
      value === '' ? 0 : typeof value === 'string' && /^-?\d{1,10}$/.test(value.trim()) ? Number(value) : value;
    if (typeof number !== 'number' || !Number.isInteger(number)) {
      throw new FieldError('type', `Field ${at.field} of object ${at.type} needs to be a whole number!`);
    }
    if (number < least || number > 0x7fff_ffff) {
      throw new FieldError(
        'value',
        `Field ${at.field} of object ${at.type} needs to be a number of at least ${least}!`,
      );
    }
    return number;
  };
}

/** A number of at least 0, or its text; '' is 0. */
export const real: Rule = (value, at) => {
  const number = value === '' ? 0 : typeof value === 'string' && value.trim() !== '' ? Number(value) : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) {
    throw new FieldError('type', `Field ${at.field} of object ${at.type} needs to be a number!`);
  }
  if (number < 0) throw new FieldError('value', `Field ${at.field} of object ${at.type} needs to be at least 0!`);
  return number;
};

/** A list of words. */
export const words: Rule = (value, at) => readWords(value, at).map(textOf);

/** Any array, kept as it is; text is split into words. */
export const anyList: Rule = (value, at) => readWords(value, at);

/** Kernel options and the like: a repeated key holds all its values. */
export const options: Rule = (value, at) => readPairs(value, at, true);

/** Pairs of paths: a repeated key overwrites. */
export const pairs: Rule = (value, at) => readPairs(value, at, false);

/** One of `choices` in any case; with `aliases`, other spellings and what they stand for. */
export function oneOf(choices: readonly string[], aliases: Readonly<Record<string, string>> = {}): Rule {
  return (value, at) => {
    const written = text(value, at) as string;
    const word = written.toLowerCase();
    const found = Object.hasOwn(aliases, word)
      ? aliases[word]
      : choices.find((choice) => choice.toLowerCase() === word);
    if (found === undefined) throw new FieldError('value', `${at.field} choices include: ${listOf(choices)}`);
    return found;
  };
}

/** One of `choices` by name or by its place, from 0. */
export function oneOfOrIndex(choices: readonly string[], message: string): Rule {
  return (value, at) => {
    const index = typeof value === 'string' && /^\d+$/.test(value) ? Number(value) : value;
    const word =
      typeof index === 'number'
        ? choices[index]
        : value === ''
          ? choices[0]
          : (text(value, at) as string).toLowerCase();
    if (word === undefined || !choices.includes(word)) throw new FieldError('value', message);
    return word;
  };
}

/** Words out of `choices`, and out of the inherited list when there is one. */
export function someOf(choices: readonly string[]): Rule {
  return (value, at) => {
    const allowed: readonly ItemValue[] = Array.isArray(at.inherited) ? at.inherited : choices;
    const chosen = readWords(value, at);
    const strange = chosen.filter((word) => !allowed.includes(word));
    if (strange.length > 0) {
      throw new FieldError('value', `Invalid ${at.field}: ${listOf(strange)}. Allowed here: ${listOf(allowed)}`);
    }
    return chosen;
  };
}

/** The rule, save that nil, '' and the words clients send for "nothing" (`delete`, `None`, `~`) give ''. */
export function clearable(rule: Rule): Rule {
  return (value, at) =>
    value === null || ['', 'delete', 'None', '~'].includes(value as string) ? '' : rule(value, at);
}

/** The rule, save that the inherit marker is kept. */
export function inheritable(rule: Rule): Rule {
  return (value, at) => (value === INHERIT ? INHERIT : rule(value, at));
}

/** A list as messages show it. */
export function listOf(values: readonly ItemValue[]): string {
  return `[${values.map((value) => (typeof value === 'string' ? `'${value}'` : JSON.stringify(value))).join(', ')}]`;
}
