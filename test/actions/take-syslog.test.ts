import { createSenderBinder } from '../../src/actions/bind-senders';
import { createSyslogIntake, type SyslogIntake } from '../../src/actions/take-syslog';
import type { IntakePolicy } from '../../src/domain/target';
import { parseLine } from '../../src/syslog/frame';
import { openTestDatabase, type TestDatabase } from '../support/database';
import { addSystems, readKinds, startWritePath, type TestServer } from '../support/write-path';

const RELAY = '10.9.9.9';
const DHCP_SERVER = '10.9.9.8';
const PHASES = {
  start: 'anaconda[1491]: anaconda: /sbin/anaconda 34.25.1.14-1.el9',
  storage: 'anaconda[1491]: anaconda: threading: Running Thread: AnaInstallThread (1401)',
  packages: 'anaconda[1491]: packaging: running transaction',
  post: 'anaconda[1491]: anaconda: kickstart: Running kickstart %%post script(s)',
};

let database: TestDatabase;
let server: TestServer;
let syslog: SyslogIntake;
let complaints: string[];
let kept: Map<string, string[]>;

beforeAll(async () => {
  database = await openTestDatabase();
});
afterAll(() => database.close());
beforeEach(async () => {
  await database.truncate();
  await addSystems(database.knex, { web1: ['10.0.0.1'], web2: ['10.0.0.2'], web3: [] });
  await database.knex('interfaces').insert([
    {
      system_id: database.knex('systems').where('name', 'web3').select('id'),
      name: 'eth0',
      mac: '52:54:00:AB:CD:03',
      data: '{}',
    },
  ]);
  start();
});

function start(policy: IntakePolicy = 'known'): void {
  complaints = [];
  kept = new Map();
  const isTrusted = (peer: string): boolean => peer === RELAY || peer === DHCP_SERVER;
  const listeners: ((written: never) => void)[] = [];
  server = startWritePath(database.knex, { policy, isTrusted, listeners: listeners as never });
  const binder = createSenderBinder({ store: server.store, now: () => server.now });
  listeners.push((written) => binder.watch(written));
  syslog = createSyslogIntake({
    ...{ binder, intake: server.intake, policy, isTrusted },
    now: () => server.now,
    logs: { keep: (runId, lines) => kept.set(runId, [...(kept.get(runId) ?? []), ...lines]) },
    warn: (_key, sentence) => complaints.push(sentence),
  });
}

/** Lines arrive as rsyslog forwards them, and are worked off. */
async function send(peer: string, lines: string[], options: { host?: string; lost?: number } = {}): Promise<void> {
  const host = options.host ?? 'localhost';
  const parsed = lines.map((line) => parseLine(`<142>May 16 20:47:06 ${host} ${line}`));
  syslog.take([{ peer, lines: parsed, lost: options.lost ?? 0 }]);
  await syslog.flush();
}

const runOf = async (name: string) => (await server.store.runs.find({ system: name, limit: 1 }))[0]?.state ?? null;
const later = (ms: number): void => {
  server.now += ms;
};

test('a machine is known by the address on record', async () => {
  await send('10.0.0.2', [PHASES.start, PHASES.storage]);
  expect(await runOf('web2')).toMatchObject({ status: 'installing', phase: 'storage', addresses: ['10.0.0.2'] });
  expect(await runOf('web1')).toBeNull();
});

test('a machine whose name changes while it installs is one machine', async () => {
  await send(RELAY, [PHASES.start, PHASES.storage], { host: 'web1' });
  await send(RELAY, [PHASES.packages], { host: 'web1.example.org' });
  expect(await runOf('web1')).toMatchObject({ phase: 'packages' });
  expect(syslog.senders().filter(({ target }) => target === 'system:web1')).toHaveLength(1);
});

