import { isFirmware, isNeeded, macOfFile, roleOf } from './boot-files';
import { plainText } from './plain-text';

/*
 * What DHCP, TFTP and web servers say of the machines they serve. A line is about the machine it names, never about
 * the server that sent it. Forms: dnsmasq 2.7x–2.9x, ISC dhcpd 4.x, Kea 1.x–3.x, tftpd-hpa, atftpd, BSD tftpd, and the
 * common and combined log format of Apache, nginx and lighttpd, in files and through syslog.
 */

/** Longest line that is looked at. */
const MAX_LINE = 4_096;
/** Longest line kept as a sighting's words. */
const MAX_TEXT = 300;
const MAX_FILE = 1_000;

/** What one line of a server says of one machine. */
export interface Sighting {
  /**
   * `lease`: it was given an address (binds `ip` to `mac`); `pxe`: its firmware asked for a network boot; `loader`: it
   * fetches a boot loader, menu or boot script, as every machine does that boots from the network first, finished or
   * not; `kernel`: kernel or initrd, the proof that it does not start from its own disk; `stage2`: parts of the installer;
   * `answers`: its kickstart, preseed or the like; `metadata`: lists of packages; `package`: one package or piece of
   * payload; `package-header`: a part of one, which is not counted; `failed`: something it needs was not there, or there
   * is no address for it.
   */
  what:
    'lease' | 'pxe' | 'loader' | 'kernel' | 'stage2' | 'answers' | 'metadata' | 'package' | 'package-header' | 'failed';
  /** IPv4 dotted, IPv6 in lower case; IPv4 inside IPv6 is given as IPv4. */
  ip: string | null;
  /** Lower case with colons. Of DHCPv6 only when the client's identifier is made of it (RFC 8415 §11.2, §11.4). */
  mac: string | null;
  /** Path as it was asked for, without query; percent escapes are resolved. */
  file: string | null;
  bytes: number | null;
  /** HTTP status. With `loader`, `stage2` and `metadata` 4xx means: asked for in vain, as healthy machines do. */
  status: number | null;
  hostname: string | null;
  /** HTTP user agent, or the vendor class of a network boot: `PXEClient:Arch:00007:UNDI:003016`. */
  agent: string | null;
  /** DHCP transaction as the server prints it: dnsmasq in decimal, Kea in hexadecimal. The same for all lines of one. */
  xid: string | null;
  /** The line, at most 300 characters of it, without queries and passwords. */
  text: string;
}

type Seen = Partial<Omit<Sighting, 'what' | 'text'>> & Pick<Sighting, 'what'>;

const MAC = '(?:[0-9A-Fa-f]{2}:){5}[0-9A-Fa-f]{2}';
const DUID = '(?:[0-9A-Fa-f]{2}:){7,129}[0-9A-Fa-f]{2}';
const IP = '(?:\\d{1,3}(?:\\.\\d{1,3}){3}|(?=[0-9A-Fa-f]{0,4}:)[0-9A-Fa-f:.]{2,45})';

const TAGS: readonly (readonly [RegExp, (text: string) => Seen | null])[] = [
  [/^dnsmasq(?:-dhcp)?$/, readDnsmasqDhcp],
  [/^dnsmasq-tftp$/, readTftp],
  [/^dhcpd6?$/, readDhcpd],
  [/^kea(?:-dhcp[46])?(?:-server)?$/, readKea],
  [/^(?:in\.tftpd|tftpd|atftpd|tftpd-hpa)$/, readTftp],
  [/^(?:httpd|apache2?|nginx|lighttpd|access_log|access\.log)$/, readAccess],
];

/** True for programs whose lines `readSighting` understands. */
export function isTrailTag(tag: string): boolean {
  return TAGS.some(([pattern]) => pattern.test(tag));
}

/**
 * Reads one line of a DHCP, TFTP or web server.
 *
 * @param tag - the program that logged it, without process number; null for a line of a log file of its own: an access
 * log, or Kea's log.
 * @param text - the line after time, host and tag; with tag null the whole line.
 * @returns what it says of a machine; null for everything else, and for what healthy machines do without consequence: a
 * TFTP transfer broken off to learn the size, an offer nobody took yet.
 */
