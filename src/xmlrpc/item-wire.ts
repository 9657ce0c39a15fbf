import type { Field } from '../domain/item-fields';
import { FieldError, isDict, type ItemData, type ItemValue } from '../domain/item-value';
import { ITEM_TYPES, type ItemType } from '../domain/inventory';
import { REDACTED } from '../actions/item-draft';
import { DateTime, Double, Fragment, isStruct, struct, type Struct, type XmlRpcValue } from './value';

/** A value from the wire as items hold it: numbers lose their kind, base64 is read as text. */
export function toItemValue(value: XmlRpcValue): ItemValue {
  if (value === null || typeof value === 'boolean' || typeof value === 'number' || typeof value === 'string')
    return value;
  if (typeof value === 'bigint') return Number(value);
  if (value instanceof Double) return value.value;
  if (value instanceof DateTime) return value.text;
  if (value instanceof Uint8Array) return toText(value);
  if (value instanceof Fragment) throw new Error('a prepared answer cannot be an argument');
  if (Array.isArray(value)) return value.map(toItemValue);
  const dict = Object.create(null) as ItemData;
  for (const [key, entry] of Object.entries(value)) dict[key] = toItemValue(entry);
  return dict;
}

function toText(bytes: Uint8Array): string {
  const text = Buffer.from(bytes).toString('utf8');
  if (text.includes('\0')) throw new FieldError('value', 'Text must not hold NUL characters.');
  return text;
}

/** A struct from the wire as items hold it; null when it is none. */
export function toItemData(value: XmlRpcValue): ItemData | null {
  return isStruct(value) ? (toItemValue(value) as ItemData) : null;
}

/** Fields that are doubles on the wire even when they are whole, whatever type they are of. */
const DOUBLES: ReadonlySet<string> = new Set(
  ITEM_TYPES.flatMap((type) =>
    type.fields.filter((field) => field.kind === 'double').map((field) => field.name),
  ).concat('default_virt_file_size'),
);

/** Field values as a struct. */
export function toItemStruct(values: ItemData): Struct {
  const result = struct();
  for (const [name, value] of Object.entries(values)) result[name] = toWire(value, DOUBLES.has(name));
  return result;
}

/** One value for the wire. `asDouble`: a whole number is a double all the same. */
export function toWire(value: ItemValue, asDouble = false): XmlRpcValue {
  if (typeof value === 'number') return asDouble || !Number.isInteger(value) ? new Double(value) : value;
  if (Array.isArray(value)) return value.map((entry) => toWire(entry));
  if (!isDict(value)) return value;
  const result = struct();
  for (const [key, entry] of Object.entries(value)) result[key] = toWire(entry);
  return result;
}

/** Names of the type's fields that only sessions see. */
export function secretsOf(type: ItemType): string[] {
  return type.fields.filter((field: Field) => field.secret).map((field) => field.name);
}

/** True when one of the named values is there to be hidden. */
export function holdsSecrets(values: ItemData, names: readonly string[]): boolean {
  return names.some((name) => isFilled(values[name]));
}

/** The values with the named ones made unreadable; what is empty stays empty. */
export function redact(values: ItemData, names: readonly string[]): ItemData {
  const shown = { ...values };
  for (const name of names) {
    const value = shown[name];
    if (Array.isArray(value)) shown[name] = value.map((entry) => (isFilled(entry) ? REDACTED : entry));
    else if (isFilled(value)) shown[name] = REDACTED;
  }
  return shown;
}

function isFilled(value: ItemValue | undefined): boolean {
  if (Array.isArray(value)) return value.some(isFilled);
  return value !== undefined && value !== null && value !== '';
}

/** What Python takes for true: everything but nil, false, 0 and what is empty. */
export function isTruthy(value: XmlRpcValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === 0) return false;
  if (typeof value === 'bigint') return value !== 0n;
  if (value instanceof Double) return value.value !== 0;
  if (Array.isArray(value)) return value.length > 0;
  return isStruct(value) ? Object.keys(value).length > 0 : true;
}

/** A value in a message: text as it is, anything else by its kind. */
export function wordOf(value: XmlRpcValue | undefined): string {
  if (typeof value === 'string') return value;
  return typeof value === 'number' ? String(value) : pythonType(value ?? null);
}

/** Python's word for the kind of a value. */
export function pythonType(value: XmlRpcValue): string {
  if (value === null) return 'NoneType';
  if (typeof value === 'boolean') return 'bool';
  if (typeof value === 'number' || typeof value === 'bigint') return 'int';
  if (typeof value === 'string') return 'str';
  if (value instanceof Double) return 'float';
  if (value instanceof DateTime) return 'DateTime';
  if (value instanceof Uint8Array) return 'Binary';
  return Array.isArray(value) ? 'list' : 'dict';
}
