import { itemType } from '../domain/inventory';
import { editItem } from './edit-item';
import type { InventoryDeps } from './inventory-deps';

/**
 * Keeps an installed system from booting into the installer again, as it asks for itself at the end of an install.
 *
 * @returns false when the setting `pxe_just_once` is off or there is no such system.
 */
export async function disableNetboot(deps: InventoryDeps, name: string): Promise<boolean> {
  if (deps.settings.pxe_just_once !== true) return false;
  const type = itemType('system');
  const [target] = await deps.store.inventory.findTargets([{ type: 'system', name }]);
  if (!target) return false;
  if (!target.netbootEnabled) return true;
  // An installer may not wait for a script, nor fail of it and install again for ever: those before are left out.
  const { triggers, ...quiet } = deps;
  const done = await editItem(quiet, { type, name, by: null }, async (draft) => {
    await draft.write('netboot_enabled', false);
  });
  if (done && deps.settings.nopxe_with_triggers === true) triggers?.after({ verb: 'add', type: 'system', name });
  return done;
}
