/** Jinja2's `loop` variable. */
import { keyOf, PyFunction, PyNamespace, PyTuple, PyUndefined, raise, type Value } from '../python/values';

export interface Loop {
  value: Value;
  /** The loop is at that item from now on. */
  moveTo(at: number): void;
}

/** `again` runs the loop's body over other items, for `loop(children)` of a recursive loop. */
export function makeLoop(items: readonly Value[], depth: number, again: ((items: Value) => string) | null): Loop {
  const attributes = new Map<string, Value>();
  const size = items.length;
  let current = 0;
  let changed: string | null = null;
  attributes.set('length', size);
  attributes.set('depth', depth + 1);
  attributes.set('depth0', depth);
  attributes.set(
    'cycle',
    new PyFunction('cycle', (args) => {
      if (args.length === 0) raise('TypeError', 'no items for cycling given');
      return args[current % args.length]!;
    }),
  );
  attributes.set(
    'changed',
    new PyFunction('changed', (args) => {
      const key = String(keyOf(new PyTuple(args)));
      const isChanged = key !== changed;
      changed = key;
      return isChanged;
    }),
  );
  const neighbour = (at: number, what: string): Value => {
    const found = items[at];
    return found === undefined ? new PyUndefined(`there is no ${what} item`, false) : found;
  };
  const value =
    again === null
      ? new PyNamespace('LoopContext', 'loop', attributes)
      : new PyFunction('loop', ([list]) => again(list ?? null), 'function', attributes);
  return {
    value,
    moveTo(at) {
      current = at;
      attributes.set('index', at + 1);
      attributes.set('index0', at);
      attributes.set('revindex', size - at);
      attributes.set('revindex0', size - at - 1);
      attributes.set('first', at === 0);
      attributes.set('last', at === size - 1);
      attributes.set('previtem', neighbour(at - 1, 'previous'));
      attributes.set('nextitem', neighbour(at + 1, 'next'));
    },
  };
}
