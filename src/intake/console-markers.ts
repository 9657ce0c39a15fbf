import type { Counter, ErrorMarker, PhaseMarker, Voice } from './vocabulary';

/*
 * What anaconda, its initrd and the kernel below it print on a text console, where everything comes at once and without
 * names; see `markers.ts` for what is told of each. Lines wrap at 80 columns: patterns end before that.
 */

const CONSOLE: readonly Voice[] = ['console'];

export const CONSOLE_PHASES: readonly PhaseMarker[] = [
  {
    id: 'console-boot-line',
    phase: 'bootstrap',
    voices: CONSOLE,
    pattern: /^(?:Kernel c|C)ommand line: .{0,2000}\binst\.(?:ks|stage2|repo)=/,
    prints: 'every kernel; the boot options are those of EL7 and later: documentation',
  },
  {
    id: 'console-initrd',
    phase: 'bootstrap',
    voices: CONSOLE,
    pattern: /\banaconda:? (?:fetching|successfully fetched|found|parsing) (?:kickstart|stage2|\/)/,
    prints: 'EL7 and later, through dracut: logs EL8.3, F36; source',
  },
  {
    id: 'console-start',
    phase: 'bootstrap',
    voices: CONSOLE,
    pattern:
      /^(?:Starting installer, one moment|anaconda \S{1,80} for .{1,80} started\.|anaconda installer init version \S+ starting|Running anaconda \d[\w.]*, the .{1,60} system installer)/,
    prints: 'first two EL7 and later: log F43; the others EL5, EL6: from memory',
  },
  {
    id: 'console-config',
    phase: 'config',
    voices: CONSOLE,
    pattern:
      /^(?:Starting automated install|Checking software selection|Generating updated storage configuration|Saving storage configuration|Checking storage configuration|Setting up installation source|Downloading package metadata)/,
    prints: 'EL7 and later: log F43; Saving EL9 and later: public report; the others from memory',
  },
  {
    id: 'console-disks',
    phase: 'storage',
    voices: CONSOLE,
    pattern: /^Creating (?:disklabel on|\w+ on) \/dev\//,
    prints: 'EL7 and later in text mode: the titles are those of anaconda.log, log EL7',
  },
  {
    id: 'console-storage',
    phase: 'storage',
    voices: CONSOLE,
    pattern: /^(?:Configuring storage|Setting up the installation environment)\s*$/,
    prints: 'log F43',
  },
  {
    id: 'console-packages',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /^(?:Installing the software|Preparing transaction from installation source)\s*$/,
    prints: 'log F43',
  },
  {
    id: 'console-payload',
    phase: 'packages',
    voices: CONSOLE,
    pattern:
      /^(?:Starting package installation process|Downloading packages|Preparing deployment of \S|Deployment starting: \S|Deploying |Installing software \d)/,
    prints: 'first EL7: from memory; the others EL8 and later, ostree and live images: source',
  },
  {
    id: 'console-deployed',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /^Deployment complete: \S/,
    percent: 70,
    prints: 'ostree payloads, EL8 and later: source',
  },
  {
    id: 'console-bootloader',
    phase: 'bootloader',
    voices: CONSOLE,
    pattern: /^Installing boot loader/,
    prints: 'logs F40, F43',
  },
  {
    id: 'console-configure',
    phase: 'configure',
    voices: CONSOLE,
    pattern: /^(?:Configuring installed system|Creating users|Configuring addons|Generating initramfs)\s*$/,
    prints: 'log F43',
  },
  {
    id: 'console-post',
    phase: 'post',
    voices: CONSOLE,
    pattern: /^Running post-installation scripts\s*$/,
    prints: 'log F43',
  },
  {
    id: 'goes-down',
    phase: 'finalize',
    voices: ['console', 'helper'],
    pattern:
      /\bReached target (?:\S{1,40} - )?(?:System )?(?:Shutdown|Reboot|Power-Off|Power Off|Late Shutdown Services)\b|^reboot: (?:Restarting|Power down)|^Sending SIGTERM to remaining processes/,
    after: 'post',
    prints: 'EL7 and later: systemd and the kernel, from memory. Earlier than the last scripts it is no good sign',
  },
  {
    id: 'console-finished',
    phase: 'complete',
    voices: CONSOLE,
    pattern: /^Installation complete\b/,
    prints: 'EL7 and later in text mode: source',
    proves: 'end',
  },
];

export const CONSOLE_COUNTERS: readonly Counter[] = [
  {
    id: 'console-verified',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /^Verifying [A-Za-z0-9][\w.+~^:-]* \(\d+\/(?<total>\d+)\)\s*$/,
    prints: 'EL8, EL9 in text mode, after the last package: source',
    sets: 'count',
    step: 'scriptlets',
  },
  {
    id: 'console-download',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /^Downloading (?<total>\d+) RPMs, (?<bytes>[\d.]+ \w+) \/ (?<bytesTotal>[\d.]+ \w+) \(\d+%\) done/,
    prints: 'log F43',
    sets: 'download-bytes',
    step: 'download',
  },
  {
    id: 'console-counted',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /^\s*(?:\S+ )?[A-Za-z0-9][\w.+~^:-]* \((?<done>\d+)\/(?<total>\d+)\)(?: \S{1,40}){0,3}\s*$/,
    prints: 'log F43; EL7 and later in text mode: source; in some languages the verb stands behind: from memory',
    sets: 'count',
    step: 'install',
  },
  {
    id: 'console-completed',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /\bPackages completed: (?<done>\d+) of (?<total>\d+)\b/,
    prints: 'EL6 in text mode: from memory',
    sets: 'count',
    step: 'install',
  },
  {
    id: 'console-share',
    phase: 'packages',
    voices: CONSOLE,
    pattern: /^(?:Installing software|Receiving objects:|Receiving delta parts:) (?<share>\d{1,3})%/,
    prints: 'live images F37 and later: source; ostree payloads: from memory',
    sets: 'share',
    step: 'install',
  },
];

