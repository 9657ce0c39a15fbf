/** Walks an expression and gives its value. */
import type { Budget } from '../limits';
import { deleteItem, getItem, iterate, setItem, toArray } from './collections';
import { attribute } from './attributes';
import { updateDict } from './container-methods';
import type { Argument, Comprehension, Expression, FStringPart, Parameter } from './expression';
import { convert } from './format-fields';
import { format } from './format';
import { augmented, binary, compare, unary, type BinaryOperator } from './operators';
import { callValue } from './sorting';
import {
  isTrue,
  NO_KEYWORDS,
  PyDict,
  PyFunction,
  PyIterator,
  PyList,
  PySet,
  PySlice,
  PyTuple,
  raise,
  typeName,
  type Keywords,
  type Value,
} from './values';

/** Where names are found and kept; the two languages differ in it. */
export interface Scope {
  readonly budget: Budget;
  /** The value of a plain name. NameError when there is none. */
  get(name: string): Value;
  set(name: string, value: Value): void;
  delete(name: string): void;
  /** A scope inside this one: what is set there is gone with it. */
  child(): Scope;
  /** Cheetah's `$a.b`. */
  lookup(names: readonly string[], autocall: boolean): Value;
  member(object: Value, names: readonly string[], autocall: boolean): Value;
  /** `object.name` and `object[index]` where the language differs from Python; Python's own when left out. */
  attribute?(object: Value, name: string): Value;
  item?(object: Value, index: Value): Value;
  /** Jinja2's filters, tests and `~`. */
  filter?(name: string, value: () => Value, args: readonly Value[], keywords: Keywords): Value;
  test?(name: string, value: () => Value, args: readonly Value[]): boolean;
  concat?(values: readonly Value[]): Value;
}

export function evaluate(node: Expression, scope: Scope): Value {
  scope.budget.step();
  switch (node.kind) {
    case 'constant':
      return node.value;
    case 'name':
      return scope.get(node.name);
    case 'lookup':
      return scope.lookup(node.names, node.autocall);
    case 'member':
      return scope.member(evaluate(node.object, scope), node.names, node.autocall);
    case 'attribute': {
      const object = evaluate(node.object, scope);
      return scope.attribute === undefined ? attribute(object, node.name) : scope.attribute(object, node.name);
    }
    case 'index': {
      const object = evaluate(node.object, scope);
      const index = evaluate(node.index, scope);
      return scope.item === undefined ? getItem(object, index, scope.budget) : scope.item(object, index);
    }
    case 'call':
      return evaluateCall(node.callee, node.args, scope);
    case 'unary':
      return unary(node.op, evaluate(node.operand, scope));
    case 'not':
      return !isTrue(evaluate(node.operand, scope));
    case 'binary':
      return binary(node.op, evaluate(node.left, scope), evaluate(node.right, scope), scope.budget);
    case 'compare':
      return evaluateCompare(node, scope);
    case 'logic': {
      const left = evaluate(node.left, scope);
      return isTrue(left) === (node.op === 'or') ? left : evaluate(node.right, scope);
    }
    case 'choice':
      return evaluate(isTrue(evaluate(node.condition, scope)) ? node.then : node.otherwise, scope);
    default:
      return evaluateDisplay(node, scope);
  }
}

function evaluateDisplay(node: Expression, scope: Scope): Value {
  switch (node.kind) {
    case 'list':
      return new PyList(evaluateItems(node.items, scope));
    case 'tuple':
      return new PyTuple(evaluateItems(node.items, scope));
    case 'set':
      return new PySet(evaluateItems(node.items, scope));
    case 'dict':
      return evaluateDict(node.entries, scope);
    case 'slice': {
      const part = (given: Expression | null): Value => (given === null ? null : evaluate(given, scope));
      return new PySlice(part(node.start), part(node.stop), part(node.step));
    }
    case 'comprehension':
      return evaluateComprehension(node, scope);
    case 'lambda':
      return makeFunction('<lambda>', node.parameters, scope, (inner) => evaluate(node.body, inner));
    case 'fstring':
      return evaluateFString(node.parts, scope);
    case 'filter': {
      const { args, keywords } = evaluateArguments(node.args, scope);
      return scope.filter!(node.name, () => evaluate(node.operand, scope), args, keywords);
    }
    case 'test': {
      const { args } = evaluateArguments(node.args, scope);
      return scope.test!(node.name, () => evaluate(node.operand, scope), args) !== node.negated;
    }
    case 'concat':
      return scope.concat!(node.items.map((item) => evaluate(item, scope)));
    case 'broken':
      return raise('SyntaxError', node.message);
    default:
      return raise('SyntaxError', "can't use starred expression here");
  }
}

