/** Iterating, indexing and slicing. */
import type { Budget } from '../limits';
import { keyError } from './compare';
import { asIndex } from './numbers';
import { isWide, textLength } from './text';
import {
  keyOf,
  PyDict,
  PyIterator,
  PyList,
  PyRange,
  PySet,
  PySlice,
  PyTuple,
  PyUndefined,
  PyView,
  raise,
  typeName,
  type Value,
} from './values';

/** iter(value). Each turn costs one step; TypeError for what cannot be gone through. */
export function* iterate(value: Value, budget: Budget): Generator<Value, void> {
  if (value instanceof PyList) {
    // By position, so that a list that grows while it is gone through behaves as Python's does.
    for (let at = 0; at < value.items.length; at += 1) {
      budget.step();
      yield value.items[at]!;
    }
  } else if (value instanceof PyRange) {
    const size = value.length;
    for (let at = 0; at < size; at += 1) {
      budget.step();
      yield value.start + at * value.step;
    }
  } else if (value instanceof PyIterator) {
    for (let next = value.iterator.next(); next.done !== true; next = value.iterator.next()) {
      budget.step();
      yield next.value;
    }
  } else if (value instanceof PyDict) {
    budget.makeItems(value.entries.size);
    yield* guarded(value, value.keys(), budget);
  } else if (value instanceof PyView) {
    budget.makeItems(value.dict.entries.size);
    yield* guarded(value.dict, value.items(), budget);
  } else {
    if (value instanceof PySet) budget.makeItems(value.entries.size);
    for (const item of fixedItems(value)) {
      budget.step();
      yield item;
    }
  }
}

function* guarded(dict: PyDict, items: readonly Value[], budget: Budget): Generator<Value, void> {
  const size = dict.entries.size;
  for (const item of items) {
    if (dict.entries.size !== size) raise('RuntimeError', 'dictionary changed size during iteration');
    budget.step();
    yield item;
  }
}

function fixedItems(value: Value): Iterable<Value> {
  if (typeof value === 'string') return value;
  if (value instanceof PyTuple) return value.items;
  if (value instanceof PyUndefined) {
    value.look();
    return [];
  }
  if (value instanceof PySet) return [...value.entries.values()];
  raise('TypeError', `'${typeName(value)}' object is not iterable`);
}

/** list(value) as an array of its own. */
export function toArray(value: Value, budget: Budget): Value[] {
  if (value instanceof PyList || value instanceof PyTuple) {
    budget.makeItems(value.items.length);
    return [...value.items];
  }
  return [...iterate(value, budget)];
}

/** len(value). */
export function length(value: Value): number {
  if (typeof value === 'string') return textLength(value);
  if (value instanceof PyList || value instanceof PyTuple) return value.items.length;
  if (value instanceof PyDict || value instanceof PySet) return value.entries.size;
  if (value instanceof PyView) return value.dict.entries.size;
  if (value instanceof PyRange) return value.length;
  if (value instanceof PyUndefined) {
    value.look();
    return 0;
  }
  raise('TypeError', `object of type '${typeName(value)}' has no len()`);
}

/** container[index]. */
export function getItem(container: Value, index: Value, budget: Budget): Value {
  if (container instanceof PyDict) {
    const found = container.get(index);
    return found === undefined ? keyError(index, budget) : found;
  }
  if (index instanceof PySlice) return getSlice(container, index, budget);
  if (typeof container === 'string') {
    budget.make(container.length);
    const units = isWide(container) ? [...container] : container;
    return units[position(index, units.length, 'string')]!;
  }
  if (container instanceof PyList) return container.items[position(index, container.items.length, 'list')]!;
  if (container instanceof PyTuple) return container.items[position(index, container.items.length, 'tuple')]!;
  if (container instanceof PyRange) {
    return container.start + position(index, container.length, 'range object') * container.step;
  }
  raise('TypeError', `'${typeName(container)}' object is not subscriptable`);
}

function position(index: Value, size: number, what: string, action = ''): number {
  const at = asIndex(index, `${what === 'range object' ? 'range' : what} indices`);
  const found = at < 0 ? at + size : at;
  if (found < 0 || found >= size) raise('IndexError', `${what} ${action}index out of range`);
  return found;
}

