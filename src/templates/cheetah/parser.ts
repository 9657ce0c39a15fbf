/** Reads a Cheetah template: plain text, comments and placeholders here, directives in directives.ts. */
import type { Argument, Expression, Parameter } from '../python/expression';
import { SyntaxFault } from '../python/literals';
import { ExpressionParser, parseArguments, parseExpression } from '../python/parse-expression';
import { PyError } from '../python/values';
import { tokenAt, type Token } from '../python/token';
import { Builder } from './builder';
import { readDirective } from './directives';
import type { CheetahTemplate, Import } from './nodes';
import { Reader } from './reader';
import { TemplateFault } from '../template-fault';
import { scanExpression, scanVariable } from './scan';
import { DEFAULT_MARKS, DIRECTIVES, makeSyntax, SNIPPET, type Syntax } from './syntax';

/** What reading a template is in the middle of. */
export class Parser {
  readonly reader: Reader;
  readonly builder: Builder;
  syntax: Syntax = makeSyntax(DEFAULT_MARKS);
  /** False within a nested `#def` or a `#closure`, where `$name` is a plain name. */
  useSearchList = true;
  readonly attributes: { line: number; name: string; value: Expression }[] = [];
  readonly imports: { line: number; imports: readonly Import[] }[] = [];
  isStopped = false;

  constructor(source: string, isCaught: boolean) {
    this.reader = new Reader(source);
    this.builder = new Builder(isCaught);
  }

  parse(): CheetahTemplate {
    this.readTo(this.reader.end);
    this.builder.checkClosed();
    return {
      main: this.builder.main(),
      methods: this.builder.finished,
      attributes: this.attributes,
      imports: this.imports,
    };
  }

  /** Reads up to a position: the end, or that of a one-line directive. */
  readTo(end: number): void {
    const { reader } = this;
    const before = reader.end;
    reader.end = end;
    while (!reader.isAtEnd && !this.isStopped) this.readPiece();
    reader.end = before;
  }

  private readPiece(): void {
    const { reader, syntax } = this;
    if (reader.match(syntax.comment) !== null) this.comment();
    else if (reader.match(syntax.longComment) !== null) this.longComment();
    else if (reader.match(syntax.variable) !== null || reader.match(syntax.expression) !== null) this.placeholder();
    else if (this.directiveName() !== null) readDirective(this, this.directiveName()!);
    else if (reader.startsWith('<%')) this.pythonSection();
    else if (syntax.slurp !== null && reader.match(syntax.slurp) !== null) this.slurp();
    else this.text();
  }

  /** The directive that begins at the position, or null. */
  directiveName(at = this.reader.at): string | null {
    const start = this.reader.match(this.syntax.directive, at);
    if (start === null) return null;
    const name = this.reader.match(/@(?=[A-Za-z_])|[A-Za-z_0-9-]+(?!@)/y, at + start[0].length)?.[0];
    return name !== undefined && DIRECTIVES.has(name) ? name : null;
  }

  private isPiece(): boolean {
    const { reader, syntax } = this;
    if (!syntax.starts.includes(reader.character)) return false;
    return (
      reader.match(syntax.comment) !== null ||
      reader.match(syntax.longComment) !== null ||
      reader.match(syntax.variable) !== null ||
      reader.match(syntax.expression) !== null ||
      this.directiveName() !== null ||
      reader.startsWith('<%') ||
      (syntax.slurp !== null && reader.match(syntax.slurp) !== null)
    );
  }

  private text(): void {
    const { reader, builder } = this;
    let from = reader.at;
    while (!reader.isAtEnd && !this.isPiece()) {
      const snippet = reader.character === 'S' ? reader.match(SNIPPET) : null;
      if (snippet === null) {
        reader.at += 1;
      } else {
        builder.text(this.unescape(reader.source.slice(from, reader.at)));
        builder.add({ kind: 'snippet', line: reader.lineOf(), name: snippet[1]!, isRaw: false });
        reader.at += snippet[0].length;
        from = reader.at;
      }
    }
    builder.text(this.unescape(reader.source.slice(from, reader.at)));
  }

