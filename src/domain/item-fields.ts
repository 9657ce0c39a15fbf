import {
  bootUrl,
  addressList,
  anyAddress,
  hostName,
  hostNameList,
  ipv4Address,
  ipv6Address,
  macAddress,
  netmask,
} from './item-addresses';
import { INHERIT, FieldError, type ItemData, type ItemValue, type SettingValues, textOf } from './item-value';
import {
  anyList,
  anyText,
  clearable,
  flag,
  inheritable,
  oneOf,
  oneOfOrIndex,
  options,
  pairs,
  plainText,
  real,
  someOf,
  text,
  textOrInherit,
  whole,
  words,
  type Rule,
} from './item-values';
import { BOOT_LOADERS, OS_VERSIONS } from './os-catalogue';

/** What a field holds; readers need it to write numbers and merge values. */
export type FieldKind = 'text' | 'flag' | 'int' | 'double' | 'list' | 'struct' | 'parts';

/** One field of an item type: everything there is to know of it. */
export interface Field {
  readonly name: string;
  readonly kind: FieldKind;
  /** Value of a new item; a function when settings say it. */
  readonly initial: ItemValue | ((settings: SettingValues) => ItemValue);
  /** Checks and converts what is written. */
  readonly rule: Rule;
  /** The inherit marker may be stored: parents, then settings, give the value. */
  readonly inherits?: boolean;
  /** Setting in which inheritance ends; by default the field's own name, then `default_` and the name. */
  readonly setting?: string;
  /** A setting lies underneath the item's own struct even when nothing is inherited. */
  readonly overSetting?: boolean;
  /** Reads with effective values still show the marker, as Cobbler's do. */
  readonly keepsMarker?: boolean;
  /** The server says it; writes are accepted and change nothing. */
  readonly readOnly?: boolean;
  /** Not stored: shows another field, or what a function makes of the item. */
  readonly mirrors?: string;
  readonly derive?: (values: ItemData) => ItemValue;
  /** Further names on write and in criteria. */
  readonly aliases?: readonly string[];
  /** Item type named here: it must exist, and a rename of it follows. */
  readonly refersTo?: string;
  /** A removal of what `refersTo` names takes the name out; else it takes this item along, or is refused. */
  readonly loosely?: boolean;
  /** Item type named here when an item has the name, which none has to: a rename follows. */
  readonly mentions?: string;
  /** Kept in a column of its own (of the same name) beside `data`: references and what is searched often. */
  readonly column?: boolean;
  /** Searched often by exact value: the database has an index on it. */
  readonly indexed?: boolean;
  /** Fields emptied when this one is given a value. */
  readonly excludes?: readonly string[];
  /** How a flattened read shows it: pairs as `k=v `, lists as words. */
  readonly flat?: 'pairs' | 'words';
  /** A key `!x` in a child takes `x` away. */
  readonly deletes?: boolean;
  /** Nobody without a session sees it. */
  readonly secret?: boolean;
  /** Path of a file that must exist on this server. */
  readonly isFile?: boolean;
  /** May only narrow what is inherited. */
  readonly narrows?: boolean;
  /** In blended data the first value stays. */
  readonly firstWins?: boolean;
  /** Names an item whose type another field says: a rename of that item follows. */
  readonly followsType?: string;
  /** Text is read as YAML. */
  readonly isYaml?: boolean;
  /** Left empty, it becomes the user who saves the item first. */
  readonly isAuthor?: boolean;
  /** Turning it on or off tells the monitor that an install is to be expected or not. */
  readonly isNetboot?: boolean;
}

type Extra = Partial<Omit<Field, 'name' | 'kind' | 'initial'>>;

/** Makes the fields of one kind. */
export const field =
  (kind: FieldKind, rule: Rule) =>
  (name: string, initial: Field['initial'], extra: Extra = {}): Field => {
    const own = extra.rule ?? rule;
    const inherits = extra.inherits ?? initial === INHERIT;
    return { name, kind, initial, ...extra, inherits, rule: inherits ? inheritable(own) : own };
  };

export const textField = field('text', text);
export const flagField = field('flag', flag);
export const listField = field('list', words);
export const structField = field('struct', options);
export const doubleField = field('double', real);
export const intField = (name: string, initial: Field['initial'], least: number, extra: Extra = {}): Field =>
  field('int', whole(least))(name, initial, extra);

/** Letters, digits and `_ - . :`. `..` is such a name: whoever makes a path of one must see to it. */
export const NAME = /^[a-zA-Z0-9_\-.:]*$/;

const itemName: Rule = (value) => {
  if (typeof value !== 'string') throw new FieldError('type', 'name must of be type str');
  if (!NAME.test(value)) {
    throw new FieldError('value', `Invalid characters in name: '${value}'`);
  }
  if (value.length > 255) throw new FieldError('value', 'A name has at most 255 characters.');
  return value;
};

