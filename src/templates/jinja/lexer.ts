/** Cuts a Jinja2 template into text, `{{ expressions }}` and `{% statements %}`. */
import { SPACE } from '../python/text';
import { tokenAt, type Token } from '../python/token';
import { TemplateFault } from '../template-fault';

export type Piece =
  | { kind: 'text'; text: string }
  | { kind: 'output'; line: number; tokens: Token[] }
  | { kind: 'statement'; line: number; tokens: Token[] };

const START = /\{[{%#]/g;
const ENDS = { '{{': '}}', '{%': '%}', '{#': '#}' } as const;
const LEADING = new RegExp(`^[${SPACE}]+`);

/**
 * The pieces in order. As with Jinja2's defaults, which Cobbler leaves as they are, the line break behind a statement
 * stays, the white space before one too, and the last line break of the template goes. `{%-` and `-%}` take all white
 * space on their side.
 */
export function cut(given: string): Piece[] {
  const source = given.replace(/\r\n?/g, '\n').replace(/\n$/, '');
  const lineOf = lineCounter(source);
  const pieces: Piece[] = [];
  let at = 0;
  let isTrimmed = false;
  const addText = (end: number, trimEnd: boolean): void => {
    let text = source.slice(at, end);
    if (isTrimmed) text = text.replace(LEADING, '');
    if (trimEnd) text = trimRight(text);
    if (text !== '') pieces.push({ kind: 'text', text });
  };
  for (;;) {
    START.lastIndex = at;
    const start = START.exec(source);
    if (start === null) break;
    const mark = start[0] as keyof typeof ENDS;
    const sign = source[start.index + 2];
    addText(start.index, sign === '-');
    const from = start.index + (sign === '-' || sign === '+' ? 3 : 2);
    const line = lineOf(start.index);
    if (mark === '{#') {
      ({ at, isTrimmed } = comment(source, from, line));
      continue;
    }
    const piece = readTag(source, from, ENDS[mark], line);
    at = piece.at;
    isTrimmed = piece.isTrimmed;
    if (mark === '{%' && piece.tokens.length === 1 && piece.tokens[0]!.text === 'raw') {
      const raw = readRaw(source, at, isTrimmed, line);
      if (raw.text !== '') pieces.push({ kind: 'text', text: raw.text });
      at = raw.at;
      isTrimmed = raw.isTrimmed;
    } else {
      pieces.push({ kind: mark === '{{' ? 'output' : 'statement', line, tokens: piece.tokens });
    }
  }
  addText(source.length, false);
  return pieces;
}

function trimRight(text: string): string {
  let end = text.length;
  while (end > 0 && LEADING.test(text[end - 1]!)) end -= 1;
  return text.slice(0, end);
}

function breaks(source: string, from: number, to: number): number {
  return source.slice(from, to).split('\n').length - 1;
}

/** Lines of positions that only grow. */
function lineCounter(source: string): (at: number) => number {
  let line = 1;
  let next = source.indexOf('\n');
  return (at) => {
    while (next >= 0 && next < at) {
      line += 1;
      next = source.indexOf('\n', next + 1);
    }
    return line;
  };
}

function comment(source: string, from: number, line: number): { at: number; isTrimmed: boolean } {
  const end = source.indexOf('#}', from);
  if (end < 0) throw new TemplateFault(line, 'the comment {# is never closed by #}');
  return { at: end + 2, isTrimmed: end > from && source[end - 1] === '-' };
}

function readTag(
  source: string,
  from: number,
  end: string,
  line: number,
): { tokens: Token[]; at: number; isTrimmed: boolean } {
  const tokens: Token[] = [];
  let depth = 0;
  let at = from;
  for (;;) {
    while (at < source.length && /\s/.test(source[at]!)) at += 1;
    if (at >= source.length) throw new TemplateFault(line, `a tag is never closed by ${end}`);
    const sign = source[at] === '-' || source[at] === '+' ? 1 : 0;
    if (depth === 0 && source.startsWith(end, at + sign)) {
      return { tokens, at: at + sign + end.length, isTrimmed: sign === 1 && source[at] === '-' };
    }
    const token = tokenAt(source, at);
    if (token === null)
      throw new TemplateFault(line + breaks(source, from, at), `'${source[at]!}' is not understood here`);
    if (token.type === 'operator' && '([{'.includes(token.text)) depth += 1;
    if (token.type === 'operator' && ')]}'.includes(token.text)) depth -= 1;
    if (depth < 0) throw new TemplateFault(line + breaks(source, from, at), `a '${token.text}' closes nothing`);
    tokens.push(token);
    at += token.text.length;
  }
}

const END_RAW = /\{%([-+]?)\s{0,100}endraw\s{0,100}([-+]?)%\}/g;

function readRaw(
  source: string,
  from: number,
  trimStart: boolean,
  line: number,
): { text: string; at: number; isTrimmed: boolean } {
  END_RAW.lastIndex = from;
  const end = END_RAW.exec(source);
  if (end === null) throw new TemplateFault(line, 'the raw of this line is never closed by endraw');
  let text = source.slice(from, end.index);
  if (trimStart) text = text.replace(LEADING, '');
  if (end[1] === '-') text = trimRight(text);
  return { text, at: end.index + end[0].length, isTrimmed: end[2] === '-' };
}
