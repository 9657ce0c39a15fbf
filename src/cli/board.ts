import type { RunReport } from '../domain/run-report';
import { readRuns } from './answers';
import type { Client } from './client';
import { needsHelp, selectCurrent, sortByNeed, targetKey } from './need';

/** Open runs one look fetches of each status: what the API answers at most. */
const OPEN_LIMIT = 1_000;
/** Ended runs one look fetches, of each kind of end. */
const ENDED_LIMIT = 200;
/** Old problems looked up one by one, when too much has finished since to tell whether they were put right. */
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
  const replaced = new Map<string, boolean>();

  async function list(status: string, limit: number): Promise<RunReport[]> {
    return readRuns(await client.ask('get_runs', [{ status, limit }]));
  }

  /** Problems older than everything fetched that finished: was there a newer run of the same target? */
  async function dropReplaced(runs: RunReport[], finished: RunReport[]): Promise<RunReport[]> {
    const horizon = finished.length < ENDED_LIMIT ? null : finished.at(-1)!;
    if (horizon === null) return runs;
    const old = runs.filter((run) => needsHelp(run) && run.ended !== null && isOlder(run, horizon));
    const unknown = old.filter((run) => run.system !== null && !replaced.has(run.runId)).slice(0, LOOKUP_LIMIT);
    for (const run of unknown) {
      const [latest] = readRuns(await client.ask('get_runs', [{ system: run.system!, limit: 1 }]));
      replaced.set(run.runId, latest !== undefined && latest.runId !== run.runId);
    }
    return runs.filter((run) => replaced.get(run.runId) !== true);
  }

  return {
    async read() {
      const [stalled, installing, planned, failed, terminated, finished] = await Promise.all([
        list('stalled', OPEN_LIMIT),
        list('installing', OPEN_LIMIT),
        list('planned', OPEN_LIMIT),
        list('failed', ENDED_LIMIT),
        list('terminated', ENDED_LIMIT),
        list('finished', ENDED_LIMIT),
      ]);
      const all = unique([...stalled, ...installing, ...planned, ...failed, ...terminated, ...finished]);
      const current = await dropReplaced(selectCurrent(all, client.serverNow()), finished);
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
