import type { Instant, RunOpening } from '../domain/event';
import { makeHistory, type History } from '../domain/history';
import { chooseLimits } from '../domain/limits';
import type { Judging, LearnedFrom, RunKind } from '../domain/run';
import type { InventoryTarget } from '../domain/target';
import type { Store } from '../store/index';

/** What the runs of a batch are judged by, read beforehand: the rules ask no database. */
export interface Openings {
  /** What a new run of this target and kind will be judged by; `installer` is null while nobody knows it. */
  opening(item: InventoryTarget, kind: RunKind, installer: string | null): Omit<RunOpening, 'kind' | 'continues'>;
  /** What the runs of an installer teach about a run of this kind; null when there are too few. */
  learnFrom(installer: string, kind: RunKind): Judging | null;
}

/** What runs of these targets and installers will be judged by, fixed now. */
export type ChooseOpenings = (
  store: Store,
  items: readonly InventoryTarget[],
  installers: Iterable<string>,
  now: Instant,
) => Promise<Openings>;

/** Finished runs looked at: the oldest of them count a fifth of the newest, and they are read in a millisecond. */
const HISTORY_RUNS = 50;
/** History changes slowly: it is read again after this time. */
const HISTORY_TTL_MS = 30_000;
/** Profiles, distros and installers whose history is kept in memory. */
const MAX_CACHED = 1_000;

/** What a run has in common with earlier ones; null = unknown. */
export interface Likeness {
  kind: RunKind;
  profile: string | null;
  distro: string | null;
  installer: string | null;
}

/** Where limits and estimates are learned from. */
export interface HistoryReader {
  /** The runs of the profile when there are enough, else of the distro, else of the installer, else null. */
  find(store: Store, run: Likeness, now: Instant): Promise<History | null>;
}

/** Histories of one name: what writes images is no like of what installs. */
interface Histories {
  images: History | null;
  others: History | null;
}

const LEVELS = ['profile', 'distro', 'installer'] as const;

/** Reads history through a small cache, so that a burst of starts asks the database once per profile. */
export function createHistoryReader(): HistoryReader {
  const cache = new Map<string, { readAt: Instant; histories: Histories }>();

  async function read(store: Store, by: LearnedFrom['by'], name: string, now: Instant): Promise<Histories> {
    const key = `${by}:${name}`;
    const cached = cache.get(key);
    if (cached && now - cached.readAt < HISTORY_TTL_MS && now >= cached.readAt) return cached.histories;
    const runs = await store.runs.loadHistory(by, name, HISTORY_RUNS);
    const of = (images: boolean): History | null =>
      makeHistory(
        runs.filter(({ kind }) => (kind === 'image') === images),
        { by, name, images },
      );
    const histories = { images: of(true), others: of(false) };
    if (cache.size >= MAX_CACHED) cache.delete(cache.keys().next().value!);
    cache.set(key, { readAt: now, histories });
    return histories;
  }

  return {
    async find(store, run, now) {
      for (const by of LEVELS) {
        const name = run[by];
        if (name === null) continue;
        const history = (await read(store, by, name, now))[run.kind === 'image' ? 'images' : 'others'];
        if (history) return history;
      }
      return null;
    },
  };
}

/** The two kinds of history, by a kind of run that has each. */
const KINDS = ['install', 'image'] as const;

/** Chooses limits by history and settings. */
export function createChooseOpenings(
  reader: HistoryReader,
  options: { stallAfterMs: number | null; giveUpMs: number },
): ChooseOpenings {
  const defaults = chooseLimits(null, options);
  /** A history teaches the same as long as it is kept. */
  const lessons = new WeakMap<History, Judging>();

  function learn(history: History): Judging {
    let judging = lessons.get(history);
    if (!judging) lessons.set(history, (judging = chooseLimits(history, options)));
    return judging;
  }

  return async (store, items, installers, now) => {
    const found = new Map<string, Judging>();
    async function look(key: string, likeness: Omit<Likeness, 'kind'>): Promise<void> {
      for (const kind of KINDS) {
        const history = await reader.find(store, { kind, ...likeness }, now);
        if (history) found.set(`${key}\0${kind}`, learn(history));
      }
    }
    const lookUp = (key: string, kind: RunKind): Judging | null =>
      found.get(`${key}\0${kind === 'image' ? 'image' : 'install'}`) ?? null;

    const likenesses = new Map(items.map(({ profile, distro }) => [`${profile}\0${distro}`, { profile, distro }]));
    for (const [key, likeness] of likenesses) await look(key, { ...likeness, installer: null });
    for (const installer of new Set(installers)) await look(installer, { profile: null, distro: null, installer });

    const learnFrom = (installer: string, kind: RunKind): Judging | null => lookUp(installer, kind);
    return {
      learnFrom,
      opening: (item, kind, installer) => ({
        system: item.type === 'system' ? item.name : null,
        profile: item.profile,
        distro: item.distro,
        owners: item.owners,
        addresses: item.addresses,
        ...(lookUp(`${item.profile}\0${item.distro}`, kind) ??
          (installer === null ? null : learnFrom(installer, kind)) ??
          defaults),
      }),
    };
  };
}
