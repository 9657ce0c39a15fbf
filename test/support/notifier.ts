import type { Knex } from 'knex';
import { createNotificationDecider } from '../../src/actions/decide-notifications';
import { deliverNotifications } from '../../src/actions/deliver-notifications';
import { formDeliveries } from '../../src/actions/form-deliveries';
import { createSilentLog, type Log } from '../../src/log';
import { CHANNELS } from '../../src/notify';
import type { Channel, DeliveryResult, Notifier, RenderedDelivery } from '../../src/notify/notifier';
import { createStore, type Store } from '../../src/store';
import { at } from './builders';
import { startWritePath, type TestServer } from './write-path';

/** A sender that keeps what it is given and answers what it is told to. */
export interface TestSender extends Notifier {
  sent: RenderedDelivery[];
  /** What the next sends answer; everything goes well when empty or undefined. */
  answer: ((delivery: RenderedDelivery) => DeliveryResult | Promise<DeliveryResult>) | undefined;
}

/** A sender in memory, for tests of what happens around sending. */
export function createTestSender(): TestSender {
  const sender: TestSender = {
    sent: [],
    answer: undefined,
    async send(delivery) {
      const result = (await sender.answer?.(delivery)) ?? { ok: true, reference: `ref-${delivery.id}` };
      if (result.ok) sender.sent.push(delivery);
      return result;
    },
    close: () => Promise.resolve(),
  };
  return sender;
}

/** One server: write path, forming and sending, over a clock that only tests move. */
export interface TestNotifier {
  server: TestServer;
  store: Store;
  email: TestSender;
  sms: TestSender;
  /** Forms what is due and sends what is due until nothing is left to do at this moment. */
  settle(): Promise<void>;
  form(): Promise<boolean>;
  send(kind?: Channel['kind']): Promise<boolean>;
  /** Moves the clock. */
  pass(ms: number): void;
}

export const GROUP_WAIT_MS = 30_000;

/** Starts a server at 10:00; several over pools of their own are servers of one database. */
export function startNotifier(knex: Knex, options: { server?: string; log?: Log; random?: number } = {}): TestNotifier {
  const name = options.server ?? 'a';
  const server = startWritePath(knex, { server: name, notifications: createNotificationDecider() });
  const store = createStore(knex);
  const senders = { email: createTestSender(), sms: createTestSender() };
  const now = (): number => server.now;
  let ids = 0;
  const notifier: TestNotifier = {
    server,
    store,
    ...senders,
    form: () =>
      formDeliveries({
        store,
        now,
        channels: CHANNELS,
        groupWaitMs: GROUP_WAIT_MS,
        publicUrl: 'https://kickwatch.example.org',
        newId: () => `${name}-${(ids += 1)}`,
      }),
    send: (kind = 'email') =>
      deliverNotifications({
        store,
        now,
        server: name,
        channel: CHANNELS.find((channel) => channel.kind === kind)!,
        notifier: senders[kind],
        log: options.log ?? createSilentLog(),
        random: () => options.random ?? 0.5,
      }),
    async settle() {
      while (await notifier.form());
      while (await notifier.send('email'));
      while (await notifier.send('sms'));
    },
    pass(ms) {
      server.now += ms;
    },
  };
  return notifier;
}

/** Stores a contact the way the item table does. */
export async function addContact(knex: Knex, name: string, data: object = {}): Promise<void> {
  const values = { email: [`${name}@example.org`], sms: [], enabled: true, ...data };
  await knex('contacts').insert({ name, uid: `c-${name}`, ctime: 0, mtime: 0, data: JSON.stringify(values) });
  await knex('audience_version').increment('version');
}

/** Stores a subscription the way the item table does. */
export async function addSubscription(knex: Knex, name: string, contact: string, data: object = {}): Promise<void> {
  const values = {
    channel: 'email',
    reasons: ['stalled', 'failed', 'terminated', 'finished', 'recovered'],
    scope_type: 'all',
    scope: '',
    progress_every: 25,
    digest_minutes: 0,
    digest_daily_at: '',
    enabled: true,
    ...data,
  };
  await knex('subscriptions').insert({
    name,
    uid: `s-${name}`,
    ctime: 0,
    mtime: 0,
    contact,
    data: JSON.stringify(values),
  });
  await knex('audience_version').increment('version');
}

/** 10:00, when test servers start. */
export const START = at('10:00');
