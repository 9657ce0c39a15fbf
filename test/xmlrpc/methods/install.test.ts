import { mkdtemp, readdir, rm } from 'node:fs/promises';
import os from 'node:os';
import path from 'node:path';
import { createInstallTime } from '../../../src/actions/install-time';
import { createRecordMessage } from '../../../src/actions/record-message';
import { noteNetbootDisabled, type TriggerDeps } from '../../../src/actions/run-install-triggers';
import type { UploadLog } from '../../../src/actions/upload-log';
import { AppError } from '../../../src/domain/errors';
import type { IntakePolicy } from '../../../src/domain/target';
import { parseMessage } from '../../../src/intake';
import { toFault } from '../../../src/xmlrpc/fault';
import type { Method } from '../../../src/xmlrpc/method';
import { installMethods, type InstallDeps } from '../../../src/xmlrpc/methods/install';
import type { XmlRpcValue } from '../../../src/xmlrpc/value';
import { openTestDatabase, type TestDatabase } from '../../support/database';
import { addSystems, readKinds, readLog, startWritePath, type TestServer } from '../../support/write-path';

let database: TestDatabase;
let server: TestServer;
let dataDir: string;
let uploads: UploadLog;
let triggers: TriggerDeps;
let methods: Map<string, Method>;
let warnings: string[];

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { gi: [], gi2: ['10.9.0.2'] });
  dataDir = await mkdtemp(path.join(os.tmpdir(), 'kickwatch-install-'));
  start('open');
});
afterEach(() => rm(dataDir, { recursive: true, force: true }));

function start(policy: IntakePolicy, identify?: InstallDeps['identify']): void {
  server = startWritePath(database.knex, { policy });
  warnings = [];
  ({ uploads, triggers } = createInstallTime({
    store: server.store,
    intake: server.intake,
    recordMessage: createRecordMessage({
      intake: server.intake,
      parse: (message) => parseMessage(message)?.drafts ?? [],
    }),
    policy,
    isTrusted: () => false,
    dataDir,
    isAnamonEnabled: () => true,
    log: { warn: (sentence) => warnings.push(sentence) },
    now: () => server.now,
  }));
  const deps: InstallDeps = {
    triggers,
    uploads,
    identify: identify ?? ((_, call) => Promise.resolve({ peer: call.peer, authority: 'anonymous' })),
    isSystem: async (name) => (await server.store.inventory.findTargets([{ type: 'system', name }])).length > 0,
  };
  methods = new Map(installMethods(deps).map((method) => [method.name, method]));
}

/** The answer, or the fault string, with the trailing defaults filled in. */
async function ask(name: string, ...args: XmlRpcValue[]): Promise<XmlRpcValue> {
  const method = methods.get(name)!;
  const filled = method.params.map((param, index) => (index < args.length ? args[index]! : (param.default ?? null)));
  try {
    return await method.run(filled, { peer: '192.0.2.1', receivedAt: server.now }, { user: 'admin' });
  } catch (error) {
    return toFault(error).faultString;
  }
}

const trigger = (...args: XmlRpcValue[]): Promise<XmlRpcValue> => ask('run_install_triggers', ...args);
const upload = (...args: XmlRpcValue[]): Promise<XmlRpcValue> => ask('upload_log_data', ...args);
const bytes = (text: string): Uint8Array => Buffer.from(text, 'latin1');

const PRE_FAILED = "<class 'cobbler.cexceptions.CX'>:'Cobbler trigger failed: cobbler.modules.installation.pre_log'";

