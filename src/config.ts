import { readFileSync } from 'node:fs';
import path from 'node:path';
import {
  checkKeyPair,
  findTypos,
  hasControls,
  maskUrl,
  type Parsed,
  parseEmails,
  parseHost,
  parseHttpUrl,
  parseInteger,
  parseNetworks,
  parseOptionalPort,
  parsePhones,
  parseSeconds,
  parseSecretUrl,
  parseSender,
  parseSmsSender,
  parseUserName,
  parseWord,
} from './config-values';

const LOG_LEVELS = ['error', 'warn', 'info', 'debug'] as const;
const INTAKE_POLICIES = ['known', 'open', 'token'] as const;

/** Everything the environment says, read once, frozen. Durations in milliseconds. */
export interface Config {
  host: string;
  /** 0 = any free port. */
  port: number;
  /** Where people and installers reach the server; null = derived from host and port. No trailing slash. */
  publicUrl: string | null;
  /** Absolute. */
  dataDir: string;
  databaseUrl: string | null;
  /** Absolute. */
  logDir: string;
  logLevel: (typeof LOG_LEVELS)[number];
  adminUser: string;
  /** null = generate one and keep it in DATA_DIR/admin-password. */
  adminPassword: string | null;
  settingsFile: string | null;
  /** Folder of scripts that run when something happens. Absolute; need not exist. */
  triggersDir: string;
  smtpUrl: string | null;
  mailFrom: string;
  twilio: { accountSid: string; authToken: string; from: string; apiUrl: string | null } | null;
  notifyEmail: string[];
  notifySms: string[];
  intakePolicy: (typeof INTAKE_POLICIES)[number];
  /** CIDR texts; the word `loopback` stands for 127.0.0.0/8 and ::1. */
  trustedNetworks: string[];
  /** One no-progress limit for all phases; null = by phase. */
  stallAfterMs: number | null;
  giveUpAfterMs: number;
  groupWaitMs: number;
  /** What the files hold, PEM. */
  tls: { cert: string; key: string } | null;
  syslog: {
    host: string;
    /** UDP and TCP; null = off, 0 = any free port. */
    port: number | null;
    /** null = off, 0 = any free port. */
    tlsPort: number | null;
  };
}

/** One environment variable. */
export interface Setting {
  name: string;
  /** As it would be written in the environment; empty = unset. */
  default: string;
  /** What it does, one sentence. */
  about: string;
  /** Never shown; may also be given as the name of a file, in NAME_FILE. */
  secret: boolean;
}

/** All settings, in the order of the README's table, which a test compares with this one. */
export const SETTINGS = [
  setting('HOST', '127.0.0.1', 'Address to listen on; `0.0.0.0` or `::` for all.'),
  setting('PORT', '25151', 'TCP port to listen on; 0 takes any free one.'),
  setting(
    'PUBLIC_URL',
    '',
    'URL under which people and installers reach the server; made from HOST and PORT when unset.',
  ),
  setting('DATA_DIR', './data', 'Folder of everything the server keeps, the embedded database included.'),
  secret('DATABASE_URL', 'PostgreSQL 15 or newer (`postgres://user:password@host/name`); unset: embedded database.'),
  setting('LOG_DIR', '', 'Folder of the log files; `log` inside DATA_DIR when unset.'),
  setting('LOG_LEVEL', 'info', 'Least important lines of the server log: error, warn, info or debug.'),
  setting('ADMIN_USER', 'cobbler', 'Name of the administrator.'),
  secret('ADMIN_PASSWORD', 'Password of the administrator; generated and kept in DATA_DIR/admin-password when unset.'),
  setting(
    'SETTINGS_FILE',
    '',
    'YAML file with settings under Cobbler’s own names, such as /etc/cobbler/settings.yaml.',
  ),
  setting(
    'TRIGGERS_DIR',
    '',
    'Folder of scripts that run when something happens, as /var/lib/cobbler/triggers; `triggers` inside DATA_DIR when unset.',
  ),
  secret('SMTP_URL', 'Mail server (`smtp://user:password@host:587`); unset: no e-mail is sent.'),
  setting('MAIL_FROM', 'Kickwatch <kickwatch@localhost>', 'Sender of e-mail.'),
  secret('TWILIO_ACCOUNT_SID', 'Twilio account, begins with AC; unset: no SMS is sent.'),
  secret('TWILIO_AUTH_TOKEN', 'Twilio’s secret for that account.'),
  setting('TWILIO_FROM', '', 'Number or name SMS are sent from.'),
  setting('TWILIO_API_URL', '', 'Another address of Twilio’s API, for tests and proxies; Twilio’s own when unset.'),
  setting('NOTIFY_EMAIL', '', 'E-mail addresses of the administrators, comma-separated.'),
  setting('NOTIFY_SMS', '', 'Telephone numbers of the administrators (`+4930123456`), comma-separated.'),
  setting('INTAKE_POLICY', 'known', 'Who may report without a session: known, open or token.'),
  setting(
    'TRUSTED_NETWORKS',
    'loopback',
    'Networks whose reports and X-Forwarded-For are believed, comma-separated; or none.',
  ),
  setting(
    'STALL_AFTER_SECONDS',
    '',
    'One limit without progress for all phases, for trials; by phase and history when unset.',
  ),
  setting('GIVE_UP_AFTER_SECONDS', '21600', 'How long a run may stay stalled before it counts as terminated.'),
  setting('GROUP_WAIT_SECONDS', '30', 'How long notifications wait for others to be sent together with.'),
  setting('TLS_CERT', '', 'PEM file with the certificate chain; with TLS_KEY the server speaks HTTPS.'),
  setting('TLS_KEY', '', 'PEM file with the private key of TLS_CERT.'),
  setting('SYSLOG_PORT', '5514', 'UDP and TCP port installers send syslog to; 0 is off, `any` takes a free one.'),
  setting('SYSLOG_HOST', '', 'Address to listen on for syslog; HOST when unset.'),
  setting('SYSLOG_TLS_PORT', '0', 'TCP port for syslog over TLS, with TLS_CERT; 0 is off, `any` takes a free one.'),
] as const satisfies readonly Setting[];