export function readSighting(tag: string | null, text: string): Sighting | null {
  const line = text.slice(0, MAX_LINE).trim();
  const seen = tag === null ? (readAccess(line) ?? readKea(line)) : readOf(tag, line);
  if (!seen) return null;
  return {
    ip: null,
    mac: null,
    file: null,
    bytes: null,
    status: null,
    hostname: null,
    agent: null,
    xid: null,
    ...seen,
    // A query may hold a token, an address a password.
    text: plainText(line.replace(/\?[^\s"]+/g, '?…').replace(/\/\/[^\s/@"]{1,300}@/g, '//'), MAX_TEXT),
  };
}

function readOf(tag: string, line: string): Seen | null {
  return TAGS.find(([pattern]) => pattern.test(tag))?.[1](line) ?? null;
}

const DNSMASQ_GIVEN = new RegExp(
  `^(?:(?<xid>\\d{1,10}) )?(?:DHCPACK|BOOTP)\\([^)]{1,64}\\) (?<ip>${IP}) (?<mac>${MAC})(?: (?<name>\\S{1,255}))?$`,
);
const DNSMASQ_GIVEN6 = new RegExp(
  `^(?:(?<xid>\\d{1,10}) )?DHCPREPLY\\([^)]{1,64}\\) (?<ip>${IP}) (?<duid>${DUID})(?: (?<name>\\S{1,255}))?$`,
);
const DNSMASQ_CLASS = /^(?:(?<xid>\d{1,10}) )?vendor class: (?<agent>(?:PXEClient|HTTPClient)[\w:.-]{0,100})/;
const DNSMASQ_PXE = new RegExp(
  `^(?:(?<xid>\\d{1,10}) )?PXE\\([^)]{1,64}\\) (?:(?<ip>${IP}) )?(?<mac>${MAC})(?: \\S{1,300})?$`,
);
const DNSMASQ_NONE = new RegExp(
  `^(?:(?<xid>\\d{1,10}) )?DHCP(?:DISCOVER|REQUEST)\\([^)]{1,64}\\) (?:${IP} )?(?<mac>${MAC}) (?:no address available|address not available)`,
);

function readDnsmasqDhcp(line: string): Seen | null {
  const given = DNSMASQ_GIVEN.exec(line) ?? DNSMASQ_GIVEN6.exec(line);
  if (given) return dhcp('lease', given);
  const asked = DNSMASQ_CLASS.exec(line) ?? DNSMASQ_PXE.exec(line);
  if (asked) return dhcp('pxe', asked);
  const none = DNSMASQ_NONE.exec(line);
  return none ? dhcp('failed', none) : null;
}

const DHCPD_GIVEN = new RegExp(
  `^DHCPACK (?:on (?<ip>${IP}) to (?<mac>${MAC})(?: \\((?<name>[^)]{1,255})\\))? via |to (?<ip2>${IP}) \\((?<mac2>${MAC})\\) via )`,
);
const DHCPD_BOOTP = new RegExp(`^BOOTREPLY (?:for|on) (?<ip>${IP}) to (?:\\S{1,255} )?\\(?(?<mac>${MAC})\\)? via `);
const DHCPD_GIVEN6 = new RegExp(`^Reply [NT]A: address (?<ip>${IP}) to client with duid (?<duid>${DUID})`);
const DHCPD_NONE = new RegExp(
  `^DHCP(?:DISCOVER|REQUEST)\\b.{0,200}? from (?<mac>${MAC})(?: \\([^)]{1,255}\\))? via .{0,200}?: (?:network \\S{1,100}: no free leases|unknown network segment)`,
);

function readDhcpd(line: string): Seen | null {
  const given = DHCPD_GIVEN.exec(line) ?? DHCPD_BOOTP.exec(line) ?? DHCPD_GIVEN6.exec(line);
  if (given) return dhcp('lease', given);
  const none = DHCPD_NONE.exec(line);
  return none ? dhcp('failed', none) : null;
}