describe('run_install_triggers', () => {
  // Recorded from Cobbler 3.3.7, save for IPv6, which it wrongly refuses.
  test.each<[string, XmlRpcValue[], XmlRpcValue]>([
    ['pre', ['pre', 'system', 'gi', '10.9.0.1'], true],
    ['post without pre', ['post', 'system', 'gi2', '10.9.0.2'], true],
    ['a profile', ['pre', 'profile', 'web', '10.9.0.3'], true],
    ['no known address', ['pre', 'system', 'gi', '?'], true],
    ['an IPv6 address', ['pre', 'system', 'gi', '2001:db8::1'], true],
    [
      'a bad address',
      ['pre', 'system', 'gi', 'bogus'],
      "<class 'ipaddress.AddressValueError'>:Invalid IPv4 address format (bogus)",
    ],
    ['an empty address', ['pre', 'system', 'gi', ''], PRE_FAILED],
    ['nil for an address', ['pre', 'system', 'gi', null], "<class 'TypeError'>:Invalid input, addr must be a string"],
    ['an unknown system', ['pre', 'system', 'nope', '10.9.0.4'], PRE_FAILED],
    ['an unknown system at the end', ['post', 'system', 'nope', '10.9.0.4'], PRE_FAILED.replace('pre_log', 'post_log')],
    ['an unknown mode', ['mid', 'system', 'gi', '10.9.0.4'], false],
    ['an unknown type', ['pre', 'repo', 'gi', '10.9.0.4'], false],
    ['firstboot', ['firstboot', 'system', 'gi', '10.9.0.4'], true],
    ['firstboot of an unknown system', ['firstboot', 'system', 'nope', '10.9.0.4'], true],
    ['a number for a name', ['pre', 'system', 5, '10.9.0.4'], '<class \'TypeError\'>:"name" must be of type str!'],
    ['a token that is none', ['pre', 'system', 'gi', '10.9.0.1', 'bogus'], true],
    ['a path for a name', ['pre', 'system', '/tmp/golden-victim', '10.9.0.1'], PRE_FAILED],
    ['tabs and line ends in the name', ['pre', 'system', 'gi\t?\tstart\n', '10.9.0.1'], PRE_FAILED],
    [
      'tabs in the address',
      ['pre', 'system', 'gi', '10.9.0.1\tstop'],
      "<class 'ipaddress.AddressValueError'>:Invalid IPv4 address format (10.9.0.1\tstop)",
    ],
  ])('with %s answers as Cobbler does', async (_, args, answer) => {
    expect(await trigger(...args)).toEqual(answer);
  });

  test('opens and ends the run, filed under the address that was named', async () => {
    await trigger('pre', 'system', 'gi', '2001:db8::1');
    server.now += 60_000;
    await trigger('post', 'system', 'gi', '2001:db8::1');
    expect((await readLog(server.store)).map(({ kind, detail }) => [kind, detail.address])).toEqual([
      ['install-started', '2001:db8::1'],
      ['install-finished', '2001:db8::1'],
    ]);
    expect((await server.store.runs.loadInstallStatus()).map((row) => [row.ip, row.target])).toEqual([
      ['2001:db8::1', 'system:gi'],
    ]);
  });

  test('of profile installs tells machines apart by their address', async () => {
    await trigger('pre', 'profile', 'web', '10.9.0.3');
    await trigger('pre', 'profile', 'web', '10.9.0.4');
    expect(await readKinds(server.store)).toEqual(['1 install-started', '2 install-started']);
  });

  test('about an unknown name leaves no run and one line in the log', async () => {
    await trigger('pre', 'system', 'nope', '10.9.0.4');
    await trigger('pre', 'system', 'nope', '10.9.0.4');
    expect(await readKinds(server.store)).toEqual([]);
    expect(warnings).toEqual(['An install trigger was ignored.']);
  });

  test('from a machine that is not the system changes nothing and harms no installer', async () => {
    start('known');
    expect(await upload('gi', 'anaconda.log', 5, 0, bytes('hello'))).toBe(true);
    expect(await trigger('pre', 'system', 'gi2', '10.9.0.2')).toBe(false);
    expect(await trigger('firstboot', 'system', 'gi2', '10.9.0.2')).toBe(true);
    expect(await readKinds(server.store)).toEqual([]);
  });

  test('from one machine that names many addresses makes no more machines than that one', async () => {
    start('known');
    for (const ip of ['10.9.0.3', '10.9.0.4', '2001:db8::5']) await trigger('pre', 'profile', 'web', ip);
    await trigger('post', 'profile', 'web', '10.9.0.6');
    expect((await server.store.runs.find({ limit: 10 })).map(({ target }) => target.address)).toEqual(['192.0.2.1']);
    expect((await server.store.runs.loadInstallStatus()).map(({ ip }) => ip)).toEqual(['192.0.2.1']);
  });

  test('by a foreign machine does not remove the uploads of the system', async () => {
    start('open');
    await upload('gi2', 'anaconda.log', 5, 0, bytes('hello'));
    start('known');
    await trigger('pre', 'system', 'gi2', '10.9.0.2');
    expect(await readdir(path.join(dataDir, 'anamon/gi2'))).toEqual(['anaconda.log']);
  });

  test('with a live token is believed from anywhere', async () => {
    start('known', (token, call) =>
      token === 'live'
        ? Promise.resolve({ peer: call.peer, authority: 'session', user: 'anna' })
        : Promise.reject(new AppError('NOT_ALLOWED')),
    );
    expect(await trigger('pre', 'system', 'gi2', '10.9.0.2', 'dead')).toBe(false);
    expect(await trigger('pre', 'system', 'gi2', '10.9.0.2', 'live')).toBe(true);
  });

  test('that cannot be stored now asks to come back', async () => {
    triggers.record = () => Promise.reject(new AppError('DATABASE_AWAY'));
    expect(await trigger('pre', 'system', 'gi', '10.9.0.1')).toMatch(/try again/);
  });

  test('pre reads what the last install left unread into its run, then removes the latest files', async () => {
    await trigger('pre', 'system', 'gi', '10.9.0.1');
    const log = '05:00:54,680 INF installation: Task started: Install the payload (11/44)\n';
    await upload('gi', 'anaconda.log', log.length, 0, bytes(log));
    server.now += 3_600_000;
    await trigger('pre', 'system', 'gi', '10.9.0.1');
    const kinds = await readKinds(server.store);
    expect(kinds.filter((kind) => kind.startsWith('1 progress'))).toHaveLength(1);
    expect(kinds.filter((kind) => kind.startsWith('2'))).toEqual(['2 install-started']);
    expect(await readdir(path.join(dataDir, 'anamon/gi'))).toEqual([]);
    const [, first] = await server.store.runs.find({ limit: 2 });
    expect(await readdir(path.join(dataDir, 'runs', first!.id))).toEqual(['anaconda.log']);
  });
});

