import { AppError } from '../domain/errors';
import type { EventDetail, EventDraft, Instant } from '../domain/event';
import type { Caller, InventoryTarget } from '../domain/target';
import { BOOT_TRAIL } from '../intake/boot-trail';
import type { SenderBinder } from './bind-senders';

/** Somebody fetched an answer file. */
export interface AnswerFetch {
  /** Whose file it is. */
  type: 'profile' | 'system';
  name: string;
  peer: string | null;
  macs: readonly string[];
  /** Why the file could not be given out; null when it was. */
  problem: string | null;
}

/** Keeps a fetch as evidence. Never rejects: the installer gets its file whatever becomes of the evidence. */
export type NoteAnswerFetch = (fetch: AnswerFetch) => Promise<void>;

/** What noting takes. */
export interface NoteDeps {
  binder: Pick<SenderBinder, 'bind'>;
  findTargets(names: { type: 'system' | 'profile' | null; name: string }[]): Promise<InventoryTarget[]>;
  submit(drafts: EventDraft[], caller: Caller): Promise<unknown>;
  /** Networks whose callers speak for others: an administrator's look at a file is no install. */
  isTrusted(peer: string): boolean;
  warn(key: string, sentence: string, fields: Record<string, unknown>): void;
  now(): Instant;
}

/** MAC addresses of one caller that are looked at; anaconda sends one per interface. */
const MAX_MACS = 32;

/**
 * A machine that fetches its answer file is being installed: a trail like those of other servers, which moves a run that
 * is open and opens none. The machine is known by its address, else by the MAC address it names; whom nobody knows is
 * taken for the system the file is of. A file of another profile than its own makes the run suspicious.
 */
export function createNoteAnswerFetch(deps: NoteDeps): NoteAnswerFetch {
  async function note(fetch: AnswerFetch): Promise<void> {
    const found = await recognise(fetch);
    if (!found) return;
    const { target, caller } = found;
    const wrong = target.type === 'system' ? await foreignFile(target.name, fetch) : null;
    await deps.submit([toDraft(fetch, target, wrong)], caller);
  }

  async function recognise({ type, name, peer, macs }: AnswerFetch): Promise<{
    target: EventDraft['target'];
    caller: Caller;
  } | null> {
    if (peer === null) return null;
    const [seen, ...named] = await deps.binder.bind(
      [null, ...macs.slice(0, MAX_MACS)].map((mac) => ({
        address: mac === null ? peer : null,
        mac,
        host: null,
        isRelay: false,
      })),
    );
    // An address the server knows by itself; a MAC address anybody can claim.
    if (seen) return { target: seen.target, caller: { peer: null, authority: 'internal' } };
    const caller: Caller = { peer, authority: 'anonymous' };
    const claimed = named.find((binding) => binding !== null);
    if (claimed) return { target: claimed.target, caller };
    if (deps.isTrusted(peer)) return null;
    return { target: { type, name, address: type === 'profile' ? peer : null }, caller };
  }

  /** What is wrong about this system's having that file; null when it is its own or its profile's. */
  async function foreignFile(system: string, { type, name }: AnswerFetch): Promise<string | null> {
    if (type === 'system' && name === system) return null;
    const [own] = await deps.findTargets([{ type: 'system', name: system }]);
    if (!own || (type === 'profile' && own.profile === name)) return null;
    return `wrong profile served: it fetched the answer file of ${type} ${name}`;
  }

  return async (fetch) => {
    try {
      await note(fetch);
    } catch (error) {
      // That a stranger may not report is everyday: files are looked at by people, too.
      if (error instanceof AppError && (error.kind === 'denied' || error.kind === 'not-found')) return;
      const fields = { name: fetch.name, error: error instanceof Error ? error.message : String(error) };
      deps.warn(`answers ${fetch.name}`, 'That a machine fetched its answer file could not be noted.', fields);
    }
  };

  function toDraft(fetch: AnswerFetch, target: EventDraft['target'], wrong: string | null): EventDraft {
    const text = `fetched the answer file of ${fetch.type} ${fetch.name}`;
    const detail: EventDetail = {
      phase: 'bootstrap',
      trail: true,
      ...(fetch.peer !== null && { address: fetch.peer }),
      witness: { file: 'answer file', text },
      // Told again it is a sign of life; a foreign file is news.
      ...(wrong === null ? { installer: BOOT_TRAIL.name } : { suspicion: wrong }),
      ...(fetch.problem !== null && { error: { text: `the answer file could not be rendered: ${fetch.problem}` } }),
    };
    return {
      kind: fetch.problem === null ? 'progress-reported' : 'error-reported',
      target,
      source: 'answer-file',
      receivedAt: deps.now(),
      claimedAt: null,
      dedupeKey: null,
      runId: null,
      detail,
    };
  }
}
