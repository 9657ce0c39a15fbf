import net from 'node:net';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';
import type { ItemValue } from '../../src/domain/item-value';
import { createLdapLogin } from '../../src/auth/ldap';
import { readLdapSettings } from '../../src/auth/ldap-settings';
import { askSaslauthd } from '../../src/auth/saslauthd';
import { findFreePort } from '../support/server';
import { hasSaslauthd, hasSlapd, SEARCHER, startSaslauthd, startSlapd, type TestDirectory } from '../support/slapd';

// Not installed everywhere; .ci/run installs both.
if (!hasSlapd) console.log('skipped: there is no /usr/sbin/slapd (Debian: slapd), so LDAP was not tried');
if (!hasSaslauthd)
  console.log('skipped: there is no /usr/sbin/saslauthd (Debian: sasl2-bin), so PAM’s way was not tried');
const withSlapd = hasSlapd ? describe : describe.skip;

let directory: TestDirectory;
let warned: string[];

/** A login at the directory with Cobbler's settings, as they would stand in settings.yaml. */
function loginWith(more: Record<string, ItemValue> = {}): (user: string, password: string) => Promise<boolean> {
  warned = [];
  const settings = readLdapSettings({
    ...DEFAULT_SETTINGS,
    ldap_server: 'localhost',
    ldap_port: directory.port,
    ldap_base_dn: 'dc=example,dc=org',
    ldap_tls_cacertfile: directory.caFile,
    ...more,
  });
  return createLdapLogin(settings, (sentence) => warned.push(sentence)).authenticate;
}

withSlapd('at a real directory', () => {
  beforeAll(async () => {
    directory = await startSlapd();
  }, 60_000);
  afterAll(() => directory?.stop());

  test.each<[string, Record<string, ItemValue>]>([
    ['STARTTLS', {}],
    ['TLS from the first byte', { ldap_server: 'PORT-S' }],
    ['no TLS', { ldap_tls: false }],
    [
      'a searcher with a password',
      { ldap_anonymous_bind: false, ldap_search_bind_dn: SEARCHER.dn, ldap_search_passwd: SEARCHER.password },
    ],
    ['a first server that is down', { ldap_server: 'DOWN' }],
    ['a certificate nobody checks', { ldap_tls_cacertfile: '', ldap_tls_reqcert: 'never' }],
  ])('over %s a user logs in with the right password and no other', async (_how, given) => {
    const more = { ...given };
    if (more.ldap_server === 'PORT-S') more.ldap_server = `ldaps://localhost:${directory.ldapsPort}`;
    if (more.ldap_server === 'DOWN') more.ldap_server = `127.0.0.1:${await findFreePort()} localhost:${directory.port}`;
    const login = loginWith(more);
    expect(await login('anna', 'anna-pass')).toBe(true);
    expect(await login('anna', 'wrong')).toBe(false);
    expect(await login('nobody', 'anna-pass')).toBe(false);
  });

  test('an empty password, which a directory takes for nobody’s, logs nobody in', async () => {
    expect(await loginWith()('anna', '')).toBe(false);
  });

  test.each(['*', 'ann*', 'anna)(uid=*', '*)(objectClass=*', 'anna\\', '\\2a', 'uid=anna', '(anna)'])(
    'the name %s is no pattern',
    async (user) => {
      expect(await loginWith({ ldap_tls: false })(user, 'anna-pass')).toBe(false);
    },
  );

  test('a name that holds what filters are made of is found all the same', async () => {
    expect(await loginWith({ ldap_tls: false })('o*b(c)', 'star-pass')).toBe(true);
  });

  test('a name that two entries have logs nobody in, and the log says so', async () => {
    const searcher = {
      ldap_anonymous_bind: false,
      ldap_search_bind_dn: SEARCHER.dn,
      ldap_search_passwd: SEARCHER.password,
    };
    expect(await loginWith({ ...searcher, ldap_tls: false })('twin', 'twin-pass')).toBe(false);
    expect(warned).toEqual([expect.stringMatching(/More than one entry/)]);
  });

  test.each<[string, Record<string, ItemValue>, RegExp]>([
    ['a certificate of an authority nobody named', { ldap_tls_cacertfile: '' }, /self.signed/],
    [
      'a searcher whose password is wrong',
      { ldap_anonymous_bind: false, ldap_search_bind_dn: SEARCHER.dn, ldap_search_passwd: 'hush' },
      /refuses ldap_search_bind_dn \(InvalidCredentialsError\)/,
    ],
  ])('%s is no wrong password: it cannot be told, and why is in the log', async (_what, more, reason) => {
    await expect(loginWith(more)('anna', 'anna-pass')).rejects.toMatchObject({ code: 'AUTHENTICATION_AWAY' });
    expect(warned.join()).toMatch(reason);
    expect(warned.join()).not.toMatch(/hush|anna-pass/);
  });

  (hasSaslauthd ? test : test.skip)(
    'a real saslauthd says who may log in',
    async () => {
      const saslauthd = await startSaslauthd(directory);
      try {
        const ask = (user: string, password: string) =>
          askSaslauthd(saslauthd.socket, { user, password, service: 'login' });
        expect(await ask('anna', 'anna-pass')).toBe(true);
        expect(await ask('anna', 'wrong')).toBe(false);
        expect(await ask('nobody', 'anna-pass')).toBe(false);
      } finally {
        await saslauthd.stop();
      }
    },
    60_000,
  );
});

