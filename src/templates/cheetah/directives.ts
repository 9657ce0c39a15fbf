/** Every directive of Cheetah: what it reads, and what it adds to the template. */
import type { Expression } from '../python/expression';
import { parseTarget } from '../python/parse-expression';
import type { Token } from '../python/token';
import { readCompiler, readCompilerSettings } from './compiler-settings';
import { readImport } from './imports';
import type { Node } from './nodes';
import type { Parser } from './parser';
import { readAttr, readSet } from './assignments';
import { readElse, readExcept, readFinally } from './clauses';
import { endDefinition, readArg, readCall, readDefinition } from './definitions';
import { scanExpression } from './scan';
import { END_NAMES, SNIPPET } from './syntax';
import { begin, finishTag, isShortForm, openBlock, readToEnd, type Tag } from './tags';

const REFUSED: ReadonlyMap<string, string> = new Map([
  ['extends', 'templates cannot extend others here; use #include or $SNIPPET'],
  ['implements', 'templates cannot extend others here; use #include or $SNIPPET'],
  ['super', 'templates cannot extend others here'],
  ['transform', '#transform is not supported; filter single values with #filter'],
  ['defmacro', '#defmacro is not supported; use #def'],
  ['yield', '#yield is not supported'],
  ['i18n', '#i18n is not supported'],
  ['@', 'decorators are not supported'],
]);

const HANDLERS: Readonly<Record<string, (parser: Parser) => void>> = {
  if: readIf,
  unless: readUnless,
  for: readFor,
  while: readWhile,
  repeat: readRepeat,
  try: readTry,
  else: (parser) => readElse(parser, 'else'),
  elif: (parser) => readElse(parser, 'elif'),
  except: readExcept,
  finally: readFinally,
  end: readEnd,
  set: readSet,
  attr: readAttr,
  del: readDel,
  silent: readSilent,
  echo: readEcho,
  raise: readRaise,
  assert: readAssert,
  return: readReturn,
  pass: readPlain('pass'),
  break: readPlain('break'),
  continue: readPlain('continue'),
  stop: readPlain('stop'),
  slurp: readSlurp,
  raw: readRaw,
  include: readInclude,
  def: (parser) => readDefinition(parser, 'def'),
  block: (parser) => readDefinition(parser, 'block'),
  closure: (parser) => readDefinition(parser, 'closure'),
  call: readCall,
  arg: readArg,
  capture: readCapture,
  cache: readCache,
  filter: readFilter,
  errorCatcher: readErrorCatcher,
  compiler: readCompiler,
  'compiler-settings': readCompilerSettings,
  import: readImport,
  from: readImport,
  breakpoint: (parser) => {
    parser.isStopped = true;
  },
  shBang: readIgnoredLine,
  encoding: readIgnoredLine,
};

export function readDirective(parser: Parser, name: string): void {
  const refusal = REFUSED.get(name);
  if (refusal !== undefined) parser.reader.fault(refusal);
  HANDLERS[name]!(parser);
}

function readIf(parser: Parser): void {
  const tag = begin(parser, 'if');
  const tokens = scanExpression(parser.reader, parser.syntax, { breakAt: [':'] });
  const isWord = (word: string) => (token: Token) => token.type === 'name' && token.text === word;
  const then = tokens.findIndex(isWord('then'));
  const otherwise = then < 0 ? -1 : tokens.findIndex((token, at) => at > then && isWord('else')(token));
  if (otherwise >= 0) {
    finishTag(parser, tag);
    const condition = parser.expression(tokens.slice(0, then), tag.line);
    const branch = (part: readonly Token[]): Expression => parser.expression(part, tag.line);
    const expression: Expression = {
      kind: 'choice',
      condition,
      then: branch(tokens.slice(then + 1, otherwise)),
      otherwise: branch(tokens.slice(otherwise + 1)),
    };
    parser.output(tag.line, expression, '');
    return;
  }
  addIf(parser, 'if', tag, parser.expression(tokens, tag.line));
}

function addIf(parser: Parser, name: string, tag: Tag, condition: Expression): void {
  const body: Node[] = [];
  openBlock(
    parser,
    name,
    tag,
    { kind: 'if', line: tag.line, clauses: [{ line: tag.line, condition, body }], otherwise: null },
    body,
  );
}

