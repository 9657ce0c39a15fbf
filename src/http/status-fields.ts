import { AppError } from '../domain/errors';

/** Fields whose text is a number. */
const NUMBERS = new Set(['percent', 'eta_seconds', 'occurred_at']);
const NUMBER = /^[+-]?\d{1,15}(?:\.\d{1,9})?$/;
const BOOLEANS: Record<string, boolean> = { true: true, yes: true, '1': true, false: false, no: false, '0': false };

/**
 * The fields of a status report, from its body and the query of its URL; what stands in the body counts. A body is a JSON
 * object when it begins like one, whatever its Content-Type says; else `name=value` pairs, as a form, joined by `&` or one a
 * line. Numbers and booleans may come as text; a field without a value is not given. A field `token` says who sends.
 *
 * @throws AppError INVALID_ARGUMENT for a body that is neither.
 */
export function readStatusFields(
  body: string,
  query: string,
): { status: Record<string, unknown>; token: string | null } {
  const text = body.trim();
  const fields = new Map<string, unknown>(readPairs(query));
  for (const [name, value] of text.startsWith('{') || text.startsWith('[') ? readJson(text) : readPairs(text)) {
    fields.set(name, value);
  }
  const token = fields.get('token');
  fields.delete('token');
  // Without a prototype: a field may have any name.
  const status = Object.create(null) as Record<string, unknown>;
  for (const [name, value] of fields) {
    const typed = typeof value === 'string' ? toType(name, value.trim()) : value;
    if (typed !== '') status[name] = typed;
  }
  return { status, token: typeof token === 'string' && token !== '' ? token : null };
}

/** The token in a query; null without one. */
export function readToken(query: string): string | null {
  const token = new URLSearchParams(query).get('token');
  return token === null || token === '' ? null : token;
}

function readJson(text: string): [string, unknown][] {
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch {
    throw invalid('The body begins like JSON and is none.');
  }
  if (typeof value !== 'object' || value === null || Array.isArray(value))
    throw invalid('The body must be one object.');
  return Object.entries(value);
}

function readPairs(text: string): [string, unknown][] {
  if (text === '') return [];
  if (/^--[^\r\n]{1,200}\r?\nContent-Disposition: form-data/i.test(text)) {
    throw invalid('The body is multipart: send name=value pairs, with curl -d instead of -F.');
  }
  const joined = text.replace(/[\r\n]+/g, '&');
  const pairs = [...new URLSearchParams(joined)].filter(([name]) => name !== '');
  if (!joined.includes('=') || joined.includes('\0')) {
    throw invalid('The body must be name=value pairs, such as state=progress&percent=40, or a JSON object.');
  }
  return pairs;
}

function toType(name: string, text: string): unknown {
  if (NUMBERS.has(name) && NUMBER.test(text)) return Number(text);
  if (name === 'fatal' && Object.hasOwn(BOOLEANS, text.toLowerCase())) return BOOLEANS[text.toLowerCase()];
  return text;
}

function invalid(sentence: string): AppError {
  return new AppError('INVALID_ARGUMENT', sentence);
}
