import { deliverNotifications } from '../../src/actions/deliver-notifications';
import { LEASE_MS, LONGEST_RETRY_MS } from '../../src/domain/delivery';
import { CHANNELS } from '../../src/notify';
import type { DeliveryResult } from '../../src/notify/notifier';
import { connect, type Database } from '../../src/store/connect';
import { createSilentLog, type Log, type LogFields } from '../../src/log';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addContact, addSubscription, GROUP_WAIT_MS, startNotifier, type TestNotifier } from '../support/notifier';
import { startSmtpServer } from '../support/smtp';
import { addSystems } from '../support/write-path';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let database: TestDatabase;
const others: Database[] = [];
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(async () => {
  for (const other of others) await other.close();
  await database.close();
});
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: ['192.0.2.1'], web2: ['192.0.2.2'], web3: [], web4: [] });
  await addContact(database.knex, 'ann');
  await addSubscription(database.knex, 'ann-mail', 'ann');
});

/** A second server of the same database: over a pool of its own, where that is possible. */
async function another(name: string): Promise<TestNotifier> {
  if (database.embedded) return startNotifier(database.knex, { server: name });
  const opened = await connect({ databaseUrl: database.databaseUrl, dataDir: database.dataDir });
  others.push(opened);
  return startNotifier(opened.knex, { server: name });
}

const about = (name: string) => ({ target: { type: null, name, address: null } });
const fail = (site: TestNotifier, name = 'web1') =>
  site.server.say('install-failed', { error: { text: 'disk full' } }, about(name));

const later: DeliveryResult = { ok: false, retry: true, reason: 'server error', detail: 'try later' };
const refused: DeliveryResult = { ok: false, retry: false, reason: 'address refused', detail: '550 no such user' };

const subjects = (site: TestNotifier): string[] => site.email.sent.map((delivery) => delivery.content.subject);
const statuses = (): Promise<string[]> => database.knex('deliveries').orderBy('number').pluck('status');

describe('a problem becomes a message', () => {
  test('once its grouping window has closed, and not before', async () => {
    const site = startNotifier(database.knex);
    await fail(site);
    site.pass(GROUP_WAIT_MS - 1);
    await site.settle();
    expect(site.email.sent).toEqual([]);
    site.pass(1);
    await site.settle();
    expect(site.email.sent).toMatchObject([
      { contact: 'ann', address: 'ann@example.org', content: { subject: 'web1 failed: disk full' } },
    ]);
    site.pass(HOUR);
    await site.settle();
    expect(site.email.sent).toHaveLength(1);
  });

  test('for every address of the contact, each under an id of its own', async () => {
    await addContact(database.knex, 'ops', { email: ['a@example.org', 'b@example.org'] });
    await addSubscription(database.knex, 'ops-mail', 'ops');
    const site = startNotifier(database.knex);
    await fail(site);
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(site.email.sent.map((delivery) => delivery.address).sort()).toEqual([
      'a@example.org',
      'ann@example.org',
      'b@example.org',
    ]);
    expect(new Set(site.email.sent.map((delivery) => delivery.id)).size).toBe(3);
  });

  test('together with its ending when both fall into one window', async () => {
    const site = startNotifier(database.knex);
    await site.server.say('install-failed', { error: { text: 'traceback' }, inferred: true });
    site.pass(5_000);
    await site.server.say('install-finished');
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(site.email.sent).toHaveLength(1);
    const text = site.email.sent[0]!.content.text;
    expect(text).toContain('web1 failed: traceback');
    expect(text).toContain('web1 finished');
  });

  test('together with those of other machines, and names what they have in common', async () => {
    const site = startNotifier(database.knex);
    await site.server.say('install-started', {}, about('web4'));
    for (const name of ['web1', 'web2', 'web3']) {
      await fail(site, name);
      site.pass(2_000);
    }
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(subjects(site)).toEqual(['3 of 4 runs failed within 4 s: web1, web2, web3']);
    expect(site.email.sent[0]!.content.text).toContain('error “disk full”, profile web (3 of its 4 runs)');
  });

  test('with what the inventory knows of the machine', async () => {
    await database.knex('interfaces').update({ mac: '52:54:00:00:00:01' }).where({ ip: '192.0.2.1' });
    const site = startNotifier(database.knex);
    await site.server.say('install-failed', { error: { text: 'disk full' }, address: '192.0.2.1' });
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(site.email.sent[0]!.content.text).toContain('web1 · 52:54:00:00:00:01 · 192.0.2.1');
  });

  test('for who was told it broke, the ending too, after the subscription is gone', async () => {
    const site = startNotifier(database.knex);
    await site.server.say('install-failed', { error: { text: 'traceback' }, inferred: true });
    await database.knex('subscriptions').del();
    await database.knex('audience_version').increment('version');
    site.pass(MINUTE);
    await site.settle();
    await site.server.say('install-finished');
    site.pass(MINUTE);
    await site.settle();
    expect(subjects(site)).toEqual(['web1 failed: traceback', 'web1 finished']);
  });

  test('or none when the contact has lost its address, and that is noted', async () => {
    const site = startNotifier(database.knex);
    await fail(site);
    await database.knex('contacts').del().where({ name: 'nobody' });
    await database.knex('contacts').update({ data: JSON.stringify({ email: [], sms: [] }) });
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(await database.knex('notifications').pluck('outcome')).toEqual(['no address']);
  });
});

