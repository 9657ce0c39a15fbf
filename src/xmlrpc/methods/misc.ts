import { checkServer } from '../../actions/check-server';
import { readConfigData } from '../../actions/config-data';
import type { Programs } from '../../actions/run-program';
import { valueError } from '../fault';
import { defineMethod, type Method } from '../method';
import { DateTime, Double, isStruct, struct, type XmlRpcValue } from '../value';
import { asName, TOKEN, type ItemMethodDeps } from './item-methods';

/** check, get_config_data and xmlrpc_hacks. */
export function miscMethods(deps: ItemMethodDeps & { programs: Programs }): Method[] {
  return [
    defineMethod({
      name: 'check',
      params: [TOKEN],
      access: 'session',
      resource: 'check',
      returns: 'array',
      summary: 'What should still be done on this server before it installs machines, one sentence each.',
      run: () => checkServer(deps),
    }),
    defineMethod({
      name: 'get_config_data',
      params: [{ name: 'hostname', type: 'string' }],
      access: 'public',
      concurrent: true,
      returns: 'string',
      summary: 'Repos, packages and files of the system with that host name, as JSON.',
      async run([hostname]) {
        const data = await readConfigData(deps, asName(hostname));
        if (!data) throw valueError('The specified hostname did not exist!');
        return sortedJson(data);
      },
    }),
    defineMethod({
      name: 'xmlrpc_hacks',
      params: [{ name: 'data', type: 'any' }],
      access: 'public',
      concurrent: true,
      returns: 'any',
      summary: 'Answers its argument, ~ in place of nil.',
      run: ([data]) => Promise.resolve(withoutNil(data ?? null)),
    }),
  ];
}

/** JSON with sorted keys and four blanks a level, as Cobbler writes it. */
function sortedJson(value: unknown): string {
  return JSON.stringify(
    value,
    (_key, entry: unknown) =>
      typeof entry === 'object' && entry !== null && !Array.isArray(entry)
        ? Object.fromEntries(Object.entries(entry).sort(([a], [b]) => (a < b ? -1 : 1)))
        : entry,
    4,
  );
}

function withoutNil(value: XmlRpcValue): XmlRpcValue {
  if (value === null) return '~';
  if (Array.isArray(value)) return value.map(withoutNil);
  if (value instanceof Double || value instanceof DateTime || !isStruct(value)) return value;
  const result = struct();
  for (const [key, entry] of Object.entries(value)) result[key] = withoutNil(entry);
  return result;
}
