import { emailFault, smsFault } from './address';
import { FieldError, INHERIT, type ItemData, type ItemValue } from './item-value';
import { readWords, text, type Rule } from './item-values';

/** Word that asks for a fresh MAC address. */
export const RANDOM_MAC = 'random';

/** Six pairs of hex digits in the usual notations, or the twenty bytes of InfiniBand. */
const MAC =
  /^(?:(?:[0-9a-f]{2}:){5}|(?:[0-9a-f]{2}-){5}|(?:[0-9a-f]{2}){5})[0-9a-f]{2}$|^(?:[0-9a-f]{4}\.){2}[0-9a-f]{4}$|^(?:[0-9a-f]{2}:){19}[0-9a-f]{2}$/;
/** Four decimal numbers up to 255, without leading zeros. */
const IPV4 = /^(?:(?:25[0-5]|2[0-4]\d|1\d\d|[1-9]?\d)(?:\.(?!$)|$)){4}$/;
/** RFC 1123 §2.1 labels, with the underscore that real networks use. */
const HOST_NAME = /^(?=.{1,253}$)[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?(\.[a-z0-9]([a-z0-9_-]{0,61}[a-z0-9])?)*\.?$/i;

/** '' or a MAC address, stored in lower case with its separators kept; `random` stays for who can draw one. */
export const macAddress: Rule = (value, at) => {
  const mac = (text(value, at) as string).trim().toLowerCase();
  if (mac === '' || mac === RANDOM_MAC || MAC.test(mac)) return mac;
  throw new FieldError('value', `Invalid mac address format (${value as string})`);
};

/** '' or an IPv4 address of a machine: netmasks are refused. */
export const ipv4Address: Rule = (value, at) => {
  const address = readIpv4(value, at);
  if (address !== '' && isNetmask(address)) throw new FieldError('address', `Invalid IPv4 address format (${address})`);
  return address;
};

/** '' or an IPv4 netmask. */
export const netmask: Rule = (value, at) => {
  const mask = readIpv4(value, at);
  if (mask !== '' && !isNetmask(mask)) throw new FieldError('address', `Invalid IPv4 netmask (${mask})`);
  return mask;
};

/** '' or an IPv6 address, in the short form of RFC 5952. */
export const ipv6Address: Rule = (value, at) => {
  const address = (text(value, at) as string).trim();
  if (address === '') return '';
  const short = shortIpv6(address);
  if (short === null) throw new FieldError('address', `Invalid IPv6 address format (${address})`);
  return short;
};

/** '' or an address of either family. */
export const anyAddress: Rule = (value, at) => {
  const address = (text(value, at) as string).trim();
  if (address === '' || IPV4.test(address) || shortIpv6(address) !== null) return address;
  throw new FieldError('address', `Invalid IP address format (${address})`);
};

/** Addresses of name servers or secondaries. The marker and '' stay as they are. */
export const addressList: Rule = (value, at) => {
  if (value === '' || value === INHERIT) return value;
  return readWords(value, at).map((word) => anyAddress(word, at));
};

/** Host names. The marker and '' stay as they are. */
export const hostNameList: Rule = (value, at) => {
  if (value === '' || value === INHERIT) return value;
  return readWords(value, at).map((word) => hostName(word, at));
};

/** '' or a host name (RFC 1123). */
export const hostName: Rule = (value, at) => {
  const name = (text(value, at) as string).trim();
  if (name === '' || HOST_NAME.test(name)) return name;
  throw new FieldError('value', `Invalid hostname format (${name})`);
};

/** '' or a URL that a boot loader can fetch: http or tftp, its host a name, an address or the macro @@server@@. */
export const bootUrl: Rule = (value, at) => {
  const url = (text(value, at) as string).trim();
  if (
    url === '' ||
    /^(https?|tftp):\/\/(\[[0-9a-f:.]+\]|[a-z0-9._-]+|@@[a-z0-9_]+@@)(:\d{1,5})?\/[^\s"'\\]*$/i.test(url)
  ) {
    return url;
  }
  throw new FieldError('value', `Invalid ${at.field}: an http or tftp URL is needed (${url})`);
};

/** E-mail addresses, one an entry; text is one address. */
export const emails: Rule = (value, at) => addresses(value, at, emailFault);

/** Telephone numbers for SMS in E.164 form, one an entry; text is one number. */
export const phoneNumbers: Rule = (value, at) => addresses(value, at, smsFault);

/** URLs that messages are posted to, one an entry; text is one URL. */
export const webhooks: Rule = (value, at) => addresses(value, at, webhookFault);

/** Why `url` cannot be posted to, as a sentence; null when it can. */
export function webhookFault(url: string): string | null {
  if (/[\s\p{Cc}]/u.test(url)) return 'A URL must not hold spaces, line breaks or control characters.';
  let parsed: URL;
  try {
    parsed = new URL(url);
  } catch {
    return 'A webhook is a whole URL, such as https://chat.example.com/hooks/abc.';
  }
  return parsed.protocol === 'http:' || parsed.protocol === 'https:'
    ? null
    : 'A webhook begins with https:// or http://.';
}

function addresses(value: ItemValue, at: Parameters<Rule>[1], faultOf: (address: string) => string | null): ItemValue {
  const entries = value === null || value === '' || value === 'delete' ? [] : Array.isArray(value) ? value : [value];
  return entries.map((entry) => {
    if (typeof entry !== 'string')
      throw new FieldError('type', `Field ${at.field} of object ${at.type} needs to be a list of text!`);
    // Blanks at the ends are slips of the hand; inside they are something else.
    const address = entry.replace(/^[ \t]+|[ \t]+$/g, '');
    const fault = faultOf(address);
    if (fault !== null) throw new FieldError('value', `${at.field}: ${fault}`);
    return address;
  });
}

/** What two interfaces must not share unless settings allow it, in comparable spelling; null when not given. */
export interface InterfaceKeys {
  mac: string | null;
  ip: string | null;
  ipv6: string | null;
  dns_name: string | null;
}

/** The comparable spellings of an interface's addresses, as the database indexes them. */
export function interfaceKeys(values: ItemData): InterfaceKeys {
  return {
    mac: comparable('mac', values.mac_address),
    ip: comparable('ip', values.ip_address),
    ipv6: comparable('ipv6', values.ipv6_address),
    dns_name: comparable('dns_name', values.dns_name),
  };
}

/** One address in comparable spelling: MACs as pairs with colons, IPv6 short, names in lower case; null for none. */
export function comparable(kind: keyof InterfaceKeys, value: ItemValue | undefined): string | null {
  if (typeof value !== 'string' || value === '') return null;
  const lower = value.toLowerCase();
  if (kind === 'mac') return lower.replace(/[^0-9a-z]/g, '').replace(/(..)(?!$)/g, '$1:');
  if (kind === 'ipv6') return shortIpv6(lower) ?? lower;
  return lower;
}

function readIpv4(value: ItemValue, at: Parameters<Rule>[1]): string {
  const address = (text(value, at) as string).trim();
  if (address === '' || IPV4.test(address)) return address;
  throw new FieldError('address', `Invalid IPv4 address format (${address})`);
}

/** Ones, then zeros, beginning with at least one of them. */
function isNetmask(address: string): boolean {
  const bits = address
    .split('.')
    .map((part) => Number(part).toString(2).padStart(8, '0'))
    .join('');
  return /^1+0*$/.test(bits) && bits.startsWith('11111111');
}

/** An IPv6 address in the short form of RFC 5952 (as the WHATWG URL serializer writes it); null when it is none. */
function shortIpv6(address: string): string | null {
  if (!/^[0-9a-f:.]{2,45}$/i.test(address) || !URL.canParse(`http://[${address}]/`)) return null;
  return new URL(`http://[${address}]/`).hostname.slice(1, -1);
}
