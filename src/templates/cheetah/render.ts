/** Renders Cheetah templates that have been read. */
import { Output, type Budget } from '../limits';
import { BUILTINS } from '../python/builtins';
import { evaluate } from '../python/evaluate';
import { PyError, PyFunction, PyNamespace, PyType, raise, type Value } from '../python/values';
import { bindParameters } from '../python/evaluate';
import { DEFAULT_FILTER, type Filter } from './filters';
import { importModule } from './modules';
import type { CheetahTemplate, Definition } from './nodes';
import { CheetahScope, searchPath, type Namespace } from './scope';
import { runBody, type Frame } from './statements';

/** What one rendering shares among the template, its snippets and its includes. */
export interface Rendering {
  budget: Budget;
  /** Reads a template; a fault in it is a TemplateError. */
  compile(source: string, name: string): CheetahTemplate;
  snippets(name: string): string | null;
  includes(path: string): string | null;
  functions: ReadonlyMap<string, Value>;
  now: Date | null;
  random: (() => number) | null;
  /** Names that were not found and were put out as written, and the like. */
  warn(template: string, line: number, sentence: string): void;
  /** Where the interpreter is: for the error that may come of it. */
  at: { template: string; line: number };
}

/** A template in the middle of being rendered. */
export interface Instance {
  rendering: Rendering;
  name: string;
  template: CheetahTemplate;
  searchList: Namespace[];
  module: Map<string, Value>;
  self: PyNamespace;
  /** The filter functions begin with: that of the innermost `#filter` around their call. */
  filter: Filter;
  catcher: string;
  cache: Map<unknown, Map<string, string>>;
}

/** Renders a template on its own: `data` is the last place names are searched in. */
export function renderMain(rendering: Rendering, source: string, name: string, data: Namespace): string {
  const globals: Namespace & Map<string, Value> = new Map<string, Value>();
  return renderSource(rendering, source, name, [globals, data]);
}

/** Renders the source with what `around` sees; of an include its own functions come last in the search. */
export function renderNested(around: Instance, source: string, name: string): string {
  return renderSource(around.rendering, source, name, around.searchList, true);
}

function renderSource(
  rendering: Rendering,
  source: string,
  name: string,
  searchList: readonly Namespace[],
  isNested = false,
): string {
  const before = rendering.at;
  rendering.at = { template: name, line: 1 };
  const template = rendering.compile(source, name);
  const instance = makeInstance(rendering, template, name, searchList, isNested);
  const text = rendering.budget.nested(() => {
    const output = new Output(rendering.budget);
    runMain(instance, output);
    return output.text();
  });
  rendering.at = before;
  return text;
}

function makeInstance(
  rendering: Rendering,
  template: CheetahTemplate,
  name: string,
  around: readonly Namespace[],
  isNested: boolean,
): Instance {
  const self = new PyNamespace('template', name, new Map<string, Value>());
  const own: Namespace = { get: (wanted) => self.attributes.get(wanted) };
  const [globals, ...others] = around as [Namespace, ...Namespace[]];
  const instance: Instance = {
    rendering,
    name,
    template,
    searchList: isNested ? [...around, own] : [globals, own, ...others],
    module: new Map([['NotFound', NOT_FOUND]]),
    self,
    filter: DEFAULT_FILTER,
    catcher: 'ListErrors',
    cache: new Map(),
  };
  fillSelf(instance);
  return instance;
}

const NOT_FOUND = new PyType('NotFound', (args, keywords, budget) => {
  const lookup = BUILTINS.get('LookupError') as PyType;
  return lookup.call(args, keywords, budget);
});

