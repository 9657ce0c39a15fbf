import { randomUUID } from 'node:crypto';
import { partsOf } from '../domain/item-edits';
import { FieldError, isSameValue, type ItemData, textOf } from '../domain/item-value';
import { checkComplete, completeValues, fieldNamed, type ItemType } from '../domain/inventory';
import type { StagedItem } from '../store/item-handles';
import type { StoredItem } from '../store/items';
import { changeInventory, type InventoryChange, type InventoryDeps, type InventoryTransaction } from './inventory-deps';
import { withTriggers } from './item-triggers';
import { checkAddresses, checkReference, createDraft, loadParents, type Draft } from './item-draft';

/** What a handle stands for: an item never saved (the handle is secret), or edits of one session on a saved item. */
export type HandleRef =
  | { kind: 'new'; type: ItemType; handle: string }
  | { kind: 'saved'; type: ItemType; owner: string; handle: string; name: string };

/** Refused because the name is taken. */
export const NAME_TAKEN = "An object already exists with that name. Try 'edit'?";

/** An item that is edited through a handle: what is staged, what is stored, and both together. */
export interface OpenHandle {
  staged: StagedItem;
  before: StoredItem | null;
  draft: Draft;
}

/**
 * Opens a handle for editing or saving.
 *
 * @returns null when the handle stands for a saved item that does not exist.
 * @throws FieldError (key) when it stands for an unsaved item that was never made or has been swept.
 */
export async function openHandle(tx: InventoryTransaction, ref: HandleRef): Promise<OpenHandle | null> {
  const owner = ref.kind === 'new' ? '' : ref.owner;
  const found = await tx.items.handles.get(owner, ref.handle);
  if (ref.kind === 'new' && !found) throw new FieldError('key', ref.handle);
  if (found && found.type !== ref.type.name)
    throw new FieldError('type', 'API error: storing wrong data type in collection');
  const itemName = ref.kind === 'saved' ? ref.name : found!.itemName;
  const before = itemName === null ? null : await tx.items.get(ref.type, itemName, { lock: true });
  if (ref.kind === 'saved' && !before) {
    if (found) await tx.items.handles.drop(owner, ref.handle);
    return null;
  }
  const staged = found ?? { owner, handle: ref.handle, type: ref.type.name, itemName, initial: null, edits: [] };
  const values = completeValues(ref.type.fields, before?.values ?? staged.initial ?? {}, tx.deps.settings);
  return { staged, before, draft: createDraft(tx, ref.type, values, staged.edits) };
}

/** How saving treats an item that already has the name: refuse, or overwrite it. */
export type EditMode = 'new' | 'bypass';

/**
 * Publishes what is staged under a handle. A staged name makes it a rename. A handle of a new item goes on standing for
 * the item it became.
 *
 * @returns false when the handle stands for a saved item that does not exist.
 * @throws FieldError when the item is incomplete, refers to nothing, takes an address or name of another.
 */
export async function saveHandle(
  deps: InventoryDeps,
  ref: HandleRef,
  mode: EditMode,
  by: string | null,
): Promise<boolean> {
  const save = (): Promise<boolean> =>
    changeInventory(deps, async (tx) => {
      const names = await namesOf(tx, ref);
      await tx.items.lockNames(ref.type, names);
      const open = await openHandle(tx, ref);
      if (!open) return false;
      const { staged, draft } = open;
      const name = textOf(draft.values.name);
      let before = open.before;
      if (before?.values.name !== name || mode === 'new') {
        const taken = await tx.items.get(ref.type, name, { lock: true });
        if (taken && (mode === 'new' || before)) throw new FieldError('rule', NAME_TAKEN);
        before ??= taken;
      }
      const saved = await storeItem(tx, { type: ref.type, before, values: draft.values, by });
      if (ref.kind === 'saved') await tx.items.handles.drop(ref.owner, ref.handle);
      else await tx.items.handles.put({ ...staged, itemName: name, initial: saved, edits: [] }, new Date(deps.now()));
      return true;
    });
  if (!deps.triggers) return save();
  const name = (await namesOf({ items: deps.store.inventory }, ref)).at(-1) ?? '';
  return withTriggers(deps, { verb: 'add', type: ref.type.name, name }, save);
}

