import { field, identity, listField, owners, textField, type Field } from './item-fields';
import { FieldError, type ItemData } from './item-value';
import { oneLine, words, type Rule } from './item-values';

/** Fields that say what a silence covers: a target that meets every one that is given, of each list any entry. */
export const SILENCE_MATCHERS = ['system', 'profile', 'distro', 'owner', 'pattern'] as const;

/** Latest moment there is: the year 9999. */
const LATEST = 253_402_300_799;
/** RFC 3339 §5.6, seconds and fractions left out if need be; a moment without its zone is none. */
const TIMESTAMP = /^\d{4}-\d\d-\d\d[Tt ]\d\d:\d\d(?::\d\d(?:\.\d{1,9})?)?(?:[Zz]|[+-]\d\d:\d\d)$/;

/** Seconds since 1970, or an RFC 3339 timestamp; nil, '' and 0 are no moment. */
const moment: Rule = (value, at) => {
  if (value === null || value === '') return 0;
  const isTimestamp = typeof value === 'string' && TIMESTAMP.test(value);
  const seconds = isTimestamp ? Date.parse(value.toUpperCase().replace(' ', 'T')) / 1000 : Number(value);
  const isNumber = typeof value === 'number' || (typeof value === 'string' && /^\d{1,12}(\.\d{1,9})?$/.test(value));
  if ((isTimestamp || isNumber) && seconds >= 0 && seconds <= LATEST) return seconds;
  throw new FieldError(
    'value',
    `${at.field}: Give seconds since 1970 or a time with its zone, such as 2026-11-25T18:00:00+01:00.`,
  );
};

const patterns: Rule = (value, at) => {
  const list = words(value, at) as string[];
  const long = list.find((pattern) => pattern === '' || pattern.length > 255);
  if (long === undefined) return list;
  throw new FieldError('value', 'pattern: Give shell patterns of 1 to 255 characters, such as rack12-*.');
};

export const SILENCE_FIELDS: readonly Field[] = [
  ...identity(),
  owners(),
  listField('system', [], { refersTo: 'system', loosely: true }),
  listField('profile', [], { refersTo: 'profile', loosely: true }),
  listField('distro', [], { refersTo: 'distro', loosely: true }),
  listField('owner', [], { mentions: 'contact' }),
  listField('pattern', [], { rule: patterns }),
  field('double', moment)('starts_at', 0),
  field('double', moment)('ends_at', 0),
  textField('author', '', { rule: oneLine, isAuthor: true }),
  textField('reason', '', { rule: oneLine }),
];

/** Refuses a silence that would never end or covers nothing. */
export function checkSilence(values: ItemData): void {
  const { starts_at: starts, ends_at: ends } = values;
  if (ends === 0) throw new FieldError('rule', 'ends_at is required: no silence is forever.');
  if (Number(ends) <= Number(starts)) throw new FieldError('rule', 'ends_at must be later than starts_at.');
}
