import { itemType } from '../domain/inventory';
import { type ItemData, textOf } from '../domain/item-value';
import { yumRepos } from '../domain/yum-repos';
import { findItemNames, readBlended, readItem, type ReadDeps } from './read-items';
import { readClasses, readRepos } from './read-resources';

/** What koan's `--update-config` brings a machine up to. */
export interface ConfigData {
  repo_data: string;
  repos_enabled: boolean;
  packages: Record<string, ItemData>;
  files: Record<string, ItemData>;
}

const PACKAGE_KEYS = ['action', 'installer', 'version'];
const FILE_KEYS = ['action', 'group', 'is_dir', 'mode', 'owner', 'path'];

/** Repos, packages and files of the system that has the host name; null when none has. */
export async function readConfigData(deps: ReadDeps, hostname: string): Promise<ConfigData | null> {
  const type = itemType('system');
  const [name] = await findItemNames(deps, type, { hostname: hostname.replace(/[*?[\]~]/g, '') });
  const blended = name === undefined || hostname === '' ? null : await readBlended(deps, type, name);
  if (!blended || blended.hostname !== hostname) return null;
  const classes = await readClasses(deps, blended);
  const pick = async (typeName: 'package' | 'file', keys: readonly string[]): Promise<Record<string, ItemData>> => {
    const names = classes.flatMap((entry) => entry[`${typeName}s`] as string[]);
    const found: Record<string, ItemData> = {};
    for (const item of new Set(names.map(textOf))) {
      const values = await readItem(deps, itemType(typeName), item, { resolved: true });
      if (values) found[item] = Object.fromEntries(keys.map((key) => [key, values[key] ?? '']));
    }
    return found;
  };
  return {
    repo_data: yumRepos(await readRepos(deps, blended), textOf(blended.http_server)),
    repos_enabled: blended.repos_enabled === true,
    packages: await pick('package', PACKAGE_KEYS),
    files: await pick('file', FILE_KEYS),
  };
}
