import type { Counter, LogFile, PhaseMarker, Voice } from './vocabulary';

/*
 * What debian-installer logs, from Debian 6 and Ubuntu 10.04 on: the main menu names each item it runs, there is no line
 * at the end of one. Names of items are those of packages and never translated. Nothing is printed when the machine
 * reboots: an install is proven by a preseeded command or by the first boot.
 */

const MENU: readonly Voice[] = ['menu'];
const HELPER: readonly Voice[] = ['helper'];

/** `Menu item 'X' selected`. */
const item = (names: string): RegExp => new RegExp(`^INFO: Menu item '(?:${names})' selected$`);
/** `Running /usr/lib/finish-install.d/07preseed`. */
const finishScript = (names: string): RegExp => new RegExp(`^info: Running /usr/lib/finish-install\\.d/(?:${names})`);

/** Files by name, in the installer's /var/log and in /var/log/installer of the system it makes. */
export const DEBIAN_FILES: readonly LogFile[] = [
  { pattern: /^(?:(?:installer|d-i)[-.])?syslog$/, kind: 'tagged' },
  { pattern: /^(?:questions|passwords|templates)\.dat$/, kind: 'other', secret: true },
  { pattern: /^(?:initial-)?preseed(?:\.cfg)?$/, kind: 'other', secret: true },
];

