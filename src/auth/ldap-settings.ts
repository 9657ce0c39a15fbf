import { readdirSync, readFileSync } from 'node:fs';
import path from 'node:path';
import type { ConnectionOptions } from 'node:tls';
import { type SettingValues, textOf } from '../domain/item-value';

/** One directory server. */
export interface LdapServer {
  host: string;
  port: number;
  /** `ldaps`: TLS from the first byte; `starttls`: before anything else is said; `plain`: never. */
  security: 'ldaps' | 'starttls' | 'plain';
}

/** Cobbler's `ldap_*` settings, read. */
export interface LdapSettings {
  /** In the order they are tried. */
  servers: LdapServer[];
  baseDn: string;
  /** What stands before the user's name in the filter: `uid=`. */
  searchPrefix: string;
  /** Who searches; null: nobody, anonymously. */
  searcher: { dn: string; password: string } | null;
  tls: ConnectionOptions;
}

/** Ports on which a directory speaks TLS from the first byte: LDAP, and Active Directory's global catalogue. */
const LDAPS_PORTS = [636, 3269];
/** Certificates of a folder that are read. */
const MAX_CERTIFICATES = 1_000;

/**
 * Reads the settings and the files they name.
 *
 * @throws Error naming everything that is wrong, in one sentence each; no secrets in it.
 */
export function readLdapSettings(settings: SettingValues): LdapSettings {
  const text = (name: string): string => textOf(settings[name]).trim();
  const faults: string[] = [];
  const port = Number(settings.ldap_port);
  const usesTls = settings.ldap_tls === true;
  const servers = text('ldap_server')
    .split(/\s+/)
    .filter((word) => word !== '')
    .map((word) => readServer(word, port, usesTls, faults));
  if (servers.length === 0) faults.push('ldap_server names no server.');
  if (text('ldap_base_dn') === '') faults.push('ldap_base_dn is empty.');
  const searchPrefix = text('ldap_search_prefix');
  if (!/^[A-Za-z][\w.;-]*=$/.test(searchPrefix)) {
    faults.push('ldap_search_prefix must be an attribute and an equals sign, such as uid= or sAMAccountName=.');
  }
  const searcher = { dn: text('ldap_search_bind_dn'), password: textOf(settings.ldap_search_passwd) };
  const isAnonymous = settings.ldap_anonymous_bind === true;
  // A bind with a name and no password succeeds at most directories, as nobody (RFC 4513, 5.1.2).
  if (!isAnonymous && (searcher.dn === '' || searcher.password === '')) {
    faults.push('Missing search bind settings: ldap_search_bind_dn and ldap_search_passwd, or ldap_anonymous_bind.');
  }
  const tls = readTls(text, faults);
  if (faults.length > 0) throw new Error(`authentication.ldap cannot be used: ${faults.join(' ')}`);
  return { servers, baseDn: text('ldap_base_dn'), searchPrefix, searcher: isAnonymous ? null : searcher, tls };
}

/** `host`, `host:port`, `[::1]:port` or `ldap://host:port`. */
function readServer(word: string, defaultPort: number, usesTls: boolean, faults: string[]): LdapServer {
  const url = parseUrl(word);
  if (url === null || !/^ldaps?:$/.test(url.protocol) || url.hostname === '') {
    faults.push(`ldap_server holds "${word}", which is no server.`);
    return { host: '', port: 0, security: 'plain' };
  }
  const isLdaps = url.protocol === 'ldaps:';
  const port = url.port === '' ? (isLdaps && defaultPort === 389 ? 636 : defaultPort) : Number(url.port);
  const host = url.hostname.replace(/^\[|\]$/g, '');
  const security = isLdaps || LDAPS_PORTS.includes(port) ? 'ldaps' : usesTls ? 'starttls' : 'plain';
  return { host, port, security };
}

function parseUrl(word: string): URL | null {
  try {
    return new URL(word.includes('://') ? word : `ldap://${word}`);
  } catch {
    return null;
  }
}

function readTls(text: (name: string) => string, faults: string[]): ConnectionOptions {
  const read = (name: string): string | undefined => {
    const file = text(name);
    if (file === '') return undefined;
    try {
      return readFileSync(file, 'utf8');
    } catch (error) {
      faults.push(`${name} names ${file}, which cannot be read (${codeOf(error)}).`);
      return undefined;
    }
  };
  const authorities = [read('ldap_tls_cacertfile'), ...readFolder(text('ldap_tls_cacertdir'), faults)];
  const ca = authorities.filter((pem) => pem !== undefined);
  const ciphers = text('ldap_tls_cipher_suite');
  const demands = text('ldap_tls_reqcert') || 'hard';
  if (!['never', 'allow', 'try', 'demand', 'hard'].includes(demands)) {
    faults.push('ldap_tls_reqcert must be never, allow, try, demand or hard.');
  }
  return {
    ...(ca.length > 0 && { ca }),
    ...(ciphers !== '' && { ciphers }),
    ...{ cert: read('ldap_tls_certfile'), key: read('ldap_tls_keyfile') },
    minVersion: 'TLSv1.2',
    // `try` accepts a server without a certificate, which no TLS of today has.
    rejectUnauthorized: demands !== 'never' && demands !== 'allow',
  };
}

/** The certificates in a folder as OpenSSL keeps them. */
function readFolder(folder: string, faults: string[]): string[] {
  if (folder === '') return [];
  try {
    const names = readdirSync(folder).filter((name) => /\.(?:pem|crt|cer|\d)$/.test(name));
    return names
      .slice(0, MAX_CERTIFICATES)
      .map((name) => readFileSync(path.join(folder, name), 'utf8'))
      .filter((content) => content.includes('-----BEGIN CERTIFICATE-----'));
  } catch (error) {
    faults.push(`ldap_tls_cacertdir names ${folder}, which cannot be read (${codeOf(error)}).`);
    return [];
  }
}

function codeOf(error: unknown): string {
  return (error as NodeJS.ErrnoException).code ?? 'error';
}
