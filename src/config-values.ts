import { createPrivateKey, X509Certificate } from 'node:crypto';
import { isIP } from 'node:net';
import { emailFault, smsFault } from './domain/address';

/** A value out of a text, or the reason why there is none: the end of a sentence that begins with the setting's name. */
export type Parsed<T> = { value: T } | { fault: string };

/** Longest duration a setting may ask for: a year, in seconds. */
const MAX_SECONDS = 366 * 86_400;

/** A whole number of `least` to `most`. */
export function parseInteger(text: string, least: number, most: number): Parsed<number> {
  const value = /^\d{1,15}$/.test(text) ? Number(text) : Number.NaN;
  if (value >= least && value <= most) return { value };
  return { fault: `must be a whole number from ${least} to ${most}, not ${quote(text)}` };
}

/** A port that may be off (0) or any free one (the word `any`), which is null and 0 to who listens. */
export function parseOptionalPort(text: string): Parsed<number | null> {
  if (text === 'any') return { value: 0 };
  const port = parseInteger(text, 0, 65_535);
  if ('value' in port) return { value: port.value === 0 ? null : port.value };
  return { fault: `must be a port from 1 to 65535, 0 for off or the word any, not ${quote(text)}` };
}

/** Seconds, fractions allowed, as milliseconds. */
export function parseSeconds(text: string, options: { zero: boolean }): Parsed<number> {
  const seconds = /^\d{1,12}(\.\d{1,6})?$/.test(text) ? Number(text) : Number.NaN;
  const value = Math.round(seconds * 1000);
  if (seconds <= MAX_SECONDS && (value > 0 || (options.zero && value === 0))) return { value };
  const least = options.zero ? 'zero or more' : 'more than zero';
  return { fault: `must be a number of seconds, ${least} and at most ${MAX_SECONDS}, not ${quote(text)}` };
}

/** One of a closed set of words. */
export function parseWord<T extends string>(text: string, words: readonly T[]): Parsed<T> {
  const found = words.find((word) => word === text.toLowerCase());
  return found === undefined ? { fault: `must be one of ${words.join(', ')}, not ${quote(text)}` } : { value: found };
}

/** An address to listen on: an IP address or a host name. */
export function parseHost(text: string): Parsed<string> {
  const bare = /^\[(.*)\]$/.exec(text)?.[1] ?? text;
  if (isIP(bare) !== 0 || /^[A-Za-z0-9]([A-Za-z0-9.-]*[A-Za-z0-9])?$/.test(bare)) return { value: bare };
  return { fault: `must be an IP address or a host name, not ${quote(text)}` };
}

/** An http(s) URL without user, query or fragment; trailing slashes are taken off. */
export function parseHttpUrl(text: string): Parsed<string> {
  const url = tryUrl(text);
  if (url === null || !/^https?:$/.test(url.protocol) || url.hostname === '') {
    return { fault: 'must be a URL that begins with http:// or https://' };
  }
  if (url.username !== '' || url.password !== '' || url.search !== '' || url.hash !== '') {
    return { fault: 'must be a URL without user, password, ? and #' };
  }
  return { value: url.href.replace(/\/+$/, '') };
}

/** A URL of one of `protocols` that may hold a password and is therefore never repeated in a fault. */
export function parseSecretUrl(text: string, protocols: readonly string[]): Parsed<string> {
  const url = tryUrl(text);
  const begins = protocols.map((protocol) => `${protocol}//`).join(' or ');
  if (url === null || !protocols.includes(url.protocol)) return { fault: `must be a URL that begins with ${begins}` };
  return { value: text };
}

/** `text` with the password, and everything after `?`, made unreadable; null stays null. */
export function maskUrl(text: string | null): string | null {
  if (text === null) return null;
  const url = tryUrl(text);
  if (url === null) return '********';
  if (url.password !== '') url.password = '********';
  if (url.search !== '') url.search = '?********';
  return url.href;
}

