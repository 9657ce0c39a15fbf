import type { EventDraft } from '../domain/event';
import { AppError } from '../domain/errors';
import type { TargetRuns } from '../domain/plan';
import { isOver } from '../domain/run';
import { refuseCaller, resolveTarget, type Caller, type IntakePolicy, type InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';
import type { BatchRead, ReadTarget, WantedTarget } from '../store/read-batch';
import type { EarlierRun } from '../store/runs';
import type { TargetItems } from './target-items';

/** Another batch about the same targets was quicker: run this one again, with the targets under lock. */
export class TargetsChanged extends Error {}

/** What tells one target from another: a system by name, a profile install by name and the machine's address. */
export interface TargetKey {
  type: 'system' | 'profile';
  name: string;
  /** '' for systems. */
  address: string;
}

/** What one caller hands in: drafts about one or several targets, or a look at the clocks of some. */
export interface Submission {
  caller: Caller;
  drafts: EventDraft[];
  /** Targets whose clocks are to be looked at, without a draft. */
  ticks?: TargetKey[];
}

/** A submission whose targets are known. `key` names an entry of the locked targets. */
export interface Accepted {
  ok: true;
  drafts: { draft: EventDraft; key: string }[];
  ticks: string[];
  /** The run the caller's report token was made for; null without one. */
  tokenRunId: string | null;
}

/** A submission that was turned away as a whole, so that nothing is half done. */
export interface Refused {
  ok: false;
  error: AppError;
}

/** A target with its runs and what the batch says about it. */
export interface BatchTarget {
  target: ReadTarget;
  item: InventoryTarget;
  runs: TargetRuns;
  drafts: EventDraft[];
}

/** What a batch starts from. */
export interface OpenBatch {
  accepted: (Accepted | Refused)[];
  /** The targets by the keys that `accepted` names. */
  targets: Map<string, BatchTarget>;
  facts: Omit<BatchRead, 'targets'>;
}

const keyOf = (target: TargetKey): string => `${target.type}\0${target.name}\0${target.address}`;

/** What deciding about callers takes. */
export interface PolicyDeps {
  policy: IntakePolicy;
  isTrusted(peer: string): boolean;
}

/**
 * Resolves the names of a batch, refuses what may not be said, and reads the targets of the rest with their runs: one
 * statement as a rule, whatever the number of submissions.
 *
 * @param options.items - what is known of the inventory; what turns out to be too old is asked for again.
 * @param options.lock - holds the targets to the end of the transaction that `store` is bound to.
 */
export async function openBatch(
  deps: PolicyDeps,
  store: Store,
  submissions: readonly Submission[],
  options: { items: TargetItems; lock: boolean },
): Promise<OpenBatch> {
  const names = submissions.flatMap((submission) => [
    ...submission.drafts.map((draft) => draft.target),
    ...(submission.ticks ?? []),
  ]);
  for (let attempt = 1; ; attempt += 1) {
    const { accepted, wanted } = resolveBatch(deps, submissions, await options.items.find(store, names));
    const keys = [...wanted.values()].map(toWantedTarget);
    if (options.lock && keys.length > 0) await store.runs.lockTargets(keys);
    const { targets, ...facts } = await readTargets(store, keys, options.lock);
    // What was found in the second attempt was all found just now.
    if (!options.items.isCurrent(facts.inventoryVersion) && attempt === 1) continue;
    return { accepted, targets: await joinTargets(store, wanted, targets), facts };
  }
}

/** Reads the targets, after making those that are missing. */
async function readTargets(store: Store, keys: WantedTarget[], lock: boolean): Promise<BatchRead> {
  const read = await store.runs.readBatch(keys);
  if (read.targets.length === keys.length) return read;
  await store.runs.createTargets(keys);
  if (lock) await store.runs.lockTargets(keys);
  return store.runs.readBatch(keys);
}

type Wanted = Map<string, { key: TargetKey; item: InventoryTarget; drafts: EventDraft[] }>;

function toWantedTarget({ key, drafts }: { key: TargetKey; drafts: EventDraft[] }): WantedTarget {
  return { ...key, keys: drafts.flatMap((draft) => (draft.dedupeKey === null ? [] : [draft.dedupeKey])) };
}

function resolveBatch(
  deps: PolicyDeps,
  submissions: readonly Submission[],
  items: ReadonlyMap<string, InventoryTarget>,
): { accepted: (Accepted | Refused)[]; wanted: Wanted } {
  const wanted: Wanted = new Map();
  const want = (key: TargetKey, item: InventoryTarget, draft: EventDraft | null): string => {
    const text = keyOf(key);
    let entry = wanted.get(text);
    if (!entry) wanted.set(text, (entry = { key, item, drafts: [] }));
    if (draft) {
      entry.item = item;
      entry.drafts.push(draft);
    }
    return text;
  };
  const accepted = submissions.map((submission): Accepted | Refused => {
    const resolved = resolveSubmission(deps, submission, items);
    if (!Array.isArray(resolved)) return resolved;
    return {
      ok: true,
      drafts: resolved.map(({ draft, item, key }) => ({ draft, key: want(key, item, draft) })),
      tokenRunId: submission.caller.authority === 'run' ? (submission.caller.runId ?? null) : null,
      // A run goes on, and its clocks with it, when its item is gone.
      ticks: (submission.ticks ?? []).map((key) =>
        want(key, resolveTarget(key, items) ?? bareItem(key.type, key.name), null),
      ),
    };
  });
  return { accepted, wanted };
}

function resolveSubmission(
  deps: PolicyDeps,
  { caller, drafts }: Submission,
  items: ReadonlyMap<string, InventoryTarget>,
): { draft: EventDraft; item: InventoryTarget; key: TargetKey }[] | Refused {
  const resolved = [];
  for (const draft of drafts) {
    const item = resolveTarget(draft.target, items) ?? goneItem(caller, draft);
    if (!item) {
      const kind = draft.target.type ?? 'system or profile';
      return { ok: false, error: new AppError('UNKNOWN_TARGET', `No ${kind} is called "${draft.target.name}".`) };
    }
    const refusal = refuseCaller(caller, draft, item, deps.policy, (peer) => deps.isTrusted(peer));
    if (refusal !== null) return { ok: false, error: new AppError('NOT_ALLOWED', refusal) };
    const address = item.type === 'system' ? '' : (draft.target.address ?? caller.peer ?? '?');
    resolved.push({ draft, item, key: { type: item.type, name: item.name, address } });
  }
  return resolved;
}

/** The server itself may speak of an item that is being removed. */
function goneItem(caller: Caller, draft: EventDraft): InventoryTarget | undefined {
  if (caller.authority !== 'internal' || draft.target.type === null) return undefined;
  return bareItem(draft.target.type, draft.target.name);
}

function bareItem(type: 'system' | 'profile', name: string): InventoryTarget {
  const profile = type === 'profile' ? name : null;
  return { type, name, profile, distro: null, owners: [], addresses: [], macs: [], netbootEnabled: false };
}

async function joinTargets(
  store: Store,
  wanted: Wanted,
  read: readonly ReadTarget[],
): Promise<Map<string, BatchTarget>> {
  const byKey = new Map(read.map((target) => [keyOf(target), target]));
  const targets = new Map<string, BatchTarget>();
  for (const [key, { item, drafts }] of wanted) {
    const target = byKey.get(key);
    if (!target) throw new TargetsChanged(); // renamed while it was made
    const runs: TargetRuns = { last: target.newest, earlierStarts: [], finishedRuns: 0 };
    targets.set(key, { target, item, runs, drafts });
  }
  const withPast = [...targets.values()].filter((entry) => entry.runs.last && couldOpenRun(entry));
  if (withPast.length === 0) return targets;
  const earlier = await store.runs.loadEarlier(withPast.map((entry) => entry.target.id));
  const byTarget = new Map<number, EarlierRun[]>(withPast.map((entry) => [entry.target.id, []]));
  for (const run of earlier) byTarget.get(run.targetId)!.push(run);
  for (const entry of withPast) addEarlier(entry.runs, byTarget.get(entry.target.id)!);
  return targets;
}

/** True when one of the drafts might open a run: there is none open, a start is among them, or a clock may end it first. */
export function couldOpenRun({ runs: { last }, drafts }: BatchTarget): boolean {
  if (drafts.length === 0) return false;
  if (last === null || isOver(last) || last.status === 'stalled') return true;
  return (
    drafts.some(
      (draft) =>
        draft.kind === 'install-started' ||
        draft.kind === 'netboot-seen' ||
        (last.deadlineAt !== null && last.deadlineAt <= draft.receivedAt),
    ) || drafts.length > 1
  );
}

/** `earlier` is newest first; starts count back to the last finish. */
function addEarlier(runs: TargetRuns, earlier: readonly EarlierRun[]): void {
  const lastFinish = earlier.findIndex((run) => run.status === 'finished');
  const sinceFinish = lastFinish < 0 ? earlier : earlier.slice(0, lastFinish);
  runs.finishedRuns = earlier.filter((run) => run.status === 'finished').length;
  runs.earlierStarts = sinceFinish
    .filter((run) => run.continues === null)
    .flatMap((run) => (run.startedAt === null ? [] : [run.startedAt]))
    .reverse();
}
