import { open } from 'node:fs/promises';
import { isAlias, isCollection, parseDocument, visit } from 'yaml';
import { isDict, type ItemData, type ItemValue, type SettingValues } from './domain/item-value';
import { splitWords } from './domain/item-values';
import { DEFAULT_SETTINGS, SETTINGS, type SettingKind } from './domain/settings';

/** Largest settings file that is read, in bytes. Cobbler's own, comments included, has a tenth of it. */
const MAX_FILE = 256 * 1024;
/** Deepest nesting that is read; Cobbler's settings need four. */
const MAX_DEPTH = 20;

/** Names Cobbler 2 had for settings of today. */
const FORMER_NAMES: Readonly<Record<string, string>> = {
  default_kickstart: 'autoinstall',
  enable_gpxe: 'enable_ipxe',
  next_server: 'next_server_v4',
  snippetsdir: 'autoinstall_snippets_dir',
};

/** Settings as read, and what the operator should know of the file. */
export interface LoadedSettings {
  settings: SettingValues;
  /** `modules:` of Cobbler 4, which is no setting clients see: which modules decide who may log in, and do what. */
  modules: ItemData;
  warnings: string[];
}

/**
 * Cobbler's settings from its own YAML file (`/etc/cobbler/settings.yaml` works); defaults for what it does not say.
 * Unknown names are warnings.
 *
 * @param file - null: defaults only.
 * @throws Error listing all faults at once: no such file, broken YAML, values of the wrong type.
 */
export async function loadSettings(file: string | null): Promise<LoadedSettings> {
  if (file === null) return { settings: DEFAULT_SETTINGS, modules: {}, warnings: [] };
  return parseSettings(await readBounded(file), file);
}

async function readBounded(file: string): Promise<string> {
  const handle = await open(file).catch((error: unknown) => {
    const code = (error as NodeJS.ErrnoException).code ?? String(error);
    throw new Error(`The settings file ${file} cannot be read (${code}).`, { cause: error });
  });
  try {
    const buffer = Buffer.alloc(MAX_FILE + 1);
    const { bytesRead } = await handle.read(buffer, 0, buffer.length, 0);
    if (bytesRead > MAX_FILE) throw new Error(`The settings file ${file} is larger than ${MAX_FILE} bytes.`);
    return buffer.toString('utf8', 0, bytesRead);
  } finally {
    await handle.close();
  }
}

/** The settings a YAML text gives. `file` is its name in messages. See `loadSettings`. */
export function parseSettings(yaml: string, file: string): LoadedSettings {
  const given = readMapping(yaml, file);
  const settings: Record<string, ItemValue> = { ...DEFAULT_SETTINGS };
  const warnings: string[] = [];
  const faults: string[] = [];
  const { modules = {}, ...rest } = given;
  if (!isDict(modules)) faults.push(`modules must be ${WANTED.struct}, not ${describe(modules)}`);
  for (const [name, value] of Object.entries(rest)) {
    const current = FORMER_NAMES[name] ?? name;
    const known = Object.hasOwn(SETTINGS, current) ? SETTINGS[current] : undefined;
    if (!known) warnings.push(`${file}: unknown setting "${name}" is ignored`);
    else {
      const read = readSetting(known.kind, value);
      if (read === undefined) faults.push(`${name} must be ${WANTED[known.kind]}, not ${describe(value)}`);
      else settings[current] = read;
    }
  }
  if (faults.length > 0) throw new Error(`The settings file ${file} cannot be used: ${faults.join('; ')}.`);
  return { settings: Object.freeze(settings), modules: isDict(modules) ? modules : {}, warnings };
}

/** PyYAML reads YAML 1.1, where `yes` and `on` are true: so do we. */
function readMapping(yaml: string, file: string): Record<string, ItemValue> {
  const document = parseDocument(yaml, {
    version: '1.1',
    schema: 'yaml-1.1',
    resolveKnownTags: false,
    logLevel: 'silent',
  });
  const [error] = document.errors;
  if (error) throw new Error(`The settings file ${file} is not YAML: ${error.message.split('\n')[0]}`);
  visit(document, (_key, node, path) => {
    const depth = path.filter((step) => isCollection(step)).length;
    if (depth > MAX_DEPTH) throw new Error(`The settings file ${file} is nested deeper than ${MAX_DEPTH} levels.`);
    if (isAlias(node)) throw new Error(`The settings file ${file} uses YAML aliases; write the values out.`);
  });
  const value = document.toJS({ maxAliasCount: 0 }) as ItemValue | undefined;
  if (value === null || value === undefined) return {};
  if (!isDict(value)) throw new Error(`The settings file ${file} must hold "name: value" lines.`);
  return value;
}

const WANTED: Readonly<Record<SettingKind, string>> = {
  flag: 'true or false',
  int: 'a whole number',
  double: 'a number',
  text: 'text',
  list: 'a list',
  struct: 'a mapping',
};

/** The value as its kind, or undefined when it is none of it. Cobbler 2 wrote booleans as 0 and 1. */
function readSetting(kind: SettingKind, value: ItemValue): ItemValue | undefined {
  switch (kind) {
    case 'flag':
      return value === 0 || value === 1 ? value === 1 : typeof value === 'boolean' ? value : undefined;
    case 'int':
      return Number.isInteger(value) ? value : undefined;
    case 'double':
      return typeof value === 'number' && Number.isFinite(value) ? value : undefined;
    case 'text':
      return value === null ? '' : typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
    case 'list':
      if (value === null) return [];
      return typeof value === 'string' ? splitWords(value) : Array.isArray(value) ? value : undefined;
    case 'struct':
      return value === null || value === '' ? {} : isDict(value) ? value : undefined;
  }
}

/** A value in messages: its kind only, it may be a secret. */
function describe(value: ItemValue): string {
  if (value === null) return 'nothing';
  if (Array.isArray(value)) return 'a list';
  return isDict(value)
    ? 'a mapping'
    : typeof value === 'string'
      ? 'text'
      : typeof value === 'boolean'
        ? 'true or false'
        : 'a number';
}
