/** Reads the expressions of directives and placeholders into tokens; where they end is Cheetah's business, not Python's. */
import { tokenAt, type Token, type VariablePart } from '../python/token';
import type { Reader } from './reader';
import type { Syntax } from './syntax';

const CLOSE: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };
/** Brackets within one another in one expression. */
const DEEPEST = 60;

interface Bracket {
  character: string;
  at: number;
}

export interface ScanOptions {
  /** Ends when the brackets that were open are closed. */
  enclosed?: boolean;
  open?: Bracket[];
  /** Ends right behind the bracket that closes the first one, whatever follows. */
  single?: boolean;
  /** Ends before these when no bracket is open. */
  breakAt?: readonly string[];
}

/** Tokens up to the end of the line, a directive's end mark, the closing bracket, or a token of `breakAt`. */
export function scanExpression(reader: Reader, syntax: Syntax, options: ScanOptions = {}): Token[] {
  const open = options.open ?? [];
  const tokens: Token[] = [];
  for (;;) {
    if (reader.isAtEnd) {
      if (open.length > 0) unclosed(reader, open);
      return tokens;
    }
    const character = reader.character;
    if ('{(['.includes(character)) {
      if (open.length >= DEEPEST) reader.fault(`brackets are nested more than ${DEEPEST} deep`);
      open.push({ character, at: reader.at });
      tokens.push({ type: 'operator', text: character });
      reader.at += 1;
    } else if (options.enclosed === true && open.length === 0) {
      return tokens;
    } else if ('])}'.includes(character)) {
      closeBracket(reader, open, character);
      tokens.push({ type: 'operator', text: character });
      if (options.single === true && open.length === 0) return tokens;
    } else if (' \f\t'.includes(character)) {
      reader.skipBlanks();
    } else if (open.length === 0 && reader.match(syntax.directiveEnd) !== null) {
      return tokens;
    } else if (character === '\\') {
      if (reader.take(/\\(?:\r\n|\n|\r)/y) === null) reader.fault('a backslash here must end the line');
    } else if (reader.isAtLineBreak) {
      if (open.length === 0) return tokens;
      reader.at += 1;
    } else {
      const token = scanToken(reader, syntax);
      if (open.length === 0 && token.type !== 'string' && options.breakAt?.includes(token.text) === true) {
        reader.at -= token.text.length;
        return tokens;
      }
      tokens.push(token);
    }
  }
}

function closeBracket(reader: Reader, open: Bracket[], character: string): void {
  const last = open.at(-1);
  if (last === undefined) reader.fault(`a '${character}' closes nothing`);
  if (CLOSE[last.character] !== character) {
    reader.fault(
      `a '${character}' was found before the '${CLOSE[last.character]!}' that closes the '${last.character}'`,
    );
  }
  open.pop();
  reader.at += 1;
}

function unclosed(reader: Reader, open: readonly Bracket[]): never {
  const { character, at } = open.at(-1)!;
  reader.fault(`the '${character}' is never closed by a '${CLOSE[character]!}'`, at);
}

function scanToken(reader: Reader, syntax: Syntax): Token {
  if (reader.match(syntax.inner) !== null) {
    const from = reader.at;
    reader.at += syntax.marks.cheetahVarStartToken.length;
    const parts = scanVariable(reader, syntax);
    return { type: 'variable', text: reader.source.slice(from, reader.at), parts };
  }
  if (reader.match(syntax.variable) !== null) {
    reader.fault('inside an expression write $name, without braces, * or !');
  }
  const token = tokenAt(reader.source, reader.at);
  if (token === null) reader.fault(`'${reader.character}' is not understood here`);
  reader.at += token.text.length;
  return token;
}

const DOTTED = /[A-Za-z_][A-Za-z_0-9]*(?:\.[A-Za-z_][A-Za-z_0-9]*)*/y;

/** `a.b(1).c[2]`: the parts of a placeholder, from behind the `$`. */
export function scanVariable(reader: Reader, syntax: Syntax): VariablePart[] {
  const parts: VariablePart[] = [];
  for (;;) {
    if (parts.length > 0) {
      // Behind a bracket Cheetah takes the point as read: `$f(1)x` is `$f(1).x`.
      const next = reader.match(/\.?(?=[A-Za-z_])/y);
      if (next === null || reader.isAtEnd || parts.at(-1)!.brackets === 'none') return parts;
      reader.at += next[0].length;
    }
    const names = reader.take(DOTTED)?.[0].split('.');
    if (names === undefined || reader.at > reader.end) reader.fault('a name is missing');
    if (reader.character === '(') {
      parts.push({ names, brackets: 'call', inside: scanCall(reader, syntax) });
    } else if (reader.character === '[') {
      parts.push({ names, brackets: 'index', inside: scanExpression(reader, syntax, { enclosed: true }) });
    } else {
      parts.push({ names, brackets: 'none', inside: [] });
    }
    if (parts.length > DEEPEST) reader.fault(`a name has more than ${DEEPEST} parts`);
  }
}

function scanCall(reader: Reader, syntax: Syntax): Token[] {
  const open = [{ character: '(', at: reader.at }];
  reader.at += 1;
  const tokens = scanExpression(reader, syntax, { single: true, open });
  return tokens.slice(0, -1);
}