describe('sending', () => {
  test('that fails for now is tried again later, under the same id, and every attempt is on record', async () => {
    const site = startNotifier(database.knex);
    const ids: string[] = [];
    site.email.answer = (delivery) => {
      ids.push(delivery.id);
      return ids.length < 3 ? later : { ok: true, reference: 'queued as 7' };
    };
    await fail(site);
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(await statuses()).toEqual(['pending']);
    site.pass(LONGEST_RETRY_MS);
    await site.settle();
    site.pass(LONGEST_RETRY_MS);
    await site.settle();
    expect(await statuses()).toEqual(['sent']);
    expect(new Set(ids).size).toBe(1);
    const attempts = await database
      .knex<object>('delivery_attempts')
      .orderBy('attempt')
      .select('attempt', 'server', 'outcome', 'failure', 'detail', 'reference');
    expect(attempts).toEqual([
      { attempt: 1, server: 'a', outcome: 'retry', failure: 'server error', detail: 'try later', reference: null },
      { attempt: 2, server: 'a', outcome: 'retry', failure: 'server error', detail: 'try later', reference: null },
      { attempt: 3, server: 'a', outcome: 'sent', failure: null, detail: null, reference: 'queued as 7' },
    ]);
  });

  test('keeps the order of messages to one address', async () => {
    const site = startNotifier(database.knex);
    site.email.answer = () => later;
    await site.server.say('install-failed', { error: { text: 'traceback' }, inferred: true });
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    site.email.answer = undefined;
    await site.server.say('install-finished');
    site.pass(GROUP_WAIT_MS);
    await site.form();
    // The first is not due again yet: the second must not overtake it.
    await database
      .knex('deliveries')
      .where({ status: 'pending', attempts: 1 })
      .update({
        next_attempt_at: new Date(site.server.now + MINUTE),
      });
    await site.send();
    expect(site.email.sent).toEqual([]);
    site.pass(MINUTE);
    await site.settle();
    expect(subjects(site)).toEqual(['web1 failed: traceback', 'web1 finished']);
  });

  test('of an old progress report is left undone', async () => {
    await addContact(database.knex, 'bob');
    await addSubscription(database.knex, 'bob-mail', 'bob', { reasons: ['progress'] });
    const site = startNotifier(database.knex);
    site.email.answer = () => later;
    await site.server.say('progress-reported', { percent: 55 });
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    site.pass(HOUR);
    site.email.answer = undefined;
    await site.settle();
    expect(site.email.sent).toEqual([]);
    expect(await statuses()).toEqual(['expired']);
  });

  test('of news that waited too long for a server is left undone as well', async () => {
    await addContact(database.knex, 'bob');
    await addSubscription(database.knex, 'bob-mail', 'bob', { reasons: ['progress'] });
    const site = startNotifier(database.knex);
    await site.server.say('progress-reported', { percent: 55 });
    site.pass(HOUR);
    await site.settle();
    expect(site.email.sent).toEqual([]);
    expect(await database.knex('notifications').pluck('outcome')).toEqual(['expired']);
  });

  test('to an address that is refused for good ends, disables it, and tells administrators on another channel', async () => {
    await addContact(database.knex, 'admin', { sms: ['+4930123456'] });
    const site = startNotifier(database.knex);
    site.email.answer = (delivery) => (delivery.contact === 'ann' ? refused : { ok: true, reference: '' });
    await fail(site);
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(await database.knex('disabled_addresses').select('channel', 'address', 'failure')).toEqual([
      { channel: 'email', address: 'ann@example.org', failure: 'address refused' },
    ]);
    await site.settle();
    expect(site.sms.sent.map((delivery) => delivery.content.text)).toEqual([
      'Kickwatch undeliverable: email to ann (a***@example.org): address refused, 550 no such user',
    ]);
    await fail(site, 'web2');
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(site.email.sent.map((delivery) => delivery.contact)).toEqual(['admin', 'admin']);
  });

  test('never repeats the address of a person in a log', async () => {
    const lines: string[] = [];
    const note = (message: string, fields?: LogFields): void => void lines.push(message + JSON.stringify(fields));
    const log: Log = { ...createSilentLog(), info: note, warn: note, error: note };
    const site = startNotifier(database.knex, { log });
    site.email.answer = () => ({ ...refused, detail: '550 <ann@example.org> unknown' });
    await fail(site);
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(lines).toHaveLength(1);
    expect(lines.join()).not.toContain('ann@example.org');
  });

  test('stops before the wire when a stored address is none', async () => {
    await database
      .knex('contacts')
      .update({ data: JSON.stringify({ email: ['ann@example.org\r\nBcc: eve@example.org'] }) });
    await database.knex('audience_version').increment('version');
    const site = startNotifier(database.knex);
    await fail(site);
    site.pass(GROUP_WAIT_MS);
    await site.settle();
    expect(site.email.sent).toEqual([]);
    expect(await statuses()).toEqual(['failed']);
  });
});

