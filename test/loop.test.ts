import { type Log, type LogFields, createSilentLog } from '../src/log';
import { type Loop, startLoop, type Timers } from '../src/loop';

/** Timers that run when the test says so. */
function manualTimers(): Timers & { waiting(): number[]; fire(): Promise<void> } {
  const pending = new Map<number, { run: () => void; ms: number }>();
  let next = 1;
  return {
    set(run, ms) {
      pending.set(next, { run, ms });
      return next++;
    },
    clear(timer) {
      pending.delete(timer as number);
    },
    waiting: () => [...pending.values()].map(({ ms }) => ms),
    async fire() {
      const due = [...pending.values()];
      pending.clear();
      for (const { run } of due) run();
      await settle();
    },
  };
}

const settle = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

let timers: ReturnType<typeof manualTimers>;
let loop: Loop | null = null;
let lines: { message: string; fields: LogFields | undefined }[];
beforeEach(() => {
  timers = manualTimers();
  lines = [];
});
afterEach(() => loop?.stop());

const log: Log = {
  ...createSilentLog(),
  info: (message, fields) => lines.push({ message, fields }),
  warn: (message, fields) => lines.push({ message, fields }),
};

function start(step: () => Promise<boolean | void>): Loop {
  loop = startLoop({ name: 'test', intervalMs: 500, step, log, timers });
  return loop;
}

test('the step runs at once and again after the interval', async () => {
  let runs = 0;
  start(async () => {
    runs++;
  });
  await settle();
  expect([runs, timers.waiting()]).toEqual([1, [500]]);
  await timers.fire();
  expect([runs, timers.waiting()]).toEqual([2, [500]]);
});

test('a step with more to do goes again at once', async () => {
  let left = 3;
  start(async () => --left > 0);
  await settle();
  expect(timers.waiting()).toEqual([0]);
  await timers.fire();
  await timers.fire();
  expect([left, timers.waiting()]).toEqual([0, [500]]);
});

test('a nudge ends the wait', async () => {
  let runs = 0;
  start(async () => {
    runs++;
  });
  await settle();
  loop!.nudge();
  loop!.nudge();
  expect(timers.waiting()).toEqual([0]);
  await timers.fire();
  expect(runs).toBe(2);
});

test('steps never overlap: a nudge during a step runs one more after it', async () => {
  let running = 0;
  let most = 0;
  let finish = (): void => undefined;
  start(async () => {
    most = Math.max(most, ++running);
    await new Promise<void>((resolve) => (finish = resolve));
    running--;
  });
  await settle();
  loop!.nudge();
  loop!.nudge();
  finish();
  await settle();
  expect(timers.waiting()).toEqual([0]);
  await timers.fire();
  finish();
  await settle();
  expect([most, timers.waiting()]).toEqual([1, [500]]);
});

test('stop waits for the step in hand and nothing follows', async () => {
  let finish = (): void => undefined;
  let done = false;
  start(async () => {
    await new Promise<void>((resolve) => (finish = resolve));
    done = true;
    return true;
  });
  await settle();
  const stopping = loop!.stop();
  finish();
  await stopping;
  expect([done, timers.waiting()]).toEqual([true, []]);
  loop!.nudge();
  expect(timers.waiting()).toEqual([]);
});

test('errors are waited out longer each time, nudged or not, up to half a minute', async () => {
  const waits: number[] = [];
  start(async () => {
    throw new Error('no');
  });
  await settle();
  for (let n = 0; n < 8; n++) {
    loop!.nudge();
    waits.push(...timers.waiting());
    await timers.fire();
  }
  expect(waits).toEqual([1000, 2000, 4000, 8000, 16000, 30000, 30000, 30000]);
});

test('an error that repeats is logged once, another one again, and the recovery too', async () => {
  const errors = ['no', 'no', 'not now', null];
  start(async () => {
    const message = errors.shift();
    if (message) throw new Error(message);
  });
  await settle();
  for (let n = 0; n < 4; n++) await timers.fire();
  expect(lines.map(({ message }) => message)).toEqual([
    'A step failed and will be tried again.',
    'A step failed and will be tried again.',
    'A step works again.',
  ]);
  expect(lines[2]!.fields).toEqual({ loop: 'test', failures: 3 });
});

test('a step that throws before its first await is an error like any other', async () => {
  start(() => {
    throw new Error('at once');
  });
  await settle();
  expect(timers.waiting()).toEqual([1000]);
});
