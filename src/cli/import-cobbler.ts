import { readFile } from 'node:fs/promises';
import path from 'node:path';
import { Option, type Command } from 'commander';
import type { ItemData } from '../domain/item-value';
import { isDict } from '../domain/item-value';
import { createClient, type Client, type ClientOptions } from './client';
import { CliError, EXIT } from './cli-error';
import { applyPlan, dropMissingFiles } from './import-cobbler/apply';
import { planFiles, readFiles, writeFiles, type FileStep } from './import-cobbler/files';
import { IMPORTED_TYPES, type OldSite } from './import-cobbler/old-site';
import { planImport, type Plan, type Present, type Step } from './import-cobbler/plan';
import { confirmPrune, findSurplus, prune, type Surplus } from './import-cobbler/prune';
import { readCollections } from './import-cobbler/read-folder';
import { openOldServer, readOldFiles, readOldServer, toItemValue } from './import-cobbler/read-server';
import { reportJson, showReport, type Report, type TypeCount } from './import-cobbler/report';
import {
  planSettings,
  readSettingsFile,
  readSettingsHere,
  settingsSnippet,
  writeSettings,
} from './import-cobbler/settings';
import { createProgress, type Progress } from './progress';
import { withClient, type CliContext } from './server-options';
import { printJson } from './terminal';

interface ImportOptions extends Pick<ClientOptions, 'user' | 'password'> {
  from?: string;
  url?: string;
  oldUser?: string;
  oldPasswordFile?: string;
  templates?: string;
  snippets?: string;
  settings?: string;
  to?: string;
  dryRun?: boolean;
  forcePaths?: boolean;
  keep?: boolean;
  prune?: boolean;
  yes?: boolean;
  json?: boolean;
}

/** Longest wait for an answer of the old server: Cobbler writes thousands of systems into one. */
const OLD_TIMEOUT_MS = 300_000;

/** `kickwatch import-cobbler`: what a Cobbler has, taken into a running Kickwatch. */
export function addImportCobblerCommand(program: Command, context: CliContext): void {
  const server = (option: Option): Option => option.helpGroup('Server:');
  program
    .command('import-cobbler')
    .summary('takes distros, profiles, systems and the rest from a Cobbler')
    .description(
      'Takes all items of a Cobbler 2.8 or 3 into a running Kickwatch: from its folder\n' +
        'of collections, or from its API. Run it again at any time: what is the same is left\n' +
        'alone, what differs follows the old server, and nothing is deleted without --prune.\n' +
        'Exit code 1 when an item was refused or could not be read.',
    )
    .option('--from <folder>', "the old server's collections, like /var/lib/cobbler/collections, or a copy of them")
    .option('--url <url>', 'or its API, like http://old/cobbler_api')
    .option('--old-user <name>', 'with --url: who logs in there; without it templates cannot be read')
    .option('--old-password-file <file>', 'with --old-user: holds the password')
    .option('--templates <folder>', 'answer file templates; found beside the collections when left out')
    .option('--snippets <folder>', 'snippets; found beside the collections when left out')
    .option('--settings <file>', "the old server's settings, like /etc/cobbler/settings.yaml")
    .option('--dry-run', 'say what would happen, write nothing')
    .option('--force-paths', 'name kernels and initrds although this server has no such files (yet)')
    .option('--keep', 'leave items and files alone that are here already: take only what is new')
    .option('--prune', 'also delete what is here and not there; asks first')
    .option('--yes', 'with --prune: do not ask')
    .option('--json', 'for programs: {types: [{type, found, added, …}], remarks: [{what, type, name, field, why}], …}')
    .addOption(server(new Option('--to <url>', 'the Kickwatch to fill; KICKWATCH_URL or this machine when left out')))
    .addOption(server(new Option('--user <name>', 'who logs in there')))
    .addOption(
      server(new Option('--password <password>', 'visible to others on this machine: better KICKWATCH_PASSWORD')),
    )
    .action((options: ImportOptions) => importCobbler(context, options));
}

async function importCobbler(context: CliContext, options: ImportOptions): Promise<void> {
  checkOptions(options);
  const { terminal } = context;
  const progress = createProgress(terminal);
  const startedAt = terminal.now();
  const { user, password, to } = options;
  const login = { ...(user !== undefined && { user }), ...(password !== undefined && { password }) };
  const report = await withClient(context, { ...login, ...(to !== undefined && { url: to }) }, async (client) => {
    try {
      await pingServer(client);
      const site = await readSite(context, options, progress);
      return await carryOut({ context, client, site, options, progress });
    } finally {
      progress.done();
    }
  });
  report.seconds = (terminal.now() - startedAt) / 1000;
  if (options.json) printJson(terminal, reportJson(report));
  else showReport(terminal, report);
  if (report.isInterrupted || report.remarks.some(({ what }) => what === 'refused')) context.exitCode = EXIT.error;
}

