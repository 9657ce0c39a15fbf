import { CONSOLE_COUNTERS, CONSOLE_PHASES } from './console-markers';
import type { Counter, LogFile, PhaseMarker, Voice } from './vocabulary';

/*
 * What anaconda prints, release by release. Facts measured on real logs (`fixtures/intake`); `prints` names the
 * releases and, where no log was at hand, the source they were read in. Patterns see the text after time, level and
 * logger. Progress titles are translated: wherever there is a thread name, a step name or a kickstart line, that is
 * the marker to trust, the title merely comes earlier.
 */

const INSTALLER: readonly Voice[] = ['installer'];

/** EL5 and EL6: `moving (1) to step X`, `leaving (1) step X`. */
const step = (names: string): RegExp =>
  new RegExp(`^(?:moving \\(-?\\d+\\) to|leaving \\(-?\\d+\\)) step (?:${names})$`);
/** EL9, F36 and later run the parts of an install as threads with untranslated names. */
const task = (names: string): RegExp => new RegExp(`^Running Thread: AnaTaskThread-(?:${names})Task-`);

/** Files by name, as anamon and anaconda call them. */
export const ANACONDA_FILES: readonly LogFile[] = [
  { pattern: /^(?:anaconda|packaging|storage|dnf)\.log$/, kind: 'installer' },
  { pattern: /^program\.log$/, kind: 'program' },
  { pattern: /^(?:sys\.log|syslog|virtio\.log|journal\.log)$/, kind: 'tagged' },
  { pattern: /^(?:tmp\+)?(?:install|upgrade)\.log$/, kind: 'package-list' },
  { pattern: /^(?:anacdump\.txt|anaconda-tb.*)$/, kind: 'traceback', secret: true },
  { pattern: /^console\.log$/, kind: 'console' },
  { pattern: /^ks-(?:script|pre|post).*$/, kind: 'user' },
  { pattern: /^messages$/, kind: 'booted' },
  { pattern: /\.(?:cfg|ks)$/, kind: 'other', secret: true },
];