function blockExpression(parser: Parser, name: string): { tag: Tag; tokens: Token[] } {
  const tag = begin(parser, name);
  return { tag, tokens: scanExpression(parser.reader, parser.syntax, { breakAt: [':'] }) };
}

function readUnless(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'unless');
  addIf(parser, 'unless', tag, { kind: 'not', operand: parser.expression(tokens, tag.line) });
}

function readFor(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'for');
  const at = tokens.findIndex((token) => token.type === 'name' && token.text === 'in');
  if (at < 0) parser.faultAt(tag.line, 'a loop is written #for $name in $list');
  const target = parser.parsed(tag.line, () => parseTarget(tokens.slice(0, at)));
  const source = parser.expression(tokens.slice(at + 1), tag.line);
  const body: Node[] = [];
  openBlock(parser, 'for', tag, { kind: 'for', line: tag.line, target, source, body, otherwise: null }, body);
}

function readWhile(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'while');
  const body: Node[] = [];
  const condition = parser.expression(tokens, tag.line);
  openBlock(parser, 'while', tag, { kind: 'while', line: tag.line, condition, body, otherwise: null }, body);
}

function readRepeat(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'repeat');
  const body: Node[] = [];
  const count = parser.expression(tokens, tag.line);
  openBlock(parser, 'repeat', tag, { kind: 'repeat', line: tag.line, count, body }, body);
}

function readTry(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'try');
  if (tokens.length > 0) parser.faultAt(tag.line, '#try stands alone');
  const body: Node[] = [];
  openBlock(parser, 'try', tag, { kind: 'try', line: tag.line, body, handlers: [], otherwise: null, last: null }, body);
}

function readEnd(parser: Parser): void {
  const { reader, builder, syntax } = parser;
  const tag = begin(parser, 'end');
  reader.skipBlanks();
  const name = END_NAMES.find((candidate) => reader.startsWith(candidate));
  if (name === undefined) return reader.fault('#end is followed by what it ends: if, for, def …');
  const end = { ...tag, firstLineEnd: reader.lineEnd() };
  scanExpression(reader, syntax);
  finishTag(parser, end);
  if (name === 'errorCatcher') {
    builder.isCaught = false;
  } else if (name === 'def' || name === 'block') {
    endDefinition(parser, name, tag.line);
  } else {
    builder.pop(name, tag.line);
    if (name === 'closure') parser.useSearchList = true;
  }
}

/** Reads a directive that is one expression; the name is not part of it. */
function simple(parser: Parser, name: string): { tag: Tag; tokens: Token[] } {
  const tag = begin(parser, name);
  const tokens = scanExpression(parser.reader, parser.syntax);
  finishTag(parser, tag);
  return { tag, tokens };
}

function readDel(parser: Parser): void {
  const { tag, tokens } = simple(parser, 'del');
  const isName = tokens.every((token) => token.type === 'name' || /^[$,]?[A-Za-z_0-9]*$/.test(token.text));
  const target = isName ? parser.parsed(tag.line, () => parseTarget(tokens)) : parser.expression(tokens, tag.line);
  parser.builder.add({ kind: 'delete', line: tag.line, target });
}

function readSilent(parser: Parser): void {
  const { tag, tokens } = simple(parser, 'silent');
  parser.builder.add({ kind: 'silent', line: tag.line, expression: parser.expression(tokens, tag.line) });
}

function readEcho(parser: Parser): void {
  const { tag, tokens } = simple(parser, 'echo');
  parser.output(tag.line, parser.expression(tokens, tag.line), '');
}

function readRaise(parser: Parser): void {
  const { tag, tokens } = simple(parser, 'raise');
  const value = tokens.length === 0 ? null : parser.expression(tokens, tag.line);
  parser.builder.add({ kind: 'raise', line: tag.line, value });
}

function readReturn(parser: Parser): void {
  const { tag, tokens } = simple(parser, 'return');
  const value = tokens.length === 0 ? null : parser.expression(tokens, tag.line);
  parser.builder.add({ kind: 'return', line: tag.line, value });
}

function readAssert(parser: Parser): void {
  const { tag, tokens } = simple(parser, 'assert');
  const parsed = parser.expression(tokens, tag.line);
  const [condition, message] = parsed.kind === 'tuple' ? parsed.items : [parsed];
  parser.builder.add({ kind: 'assert', line: tag.line, condition: condition!, message: message ?? null });
}