type SettingName = (typeof SETTINGS)[number]['name'];

/** The environment, as `process.env` is. */
export type Environment = Readonly<Record<string, string | undefined>>;

/** The environment of this process, for programs with settings of their own besides the server's. */
export function processEnvironment(): Environment {
  return process.env;
}

/** The settings cannot be used; `faults` holds one sentence for each reason, `message` all of them. */
export class ConfigError extends Error {
  constructor(readonly faults: readonly string[]) {
    super(`The settings cannot be used:\n${faults.map((fault) => `  ${fault}`).join('\n')}`);
    this.name = 'ConfigError';
  }
}

/**
 * The configuration that `env` describes. Depends on nothing else but the files that `env` names (secrets, TLS).
 * A setting that is empty counts as unset.
 *
 * @throws ConfigError naming every fault at once; secrets are not repeated in it.
 */
export function loadConfig(env: Environment = process.env): Config {
  const faults: string[] = [];
  const text = (name: SettingName): string | null => readSetting(env, name, faults);

  /** The parsed value of a setting; null when it is unset without a default, or faulty. */
  function read<T>(name: SettingName, parse: (text: string) => Parsed<T>): T | null {
    const given = text(name);
    if (given === null) return null;
    const parsed = parse(given);
    if ('value' in parsed) return parsed.value;
    faults.push(`${name} ${parsed.fault}`);
    return null;
  }

  const dataDir = path.resolve(read('DATA_DIR', parsePath) ?? '.');
  const host = read('HOST', parseHost) ?? '';
  const tls = readTls(read, faults);
  const logDir = read('LOG_DIR', parsePath);
  const triggersDir = read('TRIGGERS_DIR', parsePath);
  const config: Config = {
    host,
    port: read('PORT', (given) => parseInteger(given, 0, 65_535)) ?? 0,
    publicUrl: read('PUBLIC_URL', parseHttpUrl),
    dataDir,
    databaseUrl: read('DATABASE_URL', (given) => parseSecretUrl(given, ['postgres:', 'postgresql:'])),
    logDir: logDir === null ? path.join(dataDir, 'log') : path.resolve(logDir),
    logLevel: read('LOG_LEVEL', (given) => parseWord(given, LOG_LEVELS)) ?? 'info',
    adminUser: read('ADMIN_USER', parseUserName) ?? '',
    adminPassword: read('ADMIN_PASSWORD', parsePassword),
    settingsFile: resolveOrNull(read('SETTINGS_FILE', parsePath)),
    triggersDir: triggersDir === null ? path.join(dataDir, 'triggers') : path.resolve(triggersDir),
    smtpUrl: read('SMTP_URL', (given) => parseSecretUrl(given, ['smtp:', 'smtps:'])),
    mailFrom: read('MAIL_FROM', parseSender) ?? '',
    twilio: readTwilio(read, faults),
    notifyEmail: read('NOTIFY_EMAIL', parseEmails) ?? [],
    notifySms: read('NOTIFY_SMS', parsePhones) ?? [],
    intakePolicy: read('INTAKE_POLICY', (given) => parseWord(given, INTAKE_POLICIES)) ?? 'known',
    trustedNetworks: read('TRUSTED_NETWORKS', parseNetworks) ?? [],
    stallAfterMs: read('STALL_AFTER_SECONDS', (given) => parseSeconds(given, { zero: false })),
    giveUpAfterMs: read('GIVE_UP_AFTER_SECONDS', (given) => parseSeconds(given, { zero: false })) ?? 0,
    groupWaitMs: read('GROUP_WAIT_SECONDS', (given) => parseSeconds(given, { zero: true })) ?? 0,
    tls,
    syslog: readSyslog(read, host, text('TLS_CERT') !== null || text('TLS_KEY') !== null, faults),
  };
  if (faults.length > 0) throw new ConfigError(faults);
  for (const part of Object.values(config)) Object.freeze(part);
  return Object.freeze(config);
}