export const ANACONDA_PHASES: readonly PhaseMarker[] = [
  {
    id: 'start',
    phase: 'bootstrap',
    voices: INSTALLER,
    pattern:
      /^\/\S*bin\/anaconda \d|^anaconda version \S+ on \S+ starting|^Running anaconda script \/usr\/bin\/anaconda/,
    prints: 'EL5, EL6 (last two forms), EL7 to F43: logs',
    proves: 'begin',
  },
  {
    id: 'ipmi-started',
    phase: 'bootstrap',
    voices: INSTALLER,
    pattern: /^Reporting the IPMI event: 7\b/,
    prints: 'EL9, F36 and later: logs F36, F43',
  },
  {
    id: 'initrd',
    phase: 'bootstrap',
    voices: ['initrd'],
    pattern: /^(?:Warning: )?anaconda: (?:fetching|successfully fetched|parsing) (?:kickstart|stage2)/,
    prints: 'EL7 and later: logs EL8.3, F36',
  },
  {
    id: 'kickstart',
    phase: 'config',
    voices: INSTALLER,
    pattern: /^(?:Parsing kickstart: |Found a kickstart file: |parsing kickstart )/,
    prints: 'EL7.5, EL8.3, F43: logs',
  },
  {
    id: 'pre-scripts',
    phase: 'config',
    voices: INSTALLER,
    pattern: /^(?:Running kickstart %%pre script|All kickstart %%pre script)/,
    prints: 'all releases; never translated: log EL8.3',
  },
  {
    id: 'sources',
    phase: 'config',
    voices: INSTALLER,
    pattern:
      /^[Cc]onfiguring (?:the )?base repo|^(?:Running Thread|Thread Done): AnaPayloadThread|^Set up installation sources$/,
    prints: 'EL7.5, EL8.3, F43: logs',
  },
  { id: 'step-repositories', phase: 'config', voices: INSTALLER, pattern: step('reposetup'), prints: 'EL5, EL6: logs' },
  {
    id: 'step-storage',
    phase: 'storage',
    voices: INSTALLER,
    pattern: step('enablefilesystems|autopartitionexecute'),
    prints: 'EL5, EL6: logs',
  },
  {
    id: 'installation-started',
    phase: 'storage',
    voices: INSTALLER,
    pattern: /^The installation has started|^Running Thread: AnaInstallThread/,
    prints: 'first form F43, second EL7.5, EL8.3, F36: logs',
  },
  {
    id: 'storage-titles',
    phase: 'storage',
    voices: INSTALLER,
    pattern:
      /^Queue started: (?:Early storage configuration|Installation environment setup|Pre-install)|^Task started: (?:Create storage layout|Activate filesystems|Mount filesystems|Write the storage)|^Creat(?:ing|ed) (?:disklabel on|\w+ on \/dev\/)|^Running pre-installation (?:scripts|tasks)/,
    prints: 'EL7.5, EL8.3, F36: logs; titles are translated',
  },
  {
    id: 'storage-tasks',
    phase: 'storage',
    voices: INSTALLER,
    pattern: task('CreateStorageLayout|ActivateFilesystems|MountFilesystems|WriteConfiguration'),
    prints: 'EL9, F36 and later: source; WriteConfiguration log EL8.3',
  },
  {
    id: 'step-packages',
    phase: 'packages',
    voices: INSTALLER,
    pattern: step('installpackages|postinstallconfig'),
    prints: 'EL5, EL6: logs',
  },
  {
    id: 'package-titles',
    phase: 'packages',
    voices: INSTALLER,
    pattern:
      /^Preparing to install packages|^ ?(?:running transaction|transaction complete)$|^Task started: Install the payload|^Queue started: Payload installation|^(?:Download packages|Install packages|Deploy OSTree)$|^Preparing transaction from installation source|^ostree image deploy starting|^Configuring \(running scriptlet for\)/,
    prints: 'EL6, EL7.5, EL8.3, EL10, F36, F43, F44: logs',
  },
  {
    id: 'image-deployed',
    phase: 'packages',
    voices: INSTALLER,
    pattern: /^ostree image deploy complete|^ostree admin deploy complete/,
    percent: 70,
    prints: 'F38 and later, EL10: from memory',
  },
  {
    id: 'package-tasks',
    phase: 'packages',
    voices: INSTALLER,
    pattern: task('DownloadPackages|InstallPackages|DeployOSTree|DeployBootc|InstallFrom\\w+|PullRemoteAndDelete'),
    prints: 'F36 and later: logs F43, F44; DeployBootc F44: source',
  },
  {
    id: 'step-bootloader',
    phase: 'bootloader',
    voices: INSTALLER,
    pattern: step('instbootloader'),
    prints: 'EL5, EL6: logs',
  },
  {
    id: 'bootloader-titles',
    phase: 'bootloader',
    voices: INSTALLER,
    pattern:
      /^Installing boot loader|^boot loader stage1 target device is|^Task started: (?:Configure|Install)(?: the)? bootloader|^Queue started: Bootloader installation/,
    prints: 'EL7.5, EL8.3, F36: logs; stage1 is never translated',
  },
  {
    id: 'bootloader-tasks',
    phase: 'bootloader',
    voices: INSTALLER,
    pattern: task('(?:Configure|Install)Bootloader'),
    prints: 'EL8 and later, in sys.log and storage.log: log EL8.3',
  },
  {
    id: 'bootloader-command',
    phase: 'bootloader',
    voices: ['program'],
    pattern: /^Running(?: in chroot '[^']*')?\.\.\. (?:\/usr\/sbin\/)?(?:efibootmgr|grub2?-install)\b/,
    prints: 'EL7.5, EL8.3: logs',
  },
  {
    id: 'step-configure',
    phase: 'configure',
    voices: INSTALLER,
    pattern: step('writeconfig|firstboot|writeksconfig|setfilecon'),
    prints: 'EL5, EL6: logs',
  },
  {
    id: 'configure-titles',
    phase: 'configure',
    voices: INSTALLER,
    pattern:
      /^(?:Performing post-installation setup tasks|Configuring installed system|Writing network configuration|Creating users|Configuring addons|Generating initramfs)\b|^Queue started: (?:Post-installation setup tasks|Installed system configuration|Network configuration|User creation|Anaconda addon|Initramfs generation|Configuration queue)|^recreating initrd for /,
    prints: 'EL7.5, EL8.3, F36: logs; titles are translated',
  },
  {
    id: 'configure-tasks',
    phase: 'configure',
    voices: INSTALLER,
    pattern:
      /^Running Thread: (?:AnaConfigurationThread|AnaTaskThread-(?:CreateUsers|CreateGroups|SetRootPassword|NetworkInstallation|RecreateInitrds|FixZIPLBootloader)Task-)/,
    prints: 'AnaConfigurationThread EL7.5, the others EL8 and later: logs EL7.5, EL8.3, F36',
  },
  {
    id: 'post-scripts',
    phase: 'post',
    voices: INSTALLER,
    pattern:
      /^Running kickstart %%post script|^Queue started: Post installation scripts|^Task started: Run post installation scripts|^Running post-installation scripts/,
    prints: 'all releases; the first is never translated: logs EL7.5, EL8.3, F36',
  },
  {
    id: 'after-post',
    phase: 'finalize',
    voices: INSTALLER,
    pattern:
      /^All kickstart %%post script\(s\) have been run|^Task started: (?:Set file contexts|Copy installation logs)/,
    prints: 'all releases: log F36',
  },
  {
    id: 'step-finalize',
    phase: 'finalize',
    voices: INSTALLER,
    pattern: step('copylogs|methodcomplete|postscripts|dopostaction'),
    prints: 'EL5, EL6: logs (copylogs)',
  },
  {
    id: 'finalize-tasks',
    phase: 'finalize',
    voices: INSTALLER,
    pattern: task('SetContexts|CopyLogs'),
    prints: 'F36 and later: log F36',
  },
  {
    id: 'finished',
    phase: 'complete',
    voices: INSTALLER,
    pattern: /\bInstallation successfully finished\.|^The installation has finished\.|^Reporting the IPMI event: 8\b/,
    prints: 'first form EL8 and later: source, which promises to keep it; the others log F43',
    proves: 'end',
  },
  ...CONSOLE_PHASES,
];

