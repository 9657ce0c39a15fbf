import { AppError } from '../domain/errors';
import type { RunState } from '../domain/run';
import type { Store } from '../store/index';
import type { Accepted, LockedTarget, Refused } from './batch-targets';

/** Runs that drafts or report tokens name and that are not the newest of their target. */
export type NamedRuns = Map<string, { targetId: number; state: RunState }>;

/**
 * Loads the runs a batch names and refuses submissions that name a run of another target: a `run_id` that is not the
 * target's, or a report token made for a run of another machine.
 */
export async function checkNamedRuns(
  store: Store,
  accepted: readonly (Accepted | Refused)[],
  locked: ReadonlyMap<string, LockedTarget>,
): Promise<{ accepted: (Accepted | Refused)[]; named: NamedRuns }> {
  const newest = new Map([...locked.values()].map((entry) => [entry.runs.last?.runId, entry.target.id]));
  const wanted = new Set<string>();
  for (const submission of accepted) {
    if (!submission.ok) continue;
    for (const runId of namesIn(submission)) if (!newest.has(runId)) wanted.add(runId);
  }
  const found = wanted.size === 0 ? [] : await store.runs.find({ id: [...wanted], limit: wanted.size });
  const named: NamedRuns = new Map(found.map((run) => [run.id, { targetId: run.targetId, state: run.state }]));
  const ownerOf = (runId: string): number | undefined => newest.get(runId) ?? named.get(runId)?.targetId;

  const checked = accepted.map((submission): Accepted | Refused => {
    if (!submission.ok) return submission;
    for (const { draft, key } of submission.drafts) {
      const targetId = locked.get(key)!.target.id;
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
