import { mkdirSync, writeFileSync } from 'node:fs';
import path from 'node:path';

/** Items of one made-up Cobbler, by the name of their collection. */
export type CobblerSite = Record<string, Record<string, unknown>[]>;

const INHERIT = '<<inherit>>';

/** What every item of Cobbler 3.3 has in its file. */
function common(name: string, depth: number, from: unknown): Record<string, unknown> {
  return {
    parent: '',
    depth,
    ctime: 1700000000.5,
    mtime: 1700000001.25,
    uid: Buffer.from(name).toString('hex').padEnd(32, '0').slice(0, 32),
    name,
    comment: '',
    kernel_options: from,
    kernel_options_post: from,
    autoinstall_meta: from,
    fetchable_files: from,
    boot_files: from,
    template_files: {},
    owners: INHERIT,
    mgmt_classes: from === INHERIT ? INHERIT : [],
    mgmt_parameters: from,
    is_subobject: false,
  };
}

function distro(name: string, folder: string): Record<string, unknown> {
  return {
    ...common(name, 0, {}),
    tree_build_time: 0.0,
    arch: 'x86_64',
    boot_loaders: INHERIT,
    breed: 'redhat',
    initrd: `${folder}/initrd.img`,
    kernel: `${folder}/vmlinuz`,
    os_version: 'rhel8',
    redhat_management_key: INHERIT,
    source_repos: [],
    remote_boot_kernel: '',
    remote_boot_initrd: '',
    kernel_options: { 'inst.text': null, console: ['tty0', 'ttyS0,115200'] },
  };
}

function profile(name: string, over: Record<string, unknown>): Record<string, unknown> {
  return {
    ...common(name, 1, INHERIT),
    autoinstall: 'sample.ks',
    boot_loaders: INHERIT,
    dhcp_tag: '',
    distro: '',
    enable_ipxe: INHERIT,
    enable_menu: INHERIT,
    name_servers: ['10.0.0.53'],
    name_servers_search: ['example.org'],
    next_server_v4: INHERIT,
    next_server_v6: INHERIT,
    filename: '',
    proxy: INHERIT,
    redhat_management_key: INHERIT,
    repos: [],
    server: INHERIT,
    menu: '',
    virt_auto_boot: INHERIT,
    virt_bridge: INHERIT,
    virt_cpus: 2,
    virt_disk_driver: 'qcow2',
    virt_file_size: 10.0,
    virt_path: '',
    virt_ram: 2048,
    virt_type: 'kvm',
    ...over,
  };
}

/** An interface as Cobbler 3.3 writes it. */
export function networkInterface(over: Record<string, unknown>): Record<string, unknown> {
  return {
    bonding_opts: '',
    bridge_opts: '',
    cnames: [],
    connected_mode: false,
    dhcp_tag: '',
    dns_name: '',
    if_gateway: '',
    interface_master: '',
    interface_type: 'na',
    ip_address: '',
    ipv6_address: '',
    ipv6_default_gateway: '',
    ipv6_mtu: '',
    ipv6_prefix: '',
    ipv6_secondaries: [],
    ipv6_static_routes: [],
    mac_address: '',
    management: false,
    mtu: '',
    netmask: '',
    static: false,
    static_routes: [],
    virt_bridge: '',
    ...over,
  };
}

const hex = (number: number): string => number.toString(16).padStart(2, '0');

