/** Jinja2's expression grammar over tokens; the trees are those of Python's expressions. */
import type { Argument, Expression, Parameter } from '../python/expression';
import { readNumber, readString, SyntaxFault } from '../python/literals';
import type { BinaryOperator, CompareOperator } from '../python/operators';
import type { Token } from '../python/token';
import { PyUndefined, type Value } from '../python/values';

/** Parentheses and the like within one another. */
const DEEPEST = 60;
/** Terms joined by operators without parentheses. */
const LONGEST = 1000;

const CONSTANTS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['true', true],
  ['True', true],
  ['false', false],
  ['False', false],
  ['none', null],
  ['None', null],
]);
const COMPARISONS: ReadonlySet<string> = new Set(['<', '>', '==', '!=', '<=', '>=']);
/** What an `if` without `else` gives when it is false. */
const NOTHING = new PyUndefined('the inline if-expression evaluated to false and no else section was defined', false);

export class JinjaExpressions {
  private at = 0;
  private depth = 0;
  private terms = 0;

  constructor(private readonly tokens: readonly Token[]) {}

  end(): void {
    const left = this.tokens[this.at];
    if (left !== undefined) throw new SyntaxFault(`invalid syntax at '${left.text}'`);
  }

  get isAtEnd(): boolean {
    return this.at >= this.tokens.length;
  }

  peek(text: string, offset = 0): boolean {
    const token = this.tokens[this.at + offset];
    return token !== undefined && token.type !== 'string' && token.text === text;
  }

  take(text: string): boolean {
    if (!this.peek(text)) return false;
    this.at += 1;
    return true;
  }

  expect(text: string): void {
    if (this.take(text)) return;
    const found = this.tokens[this.at];
    throw new SyntaxFault(
      found === undefined ? `'${text}' is missing` : `expected '${text}' instead of '${found.text}'`,
    );
  }

  name(): string {
    const token = this.tokens[this.at];
    if (token?.type !== 'name') throw new SyntaxFault('a name is missing');
    this.at += 1;
    return token.text;
  }

  private nested<T>(parse: () => T): T {
    this.depth += 1;
    if (this.depth > DEEPEST) throw new SyntaxFault(`an expression is nested more than ${DEEPEST} deep`);
    const result = parse();
    this.depth -= 1;
    return result;
  }

  private term(expression: Expression): Expression {
    this.terms += 1;
    if (this.terms > LONGEST) throw new SyntaxFault(`an expression has more than ${LONGEST} operators`);
    return expression;
  }

  /** An expression; with commas at the top a tuple. */
  tuple(withCondition = true): Expression {
    const first = withCondition ? this.expression() : this.or();
    if (!this.peek(',')) return first;
    const items = [first];
    while (this.take(',')) {
      if (this.isAtEnd || this.peek(')') || this.peek('=') || this.peek('in')) break;
      items.push(withCondition ? this.expression() : this.or());
    }
    return { kind: 'tuple', items };
  }

  expression(): Expression {
    return this.nested(() => {
      let value = this.or();
      while (this.take('if')) {
        const condition = this.or();
        const otherwise: Expression = this.take('else') ? this.expression() : { kind: 'constant', value: NOTHING };
        value = this.term({ kind: 'choice', condition, then: value, otherwise });
      }
      return value;
    });
  }

  or(): Expression {
    let left = this.and();
    while (this.take('or')) left = this.term({ kind: 'logic', op: 'or', left, right: this.and() });
    return left;
  }

  private and(): Expression {
    let left = this.not();
    while (this.take('and')) left = this.term({ kind: 'logic', op: 'and', left, right: this.not() });
    return left;
  }

  private not(): Expression {
    if (this.peek('not') && !this.peek('in', 1)) {
      this.at += 1;
      return this.nested(() => ({ kind: 'not', operand: this.not() }));
    }
    return this.comparison();
  }

  private comparison(): Expression {
    const first = this.sum();
    const rest: [CompareOperator, Expression][] = [];
    for (let op = this.compareOperator(); op !== null; op = this.compareOperator()) {
      this.terms += 1;
      rest.push([op, this.sum()]);
    }
    return rest.length === 0 ? first : { kind: 'compare', first, rest };
  }

