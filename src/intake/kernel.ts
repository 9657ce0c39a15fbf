import type { ErrorMarker, Installer } from './vocabulary';

const ERRORS: readonly ErrorMarker[] = [
  {
    id: 'out-of-memory',
    severity: 'fatal',
    voices: ['kernel'],
    pattern:
      /^(?:\[ *\d+\.\d+\] )?(?:Out of memory: Kill(?:ed)? process \d+ \((?:anaconda|python\S*|dnf|yum|rpm|curtin|subiquity\S*|debootstrap|dpkg|apt\S*|y2\S*)\)|Process \d+ \(anaconda\) of user \d+ dumped core)/,
    prints: 'every kernel: source of anaconda’s tests; what is killed is the installer or its package manager',
    explains: 8,
  },
  {
    id: 'out-of-memory-other',
    severity: 'error',
    voices: ['kernel'],
    pattern: /^(?:\[ *\d+\.\d+\] )?Out of memory: Kill(?:ed)? process \d+ \(/,
    prints: 'every kernel; what was killed is not the installer',
    explains: 4,
  },
  {
    id: 'no-root-device',
    severity: 'error',
    voices: ['kernel'],
    pattern: /\bVFS: Cannot open root device .*/,
    prints: 'every kernel, before it panics: it was booted without a usable initrd',
    phase: 'booting',
    explains: 7,
  },
  {
    id: 'panic',
    severity: 'fatal',
    stands: true,
    voices: ['kernel'],
    pattern: /Kernel panic - not syncing.*/,
    prints: 'every kernel',
    phase: 'booting',
    explains: 8,
  },
];

/** What the Linux kernel says under every installer: it is nobody's in particular. */
export const KERNEL: Installer = {
  name: 'kernel',
  files: [],
  phases: [],
  counters: [],
  errors: ERRORS,
  benign: [{ pattern: /ACPI (?:BIOS )?Error|avc:  denied|kauditd_printk_skb/, why: 'noise of healthy machines' }],
  split: (_kind, line) => ({ voice: 'kernel', level: '', logger: '', text: line.replace(/^\[ *\d+\.\d+\] /, '') }),
  tagged: (tag, level, text) => (tag === 'kernel' ? { voice: 'kernel', level, logger: '', text } : null),
  // The last words of a console: whose kernel it was is not known then.
  sniff: (line) =>
    /^\[ *\d+\.\d+\] (?:\[ *[TC]\d+\] ?)?(?:Kernel panic - not syncing|VFS: Cannot open root device)/.test(line)
      ? 'console'
      : null,
};
