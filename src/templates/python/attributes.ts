/** getattr(value, name): methods and attributes out of tables, never of the JavaScript object. */
import type { Budget } from '../limits';
import type { Method } from './arguments';
import {
  DICT_METHODS,
  FLOAT_METHODS,
  FROZENSET_METHODS,
  INT_METHODS,
  LIST_METHODS,
  SET_METHODS,
  TUPLE_METHODS,
} from './container-methods';
import { braceFormat } from './format-fields';
import { STR_METHODS } from './str-methods';
import {
  PyDict,
  PyException,
  PyFloat,
  PyFunction,
  PyList,
  PyNamespace,
  PySet,
  PyTuple,
  PyType,
  raise,
  typeName,
  type Keywords,
  type Value,
} from './values';

/** The attribute, or undefined when the value has none of that name. */
export function getAttribute(value: Value, name: string): Value | undefined {
  switch (typeof value) {
    case 'string':
      return name === 'format' ? formatMethod(value) : method(STR_METHODS, value, name);
    case 'number':
    case 'bigint':
    case 'boolean':
      return method(INT_METHODS, value, name);
    default:
      break;
  }
  if (value instanceof PyList) return method(LIST_METHODS, value, name);
  if (value instanceof PyDict) return method(DICT_METHODS, value, name);
  if (value instanceof PyTuple) return method(TUPLE_METHODS, value, name);
  if (value instanceof PySet) return method(value.type === 'set' ? SET_METHODS : FROZENSET_METHODS, value, name);
  if (value instanceof PyFloat) return method(FLOAT_METHODS, value, name);
  if (value instanceof PyNamespace) return value.attributes.get(name);
  if (value instanceof PyException) return name === 'args' ? new PyTuple(value.args) : undefined;
  if (value instanceof PyFunction) return value.attributes?.get(name);
  if (value instanceof PyType) return typeAttribute(value, name);
  return undefined;
}

/** getattr(value, name), as Python's own dot does it: AttributeError when there is none. */
export function attribute(value: Value, name: string): Value {
  const found = getAttribute(value, name);
  if (found === undefined) raise('AttributeError', `'${typeName(value)}' object has no attribute '${name}'`);
  return found;
}

function method<Self extends Value>(
  table: ReadonlyMap<string, Method<Self>>,
  self: Self,
  name: string,
): PyFunction | undefined {
  const found = table.get(name);
  if (found === undefined) return undefined;
  return new PyFunction(name, (args, keywords, budget) => {
    if (typeof self === 'string') budget.make(self.length);
    return found(self, args, keywords, budget);
  });
}

function formatMethod(text: string): PyFunction {
  return new PyFunction('format', (args: readonly Value[], keywords: Keywords, budget: Budget) =>
    braceFormat(text, args, keywords, attribute, budget),
  );
}

/** `str.upper`, `dict.fromkeys`: an unbound method takes its object as the first argument. */
function typeAttribute(type: PyType, name: string): Value | undefined {
  if (name === '__name__') return type.name;
  const example: Record<string, Value> = { str: '', list: new PyList([]), dict: new PyDict(), int: 0 };
  const sample = Object.hasOwn(example, type.name) ? example[type.name]! : null;
  if (sample === null || getAttribute(sample, name) === undefined) return undefined;
  return new PyFunction(name, ([self, ...args], keywords, budget) => {
    if (self === undefined) raise('TypeError', `unbound method ${type.name}.${name}() needs an argument`);
    const bound = getAttribute(self, name);
    if (!(bound instanceof PyFunction) || typeName(self) !== type.name) {
      raise(
        'TypeError',
        `descriptor '${name}' for '${type.name}' objects doesn't apply to a '${typeName(self)}' object`,
      );
    }
    return bound.call(args, keywords, budget);
  });
}
