import { createChooseOpenings, createHistoryReader, type HistoryReader } from '../../src/actions/choose-openings';
import { createRandom } from '../../src/cli/simulate/random';
import type { DraftKind, EventDraft, Instant } from '../../src/domain/event';
import { foldRun } from '../../src/domain/fold';
import type { FinishedRun } from '../../src/domain/history';
import { viewRun, type RunView } from '../../src/domain/judgement';
import { planDraft, planDue, type PlanContext, type PlannedEvent, type TargetRuns } from '../../src/domain/plan';
import type { RunKind } from '../../src/domain/run';
import type { InventoryTarget } from '../../src/domain/target';
import type { Store } from '../../src/store/index';
import type { Beat } from '../../src/cli/simulate/play-install';
import type { LabelledRun } from './fleet';

/** A labelled run as the rules judged it. */
export interface JudgedRun {
  label: LabelledRun;
  /** Everything logged of the machine, in order; times since the epoch. */
  log: PlannedEvent[];
  /** True when folding the log again, as it is stored, gives the same runs; looked at only where runs learn. */
  foldsAgain: boolean;
}

/** What a reader would have been shown of a healthy run at some moment. */
export interface Check {
  label: LabelledRun;
  at: Instant;
  view: RunView;
  /** When it really was done. */
  doneAt: Instant;
}

/** All runs of a fleet as judged, and looks at healthy ones. */
export interface Judged {
  runs: JudgedRun[];
  checks: Check[];
}

/** The experiment begins: any moment will do. */
const EPOCH = Date.parse('2026-11-22T00:00:00Z');
/** How long the clocks are looked at after the last word. */
const AFTER_MS = 8 * 3_600_000;
const GIVE_UP_MS = 6 * 3_600_000;
const CHECKS_PER_RUN = 5;

const KINDS: Record<Beat['kind'], DraftKind> = {
  started: 'install-started',
  progress: 'progress-reported',
  heard: 'heard',
  waiting: 'waiting-reported',
  failed: 'install-failed',
  finished: 'install-finished',
};

/**
 * Plays labelled runs through the rules, in the order they begin. No run sees what ended after it began.
 *
 * @param options.learns - false: the constants of `phases.json` for every run, and nothing is estimated.
 */
export async function judgeRuns(
  labels: readonly LabelledRun[],
  options: { learns: boolean; seed: number },
): Promise<Judged> {
  const shelf = createShelf(options.learns);
  const openings = createChooseOpenings(shelf.reader, { stallAfterMs: null, giveUpMs: GIVE_UP_MS });
  const runs: JudgedRun[] = [];
  for (const label of labels) {
    const item: InventoryTarget = {
      ...{ type: 'system', name: label.name, profile: label.profile, distro: label.distro },
      ...{ owners: [], addresses: [], macs: [], netbootEnabled: false },
    };
    const now = EPOCH + label.startsAt;
    const { installer } = label.model;
    const { opening, learnFrom } = await openings(shelf.at(now), [item], installer === null ? [] : [installer], now);
    const log = play(label, { opening: (kind, of) => opening(item, kind, of), learnFrom });
    shelf.keep(log);
    runs.push({ label, log, foldsAgain: !options.learns || foldsAgain(log) });
  }
  return { runs, checks: await lookAt(runs, shelf, createRandom(options.seed)) };
}

function play(label: LabelledRun, context: Pick<PlanContext, 'opening' | 'learnFrom'>): PlannedEvent[] {
  const target: TargetRuns = { last: null, earlierStarts: [], finishedRuns: 0 };
  let turns = 0;
  const rules = (recordedAt: Instant): PlanContext => ({
    ...context,
    recordedAt,
    blindWindows: [],
    mayNetboot: false,
    nextRunId: () => `${label.name}.${(turns += 1)}`,
  });
  const drafts = label.beats.map((beat) => toDraft(label, beat));
  const log = drafts.flatMap((draft) => planDraft(target, draft, rules(draft.receivedAt)));
  const end = drafts.at(-1)!.receivedAt + AFTER_MS;
  return [...log, ...planDue(target, end, rules(end))];
}

