import type { EventDraft } from '../domain/event';
import { AppError } from '../domain/errors';
import type { TargetRuns } from '../domain/plan';
import { isOver } from '../domain/run';
import { refuseCaller, resolveTarget, type Caller, type IntakePolicy, type InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';
import type { EarlierRun, Target } from '../store/runs';

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

/** A target under lock, with its runs and what the batch says about it. */
export interface LockedTarget {
  target: Target;
  item: InventoryTarget;
  runs: TargetRuns;
  drafts: EventDraft[];
}

const keyOf = (target: TargetKey): string => `${target.type}\0${target.name}\0${target.address}`;

/** What deciding about callers takes. */
export interface PolicyDeps {
  policy: IntakePolicy;
  isTrusted(peer: string): boolean;
}

/**
 * Resolves the names of a batch, refuses what may not be said, and locks the targets of the rest with their runs.
 * Three statements for any number of submissions.
 */
export async function lockBatchTargets(
  deps: PolicyDeps,
  store: Store,
  submissions: readonly Submission[],
): Promise<{ accepted: (Accepted | Refused)[]; locked: Map<string, LockedTarget> }> {
  const items = await findItems(store, submissions);
  const wanted = new Map<string, { key: TargetKey; item: InventoryTarget; drafts: EventDraft[] }>();
  const want = (key: TargetKey, item: InventoryTarget, draft: EventDraft | null): string => {
    const text = keyOf(key);
    const entry = wanted.get(text) ?? { key, item, drafts: [] };
    if (draft) Object.assign(entry, { item, drafts: [...entry.drafts, draft] });
    wanted.set(text, entry);
    return text;
  };
  const accepted = submissions.map((submission): Accepted | Refused => {
    const resolved = resolveSubmission(deps, submission, items);
    if (!Array.isArray(resolved)) return resolved;
    return {
      ok: true,
      drafts: resolved.map(({ draft, item, key }) => ({ draft, key: want(key, item, draft) })),
      tokenRunId: submission.caller.authority === 'run' ? (submission.caller.runId ?? null) : null,
      ticks: (submission.ticks ?? []).map((key) => want(key, bareItem(key.type, key.name), null)),
    };
  });
  return { accepted, locked: await lock(store, wanted) };
}

async function findItems(store: Store, submissions: readonly Submission[]): Promise<Map<string, InventoryTarget>> {
  const names = new Map<string, { type: 'system' | 'profile' | null; name: string }>();
  for (const submission of submissions) {
    for (const { target } of submission.drafts) names.set(`${target.type}:${target.name}`, target);
  }
  if (names.size === 0) return new Map();
  const found = await store.inventory.findTargets([...names.values()]);
  return new Map(found.map((item) => [`${item.type}:${item.name}`, item]));
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

async function lock(
  store: Store,
  wanted: ReadonlyMap<string, { key: TargetKey; item: InventoryTarget; drafts: EventDraft[] }>,
): Promise<Map<string, LockedTarget>> {
  if (wanted.size === 0) return new Map();
  const targets = await store.runs.lockTargets([...wanted.values()].map((entry) => entry.key));
  const newest = await store.runs.loadNewest(targets.map((target) => target.id));
  const locked = new Map<string, LockedTarget>();
  [...wanted].forEach(([key, { item, drafts }], index) => {
    const target = targets[index]!;
    const runs: TargetRuns = { last: newest.get(target.id) ?? null, earlierStarts: [], finishedRuns: 0 };
    locked.set(key, { target, item, runs, drafts });
  });
  const withPast = [...locked.values()].filter((entry) => entry.runs.last && couldOpenRun(entry));
  if (withPast.length > 0) {
    const earlier = await store.runs.loadEarlier(withPast.map((entry) => entry.target.id));
    for (const entry of withPast) {
      addEarlier(
        entry.runs,
        earlier.filter((run) => run.targetId === entry.target.id),
      );
    }
  }
  return locked;
}

/** True when one of the drafts might open a run: there is none open, a start is among them, or a clock may end it first. */
export function couldOpenRun({ runs: { last }, drafts }: LockedTarget): boolean {
  if (drafts.length === 0) return false;
  if (last === null || isOver(last) || last.status === 'stalled') return true;
  return (
    drafts.some(
      (draft) => draft.kind === 'install-started' || (last.deadlineAt !== null && last.deadlineAt <= draft.receivedAt),
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
