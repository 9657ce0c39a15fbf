import type { Instant } from '../domain/event';
import type { RunState } from '../domain/run';
import type { KnownAddress, Lease } from '../store/senders';
import type { Store } from '../store/index';
import type { WrittenEvent } from './append-events';
import { elapsed } from './elapsed';

/** Whom a sender is, and by what that is known. */
export interface Binding {
  target: { type: 'system' | 'profile'; name: string; address: string | null };
  by: 'address on record' | 'address of a run' | 'lease' | 'host name';
}

/** One sender that is to be recognised. */
export interface Sender {
  /** Where its lines come from; null for a machine others tell of by its MAC only. */
  address: string | null;
  mac: string | null;
  /** The name its lines carry; null when they carry none that means anything. */
  host: string | null;
  /** The address may speak for others, so that the name counts before it. */
  isRelay: boolean;
}

/** Tells from which machine lines come. */
export interface SenderBinder {
  /** Who each of the senders is, in their order; null for nobody that is known. Three short queries at most. */
  bind(senders: readonly Sender[]): Promise<(Binding | null)[]>;
  /** Keeps what a DHCP server said; stored with the next `bind`. */
  noteLease(lease: Lease): void;
  /** Learns from which addresses open runs are heard. */
  watch(written: readonly WrittenEvent[]): void;
}

/** A lease nobody told of for so long is not believed: they are renewed at half their time, which is a day as a rule. */
export const LEASE_MS = 7 * 24 * 60 * 60_000;
/** Addresses of open runs kept at hand, and runs of one address: those behind a router that hides them have one. */
const MAX_ADDRESSES = 50_000;
const MAX_SHARING = 8;
/** A run heard from an address so much longer ago than another one has lost it to that one. */
const SHARING_MS = 10 * 60_000;
/** Leases kept until they are stored. */
const MAX_LEASES = 20_000;
/** What other servers' runs are heard from is looked up at most this often, when somebody is not known. */
const RELOAD_MS = 15_000;

/**
 * Recognises senders: by an address on record, by the address an open run was heard from, by the MAC address a DHCP server
 * gave the address to, by the host name in the line – in this order, as anybody may claim a name; where the address may speak
 * for others, by the host name first. An address that was given to another machine since a run was heard from it is that
 * machine's; one that several open runs are heard from is nobody's in particular.
 */