test('a relay that is trusted speaks for several machines', async () => {
  await send(RELAY, [PHASES.start], { host: 'web1' });
  await send(RELAY, [PHASES.start, PHASES.packages], { host: 'web2' });
  expect((await runOf('web1'))?.phase).toBe('bootstrap');
  expect((await runOf('web2'))?.phase).toBe('packages');
});

test('a sender cannot speak for a machine with another address on record', async () => {
  await send('10.0.0.66', [PHASES.start], { host: 'web1' });
  expect(await runOf('web1')).toBeNull();
  expect(syslog.senders()[0]!.refused).toContain('10.0.0.66 is none of the addresses on record for web1');
});

test('a sender with an address on record is not believed when it claims to be another machine', async () => {
  await send('10.0.0.2', [PHASES.start], { host: 'web1' });
  expect(await runOf('web1')).toBeNull();
  expect((await runOf('web2'))?.phase).toBe('bootstrap');
});

test('a machine without an address on record is known by the address its run was heard from', async () => {
  await server.say(
    'install-started',
    { address: '10.0.0.77' },
    { target: { type: 'system', name: 'web3', address: null } },
  );
  await send('10.0.0.77', [PHASES.storage]);
  expect((await runOf('web3'))?.phase).toBe('storage');
});

test('another server knows it too, once it has looked', async () => {
  await server.say(
    'install-started',
    { address: '10.0.0.77' },
    { target: { type: 'system', name: 'web3', address: null } },
  );
  start();
  await send('10.0.0.77', [PHASES.storage]);
  expect((await runOf('web3'))?.phase).toBe('storage');
});

test('a machine is known by the MAC address its lease was given to, also after a restart', async () => {
  await send(DHCP_SERVER, ['dnsmasq-dhcp[54]: DHCPACK(eth0) 10.0.0.88 52:54:00:ab:cd:03']);
  start();
  await send('10.0.0.88', [PHASES.start, PHASES.storage]);
  expect((await runOf('web3'))?.phase).toBe('storage');
  expect(syslog.senders()[0]).toMatchObject({ target: 'system:web3', boundBy: 'lease' });
});

test('a lease told by somebody who is not trusted is not believed', async () => {
  await send('10.0.0.2', ['dnsmasq-dhcp[54]: DHCPACK(eth0) 10.0.0.2 52:54:00:ab:cd:03']);
  expect(complaints).toEqual(['A DHCP, TFTP or web server is not believed: its address is not in TRUSTED_NETWORKS.']);
  expect(await server.store.senders.findLeases(['10.0.0.2'], 0)).toEqual(new Map());
});

test('what a machine said before anybody knew it is told when its lease is', async () => {
  await send('10.0.0.88', [PHASES.start, PHASES.storage]);
  later(6_000);
  await send(DHCP_SERVER, ['dnsmasq-dhcp[54]: DHCPACK(eth0) 10.0.0.88 52:54:00:ab:cd:03']);
  await syslog.flush();
  await syslog.flush();
  expect((await runOf('web3'))?.phase).toBe('storage');
});

test('chatter keeps a run heard, moves no clock, and is stored once a minute', async () => {
  await send('10.0.0.1', [PHASES.start]);
  const before = (await runOf('web1'))!;
  for (let second = 0; second < 130; second += 10) {
    later(10_000);
    await send('10.0.0.1', ['systemd[1]: Started something.', 'anaconda[1]: anaconda: ui: nothing of interest']);
  }
  const after = (await runOf('web1'))!;
  expect(after.progressClock).toBe(before.progressClock);
  expect(after.lastHeardAt).toBeGreaterThan(before.lastHeardAt!);
  expect((await readKinds(server.store)).filter((kind) => kind.endsWith('heard'))).toHaveLength(2);
});

