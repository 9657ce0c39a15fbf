import { isDict, type ItemData, type ItemValue, without } from '../../domain/item-value';
import { fieldNamed, findField, findPartField, type ItemType } from '../../domain/inventory';
import { copyItem } from '../../actions/copy-item';
import type { Touched } from '../../actions/authorize';
import { addItem, editItem } from '../../actions/edit-item';
import type { Draft } from '../../actions/item-draft';
import { removeItem } from '../../actions/remove-item';
import { renameItem } from '../../actions/rename-item';
import { cx, keyError, valueError } from '../fault';
import { isTruthy, toItemData, wordOf } from '../item-wire';
import { defineMethod, type Method } from '../method';
import { isStruct, type Struct, type XmlRpcValue } from '../value';
import { TOKEN, type ItemMethodDeps } from './item-methods';
import { readType, unknownItem } from './read-items';

/** Attributes others depend on are written first. */
const FIRST = ['name', 'parent', 'distro', 'profile', 'image'];
/** Attributes that say how to edit, not what. */
const CONTROL = ['in_place', 'newname', 'recursive', 'clobber', 'force_paths'];

interface Edit {
  type: ItemType;
  name: string;
  attributes: ItemData;
  by: string | null;
}

/** xapi_object_edit: one call per command of Cobbler's command line. */
export function xapiMethods(deps: ItemMethodDeps): Method[] {
  return [
    defineMethod({
      name: 'xapi_object_edit',
      params: [
        { name: 'object_type', type: 'string' },
        { name: 'object_name', type: 'string' },
        { name: 'edit_type', type: 'string' },
        { name: 'attributes', type: 'struct' },
        TOKEN,
      ],
      access: 'session',
      resource: 'xedit_object',
      touches: touchedByEdit,
      verb: ([type, , editType]) => `${wordOf(editType).slice(0, 20)}_${wordOf(type).slice(0, 20)}`,
      returns: 'boolean',
      summary:
        'Adds, edits, copies, renames or removes an item in one call (edit_type: add, edit, copy, rename, remove).',
      run: async ([objectType, objectName, editType, attributes], _call, session) => {
        if (typeof objectName !== 'string' || objectName.trim() === '') {
          throw valueError('xapi_object_edit() called without an object name');
        }
        const type = readType(objectType!);
        const given = toItemData(attributes ?? null) ?? {};
        await apply(forcedPaths(deps, given), wordOf(editType), {
          type,
          name: objectName,
          attributes: given,
          by: session?.user ?? null,
        });
        return true;
      },
    }),
  ];
}

/** The item itself, and whatever has the name it is to get. */
function touchedByEdit([type, name, editType, attributes]: readonly XmlRpcValue[]): Touched[] {
  const given = isStruct(attributes ?? null) ? (attributes as Struct) : {};
  const below = wordOf(editType) === 'remove' && isTruthy(given.recursive);
  return [{ type, name, below }, ...[given.name, given.newname].map((other) => ({ type, name: other }))];
}

/**
 * Whoever moves a site here names kernels before they are copied: `force_paths` takes paths of files that are not there.
 * How they must look is checked all the same, and every other caller is held to files that exist.
 */
function forcedPaths(deps: ItemMethodDeps, { force_paths: force }: ItemData): ItemMethodDeps {
  return isOn(force) ? { ...deps, fileExists: () => Promise.resolve(true) } : deps;
}

async function apply(deps: ItemMethodDeps, editType: string, edit: Edit): Promise<void> {
  switch (editType) {
    case 'add':
      return add(deps, edit);
    case 'copy':
      return copyAndEdit(deps, edit);
    case 'rename':
      return renameOnly(deps, edit);
    case 'remove':
      return removeOnly(deps, edit);
    default:
      return change(deps, edit, edit.name, edit.attributes);
  }
}

const unwise = (name: string): string => `It seems unwise to overwrite the object ${name}, try 'edit'`;

async function add(deps: ItemMethodDeps, { type, name, attributes, by }: Edit): Promise<void> {
  const overwrites = isOn(attributes.clobber);
  if (!overwrites && (await deps.store.inventory.has(type, name))) throw cx(unwise(name));
  const has = (field: string): boolean => fieldNamed(type.fields, field) !== undefined && isFilled(attributes[field]);
  if (has('parent') && has('distro')) throw valueError("You can't change both 'parent' and 'distro'");
  if (type.parents.includes('image') && !has('profile') && !has('image')) {
    throw valueError("You must specify a 'profile' or 'image' for new systems");
  }
  await addItem(deps, { type, name, by, taken: unwise(name), overwrites }, (draft) => writeAll(draft, attributes));
}

async function copyAndEdit(deps: ItemMethodDeps, edit: Edit): Promise<void> {
  const { type, name, attributes, by } = edit;
  for (const key of ['name', 'newname']) if (attributes[key] === undefined) throw keyError(key);
  const newName = attributes.newname as string;
  if (!(await copyItem(deps, { type, name, newName, by }))) throw unknownItem(type.name, name);
  const { name: _name, newname: _newName, ...changes } = attributes;
  if (Object.keys(changes).length > 0) await change(deps, edit, newName, changes);
}

