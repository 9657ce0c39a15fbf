import { randomBytes } from 'node:crypto';
import { Option, type Command } from 'commander';
import type { Instant } from '../domain/event';
import { readRuns } from './answers';
import type { Client, ClientOptions } from './client';
import { CliError, EXIT } from './cli-error';
import { count, formatDuration, formatNumber } from './format';
import { parseAmount, parseNumber, parseSpan, parseWhole } from './option-values';
import { createProgress } from './progress';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { compareMachine, type Comparison } from './simulate/compare';
import { countMix, makeFleet, type Amount, type Machine, type Mix } from './simulate/fleet';
import { INSTALLER_MODELS, type ModelName } from './simulate/installers';
import { PERSONALITIES, TELLING_LIMIT_MS, type Personality } from './simulate/machine';
import { cleanUp, findMissing, inParallel, nameRange, registerFleet, SIM_PROFILE } from './simulate/register';
import { playFleet, type Tally } from './simulate/runner';
import { describeResult, resultToJson, type SimulationResult } from './simulate/summary';
import { createSpeaker } from './simulate/speaker';
import { print, printJson } from './terminal';

interface SimulateOptions extends ClientOptions, Partial<Record<Personality, Amount>> {
  systems: number;
  speed: number;
  seed: number;
  profile: string;
  like: ModelName;
  concurrency: number;
  duration?: number;
  register?: boolean;
  clean?: boolean;
  triggers: boolean;
  json?: boolean;
}

const MODEL_NAMES = Object.keys(INSTALLER_MODELS) as ModelName[];

const ABOUT: Record<Personality, string> = {
  good: 'install without a hitch',
  slow: 'take three times as long',
  pausing: 'stop for a while, then go on and finish',
  silent: 'fall silent for good',
  failing: 'end with an error',
  looping: 'start again and again',
};

/** `kickwatch simulate`: a fleet of machines that exist only in their reports. */
export function addSimulateCommand(program: Command, context: CliContext): void {
  const command = program
    .command('simulate')
    .summary('let simulated machines report to the server, and check what it makes of it')
    .description(
      'Lets a fleet of simulated machines report to the server, over the wire as real ones do, and compares what the\n' +
        'server says in the end with what was played. Systems are called sim-0001 and so on.',
    )
    .option('--systems <number>', 'machines', parseWhole(1, 100_000), 10)
    .option('--speed <factor>', 'times as fast as real installs of a quarter of an hour', parseNumber(0.1, 100_000), 60)
    .option('--register', 'register the systems, and a distro and profile for them, where they are missing')
    .option('--clean', 'remove what --register made, and play nothing')
    .option('--profile <name>', 'register the systems with this profile', SIM_PROFILE)
    .addOption(
      new Option('--like <installer>', 'phases and times of an installer').choices(MODEL_NAMES).default('plain'),
    )
    .option('--seed <number>', 'the same seed plays the same story', parseWhole(0, 2 ** 31 - 1), 1)
    .option('--duration <time>', 'stop after this time, like 90s or 5m', parseSpan)
    .option('--concurrency <number>', 'machines that may wait for an answer at a time', parseWhole(1, 1_000), 32)
    .option('--no-triggers', 'status messages only, no install triggers')
    .option('--json', 'for programs: figures, matches and mismatches');
  for (const personality of PERSONALITIES) {
    const what = `machines that ${ABOUT[personality]}: a number or a share (20%)`;
    const option = new Option(`--${personality} <amount>`, what);
    command.addOption(option.argParser(parseAmount).helpGroup('Machines (10% of each trouble, unless you say):'));
  }
  addServerOptions(command).action((options: SimulateOptions) =>
    withClient(context, options, (client) =>
      options.clean ? clean(context, client, options) : simulate(context, client, options),
    ),
  );
}

async function clean({ terminal }: CliContext, client: Client, { json }: SimulateOptions): Promise<void> {
  const progress = createProgress(terminal);
  const cleaned = await cleanUp(client, (done, total) => progress.report(`${done} of ${total} systems removed`));
  progress.done();
  if (json) return printJson(terminal, cleaned);
  const rest = cleaned.profile ? ', their profile and distro' : '';
  print(terminal, cleaned.systems === 0 ? 'Nothing was left.' : `Removed ${count(cleaned.systems, 'system')}${rest}.`);
}

async function simulate(context: CliContext, client: Client, options: SimulateOptions): Promise<void> {
  const { terminal } = context;
  const mix = chooseMix(options);
  const machines = makeFleet(options.systems, mix, {
    seed: options.seed,
    withTriggers: options.triggers,
    like: options.like,
  });
  const tokens = await prepare(context, client, machines, options);
  terminal.stderr.write(announcement(machines, options));

  const since = client.serverNow();
  const startedAt = terminal.now();
  const { tally, played } = await play(context, client, machines, tokens, options);
  const seconds = (terminal.now() - startedAt) / 1000;
  const comparisons = await compare(
    context,
    client,
    machines.filter(({ name }) => played.has(name)),
    since,
  );

  const result: SimulationResult = { machines: machines.length, seconds, tally, comparisons };
  if (options.json) printJson(terminal, resultToJson(result));
  else print(terminal, describeResult(result, terminal.colors).join('\n'));
  const isWrong = tally.refused > 0 || comparisons.some(({ differences }) => differences.length > 0);
  if (isWrong) context.exitCode = EXIT.error;
}

