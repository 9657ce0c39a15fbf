/** East Asian wide and fullwidth blocks, and pictographs: two columns on every common terminal. */
const WIDE =
  /^[\u1100-\u115f\u2e80-\u303e\u3041-\u33ff\u3400-\u4dbf\u4e00-\u9fff\ua000-\ua4cf\ua960-\ua97f\uac00-\ud7a3\uf900-\ufaff\ufe30-\ufe6f\uff00-\uff60\uffe0-\uffe6\u{1f300}-\u{1f64f}\u{1f680}-\u{1f6ff}\u{1f900}-\u{1f9ff}\u{20000}-\u{3fffd}]/u;
/** Marks that stand on the character before them, and characters without a picture of their own. */
const ZERO_WIDTH = /^[\p{Mn}\p{Me}\u200b-\u200f\u2060\ufe00-\ufe0f\ufeff]/u;

/**
 * Everything that would move the cursor, change the terminal or the direction of writing: C0 and C1 controls, line and
 * paragraph separators, invisible and bidirectional marks.
 */

const CONTROLS = /[\u0000-\u001f\u007f-\u009f\u200b-\u200f\u2028-\u202e\u2060-\u206f\ufeff]+/g;

/** Text from machines and logs, made safe to print on one line: control characters and runs of spaces become one space. */
export function plain(text: string): string {
  return text.toWellFormed().replace(CONTROLS, ' ').replace(/ {2,}/g, ' ').trim();
}

/** One line of a log, made safe to print; its indentation and columns are kept. */
export function plainLine(text: string): string {
  return text.toWellFormed().replaceAll('\t', '    ').replace(CONTROLS, ' ').trimEnd();
}

/** Columns a text takes on a terminal. The text holds no escape sequences. */
export function displayWidth(text: string): number {
  let width = 0;
  for (const character of text) width += characterWidth(character);
  return width;
}

function characterWidth(character: string): number {
  const code = character.codePointAt(0)!;
  if (code < 0x300) return 1; // nearly all text: no need to ask the expressions
  if (ZERO_WIDTH.test(character)) return 0;
  return WIDE.test(character) ? 2 : 1;
}

/** The text in at most `columns`, cut with `…` where it does not fit. */
export function cutText(text: string, columns: number): string {
  if (displayWidth(text) <= columns) return text;
  if (columns <= 0) return '';
  let width = 0;
  let kept = '';
  for (const character of text) {
    const next = characterWidth(character);
    if (width + next > columns - 1) break;
    width += next;
    kept += character;
  }
  return `${kept}…`;
}

/** The text followed by spaces up to `columns`; behind them with `align` right. */
export function padText(text: string, columns: number, align: 'left' | 'right' = 'left'): string {
  const padding = ' '.repeat(Math.max(0, columns - displayWidth(text)));
  return align === 'left' ? text + padding : padding + text;
}

/** The text on several lines of at most `columns`, broken at spaces; words longer than a line are cut into pieces. */
export function wrapText(text: string, columns: number): string[] {
  const lines: string[] = [];
  let line = '';
  for (const word of text.split(/ +/)) {
    let rest = word;
    if (line !== '' && displayWidth(line) + 1 + displayWidth(rest) <= columns) {
      line += ` ${rest}`;
      continue;
    }
    if (line !== '') lines.push(line);
    while (displayWidth(rest) > columns) {
      const piece = takeColumns(rest, columns);
      lines.push(piece);
      rest = rest.slice(piece.length);
    }
    line = rest;
  }
  if (line !== '' || lines.length === 0) lines.push(line);
  return lines;
}

function takeColumns(text: string, columns: number): string {
  let width = 0;
  let taken = '';
  for (const character of text) {
    width += characterWidth(character);
    if (width > columns && taken !== '') break;
    taken += character;
  }
  return taken;
}
