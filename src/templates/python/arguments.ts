/** Arguments of built-in functions and methods. */
import type { Budget } from '../limits';
import { asCount } from './numbers';
import { raise, typeName, type Keywords, type Value } from './values';

/** A method: `self` is the value it was found on. */
export type Method<Self> = (self: Self, args: readonly Value[], keywords: Keywords, budget: Budget) => Value;

/**
 * The arguments by position: `names` are the parameters, of which `required` must be given; null stands for one that was
 * not. A name that ends in `/` cannot be given by keyword.
 */
export function bind(
  callee: string,
  names: readonly string[],
  required: number,
  args: readonly Value[],
  keywords: Keywords,
): (Value | undefined)[] {
  if (args.length > names.length) {
    raise('TypeError', `${callee}() takes at most ${names.length} arguments (${args.length} given)`);
  }
  const bound: (Value | undefined)[] = names.map((_, at) => args[at]);
  for (const [name, value] of keywords) {
    const at = names.indexOf(name);
    if (at < 0) raise('TypeError', `${callee}() got an unexpected keyword argument '${name}'`);
    if (bound[at] !== undefined)
      raise('TypeError', `argument for ${callee}() given by name ('${name}') and position (${at + 1})`);
    bound[at] = value;
  }
  for (let at = 0; at < required; at += 1) {
    if (bound[at] === undefined) {
      raise(
        'TypeError',
        `${callee}() expected at least ${required} argument${required === 1 ? '' : 's'}, got ${args.length}`,
      );
    }
  }
  return bound;
}

/** A str argument; `what` names it in the TypeError. */
export function textArgument(value: Value | undefined, what: string): string {
  if (typeof value !== 'string') raise('TypeError', `${what} must be str, not ${typeName(value ?? null)}`);
  return value;
}

/** A str argument that may be left out or None: null then. */
export function optionalText(value: Value | undefined, what: string): string | null {
  return value === undefined || value === null ? null : textArgument(value, what);
}

/** An int argument that may be left out. */
export function countArgument(value: Value | undefined, otherwise: number): number {
  return value === undefined ? otherwise : asCount(value);
}
