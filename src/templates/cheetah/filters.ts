/** Cheetah's output filters: what becomes of a value on its way into the text. */
import type { Budget } from '../limits';
import { asInt } from '../python/numbers';
import { str } from '../python/repr';
import { strip, textSlice, textLength } from '../python/text';
import { type Keywords, type Value } from '../python/values';

/** A value as text; None never reaches it. `keywords` are the arguments of `${x, name=value}`. */
export type Filter = (value: Value, keywords: Keywords, budget: Budget) => string;

const plain: Filter = (value, _keywords, budget) => str(value, budget);

const ENTITIES: ReadonlyMap<string, string> = new Map([
  [' ', '&nbsp;'],
  ['"', '&quot;'],
]);

const webSafe: Filter = (value, keywords, budget) => {
  let text = str(value, budget).replaceAll('&', '&amp;').replaceAll('<', '&lt;').replaceAll('>', '&gt;');
  const also = keywords.get('also');
  if (typeof also === 'string') {
    for (const character of also) {
      budget.make(text.length);
      text = text.replaceAll(character, ENTITIES.get(character) ?? `&#${character.codePointAt(0)!};`);
    }
  }
  return text;
};

const maxLen: Filter = (value, keywords, budget) => {
  const text = str(value, budget);
  const most = asInt(keywords.get('maxlen') ?? null);
  return most !== undefined && textLength(text) > most ? textSlice(text, 0, Number(most)) : text;
};

const stripLines: Filter = (value, _keywords, budget) =>
  str(value, budget)
    .split('\n')
    .map((line) => strip(line, null, 'both'))
    .join('\n');

const squeeze: Filter = (value, _keywords, budget) =>
  str(value, budget)
    .split(/[\t\n\v\f\r\u001c-\u001f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000]+/)
    .filter((word) => word !== '')
    .join(' ');

export const DEFAULT_FILTER = plain;

/** By the names `#filter` knows. */
export const FILTERS: ReadonlyMap<string, Filter> = new Map([
  ['Filter', plain],
  ['EncodeUnicode', plain],
  ['RawOrEncodedUnicode', plain],
  ['WebSafe', webSafe],
  ['MaxLen', maxLen],
  ['Strip', stripLines],
  ['StripSqueeze', squeeze],
]);
