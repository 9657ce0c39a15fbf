/** Names in a Jinja2 template: what was set around, the data, Jinja2's own functions. */
import type { Budget } from '../limits';
import { getAttribute } from '../python/attributes';
import { getItem } from '../python/collections';
import type { Scope } from '../python/evaluate';
import { str } from '../python/repr';
import {
  PyDict,
  PyError,
  PyFunction,
  PyNamespace,
  PySlice,
  PyUndefined,
  raise,
  typeName,
  type Keywords,
  type Value,
} from '../python/values';
import { applyFilter } from './filters';
import { applyTest } from './tests';

/** What one rendering has everywhere. */
export interface Surroundings {
  budget: Budget;
  /** The data; undefined for what is not there. */
  data(name: string): Value | undefined;
  globals: ReadonlyMap<string, Value>;
  isStrict: boolean;
}

export class JinjaScope implements Scope {
  readonly budget: Budget;
  readonly names = new Map<string, Value>();

  constructor(
    readonly surroundings: Surroundings,
    private readonly parent: JinjaScope | null = null,
  ) {
    this.budget = surroundings.budget;
  }

  child(): JinjaScope {
    return new JinjaScope(this.surroundings, this);
  }

  find(name: string): Value | undefined {
    const found = this.names.get(name);
    if (found !== undefined) return found;
    if (this.parent !== null) return this.parent.find(name);
    const given = this.surroundings.data(name);
    return given === undefined ? this.surroundings.globals.get(name) : given;
  }

  get(name: string): Value {
    const found = this.find(name);
    return found === undefined ? this.undefined(`'${name}' is undefined`) : found;
  }

  set(name: string, value: Value): void {
    this.names.set(name, value);
  }

  delete(name: string): void {
    this.names.delete(name);
  }

  lookup(names: readonly string[]): Value {
    return this.get(names[0]!);
  }

  member(object: Value): Value {
    return object;
  }

  undefined(sentence: string): PyUndefined {
    return new PyUndefined(sentence, this.surroundings.isStrict);
  }

  /** `object.name`: an attribute, else an item. */
  attribute(object: Value, name: string): Value {
    if (object instanceof PyUndefined) object.refuse();
    const found = getAttribute(object, name);
    if (found !== undefined) return found;
    const item = object instanceof PyDict ? object.get(name) : undefined;
    return item === undefined ? this.undefined(`${describe(object)} has no attribute '${name}'`) : item;
  }

  /** `object[index]`: an item, else an attribute. */
  item(object: Value, index: Value): Value {
    if (object instanceof PyUndefined) object.refuse();
    try {
      return getItem(object, index, this.budget);
    } catch (error) {
      if (!(error instanceof PyError) || index instanceof PySlice) throw error;
    }
    const found = typeof index === 'string' ? getAttribute(object, index) : undefined;
    if (found !== undefined) return found;
    return this.undefined(
      `${describe(object)} has no element ${typeName(index) === 'str' ? `'${String(index)}'` : str(index, this.budget)}`,
    );
  }

  filter(name: string, value: () => Value, args: readonly Value[], keywords: Keywords): Value {
    return applyFilter(name, value(), args, keywords, this);
  }

  test(name: string, value: () => Value, args: readonly Value[]): boolean {
    return applyTest(name, value(), args, this.budget);
  }

  concat(values: readonly Value[]): Value {
    const texts = values.map((value) => str(value, this.budget));
    this.budget.make(texts.reduce((size, text) => size + text.length, 0));
    return texts.join('');
  }
}

function describe(object: Value): string {
  return object === null ? 'None' : `'${typeName(object)} object'`;
}

/** A `namespace()`: its attributes may be set from within loops. */
export function makeNamespace(args: readonly Value[], keywords: Keywords): PyNamespace {
  const [first] = args;
  const attributes = new Map<string, Value>();
  if (first instanceof PyDict) {
    for (const [key, value] of first.entries.values()) if (typeof key === 'string') attributes.set(key, value);
  }
  for (const [name, value] of keywords) attributes.set(name, value);
  return new PyNamespace('Namespace', 'namespace', attributes);
}

/** `cycler('a', 'b')`: next(), reset(), current. */
export function makeCycler(args: readonly Value[]): PyNamespace {
  if (args.length === 0) raise('TypeError', 'at least one item has to be provided');
  let at = 0;
  const attributes = new Map<string, Value>([['current', args[0]!]]);
  const show = (): void => void attributes.set('current', args[at]!);
  attributes.set(
    'next',
    new PyFunction('next', () => {
      const value = args[at]!;
      at = (at + 1) % args.length;
      show();
      return value;
    }),
  );
  attributes.set(
    'reset',
    new PyFunction('reset', () => {
      at = 0;
      show();
      return null;
    }),
  );
  return new PyNamespace('Cycler', 'cycler', attributes);
}

/** `joiner(', ')`: nothing at its first call, the text at all others. */
export function makeJoiner(args: readonly Value[]): PyFunction {
  let isUsed = false;
  return new PyFunction('joiner', () => {
    const text = isUsed ? (args[0] ?? ', ') : '';
    isUsed = true;
    return text;
  });
}