async function renameOnly(deps: ItemMethodDeps, { type, name, attributes, by }: Edit): Promise<void> {
  if (attributes.newname === undefined) throw keyError('newname');
  const newName = attributes.newname as string;
  if (newName !== name && (await deps.store.inventory.has(type, newName))) throw cx(unwise(newName));
  if (!(await renameItem(deps, { type, name, newName, by }))) throw unknownItem(type.name, name);
}

async function removeOnly(deps: ItemMethodDeps, { type, name, attributes, by }: Edit): Promise<void> {
  const recursive = isOn(attributes.recursive);
  if (!recursive) {
    const same = (await deps.store.inventory.children(type, [name])).find((child) => child.type === type);
    if (same) {
      throw cx(
        `Can't delete this ${type.name} there are ${same.names.length} sub${type.plural} and 'recursive' is set to 'False'`,
      );
    }
  }
  if (!(await removeItem(deps, { type, name, recursive, by }))) throw unknownItem(type.name, name);
}

async function change(deps: ItemMethodDeps, { type, by }: Edit, name: string, attributes: ItemData): Promise<void> {
  const { name: _own, ...changes } = attributes;
  const done = await editItem(deps, { type, name, by }, (draft) => writeAll(draft, changes));
  if (!done) throw unknownItem(type.name, name);
}

/** Writes attributes in the order they depend on each other. Unknown ones are ignored, as ever. */
async function writeAll(draft: Draft, attributes: ItemData): Promise<void> {
  const inPlace = isOn(attributes.in_place);
  const words = Object.keys(attributes).filter((word) => !CONTROL.includes(word));
  const isPart = (word: string): boolean => isPartAttribute(draft.type, word);
  const ordered = [...FIRST.filter((word) => words.includes(word)), ...words.filter((word) => !FIRST.includes(word))];
  for (const word of ordered.filter((word) => !isPart(word))) {
    await draft.write(word, inPlace ? merged(draft, word, attributes[word]!) : attributes[word]!);
  }
  if (words.some(isPart)) await writePart(draft, attributes, words.filter(isPart));
}

/** Interface fields, and the words that say what to do with which interface. A field of the item itself comes first. */
function isPartAttribute(type: ItemType, word: string): boolean {
  if (!type.parts || findField(type.fields, word)) return false;
  const verbs = [type.parts.word, `delete_${type.parts.word}`, `rename_${type.parts.word}`];
  return verbs.includes(word) || findPartField(type.parts.fields, word.replaceAll('-', '_')) !== undefined;
}

async function writePart(draft: Draft, attributes: ItemData, words: readonly string[]): Promise<void> {
  const { word, field } = draft.type.parts!;
  const name = attributes[word];
  const named = typeof name === 'string' && name !== '' ? name : null;
  if (attributes[`delete_${word}`] !== undefined) {
    if (named === null) throw valueError('Interface is required for deletion.');
    return draft.deletePart(named);
  }
  const newName = attributes[`rename_${word}`];
  if (typeof newName === 'string' && newName !== '') {
    if (named === null) throw valueError('Interface is required.');
    return draft.renamePart(named, newName);
  }
  const fields = words.filter((key) => key !== word && !key.startsWith('delete_') && !key.startsWith('rename_'));
  if (fields.length === 0) return;
  const part = named ?? choosePart(Object.keys(draft.values[field] as object));
  await draft.writeParts(
    Object.fromEntries(fields.map((key) => [`${key.replaceAll('-', '_')}-${part}`, attributes[key]!])),
  );
}

/** The interface meant when none is named. */
function choosePart(names: readonly string[]): string {
  if (names.length === 1) return names[0]!;
  if (names.length === 0 || names.includes('default')) return 'default';
  throw valueError('Interface is required.');
}

/** The current pairs with the given ones on top; `~key` takes a key away. Only structs are merged. */
function merged(draft: Draft, word: string, value: ItemValue): ItemValue {
  const field = findField(draft.type.fields, word);
  if (field?.kind !== 'struct' || field.isYaml) return value;
  const given = field.rule(value, { type: draft.type.name, field: field.name, values: draft.values });
  const current = draft.values[field.name];
  if (!isDict(given)) return given;
  const gone = Object.keys(given).filter((key) => key.startsWith('~') && key !== '~');
  const kept = without(
    isDict(current) ? current : {},
    gone.map((key) => key.slice(1)),
  );
  return { ...kept, ...without(given, gone) };
}

function isFilled(value: ItemValue | undefined): boolean {
  return value !== undefined && value !== null && value !== '' && value !== '~';
}

/** Flags of this call follow Python's idea of true, as those of others do. */
function isOn(value: ItemValue | undefined): boolean {
  return isFilled(value) && value !== false && value !== 0;
}
