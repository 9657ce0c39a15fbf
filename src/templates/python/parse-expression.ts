/** Python's expression grammar over tokens. */
import type { Argument, Comprehension, Expression, FStringPart, Parameter } from './expression';
import { splitFString, type FStringField } from './fstring';
import { readNumber, readString, SyntaxFault, unescape } from './literals';
import type { BinaryOperator, CompareOperator } from './operators';
import { tokenAt, type Token, type VariablePart } from './token';
import type { Value } from './values';

/** Parentheses, lambdas and the like within one another. */
const DEEPEST = 60;
/** Terms joined by operators without parentheses: `a + b + …`. */
const LONGEST = 1000;

const KEYWORDS: ReadonlySet<string> = new Set([
  ...['and', 'as', 'assert', 'async', 'await', 'break', 'class', 'continue', 'def', 'del', 'elif', 'else', 'except'],
  ...['finally', 'for', 'from', 'global', 'if', 'import', 'in', 'is', 'lambda', 'nonlocal', 'not', 'or', 'pass'],
  ...['raise', 'return', 'try', 'while', 'with', 'yield'],
]);
const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['True', true],
  ['False', false],
  ['None', null],
]);

/** Binary operators from the loosest to the tightest; those of one row associate to the left. */
const LEVELS: readonly (readonly string[])[] = [['|'], ['^'], ['&'], ['<<', '>>'], ['+', '-'], ['*', '/', '//', '%']];
const COMPARISONS: ReadonlySet<string> = new Set(['<', '>', '==', '!=', '<=', '>=']);

export interface ParseOptions {
  /** False: `$name` is a plain name (Cheetah's nested functions and assignment targets). */
  useSearchList: boolean;
  /** The text of string literals passes through one string literal more (Cheetah's error catcher evaluates it so). */
  isQuoted: boolean;
}

const PYTHON: ParseOptions = { useSearchList: false, isQuoted: false };

/** A list of expressions with commas is a tuple, one without is itself. Throws SyntaxFault. */
export function parseExpression(tokens: readonly Token[], options = PYTHON): Expression {
  const parser = new ExpressionParser(tokens, options);
  const expression = parser.expressionList();
  parser.end();
  return expression;
}

/** Arguments between the parentheses of a call. */
export function parseArguments(tokens: readonly Token[], options = PYTHON): Argument[] {
  const parser = new ExpressionParser(tokens, options);
  const args = parser.arguments(null);
  parser.end();
  return args;
}

/** A target of an assignment or a loop: `a`, `a, b`, `a[0]`. */
export function parseTarget(tokens: readonly Token[]): Expression {
  const target = parseExpression(tokens, { useSearchList: false, isQuoted: false });
  checkTarget(target);
  return target;
}

function checkTarget(target: Expression): void {
  if (target.kind === 'tuple' || target.kind === 'list') target.items.forEach(checkTarget);
  else if (target.kind === 'star') checkTarget(target.operand);
  else if (target.kind !== 'name' && target.kind !== 'index') throw new SyntaxFault('cannot assign to this expression');
}

export class ExpressionParser {
  private at = 0;
  private depth = 0;
  private terms = 0;

  constructor(
    private readonly tokens: readonly Token[],
    private readonly options: ParseOptions,
  ) {}

  end(): void {
    const left = this.tokens[this.at];
    if (left !== undefined) throw new SyntaxFault(`invalid syntax at '${left.text}'`);
  }

  private peek(text: string, offset = 0): boolean {
    const token = this.tokens[this.at + offset];
    return token !== undefined && (token.type === 'operator' || token.type === 'name') && token.text === text;
  }