test('what a machine says while its first words are being stored is not lost', async () => {
  const batch = (line: string) => [
    { peer: '10.0.0.1', lines: [parseLine(`<142>May 16 20:47:06 localhost ${line}`)], lost: 0 },
  ];
  syslog.take(batch(PHASES.storage));
  const storing = syslog.flush();
  // The database has been asked by now, and has not answered.
  await new Promise((resolve) => setImmediate(resolve));
  syslog.take(batch(PHASES.packages));
  await storing;
  await syslog.flush();
  expect(await runOf('web1')).toMatchObject({ status: 'installing', phase: 'packages' });
});

test('a machine at work that logs here has no install, and begins none that is planned', async () => {
  await send('10.0.0.1', ['systemd[1]: Started something.', 'sshd[77]: Accepted publickey for root']);
  expect(await runOf('web1')).toBeNull();
  await server.say('run-planned', {}, { target: { type: 'system', name: 'web1', address: null } });
  later(61_000);
  await send('10.0.0.1', ['systemd[1]: Started something else.']);
  expect(await runOf('web1')).toMatchObject({ status: 'planned' });
});

test('lines that were lost before an end are told of with the run that ended', async () => {
  await send('10.0.0.1', [PHASES.start]);
  await send(
    '10.0.0.1',
    ['anaconda[1491]: anaconda: threading: Thread Failed: AnaTaskThread-InstallPackagesTask-1 (1)'],
    {
      lost: 17,
    },
  );
  expect(await runOf('web1')).toMatchObject({ status: 'failed', linesLost: 17 });
});

test('lines that were lost are told of with the run', async () => {
  await send('10.0.0.1', [PHASES.start]);
  later(61_000);
  await send('10.0.0.1', ['systemd[1]: x'], { lost: 4_211 });
  expect((await runOf('web1'))!.linesLost).toBe(4_211);
});

test('a second install of the same machine on the same stream is another run', async () => {
  await send('10.0.0.1', [PHASES.start, PHASES.packages, PHASES.post]);
  later(3_600_000);
  await send('10.0.0.1', [PHASES.start, PHASES.storage]);
  expect(await readKinds(server.store)).toContain('1 install-terminated');
  expect(await runOf('web1')).toMatchObject({ status: 'installing', phase: 'storage' });
});

test('packages counted before a restart of the server still count', async () => {
  const installed = (n: number): string =>
    `anaconda[1491]: packaging: Installed: p${n}-1.el9.noarch 1600000000 ${'0123456789abcdef'.repeat(4)}`;
  await send('10.0.0.1', [PHASES.start, PHASES.packages, ...[1, 2, 3].map(installed)]);
  start();
  await send('10.0.0.1', [installed(4)]);
  later(5_000);
  await send('10.0.0.1', [installed(5)]);
  expect((await runOf('web1'))!.packagesDone).toBeGreaterThanOrEqual(4);
});

test('a machine at work that logs here is not being installed', async () => {
  await send('10.0.0.1', [
    'systemd[1]: Started Session 4 of user root.',
    'kernel: Out of memory: Killed process 7 (java)',
  ]);
  expect(await runOf('web1')).toBeNull();
});

test('what a machine logs long after its install does not make the install suspicious', async () => {
  await send('10.0.0.1', [PHASES.start, PHASES.packages]);
  await server.say('install-finished', {}, { target: { type: 'system', name: 'web1', address: null } });
  const { seq } = (await runOf('web1'))!;
  for (let hour = 0; hour < 3; hour += 1) {
    later(3_600_000);
    await send('10.0.0.1', ['systemd[1]: x', 'kernel: Out of memory: Killed process 7 (java)']);
  }
  expect(await runOf('web1')).toMatchObject({ seq, integrity: 'intact' });
});

test('what the kernel kills while a machine installs is an error of the run', async () => {
  await send('10.0.0.1', [PHASES.start, 'kernel: Out of memory: Killed process 7 (java)']);
  expect((await runOf('web1'))!.errors[0]!.text).toContain('Out of memory');
});

