import { AppError } from '../domain/errors';
import { isRunId, type RunState } from '../domain/run';
import type { Store } from '../store/index';
import type { Accepted, BatchTarget, Refused } from './batch-targets';

/** Runs that drafts or report tokens name, as they were when the batch began. */
export type NamedRuns = Map<string, { targetId: number; state: RunState }>;

/**
 * Loads the runs a batch names and refuses submissions that name a run of another target: a `run_id` that is not the
 * target's, or a report token made for a run of another machine.
 */
export async function checkNamedRuns(
  store: Store,
  accepted: readonly (Accepted | Refused)[],
  targets: ReadonlyMap<string, BatchTarget>,
): Promise<{ accepted: (Accepted | Refused)[]; named: NamedRuns }> {
  const named: NamedRuns = new Map();
  const names = new Set(accepted.flatMap((submission) => (submission.ok ? namesIn(submission) : [])));
  if (names.size > 0) {
    for (const { runs, target } of targets.values()) {
      if (runs.last && names.delete(runs.last.runId)) {
        named.set(runs.last.runId, { targetId: target.id, state: runs.last });
      }
    }
    const wanted = [...names].filter(isRunId);
    const found = wanted.length === 0 ? [] : await store.runs.find({ id: wanted, limit: wanted.length });
    for (const run of found) named.set(run.id, { targetId: run.targetId, state: run.state });
  }
  const ownerOf = (runId: string): number | undefined => named.get(runId)?.targetId;

  const checked = accepted.map((submission): Accepted | Refused => {
    if (!submission.ok) return submission;
    for (const { draft, key } of submission.drafts) {
      const targetId = targets.get(key)!.target.id;
      if (draft.runId !== null && ownerOf(draft.runId) !== targetId) {
        const detail = `"${draft.target.name}" has no run numbered ${draft.runId}.`;
        return { ok: false, error: new AppError('UNKNOWN_RUN', detail) };
      }
      if (submission.tokenRunId !== null && ownerOf(submission.tokenRunId) !== targetId) {
        const detail = `The report token was not made for "${draft.target.name}".`;
        return { ok: false, error: new AppError('NOT_ALLOWED', detail) };
      }
    }
    return submission;
  });
  return { accepted: checked, named };
}

function namesIn(submission: Accepted): string[] {
  const names = submission.drafts.flatMap(({ draft }) => (draft.runId === null ? [] : [draft.runId]));
  return submission.tokenRunId === null ? names : [...names, submission.tokenRunId];
}
