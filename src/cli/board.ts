import type { RunReport } from '../domain/run-report';
import { readRuns } from './answers';
import type { Client } from './client';
import { needsHelp, selectCurrent, sortByNeed, targetKey } from './need';

/** Open runs one look fetches of each status: what the API answers at most. */
const OPEN_LIMIT = 1_000;
/** Ended runs one look fetches, of each kind of end. */
const ENDED_LIMIT = 200;
/** Ended runs looked up one by one in one look: whether anybody still has to do something about them. */
const LOOKUP_LIMIT = 50;

/** What is going on, as of one look. */
export interface Board {
  /** Sorted by who needs help. */
  runs: RunReport[];
  /** Statuses of which there are more runs than were fetched. */
  cutStatuses: string[];
}

/** Looks at the server, again and again. */
export interface BoardReader {
  read(): Promise<Board>;
}

/** Reads the board through the API. What it learns about old problems it remembers for the next look. */
export function createBoardReader(client: Client): BoardReader {
  /** Ended runs by number: nobody has to do anything about them any more. */
  const settled = new Map<string, boolean>();

  async function list(status: string, limit: number): Promise<RunReport[]> {
    return readRuns(await client.ask('get_runs', [{ status, limit }]));
  }

  /**
   * Leaves out problems of systems that are not there any more, and old ones that a newer run has put right: one older
   * than everything fetched that finished.
   */
  async function dropSettled(runs: RunReport[], finished: RunReport[]): Promise<RunReport[]> {
    const horizon = finished.length < ENDED_LIMIT ? null : finished.at(-1)!;
    const unsure = runs.filter(
      (run) => run.ended !== null && run.system !== null && needsHelp(run) && !settled.has(run.runId),
    );
    for (const run of unsure.slice(0, LOOKUP_LIMIT)) {
      const isReplaced = horizon !== null && isOlder(run, horizon) && (await hasNewerRun(run));
      settled.set(run.runId, isReplaced || !(await isKnown(run.system!)));
    }
    return runs.filter((run) => settled.get(run.runId) !== true);
  }

  async function hasNewerRun(run: RunReport): Promise<boolean> {
    const [latest] = readRuns(await client.ask('get_runs', [{ system: run.system!, limit: 1 }]));
    return latest !== undefined && latest.runId !== run.runId;
  }

  async function isKnown(system: string): Promise<boolean> {
    return (await client.ask('has_item', ['system', system])) !== false;
  }

  return {
    async read() {
      const [stalled, installing, planned, failed, terminated, cancelled, finished] = await Promise.all([
        list('stalled', OPEN_LIMIT),
        list('installing', OPEN_LIMIT),
        list('planned', OPEN_LIMIT),
        list('failed', ENDED_LIMIT),
        list('terminated', ENDED_LIMIT),
        list('cancelled', ENDED_LIMIT),
        list('finished', ENDED_LIMIT),
      ]);
      const all = unique([stalled, installing, planned, failed, terminated, cancelled, finished].flat());
      const current = await dropSettled(selectCurrent(all, client.serverNow()), finished);
      const isCut = { stalled, installing, planned };
      return {
        runs: sortByNeed(current),
        cutStatuses: Object.entries(isCut).flatMap(([status, runs]) => (runs.length < OPEN_LIMIT ? [] : [status])),
      };
    },
  };
}

/** A run that changes between two of the calls comes twice: the later call, in the order of a run's life, is right. */
function unique(runs: RunReport[]): RunReport[] {
  return [...new Map(runs.map((run) => [`${targetKey(run)} ${run.runId}`, run])).values()];
}

function isOlder(left: RunReport, right: RunReport): boolean {
  return Number(left.runId) < Number(right.runId);
}
