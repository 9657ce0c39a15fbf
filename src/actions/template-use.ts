import { itemType } from '../domain/inventory';
import { textOf } from '../domain/item-value';
import { findItemNames, listItemPages, type ReadDeps } from './read-items';

const USERS = ['profile', 'system', 'image'] as const;

/** True when a profile, system or image names that template itself. */
export async function isTemplateInUse(deps: ReadDeps, template: string): Promise<boolean> {
  // Patterns and negations of a search are parts of names here.
  const isPlain = template !== '' && !/[*?[~]/.test(template);
  for (const name of USERS) {
    const type = itemType(name);
    if (isPlain) {
      if ((await findItemNames(deps, type, { autoinstall: template })).length > 0) return true;
      continue;
    }
    for await (const items of listItemPages(deps, type)) {
      if (items.some((item) => textOf(item.autoinstall) === template)) return true;
    }
  }
  return false;
}
