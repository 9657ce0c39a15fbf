/** What a template is given from outside, in Python's terms. */
import type { Budget } from './limits';
import type { RenderOptions } from './options';
import { toValue, type TemplateData } from './python/convert';
import { PyError, PyFunction, raise, type Value } from './python/values';

/** Functions of the caller, by name. */
export function outsideFunctions(options: RenderOptions): Map<string, Value> {
  return new Map(Object.entries(options.functions ?? {}).map(([name, call]) => [name, outside(name, call)]));
}

/** The data by name; each value is taken over when a template first asks for it. */
export function dataNamespace(data: RenderOptions['data'], budget: Budget): { get(name: string): Value | undefined } {
  const taken = new Map<string, Value>();
  return {
    get(name) {
      const known = taken.get(name);
      if (known !== undefined) return known;
      const found = data instanceof Map ? (data as Map<string, TemplateData>).get(name) : ownValue(data, name);
      if (found === undefined) return undefined;
      const value = toValue(found, budget);
      taken.set(name, value);
      return value;
    },
  };
}

function ownValue(data: object, name: string): TemplateData {
  return Object.hasOwn(data, name) ? (data as Record<string, TemplateData>)[name] : undefined;
}

/** A function of the caller, which sees texts only. */
function outside(name: string, call: (...args: string[]) => string): PyFunction {
  return new PyFunction(name, (args) => {
    const texts = args.map((arg) => (typeof arg === 'string' ? arg : raise('TypeError', `${name}() takes texts`)));
    try {
      return call(...texts);
    } catch (error) {
      if (error instanceof PyError) throw error;
      raise('ValueError', `${name}(): ${error instanceof Error ? error.message : String(error)}`);
    }
  });
}
