/** Python's exceptions that templates meet, and their families. */
import { PyException, PyType, type Value } from './values';

/** Exception → what it is a kind of. `NotFound` is Cheetah's own. */
const PARENTS: ReadonlyMap<string, string> = new Map([
  ['Exception', 'BaseException'],
  ['ArithmeticError', 'Exception'],
  ['ZeroDivisionError', 'ArithmeticError'],
  ['OverflowError', 'ArithmeticError'],
  ['LookupError', 'Exception'],
  ['IndexError', 'LookupError'],
  ['KeyError', 'LookupError'],
  ['NotFound', 'LookupError'],
  ['NameError', 'Exception'],
  ['UnboundLocalError', 'NameError'],
  ['AttributeError', 'Exception'],
  ['TypeError', 'Exception'],
  ['ValueError', 'Exception'],
  ['AssertionError', 'Exception'],
  ['RuntimeError', 'Exception'],
  ['RecursionError', 'RuntimeError'],
  ['NotImplementedError', 'RuntimeError'],
  ['StopIteration', 'Exception'],
  ['ImportError', 'Exception'],
  ['OSError', 'Exception'],
  ['SyntaxError', 'Exception'],
  ['UndefinedError', 'Exception'],
]);

/** Whether an exception of type `type` is caught by one that names `family`. */
export function isKindOf(type: string, family: string): boolean {
  for (let at: string | undefined = type; at !== undefined; at = PARENTS.get(at)) if (at === family) return true;
  return false;
}

function exceptionType(name: string): [string, Value] {
  return [name, new PyType(name, (args) => new PyException(name, args))];
}

/** Their classes, by the names templates know them under. */
export const EXCEPTION_TYPES: readonly [string, Value][] = [
  exceptionType('BaseException'),
  ...[...PARENTS.keys()].map(exceptionType),
  ['IOError', exceptionType('OSError')[1]],
  ['EnvironmentError', exceptionType('OSError')[1]],
];
