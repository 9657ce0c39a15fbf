/** str() and repr() of every value, as Python 3.11 prints them. */
import type { Budget } from '../limits';
import { floatRepr } from './floats';
import {
  PyDict,
  PyException,
  PyFloat,
  PyFunction,
  PyIterator,
  PyList,
  PyNamespace,
  PyRange,
  PySet,
  PySlice,
  PyTuple,
  PyType,
  PyUndefined,
  PyView,
  raise,
  type Value,
} from './values';

/** Lists in lists in lists: deeper than this Python itself gives up near 1000. */
const DEEPEST = 200;

/** str(value). */
export function str(value: Value, budget: Budget): string {
  if (typeof value === 'string') return value;
  if (value instanceof PyException) return exceptionText(value, budget);
  if (value instanceof PyUndefined) {
    value.look();
    return '';
  }
  return repr(value, budget);
}

/** repr(value). */
export function repr(value: Value, budget: Budget): string {
  return show(value, budget, []);
}

/** str(exception): its argument, or the tuple of several. */
export function exceptionText(value: PyException, budget: Budget): string {
  if (value.args.length === 0) return '';
  if (value.args.length > 1) return repr(new PyTuple(value.args), budget);
  return value.type === 'KeyError' ? repr(value.args[0]!, budget) : str(value.args[0]!, budget);
}

function show(value: Value, budget: Budget, around: readonly Value[]): string {
  budget.step();
  switch (typeof value) {
    case 'string':
      budget.make(value.length);
      return quote(value);
    case 'boolean':
      return value ? 'True' : 'False';
    case 'number':
      return value.toString();
    case 'bigint': {
      const digits = value.toString();
      // Writing out a long integer takes more than its digits.
      budget.make(digits.length * 4);
      return digits;
    }
    default:
      break;
  }
  if (value === null) return 'None';
  if (value instanceof PyFloat) return floatRepr(value.value);
  if (value instanceof PyRange) {
    return `range(${value.start}, ${value.stop}${value.step === 1 ? '' : `, ${value.step}`})`;
  }
  if (value instanceof PyType) return `<class '${value.name}'>`;
  if (value instanceof PyFunction) return `<function ${value.name}>`;
  if (value instanceof PyIterator) return `<${value.type} object>`;
  if (value instanceof PyUndefined) return 'Undefined';
  if (value instanceof PyNamespace) return `<${value.type} '${value.name}'>`;
  return showContainer(value, budget, around);
}

type Container = PyList | PyTuple | PyDict | PySet | PyView | PySlice | PyException;

function showContainer(value: Container, budget: Budget, around: readonly Value[]): string {
  if (around.includes(value)) return value instanceof PyDict ? '{...}' : value instanceof PyTuple ? '(...)' : '[...]';
  if (around.length > DEEPEST) raise('RecursionError', 'maximum recursion depth exceeded while getting the repr');
  const inside = [...around, value];
  const join = (items: Iterable<Value>): string => Array.from(items, (item) => show(item, budget, inside)).join(', ');
  if (value instanceof PyList) return `[${join(value.items)}]`;
  if (value instanceof PyTuple) return value.items.length === 1 ? `(${join(value.items)},)` : `(${join(value.items)})`;
  if (value instanceof PyDict) {
    const entries = Array.from(
      value.entries.values(),
      ([key, entry]) => `${show(key, budget, inside)}: ${show(entry, budget, inside)}`,
    );
    return `{${entries.join(', ')}}`;
  }
  if (value instanceof PySet) {
    const items = join(value.entries.values());
    if (value.type === 'frozenset') return items === '' ? 'frozenset()' : `frozenset({${items}})`;
    return items === '' ? 'set()' : `{${items}}`;
  }
  if (value instanceof PyView) return `${value.type}([${join(value.items())}])`;
  if (value instanceof PySlice) return `slice(${join([value.start, value.stop, value.step])})`;
  return `${value.type}(${join(value.args)})`;
}

const NAMED = new Map([
  ['\\', '\\\\'],
  ['\n', '\\n'],
  ['\r', '\\r'],
  ['\t', '\\t'],
]);

/** A str in quotes: single ones unless only those occur in it. */
function quote(text: string): string {
  const mark = text.includes("'") && !text.includes('"') ? '"' : "'";
  const body = text.replace(/[\\'\p{C}\p{Z}]/gu, (character) => {
    if (character === ' ') return character;
    if (character === "'") return mark === "'" ? "\\'" : character;
    const named = NAMED.get(character);
    if (named !== undefined) return named;
    const code = character.codePointAt(0)!;
    if (code < 0x100) return `\\x${code.toString(16).padStart(2, '0')}`;
    return code < 0x10000 ? `\\u${code.toString(16).padStart(4, '0')}` : `\\U${code.toString(16).padStart(8, '0')}`;
  });
  return `${mark}${body}${mark}`;
}
