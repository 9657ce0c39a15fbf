import { resolveField } from '../../domain/inheritance';
import { fieldNamed, itemType } from '../../domain/inventory';
import { INHERIT, type ItemData, textOf } from '../../domain/item-value';
import { BOOT_LOADERS } from '../../domain/os-catalogue';
import { suitsArch, yumRepos } from '../../domain/yum-repos';
import { completeChain, listItemPages, readBlended } from '../../actions/read-items';
import { readRepos } from '../../actions/read-resources';
import { Fault } from '../fault';
import { isTruthy, toWire, wordOf } from '../item-wire';
import { defineMethod, type Method } from '../method';
import type { XmlRpcValue } from '../value';
import { ANY_TOKEN, asName, showPages, TOKEN, type ItemMethodDeps } from './item-methods';

const notFound = (name: XmlRpcValue): string => `# object not found: ${wordOf(name)}`;

/** What repos and boot loaders suit an item. */
export function repoMethods(deps: ItemMethodDeps): Method[] {
  const common = { access: 'public', concurrent: true } as const;
  return [
    defineMethod({
      ...common,
      name: 'get_repos_compatible_with_profile',
      params: [{ name: 'profile', type: 'string', default: null }, ANY_TOKEN],
      returns: 'array',
      summary: 'The repos whose packages suit the architecture of a profile; none for an unknown profile.',
      run: async (args) => {
        const blended = await readBlended(deps, itemType('profile'), asName(args[0]));
        if (!blended) return [];
        return showPages(deps, itemType('repo'), suitedRepos(deps, textOf(blended.arch)), args);
      },
    }),
    ...['profile', 'system'].map((name) =>
      defineMethod({
        ...common,
        name: `get_repo_config_for_${name}`,
        params: [{ name: `${name}_name`, type: 'string' }],
        returns: 'string',
        summary: `The repos of a ${name} as a file for yum; empty when there are none.`,
        run: async ([itemName]) => {
          const blended = await readBlended(deps, itemType(name), asName(itemName));
          if (!blended) return notFound(itemName!);
          return yumRepos(await readRepos(deps, blended), textOf(blended.http_server));
        },
      }),
    ),
    defineMethod({
      name: 'auto_add_repos',
      params: [TOKEN],
      access: 'session',
      resource: 'new_repo',
      returns: 'boolean',
      summary: "Imports the server's own dnf repositories: this server knows none, and says so.",
      run: () => Promise.reject(new Fault('ImportError', 'dnf is not installed')),
    }),
    ...['distro', 'image', 'profile', 'system'].map((name) =>
      defineMethod({
        ...common,
        name: `get_valid_${name}_boot_loaders`,
        params: [{ name: `${name}_name`, type: 'string' }, ANY_TOKEN],
        returns: 'array',
        summary: `The boot loaders that a ${name} can choose from; all there are without a name.`,
        run: ([itemName]) => validBootLoaders(deps, name, itemName!),
      }),
    ),
  ];
}

async function* suitedRepos(deps: ItemMethodDeps, arch: string): AsyncGenerator<ItemData[]> {
  for await (const repos of listItemPages(deps, itemType('repo'))) {
    yield repos.filter((repo) => suitsArch(textOf(repo.arch), arch));
  }
}

/** What the item would inherit: it may only choose among that. */
async function validBootLoaders(deps: ItemMethodDeps, typeName: string, name: XmlRpcValue): Promise<XmlRpcValue> {
  if (!isTruthy(name)) return [...BOOT_LOADERS];
  const type = itemType(typeName);
  const [own, ...above] = completeChain(deps, await deps.store.inventory.loadChain(type, asName(name)));
  if (!own) return notFound(name);
  const open = { ...own, values: { ...own.values, boot_loaders: INHERIT } };
  return toWire(resolveField([open, ...above], fieldNamed(type.fields, 'boot_loaders')!, deps.settings));
}
