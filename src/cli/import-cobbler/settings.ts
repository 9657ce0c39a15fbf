import { parse, stringify } from 'yaml';
import { isDict, isSameValue, type ItemData, type ItemValue, type SettingValues } from '../../domain/item-value';
import { DEFAULT_SETTINGS, SETTINGS } from '../../domain/settings';
import { parseSettings } from '../../settings';
import type { Client } from '../client';
import { CliError } from '../cli-error';
import { toWire } from './apply';
import { isRedaction, withNil } from './former-values';
import type { Remark } from './old-site';
import { readBounded } from './read-folder';
import { toItemValue } from './read-server';

/** Largest settings file that is read, bytes; the server has the same bound. */
const MAX_FILE = 256 * 1024;

/** Settings that say where the old server is and how it is built: taken along, they would send machines back there. */
const OF_THE_OLD_SERVER: ReadonlySet<string> = new Set([
  ...['server', 'next_server_v4', 'next_server_v6', 'http_port', 'xmlrpc_port', 'bind_master', 'cobbler_master'],
  ...['webdir', 'webdir_whitelist', 'tftpboot_location', 'include', 'signature_path', 'autoinstall_templates_dir'],
  ...['autoinstall_snippets_dir', 'bootloaders_dir', 'bootloaders_formats', 'bootloaders_ipxe_folder'],
  ...['bootloaders_modules', 'bootloaders_shim_file', 'bootloaders_shim_folder', 'grub2_mod_dir', 'grubconfig_dir'],
  ...['syslinux_dir', 'syslinux_memdisk_folder', 'syslinux_pxelinux_folder', 'bind_zonefile_path', 'jinja2_includedir'],
  ...['boot_loader_conf_template_dir', 'iso_template_dir', 'windows_template_dir', 'buildisodir', 'puppetca_path'],
  ...['auto_migrate_settings', 'lazy_start', 'cache_enabled', 'serializer_pretty_json'],
]);

/** Settings that are this server's own business, and why. */
const KEPT: Readonly<Record<string, string>> = {
  anamon_enabled: 'logs of installs are taken here in any case',
};

/** What the old settings mean for this server. */
export interface SettingPlan {
  /** Settings that differ from the defaults and from what is set here. */
  differ: ItemData;
  /** Names of settings that say where the old server is. */
  local: string[];
  remarks: Remark[];
}

/** Cobbler's settings from its file. @throws CliError when it cannot be read. */
export async function readSettingsFile(file: string): Promise<ItemData> {
  const text = await readBounded(file, MAX_FILE).catch((error: NodeJS.ErrnoException) => {
    throw new CliError(`The settings file ${file} cannot be read (${error.code}).`, { cause: error });
  });
  if (text === null) throw new CliError(`The settings file ${file} is larger than ${MAX_FILE >> 10} KiB.`);
  let read: ItemValue;
  try {
    const plain: unknown = parse(text, { version: '1.1', maxAliasCount: 0, logLevel: 'silent' });
    read = JSON.parse(JSON.stringify(plain ?? {})) as ItemValue;
  } catch (error) {
    throw new CliError(`The settings file ${file} is not YAML: ${(error as Error).message.split('\n')[0]}`);
  }
  if (!isDict(read)) throw new CliError(`The settings file ${file} must hold "name: value" lines.`);
  return read;
}

/** What differs here. `current`: settings of this server. */
export function planSettings(old: ItemData, current: SettingValues): SettingPlan {
  const plan: SettingPlan = { differ: {}, local: [], remarks: [] };
  for (const [former, value] of Object.entries(old)) {
    const [read] = Object.entries(readSetting(former, value, plan.remarks));
    if (!read) continue;
    const [name, setting] = read;
    if (isRedaction(setting) || isSameValue(setting, current[name])) continue;
    if (OF_THE_OLD_SERVER.has(name)) plan.local.push(name);
    else if (isRedaction(current[name] ?? null))
      plan.remarks.push(remark('left out', name, 'a secret is set here already'));
    else if (Object.hasOwn(KEPT, name)) plan.remarks.push(remark('left out', name, KEPT[name]!));
    else plan.differ[name] = setting;
  }
  return plan;
}

/** The setting under its name of today when it is not the default; nothing when there is none of that name. */
function readSetting(name: string, value: ItemValue, remarks: Remark[]): ItemData {
  try {
    const { settings, warnings } = parseSettings(JSON.stringify({ [name]: value }), 'settings');
    if (warnings.length > 0) remarks.push(remark('left out', name, 'there is no such setting'));
    return Object.fromEntries(
      Object.entries(settings).filter(([key, each]) => !isSameValue(each, DEFAULT_SETTINGS[key])),
    );
  } catch (error) {
    remarks.push(remark('left out', name, (error as Error).message.replace(/^The settings file settings /, 'it ')));
    return {};
  }
}

function remark(what: Remark['what'], name: string, why: string): Remark {
  return { what, type: 'setting', name, field: null, why };
}

/** Settings of this server; secrets read as stars. */
export async function readSettingsHere(client: Client): Promise<SettingValues> {
  const value = withNil(toItemValue(await client.call('get_settings', [])));
  return isDict(value) ? { ...DEFAULT_SETTINGS, ...value } : DEFAULT_SETTINGS;
}

/** Sets what differs; answers the names the server did not take: it answers 1 for those. */
export async function writeSettings(client: Client, differ: ItemData): Promise<string[]> {
  const refused: string[] = [];
  for (const [name, value] of Object.entries(differ)) {
    const answer = await client.ask('modify_setting', [name, toWire(value)]);
    if (answer !== 0) refused.push(name);
  }
  return refused;
}

/** Settings as lines for the file SETTINGS_FILE names. Passwords and keys are named, not shown. */
export function settingsSnippet(differ: ItemData, names: readonly string[]): string {
  const isSecret = (name: string): boolean => SETTINGS[name]?.secret === true;
  const shown = Object.fromEntries(names.filter((name) => !isSecret(name)).map((name) => [name, differ[name]]));
  const lines = Object.keys(shown).length === 0 ? '' : stringify(shown);
  const hidden = names.filter(isSecret).map((name) => `# ${name}: a secret; copy it from the old settings by hand\n`);
  return `${lines}${hidden.join('')}`;
}
