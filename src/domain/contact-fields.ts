import { emails, phoneNumbers, webhooks } from './item-addresses';
import { field, flagField, identity, intField, listField, owners, textField, type Field } from './item-fields';
import { FieldError } from './item-value';
import { oneLine, oneOf, text, whole, words, type Rule } from './item-values';
import { DEFAULT_PROGRESS_EVERY, DEFAULT_REASONS, SCOPE_KINDS, SUBSCRIPTION_REASONS } from './notification';

const language: Rule = (value, at) => {
  const tag = oneLine(value, at) as string;
  if (tag === '' || /^[a-z]{2,3}([-_][a-z0-9]{2,8})*$/i.test(tag)) return tag;
  throw new FieldError('value', `language: Give a language tag such as en or de-CH, not ${tag}.`);
};

const timeZone: Rule = (value, at) => {
  const zone = oneLine(value, at) as string;
  if (zone === '' || isTimeZone(zone)) return zone;
  throw new FieldError(
    'value',
    `time_zone: Give a name of the IANA time zone database such as Europe/Berlin, not ${zone}.`,
  );
};

function isTimeZone(zone: string): boolean {
  try {
    return new Intl.DateTimeFormat('en', { timeZone: zone }).resolvedOptions().timeZone !== '';
  } catch {
    return false;
  }
}

export const CONTACT_FIELDS: readonly Field[] = [
  ...identity(),
  owners(),
  listField('email', [], { rule: emails, secret: true }),
  listField('sms', [], { rule: phoneNumbers, secret: true }),
  listField('webhook', [], { rule: webhooks, secret: true }),
  textField('language', '', { rule: language }),
  textField('time_zone', '', { rule: timeZone }),
  flagField('enabled', true),
  textField('user', '', { rule: oneLine, secret: true }),
];

/** Channels a subscription can name; `*` is every channel its contact has an address for. */
export const SUBSCRIPTION_CHANNELS = ['*', 'email', 'sms', 'webhook', 'popup'] as const;

const reasons: Rule = (value, at) => {
  const known: readonly string[] = SUBSCRIPTION_REASONS;
  const chosen =
    typeof value === 'string' && value.includes(',') ? value.split(',').map((word) => word.trim()) : words(value, at);
  const strange = (chosen as string[]).filter((word) => !known.includes(word));
  if (strange.length > 0)
    throw new FieldError('value', `reasons: ${strange[0]} is not a reason; there are: ${known.join(', ')}.`);
  return [...new Set(chosen as string[])];
};

const percentStep: Rule = (value, at) => {
  const step = whole(0)(value, at) as number;
  if (step > 100) throw new FieldError('value', 'progress_every: Give a number of percent from 0 (never) to 100.');
  return step;
};

const timeOfDay: Rule = (value, at) => {
  const time = text(value, at) as string;
  if (time === '' || /^([01]\d|2[0-3]):[0-5]\d$/.test(time)) return time;
  throw new FieldError('value', `${at.field}: Give a time of day as HH:MM, such as 07:30, or nothing.`);
};

export const SUBSCRIPTION_FIELDS: readonly Field[] = [
  ...identity(),
  textField('contact', '', { refersTo: 'contact', column: true, indexed: true }),
  textField('channel', '*', { rule: oneOf(SUBSCRIPTION_CHANNELS) }),
  listField('reasons', [...DEFAULT_REASONS], { rule: reasons }),
  textField('scope_type', 'all', { rule: oneOf(SCOPE_KINDS) }),
  textField('scope', '', { rule: oneLine, followsType: 'scope_type' }),
  field('int', percentStep)('progress_every', DEFAULT_PROGRESS_EVERY),
  intField('digest_minutes', 0, 0),
  textField('digest_daily_at', '', { rule: timeOfDay }),
  flagField('enabled', true),
];