/** What every item has, whatever its type. */
export const identity = (): Field[] => [
  textField('name', '', { rule: itemName, column: true, indexed: true }),
  textField('uid', '', { readOnly: true, column: true, indexed: true }),
  doubleField('ctime', 0, { readOnly: true, column: true }),
  doubleField('mtime', 0, { readOnly: true, column: true }),
  textField('comment', '', { rule: anyText }),
];

/** Who an item belongs to: users, groups, contacts. */
export const owners = (): Field => listField('owners', INHERIT, { setting: 'default_ownership' });

/** What all items of Cobbler's share. `from` is what their structs start as, `classes` their management classes. */
export const common = (from: ItemValue = {}, classes: ItemValue = INHERIT): Field[] => {
  const inherits = { inherits: true };
  return [
    intField('depth', 0, 0, { readOnly: true }),
    flagField('is_subobject', false, { readOnly: true }),
    owners(),
    structField('kernel_options', from, {
      ...inherits,
      overSetting: true,
      aliases: ['kopts'],
      flat: 'pairs',
      deletes: true,
    }),
    structField('kernel_options_post', from, { ...inherits, aliases: ['kopts_post'], flat: 'pairs', deletes: true }),
    structField('autoinstall_meta', from, {
      ...inherits,
      aliases: ['ks_meta', 'ksmeta'],
      flat: 'pairs',
      deletes: true,
    }),
    structField('ks_meta', null, { readOnly: true, mirrors: 'autoinstall_meta', flat: 'pairs' }),
    structField('fetchable_files', from, { ...inherits, rule: pairs, flat: 'pairs', deletes: true }),
    structField('boot_files', from, { ...inherits, rule: pairs, flat: 'pairs', deletes: true }),
    structField('template_files', {}, { rule: pairs, flat: 'pairs', deletes: true }),
    listField('mgmt_classes', classes, { ...inherits, mentions: 'mgmtclass' }),
    structField('mgmt_parameters', from, { ...inherits, overSetting: true, isYaml: true }),
  ];
};

/** The item of the same type above this one. */
export const treeParent = (type: string): Field =>
  textField('parent', '', { refersTo: type, column: true, indexed: true, aliases: ['inherit'] });

/** What distros, profiles and systems share. `from` is what their structs start as. */
const provisioning = (from: ItemValue): Field[] => [
  ...common(from, from === INHERIT ? INHERIT : []),
  textField('redhat_management_key', INHERIT),
  bootLoaders(INHERIT),
];

/** Boot loaders: those of the parent, at last those the architecture has, or some of them. */
export const bootLoaders = (initial: ItemValue): Field =>
  listField('boot_loaders', initial, {
    inherits: true,
    rule: someOf(BOOT_LOADERS),
    narrows: true,
    aliases: ['boot_loader'],
  });

export const ARCHES = [
  'i386',
  'x86_64',
  'ia64',
  'ppc',
  'ppc64',
  'ppc64le',
  'ppc64el',
  's390',
  's390x',
  'arm',
  'aarch64',
];
export const VIRT_TYPES = ['qemu', 'kvm', 'xenpv', 'xenfv', 'vmware', 'vmwarew', 'openvz', 'auto'];
export const DISK_DRIVERS = ['raw', 'qcow2', 'qed', 'vdi', 'vdmk'];
const BAUD_RATES = [0, 110, 300, 600, 1200, 2400, 4800, 9600, 14400, 19200, 38400, 57600, 115200, 128000, 256000];
const INTERFACE_TYPES = [
  'na',
  'bond',
  'bond_slave',
  'bridge',
  'bridge_slave',
  'bonded_bridge_slave',
  'bmc',
  'infiniband',
];
const INTERFACE_TYPE_CHOICES = INTERFACE_TYPES.map((type) => `'NetworkInterfaceType.${type.toUpperCase()}'`).join(', ');

export const breed: Rule = (value, at) => {
  const word = (text(value, at) as string).toLowerCase();
  if (word === '' || Object.hasOwn(OS_VERSIONS, word)) return word;
  throw new FieldError('rule', `Unknown breed ${word}; one of: ${Object.keys(OS_VERSIONS).join(', ')}`);
};

export const osVersion: Rule = (value, at) => {
  const word = (text(value, at) as string).toLowerCase();
  const known = OS_VERSIONS[typeof at.values.breed === 'string' ? at.values.breed : ''];
  if (word === '' || known === undefined) return '';
  if (known.includes(word)) return word;
  throw new FieldError(
    'rule',
    `Unknown os_version ${word} of breed ${at.values.breed as string}; one of: ${known.join(', ')}`,
  );
};

