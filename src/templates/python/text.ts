/** Text by code points, as Python counts it. */

const SURROGATE = /[\ud800-\udfff]/;

/** Whether UTF-16 units and code points differ in it. */
export function isWide(text: string): boolean {
  return SURROGATE.test(text);
}

/** len(str). */
export function textLength(text: string): number {
  return isWide(text) ? [...text].length : text.length;
}

/** The text from code point `start` up to `end`. */
export function textSlice(text: string, start: number, end: number): string {
  return isWide(text) ? [...text].slice(start, end).join('') : text.slice(start, Math.max(start, end));
}

/** Code points before UTF-16 position `at`; -1 stays -1. */
export function toCodePoints(text: string, at: number): number {
  return at <= 0 || !isWide(text) ? at : [...text.slice(0, at)].length;
}

/** What Python takes for white space. */
export const SPACE = '\t\n\v\f\r\u001c\u001d\u001e\u001f \u0085\u00a0\u1680\u2000-\u200a\u2028\u2029\u202f\u205f\u3000';
export const IS_SPACE = new RegExp(`^[${SPACE}]+$`);
const ONE_SPACE = new RegExp(`[${SPACE}]`);

export function isSpaceAt(text: string, at: number): boolean {
  const code = text.charCodeAt(at);
  return code < 128
    ? code === 32 || (code >= 9 && code <= 13) || (code >= 28 && code <= 31)
    : ONE_SPACE.test(text[at]!);
}

/** text.strip(characters): from the left, the right or both ends. */
export function strip(text: string, characters: string | null, sides: 'left' | 'right' | 'both'): string {
  const set = characters === null ? null : new Set(characters);
  const wide = isWide(text);
  const units = wide ? [...text] : text;
  const drop = (at: number): boolean => (set === null ? isSpaceAt(units[at]!, 0) : set.has(units[at]!));
  let start = 0;
  let end = units.length;
  if (sides !== 'right') while (start < end && drop(start)) start += 1;
  if (sides !== 'left') while (end > start && drop(end - 1)) end -= 1;
  return wide ? (units as string[]).slice(start, end).join('') : text.slice(start, end);
}
