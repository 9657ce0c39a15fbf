import type { EventDraft, Instant } from '../domain/event';
import { AppError } from '../domain/errors';
import { OWN_SOURCE, planDraft, planDue, planEvidence, type PlanContext, type PlannedEvent } from '../domain/plan';
import { namedInstaller } from '../domain/fold';
import type { RunState } from '../domain/run';
import type { InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';
import type { InstallMark } from '../store/save-batch';
import {
  couldOpenRun,
  openBatch,
  TargetsChanged,
  type BatchTarget,
  type PolicyDeps,
  type Submission,
} from './batch-targets';
import { cleanDraft } from './clean-draft';
import { checkNamedRuns, type NamedRuns } from './named-runs';
import type { ChooseOpenings } from './choose-openings';
import type { NotificationDecider } from './decide-notifications';
import type { TargetItems } from './target-items';

/** What became of one draft. `run` is null when the draft says nothing about any run. */
export interface DraftResult {
  run: RunState | null;
  /** The same fact was stored before; `run` is what it is now. */
  duplicate: boolean;
}

/** What became of a submission: a result per draft, or the reason it was refused. */
export type SubmissionResult = { ok: true; results: DraftResult[] } | { ok: false; error: AppError };

/** What the write path is made of. */
export interface AppendDeps extends PolicyDeps {
  now(): Instant;
  /** Name of this server in heartbeats and events. */
  server: string;
  chooseOpenings: ChooseOpenings;
  notifications: NotificationDecider;
}

/** An event that has been written, with the names and addresses a log line or a push needs. */
export interface WrittenEvent extends PlannedEvent {
  targetId: number;
  /** `address` tells machines of a profile apart; '' for systems. */
  target: { type: 'system' | 'profile'; name: string; address: string };
  /** The address it is filed under in install.log. */
  ip: string;
  mac: string | null;
}

/** The servers were deaf for a while and nobody has noted it yet: note it, then try again. */
export class BlindnessUnnoted extends Error {}

/** Longest silence of all servers that is not a blind window. Heartbeats come every second. */
export const BLIND_AFTER_MS = 3_000;

/**
 * THE write path: finds the targets, folds every draft in the order given, decides after every single event who is told,
 * and writes events, runs and notifications in one statement, which takes effect only when nothing else was written
 * about those targets since they were read. Nobody may be answered before that statement, or the transaction around it,
 * has committed.
 *
 * @param options.items - what is known of the inventory.
 * @param options.lock - holds the targets, so that nothing can come in between: `store` is bound to a transaction.
 * @returns a result per submission, and the events written, for those who listen after the commit.
 * @throws BlindnessUnnoted when a blind window must be stored first.
 * @throws TargetsChanged when something was written about one of the targets in between; not with `lock`.
 */
export async function appendEvents(
  deps: AppendDeps,
  store: Store,
  submissions: readonly Submission[],
  options: { items: TargetItems; lock: boolean },
): Promise<{ results: SubmissionResult[]; written: WrittenEvent[] }> {
  const recordedAt = deps.now();
  const clean = submissions.map((submission) => ({ ...submission, drafts: submission.drafts.map(cleanDraft) }));
  const { accepted: resolved, targets, facts } = await openBatch(deps, store, clean, options);
  if (facts.lastBeatAt !== null && recordedAt - facts.lastBeatAt > BLIND_AFTER_MS) throw new BlindnessUnnoted();

  const { accepted, named } = await checkNamedRuns(store, resolved, targets);
  const usedKeys = findUsedKeys(targets);
  const mayOpen = [...targets.values()].filter(couldOpenRun);
  const openings = await deps.chooseOpenings(
    store,
    mayOpen.map((entry) => entry.item),
    installersOf(targets),
    recordedAt,
  );
  const runIds =
    mayOpen.length === 0
      ? []
      : await store.runs.reserveRunIds(mayOpen.reduce((sum, entry) => sum + entry.drafts.length, 0));

  const written: WrittenEvent[] = [];
  const contextOf = (item: InventoryTarget): PlanContext => ({
    recordedAt,
    blindWindows: facts.blindWindows,
    mayNetboot: item.netbootEnabled,
    opening: (kind, installer) => openings.opening(item, kind, installer),
    learnFrom: openings.learnFrom,
    nextRunId: () => runIds.shift() ?? fail('a run opened that no number was reserved for'),
  });
  const keep = (entry: BatchTarget, planned: PlannedEvent[]): void => {
    for (const event of planned) written.push(describe(event, entry));
  };
  const results = accepted.map((submission): SubmissionResult => {
    if (!submission.ok) return submission;
    for (const key of submission.ticks) {
      const entry = targets.get(key)!;
      keep(entry, planDue(entry.runs, recordedAt, contextOf(entry.item)));
    }
    const drafts = submission.drafts.map(({ draft, key }): DraftResult => {
      const entry = targets.get(key)!;
      const used = draft.dedupeKey === null ? null : `${entry.target.id}:${draft.dedupeKey}`;
      const older = olderRun(draft, entry, written, named);
      if (used !== null && usedKeys.has(used)) return { run: older ?? entry.runs.last, duplicate: true };
      const planned = older
        ? planEvidence(older, draft, recordedAt)
        : planDraft(entry.runs, draft, contextOf(entry.item));
      if (used !== null && planned.length > 0) usedKeys.add(used);
      keep(entry, planned);
      return { run: older ? planned.at(-1)!.after : entry.runs.last, duplicate: false };
    });
    return { ok: true, results: drafts };
  });

  if (written.length > 0) {
    const isWritten = await store.runs.saveBatch({
      recordedBy: deps.server,
      targets: changedTargets(targets, written),
      events: written,
      notifications: await deps.notifications.decide(store, written, facts.audienceVersion),
      installMarks: installMarks(written),
    });
    if (!isWritten) throw new TargetsChanged();
  }
  return { results, written };
}

/** The installers that speak, or have spoken in a run that nothing was learned about. */
function installersOf(targets: ReadonlyMap<string, BatchTarget>): Set<string> {
  const names = new Set<string>();
  for (const { runs, drafts } of targets.values()) {
    const heard = runs.last?.limits.learned ? null : runs.last?.installer;
    for (const name of [heard, ...drafts.map(({ detail }) => namedInstaller(detail))])
      if (name != null) names.add(name);
  }
  return names;
}

/** The targets events are written about, with the versions they were read at. */
function changedTargets(
  targets: ReadonlyMap<string, BatchTarget>,
  written: readonly WrittenEvent[],
): { id: number; version: number }[] {
  const changed = new Set(written.map((event) => event.targetId));
  return [...targets.values()].flatMap(({ target: { id, version } }) => (changed.has(id) ? [{ id, version }] : []));
}

/** The run a draft names when its target has left it behind, as this very batch leaves it. */
function olderRun(
  draft: EventDraft,
  entry: BatchTarget,
  written: readonly WrittenEvent[],
  named: NamedRuns,
): RunState | undefined {
  if (draft.runId === null || draft.runId === entry.runs.last?.runId) return undefined;
  return written.findLast((event) => event.runId === draft.runId)?.after ?? named.get(draft.runId)?.state;
}

function fail(sentence: string): never {
  throw new AppError('BUG', sentence);
}

/** The dedupe keys used before this batch, as `TARGET_ID:KEY`. */
function findUsedKeys(targets: ReadonlyMap<string, BatchTarget>): Set<string> {
  return new Set([...targets.values()].flatMap(({ target }) => target.usedKeys.map((key) => `${target.id}:${key}`)));
}

function describe(event: PlannedEvent, { target, item }: BatchTarget): WrittenEvent {
  return {
    ...event,
    targetId: target.id,
    target: { type: target.type, name: target.name, address: target.address },
    ip: installAddress(event, item),
    mac: item.macs[0] ?? null,
  };
}

/** The address an event is filed under: the trigger's own, else the target's first on record, else `?`. */
function installAddress(event: PlannedEvent, item: InventoryTarget): string {
  if (event.source === 'trigger') return event.detail.address ?? '?';
  return item.addresses[0] ?? event.after.addresses[0] ?? '?';
}

/** Starts and stops for get_status; a repeated start counts, what the server concluded itself does not. */
function installMarks(written: readonly WrittenEvent[]): InstallMark[] {
  return written
    .filter((event) => event.source !== OWN_SOURCE)
    .filter((event) => event.kind === 'install-started' || event.kind === 'install-finished')
    .map((event) => ({
      ip: event.ip,
      target: `${event.target.type}:${event.target.name}`,
      mode: event.kind === 'install-started' ? 'start' : 'stop',
      at: event.occurredAt,
    }));
}
