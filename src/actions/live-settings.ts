import type { ItemData, ItemValue, SettingValues } from '../domain/item-value';
import { isSameValue } from '../domain/item-value';
import { coerceSetting, SETTINGS } from '../domain/settings';
import type { Log } from '../log';
import type { SettingStore } from '../store/settings';
import { REDACTED } from './item-draft';

/** Cobbler's settings as they are now: the file's, and over them those that were changed while the servers run. */
export interface LiveSettings {
  /** Always the same object, whose values change: whoever holds it sees every change. */
  values: SettingValues;
  /** Reads what other servers changed; answers the names of what differs now. */
  refresh(): Promise<string[]>;
  /**
   * Changes one setting for all servers, as Cobbler's `modify_setting`.
   *
   * @returns false when changes are not allowed (`allow_dynamic_settings`), there is no such setting, or the value
   *   cannot be one; nothing has changed then.
   */
  modify(name: string, value: ItemValue, by: string | null): Promise<boolean>;
}

/** Builds the settings over those of the file. `refresh` is to be called once before they are used. */
export function createLiveSettings(deps: {
  store: { settings: SettingStore };
  fromFile: SettingValues;
  now(): number;
  log: Pick<Log, 'info' | 'warn'>;
}): LiveSettings {
  const { store, fromFile, now, log } = deps;
  const values: ItemData = { ...fromFile };
  const refused = new Set<string>();

  /** What the database says of a setting; undefined when this release cannot use it. */
  function read(name: string, stored: ItemValue): ItemValue | undefined {
    const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
    const value = setting && coerceSetting(setting, stored);
    if (value === undefined && !refused.has(name)) {
      refused.add(name);
      log.warn('A stored setting cannot be used; that of the file counts', { setting: name });
    }
    return value;
  }

  return {
    values,
    async refresh() {
      const stored = await store.settings.load();
      const changed: string[] = [];
      for (const name of Object.keys(values)) {
        const value = (Object.hasOwn(stored, name) ? read(name, stored[name]!) : undefined) ?? fromFile[name]!;
        if (isSameValue(values[name], value)) continue;
        values[name] = value;
        changed.push(name);
      }
      return changed;
    },
    async modify(name, given, by) {
      if (values.allow_dynamic_settings !== true) return false;
      const setting = Object.hasOwn(SETTINGS, name) ? SETTINGS[name] : undefined;
      if (!setting) return false;
      // What a reader was shown instead of a secret is not the secret.
      if (setting.secret && isRedacted(given)) return true;
      const value = coerceSetting(setting, given);
      if (value === undefined) return false;
      await store.settings.save(name, value, now(), by);
      values[name] = value;
      log.info('A setting was changed', { setting: name, by });
      return true;
    },
  };
}

function isRedacted(value: ItemValue): boolean {
  return Array.isArray(value) ? value.some(isRedacted) : value === REDACTED;
}
