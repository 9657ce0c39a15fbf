import { readFileSync } from 'node:fs';
import { mkdtemp, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createApp, type App } from '../../src/app';
import { loadConfig } from '../../src/config';
import { runCall } from '../../src/xmlrpc/dispatch';
import { cx, toFault, valueError } from '../../src/xmlrpc/fault';
import type { Method } from '../../src/xmlrpc/method';
import type { XmlRpcValue } from '../../src/xmlrpc/value';
import { makeTestDatabase } from '../support/database';
import { expectGolden } from '../support/golden';
import { methodPage } from '../support/method-page';

interface Documented {
  name: string;
  params: { name: string; type: string; optional: boolean }[];
  auth: { mode: string; authorization_resource?: string };
  mutates: boolean;
}

const reference = JSON.parse(readFileSync(path.join(__dirname, '../../fixtures/xmlrpc-methods.json'), 'utf8')) as {
  methods: Documented[];
  legacy_methods_2_8_5: { name: string }[];
};
/** Refused by the dispatcher under its own name, as in Cobbler. */
const BLOCKED = ['background_load_items'];
const wanted = reference.methods.filter(({ name }) => !BLOCKED.includes(name));

let app: App;
let byName: Map<string, Method>;
let close: () => Promise<void>;
beforeAll(async () => {
  const made = await makeTestDatabase();
  const logDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-methods-'));
  app = await createApp(
    loadConfig({
      DATA_DIR: made.dataDir,
      LOG_DIR: logDir,
      SYSLOG_PORT: '0',
      ADMIN_PASSWORD: 'long enough for a test',
      ...(made.databaseUrl !== null && { DATABASE_URL: made.databaseUrl }),
    }),
  );
  byName = new Map(app.methods.map((method) => [method.name, method]));
  close = async () => {
    await app.stop();
    await made.remove();
    await rm(logDir, { recursive: true, force: true });
  };
});
afterAll(() => close());

test('every method of Cobbler 3.3.7 is there', () => {
  expect(wanted.map(({ name }) => name).filter((name) => !byName.has(name))).toEqual([]);
});

test('every method of Cobbler 2.8.5 that has another name since is there under the former one', () => {
  expect(reference.legacy_methods_2_8_5.map(({ name }) => name).filter((name) => !byName.has(name))).toEqual([]);
});

test('every method takes as many arguments as Cobbler’s, so that no call fails of their number', () => {
  const fewer = wanted.filter(({ name, params }) => byName.get(name)!.params.length < params.length);
  const more = wanted.filter(({ name, params }) => {
    const required = byName.get(name)!.params.filter((param) => param.default === undefined).length;
    return required > params.filter(({ optional }) => !optional).length;
  });
  expect({ fewer: fewer.map(({ name }) => name), more: more.map(({ name }) => name) }).toEqual({ fewer: [], more: [] });
});

test('what Cobbler asks rights for needs a session here', () => {
  const open = wanted.filter(
    ({ name, auth }) => auth.mode.startsWith('authorize') && byName.get(name)!.access === 'public',
  );
  expect(open.map(({ name }) => name)).toEqual([]);
});

/** The answer or fault string of a call with a session checker that knows no token. */
async function call(method: Method, args: XmlRpcValue[]): Promise<string> {
  const tokenAt = method.params.findIndex(({ name }) => name === 'token');
  const token = method.access === 'session' ? (args[tokenAt] ?? null) : undefined;
  try {
    await runCall(
      { method, args, token },
      { peer: '192.0.2.1', receivedAt: 0 },
      {
        check: (given) =>
          Promise.reject(
            typeof given === 'string' && given.length === 36
              ? cx('invalid token')
              : valueError('"token" did not have the correct format or type!'),
          ),
      },
    );
    return 'answered';
  } catch (error) {
    return toFault(error).faultString;
  }
}

const SAMPLES: Readonly<Record<string, XmlRpcValue>> = { int: 0, boolean: false, struct: {}, array: [], base64: '' };

test.each(['x'.repeat(36), ''])('no method that needs a session does anything for the token "%s"', async (token) => {
  for (const method of app.methods.filter(({ access }) => access === 'session')) {
    const args = method.params.map(({ name, type }) => (name === 'token' ? token : (SAMPLES[type] ?? 'x')));
    const said = await call(method, args);
    expect([method.name, said]).toEqual([
      method.name,
      token === ''
        ? `<class 'ValueError'>:"token" did not have the correct format or type!`
        : "<class 'cobbler.cexceptions.CX'>:'invalid token'",
    ]);
  }
});

test.each<[string, XmlRpcValue]>([
  ['nil', null],
  ['the name of nothing', 'no-such-thing'],
  ['a number', 7],
])('no open method makes a mistake of its own when it is given %s', async (_what, value) => {
  for (const method of app.methods.filter(({ access }) => access === 'public')) {
    const said = await call(
      method,
      method.params.map(({ default: byDefault }) => (byDefault === undefined ? value : byDefault)),
    );
    expect([method.name, said]).not.toEqual([method.name, expect.stringContaining('internal error, see the log')]);
  }
});

test('docs/methods.md lists the methods as they are (npm run docs:methods writes it)', () => {
  expectGolden('../docs/methods.md', methodPage(app.methods));
});