test('an error is told with the lines before it', async () => {
  await send('10.0.0.1', [
    PHASES.start,
    'anaconda[1491]: anaconda: one',
    'anaconda[1491]: anaconda: payload.manager: PayloadError: no such repo',
  ]);
  const [error] = (await runOf('web1'))!.errors;
  expect(error).toMatchObject({ text: 'PayloadError: no such repo' });
  expect(error!.context!.at(-2)).toContain('anaconda: one');
});

describe('a machine at work', () => {
  const TROUBLE = [
    "dnf[44]: Error: Failed to download metadata for repo 'epel': Cannot prepare internal mirrorlist",
    'cloud-init[9]: 2026-10-01 10:00:00,123 - handlers.py[DEBUG]: finish: modules-config: FAIL: running modules',
    'flash-kernel: error: no such device tree',
    'systemd-coredump[99]: Process 77 (anaconda) of user 0 dumped core.',
    'kernel: Kernel panic - not syncing: Fatal exception',
    'kernel: VFS: Cannot open root device "sda1" or unknown-block(0,0)',
  ];

  test.each(TROUBLE)('in trouble of its own is not being installed: %s', async (line) => {
    await send('10.0.0.1', [line]);
    expect(await runOf('web1')).toBeNull();
    await server.say('run-planned');
    later(3_600_000);
    await send('10.0.0.1', [line]);
    expect((await runOf('web1'))!.status).toBe('planned');
  });

  test('that has been installed stays intact whatever goes wrong later', async () => {
    await server.say('install-started');
    await server.say('install-finished');
    later(24 * 3_600_000);
    for (const line of TROUBLE) await send('10.0.0.1', [line]);
    expect(await runOf('web1')).toMatchObject({ status: 'finished', integrity: 'intact', errors: [] });
  });

  test('keeps the lines just before its install, not those of weeks ago', async () => {
    for (let n = 0; n < 1_000; n += 1) await send('10.0.0.1', [`cron[1]: line ${n} ${'x'.repeat(200)}`]);
    await send('10.0.0.1', [PHASES.start]);
    const lines = kept.get((await runOf('web1'))!.runId)!;
    expect(lines.at(-2)).toContain('line 999');
    expect(lines.join('').length).toBeLessThan(66_000);
  });
});

test('an install that says each of its packages writes an event or two a second at most', async () => {
  await send('10.0.0.1', [PHASES.start, PHASES.packages]);
  const installed = (n: number): string =>
    `anaconda[1491]: packaging: Installed: p${n}-1.el9.noarch 1600000000 ${'0123456789abcdef'.repeat(4)}`;
  for (let n = 0; n < 100; n += 1) {
    later(100);
    await send('10.0.0.1', [installed(n)]);
  }
  later(1_000);
  await syslog.flush();
  expect((await runOf('web1'))!.packagesDone).toBe(100);
  expect((await readKinds(server.store)).length).toBeLessThanOrEqual(25);
});

test('lines that are lost while a machine counts are told of', async () => {
  await send('10.0.0.1', [PHASES.start, PHASES.packages]);
  for (let minute = 0; minute < 3; minute += 1) {
    later(40_000);
    await send('10.0.0.1', [`anaconda[1]: packaging: Installed: p${minute}-1.noarch 1600000000 ${'ab'.repeat(32)}`], {
      lost: 10,
    });
  }
  expect((await runOf('web1'))!.linesLost).toBeGreaterThanOrEqual(10);
});