export const ANACONDA_COUNTERS: readonly Counter[] = [
  {
    id: 'total-selected',
    phase: 'config',
    voices: INSTALLER,
    pattern:
      /^(?<total>\d+) packages selected totalling |^The software selection has been resolved \((?<total2>\d+) packages/,
    prints: 'first form EL7.5, EL8.3, second F36, F43: logs; the last one counts',
    sets: 'count',
  },
  {
    id: 'total-transaction',
    phase: 'packages',
    voices: INSTALLER,
    pattern: /^Starting the installation\. Total packages: (?<total>\d+)/,
    prints: 'log F43',
    sets: 'count',
    step: 'install',
  },
  {
    id: 'counted',
    phase: 'packages',
    voices: INSTALLER,
    logger: /^packaging$/,
    pattern: /^(?:\S+ )?[A-Za-z0-9][\w.+~^:-]* \((?<done>\d+)\/(?<total>\d+)\)$/,
    prints:
      'EL7: while installing in the journal, afterwards as a list in packaging.log: log EL7.5; the verb is translated',
    sets: 'count',
    step: 'install',
  },
  {
    id: 'installed',
    phase: 'packages',
    voices: INSTALLER,
    logger: /^packaging$|transaction_progress$/,
    pattern: /^Installed: \S+ \d+ [0-9a-f]{32,}/,
    prints: 'EL8.3 (packaging.log), F36 (anaconda.log): logs; EL10: source',
    sets: 'one-more',
    step: 'install',
  },
  {
    id: 'installing',
    phase: 'packages',
    voices: INSTALLER,
    logger: /transaction_progress$/,
    pattern: /^Installing - \S+/,
    prints: 'F43 (DNF5): log',
    sets: 'one-more',
    step: 'install',
  },
  {
    id: 'download-started',
    phase: 'packages',
    voices: INSTALLER,
    logger: /download_progress$/,
    pattern: /^Started downloading '(?<name>[^']+)' - (?<bytes>\d+)(?:\.\d+)? bytes/,
    prints: 'F43 (DNF5): log',
    sets: 'download-started',
    step: 'download',
  },
  {
    id: 'download-done',
    phase: 'packages',
    voices: INSTALLER,
    logger: /download_progress$/,
    pattern: /^Downloaded '(?<name>[^']+)'/,
    prints: 'F43 (DNF5): log',
    sets: 'download-done',
    step: 'download',
  },
  {
    id: 'downloading',
    phase: 'packages',
    voices: INSTALLER,
    pattern: /^Downloading packages to /,
    prints: 'EL8.3, F36, F43: logs',
    sets: 'count',
    step: 'download',
  },
  {
    id: 'image-copied',
    phase: 'packages',
    voices: INSTALLER,
    pattern: /^Installed [\d.]+ \w+ \((?<share>\d{1,3})%\)$/,
    prints: 'live images, F37 and later: source',
    sets: 'share',
    step: 'install',
  },
  {
    id: 'scriptlets',
    phase: 'packages',
    voices: INSTALLER,
    pattern:
      /^ ?transaction complete$|^Post installation setup phase started|^(?:moving \(-?\d+\) to) step postinstallconfig$/,
    prints: 'EL6, EL7.5, EL8.3, F36: logs. Not "Configuring (running scriptlet for)": that comes between packages',
    sets: 'count',
    step: 'scriptlets',
  },
  {
    id: 'package-list',
    phase: 'packages',
    voices: ['package-list'],
    pattern: /^(?:Installing|Upgrading) (?:\d+:)?[\w.+-]+-[\w.+~]+-[\w.+~]+$/,
    prints: 'EL5, EL6: log EL5',
    sets: 'one-more',
    step: 'install',
  },
  ...CONSOLE_COUNTERS,
];