/** Where the server is, is said with --to here. */
async function pingServer(client: Client): Promise<void> {
  try {
    await client.call('ping', []);
  } catch (error) {
    if (!(error instanceof CliError)) throw error;
    const hints = error.hints.map((hint) => hint.replaceAll('--url', '--to'));
    throw new CliError(error.message, { hints, exitCode: error.exitCode, cause: error });
  }
}

function checkOptions({ from, url, oldUser, oldPasswordFile, yes, prune: prunes }: ImportOptions): void {
  const usage = (message: string): CliError => new CliError(message, { exitCode: EXIT.usage });
  if ((from === undefined) === (url === undefined)) {
    throw usage('Say where the old server is: --from /var/lib/cobbler/collections, or --url http://old/cobbler_api.');
  }
  if (url === undefined && oldUser !== undefined) throw usage('--old-user goes with --url.');
  if ((oldUser === undefined) !== (oldPasswordFile === undefined)) {
    throw usage('--old-user and --old-password-file go together.');
  }
  if (yes && !prunes) throw usage('--yes goes with --prune.');
}

async function readSite(context: CliContext, options: ImportOptions, progress: Progress): Promise<OldSite> {
  const onProgress = (text: string): void => progress.report(text);
  const site =
    options.from === undefined
      ? await readByUrl(context, options, onProgress)
      : await readCollections(path.resolve(options.from), onProgress);
  const beside = (names: readonly string[]): string[] =>
    options.from === undefined ? [] : names.map((name) => path.resolve(options.from!, '..', name));
  for (const kind of ['template', 'snippet'] as const) {
    const given = options[`${kind}s`];
    const known = kind === 'template' ? ['templates', 'autoinstall_templates', 'kickstarts'] : ['snippets'];
    for (const folder of given === undefined ? beside(known) : [given]) {
      if (await readFiles(site, kind, folder)) break;
      if (given !== undefined) throw new CliError(`There is no folder ${given}.`);
    }
  }
  if (options.settings !== undefined) site.settings = await readSettingsFile(options.settings);
  return site;
}

async function readByUrl(
  context: CliContext,
  options: ImportOptions,
  onProgress: (text: string) => void,
): Promise<OldSite> {
  const { oldUser, oldPasswordFile } = options;
  const password = oldPasswordFile === undefined ? '' : await readPassword(oldPasswordFile);
  const { terminal, environment } = context;
  const url = withApiPath(options.url!);
  const client = createClient({ url, timeoutMs: OLD_TIMEOUT_MS }, environment, () => terminal.now());
  try {
    const old = await openOldServer(client, oldUser ?? null, password);
    const site = await readOldServer(old, onProgress);
    await readOldFiles(site, old, onProgress);
    return site;
  } finally {
    client.close();
  }
}

/** Behind a web server Cobbler's API has a path; at its own port it has none. */
function withApiPath(text: string): string {
  const url = URL.canParse(text) ? new URL(text) : null;
  if (url && url.pathname === '/' && url.port !== '25151') url.pathname = '/cobbler_api';
  return url?.href ?? text;
}

async function readPassword(file: string): Promise<string> {
  const text = await readFile(file, 'utf8').catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`The password file ${file} cannot be read (${error.code}).`, { cause: error });
  });
  const password = text.replace(/\r?\n$/, '');
  if (password === '') throw new CliError(`The password file ${file} is empty.`);
  return password;
}

interface Work {
  context: CliContext;
  client: Client;
  site: OldSite;
  options: ImportOptions;
  progress: Progress;
}

