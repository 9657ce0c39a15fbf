import { createDigestStep } from '../../src/actions/send-digests';
import { sendStatus, sendTest, type SendDeps } from '../../src/actions/send-status';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addContact, addSubscription, startNotifier, type TestNotifier } from '../support/notifier';
import { addSystems } from '../support/write-path';

const MINUTE = 60_000;
const HOUR = 60 * MINUTE;

let database: TestDatabase;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: [], web2: [] });
  await addContact(database.knex, 'ann', { sms: ['+4930123456'] });
});

const about = (name: string) => ({ target: { type: null, name, address: null } });
const texts = (site: TestNotifier): string[] => site.email.sent.map((delivery) => delivery.content.subject);

function depsOf(site: TestNotifier, rest: Partial<SendDeps> = {}): SendDeps {
  let ids = 0;
  const newId = (): string => `r${(ids += 1)}`;
  return { store: site.store, now: () => site.server.now, newId, channels: ['email', 'sms'], ...rest };
}

describe('asking for the status', () => {
  test('sends it at once, to the first channel of the contact, with the newest run of each machine', async () => {
    const site = startNotifier(database.knex);
    await site.server.say('install-failed', {}, about('web1'));
    site.pass(HOUR);
    await site.server.say('progress-reported', { phase: 'packages', percent: 40 }, about('web2'));
    await site.server.say('install-started', {}, about('web1'));
    const answer = await sendStatus(depsOf(site), { limit: 100 }, ['ann'], 'cobbler');
    await site.settle();
    expect(answer).toEqual({ contacts: ['ann'], runs: 2 });
    expect(texts(site)).toEqual(['Kickwatch on demand: 2 installing']);
    const { text } = site.email.sent[0]!.content;
    expect(text).toContain('Asked for by cobbler.');
    expect(text).toContain('web1 installing: config');
    expect(text).toContain('web2 installing: packages, 40 %');
    expect(site.sms.sent).toEqual([]);
  });

  test('of one machine names it and the word', async () => {
    const site = startNotifier(database.knex);
    await site.server.say('install-finished', {}, about('web1'));
    await sendStatus(depsOf(site), { system: 'web1', limit: 100 }, ['ann'], 'cobbler');
    await site.settle();
    expect(texts(site)).toEqual(['web1 on demand: finished']);
  });

  test('takes a channel that can send', async () => {
    const site = startNotifier(database.knex);
    await site.server.say('install-finished', {}, about('web1'));
    await sendStatus(depsOf(site, { channels: ['sms'] }), { limit: 100 }, ['ann'], 'cobbler');
    await site.settle();
    expect(site.sms.sent).toHaveLength(1);
  });

  test('without a name goes to the contacts of the user who asks', async () => {
    await addContact(database.knex, 'pager', { user: 'olga' });
    await addContact(database.knex, 'olga');
    const site = startNotifier(database.knex);
    await site.server.say('install-finished', {}, about('web1'));
    expect((await sendStatus(depsOf(site), { limit: 100 }, [], 'olga')).contacts).toEqual(['pager']);
    expect((await sendStatus(depsOf(site), { limit: 100 }, [], 'ann')).contacts).toEqual(['ann']);
  });

  test.each([
    ['an unknown contact', ['bob'], ['email'], 'No contact is called "bob".'],
    ['nobody', [], ['email'], 'No contact belongs to the user "cobbler"; name whom to tell.'],
    ['somebody without an address', ['mute'], ['email', 'sms'], 'The contact "mute" has no address for email or sms.'],
    [
      'anybody while nothing is set up',
      ['ann'],
      [],
      'Nothing can be sent: neither SMTP_URL nor TWILIO_ACCOUNT_SID is set.',
    ],
  ])('for %s says what is wrong and sends nothing', async (_who, contacts, channels, sentence) => {
    await addContact(database.knex, 'mute', { email: [] });
    const site = startNotifier(database.knex);
    await site.server.say('install-finished', {}, about('web1'));
    await expect(sendStatus(depsOf(site, { channels }), { limit: 100 }, contacts, 'cobbler')).rejects.toThrow(sentence);
    expect(await database.knex('notifications').where('seq', 0)).toEqual([]);
  });

  test('of machines that have no run says so', async () => {
    const site = startNotifier(database.knex);
    await expect(sendStatus(depsOf(site), { system: 'web9', limit: 1 }, ['ann'], 'cobbler')).rejects.toThrow(
      'No run matches; nothing was sent.',
    );
  });
});

test('a trial goes to every address of the contact, and enables those it reaches', async () => {
  await database.knex('disabled_addresses').insert({
    channel: 'email',
    address: 'ann@example.org',
    failure: 'address refused',
    detail: '',
    delivery_id: 'x',
    disabled_at: new Date(),
  });
  const site = startNotifier(database.knex);
  await sendTest(depsOf(site), ['ann'], 'cobbler');
  await site.settle();
  expect(texts(site)).toEqual(['Kickwatch test']);
  expect(site.sms.sent).toHaveLength(1);
  expect(await database.knex('disabled_addresses').select()).toEqual([]);
});

