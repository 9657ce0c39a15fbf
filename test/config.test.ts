import { mkdtempSync, rmSync, writeFileSync } from 'node:fs';
import os from 'node:os';
import path from 'node:path';
import fc from 'fast-check';
import { type Config, ConfigError, configWarnings, describeConfig, loadConfig, SETTINGS } from '../src/config';

let folder: string;
beforeAll(() => {
  folder = mkdtempSync(path.join(os.tmpdir(), 'kickwatch-test-'));
});
afterAll(() => rmSync(folder, { recursive: true, force: true }));

function faultsOf(env: Record<string, string>): readonly string[] {
  try {
    loadConfig(env);
  } catch (error) {
    if (error instanceof ConfigError) return error.faults;
    throw error;
  }
  return [];
}

function file(name: string, content: string): string {
  const full = path.join(folder, name);
  writeFileSync(full, content);
  return full;
}

test('an empty environment gives the defaults', () => {
  expect(loadConfig({})).toEqual({
    host: '127.0.0.1',
    port: 25151,
    publicUrl: null,
    dataDir: path.resolve('data'),
    databaseUrl: null,
    logDir: path.resolve('data/log'),
    logLevel: 'info',
    adminUser: 'cobbler',
    adminPassword: null,
    settingsFile: null,
    triggersDir: path.resolve('data/triggers'),
    smtpUrl: null,
    mailFrom: 'Kickwatch <kickwatch@localhost>',
    twilio: null,
    notifyEmail: [],
    notifySms: [],
    intakePolicy: 'known',
    trustedNetworks: ['loopback'],
    stallAfterMs: null,
    giveUpAfterMs: 21_600_000,
    groupWaitMs: 30_000,
    tls: null,
    syslog: { host: '127.0.0.1', port: 5514, tlsPort: null },
  } satisfies Config);
});

test('every setting is read', () => {
  const env = {
    HOST: '[::1]',
    PORT: '0',
    PUBLIC_URL: 'https://kick.example.com/watch/',
    DATA_DIR: '/srv/kickwatch',
    DATABASE_URL: 'postgres://kw:geheim@db/kickwatch',
    LOG_DIR: '/var/log/kickwatch',
    LOG_LEVEL: 'DEBUG',
    ADMIN_USER: 'root',
    ADMIN_PASSWORD: 'ä b',
    SETTINGS_FILE: '/etc/cobbler/settings.yaml',
    TRIGGERS_DIR: '/var/lib/cobbler/triggers',
    SMTP_URL: 'smtps://u:geheim@mail',
    MAIL_FROM: 'kick@example.com',
    TWILIO_ACCOUNT_SID: 'AC0123',
    TWILIO_AUTH_TOKEN: 'geheim',
    TWILIO_FROM: '+15005550006',
    TWILIO_API_URL: 'http://127.0.0.1:9/',
    NOTIFY_EMAIL: 'a@example.com, b@example.com ,',
    NOTIFY_SMS: '+4930123456',
    INTAKE_POLICY: 'open',
    TRUSTED_NETWORKS: 'loopback, 10.0.0.0/8, fd00::/8, 192.0.2.1',
    STALL_AFTER_SECONDS: '2.5',
    GIVE_UP_AFTER_SECONDS: '60',
    GROUP_WAIT_SECONDS: '0',
    SYSLOG_PORT: '514',
    SYSLOG_HOST: '0.0.0.0',
    SYSLOG_TLS_PORT: '0',
  };
  expect(loadConfig(env)).toEqual({
    host: '::1',
    port: 0,
    publicUrl: 'https://kick.example.com/watch',
    dataDir: '/srv/kickwatch',
    databaseUrl: 'postgres://kw:geheim@db/kickwatch',
    logDir: '/var/log/kickwatch',
    logLevel: 'debug',
    adminUser: 'root',
    adminPassword: 'ä b',
    settingsFile: '/etc/cobbler/settings.yaml',
    triggersDir: '/var/lib/cobbler/triggers',
    smtpUrl: 'smtps://u:geheim@mail',
    mailFrom: 'kick@example.com',
    twilio: { accountSid: 'AC0123', authToken: 'geheim', from: '+15005550006', apiUrl: 'http://127.0.0.1:9' },
    notifyEmail: ['a@example.com', 'b@example.com'],
    notifySms: ['+4930123456'],
    intakePolicy: 'open',
    trustedNetworks: ['loopback', '10.0.0.0/8', 'fd00::/8', '192.0.2.1/32'],
    stallAfterMs: 2500,
    giveUpAfterMs: 60_000,
    groupWaitMs: 0,
    tls: null,
    syslog: { host: '0.0.0.0', port: 514, tlsPort: null },
  } satisfies Config);
});

