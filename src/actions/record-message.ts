import type { EventDraft } from '../domain/event';
import type { Caller } from '../domain/target';
import type { Message } from '../intake/source';
import type { DraftResult } from './append-events';
import type { Intake } from './intake';

/** What one message came to: the facts it held, and what became of each. */
export interface Recorded {
  drafts: EventDraft[];
  results: DraftResult[];
}

/** Hands a message in and resolves when all it said is durable. */
export type RecordMessage = (message: Message, caller: Caller) => Promise<Recorded>;

/**
 * The way of every message: the sources read it, the write path stores what they found.
 *
 * @throws AppError INVALID_ARGUMENT when the message cannot be understood, and what `Intake.submit` throws.
 */
export function createRecordMessage(deps: { intake: Intake; parse(message: Message): EventDraft[] }): RecordMessage {
  return async (message, caller) => {
    const drafts = deps.parse(message);
    if (drafts.length === 0) return { drafts, results: [] };
    return { drafts, results: await deps.intake.submit({ caller, drafts }) };
  };
}