/** System number `at`: two interfaces in a bond, addresses of its own. */
export function system(at: number, over: Record<string, unknown> = {}): Record<string, unknown> {
  const name = `node${String(at).padStart(4, '0')}`;
  const mac = (nic: number): string => `52:54:0${nic}:00:${hex(at >> 8)}:${hex(at & 255)}`;
  return {
    ...common(name, 2, INHERIT),
    interfaces: {
      bond0: networkInterface({
        interface_type: 'bond',
        bonding_opts: 'mode=4 miimon=100',
        ip_address: `10.1.${at >> 8}.${at & 255}`,
        netmask: '255.255.0.0',
        dns_name: `${name}.example.org`,
        static: true,
      }),
      eth0: networkInterface({
        mac_address: mac(0).toUpperCase(),
        interface_type: 'bond_slave',
        interface_master: 'bond0',
      }),
      eth1: networkInterface({ mac_address: mac(1), interface_type: 'bond_slave', interface_master: 'bond0' }),
    },
    ipv6_autoconfiguration: false,
    repos_enabled: false,
    autoinstall: INHERIT,
    boot_loaders: INHERIT,
    enable_ipxe: INHERIT,
    gateway: '10.1.0.1',
    hostname: `${name}.example.org`,
    image: '',
    ipv6_default_device: '',
    name_servers: [],
    name_servers_search: [],
    netboot_enabled: at % 100 === 1,
    next_server_v4: INHERIT,
    next_server_v6: INHERIT,
    filename: INHERIT,
    power_address: `10.2.${at >> 8}.${at & 255}`,
    power_id: '',
    power_pass: `secret-${at}`,
    power_type: 'ipmilan',
    power_user: 'root',
    power_options: '',
    power_identity_file: '',
    profile: at % 2 === 0 ? 'el8-web' : 'el8-db',
    proxy: INHERIT,
    redhat_management_key: INHERIT,
    server: INHERIT,
    status: 'production',
    virt_auto_boot: INHERIT,
    virt_cpus: INHERIT,
    virt_disk_driver: INHERIT,
    virt_file_size: INHERIT,
    virt_path: INHERIT,
    virt_pxe_boot: false,
    virt_ram: INHERIT,
    virt_type: INHERIT,
    serial_device: -1,
    serial_baud_rate: -1,
    kernel_options: { node: String(at) },
    ...over,
  };
}

/** A site of so many systems, with items of every type; kernels lie in `folder`. */
export function makeSite(systems: number, folder: string): CobblerSite {
  const managed = {
    action: 'create',
    mode: '0644',
    owner: 'root',
    group: 'root',
    path: '/etc/motd',
    template: 'motd.tpl',
  };
  return {
    menus: [
      { ...common('site', 0, {}), display_name: 'The site' },
      { ...common('servers', 1, {}), display_name: 'Servers', parent: 'site' },
    ],
    repos: [
      {
        ...common('el8-base', 0, {}),
        arch: 'x86_64',
        breed: 'yum',
        apt_components: [],
        apt_dists: [],
        createrepo_flags: INHERIT,
        environment: {},
        keep_updated: true,
        mirror: 'http://mirror.example.org/el8',
        mirror_type: 'baseurl',
        mirror_locally: false,
        os_version: 'rhel8',
        priority: 99,
        proxy: INHERIT,
        rpm_list: [],
        rsyncopts: {},
        yumopts: { gpgcheck: '1' },
      },
    ],
    mgmtclasses: [
      {
        ...common('base', 0, {}),
        is_definition: false,
        params: {},
        class_name: 'base',
        files: ['motd'],
        packages: ['vim'],
      },
    ],
    packages: [{ ...common('vim', 0, {}), ...managed, path: '', template: '', installer: 'yum', version: '' }],
    files: [{ ...common('motd', 0, {}), ...managed, is_dir: false }],
    distros: [distro('el8', folder)],
    profiles: [
      // The name of a parent comes after those of its children.
      profile('el8-db', { parent: 'z-el8', distro: 'el8', is_subobject: true, depth: 2 }),
      profile('el8-web', { parent: 'z-el8', is_subobject: true, depth: 2, virt_ram: 4096 }),
      profile('z-el8', { distro: 'el8', repos: ['el8-base'], menu: 'servers' }),
    ],
    images: [
      {
        ...common('rescue', 0, {}),
        arch: 'x86_64',
        autoinstall: INHERIT,
        breed: 'redhat',
        file: '/srv/images/rescue.iso',
        image_type: 'iso',
        network_count: 1,
        os_version: 'rhel8',
        boot_loaders: ['grub'],
        menu: '',
        virt_auto_boot: false,
        virt_bridge: '',
        virt_cpus: 1,
        virt_disk_driver: 'raw',
        virt_file_size: INHERIT,
        virt_path: '',
        virt_ram: INHERIT,
        virt_type: INHERIT,
      },
    ],
    systems: Array.from({ length: systems }, (_, index) => system(index + 1)),
  };
}

/** Writes a site as Cobbler 3.3 keeps it: `COLLECTION/NAME.json`. */
export function writeSite(folder: string, site: CobblerSite): void {
  for (const [collection, items] of Object.entries(site)) {
    mkdirSync(path.join(folder, collection), { recursive: true });
    for (const item of items) {
      writeFileSync(path.join(folder, collection, `${String(item['name'])}.json`), JSON.stringify(item));
    }
  }
}
