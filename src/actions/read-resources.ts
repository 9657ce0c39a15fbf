import { resolveItem } from '../domain/inheritance';
import { itemType } from '../domain/inventory';
import { type ItemData, type ItemValue, textOf } from '../domain/item-value';
import { completeChain, type ReadDeps } from './read-items';

/** The items of one type among these names, with effective values, in the order of the names; others are left out. */
async function readNamed(deps: ReadDeps, typeName: string, names: ItemValue | undefined): Promise<ItemData[]> {
  if (!Array.isArray(names)) return [];
  const found: ItemData[] = [];
  for (const name of new Set(names.map(textOf))) {
    const chain = completeChain(deps, await deps.store.inventory.loadChain(itemType(typeName), name));
    if (chain.length > 0) found.push(resolveItem(chain, deps.settings));
  }
  return found;
}

/** The repos that blended data names, those of the highest priority number first. */
export async function readRepos(deps: ReadDeps, blended: ItemData): Promise<ItemData[]> {
  const repos = await readNamed(deps, 'repo', blended.repos);
  return repos.sort((a, b) => Number(b.priority) - Number(a.priority));
}

/** The management classes that blended data names. */
export function readClasses(deps: ReadDeps, blended: ItemData): Promise<ItemData[]> {
  return readNamed(deps, 'mgmtclass', blended.mgmt_classes);
}
