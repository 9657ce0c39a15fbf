import { createLoginThrottle } from '../../src/actions/login-throttle';
import { createSessions, type Sessions } from '../../src/actions/sessions';
import { createStore } from '../../src/store';
import { openTestDatabase, type TestDatabase } from '../support/database';

const SECRET = 'f'.repeat(128);
const HOUR = 3_600_000;

let database: TestDatabase;
let now: number;
let lifetimeMs: number;
let sessions: Sessions;
beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  now = Date.parse('2026-03-01T12:00:00Z');
  lifetimeMs = HOUR;
  sessions = startServer();
});

/** A server of its own on the same database. */
function startServer(): Sessions {
  return createSessions({
    store: createStore(database.knex),
    authenticate: (user, password) => Promise.resolve(user === 'cobbler' && password === 'geheim'),
    sharedSecret: SECRET,
    throttle: createLoginThrottle(),
    lifetimeMs: () => lifetimeMs,
    now: () => now,
  });
}

/** Counts the statements that `work` sends. */
async function countQueries(work: () => Promise<unknown>): Promise<number> {
  let count = 0;
  const counted = (): void => {
    count++;
  };
  database.knex.on('query', counted);
  await work();
  database.knex.removeListener('query', counted);
  return count;
}

test('the administrator logs in and gets a token of 36 characters', async () => {
  const token = await sessions.login('cobbler', 'geheim');
  expect(token).toMatch(/^[A-Za-z0-9+/]{34}==$/);
  expect(await sessions.check(token)).toEqual({ user: 'cobbler' });
});

test('the shared secret logs in without a name', async () => {
  const token = await sessions.login('', SECRET);
  expect(await sessions.check(token)).toEqual({ user: '<DIRECT>' });
});

test.each([
  ['a wrong password', 'cobbler', 'nope'],
  ['an unknown user', 'nobody', 'geheim'],
  ['no password', 'cobbler', ''],
  ['a wrong secret', '', 'f'.repeat(127)],
  ['the secret with a line break', '', `${SECRET}\n`],
  ['an empty secret', '', ''],
  ['a number for a secret', '', -1],
  ['nil for a secret', '', null],
  ['nil for a name', null, SECRET],
  ['nothing at all', null, null],
  ['a list', [''], [SECRET]],
  ['true', '', true],
  ['a reserved name', '<DIRECT>', SECRET],
  ['another reserved name', '<system>', 'geheim'],
])('%s does not log in', async (_what, user, password) => {
  await expect(sessions.login(user, password)).rejects.toMatchObject({ code: 'LOGIN_FAILED' });
});

test('the token itself is nowhere in the database', async () => {
  const token = await sessions.login('cobbler', 'geheim');
  const rows = await database.knex('sessions').select();
  expect(rows).toHaveLength(1);
  expect(JSON.stringify(rows)).not.toContain(token);
  expect(Buffer.from(token, 'base64').equals(rows[0].token_hash)).toBe(false);
});

test('two logins of one user are two sessions', async () => {
  const [first, second] = [await sessions.login('cobbler', 'geheim'), await sessions.login('cobbler', 'geheim')];
  expect(await sessions.logout(first)).toBe(true);
  expect(await sessions.tokenCheck(second)).toBe(true);
});

test('a token of the right form that nobody was given is unknown', async () => {
  await expect(sessions.check('x'.repeat(36))).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
  expect(await sessions.tokenCheck('x'.repeat(36))).toBe(false);
  expect(await sessions.logout('x'.repeat(36))).toBe(false);
});

test.each([[5], [null], ['abc'], ['x'.repeat(37)], [['x'.repeat(36)]], [{ length: 36 }], [true]])(
  '%j is no token',
  async (token) => {
    await expect(sessions.check(token)).rejects.toMatchObject({ code: 'TOKEN_MALFORMED' });
    expect(await sessions.tokenCheck(token)).toBe(false);
    expect(await sessions.logout(token)).toBe(false);
  },
);

test('a session ends with logout, on every server at once', async () => {
  const other = startServer();
  const token = await sessions.login('cobbler', 'geheim');
  expect(await other.tokenCheck(token)).toBe(true);
  expect(await sessions.logout(token)).toBe(true);
  expect(await other.tokenCheck(token)).toBe(false);
  expect(await sessions.logout(token)).toBe(false);
});

test('a session lives on after the server restarts', async () => {
  const token = await sessions.login('cobbler', 'geheim');
  expect(await startServer().check(token)).toEqual({ user: 'cobbler' });
});

