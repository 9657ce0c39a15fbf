import path from 'node:path';
import type { WireStruct, WireValue } from '../wire';
import type { Given, OptionSpec } from './option-parser';

/** A command about the server as a whole that starts a background task. */
export interface TaskCommand {
  name: string;
  about: string;
  options: readonly OptionSpec[];
  /** The call that starts it. */
  plan(given: Given): { method: string; options: WireStruct };
}

function option(name: string, about: string, key = name.replaceAll('-', '_')): OptionSpec {
  return { key, names: [name], takesValue: true, about };
}

function toggle(name: string, about: string): OptionSpec {
  return { key: name.replaceAll('-', '_'), names: [name], takesValue: false, about };
}

/** What was given, under the keys of the API. */
function optionsFrom(given: Given): WireStruct {
  return Object.fromEntries(Object.entries(given).filter(([key]) => !key.startsWith('server:') && key !== 'json'));
}

function simple(method: string): TaskCommand['plan'] {
  return (given) => ({ method, options: optionsFrom(given) });
}

function names(value: string | true | undefined): string[] {
  return typeof value === 'string' ? value.split(',').filter((name) => name.trim() !== '') : [];
}

const number = (value: WireValue | undefined, initial: number): number =>
  typeof value === 'string' && /^\d{1,9}$/.test(value) ? Number(value) : initial;

/** Cobbler's commands that start a background task on the server. */
export const TASK_COMMANDS: readonly TaskCommand[] = [
  {
    name: 'sync',
    about: 'writes boot files and services anew from the inventory',
    options: [
      toggle('verbose', 'Says more.'),
      toggle('dhcp', 'Only what the DHCP server reads.'),
      toggle('dns', 'Only what the DNS server reads.'),
      { ...option('systems', 'Only these systems, separated by commas.'), itemType: 'system' },
    ],
    plan(given) {
      const options = optionsFrom(given);
      if (given['systems'] === undefined) return { method: 'background_sync', options };
      return { method: 'background_syncsystems', options: { ...options, systems: names(given['systems']) } };
    },
  },
  {
    name: 'import',
    about: 'makes distros and profiles of an install tree',
    options: [
      option('path', 'The tree: a folder on the server, or an rsync address.'),
      option('name', 'What the distro is called.'),
      option('arch', 'Processor architecture, when it cannot be found out.'),
      option('breed', 'Breed, when it cannot be found out.'),
      option('os-version', 'Version, when it cannot be found out.'),
      option('available-as', 'Where installers find the tree, which is then not copied.'),
      option('autoinstall', 'Answer file of the profile.', 'autoinstall_file'),
      option('rsync-flags', 'Further options of rsync.'),
    ],
    plan: simple('background_import'),
  },
  {
    name: 'reposync',
    about: 'brings the mirrored repositories up to date',
    options: [
      { ...option('only', 'Only this repository.'), itemType: 'repo' },
      { ...option('tries', 'How often each is tried.'), initial: '1' },
      toggle('no-fail', 'Goes on with the others when one fails.'),
    ],
    plan: (given) => ({
      method: 'background_reposync',
      options: { ...optionsFrom(given), tries: number(given['tries'], 1) },
    }),
  },
  {
    name: 'buildiso',
    about: 'makes a CD image that starts installs',
    options: [
      { ...option('iso', 'File that is written.'), initial: './generated.iso' },
      { ...option('profiles', 'Only these profiles.'), itemType: 'profile' },
      { ...option('systems', 'Only these systems.'), itemType: 'system' },
      option('tempdir', 'Folder for what is in the making.', 'buildisodir'),
      { ...option('distro', 'Whose kernel and initial ramdisk it starts.'), itemType: 'distro' },
      toggle('standalone', 'With all files of the distro.'),
      toggle('airgapped', 'With all files of the distro and its repositories.'),
      option('source', 'Where the files of the distro are, for --standalone and --airgapped.'),
      toggle('exclude-dns', 'Without name servers in the kernel options.'),
      { ...option('mkisofs-opts', 'Further options of xorrisofs.', 'xorrisofs_opts'), aliases: ['xorrisofs-opts'] },
    ],
    plan: (given) => ({
      method: 'background_buildiso',
      options: {
        ...optionsFrom(given),
        iso: path.resolve(typeof given['iso'] === 'string' ? given['iso'] : 'generated.iso'),
      },
    }),
  },
  {
    name: 'replicate',
    about: 'takes over the inventory of another server',
    options: [
      option('master', 'The server to take from.'),
      option('port', 'Its port.'),
      ...(['distro', 'profile', 'system', 'repo', 'image', 'mgmtclass', 'package', 'file'] as const).map((type) =>
        option(
          type === 'image' ? type : type === 'mgmtclass' ? 'mgmtclasses' : `${type}s`,
          `Shell patterns of the ${type === 'mgmtclass' ? 'management classes' : `${type}s`} to take.`,
          `${type}_patterns`,
        ),
      ),
      toggle('omit-data', 'Without copying files.'),
      toggle('sync-all', 'Everything there is.'),
      toggle('prune', 'Removes what the other server does not have.'),
      toggle('use-ssl', 'Speaks TLS with it.'),
    ],
    plan: simple('background_replicate'),
  },
  {
    name: 'aclsetup',
    about: 'lets users of the machine run this command',
    options: [
      option('adduser', 'User who may from now on.'),
      option('addgroup', 'Group that may from now on.'),
      option('removeuser', 'User who may no longer.'),
      option('removegroup', 'Group that may no longer.'),
    ],
    plan: simple('background_aclsetup'),
  },
  {
    name: 'hardlink',
    about: 'links files that are the same, to save room',
    options: [],
    plan: simple('background_hardlink'),
  },
  {
    name: 'mkloaders',
    about: 'makes boot loader images of what is installed on the server',
    options: [],
    plan: simple('background_mkloaders'),
  },
  {
    name: 'validate-autoinstalls',
    about: 'checks the answer files of all profiles and systems',
    options: [],
    plan: simple('background_validate_autoinstall_files'),
  },
];

/** The order of Cobbler's own usage, and what it names there. */
export const COBBLER_COMMANDS = [
  'aclsetup',
  'buildiso',
  'import',
  'list',
  'replicate',
  'report',
  'reposync',
  'sync',
  'validate-autoinstalls',
  'version',
  'signature',
  'hardlink',
  'mkloaders',
] as const;