/** What may be wrong with settings that can be used: one sentence each, for the log and `check-config`. */
export function configWarnings(config: Config, env: Environment = process.env): string[] {
  const names: string[] = SETTINGS.flatMap(({ name, secret: isSecret }) =>
    isSecret ? [name, `${name}_FILE`] : [name],
  );
  const warnings = findTypos(Object.keys(env), names).map(
    ([found, meant]) => `${found} is not a setting; ${meant} may be meant.`,
  );
  if (config.notifyEmail.length > 0 && config.smtpUrl === null) {
    warnings.push('NOTIFY_EMAIL is set but SMTP_URL is not: no e-mail will be sent.');
  }
  if (config.notifySms.length > 0 && config.twilio === null) {
    warnings.push('NOTIFY_SMS is set but TWILIO_ACCOUNT_SID is not: no SMS will be sent.');
  }
  return warnings;
}

/** The configuration as people may see it: every setting with its effective value, secrets masked, unset ones empty. */
export function describeConfig(config: Config): { name: SettingName; value: string }[] {
  const { twilio, tls, syslog } = config;
  const port = (value: number | null): string => (value === null ? '0' : value === 0 ? 'any' : String(value));
  const seconds = (ms: number | null): string | null => (ms === null ? null : String(ms / 1000));
  const hidden = (value: string | null | undefined): string | null => (value ? '********' : null);
  const values: Record<SettingName, string | null | undefined> = {
    HOST: config.host,
    PORT: String(config.port),
    PUBLIC_URL: config.publicUrl,
    DATA_DIR: config.dataDir,
    DATABASE_URL: maskUrl(config.databaseUrl),
    LOG_DIR: config.logDir,
    LOG_LEVEL: config.logLevel,
    ADMIN_USER: config.adminUser,
    ADMIN_PASSWORD: hidden(config.adminPassword),
    SETTINGS_FILE: config.settingsFile,
    TRIGGERS_DIR: config.triggersDir,
    SMTP_URL: maskUrl(config.smtpUrl),
    MAIL_FROM: config.mailFrom,
    TWILIO_ACCOUNT_SID: hidden(twilio?.accountSid),
    TWILIO_AUTH_TOKEN: hidden(twilio?.authToken),
    TWILIO_FROM: twilio?.from,
    TWILIO_API_URL: twilio?.apiUrl,
    NOTIFY_EMAIL: config.notifyEmail.join(','),
    NOTIFY_SMS: config.notifySms.join(','),
    INTAKE_POLICY: config.intakePolicy,
    TRUSTED_NETWORKS: config.trustedNetworks.join(',') || 'none',
    STALL_AFTER_SECONDS: seconds(config.stallAfterMs),
    GIVE_UP_AFTER_SECONDS: seconds(config.giveUpAfterMs),
    GROUP_WAIT_SECONDS: seconds(config.groupWaitMs),
    TLS_CERT: tls === null ? null : '(loaded)',
    TLS_KEY: hidden(tls?.key),
    SYSLOG_PORT: port(syslog.port),
    SYSLOG_HOST: syslog.host,
    SYSLOG_TLS_PORT: port(syslog.tlsPort),
  };
  return SETTINGS.map(({ name }) => ({ name, value: values[name] ?? '' }));
}

