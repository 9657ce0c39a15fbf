import type { Instant } from '../domain/event';
import type { Store } from '../store/index';
import { BLIND_AFTER_MS } from './append-events';
import { internalCaller, type Intake } from './intake';

/** Runs looked at in one transaction. */
const PAGE = 256;
/** Servers silent for this long are forgotten. */
const FORGET_AFTER_MS = 24 * 60 * 60_000;

/** What the watch over the clocks is made of. */
export interface WatchDeps {
  store: Store;
  now(): Instant;
  server: string;
}

/**
 * One heartbeat of this server. A gap of more than three seconds in the heartbeats of all servers is stored first, once,
 * as a blind window.
 */
export async function beat(deps: WatchDeps): Promise<void> {
  const latest = await deps.store.heartbeats.latest();
  if (latest !== null && deps.now() - latest > BLIND_AFTER_MS) await noteBlindness(deps);
  else await deps.store.heartbeats.beat(deps.server, deps.now());
}

/** Stores the blind window that ends now, unless another server just did, and beats. */
export async function noteBlindness(deps: WatchDeps): Promise<void> {
  await deps.store.transaction(async (store) => {
    await store.heartbeats.lock();
    const latest = await store.heartbeats.latest();
    const now = deps.now();
    if (latest !== null && now - latest > BLIND_AFTER_MS) await store.heartbeats.addWindow(latest, now);
    await store.heartbeats.beat(deps.server, now);
    await store.heartbeats.forget(now - FORGET_AFTER_MS);
  });
}

/** Applies blind windows to every open run that no message has touched since. Safe to repeat after a crash. */
export async function applyBlindWindows(deps: WatchDeps, intake: Intake): Promise<number> {
  const windows = await deps.store.heartbeats.unapplied();
  if (windows.length === 0) return 0;
  let after = '0';
  for (;;) {
    const page = await deps.store.runs.pageOpen(after, PAGE);
    if (page.length === 0) break;
    await intake.submit({ caller: internalCaller(), drafts: [], ticks: page.map((run) => run.target) });
    after = page.at(-1)!.runId;
  }
  await deps.store.heartbeats.markApplied(windows, deps.now());
  return windows.length;
}

/**
 * Writes what the clocks of overdue runs say: late, stalled, given up. The write path looks at each run again under its
 * lock, so a message that came in between wins.
 *
 * @returns true when there may be more.
 */
export async function watchStalls(deps: WatchDeps, intake: Intake): Promise<boolean> {
  const due = await deps.store.runs.findDue(deps.now(), PAGE);
  if (due.length === 0) return false;
  await intake.submit({ caller: internalCaller(), drafts: [], ticks: due.map((run) => run.target) });
  return due.length === PAGE;
}
