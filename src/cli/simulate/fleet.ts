import type { ModelName } from './installers';
import { PERSONALITIES, scriptMachine, type MachineScript, type Personality } from './machine';
import { createRandom, shuffle } from './random';

/** How many of a kind: a number of machines, or a share of all of them. */
export type Amount = { count: number } | { share: number };

/** Amounts per personality; those not named are filled in. */
export type Mix = Partial<Record<Personality, Amount>>;

/** One simulated machine. */
export interface Machine {
  name: string;
  /** Its own, made from its number: no two systems of a server may share one. */
  mac: string;
  script: MachineScript;
}

/** Of every ten machines one of each kind of trouble; the rest is good. */
const DEFAULT_SHARE = 0.1;

/**
 * How many machines of each personality. Without a wish there is some of everything; as soon as one is named, the others
 * are named too or none, and what is left is good.
 *
 * @throws RangeError when more machines are wished for than there are.
 */
export function countMix(total: number, mix: Mix): Record<Personality, number> {
  const counts = Object.fromEntries(PERSONALITIES.map((each) => [each, 0])) as Record<Personality, number>;
  const hasWish = PERSONALITIES.some((each) => mix[each] !== undefined);
  for (const personality of PERSONALITIES) {
    const amount = mix[personality] ?? (hasWish || personality === 'good' ? null : { share: DEFAULT_SHARE });
    if (amount) counts[personality] = 'count' in amount ? amount.count : Math.floor(total * amount.share + 1e-9);
  }
  const sum = PERSONALITIES.reduce((all, each) => all + counts[each], 0);
  if (sum > total) throw new RangeError(`${sum} machines of different kinds are more than the ${total} there are.`);
  counts.good += total - sum;
  return counts;
}

/** Somebody walks along the racks and switches them on: the last one so much simulated time after the first. */
const SWITCH_ON_MS = 120_000;

/** The machines of a fleet. Pure: the same seed gives the same machines. */
export function makeFleet(
  total: number,
  mix: Mix,
  options: { seed: number; withTriggers: boolean; like?: ModelName },
): Machine[] {
  const random = createRandom(options.seed);
  const counts = countMix(total, mix);
  const personalities = shuffle(
    PERSONALITIES.flatMap((personality) => Array<Personality>(counts[personality]).fill(personality)),
    random,
  );
  return personalities.map((personality, index) => {
    const script = scriptMachine(personality, random.whole(0, 2 ** 31 - 1), options);
    const switchedOn = random.whole(0, SWITCH_ON_MS);
    const steps = script.steps.map((step) => ({ ...step, at: step.at + switchedOn }));
    return { name: machineName(index), mac: machineMac(index), script: { ...script, steps } };
  });
}

/** `sim-0001` for the first machine. */
export function machineName(index: number): string {
  return `sim-${String(index + 1).padStart(4, '0')}`;
}

/** Locally administered (second bit of the first byte), with `53 49` for SI. */
function machineMac(index: number): string {
  const bytes = [0x02, 0x53, 0x49, (index >> 16) & 255, (index >> 8) & 255, index & 255];
  return bytes.map((byte) => byte.toString(16).padStart(2, '0')).join(':');
}
