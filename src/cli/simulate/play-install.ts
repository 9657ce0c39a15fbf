import { phaseOrder, type Phase } from '../../domain/phase';
import { pieceTimes, type Bound, type InstallerModel } from './installers';
import type { Random } from './random';

/** How an install goes. */
export const FATES = ['healthy', 'silent', 'crawling', 'failing', 'restarting', 'waiting', 'cut-short'] as const;
export type Fate = (typeof FATES)[number];

/** One thing the machine lets be known, milliseconds after its installer began. */
export interface Beat {
  at: number;
  kind: 'started' | 'progress' | 'heard' | 'waiting' | 'failed' | 'finished';
  phase: Phase;
  /** Packages so far, and of how many, where the installer counts. */
  done?: number;
  total?: number;
  text?: string;
}

/** What was played, and what is true of it. */
export interface PlayedInstall {
  fate: Fate;
  beats: Beat[];
  /** When trouble began: silence, crawling, the question, the second start; null when there was none. */
  troubleAt: number | null;
  /** When it was done; null when it never was. */
  finishedAt: number | null;
}

/** What one machine is like. Times are multiplied by these. */
export interface Hardware {
  pace: Readonly<Record<Bound, number>>;
  /** Seconds each phase of the model takes on usual hardware with the software of the profile. */
  seconds: Readonly<Partial<Record<Phase, number>>>;
  packages: number;
}

/** A step differs so much from run to run on the same machine: standard deviation of the logarithm. */
const NOISE = 0.15;
/** Of the phases, the share in which something outside holds up a healthy install … */
const HITCH_SHARE = 0.015;
/** … for so long: a mirror that times out and is asked again up to ten times, a lease. Seconds. */
const HITCH_SECONDS: readonly [number, number] = [60, 300];
/** A machine that hangs may still chatter: its kernel logs on. Seconds between such lines. */
const CHATTER_SECONDS: readonly [number, number] = [60, 300];
/** … for this long, when somebody pulls the plug. */
const CHATTER_MS = 3 * 3_600_000;
/** A crawling machine needs this long for each package. Seconds. */
const CRAWL_SECONDS: readonly [number, number] = [120, 300];
/** Nothing is played beyond this: a run is given up by then. */
const END_MS = 10 * 3_600_000;
/** A question is answered after so many seconds; one in three never. */
const ANSWER_SECONDS: readonly [number, number] = [300, 5_400];

const SECOND = 1_000;

/** One install, of this fate, by this installer on this machine. Pure: the same random numbers give the same story. */
export function playInstall(model: InstallerModel, hardware: Hardware, fate: Fate, random: Random): PlayedInstall {
  const healthy = playHealthy(model, hardware, random);
  const end = healthy.at(-1)!.at;
  switch (fate) {
    case 'healthy':
      return { fate, beats: healthy, troubleAt: null, finishedAt: end };
    case 'silent': {
      const troubleAt = end * (0.02 + 0.96 * random.next());
      const beats = healthy.filter(({ at }) => at <= troubleAt);
      const chatter = random.chance(0.5) ? chatterOf(beats.at(-1)!, troubleAt, random) : [];
      return { fate, beats: [...beats, ...chatter], troubleAt, finishedAt: null };
    }
    case 'failing': {
      const troubleAt = end * (0.1 + 0.88 * random.next());
      const beats = healthy.filter(({ at }) => at <= troubleAt);
      const { phase } = beats.at(-1)!;
      const failed = { at: troubleAt, kind: 'failed', phase, text: `step failed in ${phase}` } as const;
      return { fate, beats: [...beats, failed], troubleAt, finishedAt: null };
    }
    case 'crawling':
      return playCrawling(healthy, random);
    case 'restarting':
      return playRestarting(healthy, playHealthy(model, hardware, random), random);
    case 'waiting':
      return playWaiting(healthy, random);
    case 'cut-short': {
      // Says it is done when it has hardly begun.
      const troubleAt = end * (0.05 + 0.15 * random.next());
      const beats = healthy.filter(({ at }) => at <= troubleAt);
      const finished = { at: troubleAt, kind: 'finished', phase: 'complete' } as const;
      return { fate, beats: [...beats, finished], troubleAt, finishedAt: troubleAt };
    }
  }
}

