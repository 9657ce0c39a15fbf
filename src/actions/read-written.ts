import { applyEvent } from '../domain/fold';
import type { RunState } from '../domain/run';
import type { InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';
import type { LoggedEvent } from './event-lines';
import type { FetchSince } from './write-log';

/**
 * Reads from the database what the log file of this server may lack: the events it recorded, each with its run as it was
 * right after it. Addresses are those on record now.
 */
export function createFetchSince(store: Store, server: string): FetchSince {
  return async (since, limit) => {
    const events = await store.events.listRecorded(server, since, limit);
    if (events.length === 0) return [];
    const runIds = [...new Set(events.map((event) => event.runId))];
    const runs = await store.runs.find({ id: runIds, limit: runIds.length });
    const targets = new Map(runs.map((run) => [run.id, run.target]));
    const names = [...new Map(runs.map(({ target }) => [`${target.type}:${target.name}`, target])).values()];
    const items = new Map(
      (await store.inventory.findTargets(names)).map((item) => [`${item.type}:${item.name}`, item]),
    );
    const states = await foldAll(store, runIds);
    return events.flatMap((event) => {
      const after = states.get(`${event.runId}:${event.seq}`);
      const target = targets.get(event.runId);
      if (!after || !target) return [];
      const item = items.get(`${target.type}:${target.name}`);
      return [{ ...event, after, target, ip: addressOf(event, after, item), mac: item?.macs[0] ?? null }];
    });
  };
}

/** Every state of the runs, by `RUN:SEQ`. */
async function foldAll(store: Store, runIds: readonly string[]): Promise<Map<string, RunState>> {
  const states = new Map<string, RunState>();
  let run: RunState | null = null;
  for (const event of await store.events.listRuns(runIds)) {
    run = applyEvent(run?.runId === event.runId ? run : null, event);
    states.set(`${event.runId}:${event.seq}`, run);
  }
  return states;
}

function addressOf(event: Pick<LoggedEvent, 'source' | 'detail'>, after: RunState, item?: InventoryTarget): string {
  if (event.source === 'trigger') return event.detail.address ?? '?';
  return item?.addresses[0] ?? after.addresses[0] ?? '?';
}