test('no password goes out in clear when the server hangs up where TLS should begin', async () => {
  let received = '';
  let connections = 0;
  const server = net.createServer((socket) => {
    connections++;
    socket.on('error', () => undefined);
    socket.on('data', (chunk) => {
      received += chunk.toString('latin1');
      // "success" to the request for TLS (RFC 4511, 4.14), then nothing more.
      socket.end(Buffer.from('300c02010178070a010004000400', 'hex'));
    });
  });
  await new Promise<void>((resolve) => server.listen(0, '127.0.0.1', resolve));
  const { port } = server.address() as net.AddressInfo;
  const settings = readLdapSettings({ ...DEFAULT_SETTINGS, ldap_server: `127.0.0.1:${port}`, ldap_base_dn: 'dc=x' });
  const login = createLdapLogin(settings, () => undefined).authenticate('anna', 'secret-word');
  await expect(login).rejects.toMatchObject({ code: 'AUTHENTICATION_AWAY' });
  expect(connections).toBe(1);
  expect(received).not.toContain('secret-word');
  await new Promise((resolve) => server.close(resolve));
}, 30_000);

test('saslauthd that is not there cannot tell, rather than saying no', async () => {
  const asked = askSaslauthd('/nowhere/mux', { user: 'anna', password: 'x', service: 'login' });
  await expect(asked).rejects.toMatchObject({ code: 'AUTHENTICATION_AWAY' });
});

test('settings that cannot work are refused at the start, all at once and without secrets', () => {
  const bad = {
    ...DEFAULT_SETTINGS,
    ldap_server: '',
    ldap_base_dn: '',
    ldap_search_prefix: '(&(uid=',
    ldap_anonymous_bind: false,
    ldap_search_bind_dn: 'cn=x',
    ldap_tls_cacertfile: '/nowhere.pem',
    ldap_tls_reqcert: 'maybe',
  };
  expect(() => readLdapSettings(bad)).toThrow(
    /names no server.*ldap_base_dn.*ldap_search_prefix.*Missing search bind settings.*\/nowhere\.pem.*ldap_tls_reqcert/s,
  );
});

test.each([
  ['ldap.example.org', 389, true, 'ldap.example.org', 389, 'starttls'],
  ['ldap.example.org', 389, false, 'ldap.example.org', 389, 'plain'],
  ['ldap.example.org', 636, true, 'ldap.example.org', 636, 'ldaps'],
  ['gc.example.org', 3269, false, 'gc.example.org', 3269, 'ldaps'],
  ['ldaps://ldap.example.org', 389, true, 'ldap.example.org', 636, 'ldaps'],
  ['[2001:db8::1]:1389', 389, true, '2001:db8::1', 1389, 'starttls'],
] as const)('server %s with port %i and TLS %s', (word, port, usesTls, host, at, security) => {
  const settings = { ...DEFAULT_SETTINGS, ldap_server: word, ldap_port: port, ldap_tls: usesTls };
  expect(readLdapSettings(settings).servers).toEqual([{ host, port: at, security }]);
});
