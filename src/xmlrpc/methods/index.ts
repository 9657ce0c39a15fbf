import type { Method } from '../method';

/**
 * All methods of the server, from the lists of their families.
 *
 * @throws Error when two families offer one name.
 */
export function createMethods(families: Method[][]): Method[] {
  const methods = families.flat();
  const seen = new Set<string>();
  for (const { name } of methods) {
    if (seen.has(name)) throw new Error(`method ${name} is defined twice`);
    seen.add(name);
  }
  return methods;
}
