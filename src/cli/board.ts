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

/** So many systems are asked for by name rather than by the list of all. */
const FEW = 20;

/** What one look fetches, in the order of a run's life. */
const LOOKED_FOR = [
  { status: 'planned', limit: OPEN_LIMIT },
  { status: 'installing', limit: OPEN_LIMIT },
  { status: 'stalled', limit: OPEN_LIMIT },
  { status: 'failed', limit: ENDED_LIMIT },
  { status: 'terminated', limit: ENDED_LIMIT },
  { status: 'cancelled', limit: ENDED_LIMIT },
  { status: 'finished', limit: ENDED_LIMIT },
];

/** What is going on, as of one look. */
export interface Board {
  /** Sorted by who needs help. */
  runs: RunReport[];
  /** Statuses of which there are more runs than the newest so many that were fetched. */
  cuts: { status: string; limit: number }[];
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
    if (unsure.length === 0) return runs;
    const isKnown = await findKnown(unsure.map((run) => run.system!));
    for (const run of unsure) settled.set(run.runId, !isKnown(run.system!));
    const old = unsure.filter((run) => horizon !== null && isOlder(run, horizon) && isKnown(run.system!));
    for (const run of old.slice(0, LOOKUP_LIMIT)) settled.set(run.runId, await hasNewerRun(run));
    return runs.filter((run) => settled.get(run.runId) !== true);
  }

  async function hasNewerRun(run: RunReport): Promise<boolean> {
    const [latest] = readRuns(await client.ask('get_runs', [{ system: run.system!, limit: 1 }]));
    return latest !== undefined && latest.runId !== run.runId;
  }

  /** Which of these systems the server has: asked one by one for a few, by the list of all for many. */
  async function findKnown(systems: string[]): Promise<(system: string) => boolean> {
    if (systems.length <= FEW) {
      const answers = await Promise.all(systems.map((system) => client.ask('has_item', ['system', system])));
      const known = new Set(systems.filter((_, index) => answers[index] !== false));
      return (system) => known.has(system);
    }
    const names = await client.call('get_item_names', ['system']);
    const known = new Set(Array.isArray(names) ? names : systems);
    return (system) => known.has(system);
  }

  return {
    async read() {
      const fetched = await Promise.all(
        LOOKED_FOR.map(async ({ status, limit }) => ({ status, limit, runs: await list(status, limit) })),
      );
      const all = unique(fetched.flatMap(({ runs }) => runs));
      const finished = fetched.find(({ status }) => status === 'finished')!.runs;
      return {
        runs: sortByNeed(await dropSettled(selectCurrent(all, client.serverNow()), finished)),
        cuts: fetched
          .filter(({ runs, limit }) => runs.length === limit)
          .map(({ status, limit }) => ({ status, limit })),
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