/** '' or the absolute path of a file that is called as such files are. */
const fileNamed =
  (pattern: RegExp, what: string): Rule =>
  (value, at) => {
    const path = text(value, at) as string;
    const name = path.slice(path.lastIndexOf('/') + 1);
    const isLike = pattern.test(name) && path.startsWith('/') && !path.split('/').includes('..');
    if (path === '' || isLike) return path;
    throw new FieldError('value', `The path does not look like that of ${what}: ${path}`);
  };

export const autoinstall: Rule = (value, at) => {
  const path = text(value, at) as string;
  if (path.startsWith('/') || path.split('/').includes('..') || /[\p{Cc}\\]/u.test(path)) {
    throw new FieldError(
      'value',
      `Invalid automatic installation template file location ${path}, it must be relative and without ..`,
    );
  }
  return path;
};

const baudRate: Rule = (value, at) => {
  if (typeof value === 'string' && value.toLowerCase() === 'disabled') return -1;
  const rate = whole(-1)(value, at) as number;
  if (rate === -1 || BAUD_RATES.includes(rate)) return rate;
  throw new FieldError('value', `serial_baud_rate is one of: -1, ${BAUD_RATES.join(', ')}`);
};

/** `(proto,host)/path`, as GRUB names a file on a server; '' for none. */
const grubPath =
  (source: string) =>
  (values: ItemData): ItemValue => {
    const parts = /^(https?|tftp):\/\/([^/]+)(\/.*)$/i.exec(textOf(values[source]));
    return parts ? `(${parts[1]!.toLowerCase()},${parts[2]})${parts[3]}` : '';
  };

/** Where processors are not inherited, the marker means that nothing is known. */
export const cpus: Rule = (value, at) => (value === INHERIT ? 0 : whole(0)(value, at));

const virtual = (own: { cpus: ItemValue; path: ItemValue; enums: Extra }): Field[] => [
  flagField('virt_auto_boot', INHERIT),
  own.cpus === INHERIT ? intField('virt_cpus', INHERIT, 0) : field('int', cpus)('virt_cpus', own.cpus),
  textField('virt_disk_driver', own.cpus === INHERIT ? INHERIT : fromSetting('default_virt_disk_driver'), {
    inherits: true,
    rule: oneOf(DISK_DRIVERS),
    ...own.enums,
  }),
  doubleField('virt_file_size', INHERIT),
  textField('virt_path', own.path, own.path === INHERIT ? { rule: textOrInherit } : {}),
  intField('virt_ram', INHERIT, 0),
  textField('virt_type', own.cpus === INHERIT ? INHERIT : fromSetting('default_virt_type'), {
    inherits: true,
    rule: oneOf(VIRT_TYPES),
    ...own.enums,
  }),
];

function fromSetting(name: string) {
  return (settings: SettingValues): ItemValue => settings[name] ?? '';
}

/** The answer file, under its former name as well. */
export const answerFile = (): Field[] => [
  textField('autoinstall', INHERIT, { rule: autoinstall, aliases: ['kickstart'] }),
  textField('kickstart', null, { readOnly: true, mirrors: 'autoinstall' }),
];

/** The menu something is offered in. */
export const menuField = (): Field =>
  textField('menu', '', { refersTo: 'menu', loosely: true, column: true, indexed: true });

const served = (filename: Field): Field[] => [
  ...answerFile(),
  flagField('enable_ipxe', INHERIT, { aliases: ['enable_gpxe'] }),
  textField('next_server_v4', INHERIT, { rule: ipv4Address }),
  textField('next_server_v6', INHERIT, { rule: ipv6Address }),
  filename,
  textField('proxy', INHERIT, { setting: 'proxy_url_int' }),
  textField('server', INHERIT, { rule: textOrInherit }),
];

export const DISTRO_FIELDS: readonly Field[] = [
  ...identity(),
  ...provisioning({}),
  textField('parent', '', { readOnly: true, aliases: ['inherit'] }),
  textField('arch', 'x86_64', { rule: oneOf(ARCHES) }),
  textField('breed', '', { rule: breed }),
  textField('os_version', '', { rule: osVersion }),
  textField('kernel', '', {
    isFile: true,
    rule: fileNamed(
      /^(vmlinu[xz].*|kernel.*|linux|linux\.img|pxeboot\.n12|wimboot|mboot\.c32|.+\.kernel)$/,
      'a kernel',
    ),
  }),
  textField('initrd', '', {
    isFile: true,
    rule: fileNamed(/(initrd|initramfs|ramdisk|\.img$|\.gz$|\.wim$|imgpayld|boot\.cfg|root)/i, 'an initrd'),
  }),
  textField('remote_boot_kernel', '', { rule: bootUrl }),
  textField('remote_grub_kernel', '', { readOnly: true, derive: grubPath('remote_boot_kernel') }),
  textField('remote_boot_initrd', '', { rule: bootUrl }),
  textField('remote_grub_initrd', '', { readOnly: true, derive: grubPath('remote_boot_initrd') }),
  listField('source_repos', [], { rule: anyList }),
  doubleField('tree_build_time', 0),
];

