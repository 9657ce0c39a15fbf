import { AppError } from '../../src/domain/errors';
import { createCobblerService, type CobblerServiceDeps } from '../../src/http/cobbler-service';
import type { FileOps } from '../../src/http/cobbler-files';
import type { InventoryOps } from '../../src/http/cobbler-inventory';
import type { HttpRequest } from '../../src/http/server';

/** Answers with what it was asked, so that tests see it. */
const FILES: FileOps = {
  autoinstall: {
    autoinstall: ({ profile, system }, by) =>
      Promise.resolve(profile === null && system === null ? null : JSON.stringify({ profile, system, ...by })),
    script: (wanted, name) => Promise.resolve(`script ${name} ${JSON.stringify(wanted)}`),
    templateFile: (type, name, path) => Promise.resolve(`template ${type} ${name} ${path}`),
    bootCfg: () => Promise.resolve('# *** ERROR ***\n# why'),
    ipxe: (wanted) => Promise.resolve(`ipxe ${JSON.stringify(wanted)}`),
    repoConfig: (type, name) => Promise.resolve(name === 'nope' ? '# object not found: nope' : `repos ${type} ${name}`),
  },
  checkText(text) {
    if (text === null) throw new Error('nothing named');
    return text;
  },
  checkScriptName(name) {
    if (!/^\w+$/.test(name)) throw new Error('bad name');
    return name;
  },
  findMachines: (macs, peer) =>
    Promise.resolve(macs.includes('aa:bb:cc:dd:ee:01') ? ['web1'] : peer === '192.0.2.9' ? ['a', 'b'] : []),
};
const INVENTORY: InventoryOps = {
  listNames: (type) => Promise.resolve([`${type}1`, `${type}2`]),
  settings: () => ({ server: 'kick', default_virt_file_size: 5, http_port: 80, list: [], deep: { b: 1, a: 2 } }),
  isDouble: (name) => name === 'default_virt_file_size',
  puppetNode: (hostname) =>
    Promise.resolve(
      hostname === 'web1.example.org'
        ? {
            classes: { ssh: { port: '22' } },
            parameters: { from_cobbler: true, answer: 'yes' },
            environment: 'testing',
          }
        : null,
    ),
  events: () => Promise.resolve([]),
};

let calls: unknown[][];
let deps: CobblerServiceDeps;
beforeEach(() => {
  calls = [];
  deps = {
    runTriggers(...args) {
      calls.push(['trig', ...args]);
      if (args[2] === 'nope') return Promise.reject(new Error('no such system'));
      if (args[2] === 'away') return Promise.reject(new AppError('DATABASE_AWAY'));
      return Promise.resolve(args[0] === 'pre' || args[0] === 'post');
    },
    disableNetboot(...args) {
      calls.push(['nopxe', ...args]);
      return Promise.resolve(args[0] === 'gi');
    },
    noteProfileInstalled(...args) {
      calls.push(['profile', ...args]);
      return Promise.resolve();
    },
    ...FILES,
    ...INVENTORY,
    describeFault: (error) => `<class 'X'>:${(error as Error).message}`,
  };
});

async function get(path: string, rest: Partial<HttpRequest> = {}): Promise<[number, string]> {
  const answer = await createCobblerService(deps).handle({
    method: 'GET',
    path,
    query: '',
    headers: {},
    peer: '192.0.2.7',
    body: Buffer.alloc(0),
    ...rest,
  });
  expect(answer.contentType).toBe('text/plain;charset=utf-8');
  return [answer.status, answer.body as string];
}

