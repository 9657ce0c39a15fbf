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
  split: (_kind, line) => ({ voice: 'kernel', level: '', logger: '', text: line }),
  tagged: (tag, level, text) => (tag === 'kernel' ? { voice: 'kernel', level, logger: '', text } : null),
  sniff: () => null,
};
