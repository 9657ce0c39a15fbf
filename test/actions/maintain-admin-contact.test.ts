import { maintainAdminContact } from '../../src/actions/maintain-admin-contact';
import type { InventoryDeps } from '../../src/actions/inventory-deps';
import { addItem, editItem } from '../../src/actions/edit-item';
import { itemType } from '../../src/domain/inventory';
import { createStore } from '../../src/store';
import { isTransactionConflict, isUniqueViolation } from '../../src/store/errors';
import { loadSettings } from '../../src/settings';
import { openTestDatabase, type TestDatabase } from '../support/database';

let database: TestDatabase;
let deps: InventoryDeps;
beforeAll(async () => {
  database = await openTestDatabase();
  const { settings } = await loadSettings(null);
  deps = {
    store: createStore(database.knex),
    settings,
    now: () => Date.parse('2026-11-22T10:00:00Z'),
    fileExists: () => Promise.resolve(true),
    isWriteConflict: (error) => isTransactionConflict(error) || isUniqueViolation(error),
    onInventoryChange: () => Promise.resolve(),
  };
});
afterAll(() => database.close());
beforeEach(() => database.truncate());

const start = (email: string[], sms: string[] = []) => maintainAdminContact(deps, { email, sms });
const audience = () => deps.store.contacts.loadAudience();
const admin = async () => (await audience()).contacts.find((contact) => contact.name === 'admin');

test('the settings make admin and subscribe it: mail for all but the frequent reasons, SMS for problems', async () => {
  await start(['ops@example.org', 'noc@example.org'], ['+4930123456']);
  expect(await admin()).toMatchObject({
    addresses: { email: ['ops@example.org', 'noc@example.org'], sms: ['+4930123456'] },
    enabled: true,
  });
  const { subscriptions } = await audience();
  expect(subscriptions).toMatchObject([
    { name: 'admin-email', contact: 'admin', channel: 'email', scope: { kind: 'all' }, enabled: true },
    {
      name: 'admin-sms',
      contact: 'admin',
      channel: 'sms',
      reasons: ['failed', 'stalled', 'terminated'],
      enabled: true,
    },
  ]);
  expect([...subscriptions[0]!.reasons].sort()).toEqual(
    ['failed', 'finished', 'install loop', 'recovered', 'stalled', 'suspicious', 'terminated', 'waiting'].sort(),
  );
});

test('a second start with the same settings changes nothing', async () => {
  expect(await start(['ops@example.org'])).toEqual(['admin', 'admin-email']);
  const before = await database.knex('contacts').select();
  expect(await start(['ops@example.org'])).toEqual([]);
  expect(await database.knex('contacts').select()).toEqual(before);
});

test('two servers that start together make one admin', async () => {
  await Promise.all([start(['ops@example.org']), start(['ops@example.org'])]);
  expect((await audience()).contacts).toHaveLength(1);
});

test('the write path hears of the change', async () => {
  const version = () => database.knex('audience_version').first('version');
  const before = (await version()) as { version: number };
  await start(['ops@example.org']);
  expect(((await version()) as { version: number }).version).toBeGreaterThan(before.version);
});

test('a changed setting moves the address and keeps what people added', async () => {
  await start(['ops@example.org']);
  await editItem(deps, { type: itemType('contact'), name: 'admin', by: 'cobbler' }, async (draft) => {
    await draft.write('email', ['ops@example.org', 'private@example.org']);
  });
  await start(['noc@example.org']);
  expect((await admin())!.addresses.email).toEqual(['private@example.org', 'noc@example.org']);
});

test('a setting that is gone takes its addresses along and disables its subscription only', async () => {
  await addItem(deps, { type: itemType('contact'), name: 'admin', by: 'cobbler' }, async (draft) => {
    await draft.write('name', 'admin');
    await draft.write('email', ['private@example.org']);
  });
  await start(['ops@example.org', 'private@example.org']);
  await addItem(deps, { type: itemType('subscription'), name: 'mine', by: 'cobbler' }, async (draft) => {
    await draft.write('name', 'mine');
    await draft.write('contact', 'admin');
  });
  await start([]);
  expect((await admin())!.addresses.email).toEqual(['private@example.org']);
  const { subscriptions } = await audience();
  expect(subscriptions.map(({ name, enabled }) => [name, enabled])).toEqual([
    ['admin-email', false],
    ['mine', true],
  ]);
  await start(['ops@example.org']);
  expect((await audience()).subscriptions.find(({ name }) => name === 'admin-email')!.enabled).toBe(true);
});

test('without settings nothing is made and nothing is touched', async () => {
  expect(await start([])).toEqual([]);
  expect((await audience()).contacts).toEqual([]);
});

test('an address of the settings that had been refused is tried again after a start', async () => {
  await database.knex('disabled_addresses').insert({
    channel: 'email',
    address: 'ops@example.org',
    failure: 'address refused',
    detail: '',
    delivery_id: 'x',
    disabled_at: new Date(),
  });
  await start(['ops@example.org']);
  expect(await database.knex('disabled_addresses').select()).toEqual([]);
});