test('syslog listens where HTTP does unless told otherwise, is off with 0 and takes a free port with any', () => {
  const shown = (env: Record<string, string>) =>
    describeConfig(loadConfig(env))
      .filter(({ name }) => name.startsWith('SYSLOG_'))
      .map(({ value }) => value);
  expect(loadConfig({ HOST: '::', SYSLOG_PORT: '0' }).syslog).toEqual({ host: '::', port: null, tlsPort: null });
  expect(loadConfig({ SYSLOG_PORT: 'any' }).syslog.port).toBe(0);
  expect(shown({ HOST: '::', SYSLOG_PORT: '0' })).toEqual(['0', '::', '0']);
  expect(shown({ SYSLOG_PORT: 'any' })).toEqual(['any', '127.0.0.1', '0']);
  expect(faultsOf({ SYSLOG_PORT: 'some' })).toEqual([
    'SYSLOG_PORT must be a port from 1 to 65535, 0 for off or the word any, not "some"',
  ]);
});

test('an empty variable counts as unset', () => {
  expect(loadConfig({ PORT: '', SMTP_URL: '', TRUSTED_NETWORKS: '', ADMIN_PASSWORD_FILE: '' })).toEqual(loadConfig({}));
});

test('nobody is trusted with the word none', () => {
  expect(loadConfig({ TRUSTED_NETWORKS: 'none' }).trustedNetworks).toEqual([]);
});

test('the configuration cannot be changed', () => {
  const config = loadConfig({ NOTIFY_EMAIL: 'a@example.com' });
  expect(() => Object.assign(config, { port: 1 })).toThrow(TypeError);
  expect(() => config.notifyEmail.push('b@example.com')).toThrow(TypeError);
});

test('all faults are reported at once, one line each', () => {
  const faults = faultsOf({ PORT: '70000', LOG_LEVEL: 'loud', INTAKE_POLICY: 'all', GIVE_UP_AFTER_SECONDS: '-1' });
  expect(faults).toEqual([
    'PORT must be a whole number from 0 to 65535, not "70000"',
    'LOG_LEVEL must be one of error, warn, info, debug, not "loud"',
    'INTAKE_POLICY must be one of known, open, token, not "all"',
    'GIVE_UP_AFTER_SECONDS must be a number of seconds, more than zero and at most 31622400, not "-1"',
  ]);
  expect(new ConfigError(faults).message.split('\n')).toHaveLength(5);
});

test.each([
  ['PORT', '-1'],
  ['PORT', '80x'],
  ['PORT', '1e3'],
  ['HOST', 'a b'],
  ['PUBLIC_URL', 'kick.example.com'],
  ['PUBLIC_URL', 'ftp://kick.example.com'],
  ['PUBLIC_URL', 'http://user:pw@kick.example.com'],
  ['PUBLIC_URL', 'http://kick.example.com/?a=1'],
  ['DATABASE_URL', 'mysql://db/x'],
  ['SMTP_URL', 'mail.example.com'],
  ['MAIL_FROM', 'Kick\r\nBcc: x@example.com <a@example.com>'],
  ['MAIL_FROM', 'Kick <a@example.com>, b@example.com'],
  ['NOTIFY_EMAIL', 'a@example.com\r\nBcc: b@example.com'],
  ['NOTIFY_EMAIL', 'nobody'],
  ['NOTIFY_SMS', '030 123456'],
  ['ADMIN_USER', '<DIRECT>'],
  ['ADMIN_PASSWORD', 'a\nb'],
  ['TRUSTED_NETWORKS', '10.0.0.0/33'],
  ['TRUSTED_NETWORKS', '10.0.0'],
  ['TRUSTED_NETWORKS', 'fe80::1%eth0'],
  ['STALL_AFTER_SECONDS', '0'],
  ['STALL_AFTER_SECONDS', 'NaN'],
  ['STALL_AFTER_SECONDS', '99999999'],
  ['GROUP_WAIT_SECONDS', '1,5'],
  ['TWILIO_API_URL', 'twilio'],
])('%s=%j is refused by name', (name, value) => {
  const faults = faultsOf({ [name]: value });
  expect(faults).toHaveLength(1);
  expect(faults[0]).toMatch(new RegExp(`^${name} `));
});

