import { AppError } from '../domain/errors';
import { isDict, type ItemData, type ItemValue, type SettingValues, textOf } from '../domain/item-value';
import { POWER_OPERATIONS, switchPower, type PowerDeps, type PowerOperation } from './power';
import type { Programs } from './run-program';
import { triggerSentence, type Triggers } from './run-triggers';
import type { TaskContext, TaskKind, TaskTriggers } from './run-tasks';
import { validateAutoinstalls, type ValidateDeps } from './validate-autoinstalls';

/** What the tasks are done with. */
export interface TaskKindDeps extends ValidateDeps {
  programs: Programs;
  triggers: Triggers;
  power: PowerDeps;
  settings: SettingValues;
  /** Those of the names that are no system. */
  findMissingSystems(names: readonly string[]): Promise<string[]>;
  /** True for a directory that is there. */
  isDirectory(path: string): Promise<boolean>;
}

const MINUTE = 60_000;
const TRIGGER_LIMIT_MS = 5 * MINUTE;
/** Machines whose power is switched at the same time. */
const POWER_AT_ONCE = 8;

/** The tasks every server has. See semantics of each in docs/compatibility.md. */
export function createTaskKinds(deps: TaskKindDeps): TaskKind[] {
  return [
    kind('sync', 'Sync', (task) => sync(deps, task, null), { isRepeatable: true, limitMs: 60 * MINUTE }),
    kind('syncsystems', 'Syncsystems', (task) => sync(deps, task, readNames(task.options.systems)), {
      isRepeatable: true,
      limitMs: 60 * MINUTE,
    }),
    kind('hardlink', 'Hardlink', (task) => hardlink(deps, task), { isRepeatable: true, limitMs: 12 * 60 * MINUTE }),
    {
      role: 'power',
      displayName: (options) => `Power management (${textOf(options.power ?? '').slice(0, 32)})`,
      // A second reboot, minutes later, would hit a machine that is being installed.
      isRepeatable: false,
      limitMs: 60 * MINUTE,
      run: (task) => power(deps, task),
    },
    kind('sigupdate', 'Updating Signatures', (task) => {
      task.log('The catalogue of operating systems comes with the server; there is nothing to download.');
    }),
    kind('import', 'Media import', async () => {
      await needProgram(deps.programs, ['rsync'], 'rsync');
      throw refusal('This server does not import media: make the distro and the profile yourself.');
    }),
    kind('reposync', 'Reposync', async (task) => {
      const names = await deps.listNames('repo', { keep_updated: 'true', mirror_locally: 'true' });
      if (names.length === 0) return task.log('There are no repos to mirror.');
      await needProgram(deps.programs, ['dnf'], 'dnf');
      throw refusal(
        'This server does not mirror repos: point profiles at the originals, or at a mirror kept elsewhere.',
      );
    }),
    kind('mkloaders', 'Create bootable bootloader images', async () => {
      await needProgram(deps.programs, ['grub2-mkimage', 'grub-mkimage'], 'grub2-tools (or grub-common)');
      throw refusal('This server does not make boot loaders: take those of the distribution.');
    }),
    kind(
      'validate_autoinstall_files',
      'Automated installation files validation',
      (task) => validateAutoinstalls(deps, task),
      { isRepeatable: true, limitMs: 60 * MINUTE },
    ),
    kind('aclsetup', '(CLI) ACL Configuration', () => {
      throw refusal(
        'Nothing was changed: the command line of this server works by logging in, not by permissions on its files.',
      );
    }),
    kind('buildiso', 'Build Iso', async () => {
      await needProgram(deps.programs, ['xorriso'], 'xorriso');
      throw refusal('This server does not build ISO images; boot machines over the network instead.');
    }),
    kind('replicate', 'Replicate', async () => {
      await needProgram(deps.programs, ['rsync'], 'rsync');
      throw refusal(
        'This server does not replicate another one: give several servers one database (DATABASE_URL) instead.',
      );
    }),
  ];
}

type Work = (task: TaskContext) => Promise<boolean | void> | boolean | void;

/** A task with a fixed name. */
export function kind(
  role: string,
  displayName: string,
  run: Work,
  { isRepeatable = false, limitMs = 10 * MINUTE } = {},
): TaskKind {
  return { role, displayName: () => displayName, isRepeatable, limitMs, run: async (task) => run(task) };
}

/** A task that is not done, and the sentence that says why. */
export const refusal = (sentence: string): AppError => new AppError('CONFLICT', sentence);

/** The first program of `names` that is installed. @throws AppError TOOL_MISSING naming the package. */
export async function needProgram(programs: Programs, names: readonly string[], packages: string): Promise<string> {
  for (const name of names) {
    const file = await programs.find(name);
    if (file !== null) return file;
  }
  throw new AppError('TOOL_MISSING', `${names[0]!} is not installed on this server: install the package ${packages}.`);
}

