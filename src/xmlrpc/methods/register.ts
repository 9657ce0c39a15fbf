import type { ItemData } from '../../domain/item-value';
import { disableNetboot } from '../../actions/disable-netboot';
import { registerNewSystem } from '../../actions/register-new-system';
import { attributeError, valueError } from '../fault';
import { isTruthy, pythonType, toItemData, toItemValue } from '../item-wire';
import { defineMethod, type Method } from '../method';
import { isStruct, type XmlRpcValue } from '../value';
import { ANY_TOKEN, NAME, type ItemMethodDeps } from './item-methods';

/** What machines call at install time, without a session. */
export function registerMethods(deps: ItemMethodDeps): Method[] {
  return [
    defineMethod({
      name: 'register_new_system',
      params: [{ name: 'info', type: 'struct' }, ANY_TOKEN],
      access: 'public',
      returns: 'int',
      summary:
        'Adds a system nobody knows yet. info: struct with name, profile, hostname, interfaces (name → mac_address, ' +
        'ip_address, netmask, bridge). Answers 0; only when the setting register_new_installs is on.',
      run: async ([info]) => {
        if (!isStruct(info)) throw noAttribute(info ?? null, 'get');
        const field = (name: string) => toItemValue(info[name] ?? null);
        await registerNewSystem(deps, {
          name: field('name'),
          profile: field('profile'),
          hostname: field('hostname'),
          interfaces: readInterfaces(info.interfaces ?? null),
        });
        return 0;
      },
    }),
    defineMethod({
      name: 'disable_netboot',
      params: [NAME, ANY_TOKEN],
      access: 'public',
      returns: 'boolean',
      summary: 'Turns netboot_enabled of a system off; false when there is no such system or pxe_just_once is off.',
      run: async ([name]) => {
        if (!isTruthy(name)) throw valueError('calling find with no arguments');
        return typeof name === 'string' && disableNetboot(deps, name);
      },
    }),
  ];
}

function readInterfaces(value: XmlRpcValue): Record<string, ItemData> {
  if (!isTruthy(value)) return {};
  if (!isStruct(value)) throw noAttribute(value, 'keys');
  return Object.fromEntries(
    Object.entries(value).map(([name, fields]) => {
      const read = toItemData(fields);
      if (!read) throw noAttribute(fields, 'get');
      return [name, read];
    }),
  );
}

function noAttribute(value: XmlRpcValue, name: string): Error {
  return attributeError(`'${pythonType(value)}' object has no attribute '${name}'`);
}
