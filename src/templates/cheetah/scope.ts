/** Names in a Cheetah template: locals of the function, `#set global`, the template itself, the data, built-ins. */
import type { Budget } from '../limits';
import { getAttribute } from '../python/attributes';
import { BUILTINS } from '../python/builtins';
import type { Scope } from '../python/evaluate';
import { firstOf, PyDict, PyFunction, NO_KEYWORDS, raise, type Value } from '../python/values';

/** One place names are searched in. */
export interface Namespace {
  get(name: string): Value | undefined;
}

/** Where names are found beside the locals: in this order, then in the module, then among the built-ins. */
export interface Surroundings {
  budget: Budget;
  searchList: readonly Namespace[];
  module: Map<string, Value>;
}

export class CheetahScope implements Scope {
  readonly budget: Budget;
  readonly locals = new Map<string, Value>();

  constructor(
    readonly surroundings: Surroundings,
    private readonly parent: CheetahScope | null = null,
  ) {
    this.budget = surroundings.budget;
  }

  child(): CheetahScope {
    return new CheetahScope(this.surroundings, this);
  }

  private local(name: string): Value | undefined {
    const found = this.locals.get(name);
    return found !== undefined || this.parent === null ? found : this.parent.local(name);
  }

  get(name: string): Value {
    const found = firstOf(this.local(name), this.surroundings.module.get(name), BUILTINS.get(name));
    if (found === undefined) raise('NameError', `name '${name}' is not defined`);
    return found;
  }

  set(name: string, value: Value): void {
    this.locals.set(name, value);
  }

  delete(name: string): void {
    if (!this.locals.delete(name)) raise('NameError', `name '${name}' is not defined`);
  }

  lookup(names: readonly string[], autocall: boolean): Value {
    const [first, ...rest] = names as [string, ...string[]];
    const found = this.find(first);
    const path = rest.length > 0 ? names.join('.') : undefined;
    if (found === undefined) notFound(first, path);
    return walk(autocall ? called(found, this.budget) : found, rest, autocall, path, this.budget);
  }

  /** Whether `$name` is there. */
  has(name: string): boolean {
    return this.find(name) !== undefined;
  }

  private find(name: string): Value | undefined {
    const local = this.local(name);
    if (local !== undefined) return local;
    return firstOf(searchFor(this.surroundings, name), this.surroundings.module.get(name), BUILTINS.get(name));
  }

  member(object: Value, names: readonly string[], autocall: boolean): Value {
    return walk(object, names, autocall, names.join('.'), this.budget);
  }
}

/** The name in the search list alone, without locals and built-ins, as `$getVar` finds it. */
export function searchFor(surroundings: Surroundings, name: string): Value | undefined {
  for (const namespace of surroundings.searchList) {
    const found = namespace.get(name);
    if (found !== undefined) return found;
  }
  return undefined;
}

/** `a.b.c` in the search list alone; NotFound when there is none. */
export function searchPath(surroundings: Surroundings, path: string, autocall: boolean): Value {
  const [first, ...rest] = path.split('.') as [string, ...string[]];
  const found = searchFor(surroundings, first);
  if (found === undefined) notFound(first, rest.length > 0 ? path : undefined);
  const { budget } = surroundings;
  return walk(autocall ? called(found, budget) : found, rest, autocall, path, budget);
}

/** NameMapper's dot: a key of a dict, else an attribute; a function is called when its name is all that is written. */
function walk(
  start: Value,
  names: readonly string[],
  autocall: boolean,
  path: string | undefined,
  budget: Budget,
): Value {
  let value = start;
  for (const name of names) {
    const found = firstOf(value instanceof PyDict ? value.get(name) : undefined, getAttribute(value, name));
    if (found === undefined) notFound(name, path);
    value = autocall ? called(found, budget) : found;
  }
  return value;
}

function called(value: Value, budget: Budget): Value {
  return value instanceof PyFunction ? value.call([], NO_KEYWORDS, budget) : value;
}

function notFound(name: string, path: string | undefined): never {
  raise('NotFound', `cannot find '${name}'${path === undefined ? '' : ` while searching for '${path}'`}`);
}
