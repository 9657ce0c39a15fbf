import { SETTINGS } from '../../domain/settings';
import { redact, toItemStruct } from '../item-wire';
import { defineMethod, type Method } from '../method';
import { ANY_TOKEN, type ItemMethodDeps } from './item-methods';

/** Settings that nobody sees: whoever may know them reads the settings file. */
export const SECRET_SETTINGS: readonly string[] = Object.entries(SETTINGS)
  .filter(([, { secret }]) => secret)
  .map(([name]) => name);

/** get_settings. */
export function settingMethods(deps: ItemMethodDeps): Method[] {
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
  ];
}
