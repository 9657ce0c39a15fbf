/** `#else`, `#elif`, `#except` and `#finally`: they go on with the directive before them. */
import type { Token } from '../python/token';
import { begin, finishTag, isShortForm, readShortForm, type Tag } from './tags';
import type { Node, TryNode } from './nodes';
import type { Parser } from './parser';
import { scanExpression } from './scan';

/** Reads the line, and hands the node it belongs to and the clause's new body to `attach`. */
function readClause(
  parser: Parser,
  name: string,
  attach: (node: Node, tokens: readonly Token[], tag: Tag) => Node[] | null,
): void {
  const { reader, builder } = parser;
  const tag = begin(parser, name);
  const tokens = scanExpression(reader, parser.syntax, { breakAt: [':'] });
  const misplaced = (): never => parser.faultAt(tag.line, `#${name} belongs to nothing before it`);
  if (isShortForm(parser)) {
    // A one-line clause goes on with the one-line directive right before it.
    const body = attach(builder.lastNode() ?? misplaced(), tokens, tag) ?? misplaced();
    builder.push(name, tag.line, null, body, false);
    readShortForm(parser, true);
    builder.close();
    return;
  }
  if (reader.character === ':') reader.at += 1;
  reader.skipBlanks();
  finishTag(parser, tag);
  builder.redirect(attach(builder.current ?? misplaced(), tokens, tag) ?? misplaced());
}

export function readElse(parser: Parser, name: 'else' | 'elif'): void {
  readClause(parser, name, (node, tokens, tag) => {
    const isElseIf = name === 'else' && tokens[0]?.type === 'name' && tokens[0].text === 'if';
    const body: Node[] = [];
    if (name === 'elif' || isElseIf) {
      if (node.kind !== 'if' || node.otherwise !== null) return null;
      const condition = parser.expression(isElseIf ? tokens.slice(1) : tokens, tag.line);
      node.clauses.push({ line: tag.line, condition, body });
      return body;
    }
    if (tokens.length > 0) parser.faultAt(tag.line, '#else stands alone; a condition follows #elif or #else if');
    const takesElse = node.kind === 'if' || node.kind === 'for' || node.kind === 'while' || node.kind === 'try';
    if (!takesElse || node.otherwise !== null) return null;
    if (node.kind === 'try' && (node.handlers.length === 0 || node.last !== null)) return null;
    node.otherwise = body;
    return body;
  });
}

export function readExcept(parser: Parser): void {
  readClause(parser, 'except', (node, tokens, tag) => {
    if (node.kind !== 'try' || node.otherwise !== null || node.last !== null) return null;
    const body: Node[] = [];
    node.handlers.push({ ...readHandler(parser, tokens, tag), line: tag.line, body });
    return body;
  });
}

/** `TYPE`, `TYPE as name`, `(TYPE, TYPE)` or nothing. */
function readHandler(
  parser: Parser,
  tokens: readonly Token[],
  tag: Tag,
): Pick<TryNode['handlers'][number], 'types' | 'name'> {
  if (tokens.length === 0) return { types: null, name: null };
  const at = tokens.findIndex((token) => token.type === 'name' && token.text === 'as');
  if (at < 0) return { types: parser.expression(tokens, tag.line), name: null };
  const name = tokens[at + 1]?.text.replace(parser.syntax.marks.cheetahVarStartToken, '');
  if (name === undefined || tokens.length > at + 2) parser.faultAt(tag.line, 'write #except TYPE as name');
  return { types: parser.expression(tokens.slice(0, at), tag.line), name };
}

export function readFinally(parser: Parser): void {
  readClause(parser, 'finally', (node, tokens, tag) => {
    if (tokens.length > 0) parser.faultAt(tag.line, '#finally stands alone');
    if (node.kind !== 'try' || node.last !== null) return null;
    node.last = [];
    return node.last;
  });
}
