/** Runs the nodes of a template one after another. */
import { Output } from '../limits';
import { asCount } from '../python/numbers';
import { iterate } from '../python/collections';
import { assign, assignAugmented, bindParameters, evaluate, evaluateArguments, remove } from '../python/evaluate';
import type { Expression } from '../python/expression';
import { repr, str } from '../python/repr';
import { callValue } from '../python/sorting';
import { isTrue, NO_KEYWORDS, PyException, PyFunction, PyRange, raise, type Value } from '../python/values';
import { pythonError, runRaise, runTry } from './exceptions';
import { DEFAULT_FILTER, FILTERS, type Filter } from './filters';
import type { Definition, Node, OutputNode, SetNode } from './nodes';
import { isNotFound, renderNested, renderSnippet, runBlock, type Instance } from './render';
import type { CheetahScope } from './scope';

/** One function of a template while it runs. */
export interface Frame {
  instance: Instance;
  scope: CheetahScope;
  output: Output;
  filter: Filter;
}

/** How a body was left before its end; undefined: it was not. */
export type Exit = { kind: 'break' } | { kind: 'continue' } | { kind: 'stop' } | { kind: 'return'; value: Value };

const BREAK: Exit = { kind: 'break' };
const CONTINUE: Exit = { kind: 'continue' };
const STOP: Exit = { kind: 'stop' };

export function runBody(body: readonly Node[], frame: Frame): Exit | undefined {
  const { rendering } = frame.instance;
  for (const node of body) {
    rendering.budget.step();
    if (node.kind === 'text') {
      frame.output.write(node.text);
    } else {
      rendering.at.line = node.line;
      const exit = runNode(node, frame);
      if (exit !== undefined) return exit;
    }
  }
  return undefined;
}

type Statement = Exclude<Node, { kind: 'text' }>;

function runNode(node: Statement, frame: Frame): Exit | undefined {
  const { scope, instance, output } = frame;
  switch (node.kind) {
    case 'output':
      put(node, frame);
      return undefined;
    case 'if':
      for (const clause of node.clauses) {
        instance.rendering.at.line = clause.line;
        if (isTrue(evaluate(clause.condition, scope))) return runBody(clause.body, frame);
      }
      return node.otherwise === null ? undefined : runBody(node.otherwise, frame);
    case 'for':
      return runLoop(iterate(evaluate(node.source, scope), scope.budget), node, frame, (item) =>
        assign(node.target, item, scope),
      );
    case 'repeat':
      return runLoop(
        iterate(new PyRange(0, asCount(evaluate(node.count, scope)), 1), scope.budget),
        node,
        frame,
        () => undefined,
      );
    case 'while':
      return runLoop(whileTrue(node.condition, frame), node, frame, () => undefined);
    case 'set':
      runSet(node, frame);
      return undefined;
    case 'snippet':
      output.write(node.isRaw ? rawSnippet(node.name, frame) : renderSnippet(instance, node.name));
      return undefined;
    case 'silent':
      evaluate(node.expression, scope);
      return undefined;
    case 'try':
      return runTry(node, frame, runBody);
    default:
      return runOther(node, frame);
  }
}

function runOther(node: Statement, frame: Frame): Exit | undefined {
  const { scope, instance } = frame;
  switch (node.kind) {
    case 'break':
      return BREAK;
    case 'continue':
      return CONTINUE;
    case 'stop':
      return STOP;
    case 'return':
      return { kind: 'return', value: node.value === null ? null : evaluate(node.value, scope) };
    case 'delete':
      remove(node.target, scope);
      return undefined;
    case 'include':
      runInclude(node, frame);
      return undefined;
    case 'block':
      runBlock(instance, node.name, frame.output);
      return undefined;
    case 'catcher':
      instance.catcher = node.name;
      return undefined;
    case 'capture': {
      const { text, exit } = collect(node.body, frame);
      if (exit === undefined) assign(node.target, text, scope);
      return exit;
    }
    case 'cache':
      return runCache(node, frame);
    case 'filter':
      return runFilter(node, frame);
    case 'call':
      return runCall(node, frame);
    case 'function':
      scope.set(node.definition.name, nestedFunction(node.definition, frame));
      return undefined;
    case 'raise':
      return runRaise(node.value, frame);
    case 'assert':
      if (!isTrue(evaluate(node.condition, scope))) {
        const message = node.message === null ? [] : [evaluate(node.message, scope)];
        throw pythonError(new PyException('AssertionError', message));
      }
      return undefined;
    default:
      return undefined;
  }
}

