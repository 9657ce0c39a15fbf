import type { EventDraft } from '../domain/event';
import { maySayASecret, withoutSecrets } from '../domain/secrets';

/** What PostgreSQL refuses inside text: NUL, and half of a surrogate pair. As JSON spells them. */
const REFUSED = /\\u0000|\\ud[89a-f]/;

/**
 * The draft with texts the database can hold, U+FFFD for what it cannot: the run folded in memory is then the one that
 * is folded again from the log. What is said in words is stored without the secrets in it. A draft with neither, which is
 * nearly every one, is answered as it is.
 */
export function cleanDraft(draft: EventDraft): EventDraft {
  const text = JSON.stringify(draft);
  const storable = REFUSED.test(text) ? (mapTexts(draft, storableText) as EventDraft) : draft;
  // Names and event ids are compared with others: only what is said is changed.
  if (!maySayASecret(text)) return storable;
  return { ...storable, detail: mapTexts(storable.detail, withoutSecrets) as EventDraft['detail'] };
}

function storableText(text: string): string {
  return text.replaceAll('\0', '\uFFFD').toWellFormed();
}

function mapTexts(value: unknown, change: (text: string) => string): unknown {
  if (typeof value === 'string') return change(value);
  if (Array.isArray(value)) return value.map((entry) => mapTexts(entry, change));
  if (typeof value !== 'object' || value === null) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, mapTexts(entry, change)]));
}
