import { itemType } from '../domain/inventory';
import { textOf } from '../domain/item-value';
import { findItemNames, listItemPages, type ReadDeps } from './read-items';

const USERS = ['profile', 'system', 'image'] as const;

/** An item that names a template itself. */
export interface TemplateUser {
  type: (typeof USERS)[number];
  name: string;
}

/** The profiles, systems and images that name that template themselves. */
export async function findTemplateUsers(deps: ReadDeps, template: string): Promise<TemplateUser[]> {
  const users: TemplateUser[] = [];
  // Patterns and negations of a search are parts of names here.
  const isPlain = template !== '' && !/[*?[~]/.test(template);
  for (const type of USERS) {
    const names = isPlain
      ? await findItemNames(deps, itemType(type), { autoinstall: template })
      : await scan(deps, type, template);
    users.push(...names.map((name) => ({ type, name })));
  }
  return users;
}

async function scan(deps: ReadDeps, type: TemplateUser['type'], template: string): Promise<string[]> {
  const names: string[] = [];
  for await (const items of listItemPages(deps, itemType(type))) {
    for (const item of items) if (textOf(item.autoinstall) === template) names.push(textOf(item.name));
  }
  return names;
}