describe('digests', () => {
  const steps = (site: TestNotifier, count = 1) =>
    Array.from({ length: count }, () => createDigestStep({ store: site.store, now: () => site.server.now }));

  test('come every so often while something runs, from one of several servers', async () => {
    await addSubscription(database.knex, 'ann-digest', 'ann', { reasons: [], digest_minutes: 60 });
    const site = startNotifier(database.knex);
    site.server.now += 30 * MINUTE;
    await site.server.say('install-started', {}, about('web1'));
    const servers = steps(site, 3);
    for (const at of [0, 29, 30, 31]) {
      site.server.now = Date.parse('2026-11-22T10:30:00Z') + at * MINUTE;
      for (const step of servers) await step();
      await site.settle();
    }
    expect(texts(site)).toEqual(['Kickwatch digest: 1 installing']);
    expect(site.email.sent[0]!.content.text).toContain('Every 60 minutes while something runs.');
  });

  test('say what ended since the one before, once', async () => {
    await addSubscription(database.knex, 'ann-digest', 'ann', { reasons: [], digest_minutes: 60 });
    const site = startNotifier(database.knex);
    const [step] = steps(site);
    await step!();
    site.pass(10 * MINUTE);
    await site.server.say('install-finished', {}, about('web1'));
    await site.server.say('progress-reported', { phase: 'post', percent: 91 }, about('web2'));
    for (let hour = 0; hour < 2; hour += 1) {
      site.server.now = Date.parse('2026-11-22T11:00:10Z') + hour * HOUR;
      await step!();
      await site.settle();
    }
    expect(texts(site)).toEqual(['Kickwatch digest: 1 installing, 1 finished', 'Kickwatch digest: 1 installing']);
  });

  test('are not sent while nothing runs, save for the daily one, which shows that the server is alive', async () => {
    await addSubscription(database.knex, 'ann-digest', 'ann', {
      reasons: [],
      digest_minutes: 60,
      digest_daily_at: '12:00',
    });
    const site = startNotifier(database.knex);
    const [step] = steps(site);
    for (const hour of [0, 1, 2, 3]) {
      site.server.now = Date.parse('2026-11-22T10:00:10Z') + hour * HOUR;
      await step!();
      await site.settle();
    }
    expect(texts(site)).toEqual(['Kickwatch digest: no runs']);
    expect(site.email.sent[0]!.content.text).toContain('Daily at 12:00. Nothing runs; the server is alive.');
  });

  test('that a server missed are made up for when they are daily and no older than an hour', async () => {
    await addSubscription(database.knex, 'ann-digest', 'ann', { digest_minutes: 60, digest_daily_at: '09:30' });
    const site = startNotifier(database.knex);
    await site.server.say('install-started', {}, about('web1'));
    await steps(site)[0]!();
    await site.settle();
    expect(texts(site)).toEqual(['Kickwatch digest: 1 installing']);
    expect(site.email.sent[0]!.content.text).toContain('Daily at 09:30.');
    site.pass(MINUTE);
    await steps(site)[0]!();
    await site.settle();
    expect(texts(site)).toHaveLength(1);
  });

  test('tell of the scope of their subscription only', async () => {
    await addSubscription(database.knex, 'ann-digest', 'ann', {
      reasons: [],
      digest_minutes: 60,
      scope_type: 'system',
      scope: 'web2',
    });
    const site = startNotifier(database.knex);
    const [step] = steps(site);
    await step!();
    await site.server.say('install-started', {}, about('web1'));
    site.server.now = Date.parse('2026-11-22T11:00:10Z');
    await step!();
    await site.settle();
    expect(texts(site)).toEqual([]);
  });
});

test('the audience is read as the items say it', async () => {
  await addContact(database.knex, 'bob', { enabled: false, time_zone: 'Europe/Berlin' });
  await addSubscription(database.knex, 'bob-all', 'bob', { channel: '*', digest_minutes: 15, progress_every: 0 });
  const { contacts, subscriptions } = await createStore(database.knex).contacts.loadAudience();
  expect(contacts).toEqual([
    { name: 'ann', addresses: { email: ['ann@example.org'], sms: ['+4930123456'] }, timeZone: null, enabled: true },
    { name: 'bob', addresses: { email: ['bob@example.org'], sms: [] }, timeZone: 'Europe/Berlin', enabled: false },
  ]);
  expect(subscriptions).toEqual([
    {
      name: 'bob-all',
      contact: 'bob',
      channel: '*',
      scope: { kind: 'all', value: '' },
      reasons: ['stalled', 'failed', 'terminated', 'finished', 'recovered'],
      progressEvery: 0,
      digestMinutes: 15,
      digestAt: null,
      enabled: true,
    },
  ]);
});
