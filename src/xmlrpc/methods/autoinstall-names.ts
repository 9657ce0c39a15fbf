import type { TemplateFolder } from '../../actions/template-folder';
import { defineMethod, type Method, type Param } from '../method';
import type { XmlRpcValue } from '../value';
import {
  type AutoinstallMethodDeps,
  fetcher,
  orNone,
  refuseUsed,
  requireUsers,
  textOfFile,
  wanted,
} from './autoinstall';
import { ANY_TOKEN, asName, TOKEN } from './item-methods';

/** What Cobbler 2 called the folder; its clients name files by whole paths. */
const FORMER_FOLDERS = ['/var/lib/cobbler/kickstarts/', '/var/lib/cobbler/templates/', '/var/lib/cobbler/snippets/'];
/** In place of the new text, Cobbler 2's clients send -1 to remove the file. */
const REMOVE = -1;

/**
 * The methods under the names Cobbler 2 had for them. Files may be named by the whole path that 2's lists showed; lists
 * hold names as in Cobbler 3.
 */
export function formerAutoinstallMethods(deps: AutoinstallMethodDeps): Method[] {
  const { templates, snippets, service } = deps;
  const pair: Param[] = [
    { name: 'profile', type: 'string', default: null },
    { name: 'system', type: 'string', default: null },
  ];
  const common = { access: 'public', concurrent: true, returns: 'string' } as const;
  return [
    readOrWrite('read_or_write_kickstart_template', 'kickstart_file', 'modify_kickstart', templates, deps),
    readOrWrite('read_or_write_snippet', 'snippet_file', 'modify_snippet', snippets, null),
    ...(
      [
        ['get_kickstart_templates', templates],
        ['get_snippets', snippets],
      ] as const
    ).map(([name, folder]) =>
      defineMethod({
        ...common,
        name,
        params: [ANY_TOKEN],
        returns: 'array',
        summary: "Cobbler 2's name for the list of templates or snippets.",
        run: () => folder.list(),
      }),
    ),
    defineMethod({
      name: 'read_kickstart_template',
      params: [{ name: 'kickstart_file', type: 'string' }, TOKEN],
      access: 'session',
      resource: 'read_autoinstall_template',
      returns: 'string',
      summary: 'The text of one template, as read_autoinstall_template.',
      run: ([name]) => templates.read(shortened(name, templates)),
    }),
    defineMethod({
      name: 'write_kickstart_template',
      params: [{ name: 'kickstart_file', type: 'string' }, { name: 'data', type: 'string' }, TOKEN],
      access: 'session',
      resource: 'write_autoinstall_template',
      returns: 'boolean',
      summary: 'Writes one template, as write_autoinstall_template.',
      run: async ([name, data], call, session) => {
        const file = shortened(name, templates);
        await requireUsers(deps, file, 'write_kickstart_template', call, session);
        await templates.write(file, textOfFile(data));
        return true;
      },
    }),
    defineMethod({
      ...common,
      name: 'is_kickstart_in_use',
      params: [{ name: 'ks', type: 'string' }, ANY_TOKEN],
      returns: 'boolean',
      summary: "Cobbler 2's name for is_autoinstall_in_use.",
      run: async ([name]) => (await deps.findUsers(shortened(name, templates))).length > 0,
    }),
    defineMethod({
      ...common,
      name: 'generate_kickstart',
      params: [
        ...pair,
        { name: 'REMOTE_ADDR', type: 'string', default: null },
        { name: 'REMOTE_MAC', type: 'any', default: null },
      ],
      summary: "Cobbler 2's name for generate_autoinstall.",
      run: async ([profile, system], call) => orNone(await service.autoinstall(wanted(profile, system), fetcher(call))),
    }),
    defineMethod({
      ...common,
      name: 'generate_gpxe',
      params: pair,
      summary: "Cobbler 2's name for generate_ipxe, without images.",
      run: ([profile, system]) => service.ipxe({ ...wanted(profile, system), image: null }),
    }),
  ];
}

function readOrWrite(
  name: string,
  file: string,
  resource: string,
  folder: TemplateFolder,
  guard: Pick<AutoinstallMethodDeps, 'findUsers' | 'authorize'> | null,
): Method {
  return defineMethod({
    name,
    params: [
      { name: file, type: 'string' },
      { name: 'is_read', type: 'boolean' },
      { name: 'new_data', type: 'any' },
      TOKEN,
    ],
    access: 'session',
    resource,
    returns: 'any',
    summary: 'Reads a file, or writes it; -1 for a text removes it.',
    run: async ([given, isRead, data], call, session) => {
      const path = shortened(given, folder);
      if (isRead === true || isRead === 1) return folder.read(path);
      if (data === REMOVE) {
        if (guard) await refuseUsed(guard, path);
        await folder.remove(path);
        return true;
      }
      if (guard) await requireUsers(guard, path, name, call, session);
      await folder.write(path, textOfFile(data));
      return true;
    },
  });
}

/** The name of a file inside the folder, of a whole path into it too. */
function shortened(value: XmlRpcValue | undefined, folder: TemplateFolder): string {
  const path = asName(value);
  const root = [`${folder.dir}/`, ...FORMER_FOLDERS].find((dir) => path.startsWith(dir));
  return root === undefined ? path : path.slice(root.length);
}
