import type { Phase } from '../../domain/phase';
import type { Random } from './random';

/** What the time of a step depends on: the disks, the processors, the mirror, or nothing about the machine. */
export type Bound = 'disk' | 'cpu' | 'network' | 'fixed';

/** How an installer goes through one phase. */
export interface PhaseModel {
  phase: Phase;
  /** Least and most seconds on usual hardware; which of the profile's, is chosen once per profile. */
  seconds: readonly [number, number];
  bound: Bound;
  /** Times it tells how far it is; 0 = it is silent from the entry to the next phase. */
  pieces: number;
  /** Shares of the phase before the first of them and after the last. */
  quiet: readonly [number, number];
}

/** An installer as its words go, with the times of its logs. */
export interface InstallerModel {
  /** As log readers name it; null: it reports by status messages. */
  installer: string | null;
  isImage: boolean;
  phases: readonly PhaseModel[];
}

const silent = (phase: Phase, seconds: readonly [number, number], bound: Bound): PhaseModel => ({
  ...{ phase, seconds, bound, pieces: 0, quiet: [0, 0] as const },
});

const counting = (
  seconds: readonly [number, number],
  pieces: number,
  quiet: readonly [number, number],
): PhaseModel => ({ phase: 'packages', seconds, bound: 'network', pieces, quiet });

/**
 * The installers of the experiment, by the times measured in real logs: debootstrap 95 to 150 s and pkgsel 55 to 580 s,
 * curtin's kernel 90 s without a word, Ubuntu's upgrades 3 to 10 minutes, an initramfs 50 s, an image in one step; the
 * rest from the logs of RHEL 8.3, Fedora 36, Debian 10, Ubuntu 22.10 and Leap 15.4.
 */
export const INSTALLER_MODELS = {
  /** A made-up medium install from a near mirror, as `simulate` plays it. */
  plain: {
    installer: null,
    isImage: false,
    phases: [
      silent('config', [40, 40], 'cpu'),
      silent('storage', [30, 30], 'disk'),
      counting([420, 420], 12, [0, 0]),
      silent('bootloader', [20, 20], 'disk'),
      silent('configure', [90, 90], 'cpu'),
      silent('post', [120, 120], 'fixed'),
      silent('finalize', [20, 20], 'disk'),
    ],
  },
  'anaconda-el8': {
    installer: 'anaconda',
    isImage: false,
    phases: [
      silent('bootstrap', [35, 60], 'network'),
      silent('config', [20, 45], 'network'),
      silent('storage', [15, 30], 'disk'),
      counting([300, 900], 24, [0.25, 0.15]),
      silent('bootloader', [10, 20], 'disk'),
      silent('configure', [60, 110], 'cpu'),
      silent('post', [20, 600], 'fixed'),
      silent('finalize', [10, 25], 'disk'),
    ],
  },
  'anaconda-el9': {
    installer: 'anaconda',
    isImage: false,
    phases: [
      silent('bootstrap', [30, 55], 'network'),
      silent('config', [20, 40], 'network'),
      silent('storage', [12, 25], 'disk'),
      counting([150, 600], 24, [0.3, 0.12]),
      silent('bootloader', [8, 15], 'disk'),
      silent('configure', [55, 95], 'cpu'),
      silent('post', [20, 1200], 'fixed'),
      silent('finalize', [10, 20], 'disk'),
    ],
  },
  'debian-installer': {
    installer: 'debian-installer',
    isImage: false,
    phases: [
      silent('bootstrap', [30, 70], 'network'),
      silent('config', [15, 40], 'network'),
      silent('storage', [15, 40], 'disk'),
      counting([150, 730], 30, [0.03, 0.03]),
      silent('bootloader', [10, 25], 'disk'),
      silent('post', [5, 60], 'fixed'),
      silent('finalize', [8, 20], 'disk'),
    ],
  },
  subiquity: {
    installer: 'subiquity',
    isImage: false,
    phases: [
      silent('bootstrap', [50, 90], 'network'),
      silent('config', [20, 50], 'network'),
      silent('storage', [10, 20], 'disk'),
      // Extract, then the kernel: 90 s without a word.
      silent('packages', [130, 220], 'disk'),
      silent('bootloader', [10, 20], 'disk'),
      // Ubuntu's security updates.
      silent('configure', [180, 600], 'network'),
      silent('post', [10, 300], 'fixed'),
      silent('finalize', [8, 20], 'disk'),
    ],
  },
  // Its log has no counts of packages.
  autoyast: {
    installer: 'yast',
    isImage: false,
    phases: [
      silent('bootstrap', [60, 110], 'network'),
      silent('config', [40, 80], 'cpu'),
      silent('storage', [25, 50], 'disk'),
      silent('packages', [300, 700], 'network'),
      silent('bootloader', [15, 30], 'disk'),
      silent('configure', [60, 180], 'cpu'),
      silent('post', [10, 240], 'fixed'),
      silent('finalize', [15, 40], 'disk'),
    ],
  },
  'image-write': {
    installer: null,
    isImage: true,
    phases: [
      silent('bootstrap', [30, 60], 'network'),
      silent('storage', [10, 20], 'disk'),
      silent('packages', [400, 1500], 'disk'),
      silent('bootloader', [5, 15], 'disk'),
      silent('configure', [10, 40], 'cpu'),
      silent('finalize', [5, 15], 'disk'),
    ],
  },
  ostree: {
    installer: 'anaconda',
    isImage: true,
    phases: [
      silent('bootstrap', [30, 55], 'network'),
      silent('config', [10, 25], 'network'),
      silent('storage', [12, 25], 'disk'),
      silent('packages', [240, 900], 'network'),
      silent('bootloader', [8, 15], 'disk'),
      silent('configure', [10, 30], 'cpu'),
      silent('finalize', [10, 20], 'disk'),
    ],
  },
} as const satisfies Record<string, InstallerModel>;

export type ModelName = keyof typeof INSTALLER_MODELS;

/** When, in milliseconds into a phase that lasts `ms`, an installer tells how far it is, and what share that is. */
export function pieceTimes({ pieces, quiet }: PhaseModel, ms: number, random: Random): { at: number; share: number }[] {
  const from = ms * quiet[0];
  const span = ms * (1 - quiet[0] - quiet[1]);
  // Packages differ in size: pieces are as even as their number allows, never quite.
  return Array.from({ length: pieces }, (_, index) => {
    const jitter = index + 1 < pieces ? (random.next() - 0.5) * 0.8 : 0;
    return { at: from + (span * (index + 1 + jitter)) / pieces, share: (index + 1) / pieces };
  });
}