test('SMS need all three of Twilio’s settings', () => {
  expect(faultsOf({ TWILIO_FROM: '+15005550006', TWILIO_AUTH_TOKEN: 'x' })).toEqual([
    'TWILIO_ACCOUNT_SID must be set too: SMS need all of TWILIO_…',
  ]);
});

describe('a secret in a file', () => {
  test('is read without the line break at its end', () => {
    expect(loadConfig({ ADMIN_PASSWORD_FILE: file('pw', ' ge heim \n') }).adminPassword).toBe(' ge heim ');
    expect(loadConfig({ SMTP_URL_FILE: file('smtp', 'smtp://mail\r\n') }).smtpUrl).toBe('smtp://mail');
  });

  test('must be readable', () => {
    expect(faultsOf({ DATABASE_URL_FILE: '/nowhere/url' })).toEqual([
      'DATABASE_URL_FILE names a file that cannot be read: /nowhere/url (ENOENT)',
    ]);
  });

  test('must not be empty', () => {
    expect(faultsOf({ ADMIN_PASSWORD_FILE: file('empty', '\n') })).toHaveLength(1);
  });

  test('and in the environment at once is a fault', () => {
    expect(faultsOf({ ADMIN_PASSWORD: 'x', ADMIN_PASSWORD_FILE: file('both', 'y') })).toEqual([
      'ADMIN_PASSWORD and ADMIN_PASSWORD_FILE are both set: one of them must go',
    ]);
  });
});

describe('TLS', () => {
  const paths = (name: string): [string, string] => {
    const pair = path.resolve(__dirname, '../fixtures/tls', name);
    return [`${pair}.crt`, `${pair}.key`];
  };

  test('a matching pair is loaded', () => {
    const [cert, key] = paths('one');
    const { tls } = loadConfig({ TLS_CERT: cert, TLS_KEY: key });
    expect(tls?.cert).toContain('BEGIN CERTIFICATE');
    expect(tls?.key).toContain('PRIVATE KEY');
  });

  test('a port for syslog over TLS needs a certificate, which is said once', () => {
    const [cert, key] = paths('one');
    expect(loadConfig({ TLS_CERT: cert, TLS_KEY: key, SYSLOG_TLS_PORT: '6514' }).syslog.tlsPort).toBe(6514);
    expect(faultsOf({ SYSLOG_TLS_PORT: '6514' })).toEqual([
      'SYSLOG_TLS_PORT needs TLS_CERT and TLS_KEY: both must be set too',
    ]);
    expect(faultsOf({ SYSLOG_TLS_PORT: '6514', TLS_CERT: cert })).toEqual([
      'TLS_KEY must be set too: HTTPS needs both files',
    ]);
  });

  test('one file without the other is a fault', () => {
    expect(faultsOf({ TLS_CERT: paths('one')[0] })).toEqual(['TLS_KEY must be set too: HTTPS needs both files']);
  });

  test('a key of another certificate is a fault', () => {
    expect(faultsOf({ TLS_CERT: paths('one')[0], TLS_KEY: paths('two')[1] })).toEqual([
      'TLS_KEY: the key does not belong to the certificate in TLS_CERT',
    ]);
  });

  test('files that hold something else, or cannot be read, are faults', () => {
    const text = file('text', 'hello');
    expect(faultsOf({ TLS_CERT: text, TLS_KEY: text })).toEqual([
      'TLS_CERT: the file holds no certificate in PEM form',
    ]);
    expect(faultsOf({ TLS_CERT: paths('one')[0], TLS_KEY: text })).toEqual([
      'TLS_KEY: the file holds no unencrypted private key in PEM form',
    ]);
    expect(faultsOf({ TLS_CERT: '/nowhere', TLS_KEY: '/nowhere' })).toHaveLength(2);
  });
});

