import { createHash } from 'node:crypto';
import { setTimeout as sleep } from 'node:timers/promises';
import { InvalidArgumentError, Option, type Command } from 'commander';
import type { RunReport } from '../domain/run-report';
import { readRuns, runToJson } from './answers';
import { CliError, EXIT } from './cli-error';
import type { Client, ClientOptions } from './client';
import { explainFiles, verdictJson } from './explain-file';
import { count, formatDuration, formatNumber } from './format';
import { parseNumber, parseWhole } from './option-values';
import { createProgress } from './progress';
import type { Route } from './replay/line-frames';
import { openSyslog, openUpload, openWebhook, type Outlet } from './replay/outlets';
import { compareOutcome, outcomeOfRun, type ReplayOutcome } from './replay/outcome';
import { playParcels } from './replay/play';
import { packRecording, readRecording, type RecordedFile } from './replay/recording';
import { addServerOptions, withClient, type CliContext } from './server-options';
import { listNames, registerMachines, SIM_PROFILE } from './simulate/register';
import { renderTable } from './table';
import { columnsOf, print, printJson } from './terminal';
import { plain } from './text-width';

const VIA = ['syslog', 'syslog-udp', 'upload', 'webhook'] as const;

interface ReplayOptions extends ClientOptions {
  system?: string;
  speed: number;
  via?: (typeof VIA)[number];
  host?: string;
  port: number;
  from?: string;
  register?: boolean;
  profile: string;
  json?: boolean;
}

/** How long the server may take to have its last word on a replay, and how often it is asked. */
const SETTLE_MS = 15_000;
const ASK_EVERY_MS = 700;
/** Clocks of two machines differ a little. */
const TOLERANCE_MS = 2_000;

/** `kickwatch replay`: a recorded install goes through a started server once more. */
export function addReplayCommand(program: Command, context: CliContext): void {
  const command = program
    .command('replay')
    .summary('send the recorded logs of an install to the server, and see what it makes of them')
    .description(
      'Sends the logs of an install to a started server as the installer would have sent them, at the pace they were\n' +
        'written, only faster: system logs and the logs an installer forwards by syslog, events by webhook, the rest as\n' +
        'anamon uploads it. Says in the end what the server made of it, beside what `explain --file` says.',
    )
    .argument('<log...>', 'files of one install, or folders of them; .gz too')
    .option('--system <name>', 'the system they are about')
    .option('--register', 'register the system, and a distro and profile for it, where they are missing')
    .option('--profile <name>', 'register the system with this profile', SIM_PROFILE)
    .option('--speed <factor>', 'times as fast as recorded; max or 0: without any pause', parseSpeed, 60)
    .addOption(new Option('--via <way>', 'send all files this way').choices(VIA))
    .option('--host <host>', 'where syslog goes; the host of the server when left out')
    .option('--port <port>', 'port of syslog', parseWhole(1, 65_535), 5514)
    .option('--from <address>', 'address of this machine to send syslog from')
    .option('--json', 'for programs');
  addServerOptions(command).action((logs: string[], options: ReplayOptions) =>
    withClient(context, options, (client) => replay(context, client, logs, options)),
  );
}

function parseSpeed(text: string): number {
  if (text === 'max' || text === '0') return Infinity;
  try {
    return parseNumber(0.1, 100_000)(text);
  } catch {
    throw new InvalidArgumentError('It must be a number from 0.1 to 100000, or max.');
  }
}

async function replay(context: CliContext, client: Client, logs: string[], options: ReplayOptions): Promise<void> {
  const { terminal } = context;
  const system = options.system ?? null;
  const files = await readRecording(logs, routeVia(options.via));
  if (system === null && (options.register || files.some(({ route }) => route !== 'syslog'))) {
    throw new CliError('Say which system the logs are about: --system NAME.', { exitCode: EXIT.usage });
  }
  const verdict = await explainFiles(terminal, logs, null);
  if (system !== null) await prepare(client, system, options);
  const since = client.serverNow();
  const sent = await play(context, client, files, options);
  if (system === null) return print(terminal, `${sent}\nWhom the server takes the sender for:  kickwatch senders`);

  const outcome = compareOutcome(await settle(client, system, since), verdict);
  if (outcome.differences.length > 0) context.exitCode = EXIT.error;
  if (options.json) return printJson(terminal, toJson(outcome));
  print(terminal, [sent, '', ...describe(context, outcome)].join('\n'));
}

const routeVia = (via: ReplayOptions['via']): Route | null => (via === 'syslog-udp' ? 'syslog' : (via ?? null));

async function prepare(client: Client, system: string, { register, profile }: ReplayOptions): Promise<void> {
  if (register) {
    await registerMachines(client, [{ name: system, mac: macOf(system), comment: 'of kickwatch replay' }], {
      ...{ profile, onProgress: () => undefined },
    });
    return;
  }
  if ((await listNames(client, 'system')).includes(system)) return;
  throw new CliError(`The server has no system "${system}".`, {
    hints: ['Let it be registered:  kickwatch replay --register'],
  });
}

