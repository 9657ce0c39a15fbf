import { FieldError, isDict, textOf, type ItemValue, type SettingValues } from './item-value';
import { checkSize, readPairs, splitWords } from './item-values';

/** What a setting holds. */
export type SettingKind = 'flag' | 'int' | 'double' | 'text' | 'list' | 'struct';

/** One of Cobbler's settings. */
export interface Setting {
  kind: SettingKind;
  initial: ItemValue;
  /** Never shown to callers without a session, nor in logs. */
  secret: boolean;
  /** Least and greatest value of a number: beyond them nobody could use the server any more. */
  range?: readonly [number, number];
}

const SECRET = { secret: true };
const setting =
  (kind: SettingKind) =>
  (
    initial: ItemValue,
    { secret = false, range }: { secret?: boolean; range?: readonly [number, number] } = {},
  ): Setting => ({
    kind,
    initial,
    secret,
    ...(range && { range }),
  });
const [flag, int, double] = [setting('flag'), setting('int'), setting('double')];
const [text, list, struct] = [setting('text'), setting('list'), setting('struct')];
const words = (line: string): string[] => line.split(' ');

/**
 * Cobbler's settings by their own names, with the values Cobbler 3.3.7 ships, save that `anamon_enabled` is on (watching
 * installs is what this server is for) and that no password or key known to everybody is a default.
 */
