import { createRpc, RpcFault, type Rpc } from '../support/rpc';
import type { Random } from './random';

/** Phases a good install reports, with the percent it says then. */
const STEPS: [phase: string, percent: number][] = [
  ['storage', 15],
  ['packages', 30],
  ['packages', 45],
  ['packages', 60],
  ['bootloader', 75],
  ['configure', 85],
  ['post', 92],
];

/** What one machine said and what of it was acknowledged. Texts name machine and number: `m03:17`. */
export interface Ledger {
  machine: string;
  /** Number of the last message. */
  last: number;
  /** Numbers of update_status messages that were acknowledged, in the order they were sent. */
  acknowledged: number[];
  /** How many triggers were acknowledged, by mode. */
  triggers: { pre: number; post: number };
  /** Repeats of a message of which nobody knew whether it had arrived. */
  repeats: number;
}

/** Machines under install, each a client of its own, that go on until they are told to stop. */
export interface Fleet {
  ledgers: Ledger[];
  /** Calls that wait for their answer at this moment. */
  inFlight(): number;
  /** The server is there: whoever waits goes on. */
  resume(): void;
  /** The server was killed: everybody waits for `resume`. */
  suspend(): void;
  /** No machine begins another install; resolves when all have finished the one they are in. */
  finish(): Promise<void>;
  /** Errors that are none of the server's being away, at most a few. */
  surprises: string[];
}

/** Starts the machines; the server is taken to be away until `resume`. */
export function startFleet(options: { url: string; machines: string[]; stallMs: number; random: Random }): Fleet {
  const { random } = options;
  const rpc = createRpc(options.url);
  const surprises: string[] = [];
  let inFlight = 0;
  let finishing = false;
  let away: { promise: Promise<void>; end(): void } | null = null;
  const suspend = (): void => {
    if (away) return;
    let end = (): void => undefined;
    const promise = new Promise<void>((resolve) => (end = resolve));
    away = { promise, end };
  };
  const resume = (): void => {
    away?.end();
    away = null;
  };
  suspend();

  /** One call; false when nobody knows whether it arrived. Waits while the server is away. */
  async function call(method: Parameters<Rpc>[0], ...params: unknown[]): Promise<{ value: unknown } | null> {
    while (away) await away.promise;
    inFlight += 1;
    try {
      return { value: await rpc(method, ...params) };
    } catch (error) {
      if (error instanceof RpcFault && !/try again/.test(error.message)) surprise(`${method}: ${error.message}`);
      suspendBriefly();
      return null;
    } finally {
      inFlight -= 1;
    }
  }

  /** A connection that broke before `suspend` was called. */
  function suspendBriefly(): void {
    if (away) return;
    suspend();
    const mine = away;
    setTimeout(() => {
      if (away === mine) resume();
    }, 100);
  }

  function surprise(sentence: string): void {
    if (surprises.length < 20) surprises.push(sentence);
  }

  async function live(ledger: Ledger): Promise<void> {
    const { machine } = ledger;

    async function report(status: Record<string, unknown>): Promise<void> {
      ledger.last += 1;
      const number = ledger.last;
      const struct = { ...status, message: `${machine}:${number}`, event_id: `${machine}:${number}` };
      for (let attempt = 1; ; attempt += 1) {
        if ((await call('update_status', machine, struct, '')) !== null) {
          ledger.acknowledged.push(number);
          return;
        }
        // Most clients ask again; some give up, and then nobody may say what became of the message.
        if (random.chance(0.15)) return;
        ledger.repeats += 1;
      }
    }

    async function trigger(mode: 'pre' | 'post'): Promise<void> {
      const answer = await call('run_install_triggers', mode, 'system', machine, '127.0.0.1', '');
      if (answer?.value === true) ledger.triggers[mode] += 1;
      else if (answer !== null) surprise(`run_install_triggers ${mode} answered ${String(answer.value)}`);
    }

    const sleep = (ms: number): Promise<void> => new Promise((resolve) => setTimeout(resolve, ms));

    while (!finishing) {
      if (random.chance(0.5)) await report({ state: 'started' });
      else await trigger('pre');
      const fate = random.next();
      const errorAt = fate < 0.2 ? random.between(0, STEPS.length - 1) : -1;
      const silentAt = fate > 0.85 ? random.between(0, STEPS.length - 1) : -1;
      const restartAt = fate > 0.78 && fate <= 0.85 ? random.between(2, STEPS.length - 1) : -1;
      let ended = false;
      for (let at = 0; at < STEPS.length && !ended; at += 1) {
        const [phase, percent] = STEPS[at]!;
        await sleep(random.between(2, 40));
        if (at === silentAt && !finishing) await sleep(options.stallMs * (1.2 + random.next()));
        if (at === errorAt) {
          await report({ state: 'error', phase, error: `no space left on ${machine}` });
          ended = true;
        } else {
          await report({ phase, percent });
        }
        if (at === restartAt) break; // powered off and on again: the next start finds the run open
      }
      if (!ended && restartAt < 0) {
        if (random.chance(0.7)) await report({ state: 'finished' });
        else await trigger('post');
      }
      await sleep(random.between(20, 400));
    }
    // Whatever was open comes to a good end, so that every problem has one that people must be told of.
    await trigger('pre');
    await report({ phase: 'post', percent: 95 });
    await report({ state: 'finished' });
  }

  const ledgers = options.machines.map((machine): Ledger => {
    return { machine, last: 0, acknowledged: [], triggers: { pre: 0, post: 0 }, repeats: 0 };
  });
  const lives = Promise.all(ledgers.map(live));
  return {
    ledgers,
    surprises,
    inFlight: () => inFlight,
    resume,
    suspend,
    async finish() {
      finishing = true;
      await lives;
    },
  };
}
