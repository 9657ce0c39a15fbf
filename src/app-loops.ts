import { randomUUID } from 'node:crypto';
import { LEASE_MS } from './actions/bind-senders';
import { deliverNotifications } from './actions/deliver-notifications';
import { formDeliveries } from './actions/form-deliveries';
import type { Heartbeat } from './actions/heartbeat';
import type { Intake } from './actions/intake';
import type { InventoryDeps } from './actions/inventory-deps';
import { createDigestStep } from './actions/send-digests';
import type { TaskRunner } from './actions/run-tasks';
import { sweepHandles } from './actions/stage-item';
import type { LiveLogs } from './actions/keep-live-logs';
import type { SyslogIntake } from './actions/take-syslog';
import type { UploadLog } from './actions/upload-log';
import { applyBlindWindows, watchStalls, type WatchDeps } from './actions/watch-clocks';
import type { EventLog } from './actions/write-log';
import type { Log } from './log';
import { startLoop, type Loop } from './loop';
import { CHANNELS } from './notify/index';
import type { Channel, Notifier } from './notify/notifier';

/** How long it can be looked up who was told what. */
const KEEP_DELIVERIES_MS = 90 * 24 * 60 * 60_000;
/** How long background tasks can be looked up, as with Cobbler. */
const KEEP_TASKS_MS = 7 * 24 * 60 * 60_000;

/** What is repeated while the server runs. */
export interface LoopDeps extends WatchDeps {
  log: Log;
  groupWaitMs: number;
  /** Where links in messages lead. */
  publicUrl: string;
  intake: Intake;
  inventory: InventoryDeps;
  heartbeat: Heartbeat;
  uploads: UploadLog;
  syslog: SyslogIntake;
  liveLogs: LiveLogs;
  eventLog: EventLog;
  notifiers: { channel: Channel; notifier: Notifier }[];
  /** Filled with what is to be called when there may be something to send. */
  nudges: Set<() => void>;
  tasks: Pick<TaskRunner, 'step' | 'onStart'>;
  /** Takes over settings that other servers changed. */
  followSettings(): Promise<unknown>;
}

/** Starts everything that is repeated; the answer stops it and resolves when the steps in hand are done. */
export function startLoops(deps: LoopDeps): () => Promise<void> {
  const { store, now, log } = deps;
  const repeat = (name: string, intervalMs: number, step: () => Promise<boolean | void>): Loop =>
    startLoop({ name, intervalMs, step, log });

  const senders = deps.notifiers.map(({ channel, notifier }) =>
    repeat(`deliver ${channel.kind}`, 1_000, () =>
      deliverNotifications({ ...deps, channel, notifier, random: Math.random }),
    ),
  );
  const forming = repeat('form deliveries', 1_000, () =>
    formDeliveries({
      store,
      now,
      channels: CHANNELS,
      groupWaitMs: deps.groupWaitMs,
      publicUrl: deps.publicUrl,
      newId: randomUUID,
      onFormed: () => senders.forEach((sender) => sender.nudge()),
    }),
  );
  deps.nudges.add(() => forming.nudge());

  const tasks = repeat('tasks', 1_000, () => deps.tasks.step());
  deps.tasks.onStart(() => tasks.nudge());

  const loops = [
    tasks,
    repeat('settings', 2_000, async () => {
      await deps.followSettings();
    }),
    repeat('heartbeat', 1_000, async () => {
      await deps.heartbeat.beat();
      await applyBlindWindows(deps, deps.intake);
    }),
    repeat('stalls', 1_000, () => watchStalls(deps, deps.intake)),
    repeat('digests', 15_000, createDigestStep(deps)),
    repeat('uploads', 5_000, () => deps.uploads.sweep()),
    // What a line says is to be seen within a second.
    repeat('live logs', 200, () => deps.syslog.flush()),
    repeat('keep live logs', 2_000, () => deps.liveLogs.write()),
    repeat('event log', 5_000, async () => {
      await deps.eventLog.keepUp();
    }),
    repeat('housekeeping', 60_000, async () => {
      await sweepHandles(deps.inventory);
      await store.deliveries.prune(now() - KEEP_DELIVERIES_MS);
      await store.notifications.prune(now() - KEEP_DELIVERIES_MS);
      await store.tasks.prune(now() - KEEP_TASKS_MS);
      await store.events.ensurePartitions(now());
      await store.senders.pruneLeases(now() - LEASE_MS);
    }),
    forming,
    ...senders,
  ];
  return async () => {
    await Promise.all(loops.map((loop) => loop.stop()));
  };
}
