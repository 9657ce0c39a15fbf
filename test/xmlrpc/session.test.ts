import { createLoginThrottle } from '../../src/actions/login-throttle';
import { createSessions } from '../../src/actions/sessions';
import { AppError } from '../../src/domain/errors';
import { createStore } from '../../src/store';
import { createDispatcher, runCall } from '../../src/xmlrpc/dispatch';
import { toFault } from '../../src/xmlrpc/fault';
import { createSessionChecker, sessionMethods, type SessionsPort } from '../../src/xmlrpc/methods/session';
import { Double, type XmlRpcValue } from '../../src/xmlrpc/value';
import { ALLOW_ALL } from '../support/rights';
import { openTestDatabase, type TestDatabase } from '../support/database';

const SECRET = 'f'.repeat(128);

let database: TestDatabase;
let sessions: SessionsPort;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(() => {
  sessions = createSessions({
    store: createStore(database.knex),
    authenticate: (user, password) => Promise.resolve(user === 'cobbler' && password === 'cobbler'),
    sharedSecret: SECRET,
    throttle: createLoginThrottle(),
    lifetimeMs: () => 3_600_000,
    now: Date.now,
  });
});

/** The answer of a method, or its fault string. */
async function call(name: string, ...params: XmlRpcValue[]): Promise<XmlRpcValue> {
  try {
    const ready = createDispatcher(sessionMethods({ sessions, rights: ALLOW_ALL }))(name, params);
    return await runCall(ready, { peer: '127.0.0.1', receivedAt: 0 }, createSessionChecker(sessions));
  } catch (error) {
    return toFault(error).faultString;
  }
}

const CX = "<class 'cobbler.cexceptions.CX'>:";
const BAD_FORM = `<class 'ValueError'>:"token" did not have the correct format or type!`;
const UNKNOWN = 'x'.repeat(36);

test.each<[string, XmlRpcValue[], string]>([
  ['a wrong password', ['cobbler', 'nope'], `${CX}'login failed (cobbler)'`],
  ['an unknown user', ['nobody', 'nope'], `${CX}'login failed (nobody)'`],
  ['a wrong secret', ['', 'nope'], `${CX}'login failed'`],
  ['the number -1 for the secret', ['', -1], `${CX}'login failed'`],
  ['an empty secret', ['', ''], `${CX}'login failed'`],
  ['nil for the secret', ['', null], `${CX}'login failed'`],
  ['nil twice', [null, null], "<class 'AttributeError'>:'NoneType' object has no attribute 'encode'"],
  ['nil and the secret', [null, SECRET], `${CX}'login failed (None)'`],
  ['a number for a password', ['cobbler', 5], "<class 'AttributeError'>:'int' object has no attribute 'encode'"],
  ['a number for a name', [5, 'x'], `${CX}'login failed (5)'`],
  ['a name with quotes', ["o'b", 'x'], `${CX}"login failed (o'b)"`],
])('a login with %s is refused in Cobbler’s words', async (_what, params, fault) => {
  expect(await call('login', ...params)).toBe(fault);
});

test('a login that is held back says so', async () => {
  for (let n = 0; n < 5; n++) await call('login', 'cobbler', 'nope');
  expect(await call('login', 'cobbler', 'cobbler')).toBe(`${CX}'Too many failed logins; try again in 1 s.'`);
});

test('a session is opened, checked and ended', async () => {
  const token = await call('login', 'cobbler', 'cobbler');
  expect(token).toHaveLength(36);
  expect(await call('token_check', token)).toBe(true);
  expect(await call('get_user_from_token', token)).toBe('cobbler');
  expect(await call('check_access', token, 'new_distro')).toBe(1);
  expect(await call('check_access_no_fail', token, 'new_distro', null, 'x')).toBe(1);
  expect(await call('logout', token)).toBe(true);
  expect(await call('logout', token)).toBe(false);
  expect(await call('token_check', token)).toBe(false);
});

test('a token nobody was given is refused without repeating it', async () => {
  expect(await call('token_check', UNKNOWN)).toBe(false);
  expect(await call('token_check', 5)).toBe(false);
  expect(await call('check_access_no_fail', UNKNOWN, 'new_distro')).toBe(0);
  expect(await call('get_user_from_token', UNKNOWN)).toBe(`${CX}'invalid token'`);
  expect(await call('check_access', UNKNOWN, 'new_distro')).toBe(`${CX}'invalid token'`);
  expect(await call('get_user_from_token', 'abc')).toBe(BAD_FORM);
  expect(await call('get_user_from_token', 12)).toBe(BAD_FORM);
});

test('only sessions of the shared secret may ask for the authentication module', async () => {
  const direct = await call('login', '', SECRET);
  expect(await call('get_user_from_token', direct)).toBe('<DIRECT>');
  expect(await call('get_authn_module_name', direct)).toBe('authentication.configfile');
  const token = await call('login', 'cobbler', 'cobbler');
  expect(await call('get_authn_module_name', token)).toBe(
    `${CX}'authorization failure for user cobbler attempting to access authn module name'`,
  );
});

test('the version is that of the API, whatever token comes along', async () => {
  expect(await call('version')).toEqual(new Double(3.307));
  expect(await call('version', 'anything')).toEqual(new Double(3.307));
  expect(await call('extended_version')).toEqual({
    gitdate: '?',
    gitstamp: '?',
    builddate: expect.stringMatching(/^[A-Z][a-z]{2} [A-Z][a-z]{2} [ \d]\d \d\d:\d\d:\d\d \d{4}$/),
    version: '3.3.7',
    version_tuple: [3, 3, 7],
  });
  expect(await call('ping')).toBe(true);
});

test('a database that is away is a fault that says so, not a wrong password or a dead session', async () => {
  const token = await call('login', 'cobbler', 'cobbler');
  const away = (): Promise<never> => Promise.reject(new AppError('DATABASE_AWAY'));
  sessions = { login: away, logout: away, check: away, tokenCheck: away };
  for (const [name, ...params] of [
    ['login', 'cobbler', 'cobbler'],
    ['token_check', token],
    ['get_user_from_token', token],
    ['check_access_no_fail', token, 'x'],
  ] as [string, ...XmlRpcValue[]][]) {
    expect(await call(name, ...params)).toBe(`${CX}'The database cannot be reached; try again.'`);
  }
});
