import { INSTALLER_MODELS, type InstallerModel, type ModelName } from '../../src/cli/simulate/installers';
import { around, playInstall, type Fate, type Hardware, type PlayedInstall } from '../../src/cli/simulate/play-install';
import { createRandom, shuffle, type Random } from '../../src/cli/simulate/random';
import type { Phase } from '../../src/domain/phase';

/** One machine of the labelled set: what it is, when it begins, what it does. */
export interface LabelledRun extends PlayedInstall {
  name: string;
  profile: string;
  distro: string;
  model: InstallerModel;
  /** Milliseconds since the beginning of the experiment. */
  startsAt: number;
}

/** Software that machines are installed with. */
interface ProfileSpec {
  name: string;
  distro: string;
  model: ModelName;
  /** How often it is installed, against the others. */
  share: number;
  packages: number;
  /** Generations of hardware: times the usual duration, and how often. */
  hardware: readonly (readonly [number, number])[];
}

const ONE = [[1, 1]] as const;
const OLD_AND_NEW = [
  [0.7, 0.5],
  [1.8, 0.5],
] as const;
const MIXED = [
  [0.6, 0.3],
  [1, 0.4],
  [2.5, 0.3],
] as const;

const PROFILES: readonly ProfileSpec[] = [
  { name: 'web', distro: 'el9', model: 'anaconda-el9', share: 22, packages: 420, hardware: ONE },
  { name: 'db', distro: 'el9', model: 'anaconda-el9', share: 10, packages: 610, hardware: OLD_AND_NEW },
  { name: 'hpc', distro: 'el8', model: 'anaconda-el8', share: 15, packages: 1100, hardware: MIXED },
  { name: 'legacy', distro: 'el8', model: 'anaconda-el8', share: 4, packages: 700, hardware: [[2.2, 1]] },
  { name: 'debian-web', distro: 'debian12', model: 'debian-installer', share: 12, packages: 480, hardware: ONE },
  { name: 'debian-desk', distro: 'debian12', model: 'debian-installer', share: 5, packages: 1900, hardware: MIXED },
  { name: 'ubuntu', distro: 'jammy', model: 'subiquity', share: 12, packages: 600, hardware: OLD_AND_NEW },
  { name: 'ubuntu-gpu', distro: 'jammy', model: 'subiquity', share: 3, packages: 900, hardware: ONE },
  { name: 'sles', distro: 'sles15', model: 'autoyast', share: 6, packages: 800, hardware: OLD_AND_NEW },
  { name: 'sap', distro: 'sles15-sap', model: 'autoyast', share: 1, packages: 1300, hardware: ONE },
  { name: 'kiosk', distro: 'kiosk-image', model: 'image-write', share: 6, packages: 0, hardware: MIXED },
  { name: 'edge', distro: 'iot', model: 'ostree', share: 4, packages: 0, hardware: ONE },
];

/** Of a hundred runs so many have each trouble; the rest is healthy. */
const TROUBLES: readonly (readonly [Fate, number])[] = [
  ['silent', 10],
  ['crawling', 5],
  ['failing', 5],
  ['restarting', 3],
  ['waiting', 3],
  ['cut-short', 2],
];

/** Machines of one rack begin within two minutes; the next rack so much later. */
const RACK = 8;
const RACK_EVERY_MS = 50 * 60_000;
/** Machines of one generation differ by so much: standard deviation of the logarithm. */
const MACHINE_SPREAD = 0.08;
/** The mirror is faster on some days than on others, and after a move to another one for good. */
const MIRROR_SPREAD = 0.2;
const MIRROR_MOVE = { at: 0.6, times: 1.5 };

/**
 * The labelled runs of a seed, in the order they begin. Pure.
 *
 * @param names - the profiles that are installed: all, unless some are named.
 */
export function makeLabelledRuns(count: number, seed: number, names?: readonly string[]): LabelledRun[] {
  const random = createRandom(seed);
  const installed = PROFILES.filter(({ name }) => !names || names.includes(name));
  const software = new Map(installed.map((profile) => [profile.name, makeSoftware(profile, random)]));
  const profiles = Array.from({ length: count }, () => pickProfile(installed, random));
  const fates = assignFates(profiles, random);
  let mirror = 0;
  return profiles.map((profile, index) => {
    if (index % RACK === 0) mirror = 0.8 * mirror + 0.6 * Math.log(around(random, MIRROR_SPREAD));
    const moved = index > count * MIRROR_MOVE.at ? MIRROR_MOVE.times : 1;
    const machine = pickHardware(profile, random) * around(random, MACHINE_SPREAD);
    const hardware: Hardware = {
      pace: { disk: machine, cpu: machine, network: Math.exp(mirror) * moved * Math.sqrt(machine), fixed: 1 },
      seconds: software.get(profile.name)!,
      packages: profile.packages,
    };
    const model: InstallerModel = INSTALLER_MODELS[profile.model];
    const startsAt = Math.floor(index / RACK) * RACK_EVERY_MS + random.whole(0, 120_000);
    return {
      name: `m${index + 1}`,
      profile: profile.name,
      distro: profile.distro,
      model,
      startsAt,
      ...playInstall(model, hardware, fates[index]!, random),
    };
  });
}

/** Seconds each phase of a profile takes on usual hardware: anything between the extremes, small as likely as large. */
function makeSoftware({ model }: ProfileSpec, random: Random): Partial<Record<Phase, number>> {
  const phases: readonly { phase: Phase; seconds: readonly [number, number] }[] = INSTALLER_MODELS[model].phases;
  return Object.fromEntries(
    phases.map(({ phase, seconds: [least, most] }) => [phase, least * (most / least) ** random.next()]),
  );
}

function pickProfile(profiles: readonly ProfileSpec[], random: Random): ProfileSpec {
  let rest = random.next() * profiles.reduce((sum, { share }) => sum + share, 0);
  return profiles.find(({ share }) => (rest -= share) < 0) ?? profiles[0]!;
}

function pickHardware({ hardware }: ProfileSpec, random: Random): number {
  let rest = random.next();
  return (hardware.find(([, share]) => (rest -= share) < 0) ?? hardware[0]!)[0];
}

/** Only what counts can crawl. */
function assignFates(profiles: readonly ProfileSpec[], random: Random): Fate[] {
  const fates = Array<Fate>(profiles.length).fill('healthy');
  const free = shuffle([...profiles.keys()], random);
  for (const [fate, percent] of TROUBLES) {
    for (let left = Math.round((profiles.length * percent) / 100); left > 0; left -= 1) {
      const at = free.findIndex((index) => fate !== 'crawling' || canCrawl(profiles[index]!));
      fates[free.splice(at, 1)[0]!] = fate;
    }
  }
  return fates;
}

function canCrawl({ model }: ProfileSpec): boolean {
  const phases: readonly { pieces: number }[] = INSTALLER_MODELS[model].phases;
  return phases.some(({ pieces }) => pieces > 0);
}
