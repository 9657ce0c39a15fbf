import { createPrograms } from '../../src/actions/run-program';
import type { Rendered } from '../../src/actions/render-autoinstall';
import { createTaskKinds, createTaskTriggers, type TaskKindDeps } from '../../src/actions/task-kinds';
import type { TriggerFailure, TriggerRun } from '../../src/actions/run-triggers';
import type { ItemData } from '../../src/domain/item-value';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';

/** Runs a task on a server without tools; answers whether it is complete, its log, and the scripts that were asked for. */
async function run(role: string, options: ItemData = {}, extra: Partial<TaskKindDeps> = {}, failing = '') {
  const lines: string[] = [];
  const scripts: string[] = [];
  const programs = createPrograms({ PATH: '/nowhere' });
  const triggers = {
    run({ directory, args }: TriggerRun): Promise<TriggerFailure | null> {
      scripts.push([directory, ...args].join(' '));
      return Promise.resolve(directory === failing ? { file: `/t/${directory}/1`, code: 3 } : null);
    },
    enqueue: () => undefined,
    drain: () => Promise.resolve(),
  };
  const kinds = createTaskKinds({
    programs: { ...programs, find: () => Promise.resolve(null) },
    triggers,
    power: {
      programs: { ...programs, find: () => Promise.resolve(null) },
      readSystem: (name) => Promise.resolve(name === 'web1' ? { power_type: 'ipmilan' } : null),
      wait: () => Promise.resolve(),
    },
    settings: DEFAULT_SETTINGS,
    findMissingSystems: (names) => Promise.resolve(names.filter((name) => name !== 'web1')),
    isDirectory: () => Promise.resolve(false),
    listNames: () => Promise.resolve([]),
    render: () => Promise.resolve({ kind: 'no-file' }),
    ...extra,
  });
  const context = {
    options,
    by: null,
    signal: new AbortController().signal,
    log: (text: string, level = 'INFO') => void lines.push(`${level} ${text}`),
  };
  const kind = kinds.find((candidate) => candidate.role === role)!;
  const outcome = await kind.run(context).catch((error: unknown) => (error as Error).message);
  await createTaskTriggers(triggers).after(role, options, context);
  return { outcome: outcome ?? true, lines, scripts };
}

test('a sync runs its scripts and says that it writes no files', async () => {
  const { outcome, lines, scripts } = await run('sync', { verbose: true });
  expect(outcome).toBe(true);
  expect(lines).toContainEqual(expect.stringContaining('No files are written'));
  expect(scripts).toEqual(['sync/pre', 'sync/post', 'change', 'task/sync/post verbose']);
});

test('a sync that a script refuses fails in Cobbler’s words and goes no further', async () => {
  const { outcome, scripts } = await run('sync', {}, {}, 'sync/pre');
  expect(outcome).toBe('Cobbler trigger failed: /t/sync/pre/1 returns 3');
  expect(scripts).not.toContain('sync/post');
});

test('a sync of systems that do not exist fails and names them', async () => {
  const { outcome, lines } = await run('syncsystems', { systems: ['web1', 'nope'] });
  expect(outcome).toBe(false);
  expect(lines).toContain('ERROR There is no system nope.');
});

test('power of several systems fails when one of them failed, and each is told of', async () => {
  const { outcome, lines } = await run('power', { systems: 'web1, nope', power: 'on' });
  expect(outcome).toBe(false);
  expect(lines).toContainEqual(expect.stringMatching(/^ERROR web1: fence_ipmilan is not installed .* ipmitool\.$/));
  expect(lines).toContain('ERROR nope: There is no system nope.');
  expect((await run('power', { systems: ['web1'], power: 'explode' })).outcome).toBe('invalid power operation');
});

test.each([
  ['import', 'install the package rsync'],
  ['buildiso', 'install the package xorriso'],
  ['mkloaders', 'install the package grub2-tools'],
  ['replicate', 'install the package rsync'],
  ['aclsetup', 'Nothing was changed'],
])('%s without what it takes says so in one sentence', async (role, sentence) => {
  expect((await run(role)).outcome).toContain(sentence);
});

test('repos are missed only when there are some to mirror', async () => {
  expect((await run('reposync')).outcome).toBe(true);
  const some = await run('reposync', {}, { listNames: () => Promise.resolve(['base']) });
  expect(some.outcome).toContain('install the package dnf');
});

test('answer files that cannot be rendered fail their check; what is odd in others is told', async () => {
  const rendered: Record<string, Rendered> = {
    good: { kind: 'text', text: '#version=RHEL9\nlang en_US\n%packages\n%end\n', warnings: [] },
    bad: { kind: 'error', template: 'bad.ks', line: 7, sentence: 'no such snippet' },
  };
  const names = (type: string) => Promise.resolve(type === 'profile' ? ['good', 'bad'] : []);
  const render = (_type: string, name: string) => Promise.resolve(rendered[name]!);
  const { outcome, lines } = await run('validate_autoinstall_files', {}, { listNames: names, render });
  expect(outcome).toBe(false);
  expect(lines).toContain('ERROR profile bad: bad.ks:7: no such snippet');
  expect(lines).toContainEqual(expect.stringMatching(/^WARNING profile good: /));
  expect(lines.at(-1)).toBe('INFO 2 files were rendered and read, 1 could not be.');
});
