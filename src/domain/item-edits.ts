import { macAddress, RANDOM_MAC } from './item-addresses';
import type { Field } from './item-fields';
import { FieldError, isDict, type ItemData, type ItemValue, type SettingValues, without } from './item-value';
import type { SetContext } from './item-values';
import { findPartField, initialValues, writeField, type ItemType } from './inventory';

/** Parts of one item: far more than a machine has interfaces, few enough that comparing them all costs nothing. */
const MAX_PARTS = 512;

/** One step of a change that is not saved yet; the values in it are checked and converted. */
export type Edit =
  | { kind: 'set'; values: ItemData }
  | { kind: 'set-part'; part: string; values: ItemData }
  | { kind: 'delete-part'; part: string }
  | { kind: 'rename-part'; part: string; to: string };

/** Parts (interfaces) of an item by name. */
export function partsOf(type: ItemType, values: ItemData): Record<string, ItemData> {
  const parts = type.parts && values[type.parts.field];
  return isDict(parts) ? (parts as Record<string, ItemData>) : {};
}

/** The item after the edits. The item given is not changed. */
export function applyEdits(
  type: ItemType,
  values: ItemData,
  edits: readonly Edit[],
  settings: SettingValues,
): ItemData {
  return edits.reduce((item, edit) => applyEdit(type, item, edit, settings), values);
}

function applyEdit(type: ItemType, values: ItemData, edit: Edit, settings: SettingValues): ItemData {
  if (edit.kind === 'set') return { ...values, ...edit.values };
  if (!type.parts) return values;
  let parts = { ...partsOf(type, values) };
  const own = Object.hasOwn(parts, edit.part) ? parts[edit.part] : undefined;
  switch (edit.kind) {
    case 'set-part':
      parts[edit.part] = { ...(own ?? initialValues(type.parts.fields, settings)), ...edit.values };
      break;
    case 'delete-part':
      parts = without(parts, [edit.part]);
      break;
    case 'rename-part':
      if (own !== undefined) {
        parts = { ...without(parts, [edit.part]), [edit.to]: own };
      }
  }
  return { ...values, [type.parts.field]: parts };
}

/** The edits with one more; it joins the last one where that says the same in one step. */
export function addEdit(edits: readonly Edit[], edit: Edit): Edit[] {
  const last = edits.at(-1);
  if (last?.kind === 'set' && edit.kind === 'set') {
    return [...edits.slice(0, -1), { kind: 'set', values: { ...last.values, ...edit.values } }];
  }
  if (last?.kind === 'set-part' && edit.kind === 'set-part' && last.part === edit.part) {
    return [...edits.slice(0, -1), { ...last, values: { ...last.values, ...edit.values } }];
  }
  return [...edits, edit];
}

/** The edit that a write to a field is; null when the field only shows what the server says. */
export function editField(field: Field, value: ItemValue, at: SetContext): Edit | null {
  const values = writeField(field, value, at);
  return Object.keys(values).length === 0 ? null : { kind: 'set', values };
}

/**
 * The edits that a struct of `FIELD-PART` keys is. A part that is missing is created, even by an unknown field, which
 * is otherwise ignored. `drawMac` makes a free MAC address for the value `random`.
 *
 * @throws FieldError for a key without a dash and for values that cannot be used.
 */
export function editParts(type: ItemType, values: ItemData, change: ItemData, drawMac: () => string): Edit[] {
  const edits: Edit[] = [];
  const parts = new Set(Object.keys(partsOf(type, values)));
  for (const [key, value] of Object.entries(change)) {
    const dash = key.indexOf('-');
    if (dash === -1) throw new FieldError('value', 'not enough values to unpack (expected 2, got 1)');
    checkPartCount(type, parts.add(key.slice(dash + 1)).size);
    edits.push(editPart(type, values, { part: key.slice(dash + 1), word: key.slice(0, dash), value }, drawMac));
  }
  return edits;
}

function checkPartCount(type: ItemType, count: number): void {
  if (count <= MAX_PARTS) return;
  throw new FieldError('value', `A ${type.name} has at most ${MAX_PARTS} ${type.parts?.field ?? 'parts'}.`);
}

/** The edit that one field of one part is; see `editParts`. */
export function editPart(
  type: ItemType,
  values: ItemData,
  write: { part: string; word: string; value: ItemValue },
  drawMac: () => string,
): Edit {
  checkPartName(type, write.part);
  const field = findPartField(type.parts?.fields ?? [], write.word);
  const written = field ? writeField(field, write.value, { type: type.name, field: field.name, values }) : {};
  if (field?.rule === macAddress && written[field.name] === RANDOM_MAC) written[field.name] = drawMac();
  return { kind: 'set-part', part: write.part, values: written };
}

/** The edit that replaces all parts by a struct of structs. Unknown fields in them are ignored. */
export function replaceParts(
  type: ItemType,
  values: ItemData,
  value: ItemValue,
  at: { settings: SettingValues; drawMac: () => string },
): Edit {
  const { parts } = type;
  if (!parts || !isDict(value)) throw new FieldError('type', `${parts?.field} must be a struct of structs`);
  checkPartCount(type, Object.keys(value).length);
  const replaced: Record<string, ItemData> = {};
  for (const [part, fields] of Object.entries(value)) {
    if (!isDict(fields)) throw new FieldError('type', `${parts.field} must be a struct of structs`);
    replaced[part] = initialValues(parts.fields, at.settings);
    for (const [word, written] of Object.entries(fields)) {
      const edit = editPart(type, values, { part, word, value: written }, at.drawMac);
      if (edit.kind === 'set-part') Object.assign(replaced[part], edit.values);
    }
  }
  return { kind: 'set', values: { [parts.field]: replaced } };
}

/** The edit that takes a part away. */
export function deletePart(type: ItemType, values: ItemData, part: string): Edit {
  if (!Object.hasOwn(partsOf(type, values), part)) throw new FieldError('key', part);
  return { kind: 'delete-part', part };
}

/** The edit that gives a part another name. */
export function renamePart(type: ItemType, values: ItemData, part: string, to: string): Edit {
  const parts = partsOf(type, values);
  if (!Object.hasOwn(parts, part)) throw new FieldError('value', `Interface "${part}" does not exist`);
  if (Object.hasOwn(parts, to)) throw new FieldError('value', `Interface "${to}" already exists`);
  checkPartName(type, to);
  return { kind: 'rename-part', part, to };
}

/** Names of parts end up in file names and keys: nothing but what network interfaces are called. */
function checkPartName(type: ItemType, name: string): void {
  if (!/^[a-zA-Z0-9_.:@+-]{1,64}$/.test(name) || name === '__proto__') {
    throw new FieldError('value', `Invalid ${type.parts?.word ?? 'part'} name '${name}'`);
  }
}
