/** `#set` and `#attr`. */
import { parseTarget } from '../python/parse-expression';
import type { Token } from '../python/token';
import type { Parser } from './parser';
import { scanExpression } from './scan';
import { begin, finishTag } from './tags';

const ASSIGNMENTS = ['=', '+=', '-=', '/=', '*=', '**=', '^=', '%=', '>>=', '<<=', '&=', '|=', '//='];

export function readSet(parser: Parser): void {
  const { reader, syntax, builder } = parser;
  const tag = begin(parser, 'set');
  reader.skipBlanks();
  const style = reader.take(/(?:local|global|module)[a-zA-Z_0-9]*/y)?.[0] ?? 'local';
  reader.skipBlanks();
  const targets: Token[][] = [];
  let op = '=';
  let value: Token[] = scanExpression(reader, syntax, { breakAt: ASSIGNMENTS });
  let next = ASSIGNMENTS.find((mark) => isOperator(parser, mark));
  while (next !== undefined) {
    targets.push(value);
    op = next;
    reader.at += next.length;
    value = scanExpression(reader, syntax, { breakAt: ['='] });
    next = isOperator(parser, '=') ? '=' : undefined;
  }
  if (targets.length === 0) parser.faultAt(tag.line, 'an assignment is written #set $name = value');
  finishTag(parser, tag);
  builder.add({
    kind: 'set',
    line: tag.line,
    style: style.startsWith('global') ? 'global' : style.startsWith('module') ? 'module' : 'local',
    targets: targets.map((target) => parser.parsed(tag.line, () => parseTarget(target))),
    op: op === '=' ? null : (op.slice(0, -1) as '+'),
    value: parser.expression(value, tag.line),
  });
}

function isOperator(parser: Parser, mark: string): boolean {
  const { reader } = parser;
  return reader.startsWith(mark) && (mark !== '=' || reader.source[reader.at + 1] !== '=');
}

export function readAttr(parser: Parser): void {
  const { reader, syntax } = parser;
  const tag = begin(parser, 'attr');
  reader.skipBlanks();
  reader.take(syntax.inner);
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*/y)?.[0];
  reader.skipBlanks();
  if (name === undefined || !isOperator(parser, '='))
    parser.faultAt(tag.line, 'an attribute is written #attr $name = value');
  reader.at += 1;
  const tokens = scanExpression(reader, syntax);
  if (tokens.some((token) => token.type === 'variable')) {
    parser.faultAt(tag.line, '#attr takes plain Python values only, no $name');
  }
  parser.attributes.push({ line: tag.line, name, value: parser.expression(tokens, tag.line) });
  finishTag(parser, tag);
}
