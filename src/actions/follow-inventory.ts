import type { EventDetail, EventDraft, DraftKind, Instant } from '../domain/event';
import { OWN_SOURCE } from '../domain/plan';
import type { Store } from '../store/index';
import { internalCaller, type Intake } from './intake';

/** What a change of a system or profile means for its runs. */
export interface InventoryChange {
  type: 'system' | 'profile';
  name: string;
  /** Whether the change switched netboot; `off` by nobody is the machine itself asking not to be netbooted again. */
  netboot?: 'on' | 'off' | 'unchanged';
  removed?: boolean;
  renamedTo?: string;
  /** User behind the change; null for an install-time call. */
  by: string | null;
}

/**
 * Opens and cancels planned runs with the change that asks for it, in the same transaction: netboot switched on plans a
 * run, switched off by somebody cancels the plan, removal cancels whatever is open, a rename takes the history along.
 *
 * @param committed - settles when the transaction around `store` has committed or failed.
 */
export async function followInventory(
  deps: { intake: Intake; now(): Instant },
  store: Store,
  committed: Promise<unknown>,
  changes: readonly InventoryChange[],
): Promise<void> {
  for (const change of changes) {
    if (change.renamedTo !== undefined) await store.runs.renameTarget(change.type, change.name, change.renamedTo);
  }
  const drafts = changes.flatMap((change) => draftsOf(change, deps.now()));
  if (drafts.length === 0) return;
  await deps.intake.submitWithin(store, committed, [{ caller: internalCaller(), drafts }]);
}

function draftsOf(change: InventoryChange, now: Instant): EventDraft[] {
  const by = change.by === null ? {} : { by: change.by };
  const make = (kind: DraftKind, detail: EventDetail): EventDraft => ({
    kind,
    target: { type: change.type, name: change.renamedTo ?? change.name, address: null },
    source: OWN_SOURCE,
    receivedAt: now,
    claimedAt: null,
    dedupeKey: null,
    runId: null,
    detail,
  });
  if (change.type === 'profile') return [];
  if (change.removed) return [make('run-cancelled', { ...by, reason: 'the system was removed' })];
  if (change.netboot === 'on') return [make('run-planned', { ...by, reason: 'netboot was switched on' })];
  if (change.netboot === 'off') {
    return change.by === null
      ? [make('netboot-disabled', {})]
      : [make('run-cancelled', { ...by, reason: 'netboot was switched off', inferred: true })];
  }
  return [];
}
