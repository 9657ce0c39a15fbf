import { phaseBand, phaseOrder, type Phase } from '../../domain/phase';
import type { RunStatus } from '../../domain/run';
import { INSTALLER_MODELS, type InstallerModel, type ModelName, type PhaseModel } from './installers';
import { createRandom, type Random } from './random';

/** How a simulated machine behaves. */
export const PERSONALITIES = ['good', 'slow', 'pausing', 'silent', 'failing', 'looping'] as const;
export type Personality = (typeof PERSONALITIES)[number];

/** One thing a machine says. */
export type Saying =
  /** An install trigger, as kickstarts and preseeds call it: over HTTP or XML-RPC. */
  | { kind: 'trigger'; mode: 'pre' | 'post' | 'firstboot'; via: 'http' | 'xmlrpc' }
  /** The request not to be netbooted again. */
  | { kind: 'nopxe' }
  /** A status message. */
  | { kind: 'status'; status: StatusFields };

/** Fields of update_status a machine uses. */
export interface StatusFields {
  state?: 'started' | 'progress' | 'heartbeat' | 'waiting' | 'error' | 'finished';
  phase?: Phase;
  percent?: number;
  message?: string;
  error?: string;
}

/** Something said at a moment: milliseconds of simulated time since the machine was switched on. */
export interface Step {
  at: number;
  say: Saying;
  /** The machine starts (again): the server takes two starts in one second for the same boot. */
  isStart?: true;
}

/** What the server must say once the machine has said everything. */
export interface Expectation {
  /** Runs it made. */
  runs: number;
  /** Statuses its last run may have. */
  statuses: readonly RunStatus[];
  /** Text of the error the run ended with. */
  error: string | null;
  isLooping: boolean;
  hasBooted: boolean;
}

/** Everything one machine is going to say, in order, and what must come of it. */
export interface MachineScript {
  personality: Personality;
  steps: Step[];
  expected: Expectation;
}

const SECOND = 1_000;

/** A slow machine needs this many times as long. */
const SLOW = 3;
/** A pausing machine says nothing for so long, then goes on. */
const PAUSE_MS: readonly [number, number] = [20 * 60 * SECOND, 30 * 60 * SECOND];
/**
 * A limit without progress that tells pausing and silent machines from all others, who are never this long without any:
 * the longest is a package step without percent, 11 minutes.
 */
export const TELLING_LIMIT_MS = 15 * 60 * SECOND;
/** Starts of a looping machine: what the server takes for a loop. */
const LOOP_STARTS = 3;

const ERRORS: readonly [Phase, string][] = [
  ['storage', 'No usable disks were found.'],
  ['packages', 'Failed to download the following packages: glibc-2.34-100.el9'],
  ['bootloader', 'Installing the boot loader failed: grub2-install returned 1'],
  ['post', 'The script at line 42 of the kickstart failed with error code 1'],
];

/**
 * The script of one machine. Pure: the same personality and seed give the same script.
 *
 * @param options.withTriggers - false: status messages only, for servers that take no triggers from here.
 * @param options.like - the installer whose phases and times it has; a medium install unless one is named.
 */
export function scriptMachine(
  personality: Personality,
  seed: number,
  options: { withTriggers: boolean; like?: ModelName },
): MachineScript {
  const random = createRandom(seed);
  const writer = createWriter(random, {
    withTriggers: options.withTriggers,
    model: INSTALLER_MODELS[options.like ?? 'plain'],
    usesTriggers: options.withTriggers && random.chance(0.5),
    // A slow machine without percent would show no progress for half an hour of packages: that is a pausing one.
    tellsPercent: random.chance(0.7) || personality === 'slow',
    pace: (personality === 'slow' ? SLOW : 1) * (0.7 + 0.6 * random.next()),
  });
  const expected = perform(personality, writer, random);
  return { personality, steps: writer.steps, expected };
}

function perform(personality: Personality, writer: Writer, random: Random): Expectation {
  const finished: Expectation = {
    runs: 1,
    statuses: ['finished'],
    error: null,
    isLooping: false,
    hasBooted: writer.seesBoots,
  };
  /** Nobody says how it ended: the server concludes a stall from the silence, and in the end gives up. */
  const lost: Expectation = { ...finished, statuses: ['installing', 'stalled', 'terminated'], hasBooted: false };
  switch (personality) {
    case 'good':
      writer.start();
      writer.walk('finalize');
      writer.finish();
      return finished;
    case 'slow':
      writer.start();
      writer.walk('finalize', { heartbeats: true });
      writer.finish();
      return finished;
    case 'pausing':
      writer.start();
      writer.walk('packages', { upTo: 0.3 + 0.5 * random.next() });
      if (random.chance(0.5)) writer.say({ state: 'waiting', message: 'A package is damaged. Try again?' });
      writer.wait(random.whole(...PAUSE_MS));
      writer.walk('finalize');
      writer.finish();
      return finished;
    case 'silent':
      writer.start();
      writer.walk(random.pick(['storage', 'packages', 'configure']), { upTo: random.next() });
      return lost;
    case 'failing': {
      const [phase, error] = random.pick(ERRORS);
      writer.start();
      writer.walk(phase, { upTo: 0.2 + 0.6 * random.next() });
      writer.wait(random.whole(2, 10) * SECOND);
      writer.say({ state: 'error', phase, error });
      return { ...finished, statuses: ['failed'], error, hasBooted: false };
    }
    case 'looping':
      for (let turn = 1; turn <= LOOP_STARTS; turn++) {
        writer.start();
        // Beyond config, else the next start would pass for the same boot asking twice.
        writer.walk('packages', { upTo: 0.2 + 0.3 * random.next() });
        if (turn < LOOP_STARTS) writer.reboot();
      }
      return { ...lost, runs: LOOP_STARTS, isLooping: true };
  }
}

