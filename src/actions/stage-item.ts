import type { ItemType } from '../domain/inventory';
import { initialValues } from '../domain/inventory';
import { changeInventory, type InventoryDeps } from './inventory-deps';
import type { Draft } from './item-draft';
import { openHandle, type HandleRef } from './save-item';

/** Staged edits that nobody touches for this long are forgotten. */
export const HANDLE_IDLE_MS = 600_000;

/**
 * Starts a new item under a handle nobody knows yet. It is visible to no reader before it is saved.
 *
 * @param handle - secret text to edit and save it by.
 * @param isSubobject - made to go below an item of its own type.
 */
export async function stageNewItem(
  deps: InventoryDeps,
  type: ItemType,
  handle: string,
  isSubobject: boolean,
): Promise<void> {
  const { handles } = deps.store.inventory;
  const initial = initialValues(type.fields, deps.settings);
  if ('is_subobject' in initial) initial.is_subobject = isSubobject;
  await sweepHandles(deps);
  await handles.put({ owner: '', handle, type: type.name, itemName: null, initial, edits: [] }, new Date(deps.now()));
}

/** Forgets edits that were left lying; answers how many handles that were. */
export async function sweepHandles(deps: Pick<InventoryDeps, 'store' | 'now'>): Promise<number> {
  return deps.store.inventory.handles.sweep(new Date(deps.now() - HANDLE_IDLE_MS));
}

/**
 * Stages an edit under a handle: only this handle shows it until it is saved.
 *
 * @param edit - makes the edit; what it answers is passed on. Nothing is staged when it throws.
 * @returns false when the handle stands for a saved item that does not exist.
 * @throws FieldError when the value cannot be used, or an unsaved item was swept.
 */
export async function stageEdit(
  deps: InventoryDeps,
  ref: HandleRef,
  edit: (draft: Draft) => Promise<boolean>,
): Promise<boolean> {
  return changeInventory(deps, async (tx) => {
    const now = new Date(deps.now());
    if (ref.kind === 'saved') {
      const { owner, handle, type, name } = ref;
      await tx.items.handles.ensure({ owner, handle, type: type.name, itemName: name, initial: null, edits: [] }, now);
    }
    const open = await openHandle(tx, ref);
    if (!open) return false;
    const done = await edit(open.draft);
    await tx.items.handles.put({ ...open.staged, edits: [...open.draft.edits] }, now);
    return done;
  });
}
