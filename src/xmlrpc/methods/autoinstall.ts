import { type AutoinstallService, type Fetcher, SCRIPT_NAME, type Wanted } from '../../actions/serve-autoinstall';
import type { TemplateFolder } from '../../actions/template-folder';
import type { TemplateUser } from '../../actions/template-use';
import { cx, typeError, valueError } from '../fault';
import { pythonType, toItemValue } from '../item-wire';
import { type Call, defineMethod, type Method, type Param, type Session } from '../method';
import type { XmlRpcValue } from '../value';
import { ANY_TOKEN, asName, TOKEN } from './item-methods';

/** What the methods on answer files are made of. */
export interface AutoinstallMethodDeps {
  templates: TemplateFolder;
  snippets: TemplateFolder;
  service: AutoinstallService;
  /** The profiles, systems and images that name that template themselves. */
  findUsers(template: string): Promise<TemplateUser[]>;
  /** Asks for the right to change a template these use. @throws Fault in Cobbler's words. */
  authorize(session: Session, call: Call, verb: string, users: readonly TemplateUser[]): Promise<void>;
}

const FILE: Param = { name: 'file_path', type: 'string' };
const DATA: Param = { name: 'data', type: 'string' };
const PROFILE: Param = { name: 'profile', type: 'string', default: null };
const SYSTEM: Param = { name: 'system', type: 'string', default: null };

/** Templates and snippets, and what is made of them. */
export function autoinstallMethods(deps: AutoinstallMethodDeps): Method[] {
  return [
    ...folderMethods({ folder: deps.templates, noun: 'template', summary: 'autoinstall template' }, deps),
    ...folderMethods({ folder: deps.snippets, noun: 'snippet', summary: 'snippet' }, deps),
    defineMethod({
      name: 'is_autoinstall_in_use',
      params: [{ name: 'ai', type: 'string' }, ANY_TOKEN],
      access: 'public',
      concurrent: true,
      returns: 'boolean',
      summary: 'True when a profile, system or image names that template.',
      run: async ([name]) => (await deps.findUsers(asName(name))).length > 0,
    }),
    ...generateMethods(deps.service),
  ];
}

function folderMethods(
  { folder, noun, summary }: { folder: TemplateFolder; noun: 'template' | 'snippet'; summary: string },
  deps: AutoinstallMethodDeps,
): Method[] {
  return [
    defineMethod({
      name: `get_autoinstall_${noun}s`,
      // Cobbler asks for no token here; the names of a site's files are its own business all the same.
      params: [ANY_TOKEN],
      access: 'public',
      concurrent: true,
      returns: 'array',
      summary: `Names of all ${summary}s, those that come with the server included.`,
      run: () => folder.list(),
    }),
    defineMethod({
      name: `read_autoinstall_${noun}`,
      params: [FILE, TOKEN],
      access: 'session',
      resource: `read_autoinstall_${noun}`,
      returns: 'string',
      summary: `The text of one ${summary}.`,
      run: ([name]) => folder.read(pathOf(name)),
    }),
    defineMethod({
      name: `write_autoinstall_${noun}`,
      params: [FILE, DATA, TOKEN],
      access: 'session',
      resource: `write_autoinstall_${noun}`,
      returns: 'boolean',
      summary: `Writes one ${summary}; folders that are missing are made.`,
      run: async ([name, data], call, session) => {
        const file = pathOf(name);
        if (noun === 'template') await requireUsers(deps, file, `write_autoinstall_${noun}`, call, session);
        await folder.write(file, textOfFile(data));
        return true;
      },
    }),
    defineMethod({
      name: `remove_autoinstall_${noun}`,
      params: [FILE, TOKEN],
      access: 'session',
      resource: noun === 'template' ? 'write_autoinstall_template' : 'remove_autoinstall_snippet',
      returns: 'boolean',
      summary: noun === 'template' ? `Removes a template that nothing uses.` : 'Removes a snippet.',
      run: async ([name]) => {
        const file = pathOf(name);
        if (noun === 'template') await refuseUsed(deps, file);
        await folder.remove(file);
        return true;
      },
    }),
  ];
}

/** A template that is used is changed by those who may change its users. */
export async function requireUsers(
  deps: Pick<AutoinstallMethodDeps, 'findUsers' | 'authorize'>,
  file: string,
  verb: string,
  call: Call,
  session: Session | null,
): Promise<void> {
  if (session === null) throw new Error(`${verb} was run without a session`);
  const users = await deps.findUsers(file);
  if (users.length > 0) await deps.authorize(session, call, verb, users);
}

