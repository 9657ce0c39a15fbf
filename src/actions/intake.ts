import { AppError } from '../domain/errors';
import type { Store } from '../store/index';
import {
  appendEvents,
  BlindnessUnnoted,
  type AppendDeps,
  type SubmissionResult,
  type WrittenEvent,
} from './append-events';
import { TargetsChanged, type Submission } from './batch-targets';
import { createTargetItems } from './target-items';

/** Submissions that may share one transaction: bounds its length and what one bad message makes others repeat. */
const MAX_BATCH = 256;
/** Drafts waiting beyond which callers are told to come back: some ten seconds of work. */
const MAX_WAITING_DRAFTS = 20_000;
/** Longest time a batch waits for as many as the one before had. Milliseconds. */
const GATHER_MS = 1;
/** Times a batch that lost against another server's is run again. */
const MAX_CONFLICTS = 5;

/** Told of every event after its commit, in order. Must not wait; what it throws is logged and concerns nobody else. */
export type CommitListener = (written: readonly WrittenEvent[]) => void;

/** What the queue before the write path is made of. */
export interface IntakeDeps extends AppendDeps {
  store: Store;
  /** True when the transaction lost against another and may be run again. */
  isConflict(error: unknown): boolean;
  /** Stores the blind window that was found, by this store: inside the transaction it is bound to, if it is. */
  noteBlindness(store: Store): Promise<void>;
  listeners: readonly CommitListener[];
  onError(sentence: string, error: unknown): void;
}

/** The only way in for messages: those that arrive while a transaction is in flight share the next one. */
export interface Intake {
  /**
   * Resolves when the submission is durable. Order of calls is order of arrival.
   *
   * @throws AppError UNKNOWN_TARGET or NOT_ALLOWED when refused, DATABASE_AWAY or OVERLOADED when to be tried again.
   */
  submit(submission: Submission): Promise<Extract<SubmissionResult, { ok: true }>['results']>;
  /**
   * Writes submissions inside a transaction of the caller's, for changes that must commit together with their cause.
   * Listeners are told when that transaction has committed.
   */
  submitWithin(store: Store, committed: Promise<unknown>, submissions: readonly Submission[]): Promise<void>;
  /** Resolves when everything handed in so far has been answered. */
  drain(): Promise<void>;
}

interface Waiting {
  submission: Submission;
  resolve(results: Extract<SubmissionResult, { ok: true }>['results']): void;
  reject(error: unknown): void;
}

/** Starts the queue. One batch is in hand at a time, so arrival order is kept without further locks. */
export function createIntake(deps: IntakeDeps): Intake {
  let waiting: Waiting[] = [];
  let waitingDrafts = 0;
  let inHand: Promise<void> | null = null;
  let lastBatch = 0;
  const items = createTargetItems();

  function publish(written: readonly WrittenEvent[]): void {
    if (written.length === 0) return;
    for (const listener of deps.listeners) {
      try {
        listener(written);
      } catch (error) {
        // The events are stored: whoever reported them must hear so, whatever those fail at who are told.
        deps.onError('A listener failed; what it was told of is stored.', error);
      }
    }
  }

  async function runBatches(): Promise<void> {
    // Let everything that is ready in this turn of the loop join the first batch.
    await nextTurn();
    while (waiting.length > 0) {
      await gather();
      const batch = waiting.slice(0, MAX_BATCH);
      waiting = waiting.slice(MAX_BATCH);
      waitingDrafts -= countDrafts(batch);
      lastBatch = batch.length;
      await runBatch(batch);
    }
    inHand = null;
  }

  /**
   * Those who were just answered are about to speak again, and one batch of all costs half of two of half: measured with
   * 8 clients, an eighth more messages per second.
   */
  async function gather(): Promise<void> {
    let isOver = false;
    const timer = setTimeout(() => (isOver = true), GATHER_MS);
    while (waiting.length < lastBatch && !isOver) await nextTurn();
    clearTimeout(timer);
  }

  async function runBatch(batch: readonly Waiting[]): Promise<void> {
    try {
      const { results, written } = await commit(batch.map((entry) => entry.submission));
      publish(written);
      batch.forEach((entry, index) => {
        const result = results[index]!;
        if (result.ok) entry.resolve(result.results);
        else entry.reject(result.error);
      });
    } catch (error) {
      if (batch.length > 1 && !isUnavailable(error)) {
        deps.onError('A batch failed; its messages are tried one by one.', error);
        for (const entry of batch) await runBatch([entry]);
        return;
      }
      if (!(error instanceof AppError)) deps.onError('A message could not be stored.', error);
      const told =
        error instanceof TargetsChanged || deps.isConflict(error)
          ? new AppError('OVERLOADED', undefined, { cause: error })
          : error;
      for (const entry of batch) entry.reject(told);
    }
  }

  /** Hardly ever is anybody else about the same targets at the same moment: only who lost once locks them. */
  async function commit(submissions: readonly Submission[]) {
    for (let attempt = 1, lock = false; ; attempt += 1) {
      try {
        if (!lock) return await appendEvents(deps, deps.store, submissions, { items, lock });
        return await deps.store.transaction((store) => appendEvents(deps, store, submissions, { items, lock }));
      } catch (error) {
        if (attempt > MAX_CONFLICTS) throw error;
        if (error instanceof BlindnessUnnoted) await deps.noteBlindness(deps.store);
        else if (error instanceof TargetsChanged || deps.isConflict(error)) lock = true;
        else throw error;
      }
    }
  }

  return {
    submit(submission) {
      return new Promise((resolve, reject) => {
        if (waitingDrafts + submission.drafts.length > MAX_WAITING_DRAFTS) {
          reject(new AppError('OVERLOADED'));
          return;
        }
        waiting.push({ submission, resolve, reject });
        waitingDrafts += submission.drafts.length;
        inHand ??= runBatches();
      });
    },

    async submitWithin(store, committed, submissions) {
      // That transaction sees changes of its own that may never be committed: they must not be remembered.
      const options = { items: createTargetItems(), lock: true };
      const append = () => appendEvents(deps, store, submissions, options);
      const { results, written } = await append().catch(async (error: unknown) => {
        if (!(error instanceof BlindnessUnnoted)) throw error;
        await deps.noteBlindness(store);
        return append();
      });
      const refused = results.find((result) => !result.ok);
      if (refused && !refused.ok) throw refused.error;
      committed.then(
        () => publish(written),
        () => undefined,
      );
    },

    async drain() {
      while (inHand) await inHand;
    },
  };
}

/** Lets what has come in meanwhile be taken in. */
function nextTurn(): Promise<void> {
  return new Promise((resolve) => setImmediate(resolve));
}

function countDrafts(batch: readonly Waiting[]): number {
  return batch.reduce((sum, entry) => sum + entry.submission.drafts.length, 0);
}

function isUnavailable(error: unknown): boolean {
  return error instanceof AppError && error.kind === 'unavailable';
}

/** What the server itself says about a target, at this moment. */
export function internalCaller(): Submission['caller'] {
  return { peer: null, authority: 'internal' };
}
