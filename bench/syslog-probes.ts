import { once } from 'node:events';
import net from 'node:net';
import type { Database } from '../src/store/connect';

/** Machines that say one telling line at a time; it is measured when that is to be seen. */
export interface Probes {
  start(): void;
  /** Milliseconds from each line to the moment it was seen. */
  stop(): Promise<number[]>;
}

const EVERY_MS = 100;
const LOOK_EVERY_MS = 10;
/** Later than any good figure, and soon enough that the others go on. */
const GIVE_UP_MS = 10_000;

/** What they say, and the phase it is seen by. */
const STEPS = [
  ['anaconda[1491]: anaconda: /sbin/anaconda 34.25.1.14-1.el9', 'bootstrap'],
  ['anaconda[1491]: anaconda: threading: Running Thread: AnaInstallThread (1401)', 'storage'],
  ['anaconda[1491]: packaging: running transaction', 'packages'],
  ['anaconda[1491]: anaconda: kickstart: Running kickstart %%post script(s)', 'post'],
] as const;

/** Builds probes of the systems numbered from `from`; they go through the phases of an install, and do not start over. */
export function createProbes(options: {
  bench: { port: number; database: Database };
  from: number;
  count: number;
  nameOf(number: number): string;
  addressOf(number: number): string;
}): Probes {
  const { bench, from, count, nameOf, addressOf } = options;
  const { knex } = bench.database;
  const latencies: number[] = [];
  const names = Array.from({ length: count }, (_, n) => nameOf(from + n));
  /** By name: the phase that is to be seen, and since when. */
  const awaited = new Map<string, { phase: string; since: number }>();
  let isOver = false;
  let working: Promise<unknown> | null = null;

  async function speak(): Promise<void> {
    const sockets = names.map((_, n) =>
      net.connect({ host: '127.0.0.1', port: bench.port, localAddress: addressOf(from + n) }),
    );
    await Promise.all(sockets.map((socket) => once(socket, 'connect')));
    for (const [line, phase] of STEPS) {
      for (const [n, name] of names.entries()) {
        while (awaited.has(name) && !isOver) await pause(LOOK_EVERY_MS);
        if (isOver) break;
        sockets[n]!.write(`<142>May 16 20:47:06 localhost ${line}\n`);
        awaited.set(name, { phase, since: performance.now() });
        await pause(EVERY_MS);
      }
    }
    while (awaited.size > 0 && !isOver) await pause(LOOK_EVERY_MS);
    for (const socket of sockets) socket.destroy();
  }

  async function watch(): Promise<void> {
    while (!isOver) {
      await pause(LOOK_EVERY_MS);
      if (awaited.size === 0) continue;
      const { rows } = await knex.raw<{ rows: { name: string; phase: string }[] }>(
        `select t.name, r.state ->> 'phase' as phase from runs r join targets t on t.id = r.target_id
         where r.is_open and t.name = any(?::text[])`,
        [[...awaited.keys()]],
      );
      const now = performance.now();
      const phases = new Map(rows.map(({ name, phase }) => [name, phase]));
      for (const [name, { phase, since }] of awaited) {
        if (phases.get(name) !== phase && now - since < GIVE_UP_MS) continue;
        latencies.push(now - since);
        awaited.delete(name);
      }
    }
  }

  return {
    start() {
      working = Promise.all([speak(), watch()]);
    },
    async stop() {
      // The last lines are still to be seen.
      while (awaited.size > 0) await pause(LOOK_EVERY_MS);
      isOver = true;
      await working;
      return latencies;
    },
  };
}

function pause(ms: number): Promise<void> {
  return new Promise((resolve) => setTimeout(resolve, ms));
}
