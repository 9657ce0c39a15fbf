/** Largest number of keys looked up together. */
const MAX_KEYS = 1_000;

/**
 * Joins look-ups that are asked for at the same time: all of one turn of the event loop, and all that arrive while
 * another look-up runs, share one call of `load`. A look-up never gets an answer that was read before it was asked for.
 *
 * @param load - reads many keys at once; keys it leaves out of the map have no value.
 * @param idOf - text by which equal keys are recognised.
 */
export function createMicrobatch<K, V>(
  load: (keys: K[]) => Promise<Map<string, V>>,
  idOf: (key: K) => string,
): (key: K) => Promise<V | undefined> {
  interface Waiting {
    id: string;
    key: K;
    resolve(value: V | undefined): void;
    reject(error: unknown): void;
  }
  let waiting: Waiting[] = [];
  let running = false;

  async function run(): Promise<void> {
    while (waiting.length > 0) {
      const batch = waiting.slice(0, MAX_KEYS);
      waiting = waiting.slice(MAX_KEYS);
      const keys = new Map(batch.map(({ id, key }) => [id, key]));
      try {
        const found = await load([...keys.values()]);
        for (const { id, resolve } of batch) resolve(found.get(id));
      } catch (error) {
        for (const { reject } of batch) reject(error);
      }
    }
    running = false;
  }

  return (key) =>
    new Promise((resolve, reject) => {
      waiting.push({ id: idOf(key), key, resolve, reject });
      if (running) return;
      running = true;
      setImmediate(() => void run());
    });
}
