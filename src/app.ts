import { randomBytes } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { hostname } from 'node:os';
import { createChooseOpenings, createHistoryReader } from './actions/choose-openings';
import { createNotificationDecider } from './actions/decide-notifications';
import { followInventory } from './actions/follow-inventory';
import { createHeartbeat } from './actions/heartbeat';
import { createIntake, type CommitListener } from './actions/intake';
import type { InventoryDeps } from './actions/inventory-deps';
import { createRunReader } from './actions/read-runs';
import { createRecordMessage } from './actions/record-message';
import { registerSystem } from './actions/register-system';
import { createReportTokens } from './actions/report-tokens';
import { sweepHandles } from './actions/stage-item';
import { applyBlindWindows, noteBlindness, watchStalls } from './actions/watch-clocks';
import type { Config } from './config';
import { parseNetworks } from './http/peer';
import { createHttpServer } from './http/server';
import { parseMessage } from './intake/index';
import { createFailureLog, createLog } from './log';
import { startLoop, type Loop } from './loop';
import { loadSettings } from './settings';
import { connect } from './store/connect';
import { isTransactionConflict, isUniqueViolation } from './store/errors';
import { createStore } from './store/index';
import { migrate } from './store/migrate';
import { createMethods } from './xmlrpc/methods/index';
import { itemMethods } from './xmlrpc/methods/items';
import { registerMethods } from './xmlrpc/methods/register';
import { registerSystemMethods } from './xmlrpc/methods/register-system';
import { settingMethods } from './xmlrpc/methods/settings';
import { statusMethods } from './xmlrpc/methods/status';
import { xapiMethods } from './xmlrpc/methods/xapi';
import { createXmlRpcServer } from './xmlrpc/server';

/** The whole server, built and not yet listening. */
export interface App {
  /** Listens; resolves with the addresses. */
  start(): Promise<{ urls: string[] }>;
  /** Answers what is in hand, writes what is due, closes everything. May be called twice. */
  stop(): Promise<void>;
  /** The administrator's password when this start generated it, to be shown once; else null. */
  generatedPassword: string | null;
}

/** Key of the secret that report tokens are signed with, shared by all servers of a database. */
const REPORT_KEY = 'report-token-key';

/**
 * Builds every part once and hands each what it needs. The only file that sees all folders.
 *
 * @param options.now - the clock, for tests.
 * @throws Error with one sentence when the database, the settings or the folders cannot be used.
 */
export async function createApp(config: Config, options: { now?: () => number } = {}): Promise<App> {
  const now = options.now ?? (() => Date.now());
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const log = createLog({ dir: config.logDir, level: config.logLevel });
  const failures = createFailureLog(log, now);
  const { settings, warnings } = await loadSettings(config.settingsFile);
  for (const warning of warnings) log.warn('A setting is not used', { warning });

  const database = await connect({ databaseUrl: config.databaseUrl, dataDir: config.dataDir });
  const store = createStore(database.knex, { defaultOwners: settings.default_ownership as string[] });
  await migrate(database.knex);
  await store.events.ensurePartitions(now());

  const server = `${hostname()}:${process.pid}`;
  const trusted = parseNetworks(config.trustedNetworks);
  const watch = { store, now, server };
  const heartbeat = createHeartbeat(watch);
  const history = createHistoryReader();
  const listeners: CommitListener[] = [];
  const intake = createIntake({
    ...watch,
    policy: config.intakePolicy,
    isTrusted: (peer) => trusted.has(peer),
    chooseOpenings: createChooseOpenings(history, {
      stallAfterMs: config.stallAfterMs,
      giveUpMs: config.giveUpAfterMs,
    }),
    notifications: createNotificationDecider(),
    isConflict: isTransactionConflict,
    noteBlindness: () => noteBlindness(watch),
    listeners,
    onError: (sentence, error) => failures.warn('intake', sentence, String(error), { error }),
  });
  const reader = createRunReader({ store, history, judgementNow: heartbeat.judgementNow });
  const reportTokens = createReportTokens(await store.secrets.readOrCreate(REPORT_KEY, randomBytes(32)));
  const recordMessage = createRecordMessage({ intake, parse: (message) => parseMessage(message)?.drafts ?? [] });
  const inventory: InventoryDeps = {
    store,
    settings,
    now,
    fileExists: (file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    isWriteConflict: (error) => isTransactionConflict(error) || isUniqueViolation(error),
    onInventoryChange: (trx, changes) =>
      followInventory(
        { intake, now },
        createStore(trx, { defaultOwners: settings.default_ownership as string[] }),
        trx.executionPromise,
        changes,
      ),
  };
  const sessions = {
    check: (_token: unknown) => Promise.resolve({ user: 'cobbler' }),
  };
  const itemDeps = { ...inventory, isSession: () => Promise.resolve(true) };
  const statusDeps = {
    now,
    recordMessage,
    reader,
    reportTokens,
    checkSession: (token: unknown) => sessions.check(token),
    installStatus: () => Promise.resolve(''),
  };
  const rpc = createXmlRpcServer({
    methods: createMethods([
      itemMethods(itemDeps),
      registerMethods(itemDeps),
      settingMethods(itemDeps),
      xapiMethods(itemDeps),
      statusMethods(statusDeps),
      registerSystemMethods({
        ...statusDeps,
        mayRegisterAnonymously: () => settings.register_new_installs === true,
        registerSystem: (info, by) => registerSystem(inventory, info, by),
      }),
    ]),
    sessions,
    log,
    now,
  });
  const http = createHttpServer({
    host: config.host,
    port: config.port,
    tls: config.tls,
    trustedNetworks: config.trustedNetworks,
    rpc,
    routes: [],
    checkReady: () =>
      database.knex.raw('select 1').then(
        () => null,
        () => 'the database cannot be reached',
      ),
    log,
  });
  const loops: Loop[] = [];
  return {
    generatedPassword: null,
    async start() {
      await heartbeat.beat();
      await applyBlindWindows(watch, intake);
      const repeat = (name: string, intervalMs: number, step: () => Promise<boolean | void>): Loop => {
        const loop = startLoop({ name, intervalMs, step, log });
        loops.push(loop);
        return loop;
      };
      repeat('heartbeat', 1_000, async () => {
        await heartbeat.beat();
        await applyBlindWindows(watch, intake);
      });
      repeat('stalls', 1_000, () => watchStalls(watch, intake));
      repeat('housekeeping', 60_000, async () => {
        await sweepHandles(inventory);
        await store.events.ensurePartitions(now());
      });
      const port = await http.start();
      const scheme = config.tls ? 'https' : 'http';
      return { urls: [`${scheme}://${config.host.includes(':') ? `[${config.host}]` : config.host}:${port}`] };
    },
    async stop() {
      await http.stop();
      await Promise.all(loops.map((loop) => loop.stop()));
      await intake.drain();
      await database.close();
      await log.close();
    },
  };
}
