import { createRpc, login, RpcFault, type Rpc } from '../support/rpc';
import { startServer, type TestServer } from '../support/server';

/**
 * What anybody may call: reading, logging in and out, and what installers call. A method that is new and not named here
 * must ask for a session.
 */
const FOR_ANYBODY = new RegExp(
  [
    '^system\\.',
    '^(?:get|find|has)_',
    '^(?:ping|version|extended_version|login|logout|token_check|check_access_no_fail|last_modified_time)$',
    '^(?:run_install_triggers|upload_log_data|disable_netboot|register_new_system|register_system|update_status)$',
    '^(?:is_autoinstall_in_use|is_kickstart_in_use|dump_vars)$',
    '^generate_',
    // Cobbler's own no-ops, which answer true to anybody.
    '^(?:update|xmlrpc_hacks)$',
  ].join('|'),
);
/** Readers that are for sessions all the same. */
const READ_BY_SESSION = [
  'get_status',
  'get_runs',
  'get_run',
  'get_run_log',
  'get_senders',
  'get_user_from_token',
  'get_users',
];
/** Of those for anybody: what a token that is wrong must never be taken for. */
const TOKEN_IS_CHECKED = ['update_status'];
/** What a method of items does to them. */
const MUTATING = /^(?:new|modify|save|remove|copy|rename)_|^xapi_object_edit$|^clear_system_logs$/;

const WRONG = {
  'no token': undefined,
  'an empty token': '',
  nil: null,
  'a number': -1,
  true: true,
  'an array': ['x'],
  'a struct': { token: 'x' },
  'text of the wrong length': 'abc',
  'a token nobody has': 'x'.repeat(36),
  'a token of a session that was ended': 'ENDED',
} as const;

let server: TestServer;
let rpc: Rpc;
let token: string;
let ended: string;
let methods: string[];
let before: unknown;

/** All that the inventory holds. */
async function look(): Promise<unknown> {
  const types = ['distro', 'profile', 'system', 'contact', 'subscription'];
  return Promise.all(types.map((type) => rpc('get_items', type)));
}

beforeAll(async () => {
  server = await startServer();
  rpc = createRpc(server.url);
  token = await login(rpc, server);
  ended = await login(rpc, server);
  await rpc('logout', ended);
  methods = await rpc<string[]>('system.listMethods');
  const handle = await rpc('new_contact', token);
  await rpc('modify_contact', handle, 'name', 'anna', token);
  await rpc('save_contact', handle, token);
  before = await look();
}, 120_000);

afterAll(async () => {
  await server?.stop();
}, 60_000);

/** The fault of a call with every argument filled in and this for a token; null when it was answered. */
async function callWith(method: string, wrong: unknown): Promise<string | null> {
  const usual: Record<string, string> = { what: 'contact', object_type: 'contact', edit_type: 'remove' };
  const help = await rpc<string>('system.methodHelp', method);
  const names = /^[^(]*\(([^)]*)\)/
    .exec(help)![1]!
    .split(', ')
    .map((name) => name.replace(/[[\]]/g, ''));
  const params: unknown[] = [];
  for (const name of names.filter((one) => one !== '')) {
    if (name === 'token') {
      if (wrong === undefined) break;
      params.push(wrong);
    } else {
      params.push(usual[name] ?? (/handle|object_id/.test(name) ? 'contact::anna' : 'anna'));
    }
  }
  return rpc(method, ...params).then(
    () => null,
    (error: unknown) => {
      if (error instanceof RpcFault) return error.message;
      throw error;
    },
  );
}

test('the list of methods is the whole one, and holds nothing private', () => {
  expect(methods.length).toBeGreaterThan(100);
  expect(methods.filter((name) => name.startsWith('_') || name.includes('__'))).toEqual([]);
  for (const name of READ_BY_SESSION) expect(methods).toContain(name);
});

test.each(['_get_object', '__init__', 'constructor', '__proto__', 'toString', 'hasOwnProperty', 'api', 'log'])(
  '%s is no method',
  async (name) => {
    await expect(rpc(name)).rejects.toThrow(/unknown remote method|forbidden method|not callable/);
  },
);

test.each(Object.entries(WRONG))(
  'with %s no method that is for sessions does anything',
  async (_, given) => {
    const wrong = given === 'ENDED' ? ended : given;
    const restricted = methods.filter((name) => !FOR_ANYBODY.test(name) || READ_BY_SESSION.includes(name));
    expect(restricted.filter((name) => MUTATING.test(name)).length).toBeGreaterThan(25);
    const answered: string[] = [];
    for (const name of restricted) {
      const fault = await callWith(name, wrong);
      const isRefused = fault !== null && /invalid token|"token" did not have|missing \d+ required/.test(fault);
      if (!isRefused) answered.push(`${name}: ${fault ?? 'no fault'}`);
      // A token in a fault ends up in logs.
      if (typeof wrong === 'string' && wrong.length === 36) expect(fault).not.toContain(wrong);
    }
    expect(answered).toEqual([]);
    expect(await look()).toEqual(before);
  },
  60_000,
);

test.each(TOKEN_IS_CHECKED)('%s with a token that is wrong is not taken for a call without one', async (name) => {
  await expect(rpc(name, 'anna', {}, 'x'.repeat(36))).rejects.toThrow(/token/);
});

test('an ended session is none for anything that a multicall holds either', async () => {
  const calls = ['new_contact', 'get_runs', 'check_access'].map((methodName) => ({
    methodName,
    params: methodName === 'get_runs' ? [{}, ended] : methodName === 'check_access' ? [ended, 'x'] : [ended],
  }));
  const answers = await rpc<{ faultString?: string }[]>('system.multicall', calls);
  for (const { faultString } of answers) expect(faultString).toMatch(/invalid token/);
});
