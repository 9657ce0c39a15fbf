/** A stored value of an item: what JSON can hold. */
export type ItemValue = null | boolean | number | string | ItemValue[] | { [key: string]: ItemValue };

/** Field values by name. */
export type ItemData = { [key: string]: ItemValue };

/** Settings by Cobbler's names, as inheritance ends in them. */
export type SettingValues = Readonly<Record<string, ItemValue>>;

/** Stored in place of a value that the parent, and at last the settings, give. */
export const INHERIT = '<<inherit>>';

/** How a value or an edit is wrong; the XML-RPC edge says it in the words of Cobbler's clients. */
export type FieldFlavour = 'value' | 'type' | 'attribute' | 'key' | 'address' | 'syntax' | 'rule' | 'file';

/** A value or an edit that the inventory refuses. The message is for the caller. */
export class FieldError extends Error {
  constructor(
    readonly flavour: FieldFlavour,
    message: string,
  ) {
    super(message);
    this.name = 'FieldError';
  }
}

/** True for a struct, false for arrays, null and scalars. */
export function isDict(value: ItemValue | undefined): value is ItemData {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** A value as text: text as it is, nothing as '', the rest as JSON writes it. */
export function textOf(value: ItemValue | undefined): string {
  if (typeof value === 'string') return value;
  return value === undefined || value === null ? '' : JSON.stringify(value);
}

/** The values without some keys. */
export function without<T>(values: Readonly<Record<string, T>>, keys: readonly string[]): Record<string, T> {
  return Object.fromEntries(Object.entries(values).filter(([key]) => !keys.includes(key)));
}

/** Equality by content; the order of keys does not matter. */
export function isSameValue(a: ItemValue | undefined, b: ItemValue | undefined): boolean {
  if (a === b) return true;
  if (Array.isArray(a) && Array.isArray(b)) {
    return a.length === b.length && a.every((value, index) => isSameValue(value, b[index]));
  }
  if (!isDict(a) || !isDict(b)) return false;
  const keys = Object.keys(a);
  return (
    keys.length === Object.keys(b).length && keys.every((key) => Object.hasOwn(b, key) && isSameValue(a[key], b[key]))
  );
}