/** A locally administered address, the same for the same name. */
function macOf(name: string): string {
  const bytes = createHash('sha256').update(name).digest('hex').slice(0, 10);
  return `02:${bytes.match(/../g)!.join(':')}`;
}

/** Plays the files; answers what was sent, in words. */
async function play(
  { terminal, untilInterrupted }: CliContext,
  client: Client,
  files: readonly RecordedFile[],
  options: ReplayOptions,
): Promise<string> {
  const system = options.system ?? null;
  const packed = packRecording(files, { speed: options.speed, host: system, today: terminal.now() });
  const { parcels, schedule } = packed;
  const has = (route: Route): boolean => files.some((file) => file.route === route);
  const { hostname } = new URL(client.url);
  const host = options.host ?? hostname.replace(/^\[|\]$/g, '');
  const place = { host, port: options.port, udp: options.via === 'syslog-udp', from: options.from ?? null };
  const outlets: Record<Route, Outlet | null> = {
    syslog: has('syslog') ? await openSyslog(place) : null,
    upload: has('upload') ? openUpload(client, system!, files) : null,
    webhook: has('webhook') ? openWebhook(client.url, system!) : null,
  };
  const ways = files.map(({ name, route }) => `${plain(name)} by ${route}`).join(', ');
  if (!options.json) {
    const pace = options.speed === Infinity ? 'as fast as possible' : `about ${formatDuration(schedule.playedMs)}`;
    terminal.stderr.write(`${count(parcels.length, 'line')}, ${pace}: ${ways}.\n`);
  }
  const interrupt = untilInterrupted();
  const progress = createProgress(terminal, 500);
  const beganAt = terminal.now();
  try {
    const sent = await playParcels(parcels, {
      outlets,
      now: () => performance.now(),
      sleep: (ms) => sleep(ms, undefined, { signal: interrupt.signal }).catch(() => undefined),
      onProgress: (done) =>
        progress.report(
          `${formatDuration(terminal.now() - beganAt)} · ${formatNumber(done)} of ${count(parcels.length, 'line')}` +
            ` · ${Math.floor((parcels[Math.max(0, done - 1)]!.at / Math.max(1, schedule.playedMs)) * 100)} %`,
        ),
      signal: interrupt.signal,
    });
    return `${count(sent, 'line')} sent in ${formatDuration(terminal.now() - beganAt)}, recorded in ${formatDuration(schedule.recordedMs)}.`;
  } finally {
    progress.done();
    for (const outlet of Object.values(outlets)) await outlet?.close();
  }
}

/** The run of the replay, once the server says nothing new of it any more; null when it has none. */
async function settle(client: Client, system: string, since: number): Promise<RunReport | null> {
  let before = '';
  for (const until = performance.now() + SETTLE_MS; ;) {
    await sleep(ASK_EVERY_MS);
    const runs = readRuns(await client.ask('get_runs', [{ system, limit: 1 }]));
    const run = runs.find(({ lastHeard }) => lastHeard !== null && lastHeard >= since - TOLERANCE_MS) ?? null;
    const said = JSON.stringify(run && [run.runId, run.status, run.phase, run.packagesDone, run.errors.length]);
    if ((run !== null && said === before) || performance.now() > until) return run;
    before = said;
  }
}

function describe({ terminal }: CliContext, { run, verdict, differences }: ReplayOutcome): string[] {
  const { colors } = terminal;
  const packages =
    run?.packagesDone == null
      ? ''
      : [run.packagesDone, ...(run.packagesTotal === null ? [] : [run.packagesTotal])].join(' of ');
  const rows = [
    ['outcome', run === null ? 'no run' : `${outcomeOfRun(run)} (${run.status})`, verdict.outcome],
    ['phase', run?.phase ?? '', verdict.phase ?? 'unknown'],
    ['packages', packages, ''],
    ['why', run?.reason ?? run?.question ?? '', verdict.errors[0]?.text ?? verdict.question ?? ''],
    ['lines lost', run && run.linesLost > 0 ? formatNumber(run.linesLost) : '', ''],
  ].filter(([, server, file]) => server !== '' || file !== '');
  const columns = [{ title: '' }, { title: 'the server', shrinkTo: 20 }, { title: 'explain --file', shrinkTo: 20 }];
  const table = renderTable(columns, rows, { width: columnsOf(terminal), titleStyle: colors.dim });
  const end = differences.length === 0 ? colors.green('The same.') : colors.red(`Differs: ${differences.join('; ')}.`);
  return [...table, '', end, ...(run === null ? [] : [`More of it:  kickwatch explain ${run.runId}`])];
}

function toJson({ run, verdict, differences }: ReplayOutcome): Record<string, unknown> {
  return {
    run: run && runToJson(run),
    outcome: run && outcomeOfRun(run),
    explain: verdictJson(verdict),
    same: differences.length === 0,
    differences,
  };
}
