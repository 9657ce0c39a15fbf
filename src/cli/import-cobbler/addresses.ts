import { interfaceKeys, type InterfaceKeys } from '../../domain/item-addresses';
import { isDict, textOf, type ItemValue, type SettingValues } from '../../domain/item-value';

/** An address of one item that another one has. */
export interface Clash {
  part: string;
  field: string;
  value: string;
  holder: string;
}

/** Who has which address, in order of claiming. */
export interface AddressBook {
  /** Claims all addresses of an item's interfaces; answers those that are another item's. */
  claim(name: string, parts: ItemValue): Clash[];
}

const KINDS: readonly { kind: keyof InterfaceKeys; field: string; setting: string }[] = [
  { kind: 'mac', field: 'mac_address', setting: 'allow_duplicate_macs' },
  { kind: 'ip', field: 'ip_address', setting: 'allow_duplicate_ips' },
  { kind: 'ipv6', field: 'ipv6_address', setting: 'allow_duplicate_ips' },
  { kind: 'dns_name', field: 'dns_name', setting: 'allow_duplicate_hostnames' },
];

/** Addresses may be shared where the settings allow it, as at the server. */
export function createAddressBook(settings: SettingValues): AddressBook {
  const holders = new Map<string, string>();
  const checked = KINDS.filter(({ setting }) => settings[setting] !== true);
  return {
    claim(name, parts) {
      const clashes: Clash[] = [];
      if (!isDict(parts)) return clashes;
      for (const [part, values] of Object.entries(parts)) {
        if (!isDict(values)) continue;
        const keys = interfaceKeys(values);
        for (const { kind, field } of checked) {
          if (keys[kind] === null) continue;
          const key = `${kind} ${keys[kind]}`;
          const holder = holders.get(key);
          if (holder === undefined) holders.set(key, name);
          else if (holder !== name) clashes.push({ part, field, value: textOf(values[field]), holder });
        }
      }
      return clashes;
    },
  };
}
