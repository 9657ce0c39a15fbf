import { partsOf } from '../domain/item-edits';
import { FieldError, type ItemData } from '../domain/item-value';
import { completeValues, fieldNamed, writeField, type ItemType } from '../domain/inventory';
import { changeInventory, type InventoryDeps } from './inventory-deps';
import { withTriggers } from './item-triggers';
import { NAME_TAKEN, storeItem } from './save-item';

/** Address fields that a copy must not share with its original, and the setting that lets it. */
const OWN_ADDRESSES = {
  mac_address: 'allow_duplicate_macs',
  ip_address: 'allow_duplicate_ips',
  ipv6_address: 'allow_duplicate_ips',
  dns_name: 'allow_duplicate_hostnames',
} as const;

/** A name as the type's own rule lets it pass. Throws FieldError when it cannot be one. */
export function readName(type: ItemType, name: unknown): string {
  const field = fieldNamed(type.fields, 'name')!;
  const written = writeField(field, name as string, { type: type.name, field: 'name', values: {} });
  return String(written.name);
}

/**
 * Stores a copy of an item under another name, with a new uid and without the addresses that must be unique.
 *
 * @returns false when there is no item to copy.
 * @throws FieldError when the new name cannot be used or is taken.
 */
export async function copyItem(
  deps: InventoryDeps,
  options: { type: ItemType; name: string; newName: string; by: string | null },
): Promise<boolean> {
  const { type, name, by } = options;
  const newName = readName(type, options.newName);
  const copy = (): Promise<boolean> =>
    changeInventory(deps, async (tx) => {
      await tx.items.lockNames(type, [newName]);
      const original = await tx.items.get(type, name);
      if (!original) return false;
      if (await tx.items.has(type, newName)) throw new FieldError('rule', NAME_TAKEN);
      const values: ItemData = { ...completeValues(type.fields, original.values, deps.settings), name: newName };
      if (type.parts) values[type.parts.field] = withoutAddresses(deps, partsOf(type, values));
      await storeItem(tx, { type, before: null, values, by });
      return true;
    });
  return withTriggers(deps, { verb: 'add', type: type.name, name: newName }, copy);
}

function withoutAddresses(deps: InventoryDeps, parts: Record<string, ItemData>): ItemData {
  const cleared = Object.entries(OWN_ADDRESSES).filter(([, setting]) => deps.settings[setting] !== true);
  return Object.fromEntries(
    Object.entries(parts).map(([name, part]) => [
      name,
      { ...part, ...Object.fromEntries(cleared.map(([field]) => [field, ''])) },
    ]),
  );
}
