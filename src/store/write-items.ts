import type { Knex } from 'knex';
import { interfaceKeys, type InterfaceKeys } from '../domain/item-addresses';
import { isSameValue, type ItemData, type ItemValue, textOf } from '../domain/item-value';
import { ITEM_TYPES, storedFields, type ItemType } from '../domain/inventory';
import { partsOf } from '../domain/item-edits';
import { isTransactionConflict, isUniqueViolation } from './errors';
import { followRename, takeNamesOut } from './item-references';
import { columnsOf, type StoredItem } from './items';

/** An address that another item already has. */
export interface AddressConflict {
  /** Which of the keys is shared. */
  kind: keyof InterfaceKeys;
  /** The shared value in comparable spelling. */
  value: string;
  /** Name of the item that has it. */
  holder: string;
}

/** Locks that transactions of this program agree on; held to the end of the transaction. */
const INTERFACES_LOCK = 'kickwatch:interfaces';

/**
 * True when a change of items may do better when it runs again: it lost against another transaction, or what it refers
 * to came or went after it was looked up (then the next try says so in words).
 */
export function isInventoryConflict(error: unknown): boolean {
  return isTransactionConflict(error) || isUniqueViolation(error) || isForeignKeyViolation(error);
}

function isForeignKeyViolation(error: unknown): boolean {
  return (error as { code?: unknown } | null)?.code === '23503';
}

/** Writes items. Use it inside a transaction. */
export function createItemWriter(db: Knex) {
  const lock = async (keys: readonly string[]): Promise<void> => {
    await db.raw(
      'select pg_advisory_xact_lock(key) from (select hashtextextended(k, 0) as key from unnest(?::text[]) k order by 1) s',
      [keys] as never,
    );
  };

  const writeParts = async (type: ItemType, id: number, before: ItemData, after: ItemData): Promise<void> => {
    if (!type.parts) return;
    const [old, parts] = [partsOf(type, before), partsOf(type, after)];
    const gone = Object.keys(old).filter((name) => !Object.hasOwn(parts, name));
    if (gone.length > 0) {
      await db.raw('delete from interfaces where system_id = ? and name = any(?::text[])', [id, gone] as never);
    }
    const changed = Object.entries(parts).filter(([name, part]) => !isSameValue(old[name], part));
    if (changed.length === 0) return;
    const rows = changed.map(([name, part]) => ({ name, ...interfaceKeys(part), data: part }));
    await db.raw(
      `insert into interfaces (system_id, name, mac, ip, ipv6, dns_name, data)
       select ?, r.name, r.mac, r.ip, r.ipv6, r.dns_name, r.data from jsonb_array_elements(?::jsonb) with ordinality e(row, n)
       cross join lateral jsonb_to_record(e.row)
         as r(name text, mac text, ip text, ipv6 text, dns_name text, data jsonb)
       order by e.n
       on conflict (system_id, name) do update set mac = excluded.mac, ip = excluded.ip, ipv6 = excluded.ipv6,
         dns_name = excluded.dns_name, data = excluded.data`,
      [id, JSON.stringify(rows)],
    );
  };

  return {
    /** Waits until nobody else changes items of these names, and keeps others from it. Call before reading them. */
    lockNames: (type: ItemType, names: readonly string[]): Promise<void> =>
      lock(names.map((name) => `kickwatch:${type.name}:${name}`)),

    /** Waits until nobody else moves items of this type to other parents. */
    lockTree: (type: ItemType): Promise<void> => lock([`kickwatch:tree:${type.name}`]),

    /** Waits until nobody else changes addresses of interfaces. Take it after `lockNames`, before `findConflicts`. */
    lockAddresses: (): Promise<void> => lock([INTERFACES_LOCK]),

    /** Who, other than the item called `except`, has one of these addresses. */
    async findConflicts(keys: readonly InterfaceKeys[], except: string): Promise<AddressConflict[]> {
      const kinds = ['mac', 'ip', 'ipv6', 'dns_name'] as const;
      const wanted = kinds.map((kind) => [...new Set(keys.map((key) => key[kind]).filter((key) => key !== null))]);
      if (wanted.every((values) => values.length === 0)) return [];
      const { rows } = await db.raw<{ rows: ({ holder: string } & InterfaceKeys)[] }>(
        `select s.name as holder, i.mac, i.ip, i.ipv6, i.dns_name from interfaces i join systems s on s.id = i.system_id
         where s.name <> ? and (i.mac = any(?::text[]) or i.ip = any(?::text[]) or i.ipv6 = any(?::text[])
           or i.dns_name = any(?::text[]))
         order by s.id, i.id limit 100`,
        [except, ...wanted] as never,
      );
      return rows.flatMap((row) =>
        kinds.flatMap((kind, index) => {
          const value = row[kind];
          return value !== null && wanted[index]!.includes(value) ? [{ kind, value, holder: row.holder }] : [];
        }),
      );
    },

    /** Stores a new item. */
    async insert(type: ItemType, values: ItemData): Promise<void> {
      const row = { ...columnValues(type, values), data: JSON.stringify(dataOf(type, values)) };
      const [inserted] = await db(type.table).insert(row).returning<{ id: number }[]>('id');
      await writeParts(type, inserted!.id, {}, values);
    },

    /** Stores an item's new values; what refers to it by name follows when the name is another. */
    async update(type: ItemType, before: StoredItem, values: ItemData): Promise<void> {
      const row = { ...columnValues(type, values), data: JSON.stringify(dataOf(type, values)) };
      await db(type.table).where({ id: before.id }).update(row);
      await writeParts(type, before.id, before.values, values);
      const [from, to] = [textOf(before.values.name), textOf(values.name)];
      if (from !== to) await followRename(db, type, { from, to, at: Number(values.mtime) });
    },

    /** Removes the items of these names, and their parts; who can be without them forgets the names. */
    async remove(type: ItemType, names: readonly string[], at: number): Promise<void> {
      await takeNamesOut(db, type, names, at);
      await db.raw(`delete from ${type.table} where name = any(?::text[])`, [names] as never);
      await db.raw('update inventory_removals set removed_at = greatest(removed_at, ?)', [at]);
    },

    /** Time of the latest change of any item, in seconds since 1970; 0 when there never was one. */
    async lastModified(): Promise<number> {
      const tables = ITEM_TYPES.map((type) => `(select max(mtime) from ${type.table})`);
      const { rows } = await db.raw<{ rows: { at: number | null }[] }>(
        `select greatest((select removed_at from inventory_removals), ${tables.join(', ')}) as at`,
      );
      return rows[0]?.at ?? 0;
    },

    /** Says that who is to be told has changed. */
    async bumpAudience(): Promise<void> {
      await db.raw(
        'insert into audience_version (version) values (1) on conflict (id) do update set version = audience_version.version + 1',
      );
    },
  };
}

/** '' in a reference is "none": null, which foreign keys let pass. */
function columnValues(type: ItemType, values: ItemData): Record<string, ItemValue> {
  return Object.fromEntries(
    columnsOf(type).map((field) => {
      const value = values[field.name] ?? null;
      return [field.name, field.refersTo !== undefined && value === '' ? null : value];
    }),
  );
}

function dataOf(type: ItemType, values: ItemData): ItemData {
  const data: ItemData = {};
  for (const field of storedFields(type.fields)) {
    if (!field.column && field.kind !== 'parts') data[field.name] = values[field.name] ?? null;
  }
  return data;
}
