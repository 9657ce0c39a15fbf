import { BlockList, isIP, isIPv4, SocketAddress } from 'node:net';

/** A set of networks. */
export interface Networks {
  /** False for what is no address. */
  has(address: string): boolean;
}

/** What the word `loopback` in a list of networks stands for. */
const LOOPBACK = ['127.0.0.0/8', '::1/128'];

/**
 * One spelling for every address: IPv4 inside IPv6 as IPv4, IPv6 compressed in lower case, without a zone.
 *
 * @returns null when the text is no address.
 */
export function normalizeAddress(text: string): string | null {
  const bare = text.trim().replace(/%.*$/, '');
  if (isIPv4(bare)) return bare;
  if (isIP(bare) !== 6) return null;
  const { address } = new SocketAddress({ address: bare, family: 'ipv6' });
  const mapped = /^::ffff:(\d+\.\d+\.\d+\.\d+)$/i.exec(address)?.[1];
  return mapped ?? address;
}

/**
 * Reads a list of networks: `10.0.0.0/8`, `2001:db8::/32`, single addresses, the word `loopback`.
 *
 * @throws Error that names the entry which is none of these.
 */
export function parseNetworks(entries: readonly string[]): Networks {
  const list = new BlockList();
  for (const entry of entries.flatMap((text) => (text === 'loopback' ? LOOPBACK : [text]))) {
    const [, base = '', prefix] = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(entry.trim()) ?? [];
    const address = normalizeAddress(base);
    const bits = address === null ? 0 : isIPv4(address) ? 32 : 128;
    const length = prefix === undefined ? bits : Number(prefix) - (isIP(base) === 6 && bits === 32 ? 96 : 0);
    if (address === null || length < 0 || length > bits) throw new Error(`"${entry}" is not a network`);
    list.addSubnet(address, length, bits === 32 ? 'ipv4' : 'ipv6');
  }
  return {
    has(address) {
      const known = normalizeAddress(address);
      return known !== null && list.check(known, isIPv4(known) ? 'ipv4' : 'ipv6');
    },
  };
}

/** More hops than that are no honest proxy chain. */
const MAX_HOPS = 32;

/**
 * The address of the caller. X-Forwarded-For is believed as far as the hops are trusted: read from the right, the first
 * address outside the trusted networks is the caller; what stands left of it anybody could have written.
 *
 * @param socketAddress - Who is connected; undefined once the connection is gone.
 * @param forwardedFor - The header, all of its lines joined by commas.
 * @returns The normalised address, `?` when none is known.
 */
export function resolvePeer(
  socketAddress: string | undefined,
  forwardedFor: string | undefined,
  trusted: Networks,
): string {
  let peer = normalizeAddress(socketAddress ?? '') ?? '?';
  if (forwardedFor === undefined || !trusted.has(peer)) return peer;
  const hops = forwardedFor.split(',').slice(-MAX_HOPS);
  for (let hop = hops.pop(); hop !== undefined; hop = hops.pop()) {
    const address = normalizeAddress(withoutPort(hop.trim()));
    if (address === null) break;
    peer = address;
    if (!trusted.has(peer)) break;
  }
  return peer;
}

/** Some proxies add the port: `192.0.2.1:4711`, `[2001:db8::1]:4711`. */
function withoutPort(hop: string): string {
  return /^\[([^\]]+)\](?::\d+)?$/.exec(hop)?.[1] ?? /^(\d+\.\d+\.\d+\.\d+):\d+$/.exec(hop)?.[1] ?? hop;
}
