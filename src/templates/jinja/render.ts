/** Renders Jinja2 templates that have been read. */
import { Output, type Budget } from '../limits';
import { BUILTINS } from '../python/builtins';
import { toArray } from '../python/collections';
import { assign, evaluate, evaluateArguments } from '../python/evaluate';
import type { Expression, Parameter } from '../python/expression';
import { str } from '../python/repr';
import { callValue } from '../python/sorting';
import {
  isTrue,
  PyDict,
  PyFunction,
  PyList,
  PyNamespace,
  PyTuple,
  raise,
  type Keywords,
  type Value,
} from '../python/values';
import { makeLoop } from './loop';
import type { ForNode, MacroNode, Node } from './nodes';
import { JinjaScope, makeCycler, makeJoiner, makeNamespace, type Surroundings } from './scope';

/** What one rendering shares among the template and what it includes. */
export interface Rendering {
  budget: Budget;
  compile(source: string, name: string): Node[];
  snippets(name: string): string | null;
  surroundings: Surroundings;
  at: { template: string; line: number };
}

export const GLOBALS: ReadonlyMap<string, Value> = new Map<string, Value>([
  ['range', BUILTINS.get('range')!],
  ['dict', BUILTINS.get('dict')!],
  ['namespace', new PyFunction('namespace', (args, keywords) => makeNamespace(args, keywords))],
  ['cycler', new PyFunction('cycler', (args) => makeCycler(args))],
  ['joiner', new PyFunction('joiner', (args) => makeJoiner(args))],
]);

/** Renders a source in a scope of its own. */
export function renderJinjaSource(rendering: Rendering, source: string, name: string, scope: JinjaScope): string {
  const before = rendering.at;
  rendering.at = { template: name, line: 1 };
  const nodes = rendering.compile(source, name);
  const text = rendering.budget.nested(() => {
    const output = new Output(rendering.budget);
    new Renderer(rendering).run(nodes, scope, output);
    return output.text();
  });
  rendering.at = before;
  return text;
}

class Renderer {
  constructor(private readonly rendering: Rendering) {}

  run(nodes: readonly Node[], scope: JinjaScope, output: Output): void {
    for (const node of nodes) {
      scope.budget.step();
      if (node.kind === 'text') {
        output.write(node.text);
      } else {
        this.rendering.at.line = node.line;
        this.node(node, scope, output);
      }
    }
  }

  /** The text of nodes, kept apart. */
  private text(nodes: readonly Node[], scope: JinjaScope): string {
    const output = new Output(scope.budget);
    this.run(nodes, scope, output);
    return output.text();
  }

  private node(node: Exclude<Node, { kind: 'text' }>, scope: JinjaScope, output: Output): void {
    switch (node.kind) {
      case 'output':
        output.write(str(evaluate(node.expression, scope), scope.budget));
        return;
      case 'if': {
        const chosen = node.clauses.find(({ condition }) => isTrue(evaluate(condition, scope)));
        this.run(chosen?.body ?? node.otherwise, scope, output);
        return;
      }
      case 'for':
        this.loop(node, evaluate(node.source, scope), scope, output, 0);
        return;
      case 'set':
        this.assign(node.target, evaluate(node.value, scope), scope);
        return;
      case 'set-block': {
        const text = this.text(node.body, scope.child());
        this.assign(node.target, node.filter === null ? text : this.filtered(node.filter, text, scope), scope);
        return;
      }
      case 'filter': {
        const text = this.text(node.body, scope.child());
        output.write(str(this.filtered(node.filter, text, scope), scope.budget));
        return;
      }
      case 'with': {
        const inner = scope.child();
        const values = node.values.map((value) => evaluate(value, scope));
        node.targets.forEach((target, at) => assign(target, values[at]!, inner));
        this.run(node.body, inner, output);
        return;
      }
      case 'block':
        this.run(node.body, scope.child(), output);
        return;
      case 'macro':
        scope.set(node.name, this.macro(node.name, node, scope));
        return;
      case 'call':
        this.call(node, scope, output);
        return;
      default:
        this.fromOutside(node, scope, output);
    }
  }

  private assign(target: Expression, value: Value, scope: JinjaScope): void {
    if (target.kind === 'attribute') {
      const object = evaluate(target.object, scope);
      if (!(object instanceof PyNamespace) || object.type !== 'Namespace') {
        raise('TypeError', 'cannot assign attribute on non-namespace object');
      }
      object.attributes.set(target.name, value);
    } else if (target.kind === 'tuple') {
      const values = toArray(value, scope.budget);
      if (values.length !== target.items.length)
        raise('ValueError', `cannot unpack ${values.length} values into ${target.items.length}`);
      target.items.forEach((item, at) => this.assign(item, values[at]!, scope));
    } else {
      assign(target, value, scope);
    }
  }

  private filtered(filter: Expression, text: string, scope: JinjaScope): Value {
    const inner = scope.child();
    inner.set('#text', text);
    return evaluate(filter, inner);
  }

