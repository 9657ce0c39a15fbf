import { applyEvent } from '../domain/fold';
import type { Store } from '../store/index';
import type { Fold } from '../store/save-batch';

/** Runs folded at a time: their events are in memory together. */
const PAGE = 100;

/** What a rebuild found. */
export interface RebuildReport {
  runs: number;
  events: number;
  /** Runs whose stored row was not what the log says. */
  different: string[];
  /** Runs whose log has a hole, as retention leaves them: they stay as they are stored. */
  incomplete: string[];
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
  const report: RebuildReport = { runs: 0, events: 0, different: [], incomplete: [] };
  let after = '0';
  for (;;) {
    const runIds = await store.events.pageRunIds(after, PAGE);
    if (runIds.length === 0) return report;
    const page = await store.transaction(async (tx) => {
      const folded = await foldPage(tx, runIds);
      const different = await tx.runs.findDifferent(folded.folds);
      const wrong = new Set(different);
      if (options.write) await tx.runs.overwrite(folded.folds.filter((fold) => wrong.has(fold.state.runId)));
      return { ...folded, different };
    });
    report.runs += runIds.length;
    report.events += page.events;
    report.different.push(...page.different);
    report.incomplete.push(...page.incomplete);
    options.onProgress?.(report);
    after = runIds.at(-1)!;
  }
}

async function foldPage(
  store: Store,
  runIds: readonly string[],
): Promise<{ folds: Fold[]; events: number; incomplete: string[] }> {
  await store.runs.lockTargetsOf(runIds);
  const folds = new Map<string, Fold>();
  const incomplete = new Set<string>();
  const events = await store.events.listRuns(runIds);
  for (const event of events) {
    const { runId, targetId, occurredAt } = event;
    const before = folds.get(runId);
    if (event.seq !== (before?.state.seq ?? 0) + 1) incomplete.add(runId);
    if (incomplete.has(runId)) continue;
    const state = applyEvent(before?.state ?? null, event);
    folds.set(runId, { targetId, openedAt: before?.openedAt ?? occurredAt, state });
  }
  for (const runId of incomplete) folds.delete(runId);
  return { folds: [...folds.values()], events: events.length, incomplete: [...incomplete] };
}
