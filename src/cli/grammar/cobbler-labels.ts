import { storedFields, type ItemType } from '../../domain/inventory';
import type { Field } from '../../domain/item-fields';

/** What Cobbler 3.3's `report` calls the fields, as it prints them. */
const LABELS: Readonly<Record<string, string>> = {
  action: 'Action',
  apt_components: 'Apt Components (apt only)',
  apt_dists: 'Apt Dist Names (apt only)',
  arch: 'Architecture',
  autoinstall: 'Automatic Installation Template',
  autoinstall_meta: 'Automatic Installation Template Metadata',
  bonding_opts: 'Bonding Opts',
  boot_files: 'TFTP Boot Files',
  boot_loaders: 'Boot loaders',
  breed: 'Breed',
  bridge_opts: 'Bridge Opts',
  class_name: 'Class Name',
  cnames: 'CNAMES',
  comment: 'Comment',
  connected_mode: 'InfiniBand Connected Mode',
  createrepo_flags: 'Createrepo Flags',
  dhcp_tag: 'DHCP Tag',
  display_name: 'Display Name',
  distro: 'Distribution',
  dns_name: 'DNS Name',
  enable_ipxe: 'Enable iPXE?',
  enable_menu: 'Enable PXE Menu?',
  environment: 'Environment Variables',
  fetchable_files: 'Fetchable Files',
  file: 'File',
  filename: 'DHCP Filename Override',
  files: 'Files',
  gateway: 'Gateway',
  group: 'Owner group in file system',
  hostname: 'Hostname',
  if_gateway: 'Per-Interface Gateway',
  image: 'Image',
  image_type: 'Image Type',
  initrd: 'Initrd',
  installer: 'Installer',
  interface_master: 'Master Interface',
  interface_type: 'Interface Type',
  ip_address: 'IP Address',
  ipv6_address: 'IPv6 Address',
  ipv6_autoconfiguration: 'IPv6 Autoconfiguration',
  ipv6_default_device: 'IPv6 Default Device',
  ipv6_default_gateway: 'IPv6 Default Gateway',
  ipv6_mtu: 'IPv6 MTU',
  ipv6_prefix: 'IPv6 Prefix',
  ipv6_secondaries: 'IPv6 Secondaries',
  ipv6_static_routes: 'IPv6 Static Routes',
  is_definition: 'Is Definition?',
  is_dir: 'Is Directory',
  keep_updated: 'Keep Updated',
  kernel: 'Kernel',
  kernel_options: 'Kernel Options',
  kernel_options_post: 'Kernel Options (Post Install)',
  mac_address: 'MAC Address',
  management: 'Management Interface',
  menu: 'Parent boot menu',
  mgmt_classes: 'Management Classes',
  mgmt_parameters: 'Management Parameters',
  mirror: 'Mirror',
  mirror_locally: 'Mirror locally',
  mirror_type: 'Mirror Type',
  mode: 'Mode',
  mtu: 'MTU',
  name: 'Name',
  name_servers: 'Name Servers',
  name_servers_search: 'Name Servers Search Path',
  netboot_enabled: 'Netboot Enabled',
  netmask: 'Subnet Mask',
  network_count: 'Virt NICs',
  next_server_v4: 'Next Server (IPv4) Override',
  next_server_v6: 'Next Server (IPv6) Override',
  os_version: 'OS Version',
  owner: 'Owner user in file system',
  owners: 'Owners',
  packages: 'Packages',
  params: 'Parameters/Variables',
  parent: 'Parent Profile',
  path: 'Path',
  power_address: 'Power Management Address',
  power_id: 'Power Management ID',
  power_identity_file: 'Power Identity File',
  power_options: 'Power Management Options',
  power_pass: 'Power Management Password',
  power_type: 'Power Management Type',
  power_user: 'Power Management Username',
  priority: 'Priority',
  profile: 'Profile',
  proxy: 'Proxy',
  redhat_management_key: 'Redhat Management Key',
  remote_boot_initrd: 'Remote Boot Initrd',
  remote_boot_kernel: 'Remote Boot Kernel',
  repos: 'Repos',
  repos_enabled: 'Repos Enabled',
  rpm_list: 'RPM List',
  rsyncopts: 'Rsync Options',
  serial_baud_rate: 'Serial Baud Rate',
  serial_device: 'Serial Device #',
  server: 'Server Override',
  static: 'Static',
  static_routes: 'Static Routes',
  status: 'Status',
  template: 'Template',
  template_files: 'Template Files',
  version: 'Version',
  virt_auto_boot: 'Virt Auto Boot',
  virt_bridge: 'Virt Bridge',
  virt_cpus: 'Virt CPUs',
  virt_disk_driver: 'Virt Disk Driver Type',
  virt_file_size: 'Virt File Size(GB)',
  virt_path: 'Virt Path',
  virt_pxe_boot: 'Virt PXE Boot',
  virt_ram: 'Virt RAM (MB)',
  virt_type: 'Virt Type',
  yumopts: 'Yum Options',
};

/** Where it calls a field of one type something else, by `type.field`. */
const SPECIAL: Readonly<Record<string, string>> = {
  'profile.autoinstall_meta': 'Automatic Installation Metadata',
  'profile.redhat_management_key': 'Red Hat Management Key',
  'system.proxy': 'Internal Proxy',
  'repo.arch': 'Arch',
  'repo.proxy': 'Proxy information',
  'image.autoinstall': 'Automatic installation file',
  'image.virt_file_size': 'Virt File Size (GB)',
  'menu.parent': 'Parent Menu',
};

/** Fields of items that only some types show. */
const SHARED = [
  'kernel_options',
  'kernel_options_post',
  'autoinstall_meta',
  'fetchable_files',
  'boot_files',
  'template_files',
  'mgmt_classes',
  'mgmt_parameters',
  'parent',
];
/** Fields it does not know on its command line, though the API has them, by type. */
const UNKNOWN: Readonly<Record<string, readonly string[]>> = {
  distro: ['mgmt_parameters', 'parent'],
  profile: [],
  system: ['parent'],
  repo: [...SHARED, 'os_version'],
  image: SHARED,
  mgmtclass: SHARED,
  package: [...SHARED, 'mode', 'owner', 'group', 'path', 'template'],
  file: SHARED,
  menu: [...SHARED.filter((field) => field !== 'parent'), 'owners'],
};
/** Fields the server keeps: options, but not reported. */
const KEPT = ['uid', 'ctime', 'mtime', 'depth', 'is_subobject', 'source_repos', 'tree_build_time'];

/** True when Cobbler's command line has an option of that name for the type; all fields of types it does not know. */
export function isCobblerField(type: string, field: string): boolean {
  return !UNKNOWN[type]?.includes(field);
}

/** What a field is called; made from its name for fields Cobbler does not have. */
export function cobblerLabel(type: string, field: string): string {
  const made = field.charAt(0).toUpperCase() + field.slice(1).replaceAll('_', ' ');
  return SPECIAL[`${type}.${field}`] ?? LABELS[field] ?? made;
}

/** The fields of a report in Cobbler's order: the name, then the others by name. */
export function reportedFields(type: ItemType): Field[] {
  return sortFields(
    storedFields(type.fields).filter(
      ({ name, kind }) => kind !== 'parts' && !KEPT.includes(name) && isCobblerField(type.name, name),
    ),
  );
}

/** The name first, then the others by name. */
export function sortFields(fields: readonly Field[]): Field[] {
  const rank = ({ name }: Field): string => (name === 'name' ? '' : name);
  return [...fields].sort((left, right) => (rank(left) < rank(right) ? -1 : 1));
}