async function carryOut({ context, client, site, options, progress }: Work): Promise<Report> {
  const onProgress = (text: string): void => progress.report(text);
  const { dryRun = false, forcePaths = false, prune: prunes = false, keep: keeps = false } = options;
  const methods = await readMethods(client);
  const present = await readPresent(client);
  const settings = await readSettingsHere(client);
  const plan = planImport({ site, present, settings, prunes, keeps });
  if (!forcePaths) await dropMissingFiles(client, plan);
  const files = await planFiles(client, site.files, methods);
  if (keeps) for (const step of files) if (step.action === 'edit') step.action = 'same';
  const surplus = findSurplus(site, present);
  const taken = site.settings && planSettings(site.settings, settings);
  if (taken) plan.remarks.push(...taken.remarks);
  const outcome: Outcome = { plan, files, surplus, gone: prunes ? surplus : [], isInterrupted: false, byHand: [] };
  const setsSettings = methods.has('modify_setting') && settings.allow_dynamic_settings === true;
  if (taken && !setsSettings) outcome.byHand = Object.keys(taken.differ);
  if (!dryRun) {
    if (prunes) await confirmPrune(context.terminal, surplus, options.yes ?? false);
    const { signal } = context.untilInterrupted();
    await write({ client, outcome, forcePaths, prunes, signal, onProgress });
    if (taken && setsSettings && !signal.aborted) {
      outcome.byHand = await writeSettings(client, taken.differ);
    }
  }
  const { byHand } = outcome;
  return {
    ...makeReport(site, outcome),
    server: client.url,
    isDryRun: dryRun,
    onlyHere: prunes ? 0 : surplus.length,
    settings: taken && {
      taken: Object.keys(taken.differ).filter((name) => !byHand.includes(name)),
      byHand,
      local: taken.local,
      snippet: settingsSnippet(taken.differ, byHand),
    },
  };
}

/** What is planned; after writing, what became of it. */
interface Outcome {
  plan: Plan;
  files: FileStep[];
  surplus: Surplus[];
  gone: Surplus[];
  isInterrupted: boolean;
  /** Names of settings this server does not take by its API. */
  byHand: string[];
}

interface Writing {
  client: Client;
  outcome: Outcome;
  forcePaths: boolean;
  prunes: boolean;
  signal: AbortSignal;
  onProgress(text: string): void;
}

async function write({ client, outcome, forcePaths, prunes, signal, onProgress }: Writing): Promise<void> {
  const { plan } = outcome;
  const applied = await applyPlan(client, plan, { forcePaths, signal, onProgress });
  plan.remarks.push(...applied.remarks);
  plan.steps = plan.steps.filter((step) => step.action === 'same' || applied.done.has(step));
  const refused = signal.aborted ? new Map<FileStep, string>() : await writeFiles(client, outcome.files, onProgress);
  for (const [{ file }, why] of refused) {
    plan.remarks.push({ what: 'refused', type: file.kind, name: file.path, field: null, why });
  }
  outcome.files = outcome.files.filter((step) => !refused.has(step));
  if (prunes) outcome.gone = await prune(client, outcome.surplus, plan.remarks, signal);
  outcome.isInterrupted = signal.aborted;
}

async function readMethods(client: Client): Promise<Set<string>> {
  const names = await client.call('system.listMethods', []);
  return new Set(Array.isArray(names) ? names.map(String) : []);
}

async function readPresent(client: Client): Promise<Present> {
  const present = new Map<string, Map<string, ItemData>>();
  for (const type of IMPORTED_TYPES) {
    const answer = toItemValue(await client.ask(`get_${type.plural}`, []));
    const items = (Array.isArray(answer) ? answer : []).filter(isDict);
    present.set(type.name, new Map(items.map((item) => [String(item.name), item])));
  }
  return present;
}

type Counted = 'counts' | 'remarks' | 'netboot' | 'filesLeft' | 'source' | 'isInterrupted' | 'seconds';

function makeReport(site: OldSite, { plan, files, gone, isInterrupted }: Outcome): Pick<Report, Counted> {
  const { steps, remarks } = plan;
  const refusedOf = (type: string): number =>
    remarks.filter(
      ({ what, type: of, why }) => what === 'refused' && of === type && !why.startsWith('it was not deleted'),
    ).length;
  const row = (type: string, plural: string, actions: readonly string[]): TypeCount => {
    const of = (action: string): number => actions.filter((each) => each === action).length;
    const refused = refusedOf(type);
    const removed = gone.filter((each) => each.type === type).length;
    const found = actions.length + refused;
    return { type, plural, found, added: of('add'), changed: of('edit'), same: of('same'), refused, removed };
  };
  const counts = IMPORTED_TYPES.map(({ name, plural }) =>
    row(
      name,
      plural,
      steps.filter(({ type }) => type.name === name).map(({ action }) => action),
    ),
  );
  for (const kind of ['template', 'snippet'] as const) {
    counts.push(
      row(
        kind,
        `${kind}s`,
        files.filter(({ file }) => file.kind === kind).map(({ action }) => action),
      ),
    );
  }
  return {
    source: site.source,
    counts,
    remarks,
    netboot: steps.filter(turnsNetbootOn).length,
    filesLeft: files.filter(({ action }) => action === 'absent').length,
    isInterrupted,
    seconds: 0,
  };
}

function turnsNetbootOn({ type, action, attributes }: Step): boolean {
  return action !== 'same' && type.fields.some((field) => field.isNetboot && attributes[field.name] === true);
}
