import { stringify } from 'yaml';
import type { ServiceOp } from './cobbler-service';

/** What configuration management is told of a system. */
export interface PuppetNode {
  /** Names, or with their parameters by name. */
  classes: readonly string[] | Readonly<Record<string, unknown>>;
  parameters: Readonly<Record<string, unknown>>;
  /** '' = none. */
  environment: string;
}

/** What reading of the inventory takes. */
export interface InventoryOps {
  /** Names of all items of a type (`system`), in the order of the names. */
  listNames(type: string): Promise<string[]>;
  /** All settings, secrets hidden. */
  settings(): Readonly<Record<string, unknown>>;
  /** Settings that are numbers with a fraction, whatever their value: Python writes `5.0`. */
  isDouble(setting: string): boolean;
  /** The system with that host name; null when there is none. */
  puppetNode(hostname: string): Promise<PuppetNode | null>;
  /** Background tasks of the last moments: id, time in seconds, name, state. */
  events(user: string): Promise<[id: string, time: number, name: string, state: string][]>;
}

/** `what` → type; Cobbler's words for lists. */
const LISTS: Readonly<Record<string, string>> = {
  systems: 'system',
  profiles: 'profile',
  distros: 'distro',
  images: 'image',
  repos: 'repo',
  mgmtclasses: 'mgmtclass',
  packages: 'package',
  files: 'file',
  menus: 'menu',
};

/** Reading of the inventory without a session: names, settings, what puppet is told. */
export function inventoryOps(deps: InventoryOps): Record<'list' | 'settings' | 'puppet' | 'events', ServiceOp> {
  return {
    async list({ keys }) {
      const what = keys.get('what') ?? 'systems';
      if (!Object.hasOwn(LISTS, what)) return '?';
      return (await deps.listNames(LISTS[what]!)).map((name) => `${name}\n`).join('');
    },
    settings() {
      const settings = deps.settings();
      const written = JSON.stringify(settings, sortKeys, 4);
      const whole = /^( {4}"(\w+)": -?\d+)(,?)$/gm;
      return Promise.resolve(
        written.replace(whole, (line, head: string, name: string, comma: string) =>
          deps.isDouble(name) ? `${head}.0${comma}` : line,
        ),
      );
    },
    async puppet({ keys }) {
      const hostname = keys.get('hostname');
      if (hostname === undefined) return 'hostname is required';
      const node = await deps.puppetNode(hostname);
      const { classes = {}, parameters = {}, environment = '' } = node ?? {};
      const document = { classes, ...(environment !== '' && { environment }), parameters };
      // Puppet reads YAML 1.1, where a bare `yes` is true.
      return stringify(document, { sortMapEntries: true, version: '1.1', lineWidth: 0 });
    },
    async events({ keys }) {
      return JSON.stringify(await deps.events(keys.get('user') ?? ''));
    },
  };
}

/** Structs with their keys in order. */
function sortKeys(_key: string, value: unknown): unknown {
  if (typeof value !== 'object' || value === null || Array.isArray(value)) return value;
  return Object.fromEntries(Object.entries(value).sort(([a], [b]) => (a < b ? -1 : 1)));
}