  private compareOperator(): CompareOperator | null {
    const token = this.tokens[this.at];
    if (token?.type === 'operator' && COMPARISONS.has(token.text)) {
      this.at += 1;
      return token.text as CompareOperator;
    }
    if (this.take('in')) return 'in';
    if (this.peek('not') && this.peek('in', 1)) {
      this.at += 2;
      return 'not in';
    }
    return null;
  }

  private leftToRight(operators: readonly BinaryOperator[], operand: () => Expression): Expression {
    let left = operand();
    for (;;) {
      const op = operators.find((text) => this.peek(text));
      if (op === undefined) return left;
      this.at += 1;
      left = this.term({ kind: 'binary', op, left, right: operand() });
    }
  }

  private sum(): Expression {
    return this.leftToRight(['+', '-'], () => this.concat());
  }

  private concat(): Expression {
    const items = [this.product()];
    while (this.take('~')) items.push(this.term(this.product()));
    return items.length === 1 ? items[0]! : { kind: 'concat', items };
  }

  private product(): Expression {
    return this.leftToRight(['*', '/', '//', '%'], () => this.power());
  }

  private power(): Expression {
    return this.leftToRight(['**'], () => this.unary(true));
  }

  private unary(withFilter: boolean): Expression {
    let node: Expression;
    if (this.take('-')) node = this.nested(() => ({ kind: 'unary', op: '-', operand: this.unary(false) }));
    else if (this.take('+')) node = this.nested(() => ({ kind: 'unary', op: '+', operand: this.unary(false) }));
    else node = this.primary();
    node = this.postfix(node);
    return withFilter ? this.filters(node) : node;
  }

  private primary(): Expression {
    const token = this.tokens[this.at];
    if (token === undefined) throw new SyntaxFault('an expression ends too early');
    if (token.type === 'string') return this.strings();
    this.at += 1;
    if (token.type === 'number') return { kind: 'constant', value: readNumber(token.text) };
    if (token.type === 'name') {
      const constant = CONSTANTS.get(token.text);
      return constant === undefined ? { kind: 'name', name: token.text } : { kind: 'constant', value: constant };
    }
    return this.nested(() => {
      if (token.text === '(') return this.parenthesis();
      if (token.text === '[') return { kind: 'list', items: this.items(']') };
      if (token.text === '{') return this.dict();
      throw new SyntaxFault(`invalid syntax at '${token.text}'`);
    });
  }

  private strings(): Expression {
    let text = '';
    for (let token = this.tokens[this.at]; token?.type === 'string'; token = this.tokens[this.at]) {
      text += readString(token.text).text;
      this.at += 1;
    }
    return { kind: 'constant', value: text };
  }

  private parenthesis(): Expression {
    if (this.take(')')) return { kind: 'tuple', items: [] };
    const value = this.tuple();
    this.expect(')');
    return value;
  }

  private items(close: string): Expression[] {
    const items: Expression[] = [];
    while (!this.take(close)) {
      if (items.length > 0) this.expect(',');
      if (this.take(close)) break;
      items.push(this.expression());
    }
    return items;
  }

  private dict(): Expression {
    const entries: [Expression, Expression][] = [];
    while (!this.take('}')) {
      if (entries.length > 0) this.expect(',');
      if (this.take('}')) break;
      const key = this.expression();
      this.expect(':');
      entries.push([key, this.expression()]);
    }
    return { kind: 'dict', entries };
  }

  private postfix(start: Expression): Expression {
    let node = start;
    for (;;) {
      const next = this.tokens[this.at + 1];
      if (this.peek('.') && next?.type === 'name') {
        this.at += 2;
        node = this.term({ kind: 'attribute', object: node, name: next.text });
      } else if (this.tokens[this.at]?.type === 'number' && this.tokens[this.at]!.text.startsWith('.')) {
        // `list.0` is read as the number .0
        const index = Number(this.tokens[this.at]!.text.slice(1));
        this.at += 1;
        node = this.term({ kind: 'index', object: node, index: { kind: 'constant', value: index } });
      } else if (this.take('[')) {
        node = this.term({ kind: 'index', object: node, index: this.subscript() });
        this.expect(']');
      } else if (this.take('(')) {
        node = this.term({ kind: 'call', callee: node, args: this.arguments() });
      } else {
        return node;
      }
    }
  }

