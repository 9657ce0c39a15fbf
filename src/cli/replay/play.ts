import type { Outlet } from './outlets';
import type { Parcel, TimedParcel } from './recording';

/** Parcels due within this time go together. */
const TICK_MS = 50;
/** Parcels that go together at most, so that something is to be seen of a replay without pauses. */
const MAX_TOGETHER = 500;

/** What playing takes; clock and pauses are the caller's. */
export interface PlayDeps {
  outlets: Readonly<Record<Parcel['route'], Outlet | null>>;
  /** A clock that only goes forward, milliseconds. */
  now(): number;
  sleep(ms: number): Promise<void>;
  /** Told after each lot how many parcels have gone. */
  onProgress(sent: number): void;
  signal: AbortSignal;
}

/** Plays parcels at their times; answers how many have gone. Stops early when the signal says so. */
export async function playParcels(parcels: readonly TimedParcel[], deps: PlayDeps): Promise<number> {
  const beganAt = deps.now();
  let next = 0;
  while (next < parcels.length && !deps.signal.aborted) {
    const elapsed = deps.now() - beganAt;
    const wait = parcels[next]!.at - elapsed;
    if (wait > 0) {
      await deps.sleep(Math.max(wait, TICK_MS));
      continue;
    }
    const lot: Parcel[] = [];
    while (lot.length < MAX_TOGETHER && next < parcels.length && parcels[next]!.at <= elapsed) {
      lot.push(parcels[next++]!.parcel);
    }
    for (const row of rowsOf(lot)) await deps.outlets[row[0]!.route]?.send(row);
    deps.onProgress(next);
  }
  return next;
}

/** Parcels of one route behind each other, so that all of them keep their order. */
function rowsOf(parcels: readonly Parcel[]): Parcel[][] {
  const rows: Parcel[][] = [];
  for (const parcel of parcels) {
    const last = rows.at(-1);
    if (last?.[0]!.route === parcel.route) last.push(parcel);
    else rows.push([parcel]);
  }
  return rows;
}