export function createSenderBinder(deps: { store: Store; now(): Instant }): SenderBinder {
  const { store } = deps;
  /** By address; of several runs the one heard last stands last. */
  const openAddresses = new Map<string, Heard[]>();
  let unsaved: Lease[] = [];
  let loadedAt = -Infinity;

  function keep({ address, ...heard }: KnownAddress): void {
    const others = (openAddresses.get(address) ?? []).filter((other) => !isTarget(other.target, heard.target));
    openAddresses.delete(address);
    openAddresses.set(address, [...others, heard].slice(-MAX_SHARING));
    if (openAddresses.size > MAX_ADDRESSES) openAddresses.delete(openAddresses.keys().next().value!);
  }

  function forget(run: RunState, target: KnownAddress['target']): void {
    for (const address of run.addresses) {
      const left = openAddresses.get(address)?.filter((heard) => !isTarget(heard.target, target));
      if (left?.length === 0) openAddresses.delete(address);
      else if (left) openAddresses.set(address, left);
    }
  }

  function heardFrom(address: string): Heard[] {
    const heard = openAddresses.get(address) ?? [];
    const newest = Math.max(...heard.map(({ at }) => at));
    return heard.filter(({ at }) => newest - at < SHARING_MS);
  }

  async function reload(): Promise<void> {
    if (elapsed(loadedAt, deps.now()) < RELOAD_MS) return;
    loadedAt = deps.now();
    const loaded = await store.senders.loadOpenAddresses(MAX_ADDRESSES);
    for (const known of loaded.sort((a, b) => a.at - b.at)) {
      const heard = openAddresses.get(known.address) ?? [];
      if (!heard.some(({ target }) => isTarget(target, known.target))) keep(known);
    }
  }

  async function saveLeases(): Promise<void> {
    const leases = unsaved;
    unsaved = [];
    try {
      await store.senders.saveLeases(leases);
    } catch (error) {
      unsaved = [...leases, ...unsaved].slice(-MAX_LEASES);
      throw error;
    }
  }

  return {
    async bind(senders) {
      await saveLeases();
      if (senders.length === 0) return [];
      const addresses = distinct(senders.map(({ address }) => address));
      const recorded = await store.senders.findByAddress(addresses);
      if (addresses.some((address) => !recorded.has(address) && !openAddresses.has(address))) await reload();
      const leases = await store.senders.findLeases(
        addresses.filter((address) => !recorded.has(address)),
        deps.now() - LEASE_MS,
      );
      const macs = await store.senders.findByMac(
        distinct([...senders.map(({ mac }) => mac), ...[...leases.values()].map(({ mac }) => mac)]),
      );
      const hosts = await store.senders.findByHostName(distinct(senders.flatMap(({ host }) => namesOf(host))));
      const system = (name: string, by: Binding['by']): Binding => ({
        target: { type: 'system', name, address: null },
        by,
      });
      return senders.map(({ address, mac, host, isRelay }): Binding | null => {
        const byName = namesOf(host)
          .map((name) => hosts.get(name))
          .find((name) => name !== undefined);
        const named = byName === undefined ? null : system(byName, 'host name');
        const ofMac = mac === null ? undefined : macs.get(mac);
        if (ofMac !== undefined) return system(ofMac, 'lease');
        if (isRelay && named) return named;
        return byAddress(address) ?? (isShared(address) ? null : named);
      });

      /** Lines of several machines come from one address: they cannot be told apart, unless it is trusted to name them. */
      function isShared(address: string | null): boolean {
        return address !== null && heardFrom(address).length > 1;
      }

      function byAddress(address: string | null): Binding | null {
        if (address === null) return null;
        const name = recorded.get(address);
        if (name !== undefined) return system(name, 'address on record');
        const lease = leases.get(address);
        const leased = lease && macs.get(lease.mac);
        const open = heardFrom(address);
        const newest = open.at(-1);
        // Given to another machine since: a run keeps no address that is not its own any more.
        if (leased !== undefined && (!newest || newest.ownedAt < lease!.at)) return system(leased, 'lease');
        if (!newest || open.length > 1) return null;
        const { target } = newest;
        return {
          target: { ...target, address: target.type === 'profile' ? target.address : null },
          by: 'address of a run',
        };
      }
    },

    noteLease(lease) {
      unsaved.push(lease);
      if (unsaved.length > MAX_LEASES) unsaved = unsaved.slice(-MAX_LEASES / 2);
    },

    watch(written) {
      for (const { after, detail, target, occurredAt } of written) {
        const isOpen = after.endedAt === null && after.status !== 'planned';
        if (!isOpen) forget(after, target);
        else if (detail.address !== undefined)
          keep({ address: detail.address, target, at: occurredAt, ownedAt: occurredAt });
      }
    },
  };
}

/** A run, and when it was heard from an address. */
type Heard = Omit<KnownAddress, 'address'>;

function isTarget(a: KnownAddress['target'], b: KnownAddress['target']): boolean {
  return a.type === b.type && a.name === b.name && (a.type === 'system' || a.address === b.address);
}

/** A host name in full and without its domain. */
function namesOf(host: string | null): string[] {
  if (host === null) return [];
  const short = host.split('.', 1)[0]!;
  return short === host || short === '' || /^\d+$/.test(short) ? [host] : [host, short];
}

function distinct(values: readonly (string | null)[]): string[] {
  return [...new Set(values)].filter((value) => value !== null);
}