export const PROFILE_FIELDS: readonly Field[] = [
  ...identity(),
  ...provisioning(INHERIT),
  textField('distro', '', { refersTo: 'distro', column: true, indexed: true, firstWins: true, excludes: ['parent'] }),
  textField('parent', '', {
    refersTo: 'profile',
    column: true,
    indexed: true,
    aliases: ['inherit'],
    excludes: ['distro'],
  }),
  ...served(textField('filename', '', { inherits: true })),
  flagField('enable_menu', INHERIT),
  textField('dhcp_tag', ''),
  menuField(),
  listField('repos', [], { inherits: true, refersTo: 'repo', loosely: true, flat: 'words' }),
  listField('name_servers', fromSetting('default_name_servers'), { inherits: true, rule: addressList }),
  listField('name_servers_search', fromSetting('default_name_servers_search'), { inherits: true, rule: hostNameList }),
  textField('virt_bridge', INHERIT, { rule: textOrInherit }),
  ...virtual({ cpus: 1, path: '', enums: {} }),
];

export const SYSTEM_FIELDS: readonly Field[] = [
  ...identity(),
  ...provisioning(INHERIT),
  textField('profile', '', {
    refersTo: 'profile',
    column: true,
    indexed: true,
    excludes: ['image'],
    rule: clearable(text),
  }),
  textField('image', '', {
    refersTo: 'image',
    column: true,
    indexed: true,
    excludes: ['profile'],
    rule: clearable(text),
  }),
  textField('parent', '', { readOnly: true, aliases: ['inherit'] }),
  field('parts', anyList)('interfaces', {}),
  ...served(textField('filename', INHERIT, { rule: textOrInherit })),
  textField('hostname', '', { indexed: true }),
  textField('gateway', '', { rule: ipv4Address }),
  flagField('ipv6_autoconfiguration', false),
  textField('ipv6_default_device', ''),
  listField('name_servers', [], { inherits: true, rule: addressList }),
  listField('name_servers_search', [], { inherits: true, rule: hostNameList }),
  flagField('netboot_enabled', false, { isNetboot: true }),
  textField('power_type', '', { rule: plainText }),
  textField('power_address', '', { rule: plainText }),
  textField('power_user', '', { rule: plainText }),
  textField('power_pass', '', { rule: plainText, secret: true }),
  textField('power_id', '', { rule: plainText }),
  textField('power_options', '', { rule: plainText }),
  textField('power_identity_file', '', { rule: plainText }),
  flagField('repos_enabled', false),
  intField('serial_device', -1, -1),
  field('int', baudRate)('serial_baud_rate', -1),
  textField('status', ''),
  flagField('virt_pxe_boot', false),
  ...virtual({ cpus: INHERIT, path: INHERIT, enums: { keepsMarker: true } }),
];

export const INTERFACE_FIELDS: readonly Field[] = [
  textField('bonding_opts', ''),
  textField('bridge_opts', ''),
  listField('cnames', []),
  flagField('connected_mode', false),
  textField('dhcp_tag', ''),
  textField('dns_name', '', { rule: hostName, indexed: true }),
  textField('if_gateway', '', { rule: ipv4Address }),
  textField('interface_master', ''),
  textField('interface_type', 'na', {
    rule: oneOfOrIndex(INTERFACE_TYPES, `intf_type choices include: [${INTERFACE_TYPE_CHOICES}]`),
  }),
  textField('ip_address', '', { rule: ipv4Address, aliases: ['ip'], indexed: true }),
  textField('ipv6_address', '', { rule: ipv6Address, indexed: true }),
  textField('ipv6_default_gateway', '', { rule: anyAddress }),
  textField('ipv6_mtu', ''),
  textField('ipv6_prefix', '', { rule: (value, at) => (text(value, at) as string).trim() }),
  listField('ipv6_secondaries', [], { rule: addressList }),
  listField('ipv6_static_routes', []),
  textField('mac_address', '', { rule: macAddress, aliases: ['mac'], indexed: true }),
  flagField('management', false),
  textField('mtu', ''),
  textField('netmask', '', { rule: netmask, aliases: ['subnet'] }),
  flagField('static', false),
  listField('static_routes', []),
  textField('virt_bridge', '', { inherits: true, setting: 'default_virt_bridge', rule: textOrInherit }),
];
