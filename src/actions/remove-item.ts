import { FieldError } from '../domain/item-value';
import type { ItemType } from '../domain/inventory';
import type { InventoryStore } from '../store/inventory';
import { changeInventory, type InventoryChange, type InventoryDeps, type InventoryTransaction } from './inventory-deps';
import { withTriggers } from './item-triggers';
import { describeChange } from './save-item';

/**
 * Removes an item, and with `recursive` everything that refers to it, and so on down.
 *
 * @returns false when there was no such item.
 * @throws FieldError when something would be left without what it refers to.
 */
export async function removeItem(
  deps: InventoryDeps,
  options: { type: ItemType; name: string; recursive: boolean; by: string | null },
): Promise<boolean> {
  const { type, name, by } = options;
  const remove = (): Promise<boolean> =>
    changeInventory(deps, async (tx) => {
      await tx.items.lockNames(type, [name]);
      if (!(await tx.items.has(type, name))) return false;
      const levels = await findBelow(tx.items, type, name);
      const [child] = levels[1] ?? [];
      if (child && !options.recursive) {
        throw new FieldError('rule', `removal would orphan ${child.type.name}: ${child.names[0]}`);
      }
      await removeAll(tx, merge(levels), by);
      return true;
    });
  return withTriggers(deps, { verb: 'delete', type: type.name, name }, remove);
}

/** Items of one type. */
export interface Group {
  type: ItemType;
  names: string[];
}

/** The item, what refers to it, what refers to that …, level by level. */
export async function findBelow(
  items: Pick<InventoryStore, 'children'>,
  type: ItemType,
  name: string,
): Promise<Group[][]> {
  const seen = new Set([`${type.name}:${name}`]);
  const levels: Group[][] = [[{ type, names: [name] }]];
  for (let level = levels[0]!; level.length > 0; level = levels.at(-1)!) {
    const next: Group[] = [];
    for (const group of level) {
      for (const child of await items.children(group.type, group.names)) {
        const names = child.names.filter((found) => !seen.has(`${child.type.name}:${found}`));
        for (const found of names) seen.add(`${child.type.name}:${found}`);
        if (names.length > 0) next.push({ type: child.type, names });
      }
    }
    levels.push(next);
  }
  return levels;
}

/** One group a type, those that refer to others first. */
function merge(levels: readonly Group[][]): Group[] {
  const groups = new Map<ItemType, string[]>();
  for (const { type, names } of levels.flat().reverse()) groups.set(type, [...(groups.get(type) ?? []), ...names]);
  return [...groups].map(([type, names]) => ({ type, names }));
}

async function removeAll(tx: InventoryTransaction, groups: readonly Group[], by: string | null): Promise<void> {
  const changes: InventoryChange[] = [];
  let audience = false;
  for (const { type, names } of groups) {
    if (type.target === 'system') {
      const items = await tx.items.getAll(type, names);
      changes.push(...items.flatMap((item) => describeChange(type, item.values, null, by) ?? []));
    }
    audience ||= type.audience !== undefined;
    await tx.items.remove(type, names, tx.deps.now() / 1000);
  }
  if (audience) await tx.items.bumpAudience();
  if (changes.length > 0) await tx.deps.onInventoryChange(tx.trx, changes);
}
