import { FieldError, textOf } from '../domain/item-value';
import { completeValues, initialValues, type ItemType } from '../domain/inventory';
import { changeInventory, type InventoryDeps } from './inventory-deps';
import { createDraft, type Draft } from './item-draft';
import { withTriggers } from './item-triggers';
import { NAME_TAKEN, storeItem } from './save-item';

/**
 * Makes and saves a new item in one go.
 *
 * @param options.overwrites - an item that has the name is replaced as a whole; what refers to it goes on to.
 * @throws FieldError when an item has that name already (with `taken` as its text), or the item cannot be saved.
 */
export async function addItem(
  deps: InventoryDeps,
  options: { type: ItemType; name: string; by: string | null; taken?: string; overwrites?: boolean },
  edit: (draft: Draft) => Promise<void>,
): Promise<void> {
  const { type, name, by } = options;
  const add = (): Promise<void> =>
    changeInventory(deps, async (tx) => {
      await tx.items.lockNames(type, [name]);
      const before = await tx.items.get(type, name, { lock: true });
      if (before && !options.overwrites) throw new FieldError('rule', options.taken ?? NAME_TAKEN);
      const draft = createDraft(tx, type, initialValues(type.fields, deps.settings), []);
      await edit(draft);
      await storeItem(tx, { type, before, values: draft.values, by });
    });
  await withTriggers(deps, { verb: 'add', type: type.name, name }, add);
}

/**
 * Edits and saves an item in one go.
 *
 * @returns false when there is no such item.
 * @throws FieldError when a value cannot be used, or the item cannot be saved.
 */
export async function editItem(
  deps: InventoryDeps,
  options: { type: ItemType; name: string; by: string | null },
  edit: (draft: Draft) => Promise<void>,
): Promise<boolean> {
  const { type, name, by } = options;
  const change = (): Promise<boolean> =>
    changeInventory(deps, async (tx) => {
      await tx.items.lockNames(type, [name]);
      const before = await tx.items.get(type, name, { lock: true });
      if (!before) return false;
      const draft = createDraft(tx, type, completeValues(type.fields, before.values, deps.settings), []);
      await edit(draft);
      const newName = textOf(draft.values.name);
      if (newName !== name) {
        await tx.items.lockNames(type, [newName]);
        if (await tx.items.has(type, newName)) throw new FieldError('rule', NAME_TAKEN);
      }
      await storeItem(tx, { type, before, values: draft.values, by });
      return true;
    });
  return withTriggers(deps, { verb: 'add', type: type.name, name }, change);
}
