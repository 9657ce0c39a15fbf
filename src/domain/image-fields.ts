import {
  ARCHES,
  DISK_DRIVERS,
  VIRT_TYPES,
  answerFile,
  bootLoaders,
  breed,
  common,
  cpus,
  doubleField,
  field,
  flagField,
  identity,
  intField,
  menuField,
  osVersion,
  textField,
  treeParent,
  type Field,
} from './item-fields';
import { FieldError, INHERIT } from './item-value';
import { oneOf, text, textOrInherit, whole, type Rule } from './item-values';

/** `[[user@]host:]/path`; nothing in it that a shell or a mount would act on. */
const LOCATION = /^(?:(?:[\w.-]{1,64}@)?[\w.-]{1,253}:)?\/[^\s'"`$\\;&|<>\p{Cc}]{0,4096}$/u;

const imageFile: Rule = (value, at) => {
  const path = text(value, at) as string;
  if (path.includes('://')) {
    throw new FieldError('syntax', `The file of an image is a path, host:/path or user@host:/path, not a URL: ${path}`);
  }
  if (/^[^@/]*:[^@]*@/.test(path)) {
    throw new FieldError('value', 'The file of an image must not hold a password: everybody can read it.');
  }
  if (path === '' || (LOCATION.test(path) && !path.split('/').includes('..'))) return path;
  throw new FieldError('value', `The file of an image must be /path, host:/path or user@host:/path: ${path}`);
};

const networkCount: Rule = (value, at) => (value === null || value === '' ? 1 : whole(0)(value, at));

export const IMAGE_FIELDS: readonly Field[] = [
  ...identity(),
  ...common(),
  treeParent('image'),
  textField('arch', 'x86_64', { rule: oneOf(ARCHES) }),
  ...answerFile(),
  textField('breed', '', { rule: breed }),
  textField('file', '', { rule: imageFile }),
  textField('image_type', 'direct', {
    rule: oneOf(['direct', 'iso', 'memdisk', 'virt_clone'], { 'virt-clone': 'virt_clone' }),
  }),
  field('int', networkCount)('network_count', 0),
  textField('os_version', '', { rule: osVersion }),
  bootLoaders([]),
  menuField(),
  flagField('virt_auto_boot', false, { inherits: true }),
  textField('virt_bridge', '', { inherits: true, setting: 'default_virt_bridge', rule: textOrInherit }),
  field('int', cpus)('virt_cpus', 1),
  textField('virt_disk_driver', 'raw', { inherits: true, rule: oneOf(DISK_DRIVERS), keepsMarker: true }),
  doubleField('virt_file_size', INHERIT),
  textField('virt_path', ''),
  intField('virt_ram', INHERIT, 0),
  textField('virt_type', INHERIT, { rule: oneOf(VIRT_TYPES), keepsMarker: true }),
];
