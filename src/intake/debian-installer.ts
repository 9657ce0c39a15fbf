import { DEBIAN_BENIGN, DEBIAN_ERRORS } from './debian-installer-errors';
import { DEBIAN_COUNTERS, DEBIAN_FILES, DEBIAN_PHASES } from './debian-installer-markers';
import { NOBODYS, type FileKind, type Installer, type LogLine, type Voice } from './vocabulary';

/** What the main menu passes on of the programs it runs: `(process:4234): text`. */
const CHILD = /^\(process:\d{1,10}\): ?(.*)$/s;

/** Programs whose lines have a meaning. Their udebs are called alike, so are the items of the menu. */
const HELPER =
  /^(?:(?:\/bin\/)?in-target|(?:run-)?debootstrap|(?:base|live|grub|lilo|elilo|flash-kernel|systemd-boot|yaboot|zipl|arcboot|nobootloader)-?installer|flash-kernel|nobootloader|apt-setup(?:-udeb)?|pkgsel|tasksel|finish-install|preseed|partman[\w-]{0,40}|netcfg|anna|(?:cdrom|net|media|file)-retriever|choose-mirror|cdrom-detect|cdrom-checker|iso-scan|load-iso|loop-install|disk-detect|hw-detect|ethdetect|clock-setup|user-setup|localechooser|kickseed|oem-config)$/;

/** Lines of the installer's fourth console, which have a name and no time. */
const UNTIMED = /^\s{0,40}((?:\/bin\/)?[a-z][\w-]{1,40}) ?(?:\[\d{1,10}\])?: ?(.*)$/s;
/** The main menu's own words, quoted without its name. */
const QUOTED = /^\s{0,40}((?:INFO: Menu item|WARNING \*\*: (?:Menu item|Configuring)) '[\w.+-]{1,80}' .{0,200})$/s;
/** Of those, the ones only this installer prints. */
const UNTIMED_OWN =
  /^\s{0,40}(?:main-menu ?(?:\[\d{1,10}\])?: (?:INFO: Menu item|WARNING \*\*: (?:Menu item|Configuring)) '|(?:base-installer|grub-installer|apt-setup|finish-install|debootstrap|in-target): \S)/;

/** debian-installer: Debian, and Ubuntu up to 20.04 (the server image of old, netboot). */
export const DEBIAN_INSTALLER: Installer = {
  name: 'debian-installer',
  files: DEBIAN_FILES,
  phases: DEBIAN_PHASES,
  counters: DEBIAN_COUNTERS,
  errors: DEBIAN_ERRORS,
  benign: DEBIAN_BENIGN,
  task: /^INFO: Menu item '(?<task>[\w.+-]{1,80})' selected$/,
  split: splitLine,
  tagged,
  sniff: (line) => (UNTIMED_OWN.test(line) || QUOTED.test(line) ? 'console' : null),
};

function splitLine(kind: FileKind, line: string, _previous: Voice): LogLine {
  if (kind !== 'console') return NOBODYS;
  const quoted = QUOTED.exec(line);
  if (quoted) return tagged('main-menu', '', quoted[1]!) ?? NOBODYS;
  const [, tag = '', text = ''] = UNTIMED.exec(line) ?? [];
  return tagged(tag, '', text) ?? NOBODYS;
}

function tagged(tag: string, level: string, text: string): LogLine | null {
  if (tag === 'main-menu') {
    const child = CHILD.exec(text);
    // Of what the programs of the menu print only their own words count: users' scripts are run by them as well.
    if (child) return { voice: 'helper', level, logger: 'main-menu/process', text: child[1]!.trimEnd() };
    return { voice: 'menu', level, logger: tag, text: text.trimEnd() };
  }
  if (!HELPER.test(tag)) return null;
  // apt draws its progress with carriage returns.
  return {
    voice: 'helper',
    level,
    logger: tag.replace(/^\/bin\//, ''),
    text: text.replace(/^(?:\r|\^M)+/, '').trimEnd(),
  };
}
