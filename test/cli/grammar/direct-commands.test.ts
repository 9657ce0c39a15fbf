import { cx, startFakeServer, type FakeServer } from '../support/fake-server';
import { cli, type CliOutcome } from '../support/run-cli';

const TASK = '2026-11-25_170000_Sync_0123456789abcdef0123456789abcdef';
const line = (text: string): string => `[${TASK}] 2026-11-25 17:00:01,250 - INFO | ${text}\n`;

/** A task that is looked at a few times before it ends. */
function task(end: 'complete' | 'failed', looks: string[]): Record<string, (...params: never[]) => unknown> {
  let at = 0;
  return {
    get_task_status: () => [1_795_626_000.5, 'Sync', at < looks.length - 1 ? 'running' : end, []],
    get_event_log: () => looks[Math.min(at++, looks.length - 1)],
  };
}

let server: FakeServer;
afterEach(() => server.close());

async function run(
  methods: Parameters<typeof startFakeServer>[0],
  args: string[],
  manner: 'kickwatch' | 'cobbler' = 'kickwatch',
): Promise<CliOutcome> {
  server = await startFakeServer(methods);
  return cli(args, { KICKWATCH_URL: server.url, KICKWATCH_PASSWORD: 'right', TZ: 'UTC' }, { manner });
}

const GROWING = [
  '?',
  line('one'),
  line('one') + line('two').slice(0, -3),
  line('one') + line('two') + line('### TASK COMPLETE ###'),
];

test('a background task is followed to its end, each line once', async () => {
  const { code, out } = await run({ background_sync: () => TASK, ...task('complete', GROWING) }, ['sync']);
  expect([code, out]).toEqual([0, `task started: ${TASK}\none\ntwo\nSync is complete.\n`]);
});

test('as cobbler a task is told in its words', async () => {
  const { code, out } = await run({ background_sync: () => TASK, ...task('complete', GROWING) }, ['sync'], 'cobbler');
  expect(code).toBe(0);
  expect(out).toMatch(
    new RegExp(
      `^task started: ${TASK}\ntask started \\(id=Sync, time=\\w+ Nov +\\d+ [\\d:]+ 2026\\)\none\ntwo\n\\*\\*\\* TASK COMPLETE \\*\\*\\*\n$`,
    ),
  );
});

test.each([
  ['kickwatch', 'Sync failed.\n'],
  ['cobbler', '!!! TASK FAILED !!!\n'],
] as const)('a task that fails is an error, as %s', async (manner, last) => {
  const { code, out } = await run(
    { background_sync: () => TASK, ...task('failed', [line('no room')]) },
    ['sync'],
    manner,
  );
  expect(code).toBe(1);
  expect(out).toContain(`no room\n${last}`);
});

test('for programs a task is one document', async () => {
  const { out } = await run({ background_sync: () => TASK, ...task('complete', GROWING) }, ['sync', '--json']);
  expect(JSON.parse(out)).toEqual({ task: TASK, name: 'Sync', state: 'complete', log: ['one', 'two'] });
});

// What Cobbler 3.3.10's own command line sent for the same words, recorded between it and the server.
test.each([
  ['sync', 'background_sync', {}],
  ['sync --verbose --dns', 'background_sync', { verbose: true, dns: true }],
  ['sync --verbose --dns --systems=a,b', 'background_syncsystems', { verbose: true, dns: true, systems: ['a', 'b'] }],
  ['import --path=/x --name=y --autoinstall=z', 'background_import', { path: '/x', name: 'y', autoinstall_file: 'z' }],
  ['reposync', 'background_reposync', { tries: 1 }],
  ['reposync --only=a --tries=3 --no-fail', 'background_reposync', { only: 'a', tries: 3, no_fail: true }],
  ['buildiso --iso=/tmp/a.iso --tempdir=/x', 'background_buildiso', { iso: '/tmp/a.iso', buildisodir: '/x' }],
  ['hardlink', 'background_hardlink', {}],
  ['replicate --master=x --image=a*', 'background_replicate', { master: 'x', image_patterns: 'a*' }],
  ['mkloaders', 'background_mkloaders', {}],
  ['validate-autoinstalls', 'background_validate_autoinstall_files', {}],
  ['aclsetup --adduser=x', 'background_aclsetup', { adduser: 'x' }],
  ['signature update', 'background_signature_update', {}],
  ['system poweron --name=web1', 'background_power_system', { power: 'on', systems: ['web1'] }],
])('%s starts the task Cobbler starts', async (words, method, options) => {
  const { code } = await run({ [method]: () => TASK, ...task('complete', ['?']) }, words.split(' '));
  expect(code).toBe(0);
  expect(server.calls.find((call) => call.method === method)?.params[0]).toEqual(options);
});

