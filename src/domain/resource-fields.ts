import {
  common,
  field,
  flagField,
  identity,
  listField,
  structField,
  textField,
  treeParent,
  type Field,
} from './item-fields';
import { FieldError, INHERIT, type ItemData } from './item-value';
import { anyText, oneLine, oneOf, pairs, text, whole, type Rule } from './item-values';

const REPO_BREEDS = ['none', 'rsync', 'rhn', 'yum', 'apt', 'wget'];
const REPO_ARCHES = [
  ...['none', 'i386', 'x86_64', 'ia64', 'ppc', 'ppc64', 'ppc64le', 'ppc64el', 's390', 'arm', 'aarch64'],
  ...['noarch', 'src'],
];
const MIRROR_TYPES = ['metalink', 'mirrorlist', 'baseurl'];

const priority: Rule = (value, at) => {
  const number = whole(-0x7fff_ffff)(value, at) as number;
  if (number >= 0 && number <= 99) return number;
  throw new FieldError('value', 'Repository priority must be between 0 and 99 (inclusive)!');
};

const repoVersion: Rule = (value, at) => {
  const version = (text(value, at) as string).toLowerCase();
  if (version !== '' && at.values.breed === 'none') {
    throw new FieldError('rule', 'The os_version of a repo depends on its breed: set breed first.');
  }
  return version;
};

export const REPO_FIELDS: readonly Field[] = [
  ...identity(),
  ...common(),
  treeParent('repo'),
  textField('arch', 'none', { rule: oneOf(REPO_ARCHES) }),
  textField('breed', 'none', { rule: oneOf(REPO_BREEDS) }),
  listField('apt_components', []),
  listField('apt_dists', []),
  textField('createrepo_flags', INHERIT, { rule: oneLine }),
  structField('environment', {}, { rule: pairs, flat: 'pairs' }),
  flagField('keep_updated', false),
  textField('mirror', '', { rule: oneLine }),
  textField('mirror_type', 'baseurl', { rule: oneOf(MIRROR_TYPES) }),
  flagField('mirror_locally', false),
  textField('os_version', '', { rule: repoVersion }),
  field('int', priority)('priority', 0),
  textField('proxy', INHERIT, { setting: 'proxy_url_ext', rule: oneLine }),
  listField('rpm_list', [], { flat: 'words' }),
  structField('rsyncopts', {}, { rule: pairs }),
  structField('yumopts', {}, { rule: pairs, flat: 'pairs' }),
];

export const MENU_FIELDS: readonly Field[] = [
  ...identity(),
  ...common(),
  treeParent('menu'),
  textField('display_name', '', { rule: anyText }),
];

const className: Rule = (value, at) => {
  const name = text(value, at) as string;
  if (/^[a-zA-Z0-9_\-.:+]*$/.test(name)) return name;
  throw new FieldError('value', `Invalid characters in class name: '${name}'`);
};

export const MGMTCLASS_FIELDS: readonly Field[] = [
  ...identity(),
  ...common(),
  treeParent('mgmtclass'),
  flagField('is_definition', false),
  structField('params', {}),
  textField('class_name', '', { rule: className }),
  listField('files', [], { mentions: 'file' }),
  listField('packages', [], { mentions: 'package' }),
];

/** What packages and files share: something a management class makes or removes on a machine. */
const managed = (): Field[] => [
  textField('action', 'create', { rule: oneOf(['create', 'remove']) }),
  ...['mode', 'owner', 'group', 'path', 'template'].map((name) => textField(name, '')),
];

export const PACKAGE_FIELDS: readonly Field[] = [
  ...identity(),
  ...common(),
  treeParent('package'),
  ...managed(),
  textField('installer', '', { rule: (value, at) => (text(value, at) as string).toLowerCase() }),
  textField('version', ''),
];

export const FILE_FIELDS: readonly Field[] = [
  ...identity(),
  ...common(),
  treeParent('file'),
  ...managed(),
  flagField('is_dir', false),
];

/** Refuses a file nobody could make. */
export function checkFile(values: ItemData): void {
  for (const name of ['path', 'owner', 'group', 'mode']) {
    if (values[name] === '') throw new FieldError('rule', `${name} is required`);
  }
  if (values.is_dir !== true && values.template === '') {
    throw new FieldError('rule', 'Template is required when not a directory');
  }
}
