import type { Knex } from 'knex';
import type { Narrowing, Order } from '../domain/narrow';
import type { Field } from '../domain/item-fields';
import type { ItemData, ItemValue } from '../domain/item-value';
import { referencesTo, storedFields, type ItemType } from '../domain/inventory';
import { orderBy, whereAll } from './item-conditions';

/** An item as stored. `values` holds all its fields, parts (interfaces) included, none of the mirrors. */
export interface StoredItem {
  id: number;
  type: string;
  values: ItemData;
}

/** A row of an item table, with its parts. */
export interface ItemRow {
  id: number;
  name: string;
  data: ItemData;
  parts?: { name: string; data: ItemData }[] | null;
  [column: string]: unknown;
}

/** Fields of the type that are columns. */
export function columnsOf(type: ItemType): Field[] {
  return storedFields(type.fields).filter((field) => field.column);
}

/** The select list that makes an ItemRow of table alias `t`. */
export function selectRow(type: ItemType): string {
  const columns = columnsOf(type).map((field) => `t.${field.name}`);
  const parts = type.parts
    ? `, (select json_agg(json_build_object('name', i.name, 'data', i.data) order by i.id)
         from interfaces i where i.system_id = t.id) as parts`
    : '';
  return `t.id, ${columns.join(', ')}, t.data${parts}`;
}

/** The item a row holds. */
export function readRow(type: ItemType, row: ItemRow): StoredItem {
  const values: ItemData = { ...row.data };
  for (const field of columnsOf(type)) values[field.name] = (row[field.name] as ItemValue) ?? '';
  if (type.parts) {
    values[type.parts.field] = Object.fromEntries((row.parts ?? []).map((part) => [part.name, part.data]));
  }
  return { id: row.id, type: type.name, values };
}

/** Reads items of one type. */
export function createItemReader(db: Knex) {
  const select = async (type: ItemType, rest: string, bindings: readonly unknown[]): Promise<StoredItem[]> => {
    const sql = `select ${selectRow(type)} from ${type.table} t ${rest}`;
    const { rows } = await db.raw<{ rows: ItemRow[] }>(sql, bindings as never);
    return rows.map((row) => readRow(type, row));
  };

  return {
    /**
     * The item of exactly that name; null when there is none. With `lock`, others wait to change it, but not to refer
     * to it.
     */
    async get(type: ItemType, name: string, options: { lock?: boolean } = {}): Promise<StoredItem | null> {
      const [item] = await select(type, `where t.name = ?${options.lock ? ' for no key update of t' : ''}`, [name]);
      return item ?? null;
    },

    /** The items of these names; those that do not exist are missing. */
    getAll: (type: ItemType, names: readonly string[]): Promise<StoredItem[]> =>
      select(type, 'where t.name = any(?::text[]) order by t.id', [names]),

    /** All items of the type, in the order they came to be. */
    list: (type: ItemType): Promise<StoredItem[]> => select(type, 'order by t.id', []),

    /**
     * The next items in the order they came to be: those behind the row `after`, at most `limit`, only those that the
     * narrowings leave and that were changed at `since` or later (seconds since 1970).
     */
    async listPage(
      type: ItemType,
      page: { after: number; limit: number; narrowings?: readonly Narrowing[]; since?: number | null },
    ): Promise<StoredItem[]> {
      const { sql, bindings } = whereAll(type, page.narrowings ?? []);
      const isSince = page.since !== undefined && page.since !== null;
      const rest = [
        sql === '' ? 'where t.id > ?' : `${sql} and t.id > ?`,
        isSince ? 'and (t.mtime >= ? or t.mtime = 0)' : '',
        'order by t.id limit ?',
      ];
      return select(type, rest.join(' '), [...bindings, page.after, ...(isSince ? [page.since] : []), page.limit]);
    },

    /** Names in the order the items came to be. */
    async names(type: ItemType): Promise<string[]> {
      const { rows } = await db.raw<{ rows: { name: string }[] }>(`select name from ${type.table} order by id`);
      return rows.map((row) => row.name);
    },

    /** True when an item has exactly that name. */
    async has(type: ItemType, name: string): Promise<boolean> {
      const { rows } = await db.raw<{ rows: unknown[] }>(`select 1 from ${type.table} where name = ?`, [name]);
      return rows.length > 0;
    },

    /** Which of these names exist. */
    async existing(type: ItemType, names: readonly string[]): Promise<Set<string>> {
      const { rows } = await db.raw<{ rows: { name: string }[] }>(
        `select name from ${type.table} where name = any(?::text[])`,
        [names] as never,
      );
      return new Set(rows.map((row) => row.name));
    },

    /** Items that can meet the criteria: all that do are among them, in the order they came to be. */
    async findCandidates(type: ItemType, narrowings: readonly Narrowing[]): Promise<StoredItem[]> {
      const { sql, bindings } = whereAll(type, narrowings);
      return select(type, `${sql} order by t.id`, bindings);
    },

    /** Names of the items that the narrowings leave. */
    async findNames(type: ItemType, narrowings: readonly Narrowing[], order: Order): Promise<string[]> {
      const { sql, bindings } = whereAll(type, narrowings);
      const { rows } = await db.raw<{ rows: { name: string }[] }>(
        `select t.name from ${type.table} t ${sql} ${orderBy(type, order)}`,
        bindings as never,
      );
      return rows.map((row) => row.name);
    },

    /** One page of the items that the narrowings leave. */
    async page(
      type: ItemType,
      page: { narrowings: readonly Narrowing[]; order: Order; offset: number; limit: number },
    ): Promise<StoredItem[]> {
      const { sql, bindings } = whereAll(type, page.narrowings);
      const order = orderBy(type, page.order);
      // Numbers of rows first: what is skipped is never put together.
      const ids = `select t.id from ${type.table} t ${sql} ${order} limit ? offset ?`;
      return select(type, `where t.id in (${ids}) ${order}`, [...bindings, page.limit, page.offset]);
    },

    /** How many items the narrowings leave. */
    async count(type: ItemType, narrowings: readonly Narrowing[]): Promise<number> {
      const { sql, bindings } = whereAll(type, narrowings);
      const { rows } = await db.raw<{ rows: { count: number }[] }>(
        `select count(*)::int as count from ${type.table} t ${sql}`,
        bindings as never,
      );
      return rows[0]!.count;
    },

    /** Names of items that refer to one of these, by type and field. */
    async children(type: ItemType, names: readonly string[]): Promise<{ type: ItemType; names: string[] }[]> {
      const children = [];
      for (const { type: child, field } of referencesTo(type)) {
        const { rows } = await db.raw<{ rows: { name: string }[] }>(
          `select name from ${child.table} where ${field.name} = any(?::text[]) order by id`,
          [names] as never,
        );
        if (rows.length > 0) children.push({ type: child, names: rows.map((row) => row.name) });
      }
      return children;
    },
  };
}
