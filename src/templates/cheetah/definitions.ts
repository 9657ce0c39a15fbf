/** Functions of the template itself: `#def`, `#block`, `#closure`, and `#call` with its `#arg`s. */
import type { Expression } from '../python/expression';
import type { Definition, Node } from './nodes';
import type { Parser } from './parser';
import { scanExpression } from './scan';
import { begin, finishTag, isShortForm, openBlock, type Tag } from './tags';

export function readDefinition(parser: Parser, kind: 'def' | 'block' | 'closure'): void {
  const { reader, syntax, builder } = parser;
  const tag = begin(parser, kind);
  reader.skipBlanks();
  reader.take(syntax.inner);
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*/y)?.[0];
  if (name === undefined) parser.faultAt(tag.line, `a name must follow #${kind}`);
  reader.skipBlanks();
  const definition: Definition = { name, parameters: [], body: [] };
  if (reader.character === '(') {
    const tokens = scanExpression(reader, syntax, { single: true });
    definition.parameters = parser.parameters(tokens.slice(1, -1), tag.line);
  }
  const isNested = kind === 'closure' || (kind === 'def' && builder.countOpen('def') > 0);
  if (isShortForm(parser)) readShortDefinition(parser, kind, tag, definition, isNested);
  else openDefinition(parser, kind, tag, definition, isNested);
}

function readShortDefinition(parser: Parser, kind: string, tag: Tag, definition: Definition, isNested: boolean): void {
  const { reader, builder } = parser;
  const before = parser.useSearchList;
  if (isNested) {
    builder.push(kind, tag.line, { kind: 'function', line: tag.line, definition }, definition.body, false);
    parser.useSearchList = false;
  } else {
    builder.enter(definition);
  }
  reader.at += 1;
  reader.skipBlanks(1);
  parser.readTo(tag.firstLineEnd);
  if (isNested) builder.close();
  else builder.leave();
  parser.useSearchList = before;
  if (kind === 'block') builder.add({ kind: 'block', line: tag.line, name: definition.name });
  finishTag(parser, tag);
}

function openDefinition(parser: Parser, kind: string, tag: Tag, definition: Definition, isNested: boolean): void {
  const { reader, syntax, builder } = parser;
  if (reader.character === ':') reader.at += 1;
  scanExpression(reader, syntax);
  finishTag(parser, { ...tag, firstLineEnd: reader.lineEnd() });
  if (isNested) {
    builder.push(kind, tag.line, { kind: 'function', line: tag.line, definition }, definition.body, true);
    parser.useSearchList = false;
  } else {
    builder.pushMethod(kind, tag.line);
    builder.enter(definition);
  }
}

export function readCall(parser: Parser): void {
  const { reader, syntax } = parser;
  const tag = begin(parser, 'call');
  reader.skipBlanks();
  const isVariable = reader.match(syntax.inner) !== null;
  if (isVariable) reader.take(syntax.inner);
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*(?:\.[a-zA-Z_][a-zA-Z_0-9]*)*/y)?.[0];
  if (name === undefined) parser.faultAt(tag.line, 'the name of a function must follow #call');
  const callee: Expression =
    isVariable && parser.useSearchList
      ? { kind: 'lookup', names: name.split('.'), autocall: false }
      : { kind: 'name', name };
  reader.skipBlanks();
  const args = parser.args(scanExpression(reader, syntax, { breakAt: [':'] }), tag.line);
  const body: Node[] = [];
  openBlock(
    parser,
    'call',
    tag,
    { kind: 'call', line: tag.line, callee, args, parts: [{ name: null, body }] },
    body,
    false,
  );
}

export function readArg(parser: Parser): void {
  const { reader, builder } = parser;
  const tag = begin(parser, 'arg');
  reader.skipBlanks();
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*/y)?.[0];
  const call = builder.current;
  if (name === undefined || call?.kind !== 'call') parser.faultAt(tag.line, '#arg NAME stands in a #call');
  reader.skipBlanks();
  const body: Node[] = [];
  if (reader.character === ':') reader.at += 1;
  else finishTag(parser, tag);
  builder.redirect(body);
  call.parts.push({ name, body });
}

export function endDefinition(parser: Parser, name: 'def' | 'block', line: number): void {
  const { builder } = parser;
  if (name === 'def' && builder.countOpen('def') > 1) {
    builder.pop(name, line);
    parser.useSearchList = true;
    return;
  }
  builder.popMethod(name, line);
  const method = builder.leave();
  if (name === 'block') builder.add({ kind: 'block', line, name: method });
}
