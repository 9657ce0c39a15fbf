import type { Machine } from '../../../src/cli/simulate/fleet';
import { makeFleet } from '../../../src/cli/simulate/fleet';
import { playFleet, type Reception, type RunnerDeps } from '../../../src/cli/simulate/runner';

/** A clock that stands still until somebody sleeps. */
function virtualTime(speak: RunnerDeps['speak']): RunnerDeps & { time(): number } {
  let now = 0;
  return {
    speak,
    now: () => now,
    time: () => now,
    sleep(ms) {
      let wake = (): void => undefined;
      const done = new Promise<void>((resolve) => {
        const timer = setImmediate(() => {
          now += ms;
          resolve();
        });
        wake = () => {
          clearImmediate(timer);
          resolve();
        };
      });
      return { done, wake };
    },
  };
}

const accepted: Reception = { kind: 'accepted' };
const signal = (): AbortSignal => new AbortController().signal;

function machine(name: string, starts: number[]): Machine {
  const steps = starts.map((at) => ({
    at,
    say: { kind: 'status' as const, status: { state: 'started' as const } },
    isStart: true as const,
  }));
  return { name, mac: '', script: { personality: 'looping', steps, expected: {} as never } };
}

test('every machine says everything, in its own order', async () => {
  const fleet = makeFleet(30, {}, { seed: 3, withTriggers: true });
  const said = new Map<string, number[]>();
  const deps = virtualTime(async ({ name }, _say, key) => {
    said.set(name, [...(said.get(name) ?? []), Number(key.split(':')[1])]);
    return accepted;
  });
  const { tally, played } = await playFleet(fleet, { speed: 60, concurrency: 8, signal: signal() }, deps);
  for (const { name, script } of fleet) expect(said.get(name)).toEqual(script.steps.map((_, index) => index));
  expect(played.size).toBe(30);
  expect(tally.done).toBe(30);
  expect(tally.accepted).toBe(fleet.reduce((sum, { script }) => sum + script.steps.length, 0));
});

test('twice the speed takes half the time', async () => {
  const fleet = makeFleet(5, { good: { count: 5 } }, { seed: 1, withTriggers: false });
  const duration = async (speed: number): Promise<number> => {
    const deps = virtualTime(() => Promise.resolve(accepted));
    await playFleet(fleet, { speed, concurrency: 8, signal: signal() }, deps);
    return deps.time();
  };
  expect((await duration(1)) / (await duration(2))).toBeCloseTo(2, 2);
});

test('no more machines wait for an answer at a time than allowed', async () => {
  const fleet = Array.from({ length: 50 }, (_, index) => machine(`m${index}`, [0]));
  let waiting = 0;
  let most = 0;
  const deps = virtualTime(async () => {
    waiting += 1;
    most = Math.max(most, waiting);
    await new Promise((resolve) => setImmediate(resolve));
    waiting -= 1;
    return accepted;
  });
  await playFleet(fleet, { speed: 1, concurrency: 4, signal: signal() }, deps);
  expect(most).toBe(4);
});

test('what the server could not hear is said again, what it refused is not', async () => {
  let calls = 0;
  const deps = virtualTime(() => {
    calls += 1;
    if (calls === 1) return Promise.resolve({ kind: 'away', reason: 'restarting' });
    return Promise.resolve(calls === 2 ? accepted : { kind: 'refused', reason: 'no' });
  });
  const { tally } = await playFleet([machine('m', [10, 5_000])], { speed: 1, concurrency: 1, signal: signal() }, deps);
  expect(tally).toMatchObject({ accepted: 1, repeated: 1, refused: 1, done: 1 });
  expect(tally.refusals).toEqual(new Map([['no', 1]]));
});

test('two starts are never within the same second, whatever the speed', async () => {
  const times: number[] = [];
  const deps = virtualTime(() => {
    times.push(deps.now());
    return Promise.resolve(accepted);
  });
  await playFleet([machine('m', [1, 2, 3])], { speed: 100_000, concurrency: 1, signal: signal() }, deps);
  expect(times[1]! - times[0]!).toBeGreaterThan(1_000);
  expect(times[2]! - times[1]!).toBeGreaterThan(1_000);
});

test('it stops when it is told to, and knows who had not said everything', async () => {
  const controller = new AbortController();
  const deps = virtualTime(() => {
    controller.abort();
    return Promise.resolve(accepted);
  });
  const { played, tally } = await playFleet(
    [machine('a', [1]), machine('b', [50_000])],
    { speed: 1, concurrency: 1, signal: controller.signal },
    deps,
  );
  expect([...played]).toEqual(['a']);
  expect(tally.begun).toBe(1);
});

test('a mistake of the program comes out instead of hanging', async () => {
  const deps = virtualTime(() => Promise.reject(new TypeError('slip')));
  await expect(playFleet([machine('a', [1])], { speed: 1, concurrency: 1, signal: signal() }, deps)).rejects.toThrow(
    'slip',
  );
});
