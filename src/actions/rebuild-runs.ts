import { isDeepStrictEqual } from 'node:util';
import { applyEvent } from '../domain/fold';
import type { Event } from '../domain/event';
import type { PlannedEvent } from '../domain/plan';
import type { RunState } from '../domain/run';
import type { Store } from '../store/index';

/** Runs folded at a time: their events are in memory together. */
const PAGE = 100;

/** What a rebuild found. `different` are the runs whose stored state was not what the log says. */
export interface RebuildReport {
  runs: number;
  events: number;
  different: string[];
}

/**
 * Folds the whole log again and writes the runs it gives, telling nobody: the proof that the log is the truth.
 *
 * @param options.write - false only compares.
 */
export async function rebuildRuns(
  store: Store,
  options: { write: boolean; onProgress?: (report: RebuildReport) => void },
): Promise<RebuildReport> {
  const report: RebuildReport = { runs: 0, events: 0, different: [] };
  let after = '0';
  for (;;) {
    const runIds = await store.events.pageRunIds(after, PAGE);
    if (runIds.length === 0) return report;
    const different = await store.transaction(async (tx) => {
      const found = await rebuildPage(tx, runIds, report);
      if (options.write) await tx.runs.overwrite(found);
      return found;
    });
    report.different.push(...different.map((event) => event.runId));
    options.onProgress?.(report);
    after = runIds.at(-1)!;
  }
}

async function rebuildPage(
  store: Store,
  runIds: readonly string[],
  report: RebuildReport,
): Promise<(PlannedEvent & { targetId: number })[]> {
  await store.runs.lockTargetsOf(runIds);
  const stored = new Map((await store.runs.load(runIds)).map((state) => [state.runId, state]));
  const last = new Map<string, { event: Event & { targetId: number }; state: RunState }>();
  for (const event of await store.events.listRuns(runIds)) {
    const state = applyEvent(last.get(event.runId)?.state ?? null, event);
    last.set(event.runId, { event, state });
    report.events += 1;
  }
  report.runs += last.size;
  return [...last.values()]
    .filter(({ state }) => !isDeepStrictEqual(JSON.parse(JSON.stringify(state)), stored.get(state.runId)))
    .map(({ event, state }) => ({ ...event, dedupeKey: null, before: null, after: state }));
}