test('no secret is shown, neither in the description nor in a fault', () => {
  const env = {
    DATABASE_URL: 'postgres://kw:geheim@db/kickwatch?password=geheim',
    SMTP_URL: 'smtp://u:geheim@mail',
    ADMIN_PASSWORD: 'geheim',
    TWILIO_ACCOUNT_SID: 'ACgeheim',
    TWILIO_AUTH_TOKEN: 'geheim',
    TWILIO_FROM: '+15005550006',
  };
  const shown = describeConfig(loadConfig(env));
  expect(JSON.stringify(shown)).not.toContain('geheim');
  expect(shown.find(({ name }) => name === 'DATABASE_URL')?.value).toBe('postgres://kw:********@db/kickwatch?********');
  const faulty = Object.fromEntries(Object.keys(env).map((name) => [name, 'x://geheim:geheim@\n']));
  expect(faultsOf(faulty).join()).not.toContain('geheim');
});

test('the description has a line for every setting, in the order of the table', () => {
  expect(describeConfig(loadConfig({})).map(({ name }) => name)).toEqual(SETTINGS.map(({ name }) => name));
});

test('the description of the defaults is what the table says', () => {
  const shown = Object.fromEntries(describeConfig(loadConfig({})).map(({ name, value }) => [name, value]));
  for (const { name, default: byDefault } of SETTINGS) {
    if (name === 'DATA_DIR' || name === 'LOG_DIR' || name === 'TRIGGERS_DIR' || name === 'SYSLOG_HOST') continue;
    expect([name, shown[name]]).toEqual([name, byDefault]);
  }
});

test.each([
  ['SMPT_URL', 'SMTP_URL'],
  ['DATABASE_ULR', 'DATABASE_URL'],
  ['ADMIN_PASWORD', 'ADMIN_PASSWORD'],
  ['NOTIFY_MAIL', 'NOTIFY_EMAIL'],
  ['TRUSTED_NETWORK', 'TRUSTED_NETWORKS'],
  ['data_dir', 'DATA_DIR'],
  ['DATABASE_URL_FIEL', 'DATABASE_URL_FILE'],
  ['HOSTNAME', null],
  ['LOGNAME', null],
  ['PATH', null],
])('%s is taken for a slip of the pen for %s', (found, meant) => {
  const expected = meant === null ? [] : [`${found} is not a setting; ${meant} may be meant.`];
  expect(configWarnings(loadConfig({}), { [found]: 'x' })).toEqual(expected);
});

test('addresses without a way to reach them are warned about', () => {
  const config = loadConfig({ NOTIFY_EMAIL: 'a@example.com', NOTIFY_SMS: '+4930123456' });
  expect(configWarnings(config, {})).toEqual([
    'NOTIFY_EMAIL is set but SMTP_URL is not: no e-mail will be sent.',
    'NOTIFY_SMS is set but TWILIO_ACCOUNT_SID is not: no SMS will be sent.',
  ]);
});

test('whatever stands in the environment, the answer is a configuration or a list of faults', () => {
  const names = SETTINGS.map(({ name }) => name).filter((name) => !name.startsWith('TLS_'));
  const environment = fc.dictionary(fc.constantFrom(...names), fc.string({ unit: 'binary' }));
  fc.assert(
    fc.property(environment, (env) => {
      for (const fault of faultsOf(env)) expect(fault).not.toMatch(/[\r\n]/);
    }),
  );
});