test.each(['kickwatch', 'cobbler'] as const)(
  'what the server does not have is said, and an error, as %s',
  async (manner) => {
    const { code, out, err } = await run(
      {
        background_sync: () => {
          throw cx("unknown remote method 'background_sync'");
        },
      },
      ['sync'],
      manner,
    );
    expect(code).toBe(1);
    expect(out + err).toContain("unknown remote method 'background_sync'");
  },
);

const SETTINGS = { allow_dynamic_settings: true, server: 'x', list: [1, 'a'], pairs: { k: 'v' }, empty: '' };

test('as cobbler settings are Python literals behind 40 columns', async () => {
  const { out } = await run({ get_settings: () => SETTINGS }, ['setting', 'report'], 'cobbler');
  const row = (name: string, value: string): string => `${name.padEnd(40)}: ${value}\n`;
  expect(out).toBe(
    row('allow_dynamic_settings', 'True') +
      row('empty', '') +
      row('list', "[1, 'a']") +
      row('pairs', "{'k': 'v'}") +
      row('server', 'x'),
  );
});

test('a setting is changed; one that is not known is refused with those close to it', async () => {
  const methods = { get_settings: () => SETTINGS, modify_setting: () => 0 };
  expect(await run(methods, ['setting', 'edit', '--name=server', '--value=y'])).toMatchObject({ code: 0 });
  expect(server.calls.at(-1)!.params.slice(0, 2)).toEqual(['server', 'y']);
  await server.close();
  const { code, err } = await run(methods, ['setting', 'edit', '--name=servre', '--value=y']);
  expect(code).toBe(1);
  expect(err).toContain('Close to it: server');
});

test('settings that may not change while the server runs are not', async () => {
  const methods = { get_settings: () => ({ ...SETTINGS, allow_dynamic_settings: false }) };
  const { code, out } = await run(methods, ['setting', 'edit', '--name=server', '--value=y'], 'cobbler');
  expect(code).toBe(1);
  expect(out).toMatch(/^Dynamic settings changes are not enabled\./);
});

test('the signatures are listed by breed and counted', async () => {
  const breeds = { redhat: { rhel9: {}, rhel8: {} }, none: {} };
  const { out } = await run({ get_signatures: () => ({ breeds }) }, ['signature', 'report'], 'cobbler');
  expect(out).toBe(
    'Currently loaded signatures:\nnone:\n\t(none)\nredhat:\n\trhel8\n\trhel9\n\n2 breeds with 2 total signatures loaded\n',
  );
});

test('check numbers what it found', async () => {
  const { out } = await run({ check: () => ['first', 'second'] }, ['check'], 'cobbler');
  expect(out).toContain('\n\n1: first\n2: second\n\n');
});

test('as cobbler a server that is away is code 155', async () => {
  server = await startFakeServer({});
  const outcome = await cli(['list'], { KICKWATCH_URL: 'http://127.0.0.1:1' }, { manner: 'cobbler' });
  expect(outcome.code).toBe(155);
  expect(outcome.err).toMatch(/^cobblerd does not appear to be running\/accessible: /);
});

test('a word that is close to a command is offered', async () => {
  server = await startFakeServer({});
  const { code, err } = await cli(['systm', 'list']);
  expect(code).toBe(2);
  expect(err).toContain('Close to it: system');
});
