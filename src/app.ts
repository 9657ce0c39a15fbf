import { randomBytes, randomUUID } from 'node:crypto';
import { access, mkdir } from 'node:fs/promises';
import { createChooseOpenings, createHistoryReader } from './actions/choose-openings';
import { createNotificationDecider } from './actions/decide-notifications';
import { disableNetboot } from './actions/disable-netboot';
import { followInventory } from './actions/follow-inventory';
import { createHeartbeat } from './actions/heartbeat';
import { createIntake, type CommitListener } from './actions/intake';
import { createInstallTime } from './actions/install-time';
import type { InventoryDeps } from './actions/inventory-deps';
import { createLiveSettings } from './actions/live-settings';
import { maintainAdminContact } from './actions/maintain-admin-contact';
import { createRunReader } from './actions/read-runs';
import { createFetchSince } from './actions/read-written';
import { createRecordMessage } from './actions/record-message';
import { registerSystem } from './actions/register-system';
import { noteNetbootDisabled } from './actions/run-install-triggers';
import { createReportTokens } from './actions/report-tokens';
import { sendStatus, sendTest, type SendDeps } from './actions/send-status';
import { keepAdminPassword, keepServerName, renewSharedSecret } from './actions/sign-in-secrets';
import { createThrottle } from './actions/throttled-log';
import { applyBlindWindows, noteBlindness } from './actions/watch-clocks';
import { createEventLog } from './actions/write-log';
import type { Config } from './config';
import { createAppAutoinstall } from './app-autoinstall';
import { startLoops } from './app-loops';
import { createAppAccess } from './app-access';
import { createAppSyslog } from './app-syslog';
import { createAppTasks } from './app-tasks';
import { chooseModules, type Modules } from './auth/modules';
import { createCobblerService } from './http/cobbler-service';
import { createIntakeApi } from './http/intake-api';
import { listenUrl, reachableUrl } from './http/own-url';
import { parseNetworks } from './http/peer';
import { createPublicFiles } from './http/public-files';
import { createRunPage } from './http/run-page';
import { createHttpServer } from './http/server';
import { loadSnippets, loadTemplates } from './http/snippets';
import { parseMessage } from './intake/index';
import { createLog } from './log';
import { CHANNELS } from './notify/index';
import { createRotatingFile } from './rotating-file';
import { loadSettings } from './settings';
import { connect, type Database } from './store/connect';
import { isTransactionConflict } from './store/errors';
import { createStore } from './store/index';
import { migrate } from './store/migrate';
import { isInventoryConflict } from './store/write-items';
import { cx, toFault, valueError } from './xmlrpc/fault';
import { guardMethods, requireAccess } from './xmlrpc/guard';
import { type AutoinstallMethodDeps, autoinstallMethods } from './xmlrpc/methods/autoinstall';
import { formerAutoinstallMethods } from './xmlrpc/methods/autoinstall-names';
import { catalogueMethods } from './xmlrpc/methods/catalogue';
import { formerNames } from './xmlrpc/methods/former-names';
import { createMethods } from './xmlrpc/methods/index';
import { callInstallTriggers, installMethods } from './xmlrpc/methods/install';
import { formatInstallStatus } from './xmlrpc/methods/install-status';
import { itemMethods } from './xmlrpc/methods/items';
import { miscMethods } from './xmlrpc/methods/misc';
import { notifyMethods } from './xmlrpc/methods/notify';
import { registerMethods } from './xmlrpc/methods/register';
import { registerSystemMethods } from './xmlrpc/methods/register-system';
import { senderMethods } from './xmlrpc/methods/senders';
import { createSessionChecker, sessionMethods } from './xmlrpc/methods/session';
import { settingMethods } from './xmlrpc/methods/settings';
import { identify, statusMethods } from './xmlrpc/methods/status';
import { taskMethods } from './xmlrpc/methods/tasks';
import { userMethods } from './xmlrpc/methods/users';
import { xapiMethods } from './xmlrpc/methods/xapi';
import type { Method } from './xmlrpc/method';
import { createXmlRpcServer } from './xmlrpc/server';