describe('a server that dies', () => {
  test('after it claimed a message leaves it to others when its lease is over, under the same id', async () => {
    const dead = startNotifier(database.knex, { server: 'dead' });
    await fail(dead);
    dead.pass(GROUP_WAIT_MS);
    await dead.form();
    const { claimed } = await dead.store.deliveries.claim({
      channel: 'email',
      server: 'dead',
      now: dead.server.now,
      leaseUntil: dead.server.now + LEASE_MS,
      limit: 10,
    });
    const site = await another('b');
    site.server.now = dead.server.now + LEASE_MS - 1;
    expect(await site.send()).toBe(false);
    site.pass(1);
    await site.settle();
    expect(site.email.sent.map((delivery) => delivery.id)).toEqual(claimed.map((delivery) => delivery.id));
    const attempts = await database.knex('delivery_attempts').orderBy('attempt').select('server', 'outcome');
    expect(attempts).toEqual([
      { server: 'dead', outcome: null },
      { server: 'b', outcome: 'sent' },
    ]);
  });

  test('only in its own opinion cannot settle what another one holds', async () => {
    const slow = startNotifier(database.knex, { server: 'slow' });
    const site = await another('b');
    await fail(slow);
    slow.pass(GROUP_WAIT_MS);
    await slow.form();
    slow.email.answer = async () => {
      site.server.now = slow.server.now + LEASE_MS;
      await site.send();
      return refused;
    };
    await slow.send();
    expect(site.email.sent).toHaveLength(1);
    expect(await statuses()).toEqual(['sent']);
    expect(await database.knex('disabled_addresses').select()).toEqual([]);
  });
});

describe('several servers', () => {
  test('form and send every message once', async () => {
    const names = Array.from({ length: 30 }, (_, index) => `m${index}`);
    for (const name of names) {
      await addContact(database.knex, name);
      await addSubscription(database.knex, `${name}-mail`, name);
    }
    const sites = [startNotifier(database.knex), await another('b'), await another('c')];
    await fail(sites[0]!);
    for (const site of sites) site.server.now = sites[0]!.server.now + GROUP_WAIT_MS;
    await Promise.all(sites.map((site) => site.settle()));
    await Promise.all(sites.map((site) => site.settle()));
    const sent = sites.flatMap((site) => site.email.sent.map((delivery) => delivery.contact));
    expect(sent.sort()).toEqual([...names, 'ann'].sort());
  });
});

test('a burst of a thousand machines is one message, and costs no more than a moment', async () => {
  const site = startNotifier(database.knex);
  const names = Array.from({ length: 1000 }, (_, index) => `n${index}`);
  await addSystems(database.knex, Object.fromEntries(names.map((name) => [name, []])));
  await site.server.intake.submit({
    caller: { peer: null, authority: 'internal' },
    drafts: names.map((name) => ({
      ...{ source: 'x', receivedAt: site.server.now, claimedAt: null, dedupeKey: null, runId: null },
      kind: 'install-failed' as const,
      target: { type: null, name, address: null },
      detail: { error: { text: `no route to mirror from ${name}` } },
    })),
  });
  site.pass(GROUP_WAIT_MS);
  await site.settle();
  expect(subjects(site)).toHaveLength(1);
  expect(subjects(site)[0]).toMatch(/^1000 runs failed .*n0, n1.* and 9\d\d more$/);
  expect(site.email.sent[0]!.content.text.length).toBeLessThan(100_000);
  expect(site.email.sent[0]!.content.text).toContain('\nand 500 more\n');
}, 60_000);

test('a message goes the whole way to a real mail server', async () => {
  const smtp = await startSmtpServer();
  const channel = CHANNELS.find(({ kind }) => kind === 'email')!;
  const notifier = channel.create({ smtpUrl: smtp.url, mailFrom: 'kickwatch@example.org', twilio: null })!;
  try {
    const site = startNotifier(database.knex);
    await fail(site);
    site.pass(GROUP_WAIT_MS);
    await site.form();
    const deps = {
      store: site.store,
      now: () => site.server.now,
      server: 'a',
      log: createSilentLog(),
      random: () => 0,
    };
    expect(await deliverNotifications({ ...deps, channel, notifier })).toBe(true);
    const [mail] = await smtp.waitFor(1);
    expect(mail).toMatchObject({ to: ['ann@example.org'], subject: 'web1 failed: disk full' });
    expect(mail!.headers['message-id']).toBe('<a-1@kickwatch.example.org>');
    expect(await statuses()).toEqual(['sent']);
  } finally {
    await notifier.close();
    await smtp.close();
  }
});
