import type { Knex } from 'knex';
import type { Edit } from '../domain/item-edits';
import type { ItemData } from '../domain/item-value';

/** Edits of one item that are not saved yet. */
export interface StagedItem {
  /** Hash of the session's token; '' for handles that are secret themselves. */
  owner: string;
  handle: string;
  type: string;
  /** Name of the saved item that is edited; null when it was never saved. */
  itemName: string | null;
  /** Of a new item: its values before the edits. */
  initial: ItemData | null;
  edits: Edit[];
}

interface HandleRow {
  owner: string;
  handle: string;
  type: string;
  item_name: string | null;
  initial: ItemData | null;
  edits: Edit[];
}

/** Staged edits, kept so that any server on this database can go on with them. */
export function createHandleStore(db: Knex) {
  return {
    /** The staged edits of a handle, locked until the end of the transaction; null when there are none. */
    async get(owner: string, handle: string): Promise<StagedItem | null> {
      const row = await db<HandleRow>('item_handles').where({ owner, handle }).forUpdate().first();
      if (!row) return null;
      const { type, item_name: itemName, initial, edits } = row;
      return { owner, handle, type, itemName, initial, edits };
    },

    /** Makes sure that `get` finds the handle, so that edits of two calls at a time queue up. */
    async ensure(staged: StagedItem, now: Date): Promise<void> {
      await db('item_handles').insert(toRow(staged, now)).onConflict(['owner', 'handle']).ignore();
    },

    /** Stores the staged edits; what the handle had before is replaced. */
    async put(staged: StagedItem, now: Date): Promise<void> {
      await db('item_handles').insert(toRow(staged, now)).onConflict(['owner', 'handle']).merge();
    },

    /** Forgets the staged edits of a handle. */
    async drop(owner: string, handle: string): Promise<void> {
      await db('item_handles').where({ owner, handle }).delete();
    },

    /** Forgets what was not touched since; answers how many handles that were. */
    async sweep(before: Date): Promise<number> {
      return db('item_handles').where('touched_at', '<', before).delete();
    },
  };
}

function toRow(staged: StagedItem, now: Date) {
  return {
    owner: staged.owner,
    handle: staged.handle,
    type: staged.type,
    item_name: staged.itemName,
    initial: staged.initial && JSON.stringify(staged.initial),
    edits: JSON.stringify(staged.edits),
    touched_at: now,
  };
}