  private unescape(text: string): string {
    const { cheetahVarStartToken, directiveStartToken } = this.syntax.marks;
    if (!text.includes('\\')) return text;
    return text
      .replaceAll(`\\${cheetahVarStartToken}`, cheetahVarStartToken)
      .replaceAll(`\\${directiveStartToken}`, directiveStartToken);
  }

  /** `## …` to the end of the line; the line break goes too when nothing stands before it. */
  comment(): void {
    const { reader, builder } = this;
    const isAlone = reader.isLineClear();
    if (isAlone) builder.gobble();
    reader.take(this.syntax.comment);
    this.noteComment(reader.takeLine(isAlone));
  }

  /** Any but a row of # separates text before it from text behind it, which shows in what a directive may gobble. */
  private noteComment(text: string): void {
    if (
      text !== '' &&
      !/^#+\n?$/.test(text) &&
      !/^(?:[A-z]+@|doc:|doc-method:|doc-module:|doc-class:|header:)/.test(text)
    ) {
      this.builder.flush();
    }
  }

  private longComment(): void {
    const { reader, syntax, builder } = this;
    const isAlone = reader.isLineClear();
    const firstLineEnd = reader.lineEnd();
    const from = reader.at;
    reader.take(syntax.longComment);
    let level = 1;
    while (!reader.isAtEnd && level > 0) {
      if (reader.take(syntax.longComment) !== null) level += 1;
      else if (reader.take(syntax.longCommentEnd) !== null) level -= 1;
      else reader.at += 1;
    }
    const isEnded = level === 0;
    const comment = reader.source.slice(from + 2, reader.at - (isEnded ? 2 : 0));
    if (!reader.isAtEnd) {
      if (/^\s*$/.test(reader.source.slice(reader.at, reader.lineEnd()))) reader.takeLine(isAlone);
      if (isAlone && (reader.isAtEnd || reader.at > firstLineEnd)) builder.gobble();
    }
    this.noteComment(comment);
  }

  private slurp(): void {
    if (this.reader.isLineClear()) this.builder.gobble();
    this.builder.flush();
    this.reader.takeLine(true);
  }

  /** `<%= expression %>` is put out; Python code is not run. */
  private pythonSection(): void {
    const { reader } = this;
    const line = reader.lineOf();
    const end = reader.source.indexOf('%>', reader.at);
    const body = reader.source.slice(reader.at + 2, end < 0 ? reader.end : end).trim();
    if (end < 0 || !body.startsWith('=')) {
      reader.fault('Python code in <% %> cannot be run; for the text <% use #raw');
    }
    const tokens: Token[] = [];
    for (let at = 1; at < body.length;) {
      const token = tokenAt(body, at);
      if (token !== null) tokens.push(token);
      else if (body[at]!.trim() !== '') reader.fault(`'${body[at]!}' is not understood here`);
      at += token?.text.length ?? 1;
    }
    this.output(line, this.expression(tokens, line), '');
    reader.at = end + 2;
  }

  /** Tokens as an expression. `line` is where a fault is reported. */
  expression(tokens: readonly Token[], line: number): Expression {
    return this.parsed(line, () => parseExpression(tokens, { useSearchList: this.useSearchList, isQuoted: false }));
  }

  args(tokens: readonly Token[], line: number): Argument[] {
    return this.parsed(line, () => parseArguments(tokens, { useSearchList: this.useSearchList, isQuoted: false }));
  }

  /** Python's complaint as a fault of the template at that line. */
  parsed<T>(line: number, parse: () => T): T {
    try {
      return parse();
    } catch (error) {
      if (error instanceof SyntaxFault || error instanceof PyError) this.faultAt(line, error.message);
      throw error;
    }
  }

