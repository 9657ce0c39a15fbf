import { fieldNamed, type ItemType } from '../../domain/inventory';
import type { WireStruct, WireValue } from '../wire';
import type { ItemAction } from './item-options';
import type { Given } from './option-parser';

/** One call of the API. */
export interface PlannedCall {
  method: string;
  /** Without the token. */
  params: WireValue[];
  /** `helps`: the call works without a session, but then secrets are hidden. */
  session: 'needed' | 'helps' | 'none';
}

/** The command line lacks something the action needs. */
export class MissingOption extends Error {}

/** Actions about one item, which must be named. */
const NAMED: readonly ItemAction[] = [
  'add',
  'edit',
  'copy',
  'rename',
  'remove',
  'dumpvars',
  'get-autoinstall',
  'poweron',
  'poweroff',
  'powerstatus',
  'reboot',
];

/** What power actions ask for. */
const POWER_WORDS: Readonly<Partial<Record<ItemAction, string>>> = {
  poweron: 'on',
  poweroff: 'off',
  powerstatus: 'status',
  reboot: 'reboot',
};

/** Options that say how to show, not what to ask. */
const SHOWN_BY_US = ['json', 'long', 'format', 'all', 'resolved'];

/**
 * The call an action is. Pure.
 *
 * @param given - what the options say, by field.
 * @throws MissingOption when `--name` is missing.
 */
export function planItemCall(type: ItemType, action: ItemAction, given: Given): PlannedCall {
  const name = typeof given['name'] === 'string' ? given['name'] : '';
  if (NAMED.includes(action) && name === '') throw new MissingOption('--name is required');
  const fields = Object.fromEntries(
    Object.entries(given).filter(([key]) => !key.startsWith('server:') && !SHOWN_BY_US.includes(key)),
  );
  switch (action) {
    case 'add':
    case 'edit':
    case 'copy':
    case 'rename':
    case 'remove':
      return {
        method: 'xapi_object_edit',
        params: [type.name, name, action, attributesOf(type, fields)],
        session: 'needed',
      };
    case 'list':
      return given['long'] || given['json']
        ? { method: `get_${type.plural}`, params: [null, null], session: 'helps' }
        : { method: 'get_item_names', params: [type.name], session: 'none' };
    case 'find':
      return {
        method: `find_${type.name}`,
        params: [fields, given['long'] === true || given['json'] === true],
        session: 'helps',
      };
    case 'report':
      if (given['name'] === undefined) {
        if (given['resolved']) throw new MissingOption('--name is required with --resolved');
        return { method: `get_${type.plural}`, params: [null, null], session: 'helps' };
      }
      return { method: `get_${type.name}`, params: [name, false, given['resolved'] === true], session: 'helps' };
    case 'dumpvars':
      return {
        method: 'get_blended_data',
        params: type.target === 'profile' ? [name, ''] : ['', name],
        session: 'none',
      };
    case 'get-autoinstall':
      return { method: `generate_${type.name}_autoinstall`, params: [name], session: 'none' };
    case 'autoadd':
      return { method: 'auto_add_repos', params: [], session: 'needed' };
    default:
      return {
        method: 'background_power_system',
        params: [{ power: POWER_WORDS[action]!, systems: [name] }],
        session: 'needed',
      };
  }
}

/** The attributes as the server takes them: it reads flags, lists and pairs from text, whole numbers are sent as such. */
function attributesOf(type: ItemType, fields: Given): WireStruct {
  return Object.fromEntries(
    Object.entries(fields).map(([key, value]) => {
      const isInt = fieldNamed(type.fields, key)?.kind === 'int';
      return [key, isInt && typeof value === 'string' && /^-?\d{1,9}$/.test(value) ? Number(value) : value];
    }),
  );
}
