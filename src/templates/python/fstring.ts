/** f-strings: what is text in them, and what is to be evaluated. */
import { SyntaxFault } from './literals';
import { tokenAt, type Token } from './token';

export type FStringField =
  string | { tokens: readonly Token[]; conversion: string | undefined; spec: readonly FStringField[] };

/** The parts of an f-string: text and `{expression!r:spec}`. */
export function splitFString(text: string, depth = 0): FStringField[] {
  if (depth > 2) throw new SyntaxFault('f-string: expressions nested too deeply');
  const parts: FStringField[] = [];
  let plain = '';
  let at = 0;
  while (at < text.length) {
    const character = text[at]!;
    if (character === '{' && text[at + 1] !== '{') {
      const { tokens, conversion, spec, end } = fstringField(text, at + 1);
      if (plain !== '') parts.push(plain);
      plain = '';
      parts.push({ tokens, conversion, spec: splitFString(spec, depth + 1) });
      at = end;
    } else {
      if (character === '}' && text[at + 1] !== '}') throw new SyntaxFault("f-string: single '}' is not allowed");
      plain += character;
      at += character === '{' || character === '}' ? 2 : 1;
    }
  }
  if (plain !== '') parts.push(plain);
  return parts;
}

function fstringField(
  text: string,
  from: number,
): { tokens: Token[]; conversion: string | undefined; spec: string; end: number } {
  const tokens: Token[] = [];
  let at = from;
  let depth = 0;
  for (;;) {
    while (text[at] === ' ') at += 1;
    if (depth === 0 && (text[at] === '}' || text[at] === ':' || (text[at] === '!' && text[at + 1] !== '='))) break;
    const token = tokenAt(text, at);
    if (token === null) throw new SyntaxFault("f-string: expecting '}'");
    if ('([{'.includes(token.text)) depth += 1;
    if (')]}'.includes(token.text)) depth -= 1;
    tokens.push(token);
    at += token.text.length;
  }
  let conversion: string | undefined;
  if (text[at] === '!') {
    conversion = text[at + 1] ?? '';
    at += 2;
  }
  if (text[at] === '}') return { tokens, conversion, spec: '', end: at + 1 };
  const start = at + 1;
  for (let open = 1; ;) {
    at += 1;
    if (at >= text.length) throw new SyntaxFault("f-string: expecting '}'");
    if (text[at] === '{') open += 1;
    if (text[at] === '}') open -= 1;
    if (open === 0) return { tokens, conversion, spec: text.slice(start, at), end: at + 1 };
  }
}
