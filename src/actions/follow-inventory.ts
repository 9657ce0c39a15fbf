import type { DraftKind, EventDetail, EventDraft, Instant } from '../domain/event';
import { OWN_SOURCE } from '../domain/plan';
import type { Store } from '../store/index';
import { internalCaller, type Intake } from './intake';
import type { InventoryChange } from './inventory-deps';

/**
 * Opens and cancels planned runs with the change that asks for it, in the same transaction: netboot switched on plans a
 * run, switched off by somebody cancels the plan, removal cancels whatever is open, a rename takes the history along.
 *
 * @param store - bound to the transaction of the change.
 * @param committed - settles when that transaction has committed or failed.
 */
export async function followInventory(
  deps: { intake: Intake; now(): Instant },
  store: Store,
  committed: Promise<unknown>,
  changes: readonly InventoryChange[],
): Promise<void> {
  for (const change of changes) {
    if (change.renamedTo === undefined) continue;
    if ('system' in change) await store.runs.renameTarget('system', change.system, change.renamedTo);
    else await store.runs.renameTarget('profile', change.profile, change.renamedTo);
  }
  const drafts = changes.flatMap((change) => draftOf(change, deps.now()) ?? []);
  if (drafts.length === 0) return;
  await deps.intake.submitWithin(store, committed, [{ caller: internalCaller(), drafts }]);
}

/** `off` by nobody is the machine itself asking not to be netbooted again: evidence, not a cancelled plan. */
function draftOf(change: InventoryChange, now: Instant): EventDraft | null {
  if (!('system' in change)) return null;
  const by = change.by === null ? {} : { by: change.by };
  const make = (kind: DraftKind, detail: EventDetail): EventDraft => ({
    kind,
    target: { type: 'system', name: change.renamedTo ?? change.system, address: null },
    source: OWN_SOURCE,
    receivedAt: now,
    claimedAt: null,
    dedupeKey: null,
    runId: null,
    detail,
  });
  if (change.removed) return make('run-cancelled', { ...by, reason: 'the system was removed' });
  if (change.plan !== undefined) {
    const kind = change.plan === 'default' ? {} : { kind: change.plan };
    return make('run-planned', { ...by, ...kind, reason: 'the system was registered' });
  }
  if (change.netboot === 'on') return make('run-planned', { ...by, reason: 'netboot was switched on' });
  if (change.netboot !== 'off') return null;
  if (change.by === null) return make('netboot-disabled', {});
  return make('run-cancelled', { ...by, reason: 'netboot was switched off', inferred: true });
}