interface Manner {
  /** Calls triggers at all; if so, the first boot is told by one. */
  withTriggers: boolean;
  /** Tells start and end by triggers, not by status messages. */
  usesTriggers: boolean;
  tellsPercent: boolean;
  model: InstallerModel;
  /** Times the usual duration. */
  pace: number;
}

type Writer = ReturnType<typeof createWriter>;

/** Writes a script step by step, keeping the time and what has been said already. */
function createWriter(random: Random, manner: Manner) {
  const steps: Step[] = [];
  let at = 0;
  /** Last phase and percent told, within one start. */
  let reached: { phase: Phase; share: number } | null = null;
  const via = (): 'http' | 'xmlrpc' => random.pick(['http', 'http', 'xmlrpc']);

  function wait(ms: number): void {
    at += Math.max(1, Math.round(ms));
  }

  function add(say: Saying, isStart = false): void {
    steps.push({ at, say, ...(isStart && { isStart }) });
  }

  function say(status: StatusFields): void {
    add({ kind: 'status', status });
  }

  function start(): void {
    wait(random.whole(1, 20) * SECOND);
    if (reached === null && !manner.usesTriggers && random.chance(0.5)) {
      say({ phase: 'booting', message: 'iPXE loads the kernel' });
      wait(random.whole(20, 60) * SECOND);
    }
    if (manner.usesTriggers) add({ kind: 'trigger', mode: 'pre', via: via() }, true);
    else add({ kind: 'status', status: { state: 'started', message: 'The installer begins.' } }, true);
    reached = { phase: 'config', share: 0 };
  }

  function tell(phase: Phase, share: number, message: string): void {
    const [low, high] = phaseBand(phase);
    const percent = Math.floor(low + (high - low) * share);
    say({ phase, ...(manner.tellsPercent && { percent }), message });
    reached = { phase, share };
  }

  /** Goes on to `until`, telling every phase; inside the last one only so far as `upTo`. */
  function walk(until: Phase, options: { upTo?: number; heartbeats?: boolean } = {}): void {
    const from = reached ?? { phase: 'config' as Phase, share: 0 };
    for (const step of manner.model.phases) {
      const { phase } = step;
      if (phaseOrder(phase) < phaseOrder(from.phase) || phaseOrder(phase) > phaseOrder(until)) continue;
      const end = phase === until ? (options.upTo ?? 1) : 1;
      const begin = phase === from.phase ? from.share : 0;
      const usual = ((step.seconds[0] + step.seconds[1]) / 2) * SECOND;
      const ms = usual * manner.pace * (0.8 + 0.4 * random.next());
      walkPhase(step, ms, begin, end, options.heartbeats === true);
    }
  }

  function walkPhase(step: PhaseModel, ms: number, begin: number, end: number, heartbeats: boolean): void {
    const { phase } = step;
    const pieces = Math.max(1, step.pieces);
    if (reached?.phase !== phase) tell(phase, 0, MESSAGES[phase] ?? `In phase ${phase}.`);
    for (let piece = 1; piece <= pieces; piece++) {
      const share = piece / pieces;
      if (share <= begin) continue;
      if (share > end) return;
      if (heartbeats) {
        wait(ms / pieces / 2);
        say({ state: 'heartbeat' });
        wait(ms / pieces / 2);
      } else {
        wait(ms / pieces);
      }
      if (pieces > 1) tell(phase, share, `Installing package ${Math.round(share * 600)} of 600`);
    }
  }

  /** The end, as this machine says it, and its first boot into the new system. */
  function finish(): void {
    if (manner.withTriggers && random.chance(0.7)) add({ kind: 'nopxe' });
    if (manner.usesTriggers) add({ kind: 'trigger', mode: 'post', via: via() });
    else say({ state: 'finished', message: 'The installer is done.' });
    if (!manner.withTriggers) return;
    wait(random.whole(40, 120) * SECOND);
    add({ kind: 'trigger', mode: 'firstboot', via: via() });
  }

  /** Off and on again. */
  function reboot(): void {
    wait(random.whole(30, 90) * SECOND);
  }

  return { steps, seesBoots: manner.withTriggers, wait, say, start, walk, finish, reboot };
}

const MESSAGES: Partial<Record<Phase, string>> = {
  config: 'Reading the answers',
  storage: 'Creating the file systems',
  packages: 'Starting the package transaction',
  bootloader: 'Installing the boot loader',
  configure: 'Configuring the installed system',
  post: 'Running the post scripts',
  finalize: 'Copying the logs',
};
