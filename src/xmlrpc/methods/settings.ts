import { SETTINGS } from '../../domain/settings';
import type { LiveSettings } from '../../actions/live-settings';
import { redact, toItemStruct, toItemValue } from '../item-wire';
import { defineMethod, type Method } from '../method';
import { ANY_TOKEN, TOKEN, type ItemMethodDeps } from './item-methods';

/** Settings that nobody sees: whoever may know them reads the settings file. */
export const SECRET_SETTINGS: readonly string[] = Object.entries(SETTINGS)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name);

/** get_settings and modify_setting. */
export function settingMethods(
  deps: Pick<ItemMethodDeps, 'settings'> & { modifySetting: LiveSettings['modify'] },
): Method[] {
  return [
    defineMethod({
      name: 'get_settings',
      params: [ANY_TOKEN],
      access: 'public',
      concurrent: true,
      returns: 'struct',
      summary: 'All settings of Cobbler by name; passwords and keys are hidden.',
      run: () => Promise.resolve(toItemStruct(redact({ ...deps.settings }, SECRET_SETTINGS))),
    }),
    defineMethod({
      name: 'modify_setting',
      params: [{ name: 'setting_name', type: 'string' }, { name: 'value', type: 'any' }, TOKEN],
      access: 'session',
      resource: 'modify_setting',
      returns: 'int',
      summary:
        'Changes a setting for all servers; it comes before the settings file. 0 when done; 1 when ' +
        'allow_dynamic_settings is off, there is no such setting, or the value cannot be one.',
      async run([name, value], _call, session) {
        if (typeof name !== 'string') return 1;
        return (await deps.modifySetting(name, toItemValue(value ?? null), session?.user ?? null)) ? 0 : 1;
      },
    }),
  ];
}