function evaluateItems(items: readonly Expression[], scope: Scope): Value[] {
  const values: Value[] = [];
  for (const item of items) {
    if (item.kind !== 'star') values.push(evaluate(item, scope));
    else for (const one of toArray(evaluate(item.operand, scope), scope.budget)) values.push(one);
  }
  scope.budget.makeItems(values.length);
  return values;
}

function evaluateDict(entries: readonly (readonly [Expression | null, Expression])[], scope: Scope): PyDict {
  const dict = new PyDict();
  for (const [key, value] of entries) {
    if (key === null) updateDict(dict, evaluate(value, scope), NO_KEYWORDS, scope.budget);
    else dict.set(evaluate(key, scope), evaluate(value, scope));
  }
  return dict;
}

function evaluateCompare(node: Extract<Expression, { kind: 'compare' }>, scope: Scope): boolean {
  let left = evaluate(node.first, scope);
  for (const [op, operand] of node.rest) {
    const right = evaluate(operand, scope);
    if (!compare(op, left, right, scope.budget)) return false;
    left = right;
  }
  return true;
}

/** Arguments by position and by name, in the order written. */
export function evaluateArguments(
  given: readonly Argument[],
  scope: Scope,
): { args: readonly Value[]; keywords: Keywords } {
  if (given.length === 0) return { args: [], keywords: NO_KEYWORDS };
  const args: Value[] = [];
  const keywords = new Map<string, Value>();
  const keyword = (name: string, value: Value): void => {
    if (keywords.has(name)) raise('TypeError', `got multiple values for keyword argument '${name}'`);
    keywords.set(name, value);
  };
  for (const argument of given) {
    const value = evaluate(argument.value, scope);
    if (argument.kind === 'position') args.push(value);
    else if (argument.kind === 'list') for (const one of toArray(value, scope.budget)) args.push(one);
    else if (argument.kind === 'keyword') keyword(argument.name, value);
    else if (value instanceof PyDict) {
      for (const [key, item] of value.entries.values()) {
        if (typeof key !== 'string') raise('TypeError', 'keywords must be strings');
        keyword(key, item);
      }
    } else raise('TypeError', `argument after ** must be a mapping, not ${typeName(value)}`);
  }
  return { args, keywords };
}

function evaluateCall(callee: Expression, given: readonly Argument[], scope: Scope): Value {
  const found = evaluate(callee, scope);
  const { args, keywords } = evaluateArguments(given, scope);
  return callValue(found, args, scope.budget, keywords);
}

function evaluateFString(parts: readonly FStringPart[], scope: Scope): string {
  let text = '';
  for (const part of parts) {
    if (typeof part === 'string') {
      text += part;
    } else {
      const value = convert(evaluate(part.value, scope), part.conversion, scope.budget);
      const made = format(value, evaluateFString(part.spec, scope), scope.budget);
      scope.budget.make(made.length);
      text += made;
    }
  }
  scope.budget.make(text.length);
  return text;
}

function evaluateComprehension(node: Comprehension, scope: Scope): Value {
  const inner = scope.child();
  if (node.result === 'generator') {
    return new PyIterator(
      'generator',
      turns(node, inner, 0, () => evaluate(node.value, inner)),
    );
  }
  if (node.result === 'dict') {
    const dict = new PyDict();
    const add = (): Value => {
      dict.set(evaluate(node.key!, inner), evaluate(node.value, inner));
      return null;
    };
    for (const _ of turns(node, inner, 0, add)) inner.budget.makeItems(1);
    return dict;
  }
  const values = turns(node, inner, 0, () => evaluate(node.value, inner));
  return node.result === 'list' ? new PyList([...values]) : new PySet(values);
}

function* turns(node: Comprehension, scope: Scope, at: number, make: () => Value): Generator<Value, void> {
  const clause = node.clauses[at];
  if (clause === undefined) {
    yield make();
    return;
  }
  for (const item of iterate(evaluate(clause.source, scope), scope.budget)) {
    assign(clause.target, item, scope);
    if (clause.conditions.every((condition) => isTrue(evaluate(condition, scope)))) {
      yield* turns(node, scope, at + 1, make);
    }
  }
}

