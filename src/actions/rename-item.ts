import { FieldError } from '../domain/item-value';
import { completeValues, type ItemType } from '../domain/inventory';
import { readName } from './copy-item';
import { changeInventory, type InventoryDeps } from './inventory-deps';
import { withTriggers } from './item-triggers';
import { NAME_TAKEN, storeItem } from './save-item';

/**
 * Gives an item another name; everything that refers to it follows. To its own name: nothing happens.
 *
 * @returns false when there is no item of the old name.
 * @throws FieldError when the new name cannot be used or is taken; nothing has changed then.
 */
export async function renameItem(
  deps: InventoryDeps,
  options: { type: ItemType; name: string; newName: string; by: string | null },
): Promise<boolean> {
  const { type, name, by } = options;
  const newName = readName(type, options.newName);
  if (newName === '') throw new FieldError('rule', 'Name is required');
  const rename = (): Promise<boolean> =>
    changeInventory(deps, async (tx) => {
      await tx.items.lockNames(type, [name, newName]);
      const before = await tx.items.get(type, name, { lock: true });
      if (!before) return false;
      if (newName === name) return true;
      if (await tx.items.has(type, newName)) throw new FieldError('rule', NAME_TAKEN);
      const values = { ...completeValues(type.fields, before.values, deps.settings), name: newName };
      await storeItem(tx, { type, before, values, by });
      return true;
    });
  return withTriggers(deps, { verb: 'add', type: type.name, name: newName }, rename);
}