/** `address` or `Name <address>`, as a From header may hold it. */
export function parseSender(text: string): Parsed<string> {
  if (hasControls(text)) return { fault: 'must not hold line breaks or control characters' };
  const named = /^([^<>",;:@()[\]\\]*)<([^<>]*)>$/.exec(text);
  const fault = emailFault(named === null ? text : named[2]!);
  if (fault !== null) return { fault: `must be an e-mail address or Name <address>: ${fault}` };
  return { value: text };
}

/** Comma-separated e-mail addresses. */
export function parseEmails(text: string): Parsed<string[]> {
  return parseList(text, emailFault);
}

/** Comma-separated telephone numbers. */
export function parsePhones(text: string): Parsed<string[]> {
  return parseList(text, smsFault);
}

/** What Twilio sends from: a number, a short code, or a name of at most 11 characters with a letter in it. */
export function parseSmsSender(text: string): Parsed<string> {
  if (smsFault(text) === null || /^\d{3,8}$/.test(text)) return { value: text };
  if (/^(?=.*[A-Za-z])[A-Za-z0-9 _&+-]{1,11}$/.test(text)) return { value: text };
  return {
    fault: 'must be a number like +4930123456, a short code, or a sender name of at most 11 letters and digits',
  };
}

/** A name people log in with. */
export function parseUserName(text: string): Parsed<string> {
  if (hasControls(text)) return { fault: 'must not hold line breaks or control characters' };
  // <DIRECT> and <system> are names of the server's own.
  if (/^<.*>$/.test(text)) return { fault: 'must not stand in angle brackets' };
  return { value: text };
}

/** Comma-separated CIDRs, addresses and the word `loopback`; `none` alone is the empty list. */
export function parseNetworks(text: string): Parsed<string[]> {
  if (text.trim().toLowerCase() === 'none') return { value: [] };
  const value: string[] = [];
  for (const item of splitList(text)) {
    if (item.toLowerCase() === 'loopback') {
      value.push('loopback');
      continue;
    }
    const network = normalizeNetwork(item);
    if (network === null) {
      return { fault: `must hold networks like 10.0.0.0/8 or fd00::/8 and the word loopback, not ${quote(item)}` };
    }
    value.push(network);
  }
  return { value };
}

/** A certificate (chain) and its key, both PEM. */
export function checkKeyPair(cert: string, key: string): string | null {
  let certificate: X509Certificate;
  try {
    certificate = new X509Certificate(cert);
  } catch {
    return 'TLS_CERT: the file holds no certificate in PEM form';
  }
  try {
    if (certificate.checkPrivateKey(createPrivateKey(key))) return null;
  } catch {
    return 'TLS_KEY: the file holds no unencrypted private key in PEM form';
  }
  return 'TLS_KEY: the key does not belong to the certificate in TLS_CERT';
}

/** True for line breaks and everything else that does not print. */
export function hasControls(text: string): boolean {
  return /[\u0000-\u001f\u007f-\u009f\u2028\u2029]/.test(text);
}

/**
 * Names in `env` that are not settings but look like one mistyped: one letter wrong, missing, too many or two
 * exchanged (two such slips in long names). As [found, meant].
 */
export function findTypos(names: string[], known: readonly string[]): [string, string][] {
  const settings = new Set(known);
  const typos: [string, string][] = [];
  for (const name of names) {
    if (settings.has(name) || name.length < 5) continue;
    const meant = known.find((setting) => {
      if (setting.length < 6) return false; // HOST and PORT are one letter away from too much
      return editDistance(name.toUpperCase(), setting) <= (setting.length >= 12 ? 2 : 1);
    });
    if (meant !== undefined) typos.push([name, meant]);
  }
  return typos;
}

/** Optimal string alignment: insertions, deletions, substitutions, exchanged neighbours. */
function editDistance(left: string, right: string): number {
  if (Math.abs(left.length - right.length) > 2) return 3;
  const rows: number[][] = [Array.from({ length: right.length + 1 }, (_, column) => column)];
  for (let i = 1; i <= left.length; i++) {
    const row = [i];
    for (let j = 1; j <= right.length; j++) {
      const same = left[i - 1] === right[j - 1] ? 0 : 1;
      let best = Math.min(rows[i - 1]![j]! + 1, row[j - 1]! + 1, rows[i - 1]![j - 1]! + same);
      if (i > 1 && j > 1 && left[i - 1] === right[j - 2] && left[i - 2] === right[j - 1]) {
        best = Math.min(best, rows[i - 2]![j - 2]! + 1);
      }
      row.push(best);
    }
    rows.push(row);
  }
  return rows[left.length]![right.length]!;
}

function parseList(text: string, faultOf: (item: string) => string | null): Parsed<string[]> {
  if (hasControls(text)) return { fault: 'must not hold line breaks or control characters' };
  const value = splitList(text);
  for (const item of value) {
    const fault = faultOf(item);
    if (fault !== null) return { fault: `holds ${quote(item)}: ${fault}` };
  }
  return { value: [...new Set(value)] };
}

function splitList(text: string): string[] {
  return text
    .split(',')
    .map((item) => item.trim())
    .filter((item) => item !== '');
}

function normalizeNetwork(text: string): string | null {
  const parts = /^([^/]+)(?:\/(\d{1,3}))?$/.exec(text);
  if (parts === null) return null;
  const address = parts[1]!;
  const version = isIP(address);
  if (version === 0 || address.includes('%')) return null;
  const bits = version === 4 ? 32 : 128;
  const length = parts[2] === undefined ? bits : Number(parts[2]);
  return length <= bits ? `${address}/${length}` : null;
}

function tryUrl(text: string): URL | null {
  try {
    return hasControls(text) || /\s/.test(text) ? null : new URL(text);
  } catch {
    return null;
  }
}

function quote(text: string): string {
  return JSON.stringify(text.length > 80 ? `${text.slice(0, 80)}…` : text);
}