/** Scripts around every task: `task/ROLE/pre` and `task/ROLE/post` get the names of the options, not their values. */
export function createTaskTriggers(triggers: Triggers): TaskTriggers {
  const run = (role: string, moment: 'pre' | 'post', options: ItemData, task: TaskContext) =>
    triggers.run({
      directory: `task/${role}/${moment}`,
      args: Object.keys(options).slice(0, 100),
      timeoutMs: TRIGGER_LIMIT_MS,
      signal: task.signal,
      onLine: task.log,
    });
  return {
    async before(role, options, task) {
      const failure = await run(role, 'pre', options, task);
      return failure && triggerSentence(failure);
    },
    async after(role, options, task) {
      const failure = await run(role, 'post', options, task);
      if (failure) task.log(triggerSentence(failure), 'WARNING');
    },
  };
}

/** The words of text, with blanks or commas between them. */
export function splitNames(text: string): string[] {
  return text.split(/[\s,]+/).filter((word) => word !== '');
}

/** Names given as an array or as text with blanks or commas; only what can be a name. */
function readNames(value: ItemValue | undefined): string[] {
  const words = Array.isArray(value) ? value.map(textOf).filter((word) => word !== '') : splitNames(textOf(value));
  return [...new Set(words)];
}

/** Runs the scripts of a sync; `systems` null: all. What other servers of this kind write to disk is not written here. */
async function sync(deps: TaskKindDeps, task: TaskContext, systems: readonly string[] | null): Promise<boolean> {
  const { settings, triggers } = deps;
  const run = (directory: string) =>
    triggers.run({ directory, args: [], timeoutMs: TRIGGER_LIMIT_MS, signal: task.signal, onLine: task.log });
  const missing = systems === null ? [] : await deps.findMissingSystems(systems);
  for (const name of missing) task.log(`There is no system ${name}.`, 'ERROR');
  task.log(systems === null ? 'syncing all' : `syncing ${systems.join(', ')}`);
  task.log('running pre-sync triggers');
  const before = await run('sync/pre');
  if (before) throw refusal(triggerSentence(before));
  task.log('No files are written: this server keeps boot, DHCP and DNS files nowhere on disk.');
  for (const name of ['manage_dhcp', 'manage_dhcp_v4', 'manage_dhcp_v6', 'manage_dns'] as const) {
    if (settings[name] === true) task.log(`The setting ${name} is on, but this server does not do that.`, 'WARNING');
  }
  task.log('running post-sync triggers');
  for (const directory of ['sync/post', 'change']) {
    const failure = await run(directory);
    if (failure) throw refusal(triggerSentence(failure));
  }
  return missing.length === 0;
}

/** Equal files of mirrored trees become one. */
async function hardlink(deps: TaskKindDeps, task: TaskContext): Promise<void> {
  const webdir = textOf(deps.settings.webdir);
  const trees: string[] = [];
  for (const name of ['distro_mirror', 'repo_mirror']) {
    if (await deps.isDirectory(`${webdir}/${name}`)) trees.push(`${webdir}/${name}`);
  }
  if (trees.length === 0) return task.log(`There is nothing to link: ${webdir} holds no mirrored trees.`);
  const file = await needProgram(deps.programs, ['hardlink'], 'hardlink (in newer releases util-linux)');
  await runLogged(deps.programs, task, { file, args: ['-c', ...trees] });
}

/** Runs a program, its lines in the log. @throws AppError TOOL_FAILED when it fails. */
export async function runLogged(
  programs: Programs,
  task: TaskContext,
  call: { file: string; args: readonly string[]; cwd?: string },
): Promise<void> {
  const name = call.file.slice(call.file.lastIndexOf('/') + 1);
  task.log(`running: ${[name, ...call.args].join(' ')}`);
  const { signal, log } = task;
  const { code, error } = await programs.run({ ...call, signal, onLine: log, timeoutMs: 24 * 60 * MINUTE });
  signal.throwIfAborted();
  if (code !== 0) throw new AppError('TOOL_FAILED', `${name} failed: ${error ?? `exit status ${code}`}.`);
}

/** Switches the power of several systems; failed when one of them failed. */
async function power(deps: TaskKindDeps, task: TaskContext): Promise<boolean> {
  const operation = readOperation(task.options.power);
  const names = readNames(task.options.systems);
  if (names.length === 0) throw refusal('No systems were named.');
  let failures = 0;
  const waiting = names.values();
  const work = async (): Promise<void> => {
    for (const system of waiting) {
      task.signal.throwIfAborted();
      try {
        await switchPower(deps.power, { system, operation, signal: task.signal, log: task.log });
      } catch (error) {
        if (!(error instanceof AppError) || error.kind === 'bug') throw error;
        failures++;
        task.log(`${system}: ${error.message}`, 'ERROR');
      }
    }
  };
  await Promise.all(Array.from({ length: Math.min(POWER_AT_ONCE, names.length) }, work));
  return failures === 0;
}

/** @throws AppError INVALID_ARGUMENT in Cobbler's words. */
export function readOperation(value: unknown): PowerOperation {
  const found = POWER_OPERATIONS.find((operation) => operation === value);
  if (found === undefined) throw new AppError('CONFLICT', 'invalid power operation');
  return found;
}

/** Options as a task holds them. */
export function asOptions(value: ItemValue): ItemData | null {
  return isDict(value) ? value : null;
}
