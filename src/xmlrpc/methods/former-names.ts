import { defineMethod, type Method } from '../method';
import { ANY_TOKEN } from './item-methods';

/** Methods of Cobbler 2.8.5 that have another name since: the name of today, and the right they asked for. */
const FORMER_NAMES: readonly (readonly [former: string, name: string, resource?: string])[] = [
  // Not the right get_loaders it asked for: by its name that would be one to read, which everybody has.
  ['background_dlcontent', 'background_mkloaders'],
  ['background_validateks', 'background_validate_autoinstall_files', 'validateks'],
  ['generate_gpxe', 'generate_ipxe'],
];

/** `methods` under the names they had in Cobbler 2.8.5, as far as these are not there already; and `update`. */
export function formerNames(methods: readonly Method[]): Method[] {
  const byName = new Map(methods.map((method) => [method.name, method]));
  const aliases = FORMER_NAMES.flatMap(([former, name, resource]) => {
    const method = byName.get(name);
    if (!method || byName.has(former)) return [];
    const summary = `Former name of ${name}. ${method.summary}`;
    return [defineMethod({ ...method, name: former, summary, ...(resource !== undefined && { resource }) })];
  });
  return [
    ...aliases,
    defineMethod({
      name: 'update',
      params: [ANY_TOKEN],
      access: 'public',
      returns: 'boolean',
      summary: 'Did something in Cobbler 1; answers true.',
      run: () => Promise.resolve(true),
    }),
  ];
}