  private subscript(): Expression {
    const part = (): Expression | null => (this.peek(':') || this.peek(']') ? null : this.expression());
    const start = part();
    if (!this.take(':')) {
      if (start === null) throw new SyntaxFault('an index is missing');
      return start;
    }
    const stop = part();
    return { kind: 'slice', start, stop, step: this.take(':') ? part() : null };
  }

  /** From behind the `(` to behind the `)`. */
  arguments(): Argument[] {
    const args: Argument[] = [];
    while (!this.take(')')) {
      if (args.length > 0) this.expect(',');
      if (this.take(')')) break;
      args.push(this.argument());
    }
    return args;
  }

  private argument(): Argument {
    if (this.take('**')) return { kind: 'dict', name: '', value: this.expression() };
    if (this.take('*')) return { kind: 'list', name: '', value: this.expression() };
    if (this.tokens[this.at]?.type === 'name' && this.peek('=', 1)) {
      const name = this.name();
      this.at += 1;
      return { kind: 'keyword', name, value: this.expression() };
    }
    return { kind: 'position', name: '', value: this.expression() };
  }

  /** Any number of `|filter`, `is test` and calls behind a value. */
  private filters(start: Expression): Expression {
    let node = start;
    for (;;) {
      if (this.peek('|')) node = this.filterChain(node);
      else if (this.take('is')) node = this.test(node);
      else if (this.take('(')) node = this.term({ kind: 'call', callee: node, args: this.arguments() });
      else return node;
    }
  }

  /** `|a|b(1)` applied to a value; without the first `|` when `isOpen`, as in `{% filter a %}`. */
  filterChain(start: Expression, isOpen = false): Expression {
    let node = start;
    let first = isOpen;
    while (first || this.take('|')) {
      first = false;
      let name = this.name();
      while (this.take('.')) name += `.${this.name()}`;
      node = this.term({ kind: 'filter', name, operand: node, args: this.take('(') ? this.arguments() : [] });
    }
    return node;
  }

  private test(operand: Expression): Expression {
    const negated = this.take('not');
    const name = this.name();
    let args: Argument[] = [];
    if (this.take('(')) {
      args = this.arguments();
    } else if (this.beginsValue()) {
      if (this.peek('is')) throw new SyntaxFault('tests cannot be chained with is');
      args = [{ kind: 'position', name: '', value: this.postfix(this.primary()) }];
    }
    return this.term({ kind: 'test', name, operand, args, negated });
  }

  private beginsValue(): boolean {
    const token = this.tokens[this.at];
    if (token === undefined) return false;
    if (token.type === 'name') return !['else', 'or', 'and', 'if', 'not', 'in'].includes(token.text);
    return token.type !== 'operator' || token.text === '[' || token.text === '{';
  }

  /** `(a, b=1)` of a macro or a call block, from behind the `(` to behind the `)`. */
  parameters(): Parameter[] {
    const parameters: Parameter[] = [];
    while (!this.take(')')) {
      if (parameters.length > 0) this.expect(',');
      if (this.take(')')) break;
      const name = this.name();
      parameters.push({ kind: 'plain', name, otherwise: this.take('=') ? this.expression() : null });
    }
    return parameters;
  }

  /** A target of an assignment or a loop: names, with commas and parentheses, or `namespace.name`. */
  target(): Expression {
    const items = [this.oneTarget()];
    let isTuple = false;
    while (this.take(',')) {
      isTuple = true;
      if (this.peek('in') || this.peek('=')) break;
      items.push(this.oneTarget());
    }
    return isTuple ? { kind: 'tuple', items } : items[0]!;
  }

  private oneTarget(): Expression {
    if (this.take('(')) {
      const inner = this.nested(() => this.target());
      this.expect(')');
      return inner;
    }
    const name = this.name();
    if (CONSTANTS.has(name)) throw new SyntaxFault(`can't assign to '${name}'`);
    if (!this.take('.')) return { kind: 'name', name };
    return { kind: 'attribute', object: { kind: 'name', name }, name: this.name() };
  }
}