  faultAt(line: number, sentence: string): never {
    throw new TemplateFault(line, sentence);
  }

  /** `a, b=1, *args` of a `#def`, from behind the `(` up to behind the `)`. */
  parameters(tokens: readonly Token[], line: number): Parameter[] {
    return this.parsed(line, () => {
      const lambda: Token[] = [{ type: 'name', text: 'lambda' }, ...tokens, { type: 'operator', text: ':' }];
      const none: Token = { type: 'name', text: 'None' };
      const parser = new ExpressionParser([...lambda, none], { useSearchList: false, isQuoted: false });
      const made = parser.expression();
      parser.end();
      if (made.kind !== 'lambda') throw new SyntaxFault('these are no parameters');
      return made.parameters.filter((parameter, at) => at > 0 || parameter.name !== 'self');
    });
  }

  private placeholder(): void {
    const { reader, syntax } = this;
    const from = reader.at;
    const line = reader.lineOf();
    const start = (reader.match(syntax.variable) ?? reader.match(syntax.expression))!.groups!;
    reader.at += syntax.marks.cheetahVarStartToken.length + (start['silent'] ?? '').length + start['cache']!.length;
    let filterArgs: Token[] = [];
    let tokens: Token[];
    const open = reader.character;
    const isEnclosed = '({['.includes(open);
    const brackets = [{ character: open, at: reader.at }];
    if (isEnclosed) {
      reader.at += 1;
      reader.skipBlanks();
    }
    if (reader.match(/[a-zA-Z_]/y) === null) {
      tokens = dropLast(scanExpression(reader, syntax, { enclosed: true, open: brackets }), open);
    } else {
      const nameFrom = reader.at;
      const parts = scanVariable(reader, syntax);
      tokens = [{ type: 'variable', text: reader.source.slice(nameFrom, reader.at), parts }];
      if (isEnclosed) {
        reader.skipBlanks();
        if (reader.character === ',') {
          reader.at += 1;
          filterArgs = scanExpression(reader, syntax, { single: true, open: brackets }).slice(0, -1);
        } else {
          const rest = scanExpression(reader, syntax, {
            enclosed: true,
            open: brackets,
            single: reader.character === CLOSE[open],
          });
          tokens.push(...dropLast(rest, open));
        }
      }
    }
    const raw = reader.source.slice(from, reader.at);
    this.output(line, this.caughtExpression(tokens, line), raw, {
      isSilent: start['silent'] === '!',
      isCached: start['cache'] !== '',
      filterArgs: this.args(filterArgs, line),
    });
  }

  /** With the error catcher on, Python's complaints are heard when the placeholder is reached, not before. */
  private caughtExpression(tokens: readonly Token[], line: number): Expression {
    if (!this.builder.isCaught) return this.expression(tokens, line);
    try {
      return parseExpression(tokens, { useSearchList: this.useSearchList, isQuoted: true });
    } catch (error) {
      if (error instanceof SyntaxFault || error instanceof PyError) return { kind: 'broken', message: error.message };
      throw error;
    }
  }

  output(
    line: number,
    expression: Expression,
    raw: string,
    options: { isSilent?: boolean; isCached?: boolean; filterArgs?: readonly Argument[] } = {},
  ): void {
    this.builder.add({
      kind: 'output',
      line,
      expression,
      raw,
      isCaught: raw !== '' && this.builder.isCaught,
      isSilent: options.isSilent ?? false,
      isCached: options.isCached ?? false,
      filterArgs: options.filterArgs ?? [],
    });
  }
}

const CLOSE: Readonly<Record<string, string>> = { '(': ')', '[': ']', '{': '}' };

function dropLast(tokens: readonly Token[], open: string): Token[] {
  return tokens.at(-1)?.text === CLOSE[open] ? tokens.slice(0, -1) : [...tokens];
}