export const DEBIAN_PHASES: readonly PhaseMarker[] = [
  {
    id: 'menu-answered',
    phase: 'bootstrap',
    voices: MENU,
    pattern: item(
      "(?!(?:save-logs|di-utils-shell|di-utils-exit-installer|di-utils-reboot|cdrom-checker|mediacheck|abort)')[\\w.+-]{1,80}",
    ),
    prints: 'every release: logs Debian 10, Ubuntu 12.04; what helps a human in trouble is no answer',
    proves: 'answered',
  },
  {
    id: 'first-item',
    phase: 'bootstrap',
    voices: MENU,
    pattern: item('localechooser|languagechooser'),
    prints: 'every release: logs Debian 10, Ubuntu 12.04. With auto=true the network comes first: documentation',
    proves: 'begin',
  },
  {
    id: 'early-items',
    phase: 'bootstrap',
    voices: MENU,
    pattern: item(
      'console-setup-udeb|kbd-chooser|brltty-udeb|espeakup-udeb|lowmem(?:check)?|rescue-mode|cdrom-detect|load-cdrom|load-media|iso-scan|load-iso|ethdetect|hw-detect-full|netcfg(?:-static)?|auto-install|choose-mirror|download-installer|network-console|driver-injection-disk-detect',
    ),
    prints: 'every release: logs Debian 10, Ubuntu 12.04; choose-mirror and download-installer netboot: public reports',
  },
  {
    id: 'components',
    phase: 'bootstrap',
    voices: HELPER,
    logger: /^anna$/,
    pattern: /^DEBUG: retrieving \S/,
    percent: 6,
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
  {
    id: 'preseed-items',
    phase: 'config',
    voices: MENU,
    pattern: item('(?:file|initrd|env|network)-preseed|preseed-common'),
    prints: 'every release: log Ubuntu 12.04 (file-preseed); the others: names of the packages',
  },
  {
    id: 'preseed-loaded',
    phase: 'config',
    voices: HELPER,
    logger: /^preseed$/,
    pattern: /^(?:successfully loaded preseed file from |running preseed command preseed\/(?:early|include)_command\b)/,
    prints: 'every release: log Ubuntu 12.04; the early command: public reports of the same line for late ones',
  },
  {
    id: 'account-items',
    phase: 'config',
    voices: MENU,
    pattern: item('user-setup-udeb|clock-setup|tzsetup-udeb|tzsetup'),
    percent: 12,
    prints: 'every release: logs Debian 10, Ubuntu 12.04; tzsetup-udeb: public reports',
  },
  {
    id: 'disk-detect',
    phase: 'config',
    voices: MENU,
    pattern: item('disk-detect|harddrive-detection|multipath-udeb'),
    percent: 13,
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
  {
    id: 'storage',
    phase: 'storage',
    voices: MENU,
    pattern: item('partman-base|partitioner|partman-auto|zfs-?\\w*'),
    prints: 'every release: logs Debian 10, Ubuntu 12.04; once more whenever somebody goes back',
  },
  {
    id: 'file-systems',
    phase: 'storage',
    voices: HELPER,
    logger: /^partman/,
    pattern: /^(?:mke2fs \d|mkfs\.\w{1,10} |Creating (?:journal|filesystem)|meta-data=)/,
    percent: 18,
    prints: 'every release: logs Debian 10, Ubuntu 12.04 (mke2fs); the others: words of those programs',
  },
  {
    id: 'base-system',
    phase: 'packages',
    voices: MENU,
    pattern: item('bootstrap-base|base-installer|live-installer'),
    percent: 20,
    prints:
      'every release: logs Debian 10, Ubuntu 12.04, 14.04; base-installer Ubuntu 7.04; live-installer 14.04: reports',
  },
  {
    id: 'base-installer',
    phase: 'packages',
    voices: HELPER,
    logger: /^(?:base|live)-installer$/,
    pattern: /^info: (?:arch_kernel|Found kernels |Using kernel |kernel \S|Installing queued packages )/,
    percent: 40,
    prints: 'every release: logs Debian 10, Ubuntu 12.04, 14.04',
  },
  {
    id: 'apt-setup',
    phase: 'packages',
    voices: MENU,
    pattern: item('apt-setup-udeb|apt-mirror-setup|apt-cdrom-setup|apt-setup'),
    percent: 46,
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
  {
    id: 'pkgsel',
    phase: 'packages',
    voices: MENU,
    pattern: item('pkgsel|tasksel'),
    percent: 50,
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
  {
    id: 'tasksel',
    phase: 'packages',
    voices: HELPER,
    logger: /^pkgsel$/,
    pattern: /^starting tasksel$/,
    percent: 52,
    prints: 'every release: log Ubuntu 12.04',
  },
  {
    id: 'extra-packages',
    phase: 'packages',
    voices: HELPER,
    logger: /^pkgsel$/,
    pattern: /^installing additional packages$/,
    percent: 66,
    prints: 'every release: source',
  },
  {
    id: 'pkgsel-done',
    phase: 'packages',
    voices: HELPER,
    logger: /^pkgsel$/,
    pattern: /^finishing up$/,
    percent: 72,
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
  {
    id: 'bootloader-items',
    phase: 'bootloader',
    voices: MENU,
    pattern: item(
      '(?:grub|lilo|elilo|flash-kernel|systemd-boot|yaboot|zipl|arcboot|palo|silo|aboot|sibyl)-installer|nobootloader|flash-kernel',
    ),
    prints: 'every release: logs Debian 10, Ubuntu 12.04; the others: names of the packages',
  },
  {
    id: 'bootloader-runs',
    phase: 'bootloader',
    voices: HELPER,
    logger: /^(?:grub|lilo|elilo|flash-kernel|systemd-boot)-installer$/,
    pattern:
      /^(?:info: (?:Installing grub on |Additionally installing |Running chroot )|Installing for \S{1,60} platform\.)/,
    percent: 76,
    prints: 'every release: logs Debian 10, Ubuntu 12.04, Debian 2026 (remote)',
  },
  {
    id: 'bootloader-done',
    phase: 'bootloader',
    voices: HELPER,
    logger: /^(?:grub|lilo|elilo|systemd-boot)-installer$/,
    pattern: /^info: (?:grub-install|lilo|bootctl) ran successfully/,
    percent: 79,
    prints: 'every release: logs Debian 10, Ubuntu 12.04 (grub-install)',
  },
  {
    id: 'finish-item',
    phase: 'configure',
    voices: MENU,
    pattern: item('finish-install|prebaseconfig'),
    percent: 86,
    prints: 'every release: logs Debian 10, Ubuntu 12.04; it makes the users before it runs the late command',
  },
  {
    id: 'late-command',
    phase: 'post',
    voices: HELPER,
    logger: /^preseed$/,
    pattern: /^running preseed command preseed\/late_command\b/,
    prints: 'every release: log Ubuntu 12.04, public reports of Debian 13',
  },
  {
    id: 'late-script',
    phase: 'post',
    voices: HELPER,
    logger: /^finish-install$/,
    pattern: finishScript('07preseed\\b'),
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
  {
    id: 'saves-logs',
    phase: 'finalize',
    voices: HELPER,
    logger: /^finish-install$/,
    pattern: finishScript('9[4-9]'),
    percent: 98,
    prints: 'every release: logs Debian 10, Ubuntu 12.04; what is kept on the disk ends here',
  },
  {
    id: 'finish-scripts',
    phase: 'finalize',
    voices: HELPER,
    logger: /^finish-install$/,
    pattern: finishScript('[1-8]\\d|9[0-3]'),
    after: 'configure',
    prints: 'every release: logs Debian 10, Ubuntu 12.04',
  },
];

export const DEBIAN_COUNTERS: readonly Counter[] = [
  {
    id: 'base-packages',
    phase: 'packages',
    voices: HELPER,
    logger: /^debootstrap$/,
    pattern: /^Unpacking (?:replacement )?(?<name>\S{1,200} \([^)]{1,200}\))/,
    prints: 'every release: logs Debian 10, Ubuntu 12.04; about 100 to 150 packages, nobody says how many',
    sets: 'one-more-named',
    step: 'download',
    phaseOnly: true,
  },
  {
    id: 'packages',
    phase: 'packages',
    voices: HELPER,
    logger: /^in-target$/,
    pattern: /^Unpacking (?:replacement )?(?<name>\S{1,200} \([^)]{1,200}\))/,
    prints: 'every release: logs Debian 10, Ubuntu 12.04. In the phase post these are the words of a late command',
    sets: 'one-more-named',
    step: 'install',
    phaseOnly: true,
  },
  {
    id: 'batch',
    phase: 'packages',
    voices: HELPER,
    logger: /^in-target$/,
    pattern: /^(?<more>\d{1,6}) (?:packages )?upgraded, (?<total>\d{1,6}) newly installed/,
    prints: 'every release: logs Debian 10, Ubuntu 12.04, 14.04; `packages upgraded` aptitude: documentation',
    sets: 'batch',
    phaseOnly: true,
  },
  {
    id: 'batch-apt3',
    phase: 'packages',
    voices: HELPER,
    logger: /^in-target$/,
    pattern: /^ {0,4}Upgrading: (?<more>\d{1,6}), Installing: (?<total>\d{1,6}), Removing: /,
    prints: 'apt 2.9 and later (Debian 13), where apt itself is run: documentation',
    sets: 'batch',
    phaseOnly: true,
  },
];
