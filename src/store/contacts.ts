import type { Knex } from 'knex';
import { CHANNEL_KINDS, type Audience, type Contact, type ScopeKind, type Subscription } from '../domain/notification';
import type { Reason } from '../domain/notification';

/** Fields of a contact and a subscription as the item tables keep them. Missing ones have their default. */
interface ContactRow {
  name: string;
  data: { email?: string[]; sms?: string[]; time_zone?: string; enabled?: boolean; user?: string };
}

interface SubscriptionRow {
  name: string;
  contact: string;
  data: {
    channel: string;
    reasons: Reason[];
    scope_type: ScopeKind;
    scope: string;
    progress_every: number;
    digest_minutes: number;
    digest_daily_at: string;
    enabled: boolean;
  };
}

/** An address that is not written to any more. */
export interface DisabledAddress {
  channel: string;
  address: string;
}

/** People to be told, read from the items `contact` and `subscription`, and what is known of their addresses. */
export function createContactStore(db: Knex) {
  return {
    /** All contacts and subscriptions, disabled ones included. In one statement: they belong together. */
    async loadAudience(): Promise<Audience> {
      const { rows } = await db.raw<{
        rows: { contacts: ContactRow[] | null; subscriptions: SubscriptionRow[] | null }[];
      }>(
        `select (select json_agg(json_build_object('name', name, 'data', data) order by id) from contacts) as contacts,
                (select json_agg(json_build_object('name', name, 'contact', contact, 'data', data) order by id)
                 from subscriptions) as subscriptions`,
      );
      return {
        contacts: (rows[0]?.contacts ?? []).map(toContact),
        subscriptions: (rows[0]?.subscriptions ?? []).map(toSubscription),
      };
    },

    /** The contacts of these names; those that do not exist are missing. */
    async find(names: readonly string[]): Promise<Contact[]> {
      const rows = await db<ContactRow>('contacts')
        .whereIn('name', names as string[])
        .orderBy('id')
        .select('name', 'data');
      return rows.map(toContact);
    },

    /** Names of the contacts that a user of the API is: those whose field `user` says so, else the one of that name. */
    async findOfUser(user: string): Promise<string[]> {
      const rows = await db<ContactRow>('contacts')
        .whereRaw(`data ->> 'user' = ?`, [user])
        .orWhere('name', user)
        .orderBy('id')
        .select('name', 'data');
      const said = rows.filter((row) => row.data.user === user);
      return (said.length > 0 ? said : rows).map((row) => row.name);
    },

    /** Which of these addresses are disabled, as `channel\0address`. */
    async findDisabled(addresses: readonly DisabledAddress[]): Promise<Set<string>> {
      if (addresses.length === 0) return new Set();
      const { rows } = await db.raw<{ rows: DisabledAddress[] }>(
        `select channel, address from disabled_addresses
         where (channel, address) in (select * from unnest(?::text[], ?::text[]))`,
        [addresses.map((entry) => entry.channel), addresses.map((entry) => entry.address)] as never,
      );
      return new Set(rows.map((row) => `${row.channel}\0${row.address}`));
    },

    /** Lets an address be written to again. */
    async enableAddresses(channel: string, addresses: readonly string[]): Promise<void> {
      if (addresses.length === 0) return;
      await db('disabled_addresses')
        .where('channel', channel)
        .whereIn('address', addresses as string[])
        .del();
    },

    /** Addresses that a setting put on the contact admin. */
    async loadSettingAddresses(channel: string): Promise<string[]> {
      const rows = await db<{ channel: string; address: string }>('setting_addresses')
        .where('channel', channel)
        .orderBy('address')
        .select('address');
      return rows.map((row) => row.address);
    },

    /** Remembers the addresses a setting put there, instead of those before. */
    async saveSettingAddresses(channel: string, addresses: readonly string[]): Promise<void> {
      await db('setting_addresses').where('channel', channel).del();
      if (addresses.length === 0) return;
      await db('setting_addresses').insert(addresses.map((address) => ({ channel, address })));
    },
  };
}

export type ContactStore = ReturnType<typeof createContactStore>;

function toContact({ name, data }: ContactRow): Contact {
  const addresses = Object.fromEntries(CHANNEL_KINDS.map((kind) => [kind, data[kind] ?? []]));
  return { name, addresses, timeZone: data.time_zone || null, enabled: data.enabled !== false };
}

function toSubscription({ name, contact, data }: SubscriptionRow): Subscription {
  return {
    name,
    contact,
    channel: data.channel,
    scope: { kind: data.scope_type, value: data.scope },
    reasons: data.reasons,
    progressEvery: data.progress_every,
    digestMinutes: data.digest_minutes > 0 ? data.digest_minutes : null,
    digestAt: data.digest_daily_at || null,
    enabled: data.enabled,
  };
}