test('a session that is used lives on, one that is not ends after its time', async () => {
  const token = await sessions.login('cobbler', 'geheim');
  for (let n = 0; n < 5; n++) {
    now += 0.9 * HOUR;
    expect(await sessions.tokenCheck(token)).toBe(true);
  }
  now += HOUR + 1;
  expect(await sessions.tokenCheck(token)).toBe(false);
  await expect(sessions.check(token)).rejects.toMatchObject({ code: 'TOKEN_UNKNOWN' });
});

test('a short life is extended in time too', async () => {
  lifetimeMs = 4_000;
  const token = await sessions.login('cobbler', 'geheim');
  for (let n = 0; n < 5; n++) {
    now += 2_000;
    expect(await sessions.tokenCheck(token)).toBe(true);
  }
});

test('a session in constant use is written at most every half minute', async () => {
  const token = await sessions.login('cobbler', 'geheim');
  let queries = 0;
  for (let second = 1; second <= 65; second++) {
    now += 1_000;
    queries += await countQueries(() => sessions.check(token));
  }
  expect(queries).toBe(65 + 2);
});

test('checks that come together share one query', async () => {
  const tokens = [await sessions.login('cobbler', 'geheim'), await sessions.login('', SECRET), 'x'.repeat(36)];
  const queries = await countQueries(async () => {
    const checks = Array.from({ length: 300 }, (_, n) => sessions.tokenCheck(tokens[n % 3]));
    const results = await Promise.all(checks);
    expect(results.filter((live) => live)).toHaveLength(200);
  });
  expect(queries).toBe(1);
});

test('a check asked after a logout never gets an answer read before it', async () => {
  const token = await sessions.login('cobbler', 'geheim');
  const early = sessions.tokenCheck(token);
  await new Promise((resolve) => setImmediate(resolve)); // its query is on its way
  const loggedOut = await sessions.logout(token);
  const late = sessions.tokenCheck(token);
  expect([loggedOut, await late]).toEqual([true, false]);
  await early;
});

test('dead sessions are swept away', async () => {
  await sessions.login('cobbler', 'geheim');
  now += 2 * HOUR;
  await sessions.login('cobbler', 'geheim');
  expect(await database.knex('sessions').count()).toEqual([{ count: 1 }]);
});

describe('guessing', () => {
  async function guess(times: number, peer: string): Promise<string[]> {
    const codes: string[] = [];
    for (let n = 0; n < times; n++) {
      codes.push(await sessions.login('cobbler', 'nope', peer).catch((error: { code: string }) => error.code));
    }
    return codes;
  }

  test('is held back after five failures, even with the right password then', async () => {
    expect(await guess(7, '192.0.2.1')).toEqual([
      ...Array(5).fill('LOGIN_FAILED'),
      'LOGIN_THROTTLED',
      'LOGIN_THROTTLED',
    ]);
    await expect(sessions.login('cobbler', 'geheim', '192.0.2.1')).rejects.toMatchObject({ code: 'LOGIN_THROTTLED' });
  });

  test('does not lock out the administrator at another address', async () => {
    await guess(20, '192.0.2.1');
    expect(await sessions.login('cobbler', 'geheim', '192.0.2.2')).toHaveLength(36);
  });

  test('waits twice as long each time, then may go on', async () => {
    await guess(6, '192.0.2.1');
    now += 1_000;
    expect(await guess(2, '192.0.2.1')).toEqual(['LOGIN_FAILED', 'LOGIN_THROTTLED']);
    now += 1_999;
    expect(await guess(1, '192.0.2.1')).toEqual(['LOGIN_THROTTLED']);
    now += 1;
    expect(await sessions.login('cobbler', 'geheim', '192.0.2.1')).toHaveLength(36);
    expect(await guess(5, '192.0.2.1')).toEqual(Array(5).fill('LOGIN_FAILED'));
  });

  test('from one IPv6 network counts as one', async () => {
    await guess(3, '2001:db8::1');
    await guess(2, '2001:db8:0:0:1::1');
    expect(await guess(1, '2001:db8::2')).toEqual(['LOGIN_THROTTLED']);
    expect(await guess(1, '2001:db8:0:1::1')).toEqual(['LOGIN_FAILED']);
  });

  test('is forgotten after a quarter of an hour', async () => {
    await guess(4, '192.0.2.1');
    now += 16 * 60_000;
    expect(await guess(4, '192.0.2.1')).toEqual(Array(4).fill('LOGIN_FAILED'));
  });
});
