import { createMicrobatch } from '../../src/actions/microbatch';

const turn = (): Promise<void> => new Promise((resolve) => setImmediate(resolve));

test('what is asked in one turn is loaded together, equal keys once', async () => {
  const loads: string[][] = [];
  const find = createMicrobatch(
    async (keys: string[]) => {
      loads.push(keys);
      return new Map(keys.filter((key) => key !== 'none').map((key) => [key, key.toUpperCase()]));
    },
    (key) => key,
  );
  expect(await Promise.all([find('a'), find('b'), find('a'), find('none')])).toEqual(['A', 'B', 'A', undefined]);
  expect(loads).toEqual([['a', 'b', 'none']]);
});

test('what is asked while a load runs waits for the next one', async () => {
  const loads: string[][] = [];
  let finish = (): void => undefined;
  const find = createMicrobatch(
    async (keys: string[]) => {
      loads.push(keys);
      await new Promise<void>((resolve) => (finish = resolve));
      return new Map(keys.map((key) => [key, loads.length]));
    },
    (key) => key,
  );
  const first = find('a');
  await turn();
  const later = [find('a'), find('b')];
  finish();
  expect(await first).toBe(1);
  await turn();
  finish();
  expect(await Promise.all(later)).toEqual([2, 2]);
  expect(loads).toEqual([['a'], ['a', 'b']]);
});

test('a load that fails fails those who wait for it, and only them', async () => {
  let broken = true;
  const find = createMicrobatch(
    async (keys: string[]) => {
      if (broken) throw new Error('away');
      return new Map(keys.map((key) => [key, key]));
    },
    (key) => key,
  );
  const results = await Promise.allSettled([find('a'), find('b')]);
  expect(results.map(({ status }) => status)).toEqual(['rejected', 'rejected']);
  broken = false;
  expect(await find('a')).toBe('a');
});

test('very many keys are loaded in pieces', async () => {
  const sizes: number[] = [];
  const find = createMicrobatch(
    async (keys: number[]) => {
      sizes.push(keys.length);
      return new Map(keys.map((key) => [String(key), key]));
    },
    (key) => String(key),
  );
  await Promise.all(Array.from({ length: 2500 }, (_, n) => find(n)));
  expect(sizes).toEqual([1000, 1000, 500]);
});
