import type { EventDraft } from '../domain/event';
import { anamonSource } from './anamon';
import { cobblerTriggerSource } from './cobbler-trigger';
import type { Message, Source } from './source';
import { updateStatusSource } from './update-status';

/** Everything that can be understood, asked in this order. A new source is one file and one line here. */
export const SOURCES: readonly Source[] = [updateStatusSource, cobblerTriggerSource, anamonSource];

/**
 * The facts in a message, by the first source that knows it; null when none does.
 *
 * @throws AppError INVALID_ARGUMENT when a source knows the message and it is not a valid one.
 */
export function parseMessage(message: Message): { drafts: EventDraft[]; source: string } | null {
  for (const source of SOURCES) {
    const drafts = source.parse(message);
    if (drafts) return { drafts, source: source.name };
  }
  return null;
}