export const SETTINGS: Readonly<Record<string, Setting>> = {
  allow_duplicate_hostnames: flag(false),
  allow_duplicate_ips: flag(false),
  allow_duplicate_macs: flag(false),
  allow_dynamic_settings: flag(false),
  always_write_dhcp_entries: flag(false),
  anamon_enabled: flag(true),
  auth_token_expiration: int(3600, { range: [60, 31_536_000] }),
  authn_pam_service: text('login'),
  auto_migrate_settings: flag(false),
  autoinstall: text('default.ks'),
  autoinstall_snippets_dir: text('/var/lib/cobbler/snippets'),
  autoinstall_templates_dir: text('/var/lib/cobbler/templates'),
  bind_chroot_path: text(''),
  bind_manage_ipmi: flag(true),
  bind_master: text('127.0.0.1'),
  bind_zonefile_path: text('/etc/bind/db.'),
  boot_loader_conf_template_dir: text('/etc/cobbler/boot_loader_conf'),
  bootloaders_dir: text('/var/lib/cobbler/loaders'),
  bootloaders_formats: struct({
    aarch64: { binary_name: 'grubaa64.efi' },
    arm: { binary_name: 'bootarm.efi' },
    'arm64-efi': { binary_name: 'grubaa64.efi', extra_modules: ['efinet'] },
    'i386-efi': { binary_name: 'bootia32.efi' },
    'i386-pc-pxe': { binary_name: 'grub.0', mod_dir: 'i386-pc', extra_modules: ['chain', 'pxe', 'biosdisk'] },
    i686: { binary_name: 'bootia32.efi' },
    IA64: { binary_name: 'bootia64.efi' },
    'powerpc-ieee1275': { binary_name: 'grub.ppc64le', extra_modules: ['net', 'ofnet'] },
    'x86_64-efi': { binary_name: 'grubx64.efi', extra_modules: ['chain', 'efinet'] },
  }),
  bootloaders_ipxe_folder: text('/usr/lib/ipxe'),
  bootloaders_modules: list(
    words(
      'btrfs ext2 xfs jfs reiserfs all_video boot cat configfile echo fat font gfxmenu gfxterm gzio halt iso9660 jpeg linux loadenv minicmd normal part_apple part_gpt part_msdos password_pbkdf2 png reboot search search_fs_file search_fs_uuid search_label sleep test true video mdraid09 mdraid1x lvm serial regexp tr tftp http luks gcry_rijndael gcry_sha1 gcry_sha256',
    ),
  ),
  bootloaders_shim_file: text('shim.*\\.efi\\.signed'),
  bootloaders_shim_folder: text('/usr/lib/shim'),
  build_reporting_email: list(['root@localhost']),
  build_reporting_enabled: flag(false),
  build_reporting_ignorelist: list([]),
  build_reporting_sender: text(''),
  build_reporting_smtp_server: text('localhost'),
  build_reporting_subject: text(''),
  buildisodir: text('/var/cache/cobbler/buildiso'),
  cache_enabled: flag(true),
  cheetah_import_whitelist: list(['random', 're', 'time', 'netaddr']),
  client_use_https: flag(false),
  client_use_localhost: flag(false),
  cobbler_master: text(''),
  convert_server_to_ip: flag(false),
  createrepo_flags: text('-c cache -s sha'),
  default_name_servers: list([]),
  default_name_servers_search: list([]),
  default_ownership: list(['admin']),
  default_password_crypted: text('', SECRET),
  default_template_type: text('cheetah'),
  default_virt_bridge: text('xenbr0'),
  default_virt_disk_driver: text('raw'),
  default_virt_file_size: double(5),
  default_virt_ram: int(512),
  default_virt_type: text('xenpv'),
  enable_ipxe: flag(false),
  enable_menu: flag(true),
  extra_settings_list: list([]),
  grub2_mod_dir: text('/usr/lib/grub'),
  grubconfig_dir: text('/var/lib/cobbler/grub_config'),
  http_port: int(80, { range: [1, 65_535] }),
  include: list(['/etc/cobbler/settings.d/*.settings']),
  iso_template_dir: text('/etc/cobbler/iso'),
  jinja2_includedir: text('/var/lib/cobbler/jinja2'),
  kernel_options: struct({}),
  lazy_start: flag(false),
  ldap_anonymous_bind: flag(true),
  ldap_base_dn: text('DC=example,DC=com'),
  ldap_port: int(389, { range: [1, 65_535] }),
  ldap_search_bind_dn: text(''),
  ldap_search_passwd: text('', SECRET),
  ldap_search_prefix: text('uid='),
  ldap_server: text('ldap.example.com'),
  ldap_tls: flag(true),
  ldap_tls_cacertdir: text(''),
  ldap_tls_cacertfile: text(''),
  ldap_tls_certfile: text(''),
  ldap_tls_cipher_suite: text(''),
  ldap_tls_keyfile: text(''),
  ldap_tls_reqcert: text(''),
  manage_dhcp: flag(false),
  manage_dhcp_v4: flag(false),
  manage_dhcp_v6: flag(false),
  manage_dns: flag(false),
  manage_forward_zones: list([]),
  manage_genders: flag(false),
  manage_reverse_zones: list([]),
  manage_rsync: flag(false),
  manage_tftpd: flag(true),
  mgmt_classes: list([]),
  mgmt_parameters: struct({ from_cobbler: true }),
  next_server_v4: text('127.0.0.1'),
  next_server_v6: text('::1'),
  nopxe_with_triggers: flag(true),
  nsupdate_enabled: flag(false),
  nsupdate_log: text('/var/log/cobbler/nsupdate.log'),
  nsupdate_tsig_algorithm: text('hmac-sha512'),
  nsupdate_tsig_key: list(['cobbler_update_key.', ''], SECRET),
  power_management_default_type: text('ipmilanplus'),
  proxies: list([]),
  proxy_url_ext: text(''),
  proxy_url_int: text(''),
  puppet_auto_setup: flag(false),
  puppet_parameterized_classes: flag(true),
  puppet_server: text(''),
  puppet_version: int(2),
  puppetca_path: text('/usr/bin/puppet'),
  pxe_just_once: flag(true),
  redhat_management_key: text('', SECRET),
  redhat_management_permissive: flag(false),
  redhat_management_server: text('xmlrpc.rhn.redhat.com'),
  register_new_installs: flag(false),
  remove_old_puppet_certs_automatically: flag(false),
  replicate_repo_rsync_options: text('-avzH'),
  replicate_rsync_options: text('-avzH'),
  reposync_flags: text('--newest-only --delete --refresh --remote-time'),
  reposync_rsync_flags: text('-rltDv --copy-unsafe-links'),
  restart_dhcp: flag(true),
  restart_dns: flag(true),
  run_install_triggers: flag(true),
  samba_distro_share: text('DISTRO'),
  scm_push_script: text('/bin/true'),
  scm_track_author: text('cobbler <cobbler@localhost>'),
  scm_track_enabled: flag(false),
  scm_track_mode: text('git'),
  serializer_pretty_json: flag(false),
  server: text('127.0.0.1'),
  sign_puppet_certs_automatically: flag(false),
  signature_path: text('/var/lib/cobbler/distro_signatures.json'),
  signature_url: text('https://cobbler.github.io/signatures/3.0.x/latest.json'),
  syslinux_dir: text('/usr/lib/syslinux'),
  syslinux_memdisk_folder: text('/usr/lib/syslinux'),
  syslinux_pxelinux_folder: text('/usr/lib/PXELINUX'),
  tftpboot_location: text('/srv/tftpboot'),
  virt_auto_boot: flag(true),
  webdir: text('/var/www/cobbler'),
  webdir_whitelist: list(
    words(
      'misc web webui localmirror repo_mirror distro_mirror images links pub repo_profile repo_system svc rendered .link_cache',
    ),
  ),
  windows_enabled: flag(false),
  windows_template_dir: text('/etc/cobbler/windows'),
  xmlrpc_port: int(25151, { range: [1, 65_535] }),
  yum_distro_priority: int(1),
  yum_post_install_mirror: flag(true),
  yumdownloader_flags: text('--resolve'),
};

