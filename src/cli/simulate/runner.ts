import type { Machine } from './fleet';
import type { Saying } from './machine';

/** Two starts within the same second of the server are one boot to it; a little more keeps them apart. */
const START_GAP_MS = 1_200;

/** What became of one thing said. */
export type Reception =
  | { kind: 'accepted' }
  /** The server understood and said no. */
  | { kind: 'refused'; reason: string }
  /** The server was away: to be said again. */
  | { kind: 'away'; reason: string };

/** Figures of a run of the simulation. */
export interface Tally {
  accepted: number;
  refused: number;
  /** Said again because the server was away. */
  repeated: number;
  /** Machines that have said everything. */
  done: number;
  /** Machines that have said something. */
  begun: number;
  /** Time from saying to answer of the accepted ones, milliseconds. */
  latenciesMs: number[];
  /** Refusals by reason, with how often. */
  refusals: Map<string, number>;
}

/** What the runner stands on; tests bring a clock of their own. */
export interface RunnerDeps {
  /** `key` identifies what is said: repeated, it counts once. */
  speak(machine: Machine, say: Saying, key: string): Promise<Reception>;
  now(): number;
  /** Resolves after `ms`, or early when `wake` is called or the signal is aborted. */
  sleep(ms: number): { done: Promise<void>; wake(): void };
  onChange?: (tally: Tally) => void;
}

interface Player {
  machine: Machine;
  next: number;
  dueAt: number;
  lastStartAt: number;
}

/** Longest sleep: timers end at 2^31 ms. */
const LONG_MS = 60_000;

/** Wait before something is said again to a server that was away. */
const REPEAT_MS = 1_000;

/**
 * Plays the scripts: each machine in its own order, all of them side by side, at most `concurrency` waiting for an
 * answer. Ends when everything is said or the signal is aborted.
 *
 * @param options.speed - simulated time passes so many times as fast as real time.
 * @returns the figures, and the names of the machines that have said everything.
 */
export async function playFleet(
  machines: readonly Machine[],
  options: { speed: number; concurrency: number; signal: AbortSignal },
  deps: RunnerDeps,
): Promise<{ tally: Tally; played: Set<string> }> {
  const tally: Tally = {
    accepted: 0,
    refused: 0,
    repeated: 0,
    done: 0,
    begun: 0,
    latenciesMs: [],
    refusals: new Map(),
  };
  const played = new Set<string>();
  const queue = createQueue();
  const beganAt = deps.now();
  const inFlight = new Set<Promise<void>>();
  const mistakes: unknown[] = [];
  let wake = (): void => undefined;

  for (const machine of machines) {
    const first = machine.script.steps[0];
    if (first) queue.push({ machine, next: 0, dueAt: beganAt + first.at / options.speed, lastStartAt: -Infinity });
  }

  async function play(player: Player): Promise<void> {
    const { machine, next } = player;
    const step = machine.script.steps[next]!;
    const spokeAt = deps.now();
    const reception = await deps.speak(machine, step.say, `${machine.name}:${next}`);
    if (reception.kind === 'away') {
      tally.repeated += 1;
      player.dueAt = deps.now() + REPEAT_MS;
      queue.push(player);
      return;
    }
    if (next === 0) tally.begun += 1;
    if (step.isStart) player.lastStartAt = deps.now();
    if (reception.kind === 'accepted') {
      tally.accepted += 1;
      tally.latenciesMs.push(deps.now() - spokeAt);
    } else {
      tally.refused += 1;
      tally.refusals.set(reception.reason, (tally.refusals.get(reception.reason) ?? 0) + 1);
    }
    advance(player, beganAt);
  }

  function advance(player: Player, began: number): void {
    const following = player.machine.script.steps[player.next + 1];
    if (!following) {
      tally.done += 1;
      played.add(player.machine.name);
      return;
    }
    player.next += 1;
    player.dueAt = began + following.at / options.speed;
    if (following.isStart) player.dueAt = Math.max(player.dueAt, player.lastStartAt + START_GAP_MS);
    queue.push(player);
  }

  function begin(player: Player): void {
    const playing = play(player)
      .catch((mistake: unknown) => void mistakes.push(mistake))
      .finally(() => {
        inFlight.delete(playing);
        deps.onChange?.(tally);
        wake();
      });
    inFlight.add(playing);
  }

  while (!options.signal.aborted && mistakes.length === 0 && (queue.size() > 0 || inFlight.size > 0)) {
    const maySpeak = queue.size() > 0 && inFlight.size < options.concurrency;
    const waitMs = maySpeak ? queue.peek().dueAt - deps.now() : LONG_MS;
    if (waitMs <= 0) {
      begin(queue.pop());
      continue;
    }
    const pause = deps.sleep(Math.min(waitMs, LONG_MS));
    wake = pause.wake;
    await pause.done;
  }
  await Promise.all(inFlight);
  if (mistakes.length > 0) throw mistakes[0];
  return { tally, played };
}

/** Players by the moment they speak next, earliest first: a binary heap. */
function createQueue() {
  const heap: Player[] = [];
  const isEarlier = (left: number, right: number): boolean => heap[left]!.dueAt < heap[right]!.dueAt;
  const swap = (left: number, right: number): void => {
    [heap[left], heap[right]] = [heap[right]!, heap[left]!];
  };
  return {
    size: () => heap.length,
    peek: () => heap[0]!,
    push(player: Player): void {
      heap.push(player);
      let at = heap.length - 1;
      while (at > 0 && isEarlier(at, (at - 1) >> 1)) {
        swap(at, (at - 1) >> 1);
        at = (at - 1) >> 1;
      }
    },
    pop(): Player {
      const first = heap[0]!;
      const last = heap.pop()!;
      if (heap.length === 0) return first;
      heap[0] = last;
      let at = 0;
      for (;;) {
        let least = at;
        for (const child of [2 * at + 1, 2 * at + 2]) if (child < heap.length && isEarlier(child, least)) least = child;
        if (least === at) return first;
        swap(at, least);
        at = least;
      }
    },
  };
}
