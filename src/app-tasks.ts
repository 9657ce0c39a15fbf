import { randomUUID } from 'node:crypto';
import { stat } from 'node:fs/promises';
import type { InventoryDeps } from './actions/inventory-deps';
import { createItemTriggers } from './actions/item-triggers';
import { switchPower, type PowerDeps } from './actions/power';
import { findItemNames, readItem } from './actions/read-items';
import { createPrograms } from './actions/run-program';
import { createTaskRunner } from './actions/run-tasks';
import { createTriggers } from './actions/run-triggers';
import { createTaskKinds, createTaskTriggers } from './actions/task-kinds';
import type { ValidateDeps } from './actions/validate-autoinstalls';
import { processEnvironment, type Config } from './config';
import { itemType } from './domain/inventory';
import type { SettingValues } from './domain/item-value';
import type { Log } from './log';
import type { Store } from './store/index';

/** Scripts an installer's call sets off have this long; nobody waits for them. */
const INSTALL_TRIGGER_MS = 600_000;

/** What background tasks and triggers are put together from. */
interface TaskParts {
  config: Config;
  store: Store;
  settings: SettingValues;
  server: string;
  /** The answer file of a profile or system. */
  renderAutoinstall: ValidateDeps['render'];
  log: Log;
  now(): number;
}

/** Background tasks, triggers and power, made to work together. */
export function createAppTasks({ config, store, settings, server, renderAutoinstall, log, now }: TaskParts) {
  const programs = createPrograms(processEnvironment());
  const userId = process.getuid?.() ?? 0;
  const triggers = createTriggers({ folder: config.triggersDir, programs, userId, log });
  const reading = { store, settings };
  const power: PowerDeps = {
    programs,
    readSystem: (name) => readItem(reading, itemType('system'), name, { resolved: true }),
    wait: (ms, signal) =>
      new Promise((resolve) => {
        const timer = setTimeout(resolve, ms);
        signal?.addEventListener('abort', () => {
          clearTimeout(timer);
          resolve();
        });
      }),
  };
  const runner = createTaskRunner({
    store,
    server,
    now,
    log,
    newId: () => randomUUID().replaceAll('-', ''),
    triggers: createTaskTriggers(triggers),
    kinds: createTaskKinds({
      listNames: (type, criteria) => findItemNames(reading, itemType(type), criteria),
      render: renderAutoinstall,
      programs,
      triggers,
      power,
      settings,
      async findMissingSystems(names) {
        const wanted = names.map((name) => ({ type: 'system', name }) as const);
        const found = new Set((await store.inventory.findTargets(wanted)).map(({ name }) => name));
        return names.filter((name) => !found.has(name));
      },
      isDirectory: (directory) =>
        stat(directory).then(
          (found) => found.isDirectory(),
          () => false,
        ),
    }),
  });
  return {
    programs,
    runner,
    triggers,
    itemTriggers: createItemTriggers(triggers) satisfies NonNullable<InventoryDeps['triggers']>,
    switchPower: async (system: string, operation: Parameters<typeof switchPower>[1]['operation']) => {
      if ((await power.readSystem(system)) === null) return null;
      return switchPower(power, { system, operation, log: (text) => log.info('Power', { text }) });
    },
    /** The scripts of `install/pre`, `install/post` and `install/firstboot`. */
    runInstallScripts: (mode: string, args: readonly string[]) => {
      triggers.enqueue({ directory: `install/${mode}`, args, timeoutMs: INSTALL_TRIGGER_MS });
    },
  };
}