/** Kea's label of a packet: `[hwtype=1 MAC], cid=[…], tid=0x…`; of DHCPv6 `duid=[…], [hwtype=1 MAC], tid=0x…`. */
const KEA_EVENT = /\b(?:DHCP[46]|ALLOC_ENGINE_V[46])_[A-Z0-9_]{3,60}\b/;
const KEA_MAC = new RegExp(`\\[hwtype=1 (${MAC})\\]`);
const KEA_DUID = new RegExp(`\\bduid=\\[(${DUID})\\]`);
const KEA_XID = /\btid=(0x[0-9a-f]{1,8})\b/;
const KEA_LEASE = new RegExp(
  `: (?:lease|allocated lease) (?:for address )?(${IP}) (?:and iaid=\\d{1,10} )?(?:has been (?:allocated|renewed|reused|extended)|will be reused)`,
);
const KEA_CLASS = /\bVENDOR_CLASS_((?:PXEClient|HTTPClient)[\w:.-]{0,100})/;

function readKea(line: string): Seen | null {
  const event = KEA_EVENT.exec(line)?.[0];
  if (event === undefined) return null;
  const about = {
    mac: lower(KEA_MAC.exec(line)?.[1]) ?? macOfDuid(KEA_DUID.exec(line)?.[1]),
    xid: KEA_XID.exec(line)?.[1] ?? null,
  };
  if (/^DHCP[46]_LEASE_(?:ALLOC|REUSE|RENEW|REBIND|EXTEND)$/.test(event)) {
    const ip = KEA_LEASE.exec(line)?.[1];
    return ip === undefined ? null : { what: 'lease', ip: address(ip), ...about };
  }
  if (/_(?:LEASE_ALLOC_FAIL|ALLOC_FAIL(?:_\w+)?)$/.test(event)) return { what: 'failed', ...about };
  const agent = KEA_CLASS.exec(line)?.[1];
  return agent === undefined ? null : { what: 'pxe', agent, ...about };
}

function dhcp(what: 'lease' | 'pxe' | 'failed', { groups = {} }: RegExpExecArray): Seen {
  const mac = groups['mac'] ?? groups['mac2'];
  const ip = groups['ip'] ?? groups['ip2'];
  return {
    what,
    ip: ip === undefined ? null : address(ip),
    mac: lower(mac) ?? macOfDuid(groups['duid']),
    hostname: groups['name'] ?? null,
    agent: groups['agent'] ?? null,
    xid: groups['xid'] ?? null,
  };
}