/** The names the handle is about to touch, read before they are locked. */
async function namesOf(tx: Pick<InventoryTransaction, 'items'>, ref: HandleRef): Promise<string[]> {
  const staged = await tx.items.handles.get(ref.kind === 'new' ? '' : ref.owner, ref.handle);
  const names = ref.kind === 'saved' ? [ref.name] : staged?.itemName != null ? [staged.itemName] : [];
  for (const edit of staged?.edits ?? []) {
    if (edit.kind === 'set' && typeof edit.values.name === 'string') names.push(edit.values.name);
  }
  return names;
}

/** One item as it was and as it shall be. `by`: user of the session, null when nobody is logged in. */
export interface ItemChange {
  type: ItemType;
  before: StoredItem | null;
  values: ItemData;
  by: string | null;
}

/** Checks an item as a whole and stores it; everybody who must know is told, in the same transaction. */
export async function storeItem(tx: InventoryTransaction, change: ItemChange): Promise<ItemData> {
  const { type, before } = change;
  checkComplete(type, change.values);
  await checkReferences(tx, change);
  if (change.values.parent !== '' && change.values.parent !== before?.values.parent) await tx.items.lockTree(type);
  const now = tx.deps.now() / 1000;
  const values: ItemData = {
    ...change.values,
    ...(before ? {} : authorOf(type, change)),
    uid: before?.values.uid ?? randomUUID().replaceAll('-', ''),
    ctime: before?.values.ctime ?? now,
    mtime: now,
  };
  if (fieldNamed(type.fields, 'depth')) values.depth = await depthOf(tx, type, values);
  const parts = type.parts ? [partsOf(type, before?.values ?? {}), partsOf(type, values)] : null;
  if (parts && !isSameValue(parts[0], parts[1])) {
    await tx.items.lockAddresses();
    await checkAddresses(tx, type, before?.values ?? {}, values);
  }
  if (before) await tx.items.update(type, before, values);
  else await tx.items.insert(type, values);
  await announce(tx, { ...change, values });
  return values;
}

/** Whoever saves an item first is its author, where it has one and nobody was said. */
function authorOf(type: ItemType, { values, by }: ItemChange): ItemData {
  const field = type.fields.find((candidate) => candidate.isAuthor);
  return field && values[field.name] === '' && by !== null ? { [field.name]: by } : {};
}

/** Checks only what is new: what was stored is kept true by the database. */
async function checkReferences(tx: InventoryTransaction, { type, before, values }: ItemChange): Promise<void> {
  for (const field of type.fields) {
    if (field.refersTo === undefined || isSameValue(before?.values[field.name], values[field.name])) continue;
    await checkReference(tx.items, field.refersTo, values[field.name] ?? null);
  }
}

/** Steps down from the top of the tree; refuses a tree that bites its own tail. */
async function depthOf(tx: InventoryTransaction, type: ItemType, values: ItemData): Promise<number> {
  const parents = await loadParents(tx.items, type, values);
  if (parents.some((parent) => parent.type === type.name && parent.values.uid === values.uid)) {
    throw new FieldError('value', `The ${type.name} ${textOf(values.name)} cannot be below itself.`);
  }
  return parents.length || type.rootDepth;
}

async function announce(tx: InventoryTransaction, { type, before, values, by }: ItemChange): Promise<void> {
  const watched = type.audience ?? [];
  const changes = before && watched.some((field) => !isSameValue(before.values[field], values[field]));
  if (watched.includes('*') || changes) await tx.items.bumpAudience();
  const change = describeChange(type, before?.values ?? null, values, by);
  if (change) await tx.deps.onInventoryChange(tx.trx, [change]);
}

/** What the monitor has to know of a change; null when nothing. `after` null: removed. */
export function describeChange(
  type: ItemType,
  before: ItemData | null,
  after: ItemData | null,
  by: string | null,
): InventoryChange | null {
  const name = textOf((before ?? after)?.name);
  const renamedTo = before && after && before.name !== after.name ? textOf(after.name) : undefined;
  if (type.target === 'profile') return renamedTo === undefined ? null : { profile: name, renamedTo, by };
  if (type.target !== 'system') return null;
  const switches = type.fields.filter((field) => field.isNetboot);
  const isOn = (values: ItemData | null): boolean => switches.some((field) => values?.[field.name] === true);
  const netboot = isOn(before) === isOn(after) ? 'unchanged' : isOn(after) ? 'on' : 'off';
  if (netboot === 'unchanged' && renamedTo === undefined && after) return null;
  return { system: name, netboot, ...(!after && { removed: true }), ...(renamedTo !== undefined && { renamedTo }), by };
}