export const CONSOLE_ERRORS: readonly ErrorMarker[] = [
  {
    id: 'out-of-memory',
    severity: 'fatal',
    voices: CONSOLE,
    pattern: /\bOut of memory: Kill(?:ed)? process \d+ \((?:anaconda|python\S*|dnf|yum|rpm)\)/,
    prints: 'every kernel; what is killed is the installer or its package manager',
    explains: 8,
  },
  {
    id: 'no-root-device',
    severity: 'error',
    voices: CONSOLE,
    pattern: /\bVFS: Cannot open root device .*/,
    prints: 'every kernel, before it panics: it was booted without a usable initrd',
    phase: 'booting',
    explains: 7,
  },
  {
    id: 'initramfs-broken',
    severity: 'error',
    voices: CONSOLE,
    pattern: /\bInitramfs unpacking failed: (?!invalid magic).*/,
    prints: 'every kernel: too little memory, or half an initrd. Not invalid magic, which healthy machines print too',
    phase: 'booting',
    explains: 6,
  },
  {
    id: 'pane-dead',
    severity: 'fatal',
    voices: CONSOLE,
    pattern: /\bPane is dead\b/,
    // After the last scripts it is what a finished installer leaves behind until the machine is down.
    before: 'post',
    prints: 'EL7 and later: tmux, when anaconda has ended: public reports',
    say: 'the installer has ended before its time (tmux: Pane is dead)',
    explains: 1,
  },
  {
    id: 'service-failed',
    severity: 'fatal',
    voices: CONSOLE,
    pattern: /\bFailed to start (?:anaconda\S*\.service - |)(?:the anaconda installation program|Anaconda\b).*/,
    prints: 'EL7 and later: systemd, seen by the tests of others',
    explains: 4,
  },
  {
    id: 'exited-abnormally',
    severity: 'fatal',
    voices: CONSOLE,
    pattern: /\binstall exited abnormally\b.*/,
    prints: 'EL5, EL6: source of their init',
    explains: 3,
  },
  {
    id: 'loader-question',
    severity: 'error-asks',
    voices: ['installer', 'console'],
    pattern:
      /\b(?:Unable to download the kickstart file|Error downloading kickstart file|Unable to retrieve (?:http|https|ftp|nfs)\S*|failed to retrieve (?:http|https|ftp|nfs)\S*)/,
    prints: 'EL5, EL6: source of their loader; it asks for another place. The last one from memory',
    phase: 'bootstrap',
    explains: 7,
  },
  {
    id: 'driver-disk-question',
    severity: 'asks',
    voices: CONSOLE,
    pattern: /^# to (?:toggle selection|select), .{0,40}\bor 'c'-continue: ?$/,
    prints: 'EL7 and later, inst.dd without a location: public log EL8.2',
    phase: 'bootstrap',
    say: 'which driver disk or driver is to be used (# to select, c to continue)',
    explains: 1,
  },
  {
    id: 'initrd-curl',
    severity: 'error',
    voices: CONSOLE,
    // Not 22: the server answers, and optional images are normally absent.
    pattern: /\b(?<text>curl: \((?!22\))\d{1,3}\) .*)/,
    prints: 'EL7 and later, from the initrd: log EL7',
    before: 'config',
    phase: 'bootstrap',
    explains: 6,
  },
  {
    id: 'panic',
    severity: 'fatal',
    stands: true,
    voices: CONSOLE,
    pattern: /Kernel panic - not syncing.*/,
    prints: 'every kernel',
    phase: 'booting',
    explains: 8,
  },
  // The initrd's failures are read on a console only: where anamon runs, the initrd has got over them.
  {
    id: 'initrd-timeout',
    severity: 'error',
    voices: CONSOLE,
    pattern:
      /dracut-initqueue:? (?:timeout - |timeout, |)(?:starting timeout scripts|still waiting for following initqueue hooks)/,
    prints: 'EL7 and later: log EL7; dracut 054 and later words it differently: public logs',
    phase: 'bootstrap',
    explains: 3,
  },
  {
    id: 'initrd-dead',
    severity: 'fatal',
    voices: CONSOLE,
    pattern:
      /Warning: Could not boot|Warning: Boot has failed\. To debug|You are in emergency mode|Dracut Emergency Shell|Entering emergency mode|Generating "\/run\/initramfs\/rdsosreport\.txt"|Anaconda installer errors begin|\/dev\/root does not exist/,
    prints: 'EL7 and later: logs EL7, EL9; systemd and dracut of all of them',
    phase: 'bootstrap',
    explains: 3,
  },
  {
    id: 'initrd-fetch',
    severity: 'fatal',
    voices: CONSOLE,
    pattern: /failed to fetch (?:kickstart|stage2) from \S+|unknown network (?:kickstart|repository) URL/,
    prints: 'EL7 and later: logs EL7',
    phase: 'bootstrap',
    explains: 7,
  },
  {
    id: 'initrd-image',
    severity: 'error',
    voices: CONSOLE,
    pattern: /\bWarning: (?:no suitable images|\S{1,300} has no suitable runtime)/,
    prints: 'EL7 and later, from disks and discs: source',
    phase: 'bootstrap',
    explains: 6,
  },
  {
    id: 'initrd-download',
    severity: 'error',
    voices: CONSOLE,
    pattern: /Downloading '\S{1,1000}' failed!/,
    prints: 'EL7 and later: log EL7; another place may have the file',
    phase: 'bootstrap',
    explains: 6,
  },
];
