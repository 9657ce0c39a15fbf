import { createChooseOpenings, createHistoryReader } from '../src/actions/choose-openings';
import { createNotificationDecider } from '../src/actions/decide-notifications';
import { createIntake } from '../src/actions/intake';
import { applyBlindWindows, beat, noteBlindness, watchStalls } from '../src/actions/watch-clocks';
import { connect } from '../src/store/connect';
import { isTransactionConflict } from '../src/store/errors';
import { createStore } from '../src/store/index';
import type { Figure } from './table';

const TICKS = 200;
const MINUTE_MS = 60_000;
/** Late is half of the 15 minutes that the phase packages may pass without progress. */
const LATE_MS = 8 * MINUTE_MS;

/** What a look at the clocks costs on the database as it is: when none has run out, and when all have at once. */
export async function measureWatch(databaseUrl: string, dataDir: string): Promise<Figure[]> {
  const database = await connect({ databaseUrl, dataDir });
  try {
    const store = createStore(database.knex);
    let ahead = 0;
    let written = 0;
    const watch = { store, now: () => Date.now() + ahead, server: 'bench' };
    const intake = createIntake({
      ...watch,
      policy: 'known',
      isTrusted: () => true,
      chooseOpenings: createChooseOpenings(createHistoryReader(), { stallAfterMs: null, giveUpMs: 6 * 3_600_000 }),
      notifications: createNotificationDecider(),
      isConflict: isTransactionConflict,
      noteBlindness: (within) => noteBlindness({ ...watch, store: within }),
      listeners: [(events) => (written += events.length)],
      onError: (sentence, error) => process.stderr.write(`${sentence} ${String(error)}\n`),
    });
    const tick = async (): Promise<boolean> => {
      await beat(watch);
      await applyBlindWindows(watch, intake);
      return watchStalls(watch, intake);
    };
    const { rows } = await database.knex.raw<{ rows: { open: number }[] }>(
      'select count(*) as open from runs where is_open',
    );
    await tick();
    const idle: number[] = [];
    for (let turn = 0; turn < TICKS; turn += 1) idle.push(await timed(tick));
    idle.sort((a, b) => a - b);

    // Every server was heard of until this moment: what follows is lateness, not blindness.
    ahead = LATE_MS;
    await store.heartbeats.beat(watch.server, watch.now());
    written = 0;
    const pages: number[] = [];
    for (let more = true; more;) pages.push(await timed(async () => (more = await tick())));
    pages.sort((a, b) => a - b);
    return [
      {
        what: `a look at the clocks of ${rows[0]!.open} open runs, p50 / p99`,
        figure: `${idle[TICKS / 2]!.toFixed(1)} / ${idle[Math.floor(TICKS * 0.99)]!.toFixed(1)} ms`,
        target: '< 50 ms',
        isMet: idle[Math.floor(TICKS * 0.99)]! < 50,
        detail: `${TICKS} ticks: heartbeat, blind windows, deadlines`,
      },
      {
        what: '  when all of them are late at once, per page of 256',
        figure: `${pages[Math.floor(pages.length / 2)]!.toFixed(1)} ms`,
        detail: `${written} events in ${(pages.reduce((sum, ms) => sum + ms, 0) / 1000).toFixed(1)} s`,
      },
    ];
  } finally {
    await database.close();
  }
}

async function timed(work: () => Promise<unknown>): Promise<number> {
  const began = process.hrtime.bigint();
  await work();
  return Number(process.hrtime.bigint() - began) / 1e6;
}