describe('one address, two machines', () => {
  const as = (name: string) => ({ target: { type: 'system' as const, name, address: null } });
  const LEASED = 'dnsmasq-dhcp[54]: DHCPACK(eth0) 10.0.0.77 52:54:00:ab:cd:03';

  test('an address that was given to another machine is that machine’s', async () => {
    await addSystems(database.knex, { web4: [] });
    await server.say('install-started', { address: '10.0.0.77' }, as('web4'));
    await send('10.0.0.77', [PHASES.storage]);
    later(60_000);
    await send(DHCP_SERVER, [LEASED]);
    await send('10.0.0.77', [PHASES.start, PHASES.packages]);
    expect((await runOf('web4'))!.phase).toBe('storage');
    expect((await runOf('web3'))!.phase).toBe('packages');
  });

  test('what one said before says nothing about the other', async () => {
    await addSystems(database.knex, { web4: [] });
    await server.say('install-started', { address: '10.0.0.77' }, as('web4'));
    await send('10.0.0.77', [PHASES.post]);
    later(60_000);
    await send(DHCP_SERVER, [LEASED]);
    await server.say('install-started', {}, as('web3'));
    await send('10.0.0.77', ['systemd[1]: x']);
    await send('10.0.0.77', [PHASES.storage]);
    expect((await runOf('web3'))!.phase).toBe('storage');
  });

  test('both behind one router are not mixed up: nobody’s lines are taken for the other’s', async () => {
    await addSystems(database.knex, { web4: [] });
    for (const name of ['web3', 'web4']) await server.say('install-started', { address: '10.0.0.77' }, as(name));
    await send('10.0.0.77', [PHASES.packages, 'anaconda[1]: anaconda: payload: PayloadError: no such repo']);
    for (const name of ['web3', 'web4']) expect(await runOf(name)).toMatchObject({ phase: 'config', errors: [] });
  });

  test('both behind one router that is trusted are told apart by their names', async () => {
    await addSystems(database.knex, { web4: [] });
    for (const name of ['web3', 'web4']) await server.say('install-started', { address: RELAY }, as(name));
    await send(RELAY, [PHASES.packages], { host: 'web4' });
    expect((await runOf('web3'))!.phase).toBe('config');
    expect((await runOf('web4'))!.phase).toBe('packages');
  });
});

test('a lease opens nothing under the policy that asks for tokens', async () => {
  start('token');
  await send(DHCP_SERVER, ['dnsmasq-dhcp[54]: DHCPACK(eth0) 10.0.0.88 52:54:00:ab:cd:03']);
  await send('10.0.0.88', [PHASES.start]);
  expect(await runOf('web3')).toBeNull();
});

test('a server clock that is set back makes no machine unheard', async () => {
  await send('10.0.0.1', [PHASES.start, PHASES.packages]);
  const { seq } = (await runOf('web1'))!;
  later(-7_200_000);
  await send('10.0.0.1', [`anaconda[1]: packaging: Installed: p-1.noarch 1600000000 ${'ab'.repeat(32)}`]);
  expect((await runOf('web1'))!.seq).toBeGreaterThan(seq);
});

test('ten thousand addresses that nobody knows do not fill the memory', async () => {
  const lines = Array.from({ length: 40 }, (_, n) => parseLine(`<142>May 16 20:47:06 h x: ${n} ${'y'.repeat(1_000)}`));
  for (let n = 0; n < 10_000; n += 1) {
    syslog.take([{ peer: `10.${n >> 8}.${n & 255}.9`, lines, lost: 0 }]);
    if (n % 1_000 === 0) await syslog.flush();
  }
  await syslog.flush();
  expect(syslog.senders().length).toBeGreaterThan(9_000);
  await send('10.0.0.1', [PHASES.start]);
  expect((await runOf('web1'))!.status).toBe('installing');
});

test('an error is stored without the password in the lines before it', async () => {
  await send('10.0.0.1', [
    PHASES.start,
    'anaconda[1491]: anaconda: line 4: rootpw --plaintext hunter2',
    'anaconda[1491]: anaconda: payload.manager: PayloadError: no such repo at http://bob:hunter2@mirror/el9',
  ]);
  const run = (await runOf('web1'))!;
  expect(run.errors[0]!.context!.join()).toContain('rootpw');
  expect(JSON.stringify(run)).not.toContain('hunter2');
});

