import type { Phase } from '../domain/phase';
import type { ErrorMarker, Voice } from './vocabulary';

/*
 * What debian-installer logs when something goes wrong; see `debian-installer-markers.ts`. The cause comes first, under the
 * name of the program, then the item of the menu fails. The installer then shows its menu and waits: an unattended install
 * is over.
 */

const MENU: readonly Voice[] = ['menu'];
const HELPER: readonly Voice[] = ['helper'];

const PHASE_OF_ITEM: readonly (readonly [RegExp, Phase])[] = [
  [/bootstrap-base|base-installer|live-installer|pkgsel|tasksel|apt-/, 'packages'],
  [/partman|partitioner/, 'storage'],
  [/-installer' failed|nobootloader|flash-kernel|grub-installer/, 'bootloader'],
  [/finish-install|prebaseconfig/, 'finalize'],
  [/preseed|user-setup|clock-setup|tzsetup|disk-detect/, 'config'],
  [/./, 'bootstrap'],
];

/** What programs print before the step that ran them fails: better words than the name of the step. */
const CAUSE =
  /(?:^|[ :])\S{1,60}: (?:(?:\(process:\d{1,10}\): )?(?:E: |EF: |Err: |error: |grub-install: error: |tasksel: |dpkg: error |WARNING \*\*: (?!Menu item|Configuring)|wget: |mv: |mount: |chroot: |mkfs\S{0,20}: ))(?<text>\S.{0,300}?)\s{0,4}$/;

export const DEBIAN_ERRORS: readonly ErrorMarker[] = [
  {
    id: 'item-failed',
    severity: 'fatal',
    stands: true,
    once: true,
    voices: MENU,
    pattern:
      /^WARNING \*\*: (?:Configuring '(?<item>[\w.+-]{1,80})' failed with error code (?<code>\d{1,5})|Menu item '(?<item2>[\w.+-]{1,80})' failed\.?)/,
    // 10: somebody goes back; 30: the step was skipped.
    unless: /failed with error code (?:10|30)\s*$/,
    prints: 'every release: log Ubuntu 14.04, public reports from 2007 to 2024',
    phaseFrom: PHASE_OF_ITEM,
    say: "the step '$<item>$<item2>' failed",
    cause: CAUSE,
    explains: 5,
  },
  {
    id: 'menu-shown',
    severity: 'asks',
    once: true,
    voices: MENU,
    pattern: /^INFO: Modifying debconf priority limit from '\w{1,10}' to '(?:medium|low)'/,
    prints: 'every release: log Ubuntu 14.04; the menu is shown, and waits',
    say: 'the installer shows its menu and waits',
    explains: 1,
  },
  {
    id: 'network-console',
    severity: 'asks',
    once: true,
    voices: MENU,
    pattern: /^INFO: Menu item 'network-console' selected$/,
    prints: 'every release: name of the package, documentation',
    say: 'the installer waits for somebody to log in by SSH (network-console)',
    explains: 1,
  },
  {
    id: 'base-installer',
    severity: 'fatal',
    stands: true,
    voices: HELPER,
    logger: /^(?:base|live)-installer$/,
    pattern: /^error: (?:exiting on error )?(?<text>\S.{0,300})/,
    prints: 'every release: log Ubuntu 14.04, public reports from 2005 to 2024',
    phase: 'packages',
    say: 'the base system could not be installed: $<text>',
    cause: CAUSE,
    explains: 6,
  },
  {
    id: 'bootloader',
    severity: 'fatal',
    voices: HELPER,
    logger:
      /^(?:(?:grub|lilo|elilo|flash-kernel|systemd-boot|yaboot|zipl|arcboot)-installer|flash-kernel|nobootloader)$/,
    pattern: /^(?:(?<cls>grub-install|bootctl|flash-kernel|lilo): )?error: (?!processing )(?<text>\S.{0,300})/,
    prints: 'every release: log Debian 2026 (remote); the installer may be told to go on',
    phase: 'bootloader',
    explains: 8,
  },
  {
    id: 'debootstrap',
    severity: 'error',
    voices: HELPER,
    logger: /^(?:run-)?debootstrap$/,
    pattern: /^(?:E|EF): (?<text>\S.{0,300})/,
    prints: 'every release: public reports from 2013 to 2024',
    phase: 'packages',
    explains: 7,
  },
  {
    id: 'corrupt',
    severity: 'error',
    voices: HELPER,
    logger: /^(?:run-)?debootstrap$/,
    pattern:
      /^(?:W: )?(?<text>(?:\S{1,300} was corrupt|Couldn't download \S.{0,200}|Couldn't find these debs: .{1,300}|Failure (?:trying to run|while) .{1,300}|(?:Invalid|No) Release (?:file|signature).{0,200}|Release (?:file )?signed by unknown key.{0,200}))$/,
    prints: 'every release: public reports (first form); the others: words of debootstrap',
    phase: 'packages',
    explains: 7,
  },
  {
    id: 'apt',
    severity: 'error',
    voices: HELPER,
    logger: /^(?:in-target|pkgsel|apt-setup)$/,
    // Old logs have the letter and the words in two lines.
    pattern:
      /^(?:E: (?<text>\S.{0,300})|: (?<cls>Unable to (?:correct problems|locate package|fetch)\b.{0,300}|Sub-process \S.{0,300}|Failed to fetch \S.{0,300}))/,
    prints: 'every release: log Ubuntu 14.04, public reports from 2007 to 2024',
    phase: 'packages',
    explains: 7,
  },
  {
    id: 'tasksel',
    severity: 'error',
    voices: HELPER,
    logger: /^in-target$/,
    pattern: /^(?<text>tasksel: \S{1,40} failed \(\d{1,5}\))/,
    prints: 'every release: public reports Ubuntu 6.10, 18.04',
    phase: 'packages',
    explains: 5,
  },
  {
    id: 'dpkg',
    severity: 'error',
    voices: HELPER,
    logger: /^(?:in-target|debootstrap|grub-installer|base-installer)$/,
    pattern: /^(?:dpkg: )?(?<text>error processing (?:package |archive )?\S.{0,300})/,
    prints: 'every release: public reports',
    phase: 'packages',
    explains: 6,
  },
  {
    id: 'disk-full',
    severity: 'error',
    voices: HELPER,
    pattern: /(?<text>No space left on device)/,
    prints: 'every release, in the words of whatever wrote',
    phase: 'packages',
    explains: 8,
  },
  {
    id: 'component',
    severity: 'error',
    voices: HELPER,
    logger: /^anna$/,
    pattern:
      /^WARNING \*\*: (?<text>(?:package retrieval failed|bad md5sum|bad (?:sha|checksum)|can't find packages file)\b.{0,200})/,
    prints: 'every release: public reports 2007, 2019 (first form); the others: source',
    phase: 'bootstrap',
    say: 'a part of the installer could not be fetched: $<text>',
    cause:
      /\banna(?:\[\d{1,10}\])?: (?:wget: )?(?<text>[^\n]{0,80}(?:ERROR \d{3}: [A-Z][\w ]{1,40}|error \d{3}: \S.{1,60}|unable to resolve host address \S{1,200}|server returned error\S? .{1,80}))/,
    explains: 6,
  },
  {
    id: 'mirror',
    severity: 'error-asks',
    voices: HELPER,
    logger: /^choose-mirror$/,
    pattern: /^WARNING \*\*: (?<text>(?:mirror does not (?:have|support)|broken mirror: ).{0,300})/,
    prints: 'every release: public reports 2011, 2021, 2026; a dialog says next that the mirror is bad',
    phase: 'bootstrap',
    explains: 6,
  },
  {
    id: 'preseed',
    severity: 'error-asks',
    voices: HELPER,
    logger: /^preseed$/,
    pattern: /^error:? (?<text>\S.{0,300})$/,
    prints: 'every release: public reports of Debian 12 and 13; it stops with a red dialog',
    phase: 'config',
    say: 'preseed: $<text>',
    explains: 7,
  },
  {
    id: 'preseed-command',
    severity: 'error-asks',
    voices: HELPER,
    logger: /^preseed$/,
    pattern: /^(?<text>.{0,300}(?:failed with (?:error|exit) code|exited with (?:status|code)) \d{1,5})/,
    unless: /running preseed command /,
    prints: 'every release: the words of the dialog, from memory that they are logged',
    explains: 7,
  },
  {
    id: 'late-command',
    severity: 'error-asks',
    voices: HELPER,
    logger: /^finish-install$/,
    pattern: /^warning: \/usr\/lib\/finish-install\.d\/07preseed returned error code (?<code>\d{1,5})/,
    prints: 'every release: the form log Ubuntu 12.04 has for scripts of the base installer',
    phase: 'post',
    say: 'the late command failed with code $<code>',
    explains: 7,
  },
  {
    id: 'finish-script',
    severity: 'error',
    voices: HELPER,
    logger: /^finish-install$/,
    pattern: /^warning: (?<text>\/usr\/lib\/finish-install\.d\/\S{1,100} returned error code \d{1,5})/,
    prints: 'every release: as above',
    explains: 3,
  },
  {
    id: 'no-lease',
    severity: 'error',
    voices: HELPER,
    logger: /^main-menu\/process$/,
    pattern: /^udhcpc: (?<text>no lease, (?:failing|forking).{0,80})/,
    prints: 'busybox of every release: source; the menu passes it on once the step is over',
    before: 'storage',
    phase: 'bootstrap',
    say: 'DHCP gave no address (udhcpc: $<text>)',
    explains: 6,
  },
  {
    id: 'partman',
    severity: 'error',
    voices: HELPER,
    logger: /^partman/,
    pattern:
      /^(?<text>(?:Error: |error: |mke2fs: |mkfs\.\w{1,10}: )\S.{0,300}|(?:Expert recipe|Available disk space|Recipe)\b.{0,200}too (?:large|small).{0,200})$/,
    prints: 'every release: public report Ubuntu 2012 (last form); the others: from memory',
    phase: 'storage',
    explains: 7,
  },
  {
    id: 'said-error',
    severity: 'error',
    voices: HELPER,
    pattern: /^error: (?<text>\S.{0,300})/,
    prints: 'every release, by whatever logs through the shell library of the installer: log Ubuntu 14.04, reports',
    explains: 5,
  },
];

/** Lines that look like errors in healthy installs. */
export const DEBIAN_BENIGN: readonly { pattern: RegExp; why: string }[] = [
  { pattern: /grub-install: warning: /, why: 'variables of EFI; when it matters an error follows: log Debian 2026' },
  { pattern: /E: (?:The repository |Failed to fetch )'?cdrom:/, why: 'the medium is no repository: log Debian 10' },
  { pattern: /\(this is not fatal\)/, why: 'grub legacy' },
];
