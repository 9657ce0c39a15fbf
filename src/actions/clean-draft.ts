import type { EventDraft } from '../domain/event';

/** What PostgreSQL refuses inside text: NUL, and half of a surrogate pair. As JSON spells them. */
const REFUSED = /\\u0000|\\ud[89a-f]/;

/**
 * The draft with texts the database can hold, U+FFFD for what it cannot: the run folded in memory is then the one that
 * is folded again from the log. A draft without such text, which is nearly every one, is answered as it is.
 */
export function cleanDraft(draft: EventDraft): EventDraft {
  return REFUSED.test(JSON.stringify(draft)) ? (cleanValue(draft) as EventDraft) : draft;
}

function cleanValue(value: unknown): unknown {
  if (typeof value === 'string') return value.replaceAll('\0', '\uFFFD').toWellFormed();
  if (Array.isArray(value)) return value.map(cleanValue);
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, cleanValue(entry)]));
}