function normal(random: Random): number {
  return Math.sqrt(-2 * Math.log(1 - random.next())) * Math.cos(2 * Math.PI * random.next());
}

/** A random factor around 1 whose logarithm has this standard deviation. */
export function around(random: Random, deviation: number): number {
  return Math.exp(deviation * normal(random));
}

function playHealthy(model: InstallerModel, { pace, seconds, packages }: Hardware, random: Random): Beat[] {
  const beats: Beat[] = [];
  let at = 0;
  for (const [index, step] of model.phases.entries()) {
    const { phase, bound } = step;
    const usual = seconds[phase] ?? (step.seconds[0] + step.seconds[1]) / 2;
    const ms = usual * pace[bound] * around(random, NOISE) * SECOND;
    const hitchMs = random.chance(HITCH_SHARE) ? random.whole(...HITCH_SECONDS) * SECOND : 0;
    const hitchAt = random.next() * ms;
    beats.push({ at, kind: index === 0 ? 'started' : 'progress', phase });
    for (const piece of pieceTimes(step, ms, random)) {
      const done = Math.max(1, Math.round(piece.share * packages));
      const late = piece.at > hitchAt ? hitchMs : 0;
      beats.push({ at: at + piece.at + late, kind: 'progress', phase, done, total: packages });
    }
    at += ms + hitchMs;
  }
  return [...beats, { at, kind: 'finished', phase: 'complete' }];
}

function chatterOf({ phase }: Beat, from: number, random: Random): Beat[] {
  const beats: Beat[] = [];
  for (let at = from; at < from + CHATTER_MS; at += random.whole(...CHATTER_SECONDS) * SECOND) {
    if (at > from) beats.push({ at, kind: 'heard', phase });
  }
  return beats;
}

/** From some package on, one every few minutes; in the end it may come through. */
function playCrawling(healthy: readonly Beat[], random: Random): PlayedInstall {
  const counted = healthy.flatMap(({ done }, index) => (done === undefined ? [] : [index]));
  const from = random.pick(counted.slice(0, Math.ceil(counted.length * 0.8)));
  const beats = healthy.slice(0, from + 1);
  const troubleAt = beats.at(-1)!.at;
  const { done = 0, total = 0 } = beats.at(-1)!;
  const interval = random.whole(...CRAWL_SECONDS) * SECOND;
  let at = troubleAt;
  for (let each = done + 1; each <= total && at < END_MS; each += 1) {
    at += interval * (0.7 + 0.6 * random.next());
    beats.push({ at, kind: 'progress', phase: 'packages', done: each, total });
  }
  return { fate: 'crawling', beats, troubleAt, finishedAt: null };
}

/** Somewhere beyond the configuration it is switched off and on, and comes through the second time. */
function playRestarting(first: readonly Beat[], second: readonly Beat[], random: Random): PlayedInstall {
  const beyond = first.find(({ phase }) => phaseOrder(phase) > phaseOrder('config'))!.at;
  const offAt = beyond + (first.at(-1)!.at - beyond) * (0.05 + 0.9 * random.next());
  const troubleAt = offAt + random.whole(60, 240) * SECOND;
  const beats = [
    ...first.filter(({ at }) => at <= offAt),
    ...second.map((beat) => ({ ...beat, at: beat.at + troubleAt })),
  ];
  return { fate: 'restarting', beats, troubleAt, finishedAt: beats.at(-1)!.at };
}

/** The installer asks; a human answers, sooner or later, or never. */
function playWaiting(healthy: readonly Beat[], random: Random): PlayedInstall {
  const before = healthy.filter(({ phase }) => phaseOrder(phase) <= phaseOrder('packages'));
  const asked = random.pick(before);
  const troubleAt = asked.at + 2 * SECOND;
  const question = { at: troubleAt, kind: 'waiting', phase: asked.phase, text: 'Use the whole disk?' } as const;
  const beats: Beat[] = [...healthy.filter(({ at }) => at <= asked.at), question];
  if (random.chance(1 / 3)) return { fate: 'waiting', beats, troubleAt, finishedAt: null };
  const wait = random.whole(...ANSWER_SECONDS) * SECOND;
  const rest = healthy.filter(({ at }) => at > asked.at).map((beat) => ({ ...beat, at: beat.at + wait }));
  return { fate: 'waiting', beats: [...beats, ...rest], troubleAt, finishedAt: rest.at(-1)!.at };
}