  private loop(node: ForNode, source: Value, scope: JinjaScope, output: Output, depth: number): void {
    const all = toArray(source, scope.budget);
    const items =
      node.condition === null
        ? all
        : all.filter((item) => {
            const inner = scope.child();
            this.assign(node.target, item, inner);
            return isTrue(evaluate(node.condition!, inner));
          });
    const again = node.isRecursive
      ? (list: Value): string =>
          scope.budget.nested(() => {
            const inner = new Output(scope.budget);
            this.loop(node, list, scope, inner, depth + 1);
            return inner.text();
          })
      : null;
    const loop = makeLoop(items, depth, again);
    items.forEach((item, at) => {
      scope.budget.step();
      const inner = scope.child();
      loop.moveTo(at);
      inner.set('loop', loop.value);
      this.assign(node.target, item, inner);
      this.run(node.body, inner, output);
    });
    if (items.length === 0) this.run(node.otherwise, scope.child(), output);
  }

  /** A macro: arguments that are not given are undefined; its text is the value. */
  private macro(name: string, node: Pick<MacroNode, 'parameters' | 'body' | 'takes'>, scope: JinjaScope): PyFunction {
    const { parameters, body, takes } = node;
    return new PyFunction(name, (args, keywords, budget) =>
      budget.nested(() => {
        const inner = scope.child();
        bindMacro(name, parameters, args, keywords, inner, takes);
        const before = { ...this.rendering.at };
        const text = this.text(body, inner);
        this.rendering.at = before;
        return text;
      }),
    );
  }

  private call(node: Extract<Node, { kind: 'call' }>, scope: JinjaScope, output: Output): void {
    const { callee, args: given } = node.call as Extract<Expression, { kind: 'call' }>;
    const { args, keywords } = evaluateArguments(given, scope);
    const caller = this.macro('caller', node, scope);
    const named = new Map([...keywords, ['caller', caller] as const]);
    output.write(str(callValue(evaluate(callee, scope), args, scope.budget, named), scope.budget));
  }

  private fromOutside(
    node: Extract<Node, { kind: 'include' | 'import' | 'from' }>,
    scope: JinjaScope,
    output: Output,
  ): void {
    const { rendering } = this;
    const wanted = evaluate(node.name, scope);
    const names = wanted instanceof PyList || wanted instanceof PyTuple ? wanted.items : [wanted];
    const found = names
      .map((name) => ({ name: str(name, scope.budget), source: rendering.snippets(str(name, scope.budget)) }))
      .find(({ source }) => source !== null);
    if (found === undefined) {
      if (node.kind === 'include' && node.mayBeMissing) return;
      raise('OSError', `there is no snippet '${str(wanted, scope.budget)}'`);
    }
    const inner = node.withContext
      ? scope.child()
      : new JinjaScope({ ...rendering.surroundings, data: () => undefined });
    const text = renderJinjaSource(rendering, found.source!, found.name, inner);
    if (node.kind === 'include') {
      output.write(text);
      return;
    }
    const module = new PyNamespace('module', found.name, inner.names);
    if (node.kind === 'import') {
      scope.set(node.as, module);
      return;
    }
    for (const [name, as] of node.names) {
      const value = inner.names.get(name);
      scope.set(
        as,
        value === undefined ? scope.undefined(`the template '${found.name}' does not export '${name}'`) : value,
      );
    }
  }
}

function bindMacro(
  name: string,
  parameters: readonly Parameter[],
  args: readonly Value[],
  keywords: Keywords,
  inner: JinjaScope,
  takes: ReadonlySet<string>,
): void {
  const left = new Map(keywords);
  parameters.forEach((parameter, at) => {
    const given = at < args.length ? args[at] : left.get(parameter.name);
    if (at < args.length && left.has(parameter.name)) {
      raise('TypeError', `macro '${name}' got multiple values for argument '${parameter.name}'`);
    }
    left.delete(parameter.name);
    if (given !== undefined) inner.set(parameter.name, given);
    else if (parameter.otherwise !== null) inner.set(parameter.name, evaluate(parameter.otherwise, inner));
    else inner.set(parameter.name, inner.undefined(`parameter '${parameter.name}' was not provided`));
  });
  const caller = left.get('caller');
  left.delete('caller');
  if (caller !== undefined && !takes.has('caller')) {
    raise(
      'TypeError',
      `macro '${name}' was invoked with two values for the special caller argument. This is most likely a bug.`,
    );
  }
  if (takes.has('caller')) inner.set('caller', caller === undefined ? inner.undefined('No caller defined') : caller);
  if (takes.has('kwargs')) {
    const dict = new PyDict();
    for (const [key, value] of left) dict.set(key, value);
    inner.set('kwargs', dict);
  } else if (left.size > 0) {
    raise('TypeError', `macro '${name}' takes no keyword argument '${[...left.keys()][0]!}'`);
  }
  if (takes.has('varargs')) inner.set('varargs', new PyTuple(args.slice(parameters.length)));
  else if (args.length > parameters.length) {
    raise('TypeError', `macro '${name}' takes not more than ${parameters.length} argument(s)`);
  }
}
