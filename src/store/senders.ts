import type { Knex } from 'knex';
import type { Instant } from '../domain/event';

/** A lease as a DHCP server told of it. The MAC is lower case with colons. */
export interface Lease {
  ip: string;
  mac: string;
  at: Instant;
}

/** An open run that was heard from an address. */
export interface KnownAddress {
  address: string;
  target: { type: 'system' | 'profile'; name: string; address: string };
  /** When the run was heard last, from this address or another one. */
  at: Instant;
  /** Until when at least the address was the run's own. */
  ownedAt: Instant;
}

/** Who the sender of a line may be. */
export function createSenderStore(db: Knex) {
  return {
    /** The systems with one of these addresses on record, by address; of several with the same address none is sure: left out. */
    async findByAddress(addresses: readonly string[]): Promise<Map<string, string>> {
      if (addresses.length === 0) return new Map();
      const { rows } = await db.raw<{ rows: { key: string; name: string }[] }>(
        `select w.address as key, s.name from unnest(?::text[]) as w(address)
         cross join lateral (select system_id from interfaces where ip = w.address
                             union select system_id from interfaces where ipv6 = w.address) i
         join systems s on s.id = i.system_id`,
        [addresses as string[]],
      );
      return unambiguous(rows);
    },

    /** The systems with one of these MAC addresses on record, by MAC as given; letter case does not matter. */
    async findByMac(macs: readonly string[]): Promise<Map<string, string>> {
      if (macs.length === 0) return new Map();
      const { rows } = await db.raw<{ rows: { key: string; name: string }[] }>(
        `select w.mac as key, s.name from unnest(?::text[]) as w(mac)
         join interfaces i on i.mac in (lower(w.mac), upper(w.mac)) join systems s on s.id = i.system_id`,
        [macs as string[]],
      );
      return unambiguous(rows);
    },

    /** The systems that have these host names: as their own name, host name or the DNS name of an interface. */
    async findByHostName(hosts: readonly string[]): Promise<Map<string, string>> {
      if (hosts.length === 0) return new Map();
      const { rows } = await db.raw<{ rows: { key: string; name: string }[] }>(
        `select w.host as key, s.name from unnest(?::text[]) as w(host)
         cross join lateral (select name from systems where name = w.host
                             union select name from systems where lower(data ->> 'hostname') = lower(w.host)
                             union select s.name from interfaces i join systems s on s.id = i.system_id
                                   where i.dns_name = w.host) s`,
        [hosts as string[]],
      );
      return unambiguous(rows);
    },

    /** The leases these IP addresses were given by last, by IP address; those older than `since` are not believed. */
    async findLeases(addresses: readonly string[], since: Instant): Promise<Map<string, Lease>> {
      if (addresses.length === 0) return new Map();
      const { rows } = await db.raw<{ rows: { ip: string; mac: string; seen_at: Date }[] }>(
        `select ip, mac, seen_at from leases where ip = any(?::text[]) and seen_at >= ?`,
        [addresses, new Date(since)] as never,
      );
      return new Map(rows.map(({ ip, mac, seen_at }) => [ip, { ip, mac, at: seen_at.getTime() }]));
    },

    /** Keeps leases; a later one of the same address replaces the one before. */
    async saveLeases(leases: readonly Lease[]): Promise<void> {
      const newest = new Map(leases.map((lease) => [lease.ip, lease]));
      if (newest.size === 0) return;
      // In the order of the addresses, so that two servers wait for each other instead of stopping each other.
      const rows = [...newest.values()].sort((a, b) => (a.ip < b.ip ? -1 : 1));
      await db.raw(
        `insert into leases as l (ip, mac, seen_at) select * from unnest(?::text[], ?::text[], ?::timestamptz[])
         on conflict (ip) do update set mac = excluded.mac, seen_at = excluded.seen_at where l.seen_at <= excluded.seen_at`,
        [
          rows.map(({ ip }) => ip),
          rows.map(({ mac }) => mac),
          rows.map(({ at }) => new Date(at).toISOString()),
        ] as never,
      );
    },

    /** Forgets leases that nobody has told of since. */
    async pruneLeases(before: Instant): Promise<void> {
      await db('leases').where('seen_at', '<', new Date(before)).del();
    },

    /** The addresses that open runs were heard from. */
    async loadOpenAddresses(limit: number): Promise<KnownAddress[]> {
      const { rows } = await db.raw<{
        rows: {
          key: string;
          at: number;
          owned_at: number;
          type: 'system' | 'profile';
          name: string;
          address: string;
        }[];
      }>(
        `select a.key, (r.state ->> 'lastHeardAt')::float8 as at,
                (r.state ->> 'startedAt')::float8 as owned_at, t.type, t.name, t.address from runs r join targets t on t.id = r.target_id
         cross join lateral jsonb_array_elements_text(r.state -> 'addresses') as a(key)
         where r.is_open and r.status <> 'planned' order by r.id desc limit ?`,
        [limit],
      );
      return rows.map(({ key, at, owned_at, ...target }) => ({
        address: key,
        target,
        at: at ?? 0,
        ownedAt: owned_at ?? 0,
      }));
    },
  };
}

export type SenderStore = ReturnType<typeof createSenderStore>;

/** Key → name, without the keys that several names have. */
function unambiguous(rows: readonly { key: string; name: string }[]): Map<string, string> {
  const found = new Map<string, string | null>();
  for (const { key, name } of rows) found.set(key, found.has(key) && found.get(key) !== name ? null : name);
  return new Map([...found].flatMap(([key, name]) => (name === null ? [] : [[key, name] as const])));
}
