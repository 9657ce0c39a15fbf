import type { Knex } from 'knex';
import { addItem } from '../../src/actions/edit-item';
import type { InventoryChange, InventoryDeps } from '../../src/actions/inventory-deps';
import { type ItemValue, type SettingValues, textOf } from '../../src/domain/item-value';
import { itemType } from '../../src/domain/inventory';
import { DEFAULT_SETTINGS } from '../../src/domain/settings';
import { createStore } from '../../src/store';
import { isInventoryConflict } from '../../src/store/write-items';

/** What the actions on items need, over a test database, and what they told. */
export interface TestInventory {
  deps: InventoryDeps;
  /** Changes told to the monitor, in order. */
  changes: InventoryChange[];
  /** The moment it is, in milliseconds. */
  clock: { now: number };
  /** Makes and saves an item. */
  add(type: string, fields: Record<string, ItemValue>): Promise<void>;
  /** Version of who is to be told. */
  audience(): Promise<number>;
}

/** Actions on items with a clock that only tests move, and a server that has every file. */
export function startInventory(knex: Knex, settings: SettingValues = {}): TestInventory {
  const changes: InventoryChange[] = [];
  const clock = { now: Date.UTC(2026, 10, 22, 10) };
  const deps: InventoryDeps = {
    store: createStore(knex),
    settings: { ...DEFAULT_SETTINGS, ...settings },
    now: () => clock.now,
    fileExists: (path) => Promise.resolve(!path.includes('missing')),
    isWriteConflict: isInventoryConflict,
    onInventoryChange: (_trx, told) => {
      changes.push(...told);
      return Promise.resolve();
    },
  };
  return {
    deps,
    changes,
    clock,
    async add(type, fields) {
      await addItem(deps, { type: itemType(type), name: textOf(fields.name), by: 'jane' }, async (draft) => {
        for (const [field, value] of Object.entries(fields)) await draft.write(field, value);
      });
    },
    async audience() {
      const { rows } = await knex.raw<{ rows: { version: number }[] }>('select version from audience_version');
      return rows[0]!.version;
    },
  };
}