test('under the policy that asks for tokens nobody but trusted networks is heard', async () => {
  start('token');
  await send('10.0.0.1', [PHASES.start]);
  expect(await runOf('web1')).toBeNull();
  await send(RELAY, [PHASES.start], { host: 'web1' });
  expect((await runOf('web1'))?.phase).toBe('bootstrap');
});

test('what could not be stored is kept and stored when the database is back', async () => {
  const { submit } = server.intake;
  server.intake.submit = () => Promise.reject(new Error('gone'));
  await send('10.0.0.1', [PHASES.start]);
  server.intake.submit = submit;
  await syslog.flush();
  expect((await runOf('web1'))?.phase).toBe('bootstrap');
});

test('the lines of a run are kept with it, those before it was known included', async () => {
  await send('10.0.0.1', ['systemd[1]: early', PHASES.start]);
  await send('10.0.0.1', ['systemd[1]: later']);
  const { runId } = (await runOf('web1'))!;
  expect(kept.get(runId)).toEqual([
    expect.stringContaining('systemd[1]: early'),
    expect.stringContaining('/sbin/anaconda'),
    expect.stringContaining('systemd[1]: later'),
  ]);
});

describe('the trail of a machine', () => {
  const dhcp = (lines: string[]): Promise<void> => send(DHCP_SERVER, lines);
  const PLANNED = { target: { type: 'system' as const, name: 'web3', address: null } };
  const LEASE = 'dnsmasq-dhcp[54]: 77 DHCPACK(eth0) 10.0.0.88 52:54:00:ab:cd:03';

  test('begins a planned install when its firmware boots from the network', async () => {
    await server.say('run-planned', {}, PLANNED);
    await dhcp(['dnsmasq-dhcp[54]: 77 vendor class: PXEClient:Arch:00007:UNDI:003016', LEASE]);
    expect(await runOf('web3')).toMatchObject({ status: 'installing', phase: 'booting' });
  });

  test('begins nothing when its old system renews a lease', async () => {
    await server.say('run-planned', {}, PLANNED);
    await dhcp([LEASE]);
    expect((await runOf('web3'))!.status).toBe('planned');
  });

  test('shows the first boot after the end, not the last words of the installer', async () => {
    await server.say('install-started', {}, PLANNED);
    await server.say('install-finished', {}, PLANNED);
    later(5_000);
    await dhcp([LEASE]);
    expect((await runOf('web3'))!.bootedAt).toBeNull();
    later(85_000);
    await dhcp([LEASE]);
    expect((await runOf('web3'))!.bootedAt).toBe(server.now);
  });

  test('of packages moves a run that installs, and opens none', async () => {
    const get = (file: string): string =>
      `nginx[9]: 10.0.0.88 - - [25/Nov/2026:10:00:00 +0000] "GET /el9/Packages/${file} HTTP/1.1" 200 4000 "-" "libdnf (Red Hat 9)"`;
    await dhcp([LEASE, get('a-1.el9.noarch.rpm')]);
    expect(await runOf('web3')).toBeNull();
    await server.say('install-started', {}, PLANNED);
    later(5_000);
    await dhcp([get('b-1.el9.noarch.rpm'), get('c-1.el9.noarch.rpm'), get('c-1.el9.noarch.rpm')]);
    expect(await runOf('web3')).toMatchObject({ phase: 'packages', packagesDone: 3 });
  });

  test('a package with a kernel in it is no boot: the run goes on', async () => {
    await server.say('install-started', { phase: 'packages' }, PLANNED);
    later(120_000);
    await dhcp([
      LEASE,
      'nginx[9]: 10.0.0.88 - - [25/Nov/2026:10:00:00 +0000] "GET /el9/Packages/kernel-5.14.0-70.el9.x86_64.rpm HTTP/1.1" 200 4000 "-" "libdnf (Red Hat 9)"',
    ]);
    expect(await readKinds(server.store)).not.toContain('1 install-terminated');
    expect(await runOf('web3')).toMatchObject({ status: 'installing', packagesDone: 1 });
  });
});