function readPlain(kind: 'pass' | 'break' | 'continue' | 'stop') {
  return (parser: Parser): void => {
    const { tag, tokens } = simple(parser, kind);
    if (tokens.length > 0 && kind !== 'stop') parser.faultAt(tag.line, `#${kind} stands alone`);
    if ((kind === 'break' || kind === 'continue') && !parser.builder.isInLoop()) {
      parser.faultAt(tag.line, `#${kind} stands outside a loop`);
    }
    parser.builder.add({ kind, line: tag.line });
  };
}

function readSlurp(parser: Parser): void {
  if (parser.reader.isLineClear()) parser.builder.gobble();
  parser.builder.flush();
  parser.reader.takeLine(true);
}

function readIgnoredLine(parser: Parser): void {
  parser.reader.takeLine(true);
}

function readRaw(parser: Parser): void {
  const { reader } = parser;
  const tag = begin(parser, 'raw');
  reader.skipBlanks();
  if (isShortForm(parser)) {
    reader.at += 1;
    reader.skipBlanks(1);
    addRaw(parser, reader.takeLine(false), tag.line);
    return;
  }
  if (reader.character === ':') reader.at += 1;
  reader.skipBlanks();
  finishTag(parser, tag);
  const line = reader.lineOf();
  addRaw(parser, readToEnd(parser, 'raw'), line);
}

/** Raw text as it is, but for `SNIPPET::name`, which is put in as it is too. */
function addRaw(parser: Parser, text: string, line: number): void {
  const { builder } = parser;
  let from = 0;
  for (const found of text.matchAll(new RegExp(SNIPPET.source, 'g'))) {
    builder.text(text.slice(from, found.index));
    builder.add({ kind: 'snippet', line, name: found[1]!, isRaw: true });
    from = found.index + found[0].length;
  }
  builder.text(text.slice(from));
}

function readInclude(parser: Parser): void {
  const { reader, syntax } = parser;
  const tag = begin(parser, 'include');
  reader.skipBlanks();
  const isRaw = reader.startsWith('raw');
  if (isRaw) reader.at += 'raw'.length;
  reader.skipBlanks();
  let isFile = true;
  if (reader.startsWith('source')) {
    isFile = false;
    reader.at += 'source'.length;
    reader.skipBlanks();
    if (reader.character !== '=') reader.fault('write #include source=$text');
    reader.at += 1;
  }
  const source = parser.expression(scanExpression(reader, syntax), tag.line);
  finishTag(parser, tag);
  parser.builder.add({ kind: 'include', line: tag.line, source, isFile, isRaw });
}

function readCapture(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'capture');
  const target = parser.parsed(tag.line, () => parseTarget(tokens));
  const body: Node[] = [];
  openBlock(parser, 'capture', tag, { kind: 'capture', line: tag.line, target, body }, body, false);
}

function readCache(parser: Parser): void {
  const { tag, tokens } = blockExpression(parser, 'cache');
  const varyBy = parser.args(tokens, tag.line).find((argument) => argument.name === 'varyBy');
  const body: Node[] = [];
  openBlock(parser, 'cache', tag, { kind: 'cache', line: tag.line, key: varyBy?.value ?? null, body }, body);
}

function readFilter(parser: Parser): void {
  const { reader } = parser;
  const tag = begin(parser, 'filter');
  reader.skipBlanks();
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*/y)?.[0];
  if (name === undefined) parser.faultAt(tag.line, 'the name of a filter must follow #filter');
  reader.skipBlanks();
  const body: Node[] = [];
  openBlock(parser, 'filter', tag, { kind: 'filter', line: tag.line, name, body }, body, false);
}

function readErrorCatcher(parser: Parser): void {
  const { reader, builder } = parser;
  const tag = begin(parser, 'errorCatcher');
  reader.skipBlanks();
  const name = reader.take(/[a-zA-Z_][a-zA-Z_0-9]*/y)?.[0] ?? '';
  if (!['ErrorCatcher', 'Echo', 'BigEcho', 'KeyError', 'ListErrors'].includes(name)) {
    parser.faultAt(tag.line, '#errorCatcher knows Echo, BigEcho, KeyError and ListErrors');
  }
  finishTag(parser, tag);
  builder.isCaught = true;
  builder.add({ kind: 'catcher', line: tag.line, name });
}
