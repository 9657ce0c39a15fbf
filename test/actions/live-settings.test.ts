import { createLiveSettings, type LiveSettings } from '../../src/actions/live-settings';
import type { ItemValue } from '../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => database.truncate());

const start = (file: Record<string, ItemValue> = {}): LiveSettings =>
  createLiveSettings({
    store: createStore(database.knex),
    fromFile: { ...DEFAULT_SETTINGS, allow_dynamic_settings: true, ...file },
    now: () => 0,
    log: { info: () => undefined, warn: () => undefined },
  });

test('a changed setting is seen by every server and comes before the file after a restart', async () => {
  const [one, two] = [start(), start()];
  const held = two.values;
  expect(await one.modify('server', 'kick.example.com', 'jane')).toBe(true);
  expect(one.values.server).toBe('kick.example.com');
  expect(await two.refresh()).toEqual(['server']);
  expect(held.server).toBe('kick.example.com');
  const again = start({ server: 'from.the.file' });
  await again.refresh();
  expect(again.values.server).toBe('kick.example.com');
});

test('nothing can be changed unless the settings allow it', async () => {
  const settings = start({ allow_dynamic_settings: false });
  expect(await settings.modify('server', 'x', null)).toBe(false);
  expect(await createStore(database.knex).settings.load()).toEqual({});
});

test.each<[string, ItemValue, ItemValue | undefined]>([
  ['enable_menu', 0, false],
  ['enable_menu', '1', true],
  ['enable_menu', 'false', undefined],
  ['auth_token_expiration', '7200', 7200],
  ['auth_token_expiration', 1, undefined],
  ['auth_token_expiration', -5, undefined],
  ['http_port', 70_000, undefined],
  ['http_port', 80.5, undefined],
  ['default_virt_file_size', '7.5', 7.5],
  ['default_ownership', 'jane "joe b"', ['jane', 'joe b']],
  ['default_ownership', ['jane'], ['jane']],
  ['kernel_options', 'quiet a=1', { quiet: null, a: '1' }],
  ['server', ['x'], undefined],
  ['no_such_setting', 'x', undefined],
  ['__proto__', 'x', undefined],
])('%s written as %j becomes %j', async (name, written, expected) => {
  const settings = start();
  const before = settings.values[name];
  expect(await settings.modify(name, written, null)).toBe(expected !== undefined);
  expect(settings.values[name]).toEqual(expected ?? before);
});

test('what is shown instead of a secret does not replace it', async () => {
  const settings = start({ default_password_crypted: '$6$real' });
  expect(await settings.modify('default_password_crypted', '********', null)).toBe(true);
  expect(settings.values.default_password_crypted).toBe('$6$real');
});
