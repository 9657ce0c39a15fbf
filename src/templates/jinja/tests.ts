/** Jinja2's tests: `value is name`. */
import type { Budget } from '../limits';
import { compare, type CompareOperator } from '../python/operators';
import { isNumber } from '../python/numbers';
import { arithmetic } from '../python/numbers';
import {
  PyDict,
  PyFloat,
  PyFunction,
  PyList,
  PyRange,
  PySet,
  PyTuple,
  PyType,
  PyUndefined,
  PyView,
  PyIterator,
  raise,
  type Value,
} from '../python/values';

type Test = (value: Value, args: readonly Value[], budget: Budget) => boolean;

const comparing =
  (op: CompareOperator): Test =>
  (value, [other], budget) =>
    compare(op, value, other ?? null, budget);

const rest = (value: Value, divisor: Value, budget: Budget): Value => {
  const found = arithmetic('%', value, divisor, budget);
  if (found === undefined) raise('TypeError', 'a number is expected');
  return found;
};

const isSequence = (value: Value): boolean =>
  typeof value === 'string' ||
  value instanceof PyList ||
  value instanceof PyTuple ||
  value instanceof PyDict ||
  value instanceof PyRange ||
  value instanceof PyUndefined;

const TESTS: ReadonlyMap<string, Test> = new Map<string, Test>([
  ['defined', (value) => !(value instanceof PyUndefined)],
  ['undefined', (value) => value instanceof PyUndefined],
  ['none', (value) => value === null],
  ['boolean', (value) => typeof value === 'boolean'],
  ['true', (value) => value === true],
  ['false', (value) => value === false],
  ['integer', (value) => typeof value === 'number' || typeof value === 'bigint'],
  ['float', (value) => value instanceof PyFloat],
  ['number', (value) => isNumber(value)],
  ['string', (value) => typeof value === 'string'],
  ['mapping', (value) => value instanceof PyDict],
  ['sequence', isSequence],
  [
    'iterable',
    (value) => isSequence(value) || value instanceof PySet || value instanceof PyView || value instanceof PyIterator,
  ],
  ['callable', (value) => value instanceof PyFunction || value instanceof PyType],
  ['odd', (value, _, budget) => rest(value, 2, budget) === 1],
  ['even', (value, _, budget) => rest(value, 2, budget) === 0],
  ['divisibleby', (value, [by], budget) => rest(value, by ?? null, budget) === 0],
  ['lower', (value) => typeof value === 'string' && value === value.toLowerCase() && value !== value.toUpperCase()],
  ['upper', (value) => typeof value === 'string' && value === value.toUpperCase() && value !== value.toLowerCase()],
  ['in', (value, [container], budget) => compare('in', value, container ?? null, budget)],
  ['sameas', (value, [other], budget) => compare('is', value, other ?? null, budget)],
  ...(['==', 'eq', 'equalto'] as const).map((name): [string, Test] => [name, comparing('==')]),
  ['ne', comparing('!=')],
  ['lt', comparing('<')],
  ['lessthan', comparing('<')],
  ['le', comparing('<=')],
  ['gt', comparing('>')],
  ['greaterthan', comparing('>')],
  ['ge', comparing('>=')],
]);

/** Whether the value passes the test. TypeError for a test that is not known. */
export function applyTest(name: string, value: Value, args: readonly Value[], budget: Budget): boolean {
  const test = TESTS.get(name);
  if (test === undefined) raise('TypeError', `there is no test '${name}'`);
  return test(value, args, budget);
}
