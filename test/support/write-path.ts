import type { Knex } from 'knex';
import { createChooseOpenings, createHistoryReader } from '../../src/actions/choose-openings';
import type { NotificationDecider } from '../../src/actions/decide-notifications';
import { createIntake, type CommitListener, type Intake, type IntakeDeps } from '../../src/actions/intake';
import { noteBlindness } from '../../src/actions/watch-clocks';
import type { DraftKind, Event, EventDetail, EventDraft, Instant } from '../../src/domain/event';
import type { RunState } from '../../src/domain/run';
import type { Caller, IntakePolicy } from '../../src/domain/target';
import { createStore, type Store } from '../../src/store';
import { isTransactionConflict } from '../../src/store/errors';
import { at } from './builders';

/** Six hours. */
export const GIVE_UP_MS = 6 * 3_600_000;

/** The server itself, to which every report is allowed. */
export const INTERNAL: Caller = { peer: null, authority: 'internal' };

/** One server's write path over a database, with a clock that only tests move. */
export interface TestServer {
  store: Store;
  intake: Intake;
  /** The moment it is. */
  now: Instant;
  /** What `beat`, `watchStalls` and `applyBlindWindows` take. */
  watch: { store: Store; now(): Instant; server: string };
  /** Sentences handed to onError, in order. */
  errors: string[];
  /** Hands in one draft made now; answers the run it is about. */
  say(kind: DraftKind, detail?: EventDetail, rest?: Partial<EventDraft>): Promise<RunState>;
}

/** A draft about system web1, received at `now`. */
export function draftAt(
  now: Instant,
  kind: DraftKind,
  detail: EventDetail = {},
  rest: Partial<EventDraft> = {},
): EventDraft {
  return {
    kind,
    target: { type: null, name: 'web1', address: null },
    source: 'update-status',
    receivedAt: now,
    claimedAt: null,
    dedupeKey: null,
    runId: null,
    detail,
    ...rest,
  };
}

/** Starts the write path of a server at 10:00. Two of them over two pools are two servers of one database. */
export function startWritePath(
  knex: Knex,
  options: {
    server?: string;
    policy?: IntakePolicy;
    stallAfterMs?: number;
    isTrusted?: (peer: string) => boolean;
    listeners?: CommitListener[];
    notifications?: NotificationDecider;
    deps?: Partial<IntakeDeps>;
  } = {},
): TestServer {
  const store = createStore(knex);
  const errors: string[] = [];
  const watch = { store, now: () => server.now, server: options.server ?? 'a' };
  const intake = createIntake({
    store,
    now: watch.now,
    server: watch.server,
    policy: options.policy ?? 'known',
    isTrusted: options.isTrusted ?? (() => false),
    chooseOpenings: createChooseOpenings(createHistoryReader(), {
      stallAfterMs: options.stallAfterMs ?? null,
      giveUpMs: GIVE_UP_MS,
    }),
    notifications: options.notifications ?? { decide: () => Promise.resolve([]) },
    isConflict: isTransactionConflict,
    noteBlindness: (within) => noteBlindness({ ...watch, store: within }),
    listeners: options.listeners ?? [],
    onError: (sentence) => errors.push(sentence),
    ...options.deps,
  });
  const server: TestServer = {
    store,
    intake,
    now: at('10:00'),
    watch,
    errors,
    async say(kind, detail, rest) {
      const draft = draftAt(server.now, kind, detail, rest);
      const results = await intake.submit({ caller: INTERNAL, drafts: [draft] });
      return results[0]!.run!;
    },
  };
  return server;
}

/** Puts distro el9, profile web and the systems into the inventory; addresses are those of their one interface. */
export async function addSystems(knex: Knex, systems: Record<string, string[]>): Promise<void> {
  const item = (name: string) => ({ name, uid: `uid-${name}`, ctime: 0, mtime: 0, data: JSON.stringify({}) });
  await knex('distros').insert(item('el9')).onConflict('name').ignore();
  await knex('profiles')
    .insert({ ...item('web'), distro: 'el9' })
    .onConflict('name')
    .ignore();
  const names = Object.keys(systems);
  if (names.length === 0) return;
  const rows: { id: number; name: string }[] = await knex('systems')
    .insert(names.map((name) => ({ ...item(name), profile: 'web' })))
    .returning(['id', 'name']);
  const interfaces = rows.flatMap(({ id, name }) =>
    systems[name]!.map((ip, index) => ({ system_id: id, name: `eth${index}`, ip, data: '{}' })),
  );
  if (interfaces.length > 0) await knex('interfaces').insert(interfaces);
}

/** All events of all runs, by run and seq. */
export async function readLog(store: Store): Promise<Event[]> {
  return store.events.listRuns(await store.events.pageRunIds('0', 10_000));
}

/** Kinds of all events, by run and seq, the runs numbered from 1: `1 install-started`. */
export async function readKinds(store: Store): Promise<string[]> {
  const log = await readLog(store);
  const runIds = [...new Set(log.map((event) => event.runId))];
  return log.map((event) => `${runIds.indexOf(event.runId) + 1} ${event.kind}`);
}
