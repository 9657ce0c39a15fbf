import type { Instant } from '../domain/event';
import type { RunState } from '../domain/run';
import type { KnownAddress, Lease } from '../store/senders';
import type { Store } from '../store/index';
import type { WrittenEvent } from './append-events';

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
/** Addresses of open runs kept at hand. */
const MAX_ADDRESSES = 50_000;
/** Leases kept until they are stored. */
const MAX_LEASES = 20_000;
/** What other servers' runs are heard from is looked up at most this often, when somebody is not known. */
const RELOAD_MS = 15_000;

/**
 * Recognises senders: by an address on record, by the address an open run was heard from, by the MAC address a DHCP server
 * gave the address to, by the host name in the line – in this order, as anybody may claim a name; where the address may speak
 * for others, by the host name first.
 */
export function createSenderBinder(deps: { store: Store; now(): Instant }): SenderBinder {
  const { store } = deps;
  const openAddresses = new Map<string, KnownAddress['target']>();
  let unsaved: Lease[] = [];
  let loadedAt = -Infinity;

  function keep(address: string, target: KnownAddress['target']): void {
    openAddresses.delete(address);
    openAddresses.set(address, target);
    if (openAddresses.size > MAX_ADDRESSES) openAddresses.delete(openAddresses.keys().next().value!);
  }

  function forget(run: RunState, target: { type: string; name: string }): void {
    for (const address of run.addresses) {
      const known = openAddresses.get(address);
      if (known?.type === target.type && known.name === target.name) openAddresses.delete(address);
    }
  }

  async function reload(): Promise<void> {
    if (deps.now() - loadedAt < RELOAD_MS) return;
    loadedAt = deps.now();
    for (const { address, target } of await store.senders.loadOpenAddresses(MAX_ADDRESSES)) {
      if (!openAddresses.has(address)) keep(address, target);
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
      const macs = await store.senders.findByMac(distinct([...senders.map(({ mac }) => mac), ...leases.values()]));
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
        return (isRelay ? named : null) ?? byAddress(address) ?? named;
      });

      function byAddress(address: string | null): Binding | null {
        if (address === null) return null;
        const name = recorded.get(address);
        if (name !== undefined) return system(name, 'address on record');
        const open = openAddresses.get(address);
        if (open) {
          return {
            target: { ...open, address: open.type === 'profile' ? open.address : null },
            by: 'address of a run',
          };
        }
        const leased = macs.get(leases.get(address) ?? '');
        return leased === undefined ? null : system(leased, 'lease');
      }
    },

    noteLease(lease) {
      unsaved.push(lease);
      if (unsaved.length > MAX_LEASES) unsaved = unsaved.slice(-MAX_LEASES / 2);
    },

    watch(written) {
      for (const { after, detail, target } of written) {
        const isOpen = after.endedAt === null && after.status !== 'planned';
        if (!isOpen) forget(after, target);
        else if (detail.address !== undefined) keep(detail.address, target);
      }
    },
  };
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