/** All settings at their defaults. */
export const DEFAULT_SETTINGS: SettingValues = Object.freeze(
  Object.fromEntries(Object.entries(SETTINGS).map(([name, { initial }]) => [name, initial])),
);

/** Greatest whole number an answer may hold. */
const MAX_INT = 2_147_483_647;

/**
 * A value as the setting holds it, read as Cobbler's `modify_setting` does: numbers and flags take digits, text of words
 * becomes a list, text of `k=v` pairs a struct.
 *
 * @returns undefined when it cannot be one: `false` in letters is no flag, as in Cobbler.
 */
export function coerceSetting(setting: Setting, value: ItemValue): ItemValue | undefined {
  try {
    checkSize(value);
    return coerce(setting, value);
  } catch (error) {
    if (error instanceof FieldError) return undefined;
    throw error;
  }
}

function coerce({ kind, range }: Setting, value: ItemValue): ItemValue | undefined {
  switch (kind) {
    case 'flag': {
      const number = toNumber(value);
      return number === undefined ? undefined : number !== 0;
    }
    case 'int': {
      const number = toNumber(value);
      const [least, greatest] = range ?? [-MAX_INT, MAX_INT];
      return number !== undefined && Number.isInteger(number) && number >= least && number <= greatest
        ? number
        : undefined;
    }
    case 'double':
      return toNumber(value);
    case 'text':
      return typeof value === 'string' || typeof value === 'number' ? String(value) : undefined;
    case 'list':
      return Array.isArray(value) ? value : typeof value === 'string' ? splitWords(value) : undefined;
    case 'struct': {
      if (isDict(value)) return value;
      return typeof value === 'string'
        ? readPairs(value, { type: 'setting', field: 'value', values: {} }, true)
        : undefined;
    }
  }
}

function toNumber(value: ItemValue): number | undefined {
  if (typeof value === 'boolean') return Number(value);
  const text = typeof value === 'number' ? String(value) : textOf(value).trim();
  return /^[+-]?\d{1,15}(\.\d{1,15})?$/.test(text) ? Number(text) : undefined;
}