type Reader = <T>(name: SettingName, parse: (text: string) => Parsed<T>) => T | null;

function readTwilio(read: Reader, faults: string[]): Config['twilio'] {
  const before = faults.length;
  const accountSid = read('TWILIO_ACCOUNT_SID', (given) =>
    /^AC[0-9A-Za-z]+$/.test(given) ? { value: given } : { fault: 'must begin with AC and hold letters and digits' },
  );
  const authToken = read('TWILIO_AUTH_TOKEN', parsePassword);
  const from = read('TWILIO_FROM', parseSmsSender);
  const apiUrl = read('TWILIO_API_URL', parseHttpUrl);
  if (faults.length > before) return null;
  if (accountSid !== null && authToken !== null && from !== null) return { accountSid, authToken, from, apiUrl };
  const missing = Object.entries({ TWILIO_ACCOUNT_SID: accountSid, TWILIO_AUTH_TOKEN: authToken, TWILIO_FROM: from })
    .filter(([, value]) => value === null)
    .map(([name]) => name);
  if (missing.length < 3) faults.push(`${missing.join(' and ')} must be set too: SMS need all of TWILIO_…`);
  return null;
}

function readTls(read: Reader, faults: string[]): Config['tls'] {
  const before = faults.length;
  const cert = read('TLS_CERT', readNamedFile);
  const key = read('TLS_KEY', readNamedFile);
  if (faults.length > before) return null;
  if (cert === null && key === null) return null;
  if (cert === null || key === null) {
    faults.push(`${cert === null ? 'TLS_CERT' : 'TLS_KEY'} must be set too: HTTPS needs both files`);
    return null;
  }
  const fault = checkKeyPair(cert, key);
  if (fault !== null) faults.push(fault);
  return fault === null ? { cert, key } : null;
}

function readSyslog(read: Reader, host: string, isTlsNamed: boolean, faults: string[]): Config['syslog'] {
  const tlsPort = read('SYSLOG_TLS_PORT', parseOptionalPort);
  if (tlsPort !== null && !isTlsNamed) faults.push('SYSLOG_TLS_PORT needs TLS_CERT and TLS_KEY: both must be set too');
  return { host: read('SYSLOG_HOST', parseHost) ?? host, port: read('SYSLOG_PORT', parseOptionalPort), tlsPort };
}

/** The text of a setting: given, read from NAME_FILE, or its default; null when there is none of them. */
function readSetting(env: Environment, name: SettingName, faults: string[]): string | null {
  const { default: byDefault, secret: isSecret } = SETTINGS.find((each) => each.name === name)!;
  const given = env[name] ?? '';
  const file = isSecret ? (env[`${name}_FILE`] ?? '') : '';
  if (given !== '' && file !== '') {
    faults.push(`${name} and ${name}_FILE are both set: one of them must go`);
    return null;
  }
  if (file !== '') {
    const read = readNamedFile(file);
    if ('fault' in read) {
      faults.push(`${name}_FILE ${read.fault}`);
      return null;
    }
    const content = read.value.replace(/\r?\n$/, '');
    if (content === '') faults.push(`${name}_FILE names an empty file: ${file}`);
    return content === '' ? null : content;
  }
  return given !== '' ? given : byDefault === '' ? null : byDefault;
}

function readNamedFile(file: string): Parsed<string> {
  try {
    return { value: readFileSync(file, 'utf8') };
  } catch (error) {
    return { fault: `names a file that cannot be read: ${file} (${(error as NodeJS.ErrnoException).code ?? 'error'})` };
  }
}

function parsePath(text: string): Parsed<string> {
  return text.includes('\0') ? { fault: 'must not hold a NUL character' } : { value: text };
}

function parsePassword(text: string): Parsed<string> {
  return hasControls(text) ? { fault: 'must not hold line breaks or control characters' } : { value: text };
}

function resolveOrNull(file: string | null): string | null {
  return file === null ? null : path.resolve(file);
}

function setting<Name extends string>(name: Name, byDefault: string, about: string) {
  return { name, default: byDefault, about, secret: false };
}

function secret<Name extends string>(name: Name, about: string) {
  return { name, default: '', about, secret: true };
}