/** target = value; tuples of targets are unpacked. */
export function assign(target: Expression, value: Value, scope: Scope): void {
  switch (target.kind) {
    case 'name':
      scope.set(target.name, value);
      return;
    case 'tuple':
    case 'list':
      unpack(target.items, value, scope);
      return;
    case 'index':
      setItem(evaluate(target.object, scope), evaluate(target.index, scope), value, scope.budget);
      return;
    default:
      raise('SyntaxError', 'cannot assign to this expression');
  }
}

function unpack(targets: readonly Expression[], value: Value, scope: Scope): void {
  const values = toArray(value, scope.budget);
  const star = targets.findIndex((target) => target.kind === 'star');
  if (star >= 0) {
    const after = targets.length - star - 1;
    if (values.length < targets.length - 1) {
      raise(
        'ValueError',
        `not enough values to unpack (expected at least ${targets.length - 1}, got ${values.length})`,
      );
    }
    const middle = new PyList(values.slice(star, values.length - after));
    const rest = [...values.slice(0, star), middle, ...values.slice(values.length - after)];
    targets.forEach((target, at) => assign(target.kind === 'star' ? target.operand : target, rest[at]!, scope));
    return;
  }
  if (values.length > targets.length) raise('ValueError', `too many values to unpack (expected ${targets.length})`);
  if (values.length < targets.length) {
    raise('ValueError', `not enough values to unpack (expected ${targets.length}, got ${values.length})`);
  }
  targets.forEach((target, at) => assign(target, values[at]!, scope));
}

/** target OP= value. */
export function assignAugmented(target: Expression, op: BinaryOperator, value: Expression, scope: Scope): void {
  const before = evaluate(target, scope);
  const after = augmented(op, before, evaluate(value, scope), scope.budget, (items) => toArray(items, scope.budget));
  assign(target, after, scope);
}

/** del target. */
export function remove(target: Expression, scope: Scope): void {
  if (target.kind === 'name') scope.delete(target.name);
  else if (target.kind === 'tuple') target.items.forEach((item) => remove(item, scope));
  else if (target.kind === 'index') {
    deleteItem(evaluate(target.object, scope), evaluate(target.index, scope), scope.budget);
  } else raise('SyntaxError', 'cannot delete this expression');
}

/** A function of the template's own. Its parameters are set in a child of `scope` before `run`. */
export function makeFunction(
  name: string,
  parameters: readonly Parameter[],
  scope: Scope,
  run: (inner: Scope) => Value,
): PyFunction {
  const call = (args: readonly Value[], keywords: Keywords, budget: Budget): Value =>
    budget.nested(() => {
      const inner = scope.child();
      bindParameters(name, parameters, args, keywords, inner, scope, false);
      return run(inner);
    });
  return new PyFunction(name, call, 'function');
}

/** Sets the parameters in `inner`. `lenient` lets surplus keywords pass, as every `#def` of Cheetah does. */
export function bindParameters(
  name: string,
  parameters: readonly Parameter[],
  args: readonly Value[],
  keywords: Keywords,
  inner: Scope,
  outer: Scope,
  lenient: boolean,
): void {
  const left = new Map(keywords);
  const plain = parameters.filter((parameter) => parameter.kind === 'plain');
  const rest = parameters.find((parameter) => parameter.kind === 'list');
  const named = parameters.find((parameter) => parameter.kind === 'dict');
  if (args.length > plain.length && rest === undefined) {
    raise('TypeError', `${name}() takes ${plain.length} positional arguments but ${args.length} were given`);
  }
  plain.forEach((parameter, at) => {
    const given = args[at] ?? left.get(parameter.name);
    if (at < args.length && left.has(parameter.name)) {
      raise('TypeError', `${name}() got multiple values for argument '${parameter.name}'`);
    }
    left.delete(parameter.name);
    if (given === undefined && at >= args.length && !keywords.has(parameter.name)) {
      if (parameter.otherwise === null) {
        raise('TypeError', `${name}() missing 1 required positional argument: '${parameter.name}'`);
      }
      inner.set(parameter.name, evaluate(parameter.otherwise, outer));
    } else {
      inner.set(parameter.name, given ?? null);
    }
  });
  if (rest !== undefined) inner.set(rest.name, new PyTuple(args.slice(plain.length)));
  if (named !== undefined) {
    const dict = new PyDict();
    updateDict(dict, undefined, left, inner.budget);
    inner.set(named.name, dict);
  } else if (left.size > 0 && !lenient) {
    raise('TypeError', `${name}() got an unexpected keyword argument '${[...left.keys()][0]!}'`);
  }
}