/** The whole server, built and not yet listening. */
export interface App {
  /** Listens; resolves with the addresses, and the port for syslog, null when that is off. */
  start(): Promise<{ urls: string[]; syslogPort: number | null }>;
  /** Answers what is in hand, closes everything. May be called twice. */
  stop(): Promise<void>;
  /** The administrator's password when this start generated it, to be shown once; else null. */
  generatedPassword: string | null;
  /** What callers over XML-RPC may call, save introspection. */
  methods: readonly Method[];
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
  const loaded = await loadSettings(config.settingsFile);
  const modules = await chooseModules(config.settingsFile, loaded.modules, config.dataDir);
  await mkdir(config.dataDir, { recursive: true, mode: 0o700 });
  const database = await connect({ databaseUrl: config.databaseUrl, dataDir: config.dataDir });
  try {
    await migrate(database.knex);
    return await assemble(config, database, { ...loaded, modules }, now);
  } catch (error) {
    await database.close();
    throw error;
  }
}

async function assemble(
  config: Config,
  database: Database,
  {
    settings: fromFile,
    modules,
    warnings,
  }: { settings: InventoryDeps['settings']; modules: Modules; warnings: readonly string[] },
  now: () => number,
): Promise<App> {
  const log = createLog({ dir: config.logDir, level: config.logLevel });
  for (const warning of warnings) log.warn('A setting is not used', { warning });
  const warn = createThrottle(log, now);
  const storeOptions = { defaultOwners: fromFile.default_ownership as string[] };
  const store = createStore(database.knex, storeOptions);
  const liveSettings = createLiveSettings({ store, fromFile, now, log });
  const settings = liveSettings.values;
  const followSettings = async (): Promise<string[]> => {
    const changed = await liveSettings.refresh();
    storeOptions.defaultOwners = settings.default_ownership as string[];
    return changed;
  };
  const overridden = await followSettings();
  if (overridden.length > 0) log.info('Settings changed by modify_setting come before the file', { overridden });
  const server = await keepServerName(config.dataDir);
  const watch = { store, now, server };

  // The write path and those who read what it wrote.
  const trusted = parseNetworks(config.trustedNetworks);
  const policy = { policy: config.intakePolicy, isTrusted: (peer: string) => trusted.has(peer) };
  const heartbeat = createHeartbeat(watch);
  const history = createHistoryReader();
  const listeners: CommitListener[] = [];
  const intake = createIntake({
    ...watch,
    ...policy,
    chooseOpenings: createChooseOpenings(history, {
      stallAfterMs: config.stallAfterMs,
      giveUpMs: config.giveUpAfterMs,
    }),
    notifications: createNotificationDecider(),
    isConflict: isTransactionConflict,
    noteBlindness: (within) => noteBlindness({ ...watch, store: within }),
    listeners,
    onError: (sentence, error) => warn(`${sentence} ${String(error)}`, sentence, { error }),
  });
  const reader = createRunReader({ store, history, judgementNow: heartbeat.judgementNow });
  const recordMessage = createRecordMessage({ intake, parse: (message) => parseMessage(message)?.drafts ?? [] });

  const renderAutoinstall = (type: 'profile' | 'system', name: string) => answers.render(type, name);
  const tasks = createAppTasks({ config, store, settings, server, renderAutoinstall, log, now });

  // The inventory, and what its changes mean for runs.
  const inventory: InventoryDeps = {
    store,
    settings,
    now,
    fileExists: (file) =>
      access(file).then(
        () => true,
        () => false,
      ),
    isWriteConflict: isInventoryConflict,
    triggers: tasks.itemTriggers,
    onInventoryChange: (trx, changes) =>
      followInventory({ intake, now }, createStore(trx, storeOptions), trx.executionPromise, changes),
  };

  // Who calls, and what they may do.
  const password = config.adminPassword === null ? await keepAdminPassword(config.dataDir) : null;
  const { sessions, rights, users } = await createAppAccess({
    config: { adminUser: config.adminUser, adminPassword: config.adminPassword ?? password!.password },
    sharedSecret: await renewSharedSecret(config.dataDir),
    modules,
    settings,
    store,
    now,
    log,
  });
  const sessionChecker = createSessionChecker(sessions);
  const callers = {
    now,
    reportTokens: createReportTokens(await store.secrets.readOrCreate(REPORT_KEY, randomBytes(32))),
    async checkSession(token: Parameters<typeof identify>[1]) {
      const session = await sessionChecker.check(token);
      if (await rights.isAllowed(session.user, 'update_status', [])) return session;
      throw cx(`authorization failure for user ${session.user}`);
    },
  };

  // What installers report without a session.
  const { uploads, triggers, events } = createInstallTime({
    ...policy,
    store,
    intake,
    recordMessage,
    dataDir: config.dataDir,
    isAnamonEnabled: () => settings.anamon_enabled === true,
    runInstallScripts: tasks.runInstallScripts,
    log,
    now,
  });

  const syslog = createAppSyslog({ ...policy, config, store, intake, now, warn });
  listeners.push(syslog.onCommit);

  const listener = { tls: config.tls !== null, host: config.host, port: config.port };
  const snippets = await loadSnippets(__dirname);
  const answers = await createAppAutoinstall({
    config,
    inventory,
    intake,
    binder: syslog.binder,
    reportTokens: callers.reportTokens,
    isTrusted: policy.isTrusted,
    ownUrl: () => reachableUrl(listener),
    shipped: { snippets, templates: await loadTemplates(__dirname) },
    warn,
  });

  // Who is told.
  const notifiers = CHANNELS.flatMap((channel) => {
    const notifier = channel.create(config);
    return notifier ? [{ channel, notifier }] : [];
  });
  const nudges = new Set<() => void>();
  const sending: SendDeps = {
    store,
    now,
    newId: randomUUID,
    channels: notifiers.map(({ channel }) => channel.kind),
    nudge: () => nudges.forEach((nudge) => nudge()),
  };

  const itemDeps = { ...inventory, isSession: rights.maySeeSecrets };
  const installDeps = {
    triggers,
    uploads,
    identify: (token: Parameters<typeof identify>[1], call: Parameters<typeof identify>[2]) =>
      identify(callers, token, call),
    isSystem: async (name: string) => (await store.inventory.findTargets([{ type: 'system', name }])).length > 0,
  };
  const answerMethods: AutoinstallMethodDeps = {
    ...answers.methods,
    authorize: (session, call, verb, users) =>
      requireAccess(rights, { session, call, verb }, 'write_autoinstall_template', users),
  };
  const methods = createMethods([
    sessionMethods({ sessions, rights: { ...rights, authenticationModule: modules.authentication } }),
    itemMethods(itemDeps),
    registerMethods(itemDeps),
    settingMethods({ ...itemDeps, modifySetting: liveSettings.modify }),
    catalogueMethods(),
    miscMethods({ ...itemDeps, programs: tasks.programs }),
    xapiMethods(itemDeps),
    taskMethods({ tasks: store.tasks, runner: tasks.runner, switchPower: tasks.switchPower }),
    autoinstallMethods(answerMethods),
    formerAutoinstallMethods(answerMethods),
    installMethods(installDeps),
    statusMethods({
      ...callers,
      recordMessage,
      reader,
      installStatus: async (mode) => formatInstallStatus(mode, await store.runs.loadInstallStatus(), now() / 1000),
    }),
    registerSystemMethods({
      ...callers,
      reader,
      mayRegisterAnonymously: () => settings.register_new_installs === true,
      authorize: (user, call, name) =>
        requireAccess(rights, { session: { user }, call, verb: 'register_system' }, 'register_system', [
          { type: 'system', name },
        ]),
      registerSystem: (info, by) => registerSystem(inventory, info, by),
    }),
    userMethods(users),
    senderMethods({ senders: () => syslog.intake.senders() }),
    notifyMethods({
      sendStatus: (criteria, contacts, by) => sendStatus(sending, criteria, contacts, by),
      sendTest: (contacts, by) => sendTest(sending, contacts, by),
    }),
  ]);
  const guarded = guardMethods([...methods, ...formerNames(methods)], rights);
  const rpc = createXmlRpcServer({
    methods: guarded,
    sessions: sessionChecker,
    log,
    now,
  });
  const http = createHttpServer({
    host: config.host,
    port: config.port,
    tls: config.tls,
    trustedNetworks: config.trustedNetworks,
    rpc,
    routes: [
      createCobblerService({
        ...answers.service,
        runTriggers: (mode, type, name, peer) =>
          callInstallTriggers(installDeps, [mode, type, name, peer, null], { peer, receivedAt: now() }),
        disableNetboot: (name) => {
          if (!name) throw valueError('calling find with no arguments');
          return disableNetboot(inventory, name);
        },
        noteProfileInstalled: (name, peer) => {
          const caller = { peer, authority: 'anonymous' } as const;
          return noteNetbootDisabled(triggers, { type: 'profile', name, caller, receivedAt: now() });
        },
        describeFault: (error) => toFault(error).faultString,
      }),
      ...createIntakeApi({ now, identify: installDeps.identify, events, recordMessage, reader, uploads, warn }),
      createPublicFiles({
        snippets,
        publicUrl: config.publicUrl,
        ownUrl: () => reachableUrl(listener),
        tls: listener.tls,
      }),
      createRunPage({
        login: async (user, secret, peer) => {
          await sessions.logout(await sessions.login(user, secret, peer));
        },
        getRun: reader.get,
        getLog: (runId) => reader.log(runId, 0),
      }),
    ],
    checkReady: () =>
      database.knex.raw('select 1').then(
        () => null,
        () => 'The database cannot be reached; it is tried again by itself.',
      ),
    log,
  });

  let stopLoops: (() => Promise<void>) | null = null;
  let stopped: Promise<void> | null = null;
  const eventLog = await createEventLog({ logDir: config.logDir, openFile: createRotatingFile, warn });
  listeners.push((written) => eventLog.write(written));

  async function stop(): Promise<void> {
    await http.stop();
    await syslog.listener.stop();
    await stopLoops?.();
    if (stopLoops) await syslog.intake.flush(true);
    await tasks.runner.stop();
    await tasks.triggers.drain();
    await syslog.logs.write();
    await intake.drain();
    await eventLog.close();
    await Promise.all(notifiers.map(({ notifier }) => notifier.close()));
    await database.close();
    await log.close();
  }

  return {
    methods: guarded,
    generatedPassword: password?.isNew ? password.password : null,
    async start() {
      await store.events.ensurePartitions(now());
      await eventLog.catchUp(createFetchSince(store, server)).catch((error: unknown) => {
        log.error('The event log could not be brought up to date; it is tried again', { error });
      });
      await heartbeat.beat();
      await applyBlindWindows(watch, intake);
      await uploads.recover();
      await tasks.runner.recover();
      const changed = await maintainAdminContact(inventory, { email: config.notifyEmail, sms: config.notifySms });
      if (changed.length > 0) log.info('The contact of the administrator was brought up to date', { changed });
      const { udpPort, tlsPort } = await syslog.listener.start();
      listener.port = await http.start();
      const url = listenUrl(listener);
      stopLoops = startLoops({
        ...watch,
        log,
        groupWaitMs: config.groupWaitMs,
        publicUrl: config.publicUrl ?? reachableUrl(listener),
        intake,
        inventory,
        heartbeat,
        uploads,
        syslog: syslog.intake,
        liveLogs: syslog.logs,
        eventLog,
        notifiers,
        nudges,
        tasks: tasks.runner,
        followSettings,
      });
      const kind = database.embedded ? 'embedded' : 'PostgreSQL';
      log.info('Kickwatch listens', { url, database: kind, syslogPort: udpPort, syslogTlsPort: tlsPort });
      return { urls: [url], syslogPort: udpPort };
    },
    stop: () => (stopped ??= stop()),
  };
}
