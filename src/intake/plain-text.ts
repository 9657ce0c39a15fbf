/** Longest text of an error, a message or a question that is kept; what is longer is cut. */
export const MAX_TEXT = 4_000;

// C0 and C1 control characters but tab and line feed; the database cannot hold NUL, terminals act on the others.
const CONTROL = /[\u0000-\u0008\u000b-\u001f\u007f-\u009f]/g;
const LONE_SURROGATE = /[\ud800-\udbff](?![\udc00-\udfff])|(?<![\ud800-\udbff])[\udc00-\udfff]/g;

/** Text that can be stored, logged and shown as it is: no control characters but tab and line feed, at most `max` long. */
export function plainText(text: string, max: number = MAX_TEXT): string {
  const clean = text.replace(CONTROL, ' ').replace(LONE_SURROGATE, '\ufffd');
  if (clean.length <= max) return clean;
  const cut = clean.slice(0, max - 1);
  return `${/[\ud800-\udbff]$/.test(cut) ? cut.slice(0, -1) : cut}…`;
}
