import type { Knex } from 'knex';
import type { Instant } from '../domain/event';
import type { ItemData, ItemValue } from '../domain/item-value';

/** Settings that were changed while the servers run; they come before those of the settings file. */
export function createSettingStore(db: Knex) {
  return {
    /** All changed settings by name. */
    async load(): Promise<ItemData> {
      const rows: { name: string; value: ItemValue }[] = await db('settings').orderBy('name').select('name', 'value');
      return Object.fromEntries(rows.map(({ name, value }) => [name, value]));
    },

    /** Stores one setting. */
    async save(name: string, value: ItemValue, at: Instant, by: string | null): Promise<void> {
      await db('settings')
        .insert({ name, value: JSON.stringify(value), changed_at: new Date(at), changed_by: by })
        .onConflict('name')
        .merge();
    },
  };
}

export type SettingStore = ReturnType<typeof createSettingStore>;
