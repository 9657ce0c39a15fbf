/** The steps of a run, in order. `percent` is the band an estimate stays in. Measured on 36 installer logs. */
export const PHASES = [
  { id: 'pending', percent: [0, 0], meaning: 'run known, no sign of life' },
  { id: 'booting', percent: [0, 3], meaning: 'firmware fetches kernel and initrd (DHCP, TFTP, iPXE, HTTP)' },
  { id: 'bootstrap', percent: [3, 8], meaning: 'installer kernel is up and fetches its own image' },
  { id: 'config', percent: [8, 14], meaning: 'answers read and checked, sources and metadata set up' },
  { id: 'storage', percent: [14, 20], meaning: 'disks partitioned, formatted, mounted' },
  { id: 'packages', percent: [20, 74], meaning: 'payload: download, transaction, image extract' },
  { id: 'bootloader', percent: [74, 80], meaning: 'boot loader written' },
  { id: 'configure', percent: [80, 90], meaning: 'installed system configured: users, network, initramfs, updates' },
  { id: 'post', percent: [90, 96], meaning: 'user scripts: %post, late commands' },
  { id: 'finalize', percent: [96, 99], meaning: 'logs copied, file systems unmounted, reboot asked for' },
  { id: 'complete', percent: [100, 100], meaning: 'success proven' },
] as const;

export type Phase = (typeof PHASES)[number]['id'];

/** The ids of PHASES, in order. */
export const PHASE_IDS: readonly Phase[] = PHASES.map((phase) => phase.id);

const ORDER = new Map<string, number>(PHASE_IDS.map((id, index) => [id, index]));

/** True when `text` is the id of a phase. */
export function isPhase(text: unknown): text is Phase {
  return typeof text === 'string' && ORDER.has(text);
}

/** Position of a phase in PHASES; later phases have larger numbers. */
export function phaseOrder(phase: Phase): number {
  return ORDER.get(phase)!;
}

/** The percent band of a phase: [lowest, highest], whole install = 100. */
export function phaseBand(phase: Phase): readonly [number, number] {
  return PHASES[phaseOrder(phase)]!.percent;
}
