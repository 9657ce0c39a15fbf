import type { ItemType } from '../../domain/inventory';
import { copyItem } from '../../actions/copy-item';
import type { Draft } from '../../actions/item-draft';
import { removeItem } from '../../actions/remove-item';
import { renameItem } from '../../actions/rename-item';
import { saveHandle } from '../../actions/save-item';
import { stageEdit, stageNewItem } from '../../actions/stage-item';
import { attributeError, cx, keyError, typeError } from '../fault';
import { makeHandle, readHandle } from '../handles';
import { isTruthy, pythonType, toItemData, toItemValue } from '../item-wire';
import type { Session } from '../method';
import { isStruct, type XmlRpcValue } from '../value';
import type { ItemMethodDeps } from './item-methods';
import { unknownItem } from './read-items';

/** Who calls, by session and token. */
export interface Editor {
  session: Session | null;
  token: XmlRpcValue;
}

/** new_item and new_T: the handle of an item that is not saved yet. */
export async function newItem(deps: ItemMethodDeps, type: ItemType, isSubobject: boolean): Promise<string> {
  const handle = makeHandle(type);
  await stageNewItem(deps, type, handle, isSubobject);
  return handle;
}

/** modify_item and modify_T. False for an attribute or item that does not exist. `args`: handle, attribute, value. */
export async function modifyItem(
  deps: ItemMethodDeps,
  type: ItemType,
  [handle, attribute, value]: readonly XmlRpcValue[],
  { token }: Editor,
): Promise<boolean> {
  const ref = readHandle(handle ?? null, type, token);
  if (typeof attribute !== 'string') return false;
  return stageEdit(deps, ref, (draft) => writeAttribute(draft, attribute, value ?? null));
}

/** Writes an attribute as callers name it: a field, or one of the verbs on interfaces. */
async function writeAttribute(draft: Draft, attribute: string, value: XmlRpcValue): Promise<boolean> {
  const word = draft.type.parts?.word;
  switch (attribute) {
    case word && `modify_${word}`:
      await modifyParts(draft, value);
      return true;
    case word && `delete_${word}`:
      deletePart(draft, value);
      return true;
    case word && `rename_${word}`:
      renamePart(draft, value);
      return true;
    default:
      return draft.write(attribute, toItemValue(value));
  }
}

async function modifyParts(draft: Draft, value: XmlRpcValue): Promise<void> {
  const change = toItemData(value);
  if (!change) throw attributeError(`'${pythonType(value)}' object has no attribute 'keys'`);
  await draft.writeParts(change);
}

/** Takes the name alone, or in a struct. */
function deletePart(draft: Draft, value: XmlRpcValue): void {
  const { word, field } = draft.type.parts!;
  const name = isStruct(value) ? value[word] : value;
  if (isStruct(value) && name === undefined) throw keyError(word);
  const parts = draft.values[field] as object;
  if (typeof name !== 'string' || (!isStruct(value) && !Object.hasOwn(parts, name))) {
    throw typeError('The name of the interface must be of type str or dict');
  }
  draft.deletePart(name);
}

/** Takes a struct of the old name and the new, or (Cobbler 2) both in an array. */
function renamePart(draft: Draft, value: XmlRpcValue): void {
  const { word } = draft.type.parts!;
  const [from, to] = Array.isArray(value) ? value : isStruct(value) ? [value[word], value[`rename_${word}`]] : [];
  if (isStruct(value) && (from === undefined || to === undefined)) {
    throw keyError(from === undefined ? word : `rename_${word}`);
  }
  if (typeof from !== 'string' || typeof to !== 'string') {
    throw typeError('The name of the interface must be of type str or dict');
  }
  draft.renamePart(from, to);
}

/** save_item and save_T. `args`: handle, editmode. */
export async function saveItem(
  deps: ItemMethodDeps,
  type: ItemType,
  [handle, mode]: readonly XmlRpcValue[],
  { session, token }: Editor,
): Promise<boolean> {
  const ref = readHandle(handle ?? null, type, token);
  if (await saveHandle(deps, ref, mode === 'new' ? 'new' : 'bypass', session?.user ?? null)) return true;
  throw unknownItem(type.name, ref.kind === 'saved' ? ref.name : ref.handle);
}

/** copy_item and copy_T. `args`: handle, new name. */
export async function copy(
  deps: ItemMethodDeps,
  type: ItemType,
  [handle, newName]: readonly XmlRpcValue[],
  editor: Editor,
): Promise<boolean> {
  const name = await nameOf(deps, type, handle ?? null, editor.token);
  const by = editor.session?.user ?? null;
  if (await copyItem(deps, { type, name, newName: newName as string, by })) return true;
  throw unknownItem(type.name, name);
}

/** rename_item and rename_T. `args`: handle, new name. */
export async function rename(
  deps: ItemMethodDeps,
  type: ItemType,
  [handle, newName]: readonly XmlRpcValue[],
  editor: Editor,
): Promise<boolean> {
  const name = await nameOf(deps, type, handle ?? null, editor.token);
  const by = editor.session?.user ?? null;
  if (await renameItem(deps, { type, name, newName: newName as string, by })) return true;
  throw unknownItem(type.name, name);
}

/** The name of the saved item a handle stands for. */
async function nameOf(deps: ItemMethodDeps, type: ItemType, handle: XmlRpcValue, token: XmlRpcValue): Promise<string> {
  const ref = readHandle(handle, type, token);
  if (ref.kind === 'saved') return ref.name;
  const staged = await deps.store.inventory.handles.get('', ref.handle);
  if (!staged) throw keyError(ref.handle);
  if (staged.itemName === null) throw cx(`the ${type.name} has not been saved yet`);
  return staged.itemName;
}

/** remove_item and remove_T: true also when there was nothing. `args`: name, recursive. */
export async function remove(
  deps: ItemMethodDeps,
  type: ItemType,
  [name, recursive]: readonly XmlRpcValue[],
  { session }: Editor,
): Promise<boolean> {
  if (typeof name !== 'string') return true;
  await removeItem(deps, { type, name, recursive: isTruthy(recursive), by: session?.user ?? null });
  return true;
}