/** Puts out one placeholder. */
function put(node: OutputNode, frame: Frame): void {
  if (!node.isCached) {
    frame.output.write(placeholderText(node, frame));
    return;
  }
  frame.output.write(cached(node, '', frame, () => placeholderText(node, frame)));
}

function placeholderText(node: OutputNode, frame: Frame): string {
  const { scope } = frame;
  const { expression } = node;
  let value: Value;
  // The shell's `$HOME` is the common case: found out without an error, which takes ten times as long.
  if (node.isCaught && expression.kind === 'lookup' && !scope.has(expression.names[0]!)) {
    value = leftAsItIs(node, `cannot find '${expression.names[0]!}'`, frame);
  } else {
    try {
      value = evaluate(expression, scope);
    } catch (error) {
      if (!isNotFound(error)) throw error;
      if (node.isCaught) value = leftAsItIs(node, error.message, frame);
      else if (node.isSilent) return '';
      else throw error;
    }
  }
  if (value === null) return '';
  const keywords = node.filterArgs.length === 0 ? NO_KEYWORDS : evaluateArguments(node.filterArgs, scope).keywords;
  return frame.filter(value, keywords, scope.budget);
}

/** What a placeholder gives whose name was not found while the error catcher is on. */
function leftAsItIs(node: OutputNode, reason: string, frame: Frame): string {
  const { instance } = frame;
  frame.scope.budget.step();
  if (instance.catcher === 'KeyError') raise('KeyError', `no '${node.raw}' in this Template Object's Search List`);
  instance.rendering.warn(instance.name, node.line, `${reason}; '${node.raw}' was left as it is`);
  return instance.catcher === 'BigEcho' ? bigEcho(node.raw) : node.raw;
}

function bigEcho(raw: string): string {
  const bar = '='.repeat(15);
  return `${bar}&lt;${raw} could not be found&gt;${bar}`;
}

function cached(node: object, key: string, frame: Frame, make: () => string): string {
  const { cache } = frame.instance;
  let texts = cache.get(node);
  if (texts === undefined) {
    texts = new Map();
    cache.set(node, texts);
  }
  const found = texts.get(key);
  if (found !== undefined) return found;
  const made = make();
  texts.set(key, made);
  return made;
}

function* whileTrue(condition: Expression, frame: Frame): Generator<undefined, void> {
  while (isTrue(evaluate(condition, frame.scope))) yield undefined;
}

function runLoop<T>(
  turns: Iterable<T>,
  node: { body: Node[]; otherwise?: Node[] | null; line: number },
  frame: Frame,
  begin: (turn: T) => void,
): Exit | undefined {
  for (const turn of turns) {
    frame.scope.budget.step();
    begin(turn);
    const exit = runBody(node.body, frame);
    if (exit === BREAK) return undefined;
    if (exit !== undefined && exit !== CONTINUE) return exit;
    frame.instance.rendering.at.line = node.line;
  }
  return node.otherwise == null ? undefined : runBody(node.otherwise, frame);
}

function runSet(node: SetNode, frame: Frame): void {
  const { scope, instance } = frame;
  const [first] = node.targets;
  if (node.style === 'local') {
    if (node.op !== null) {
      assignAugmented(first!, node.op, node.value, scope);
      return;
    }
    const value = evaluate(node.value, scope);
    for (const target of node.targets) assign(target, value, scope);
    return;
  }
  const store = node.style === 'global' ? (instance.searchList[0] as Map<string, Value>) : instance.module;
  const outside = new StoreScope(scope, store);
  const value = evaluate(node.value, scope);
  const constant: Expression = { kind: 'constant', value };
  for (const target of node.targets) {
    if (node.op === null) assign(target, value, outside as unknown as CheetahScope);
    else assignAugmented(target, node.op, constant, outside as unknown as CheetahScope);
  }
}

/** Targets of `#set global` and `#set module`: the first name is one of that store, whatever else is called so. */
class StoreScope {
  readonly budget;

  constructor(
    private readonly scope: CheetahScope,
    private readonly store: Map<string, Value>,
  ) {
    this.budget = scope.budget;
  }