  private take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += 1;
    return true;
  }

  private expect(text: string): void {
    if (this.take(text)) return;
    const found = this.tokens[this.at];
    throw new SyntaxFault(
      found === undefined ? `'${text}' is missing` : `expected '${text}' instead of '${found.text}'`,
    );
  }

  private nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new SyntaxFault(`an expression is nested more than ${DEEPEST} deep`);
    const result = parse();
    this.depth -= 1;
    return result;
  }

  expressionList(): Expression {
    const first = this.starred();
    if (!this.peek(',')) return first;
    const items = [first];
    while (this.take(',')) {
      if (this.atListEnd()) break;
      items.push(this.starred());
    }
    return { kind: 'tuple', items };
  }

  private atListEnd(): boolean {
    const token = this.tokens[this.at];
    return token === undefined || (token.type === 'operator' && /^[)\]}=:]$/.test(token.text)) || this.peek('in');
  }

  private starred(): Expression {
    if (this.take('*')) return { kind: 'star', operand: this.binary(0) };
    return this.expression();
  }

  expression(): Expression {
    return this.nested(() => {
      if (this.take('lambda')) return this.lambda();
      const value = this.or();
      if (!this.take('if')) return value;
      const condition = this.or();
      this.expect('else');
      return { kind: 'choice', condition, then: value, otherwise: this.expression() };
    });
  }

  private lambda(): Expression {
    const parameters: Parameter[] = [];
    while (!this.peek(':')) {
      const kind = this.take('**') ? 'dict' : this.take('*') ? 'list' : 'plain';
      const name = this.name();
      parameters.push({ kind, name, otherwise: this.take('=') ? this.expression() : null });
      if (!this.take(',')) break;
    }
    this.expect(':');
    return { kind: 'lambda', parameters, body: this.expression() };
  }

  private name(): string {
    const token = this.tokens[this.at];
    this.at += 1;
    if (token?.type === 'variable' && token.parts?.length === 1 && token.parts[0]!.names.length === 1) {
      return token.parts[0]!.names[0]!;
    }
    if (token?.type !== 'name' || KEYWORDS.has(token.text)) throw new SyntaxFault('a name is missing');
    return token.text;
  }

  private or(): Expression {
    let left = this.and();
    while (this.take('or')) left = this.term({ kind: 'logic', op: 'or', left, right: this.and() });
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.take('and')) left = this.term({ kind: 'logic', op: 'and', left, right: this.not() });
    return left;
  }

  private term(expression: Expression): Expression {
    this.terms += 1;
    if (this.terms > LONGEST) throw new SyntaxFault(`an expression has more than ${LONGEST} operators`);
    return expression;
  }

  private not(): Expression {
    if (this.take('not')) return this.nested(() => ({ kind: 'not', operand: this.not() }));
    return this.comparison();
  }

  private comparison(): Expression {
    const first = this.binary(0);
    const rest: [CompareOperator, Expression][] = [];
    for (let op = this.compareOperator(); op !== null; op = this.compareOperator()) {
      this.terms += 1;
      rest.push([op, this.binary(0)]);
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest };
  }

  private compareOperator(): CompareOperator | null {
    const token = this.tokens[this.at];
    if (token === undefined) return null;
    if (token.type === 'operator' && COMPARISONS.has(token.text)) {
      this.at += 1;
      return token.text as CompareOperator;
    }
    if (this.take('in')) return 'in';
    if (this.peek('not') && this.peek('in', 1)) {
      this.at += 2;
      return 'not in';
    }
    if (this.take('is')) return this.take('not') ? 'is not' : 'is';
    return null;
  }

  private binary(level: number): Expression {
    const operators = LEVELS[level];
    if (operators === undefined) return this.unary();
    let left = this.binary(level + 1);
    for (;;) {
      const op = operators.find((text) => this.peek(text));
      if (op === undefined) return left;
      this.at += 1;
      left = this.term({ kind: 'binary', op: op as BinaryOperator, left, right: this.binary(level + 1) });
    }
  }

  private unary(): Expression {
    for (const op of ['-', '+', '~'] as const) {
      if (this.take(op)) return this.nested(() => ({ kind: 'unary', op, operand: this.unary() }));
    }
    const base = this.postfix(this.atom());
    if (!this.take('**')) return base;
    return this.nested(() => this.term({ kind: 'binary', op: '**', left: base, right: this.unary() }));
  }

  private postfix(start: Expression): Expression {
    let expression = start;
    for (;;) {
      if (this.take('(')) {
        expression = this.term({ kind: 'call', callee: expression, args: this.arguments(')') });
        this.expect(')');
      } else if (this.take('[')) {
        expression = this.term({ kind: 'index', object: expression, index: this.subscript() });
        this.expect(']');
      } else if (this.peek('.') && this.tokens[this.at + 1]?.type === 'name') {
        this.at += 1;
        expression = this.term({ kind: 'attribute', object: expression, name: this.name() });
      } else {
        return expression;
      }
    }
  }

  private subscript(): Expression {
    const first = this.slice();
    if (!this.peek(',')) return first;
    const items = [first];
    while (this.take(',')) if (!this.peek(']')) items.push(this.slice());
    return { kind: 'tuple', items };
  }

  private slice(): Expression {
    const part = (): Expression | null =>
      this.peek(':') || this.peek(']') || this.peek(',') ? null : this.expression();
    const start = part();
    if (!this.take(':')) {
      if (start === null) throw new SyntaxFault('an index is missing');
      return start;
    }
    const stop = part();
    return { kind: 'slice', start, stop, step: this.take(':') ? part() : null };
  }

  /** Up to `close`, which is left to be taken. */
  arguments(close: string | null): Argument[] {
    const args: Argument[] = [];
    while (this.at < this.tokens.length && (close === null || !this.peek(close))) {
      args.push(this.argument());
      if (!this.take(',')) break;
    }
    return args;
  }

  private argument(): Argument {
    if (this.take('**')) return { kind: 'dict', name: '', value: this.expression() };
    if (this.take('*')) return { kind: 'list', name: '', value: this.expression() };
    if (this.peek('=', 1)) {
      const name = this.name();
      this.expect('=');
      return { kind: 'keyword', name, value: this.expression() };
    }
    const value = this.expression();
    if (this.peek('for')) return { kind: 'position', name: '', value: this.comprehension('generator', null, value) };
    return { kind: 'position', name: '', value };
  }

  private atom(): Expression {
    const token = this.tokens[this.at];
    if (token === undefined) throw new SyntaxFault('an expression ends too early');
    this.at += 1;
    switch (token.type) {
      case 'number':
        return { kind: 'constant', value: readNumber(token.text) };
      case 'string':
        this.at -= 1;
        return this.strings();
      case 'variable':
        return this.variable(token.parts!);
      case 'name': {
        const constant = CONSTANTS.get(token.text);
        if (constant !== undefined) return { kind: 'constant', value: constant };
        if (KEYWORDS.has(token.text)) throw new SyntaxFault(`invalid syntax at '${token.text}'`);
        return { kind: 'name', name: token.text };
      }
      default:
        return this.nested(() => this.display(token.text));
    }
  }

  private display(open: string): Expression {
    if (open === '(') return this.parenthesis();
    if (open === '[') return this.listDisplay();
    if (open === '{') return this.braces();
    throw new SyntaxFault(`invalid syntax at '${open}'`);
  }

  private parenthesis(): Expression {
    if (this.take(')')) return { kind: 'tuple', items: [] };
    let value = this.expressionList();
    if (this.peek('for')) value = this.comprehension('generator', null, value);
    this.expect(')');
    return value;
  }

  private listDisplay(): Expression {
    const items: Expression[] = [];
    while (!this.peek(']')) {
      items.push(this.starred());
      if (items.length === 1 && this.peek('for')) {
        const list = this.comprehension('list', null, items[0]!);
        this.expect(']');
        return list;
      }
      if (!this.take(',')) break;
    }
    this.expect(']');
    return { kind: 'list', items };
  }

  private braces(): Expression {
    const entries: [Expression | null, Expression][] = [];
    const items: Expression[] = [];
    while (!this.peek('}')) {
      if (this.take('**')) {
        entries.push([null, this.binary(0)]);
      } else {
        const first = this.starred();
        const value = this.take(':') ? this.expression() : null;
        if (this.peek('for')) {
          const kind = value === null ? 'set' : 'dict';
          const made = this.comprehension(kind, value === null ? null : first, value ?? first);
          this.expect('}');
          return made;
        }
        if (value === null) items.push(first);
        else entries.push([first, value]);
      }
      if (!this.take(',')) break;
    }
    this.expect('}');
    if (items.length > 0 && entries.length > 0) throw new SyntaxFault('a set and a dict cannot be mixed');
    return items.length > 0 ? { kind: 'set', items } : { kind: 'dict', entries };
  }

  private comprehension(result: Comprehension['result'], key: Expression | null, value: Expression): Comprehension {
    const clauses: { target: Expression; source: Expression; conditions: Expression[] }[] = [];
    while (this.take('for')) {
      const target = this.targets();
      this.expect('in');
      const source = this.or();
      const conditions: Expression[] = [];
      while (this.take('if')) conditions.push(this.or());
      clauses.push({ target, source, conditions });
    }
    return { kind: 'comprehension', result, key, value, clauses };
  }

  /** The names after `for`: up to `in`, which is no operator there. */
  private targets(): Expression {
    const from = this.at;
    let depth = 0;
    while (this.at < this.tokens.length && (depth > 0 || !this.peek('in'))) {
      if (this.peek('(') || this.peek('[')) depth += 1;
      if (this.peek(')') || this.peek(']')) depth -= 1;
      this.at += 1;
    }
    return parseTarget(this.tokens.slice(from, this.at));
  }

  /** `$a.b(1).c[2]`. */
  private variable(parts: readonly VariablePart[]): Expression {
    let expression: Expression | null = null;
    for (const part of parts) {
      expression = this.variableName(expression, part);
      if (part.brackets === 'call') {
        expression = { kind: 'call', callee: expression, args: parseArguments(part.inside, this.options) };
      } else if (part.brackets === 'index') {
        const inner = new ExpressionParser(part.inside, this.options);
        expression = inner.postfix(expression);
        inner.end();
      }
    }
    return expression!;
  }

  private variableName(before: Expression | null, part: VariablePart): Expression {
    const isCalled = part.brackets === 'call';
    if (before === null && !this.options.useSearchList) {
      const [first, ...rest] = part.names as [string, ...string[]];
      // A target is written out plainly: `$a.b` is Python's a.b.
      return this.dotted({ kind: 'name', name: first }, rest, isCalled);
    }
    const names = isCalled ? part.names.slice(0, -1) : part.names;
    let found = before;
    if (names.length > 0) {
      found =
        found === null
          ? { kind: 'lookup', names, autocall: true }
          : { kind: 'member', object: found, names, autocall: true };
    }
    if (!isCalled) return found!;
    const last = [part.names.at(-1)!];
    return found === null
      ? { kind: 'lookup', names: last, autocall: false }
      : { kind: 'member', object: found, names: last, autocall: false };
  }

  private dotted(object: Expression, names: readonly string[], isCalled: boolean): Expression {
    if (names.length === 0) return object;
    if (!isCalled) return { kind: 'member', object, names, autocall: true };
    const before = this.dotted(object, names.slice(0, -1), false);
    return { kind: 'member', object: before, names: names.slice(-1), autocall: false };
  }

  /** Literals side by side are one. */
  private strings(): Expression {
    const parts: FStringPart[] = [];
    for (let token = this.tokens[this.at]; token?.type === 'string'; token = this.tokens[this.at]) {
      this.at += 1;
      const literal = readString(this.options.isQuoted ? requote(token.text) : token.text);
      if (literal.isFormatted) parts.push(...this.fstring(splitFString(literal.text)));
      else parts.push(literal.text);
    }
    if (parts.every((part) => typeof part === 'string')) return { kind: 'constant', value: parts.join('') };
    return { kind: 'fstring', parts };
  }

  private fstring(fields: readonly FStringField[]): FStringPart[] {
    return fields.map((field) =>
      typeof field === 'string'
        ? field
        : {
            value: parseExpression(field.tokens, { ...this.options, useSearchList: false }),
            conversion: field.conversion,
            spec: this.fstring(field.spec),
          },
    );
  }
}

/** A literal that was inside another literal: its escapes were read once already. */
function requote(literal: string): string {
  const once = unescape(literal);
  const token = tokenAt(once, 0);
  if (token?.text !== once) throw new SyntaxFault(`a backslash in ${literal} must be doubled here`);
  return once;
}
