/** sorted(), list.sort(), min() and max(). */
import type { Budget } from '../limits';
import { ordered } from './compare';
import { isTrue, NO_KEYWORDS, PyFunction, PyType, PyUndefined, raise, typeName, type Value } from './values';

/** Calls a Python value. TypeError for what cannot be called. */
export function callValue(callee: Value, args: readonly Value[], budget: Budget, keywords = NO_KEYWORDS): Value {
  if (callee instanceof PyUndefined) callee.refuse();
  if (!(callee instanceof PyFunction || callee instanceof PyType)) {
    raise('TypeError', `'${typeName(callee)}' object is not callable`);
  }
  budget.step();
  // Whatever is done with a text takes time in proportion.
  for (const arg of args) if (typeof arg === 'string') budget.make(arg.length);
  return callee.call(args, keywords, budget);
}

/** The items in order; equal ones keep theirs. `key` and `reverse` as in sorted(). */
export function sort(items: readonly Value[], key: Value, reverse: Value, budget: Budget): Value[] {
  const backwards = isTrue(reverse);
  const keyed = items.map((item, at) => ({ item, at, key: key === null ? item : callValue(key, [item], budget) }));
  keyed.sort((a, b) => {
    budget.step();
    const [first, second] = backwards ? [b, a] : [a, b];
    if (ordered('<', first.key, second.key, budget)) return -1;
    if (ordered('<', second.key, first.key, budget)) return 1;
    return a.at - b.at;
  });
  return keyed.map(({ item }) => item);
}

/** The least (`<`) or greatest (`>`) of the items; undefined of none. The first of equals. */
export function extreme(op: '<' | '>', items: readonly Value[], key: Value, budget: Budget): Value | undefined {
  let best: { item: Value; key: Value } | undefined;
  for (const item of items) {
    const found = { item, key: key === null ? item : callValue(key, [item], budget) };
    if (best === undefined || ordered(op, found.key, best.key, budget)) best = found;
  }
  return best?.item;
}