  get(name: string): Value {
    const found = this.store.get(name);
    return found === undefined ? this.scope.get(name) : found;
  }

  set(name: string, value: Value): void {
    this.budget.makeItems(1);
    this.store.set(name, value);
  }

  lookup(names: readonly string[], autocall: boolean): Value {
    return this.scope.lookup(names, autocall);
  }

  member(object: Value, names: readonly string[], autocall: boolean): Value {
    return this.scope.member(object, names, autocall);
  }
}

function rawSnippet(name: string, frame: Frame): string {
  const { rendering } = frame.instance;
  const source = rendering.snippets(name);
  if (source !== null) return source;
  rendering.warn(rendering.at.template, rendering.at.line, `there is no snippet '${name}'`);
  return `# Error: no snippet data for ${name}\n`;
}

function runInclude(node: Extract<Node, { kind: 'include' }>, frame: Frame): void {
  const { instance, scope, output } = frame;
  const given = evaluate(node.source, scope);
  const text = str(given, scope.budget);
  const source = node.isFile ? instance.rendering.includes(text) : text;
  if (source === null) raise('OSError', `there is no file ${repr(given, scope.budget)} to include`);
  output.write(node.isRaw ? source : renderNested(instance, source, node.isFile ? text : `${instance.name} (include)`));
}

/** Runs a body with its text kept apart. */
function collect(body: readonly Node[], frame: Frame): { text: string; exit: Exit | undefined } {
  const output = new Output(frame.scope.budget);
  const exit = runBody(body, { ...frame, output });
  return { text: output.text(), exit };
}

function runCache(node: Extract<Node, { kind: 'cache' }>, frame: Frame): Exit | undefined {
  const key = node.key === null ? '' : str(evaluate(node.key, frame.scope), frame.scope.budget);
  let left: Exit | undefined;
  const text = cached(node, key, frame, () => {
    const { text: made, exit } = collect(node.body, frame);
    left = exit;
    return made;
  });
  frame.output.write(text);
  return left;
}

function runFilter(node: Extract<Node, { kind: 'filter' }>, frame: Frame): Exit | undefined {
  const { instance } = frame;
  const isNone = node.name.toLowerCase() === 'none';
  const filter = isNone ? DEFAULT_FILTER : FILTERS.get(node.name);
  if (filter === undefined)
    raise('AttributeError', `there is no filter '${node.name}'; known are ${[...FILTERS.keys()].join(', ')}`);
  const exit = isNone
    ? runBody(node.body, { ...frame, filter })
    : withFilter(instance, filter, () => runBody(node.body, { ...frame, filter }));
  instance.filter = frame.filter;
  return exit;
}

function withFilter<T>(instance: Instance, filter: Filter, run: () => T): T {
  instance.filter = filter;
  return run();
}

function runCall(node: Extract<Node, { kind: 'call' }>, frame: Frame): Exit | undefined {
  const { scope, output } = frame;
  const texts: string[] = [];
  for (const part of node.parts) {
    const { text, exit } = collect(part.body, frame);
    if (exit !== undefined) return exit;
    texts.push(text);
  }
  const { args, keywords } = evaluateArguments(node.args, scope);
  const callee = evaluate(node.callee, scope);
  const named = new Map(keywords);
  const isNamed = node.parts.length > 1;
  // What stands before the first #arg goes to that argument, as it does with Cheetah.
  node.parts.forEach((part, at) => {
    if (part.name !== null) named.set(part.name, at === 1 ? texts[0]! + texts[1]! : texts[at]!);
  });
  const value = isNamed
    ? callValue(callee, args, scope.budget, named)
    : callValue(callee, [texts[0]!, ...args], scope.budget, keywords);
  if (value !== null) output.write(frame.filter(value, NO_KEYWORDS, scope.budget));
  return undefined;
}

/** A function inside a function writes straight into the text around it. */
function nestedFunction(definition: Definition, frame: Frame): PyFunction {
  const call: PyFunction['call'] = (args, keywords, budget) =>
    budget.nested(() => {
      const inner = frame.scope.child();
      bindParameters(definition.name, definition.parameters, args, keywords, inner, frame.scope, false);
      const exit = runBody(definition.body, { ...frame, scope: inner });
      return exit?.kind === 'return' ? exit.value : null;
    });
  return new PyFunction(definition.name, call, 'function');
}
