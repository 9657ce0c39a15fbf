/** Reads a Jinja2 template. */
import type { Expression, Parameter } from '../python/expression';
import { SyntaxFault } from '../python/literals';
import { PyError } from '../python/values';
import { TemplateFault } from '../template-fault';
import { JinjaExpressions } from './expressions';
import { cut, type Piece } from './lexer';
import { BLOCK_TEXT, type Node } from './nodes';

/** Statements within one another. */
const DEEPEST = 100;

type Statement = Extract<Piece, { kind: 'statement' }>;

/** The nodes of a template. Throws TemplateFault. */
export function parseJinja(source: string): Node[] {
  return new JinjaParser(cut(source)).parse();
}

class JinjaParser {
  private at = 0;
  private depth = 0;
  private line = 1;

  constructor(private readonly pieces: readonly Piece[]) {}

  parse(): Node[] {
    const { body, end } = this.body([]);
    if (end !== null) throw new TemplateFault(end.line, `'${end.tokens[0]!.text}' closes nothing`);
    return body;
  }

  /** Nodes up to one of the given statements, or to the end. */
  private body(ends: readonly string[]): { body: Node[]; end: Statement | null } {
    const body: Node[] = [];
    while (this.at < this.pieces.length) {
      const piece = this.pieces[this.at]!;
      this.at += 1;
      if (piece.kind === 'text') {
        body.push(piece);
        continue;
      }
      this.line = piece.line;
      if (piece.kind === 'output') {
        const expression = this.read(piece.tokens, (parser) => parser.tuple());
        body.push({ kind: 'output', line: piece.line, expression });
        continue;
      }
      const name = piece.tokens[0]?.text ?? '';
      if (ends.includes(name)) return { body, end: piece };
      if (/^(?:end|else$|elif$)/.test(name)) return { body, end: piece };
      body.push(this.statement(name, piece));
    }
    return { body, end: null };
  }

  /** The body up to `ends`, which must come. */
  private closed(opened: Statement, ends: readonly string[]): { body: Node[]; end: Statement } {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new TemplateFault(opened.line, `statements are nested more than ${DEEPEST} deep`);
    const { body, end } = this.body(ends);
    this.depth -= 1;
    const name = opened.tokens[0]!.text;
    if (end === null)
      throw new TemplateFault(opened.line, `the ${name} of this line is never closed by ${ends.at(-1)!}`);
    if (!ends.includes(end.tokens[0]!.text)) {
      throw new TemplateFault(
        end.line,
        `'${end.tokens[0]!.text}' found, but the ${name} of line ${opened.line} has to be closed first`,
      );
    }
    this.line = end.line;
    return { body, end };
  }

  private read<T>(tokens: Statement['tokens'], parse: (parser: JinjaExpressions) => T): T {
    const parser = new JinjaExpressions(tokens);
    try {
      const result = parse(parser);
      parser.end();
      return result;
    } catch (error) {
      if (error instanceof SyntaxFault || error instanceof PyError) throw new TemplateFault(this.line, error.message);
      throw error;
    }
  }

  private statement(name: string, piece: Statement): Node {
    const rest = piece.tokens.slice(1);
    const { line } = piece;
    switch (name) {
      case 'if':
        return this.ifStatement(piece);
      case 'for':
        return this.forStatement(piece);
      case 'set':
        return this.setStatement(piece);
      case 'macro': {
        const { name: macro, parameters } = this.read(rest, (parser) => {
          const called = parser.name();
          parser.expect('(');
          return { name: called, parameters: parser.parameters() };
        });
        return { kind: 'macro', line, name: macro, parameters, ...macroBody(this.closed(piece, ['endmacro']).body) };
      }
      case 'call':
        return this.callStatement(piece);
      case 'filter': {
        const filter = this.read(rest, (parser) => parser.filterChain(BLOCK_TEXT, true));
        return { kind: 'filter', line, filter, body: this.closed(piece, ['endfilter']).body };
      }
      case 'with':
        return this.withStatement(piece);
      case 'block':
        this.read(rest, (parser) => {
          parser.name();
          while (parser.take('scoped') || parser.take('required'));
        });
        return { kind: 'block', line, body: this.closed(piece, ['endblock']).body };
      case 'autoescape':
        if (!/^(?:false|False)$/.test(rest[0]?.text ?? '')) {
          throw new TemplateFault(line, 'only {% autoescape false %} is supported: autoinstall files are no HTML');
        }
        return { kind: 'block', line, body: this.closed(piece, ['endautoescape']).body };
      case 'include':
        return this.includeStatement(piece);
      case 'import':
        return this.read(rest, (parser) => {
          const template = parser.expression();
          parser.expect('as');
          const as = parser.name();
          return { kind: 'import', line, name: template, as, withContext: context(parser, false) };
        });
      case 'from':
        return this.fromStatement(piece);
      case 'extends':
        throw new TemplateFault(line, 'templates cannot extend others here; use {% include %}');
      default:
        throw new TemplateFault(line, `there is no statement '${name}'`);
    }
  }