test.each([
  ['/cblr/svc/op/trig/mode/pre/system/gi', 'True', ['trig', 'pre', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/post/profile/web', 'True', ['trig', 'post', 'profile', 'web', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre/system/gi/profile/web', 'True', ['trig', 'pre', 'profile', 'web', '192.0.2.7']],
  ['/cblr/svc/op/trig/system/gi', 'False', ['trig', '?', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre', 'True', ['trig', 'pre', 'system', null, '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/bogus/system/gi/', 'False', ['trig', 'bogus', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc//op/trig/mode/pre/system/zz/../g%69', 'True', ['trig', 'pre', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre/system/a%2Fb', 'True', ['trig', 'pre', 'system', 'a', '192.0.2.7']],
  ['/cblr/svc/op/trig/mode/pre/system/gi/extra', 'True', ['trig', 'pre', 'system', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/nopxe/system/gi', 'True', ['nopxe', 'gi', '192.0.2.7']],
  ['/cblr/svc/op/nopxe/system/nope', 'False', ['nopxe', 'nope', '192.0.2.7']],
  ['/cblr/svc/op/nopxe', 'False', ['nopxe', null, '192.0.2.7']],
  ['/cblr/svc/op/nopxe/profile/web', 'False', ['profile', 'web', '192.0.2.7']],
])('%s answers %s', async (path, body, call) => {
  expect(await get(path)).toEqual([200, body]);
  expect(calls).toEqual([call]);
});

test('a machine with an IPv6 address is known by it', async () => {
  await get('/cblr/svc/op/trig/mode/pre/system/gi', { peer: '2001:db8::7' });
  expect(calls[0]!.at(-1)).toBe('2001:db8::7');
});

test.each(['/cblr/svc', '/cblr/svc/', '/cblr/svc/op/index', '/cblr/svc/op'])('%s names no mode', async (path) => {
  expect(await get(path)).toEqual([200, 'no mode specified']);
});

test.each([
  ['list', 'system1\nsystem2\n'],
  ['list/what/mgmtclasses', 'mgmtclass1\nmgmtclass2\n'],
  ['list/what/constructor', '?'],
  ['yum', '# must specify profile or system name'],
  ['yum/system/web1/profile/web', 'repos profile web'],
  ['template/system/web1', '# must specify a template path'],
  ['template/path/_x', '# must specify profile or system name'],
  ['template/system/web1/path/_etc_a__b', 'template system web1 /etc/a_b'],
  ['ipxe/image/i', 'ipxe {"profile":null,"system":null,"image":"i"}'],
  ['gpxe/mac/AA:BB:CC:DD:EE:01', 'ipxe {"profile":null,"system":"web1","image":null}'],
  ['ipxe/mac/aa:bb:cc:dd:ee:ff', ''],
  ['autodetect', 'FAILED: no match (192.0.2.7,[])'],
  ['findks', '# autodetection FAILED: no match (192.0.2.7,[])'],
  ['puppet', 'hostname is required'],
  ['puppet/hostname/nope', 'classes: {}\nparameters: {}\n'],
  [
    'puppet/hostname/web1.example.org',
    'classes:\n  ssh:\n    port: "22"\nenvironment: testing\nparameters:\n  answer: "yes"\n  from_cobbler: true\n',
  ],
  ['events', '[]'],
])('%s answers what installers and tools expect', async (op, body) => {
  expect(await get(`/cblr/svc/op/${op}`)).toEqual([200, body]);
});

test('settings are JSON as Python writes it', async () => {
  expect(await get('/cblr/svc/op/settings')).toEqual([
    200,
    [
      '{',
      '    "deep": {',
      '        "a": 2,',
      '        "b": 1',
      '    },',
      '    "default_virt_file_size": 5.0,',
      '    "http_port": 80,',
      '    "list": [],',
      '    "server": "kick"',
      '}',
    ].join('\n'),
  ]);
});

test('a machine is found by the MAC addresses in its headers before its address; two are too many', async () => {
  const headers = { 'x-rhn-provisioning-mac-0': 'eth0 AA:BB:CC:DD:EE:01', 'x-rhn-provisioning-mac-1': 'nonsense' };
  expect(await get('/cblr/svc/op/autodetect', { headers })).toEqual([200, 'web1']);
  expect(await get('/cblr/svc/op/autodetect', { peer: '192.0.2.9' })).toEqual([200, 'FAILED: multiple matches']);
  const [status, text] = await get('/cblr/svc/op/findks', { headers });
  expect([status, JSON.parse(text)]).toEqual([
    200,
    { profile: null, system: 'web1', peer: '192.0.2.7', macs: ['aa:bb:cc:dd:ee:01'], isWitness: true },
  ]);
});

test('who asks for the headers of an answer file has not fetched it', async () => {
  const [, text] = await get('/cblr/svc/op/ks/profile/web', { method: 'HEAD' });
  expect(JSON.parse(text)).toMatchObject({ profile: 'web', isWitness: false });
});

test('the status says what the text says', async () => {
  expect(await get('/cblr/svc/op/bootcfg/system/web1')).toEqual([500, '# *** ERROR ***\n# why']);
  expect(await get('/cblr/svc/op/yum/system/nope')).toEqual([404, '# object not found: nope']);
  expect(await get('/cblr/svc/op/autoinstall')).toEqual([500, "<class 'X'>:nothing named"]);
});

test('a script is named in the query', async () => {
  const path = '/cblr/svc/op/script/profile/web/';
  expect(await get(path, { query: 'script=late' })).toEqual([200, 'script late {"profile":"web","system":null}']);
  expect(await get(path, { query: 'script=../x' })).toEqual([500, "<class 'X'>:bad name"]);
  expect(await get(path)).toEqual([500, "<class 'X'>:bad name"]);
});

test('the query is not part of a name', async () => {
  expect(await get('/cblr/svc/op/trig/mode/pre/system/gi', { query: 'x=1' })).toEqual([200, 'True']);
});

test('POST does what GET does', async () => {
  expect(await get('/cblr/svc/op/trig/mode/pre/system/gi', { method: 'POST', body: Buffer.from('x=1') })).toEqual([
    200,
    'True',
  ]);
});

test('asking for headers only changes nothing', async () => {
  expect(await get('/cblr/svc/op/trig/mode/pre/system/gi', { method: 'HEAD' })).toEqual([200, '']);
  expect(calls).toEqual([]);
});

test('a fault is answered 500 with its text', async () => {
  expect(await get('/cblr/svc/op/trig/mode/post/system/nope')).toEqual([500, "<class 'X'>:no such system"]);
});

test('a database that is away is answered 503, so that a script tries again', async () => {
  expect((await get('/cblr/svc/op/trig/mode/post/system/away'))[0]).toBe(503);
});

test.each(['nosuch', '__proto__', 'constructor', 'debug', 'look'])('operation %s is not available', async (op) => {
  expect(await get(`/cblr/svc/op/${op}/system/gi`)).toEqual([404, '# this operation is not available']);
});

test.each(['/cblr/svc/op/trig/%', '/cblr/svc/op/trig/%ff/x', `/cblr/svc/${'a/'.repeat(3_000)}`])(
  'a path that cannot be read is told so',
  async (path) => {
    expect(await get(path)).toEqual([400, '# the path cannot be read']);
  },
);
