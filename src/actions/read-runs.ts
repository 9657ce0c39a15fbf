import { AppError } from '../domain/errors';
import type { Event, Instant } from '../domain/event';
import { resolveTarget, type InventoryTarget } from '../domain/target';
import { parseTargetName } from '../domain/target';
import { reportRun, type RunReport } from '../domain/run-report';
import { isRunId, type RunState } from '../domain/run';
import type { Store } from '../store/index';
import type { RunCriteria, StoredRun } from '../store/runs';
import type { HistoryReader } from './choose-openings';

/** Runs one answer holds at most. */
export const MAX_RUNS = 1_000;
/** Events one answer holds at most; ask again from the last seq for more. */
export const MAX_EVENTS = 1_000;

/** Everything known of one system or profile. */
export interface TargetReport {
  type: 'system' | 'profile';
  name: string;
  item: InventoryTarget;
  /** The newest run of each target: one for a system, one per address for a profile. */
  latest: { address: string; report: RunReport }[];
  /** status → how many runs ended, or are, that way. */
  counts: Record<string, number>;
}

/** Reads runs as of a moment: every answer has the clocks applied and the estimates filled in. */
export interface RunReader {
  report(run: RunState): Promise<RunReport>;
  /** @throws AppError UNKNOWN_TARGET. */
  describeTarget(name: string): Promise<TargetReport>;
  list(criteria: RunCriteria): Promise<{ run: StoredRun; report: RunReport }[]>;
  /** @throws AppError UNKNOWN_RUN. */
  get(runId: string): Promise<RunReport>;
  /** Events of a run after `seq`, oldest first. @throws AppError UNKNOWN_RUN. */
  log(runId: string, afterSeq: number): Promise<Event[]>;
}

/**
 * @param deps.judgementNow - the moment runs are judged at: now, or the last heartbeat while the server is cut off from
 * its database, so that its own blindness never shows as somebody's stall.
 */
export function createRunReader(deps: { store: Store; history: HistoryReader; judgementNow(): Instant }): RunReader {
  const { store } = deps;

  async function report(run: RunState): Promise<RunReport> {
    const now = deps.judgementNow();
    const isRunning = run.status === 'installing' || run.status === 'stalled';
    const history = isRunning ? await deps.history.find(store, run, now) : null;
    return reportRun(run, now, history);
  }

  async function reportAll(runs: StoredRun[]): Promise<{ run: StoredRun; report: RunReport }[]> {
    const reported = [];
    for (const run of runs) {
      const now = { ...(await report(run.state)) };
      // The name the target has today; the run keeps the one it had.
      if (run.target.type === 'system') now.system = run.target.name;
      reported.push({ run, report: now });
    }
    return reported;
  }

  async function mustFind(runId: string): Promise<StoredRun> {
    const [run] = isRunId(runId) ? await store.runs.find({ id: [runId], limit: 1 }) : [];
    if (!run) throw new AppError('UNKNOWN_RUN', `No run has the number "${runId}".`);
    return run;
  }

  return {
    report,

    async describeTarget(name) {
      const wanted = parseTargetName(name);
      const found = await store.inventory.findTargets([wanted]);
      const item = resolveTarget(wanted, new Map(found.map((entry) => [`${entry.type}:${entry.name}`, entry])));
      if (!item) throw new AppError('UNKNOWN_TARGET', `No system or profile is called "${name}".`);
      const target = { type: item.type, name: item.name };
      const latest = await reportAll(await store.runs.findLatest(target, MAX_RUNS));
      return {
        ...target,
        item,
        latest: latest.map((entry) => ({ address: entry.run.target.address, report: entry.report })),
        counts: await store.runs.countByStatus(target),
      };
    },

    async list(criteria) {
      return reportAll(await store.runs.find({ ...criteria, limit: Math.min(criteria.limit, MAX_RUNS) }));
    },

    async get(runId) {
      const [entry] = await reportAll([await mustFind(runId)]);
      return entry!.report;
    },

    async log(runId, afterSeq) {
      const run = await mustFind(runId);
      return store.events.listRun(run.id, afterSeq, MAX_EVENTS);
    },
  };
}