describe('upload_log_data', () => {
  // Recorded from Cobbler 3.3.7 with its defect mended.
  test.each<[string, XmlRpcValue[], XmlRpcValue]>([
    ['a chunk', ['gi', 'anaconda.log', 5, 0, bytes('hello')], true],
    ['the closing call', ['gi', 'anaconda.log', 11, -1, bytes('')], true],
    ['a size that is not that of the data', ['gi', 'anaconda.log', 99, 0, bytes('x')], false],
    ['offset -2', ['gi', 'anaconda.log', 1, -2, bytes('x')], "<class 'OSError'>:[Errno 22] Invalid argument"],
    ['a profile', ['web', 'p.log', 1, 0, bytes('x')], true],
    ['an unknown name', ['nope', 'p.log', 1, 0, bytes('x')], false],
    ['a token that is none', ['gi', 't.log', 1, 0, bytes('x'), 'bogus'], true],
    ['a number for a token', ['gi', 't.log', 1, 0, bytes('x'), 5], false],
    ['a string for the size', ['gi', 't.log', '1', 0, bytes('x')], false],
    ['nil for the size', ['gi', 't.log', null, 0, bytes('x')], false],
    ['a string for the offset', ['gi', 't.log', 1, '0', bytes('x')], false],
    ['a boolean for the size', ['gi', 't.log', true, 0, bytes('x')], true],
    ['a slash in the file name', ['gi', 'a/b.log', 1, 0, bytes('x')], false],
    ['the folder above', ['gi', '..', 1, 0, bytes('x')], false],
    [
      'the folder itself',
      ['gi', '.', 1, 0, bytes('x')],
      "<class 'cobbler.cexceptions.CX'>:'destination not a file: /var/log/cobbler/anamon/gi/.'",
    ],
    ['no file name', ['gi', '', 1, 0, bytes('x')], false],
    ['a blank in the file name', ['gi', 'a b', 1, 0, bytes('x')], false],
    ['a hidden file', ['gi', '.hidden', 1, 0, bytes('x')], true],
    ['a slash in the name', ['../gi', 'a.log', 1, 0, bytes('x')], false],
    [
      'a file name of 300 characters',
      ['gi', 'f'.repeat(300), 1, 0, bytes('x')],
      `<class 'OSError'>:[Errno 36] File name too long: '/var/log/cobbler/anamon/gi/${'f'.repeat(300)}'`,
    ],
    ['a struct for the name', [{}, 'a.log', 1, 0, bytes('x')], false],
    ['an array for the data', ['gi', 'a.log', 1, 0, []], false],
    // What the uploader of Cobbler 2 sends.
    ['base64 as text', ['gi', 'old.log', 5, 0, 'aGVs\nbG8=\n'], true],
    ['text that is no base64', ['gi', 'old.log', 1, 0, 'x'], false],
    ['base64 with something in the middle', ['gi', 'old.log', 4, 0, 'aGVs!G8='], false],
    ['three megabytes of base64', ['gi', 'old.log', 3_000_000, 0, 'aGVs'.repeat(1_000_000)], true],
    ['a path from Cobbler 2', ['gi', 'tmp/install.log', 5, 0, 'aGVsbG8='], true],
  ])('with %s answers as it should', async (_, args, answer) => {
    expect(await upload(...args)).toEqual(answer);
  });

  test('takes names for what they are, never for paths', async () => {
    await upload('gi', 'tmp/install.log', 5, 0, 'aGVsbG8=');
    expect(await readdir(path.join(dataDir, 'anamon/gi'))).toEqual(['tmp+install.log']);
  });
});

describe('clear_system_logs', () => {
  test('empties the files of a system', async () => {
    await upload('gi', 'big.log', 5, 0, bytes('hello'));
    expect(await ask('clear_system_logs', 'system::gi', 'token')).toBe(true);
    expect(await upload('gi', 'big.log', 1, 0, bytes('z'))).toBe(true);
  });

  test('of an unknown system faults as Cobbler does', async () => {
    expect(await ask('clear_system_logs', 'system::nope', 'token')).toBe(
      "<class 'AttributeError'>:'NoneType' object has no attribute 'name'",
    );
  });
});

test('that a machine asked for netboot to be off is evidence of its run, whatever happens to it', async () => {
  await trigger('pre', 'system', 'gi', '10.9.0.1');
  const call = {
    type: 'system',
    name: 'gi',
    caller: { peer: '10.9.0.1', authority: 'anonymous' },
    receivedAt: 0,
  } as const;
  await noteNetbootDisabled(triggers, { ...call, receivedAt: server.now });
  expect(await readKinds(server.store)).toEqual(['1 install-started', '1 netboot-disabled']);
  triggers.record = () => Promise.reject(new Error('no'));
  await noteNetbootDisabled(triggers, call);
});