function toDraft({ name, model, startsAt }: LabelledRun, beat: Beat): EventDraft {
  const { kind, phase, done, total, text } = beat;
  return {
    kind: KINDS[kind],
    target: { type: 'system', name, address: null },
    source: model.installer === null ? 'update-status' : 'syslog',
    receivedAt: EPOCH + startsAt + Math.round(beat.at),
    claimedAt: null,
    dedupeKey: null,
    runId: null,
    detail: {
      ...(kind !== 'heard' && kind !== 'finished' && { phase }),
      ...(kind === 'started' && model.isImage && { kind: 'image' }),
      ...(done !== undefined && total !== undefined && { packagesDone: done, packagesTotal: total }),
      ...(kind === 'waiting' && { question: text ?? '' }),
      ...(kind === 'failed' && { error: { text: text ?? '' } }),
      ...(model.installer !== null && { installer: model.installer }),
    },
  };
}

/** The log is folded as it comes back from the database. */
function foldsAgain(log: readonly PlannedEvent[]): boolean {
  const ids = [...new Set(log.map(({ runId }) => runId))];
  return ids.every((id) => {
    const own = log.filter(({ runId }) => runId === id);
    const stored = own.map(({ before: _before, after: _after, ...event }) => event);
    const folded = foldRun(JSON.parse(JSON.stringify(stored)) as PlannedEvent[]);
    return JSON.stringify(folded) === JSON.stringify(own.at(-1)!.after);
  });
}

interface Kept extends FinishedRun {
  kind: RunKind;
  profile: string | null;
  distro: string | null;
  installer: string | null;
}

/** Finished runs in memory, and the real reader of histories over them. */
function createShelf(learns: boolean) {
  /** By what they have in common, newest first. */
  const kept = new Map<string, Kept[]>();
  /** A store that knows what had ended by then. */
  const at = (now: Instant): Store => {
    const loadHistory = (by: 'profile' | 'distro' | 'installer', name: string, limit: number): Promise<Kept[]> => {
      const runs = kept.get(`${by}:${name}`) ?? [];
      const from = runs.findIndex((run) => run.endedAt <= now);
      return Promise.resolve(from === -1 ? [] : runs.slice(from, from + limit));
    };
    return { runs: { loadHistory } } as unknown as Store;
  };
  const reader: HistoryReader = learns ? createHistoryReader() : { find: () => Promise.resolve(null) };
  return {
    reader,
    at,
    keep(log: readonly PlannedEvent[]): void {
      const { after } = log.at(-1)!;
      if (after.status !== 'finished' || after.startedAt === null || after.endedAt === null) return;
      const { kind, profile, distro, installer, startedAt, endedAt, timeline } = after;
      const run = { kind, profile, distro, installer, startedAt, endedAt, timeline };
      for (const by of ['profile', 'distro', 'installer'] as const) {
        const key = `${by}:${run[by]}`;
        const runs = kept.get(key) ?? [];
        const place = runs.findIndex((other) => other.endedAt <= endedAt);
        runs.splice(place === -1 ? runs.length : place, 0, run);
        kept.set(key, runs);
      }
    },
  };
}

async function lookAt(
  runs: readonly JudgedRun[],
  shelf: ReturnType<typeof createShelf>,
  random: ReturnType<typeof createRandom>,
): Promise<Check[]> {
  const checks: Check[] = [];
  for (const { label, log } of runs) {
    if (label.fate !== 'healthy' || label.finishedAt === null) continue;
    const startedAt = EPOCH + label.startsAt;
    const doneAt = startedAt + Math.round(label.finishedAt);
    for (let each = 0; each < CHECKS_PER_RUN; each += 1) {
      const at = random.whole(startedAt, doneAt - 1);
      const run = log.findLast((event) => event.recordedAt <= at)!.after;
      const history = await shelf.reader.find(shelf.at(at), run, at);
      checks.push({ label, at, view: viewRun(run, at, history), doneAt });
    }
  }
  return checks;
}