function chooseMix(options: SimulateOptions): Mix {
  const mix: Mix = {};
  for (const personality of PERSONALITIES) {
    const amount = options[personality];
    if (amount) mix[personality] = amount;
  }
  try {
    countMix(options.systems, mix);
    return mix;
  } catch (error) {
    if (!(error instanceof RangeError)) throw error;
    throw new CliError(error.message, { hints: ['More with --systems.'], exitCode: EXIT.usage, cause: error });
  }
}

async function prepare(
  { terminal }: CliContext,
  client: Client,
  machines: readonly Machine[],
  { register, profile }: SimulateOptions,
): Promise<Map<string, string>> {
  if (register) {
    const progress = createProgress(terminal);
    const onProgress = (done: number, total: number): void => progress.report(`${done} of ${total} systems registered`);
    const tokens = await registerFleet(client, machines, { profile, onProgress });
    progress.done();
    return tokens;
  }
  const missing = await findMissing(client, machines);
  if (missing.length === 0) return new Map();
  throw new CliError(`The server does not know ${missing.length} of the systems ${nameRange(machines.length)}.`, {
    hints: ['Let them be registered:  kickwatch simulate --register'],
  });
}

function announcement(machines: readonly Machine[], { speed, triggers: _, ...options }: SimulateOptions): string {
  const kinds = PERSONALITIES.map((personality) => {
    const number = machines.filter(({ script }) => script.personality === personality).length;
    return number === 0 ? null : `${formatNumber(number)} ${personality}`;
  }).filter((each) => each !== null);
  const longest = Math.max(...machines.map(({ script }) => script.steps.at(-1)?.at ?? 0)) / speed;
  const lines = [
    `${count(machines.length, 'machine')} (${kinds.join(', ')}), ${speed} times as fast as real ones: ` +
      `about ${formatDuration(Math.min(longest, options.duration ?? Infinity))}.`,
    'To look on:  kickwatch status --watch',
  ];
  if (kinds.some((kind) => /silent|pausing/.test(kind))) {
    const limit = Math.max(1, Math.round(TELLING_LIMIT_MS / 1000 / speed));
    lines.push(`At this speed the server tells stalls when it was started with STALL_AFTER_SECONDS=${limit}.`);
  }
  return `${lines.join('\n')}\n`;
}

async function play(
  context: CliContext,
  client: Client,
  machines: readonly Machine[],
  tokens: ReadonlyMap<string, string>,
  { speed, concurrency, duration }: SimulateOptions,
): Promise<{ tally: Tally; played: Set<string> }> {
  const { terminal } = context;
  const interrupt = context.untilInterrupted();
  const limit = duration === undefined ? null : setTimeout(() => interrupt.abort(), duration);
  const progress = createProgress(terminal, 500);
  const startedAt = terminal.now();
  try {
    return await playFleet(
      machines,
      { speed, concurrency, signal: interrupt.signal },
      {
        speak: createSpeaker(client, { nonce: randomBytes(6).toString('hex'), tokens }),
        now: () => performance.now(),
        sleep: (ms) => sleepUntilWoken(ms, interrupt.signal),
        onChange: (tally) => progress.report(liveLine(tally, machines.length, terminal.now() - startedAt)),
      },
    );
  } finally {
    progress.done();
    if (limit) clearTimeout(limit);
  }
}

function liveLine(tally: Tally, total: number, elapsedMs: number): string {
  const said = tally.accepted + tally.refused;
  const parts = [
    formatDuration(elapsedMs),
    `${formatNumber(tally.done)} of ${formatNumber(total)} done, ${formatNumber(tally.begun - tally.done)} reporting`,
    `${count(said, 'report')} (${formatNumber(said / Math.max(0.001, elapsedMs / 1000))}/s)`,
  ];
  if (tally.refused > 0) parts.push(`${formatNumber(tally.refused)} refused`);
  if (tally.repeated > 0) parts.push(`${formatNumber(tally.repeated)} said again: the server was away`);
  return parts.join(' · ');
}

function sleepUntilWoken(ms: number, signal: AbortSignal): { done: Promise<void>; wake(): void } {
  let wake = (): void => undefined;
  const done = new Promise<void>((resolve) => {
    const finish = (): void => {
      clearTimeout(timer);
      signal.removeEventListener('abort', finish);
      resolve();
    };
    const timer = setTimeout(finish, ms);
    signal.addEventListener('abort', finish);
    wake = finish;
    if (signal.aborted) finish();
  });
  return { done, wake };
}

async function compare(
  { terminal }: CliContext,
  client: Client,
  machines: readonly Machine[],
  since: Instant,
): Promise<Comparison[]> {
  const progress = createProgress(terminal);
  const comparisons: Comparison[] = [];
  await inParallel(
    machines,
    (done, total) => progress.report(`${done} of ${total} machines compared`),
    async (machine) => {
      const runs = readRuns(await client.ask('get_runs', [{ system: machine.name, limit: 20 }]));
      comparisons.push(compareMachine(machine, runs, since));
    },
  );
  progress.done();
  return comparisons.sort((left, right) => left.machine.name.localeCompare(right.machine.name));
}