/** What something uses stays. */
export async function refuseUsed(deps: Pick<AutoinstallMethodDeps, 'findUsers'>, file: string): Promise<void> {
  if ((await deps.findUsers(file)).length > 0) throw cx('attempt to delete in-use file');
}

/** Files of profiles and systems, for installers: no session is asked for. */
function generateMethods(service: AutoinstallService): Method[] {
  const common = { access: 'public', concurrent: true, returns: 'string' } as const;
  const summary = 'The answer file of a profile or system, rendered; a comment that says why when there is none.';
  return [
    defineMethod({
      ...common,
      name: 'generate_autoinstall',
      params: [
        PROFILE,
        SYSTEM,
        { name: 'REMOTE_ADDR', type: 'string', default: null },
        { name: 'REMOTE_MAC', type: 'any', default: null },
      ],
      summary,
      run: async ([profile, system], call) => orNone(await service.autoinstall(wanted(profile, system), fetcher(call))),
    }),
    defineMethod({
      ...common,
      name: 'generate_profile_autoinstall',
      params: [{ name: 'profile', type: 'string' }],
      summary,
      run: async ([profile], call) =>
        orNone(await service.autoinstall({ profile: asName(profile), system: null }, fetcher(call))),
    }),
    defineMethod({
      ...common,
      name: 'generate_system_autoinstall',
      params: [{ name: 'system', type: 'string' }],
      summary,
      run: async ([system], call) =>
        orNone(await service.autoinstall({ profile: null, system: asName(system) }, fetcher(call))),
    }),
    defineMethod({
      ...common,
      name: 'generate_script',
      params: [PROFILE, SYSTEM, { name: 'name', type: 'string', default: '' }],
      summary: 'A script of the folder of scripts, rendered for a profile or system.',
      run: async ([profile, system, name], call) => {
        if (!SCRIPT_NAME.test(asName(name))) throw valueError('"name" handed to generate_script was not valid!');
        return orNone(await service.script(wanted(profile, system), asName(name), fetcher(call)));
      },
    }),
    defineMethod({
      ...common,
      name: 'generate_bootcfg',
      params: [PROFILE, SYSTEM],
      summary: "The boot.cfg of ESXi's loader for a profile or system.",
      run: async ([profile, system], call) => orNone(await service.bootCfg(wanted(profile, system), fetcher(call))),
    }),
    defineMethod({
      ...common,
      name: 'generate_ipxe',
      params: [PROFILE, { name: 'image', type: 'string', default: null }, SYSTEM],
      summary: 'The iPXE script of a profile or system; the menu without a name.',
      run: ([profile, image, system]) => service.ipxe({ ...wanted(profile, system), image: named(image) }),
    }),
    ...(['profile', 'system'] as const).map((type) =>
      defineMethod({
        ...common,
        name: `get_template_file_for_${type}`,
        params: [
          { name: `${type}_name`, type: 'string' },
          { name: 'path', type: 'string' },
        ],
        summary: `The template that a ${type} names for the file at that path, rendered.`,
        run: ([name, path], call) => service.templateFile(type, asName(name), asName(path), fetcher(call)),
      }),
    ),
  ];
}

/** A name that was given; nil is none. */
const named = (value: XmlRpcValue | undefined): string | null =>
  value === null || value === undefined ? null : asName(value);

/** A system that was named wins over the profile. */
export function wanted(profile: XmlRpcValue | undefined, system: XmlRpcValue | undefined): Wanted {
  return { profile: named(profile), system: named(system) };
}

/** Over XML-RPC people and programs look at files; installers come by HTTP. */
export function fetcher({ peer }: Call): Fetcher {
  return { peer, macs: [], isWitness: false };
}

/** Cobbler's answer to whoever names nothing. */
export function orNone(text: string | null): string {
  if (text === null) throw typeError('cannot marshal None unless allow_none is enabled');
  return text;
}

function pathOf(value: XmlRpcValue | undefined): string {
  if (typeof value !== 'string') throw typeError('Invalid input, file_path must be a string');
  return value;
}

/** Text, or bytes that are UTF-8. */
export function textOfFile(value: XmlRpcValue | undefined): string {
  const text = toItemValue(value ?? null);
  if (typeof text !== 'string')
    throw typeError(`Invalid input, data must be a string, not ${pythonType(value ?? null)}`);
  return text;
}
