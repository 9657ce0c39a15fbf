import { fieldNamed, itemType, writeField, initialValues } from '../../src/domain/inventory';
import type { ItemValue } from '../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';

const write = (typeName: string, name: string, value: ItemValue): ItemValue => {
  const type = itemType(typeName);
  return writeField(fieldNamed(type.fields, name)!, value, { type: typeName, field: name, values: {} })[name]!;
};

test('a new contact is on and has no address; a new subscription is about everything that went wrong', () => {
  expect(initialValues(itemType('contact').fields, DEFAULT_SETTINGS)).toMatchObject({
    email: [],
    sms: [],
    webhook: [],
    enabled: true,
    user: '',
    language: '',
    time_zone: '',
  });
  expect(initialValues(itemType('subscription').fields, DEFAULT_SETTINGS)).toMatchObject({
    channel: '*',
    scope_type: 'all',
    progress_every: 25,
    digest_minutes: 0,
    digest_daily_at: '',
    reasons: expect.arrayContaining(['failed', 'stalled', 'finished']) as unknown,
  });
});

test('reasons come as an array, as words, or with commas where one has a space', () => {
  expect(write('subscription', 'reasons', ['failed', 'install loop'])).toEqual(['failed', 'install loop']);
  expect(write('subscription', 'reasons', 'failed stalled')).toEqual(['failed', 'stalled']);
  expect(write('subscription', 'reasons', 'failed, install loop, failed')).toEqual(['failed', 'install loop']);
});

test.each<[string, string, ItemValue, string]>([
  ['subscription', 'reasons', ['boredom'], 'boredom is not a reason'],
  ['subscription', 'channel', 'pigeon', 'channel choices include'],
  ['subscription', 'scope_type', 'rack', 'scope_type choices include'],
  ['subscription', 'progress_every', 140, 'from 0 (never) to 100'],
  ['subscription', 'digest_daily_at', '25:00', 'HH:MM'],
  ['subscription', 'digest_daily_at', '7:30', 'HH:MM'],
  ['subscription', 'scope', 'web1\r\nBcc: x', 'Line breaks'],
  ['contact', 'time_zone', 'Mars/Olympus', 'IANA'],
  ['contact', 'language', 'en us', 'language tag'],
  ['contact', 'user', 'a\nb', 'Line breaks'],
  ['contact', 'name', 'a b', 'Invalid characters in name'],
])('%s: %s %j is refused with a reason', (type, field, value, reason) => {
  expect(() => write(type, field, value)).toThrow(reason);
});

test('times and zones that exist are taken as they are', () => {
  expect(write('subscription', 'digest_daily_at', '07:30')).toBe('07:30');
  expect(write('contact', 'time_zone', 'Europe/Berlin')).toBe('Europe/Berlin');
  expect(write('contact', 'language', 'de-CH')).toBe('de-CH');
});