/** start, stop and step of a slice over `size` items, as slice.indices gives them. */
export function sliceBounds(slice: PySlice, size: number): { start: number; stop: number; step: number } {
  const part = (value: Value): number | null => (value === null ? null : asSliceIndex(value));
  const step = part(slice.step) ?? 1;
  if (step === 0) raise('ValueError', 'slice step cannot be zero');
  const low = step < 0 ? -1 : 0;
  const high = step < 0 ? size - 1 : size;
  const clamp = (given: number | null, otherwise: number): number => {
    if (given === null) return otherwise;
    return given < 0 ? Math.max(given + size, low) : Math.min(given, high);
  };
  return {
    start: clamp(part(slice.start), step < 0 ? high : low),
    stop: clamp(part(slice.stop), step < 0 ? low : high),
    step,
  };
}

function asSliceIndex(value: Value): number {
  if (typeof value === 'number' || typeof value === 'boolean' || typeof value === 'bigint') return asIndex(value, '');
  raise('TypeError', 'slice indices must be integers or None or have an __index__ method');
}

function getSlice(container: Value, slice: PySlice, budget: Budget): Value {
  if (container instanceof PyRange) {
    const { start, stop, step } = sliceBounds(slice, container.length);
    const at = (offset: number): number => container.start + offset * container.step;
    return new PyRange(at(start), at(stop), container.step * step);
  }
  if (typeof container === 'string' && !isWide(container)) {
    const { start, stop, step } = sliceBounds(slice, container.length);
    budget.make(container.length);
    if (step === 1) return container.slice(start, Math.max(start, stop));
    return pick([...container], start, stop, step).join('');
  }
  if (typeof container === 'string') {
    const characters = [...container];
    const { start, stop, step } = sliceBounds(slice, characters.length);
    budget.make(container.length);
    return pick(characters, start, stop, step).join('');
  }
  if (!(container instanceof PyList || container instanceof PyTuple)) {
    raise('TypeError', `'${typeName(container)}' object is not subscriptable`);
  }
  const { start, stop, step } = sliceBounds(slice, container.items.length);
  budget.makeItems(container.items.length);
  const items = pick(container.items, start, stop, step);
  return container instanceof PyList ? new PyList(items) : new PyTuple(items);
}

function pick<T>(items: readonly T[], start: number, stop: number, step: number): T[] {
  const picked: T[] = [];
  for (let at = start; step > 0 ? at < stop : at > stop; at += step) picked.push(items[at]!);
  return picked;
}

/** container[index] = value. */
export function setItem(container: Value, index: Value, value: Value, budget: Budget): void {
  budget.makeItems(1);
  if (container instanceof PyDict) container.set(index, value);
  else if (container instanceof PyList && index instanceof PySlice) {
    budget.makeItems(container.items.length);
    setSlice(container, index, toArray(value, budget));
  } else if (container instanceof PyList) {
    container.items[position(index, container.items.length, 'list', 'assignment ')] = value;
  } else raise('TypeError', `'${typeName(container)}' object does not support item assignment`);
}

/** Puts other items into a list, however many. */
export function replaceItems(list: PyList, items: readonly Value[]): void {
  list.items.length = 0;
  for (const item of items) list.items.push(item);
}

function setSlice(list: PyList, slice: PySlice, values: readonly Value[]): void {
  const { start, stop, step } = sliceBounds(slice, list.items.length);
  if (step !== 1) raise('ValueError', 'assigning to a slice with a step is not supported');
  replaceItems(list, [...list.items.slice(0, start), ...values, ...list.items.slice(Math.max(start, stop))]);
}

/** del container[index]. */
export function deleteItem(container: Value, index: Value, budget: Budget): void {
  if (container instanceof PyDict) {
    if (container.get(index) === undefined) keyError(index, budget);
    container.entries.delete(keyOf(index));
  } else if (container instanceof PyList && index instanceof PySlice) {
    const { start, stop, step } = sliceBounds(index, container.items.length);
    const gone = new Set(pick([...container.items.keys()], start, stop, step));
    const kept = container.items.filter((_, at) => !gone.has(at));
    budget.makeItems(container.items.length);
    replaceItems(container, kept);
  } else if (container instanceof PyList) {
    budget.make(container.items.length);
    container.items.splice(position(index, container.items.length, 'list', 'assignment '), 1);
  } else {
    raise('TypeError', `'${typeName(container)}' object doesn't support item deletion`);
  }
}
