import type { Instant, RunOpening } from '../domain/event';
import { chooseLimits, MIN_HISTORY, type History } from '../domain/judgement';
import type { InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';

/** What a new run of each of these targets will be judged by, fixed now. */
export type ChooseOpenings = (
  store: Store,
  items: readonly InventoryTarget[],
  now: Instant,
) => Promise<(item: InventoryTarget) => Omit<RunOpening, 'kind' | 'continues'>>;

/** Finished runs looked at: enough for a 95 % quantile, few enough to read in a millisecond. */
const HISTORY_RUNS = 50;
/** History changes slowly: it is read again after this time. */
const HISTORY_TTL_MS = 30_000;
/** Profiles and distros whose history is kept in memory. */
const MAX_CACHED = 1_000;

/** Where limits and estimates are learned from. */
export interface HistoryReader {
  /** The runs of the profile when there are enough, else of the distro, else null. */
  find(store: Store, profile: string | null, distro: string | null, now: Instant): Promise<History | null>;
}

/** Reads history through a small cache, so that a burst of starts asks the database once per profile. */
export function createHistoryReader(): HistoryReader {
  const cache = new Map<string, { readAt: Instant; history: History | null }>();

  async function read(store: Store, by: 'profile' | 'distro', name: string, now: Instant): Promise<History | null> {
    const key = `${by}:${name}`;
    const cached = cache.get(key);
    if (cached && now - cached.readAt < HISTORY_TTL_MS && now >= cached.readAt) return cached.history;
    const runs = await store.runs.loadHistory(by, name, HISTORY_RUNS);
    const history = runs.length < MIN_HISTORY ? null : { runs, origin: `${runs.length} runs of ${by} ${name}` };
    if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
    cache.set(key, { readAt: now, history });
    return history;
  }

  return {
    async find(store, profile, distro, now) {
      const ofProfile = profile === null ? null : await read(store, 'profile', profile, now);
      return ofProfile ?? (distro === null ? null : await read(store, 'distro', distro, now));
    },
  };
}

/** Chooses limits by history and settings. */
export function createChooseOpenings(
  history: HistoryReader,
  options: { stallAfterMs: number | null; giveUpMs: number },
): ChooseOpenings {
  return async (store, items, now) => {
    const learned = new Map<string, ReturnType<typeof chooseLimits>>();
    for (const item of items) {
      const key = `${item.profile}\0${item.distro}`;
      if (learned.has(key)) continue;
      learned.set(key, chooseLimits(await history.find(store, item.profile, item.distro, now), options));
    }
    return (item) => ({
      system: item.type === 'system' ? item.name : null,
      profile: item.profile,
      distro: item.distro,
      owners: item.owners,
      addresses: item.addresses,
      ...(learned.get(`${item.profile}\0${item.distro}`) ?? chooseLimits(null, options)),
    });
  };
}