/** What `$name` finds in the template itself: its functions, its attributes, and what Cheetah and Cobbler give each. */
function fillSelf(instance: Instance): void {
  const { attributes } = instance.self;
  const { rendering } = instance;
  // A Cheetah template has these four, without a value unless it answers a web request.
  for (const name of ['transaction', 'application', 'request', 'session']) attributes.set(name, null);
  const exists = new PyFunction('varExists', ([name]) => {
    try {
      searchPath(surroundings(instance), variableName(name), true);
      return true;
    } catch (error) {
      if (isNotFound(error)) return false;
      throw error;
    }
  });
  attributes.set('varExists', exists);
  attributes.set('hasVar', exists);
  attributes.set('getVar', new PyFunction('getVar', (args, keywords) => getVar(instance, args, keywords)));
  attributes.set('SNIPPET', new PyFunction('SNIPPET', ([name]) => renderSnippet(instance, variableName(name))));
  for (const [name, value] of rendering.functions) attributes.set(name, value);
  for (const definition of instance.template.methods.values()) {
    attributes.set(definition.name, methodOf(instance, definition));
  }
}

function variableName(name: Value | undefined): string {
  if (typeof name !== 'string') raise('TypeError', 'a name in quotes is expected');
  return name.replaceAll('$', '');
}

function getVar(instance: Instance, args: readonly Value[], keywords: ReadonlyMap<string, Value>): Value {
  const name = args[0] ?? keywords.get('varName');
  const otherwise = args.length > 1 ? args[1] : keywords.get('default');
  const autocall = args[2] ?? keywords.get('autoCall') ?? true;
  try {
    return searchPath(surroundings(instance), variableName(name), autocall !== false);
  } catch (error) {
    if (otherwise === undefined || !isNotFound(error)) throw error;
    return otherwise;
  }
}

/** Whether a name was not found. */
export function isNotFound(error: unknown): error is PyError {
  return error instanceof PyError && error.value.type === 'NotFound';
}

/** A snippet's text, rendered. One that does not exist leaves a comment, as the template goes on to be useful. */
export function renderSnippet(instance: Instance, name: string): string {
  const { rendering } = instance;
  const source = rendering.snippets(name);
  if (source === null) {
    rendering.warn(rendering.at.template, rendering.at.line, `there is no snippet '${name}'`);
    return `# Error: no snippet data for ${name}\n`;
  }
  return renderNested(instance, source, name);
}

function surroundings(instance: Instance): ConstructorParameters<typeof CheetahScope>[0] {
  return { budget: instance.rendering.budget, searchList: instance.searchList, module: instance.module };
}

function makeScope(instance: Instance): CheetahScope {
  const scope = new CheetahScope(surroundings(instance));
  scope.set('self', instance.self);
  return scope;
}

/** Evaluates imports and attributes, then runs the main part. */
function runMain(instance: Instance, output: Output): void {
  const { rendering, template, module, self } = instance;
  for (const { line, imports } of template.imports) {
    rendering.at.line = line;
    for (const wanted of imports) importModule(rendering, wanted, module);
  }
  const scope = makeScope(instance);
  for (const { line, name, value } of template.attributes) {
    rendering.at.line = line;
    if (!template.methods.has(name)) self.attributes.set(name, evaluate(value, scope));
  }
  const frame: Frame = { instance, scope, output, filter: instance.filter };
  runBody(template.main, frame);
}

/** A `#def` as a function: its own locals, its text as the result. */
function methodOf(instance: Instance, definition: Definition): PyFunction {
  const { budget } = instance.rendering;
  return new PyFunction(
    definition.name,
    (args, keywords) =>
      budget.nested(() => {
        const scope = makeScope(instance);
        bindParameters(definition.name, definition.parameters, args, keywords, scope, makeScope(instance), true);
        const output = new Output(budget);
        const before = { ...instance.rendering.at };
        const result = runBody(definition.body, { instance, scope, output, filter: instance.filter });
        instance.rendering.at = before;
        return result?.kind === 'return' ? result.value : output.text();
      }),
    'method',
  );
}

/** Runs a `#block` in place: its text goes where the block stands. */
export function runBlock(instance: Instance, name: string, output: Output): void {
  const definition = instance.template.methods.get(name)!;
  instance.rendering.budget.nested(() =>
    runBody(definition.body, { instance, scope: makeScope(instance), output, filter: instance.filter }),
  );
}