/** RFC 8415 §11.2 (type 1, with time) and §11.4 (type 3), hardware type 1 or 6. Other identifiers hold no address. */
function macOfDuid(duid: string | undefined): string | null {
  const match =
    /^00:0?1:00:0[16]:(?:[0-9a-f]{2}:){4}((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/i.exec(duid ?? '') ??
    /^00:03:00:0[16]:((?:[0-9a-f]{2}:){5}[0-9a-f]{2})$/i.exec(duid ?? '');
  return lower(match?.[1]);
}

const TFTP_SENT: readonly RegExp[] = [
  new RegExp(`^sent (?<file>\\S{1,${MAX_FILE}}) to (?<ip>${IP})$`), // dnsmasq
  new RegExp(`^RRQ from (?:::ffff:)?(?<ip>${IP}) filename (?<file>\\S{1,${MAX_FILE}})`), // tftpd-hpa
  new RegExp(`^Serving (?<file>\\S{1,${MAX_FILE}}) to (?<ip>${IP}):\\d{1,5}$`), // atftpd
  new RegExp(`^Client (?<ip>${IP}) finished (?<file>\\S{1,${MAX_FILE}})`),
  new RegExp(`^(?<ip>${IP}): read request for /{0,2}(?<file>\\S{1,${MAX_FILE}}): success$`), // BSD
];
/** A client that breaks off after the first answer wanted to know the size; it comes back for the file. */
const TFTP_PROBED = new RegExp(`^failed sending (?<file>\\S{1,${MAX_FILE}}) to (?<ip>${IP})$`);
const TFTP_ABSENT: readonly RegExp[] = [
  new RegExp(`^file (?<file>\\S{1,${MAX_FILE}}) not found(?: for (?<ip>${IP}))?$`),
  new RegExp(`^cannot (?:access|read) (?<file>\\S{1,${MAX_FILE}}): `),
  new RegExp(`^(?<ip>${IP}): read request for /{0,2}(?<file>\\S{1,${MAX_FILE}}): (?:File not found|Access violation)$`),
];

function readTftp(line: string): Seen | null {
  const sent = firstMatch(TFTP_SENT, line);
  if (sent) return fetched(sent, 'sent');
  const probed = TFTP_PROBED.exec(line);
  if (probed) return fetched(probed, 'probed');
  const absent = firstMatch(TFTP_ABSENT, line);
  return absent ? fetched(absent, 'absent') : null;
}

function fetched({ groups = {} }: RegExpExecArray, how: 'sent' | 'probed' | 'absent'): Seen {
  const file = groups['file']!;
  const role = roleOf(file, null, 'tftp') === 'kernel' ? 'kernel' : 'loader';
  const what = how === 'sent' ? role : how === 'absent' && isNeeded(file, role) ? 'failed' : 'loader';
  const ip = groups['ip'];
  return { what, ip: ip === undefined ? null : address(ip), mac: macOfFile(file), file };
}

function firstMatch(patterns: readonly RegExp[], line: string): RegExpExecArray | null {
  for (const pattern of patterns) {
    const match = pattern.exec(line);
    if (match) return match;
  }
  return null;
}

/** Common and combined log format: client, identity, user, time, request, status, bytes, referrer, agent. */
const ACCESS = new RegExp(
  `^(?:[\\w.-]{1,255}:\\d{1,5} )?(?:(?<ip>${IP})|(?<name>[\\w.-]{1,255})) \\S{1,255} \\S{1,255} \\[[^\\]]{10,40}\\] "(?<method>[A-Z]{3,8}) (?<url>[^" ]{1,2000})(?: HTTP/[\\d.]{1,3})?" (?<status>\\d{3}) (?<bytes>\\d{1,15}|-)(?: "[^"]{0,2000}" "(?<agent>[^"]{0,500})")?`,
);

/** True for a line in one of the formats of a web server's access log. */
export function isAccessLine(line: string): boolean {
  return ACCESS.test(line.slice(0, MAX_LINE));
}

function readAccess(line: string): Seen | null {
  const groups = ACCESS.exec(line)?.groups;
  if (!groups) return null;
  const agent = groups['agent'] === undefined || groups['agent'] === '-' ? null : groups['agent'];
  const url = groups['url']!.replace(/^https?:\/\/[^/]{1,255}/i, '');
  const file = unescaped(url.split('?', 1)[0]!);
  const role = roleOf(file, agent, 'http');
  const isHead = groups['method'] === 'HEAD';
  if (role === null || (groups['method'] !== 'GET' && !isHead)) return null;
  const status = Number(groups['status']);
  const seen = {
    ip: groups['ip'] === undefined ? null : address(groups['ip']),
    hostname: groups['name'] ?? null,
    mac: macOfFile(url),
    file: file.slice(0, MAX_FILE),
    bytes: groups['bytes'] === '-' ? 0 : Number(groups['bytes']),
    status,
    agent,
  };
  // UEFI asks for the size first. Of anybody else a look is no fetch.
  if (isHead) return isFirmware(agent) ? { ...seen, what: 'pxe' } : null;
  if (status >= 400) return { ...seen, what: isNeeded(file, role) ? 'failed' : role };
  if (role === 'package') return { ...seen, what: status === 206 ? 'package-header' : 'package' };
  return { ...seen, what: role };
}

function unescaped(path: string): string {
  try {
    return decodeURIComponent(path);
  } catch {
    return path;
  }
}

function address(ip: string): string {
  return ip.toLowerCase().replace(/^::ffff:(?=\d{1,3}\.)/, '');
}

function lower(mac: string | undefined): string | null {
  return mac?.toLowerCase() ?? null;
}