  private ifStatement(opened: Statement): Node {
    const clauses: { condition: Expression; body: Node[] }[] = [];
    let tokens = opened.tokens;
    for (;;) {
      const condition = this.read(tokens.slice(1), (parser) => parser.tuple(false));
      const { body, end } = this.closed(opened, ['elif', 'else', 'endif']);
      clauses.push({ condition, body });
      const name = end.tokens[0]!.text;
      if (name === 'endif') return { kind: 'if', line: opened.line, clauses, otherwise: [] };
      if (name === 'else') {
        const { body: otherwise } = this.closed(opened, ['endif']);
        return { kind: 'if', line: opened.line, clauses, otherwise };
      }
      tokens = end.tokens;
    }
  }

  private forStatement(opened: Statement): Node {
    const head = this.read(opened.tokens.slice(1), (parser) => {
      const target = parser.target();
      parser.expect('in');
      const source = parser.tuple(false);
      const condition = parser.take('if') ? parser.expression() : null;
      return { target, source, condition, isRecursive: parser.take('recursive') };
    });
    const { body, end } = this.closed(opened, ['else', 'endfor']);
    const otherwise = end.tokens[0]!.text === 'else' ? this.closed(opened, ['endfor']).body : [];
    return { kind: 'for', line: opened.line, ...head, body, otherwise };
  }

  private setStatement(opened: Statement): Node {
    const { line } = opened;
    const { target, value, filter } = this.read(opened.tokens.slice(1), (parser) => {
      const found = parser.target();
      if (parser.take('=')) return { target: found, value: parser.tuple(), filter: null };
      return { target: found, value: null, filter: parser.peek('|') ? parser.filterChain(BLOCK_TEXT) : null };
    });
    if (value !== null) return { kind: 'set', line, target, value };
    return { kind: 'set-block', line, target, filter, body: this.closed(opened, ['endset']).body };
  }

  private callStatement(opened: Statement): Node {
    const { parameters, call } = this.read(opened.tokens.slice(1), (parser) => {
      const given: Parameter[] = parser.take('(') ? parser.parameters() : [];
      return { parameters: given, call: parser.expression() };
    });
    if (call.kind !== 'call') throw new TemplateFault(opened.line, 'expected call');
    return { kind: 'call', line: opened.line, parameters, call, ...macroBody(this.closed(opened, ['endcall']).body) };
  }

  private withStatement(opened: Statement): Node {
    const { targets, values } = this.read(opened.tokens.slice(1), (parser) => {
      const found: { targets: Expression[]; values: Expression[] } = { targets: [], values: [] };
      while (!parser.isAtEnd) {
        if (found.targets.length > 0) parser.expect(',');
        found.targets.push({ kind: 'name', name: parser.name() });
        parser.expect('=');
        found.values.push(parser.expression());
      }
      return found;
    });
    return { kind: 'with', line: opened.line, targets, values, body: this.closed(opened, ['endwith']).body };
  }

  private includeStatement(opened: Statement): Node {
    return this.read(opened.tokens.slice(1), (parser) => {
      const name = parser.expression();
      const mayBeMissing = parser.peek('ignore') && parser.take('ignore');
      if (mayBeMissing) parser.expect('missing');
      return { kind: 'include', line: opened.line, name, mayBeMissing, withContext: context(parser, true) };
    });
  }

  private fromStatement(opened: Statement): Node {
    return this.read(opened.tokens.slice(1), (parser) => {
      const name = parser.expression();
      parser.expect('import');
      const names: (readonly [string, string])[] = [];
      do {
        const wanted = parser.name();
        names.push([wanted, parser.take('as') ? parser.name() : wanted]);
      } while (parser.take(','));
      return { kind: 'from', line: opened.line, name, names, withContext: context(parser, false) };
    });
  }
}

/** `with context` or `without context`. */
function context(parser: JinjaExpressions, otherwise: boolean): boolean {
  const isWith = parser.take('with');
  if (!isWith && !parser.take('without')) return otherwise;
  parser.expect('context');
  return isWith;
}

function macroBody(body: Node[]): { body: Node[]; takes: ReadonlySet<string> } {
  return { body, takes: new Set(namesIn(body)) };
}

/** The names of its arguments a macro asks for beside its parameters. */
function* namesIn(body: readonly Node[]): Generator<string> {
  const text = JSON.stringify(body, (_, value: unknown) => (typeof value === 'bigint' ? value.toString() : value));
  for (const name of ['varargs', 'kwargs', 'caller']) if (text.includes(`"name":"${name}"`)) yield name;
}
