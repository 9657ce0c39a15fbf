import type { Knex } from 'knex';
import type { Narrowing } from '../domain/find';
import { comparable, type InterfaceKeys } from '../domain/item-addresses';
import type { Field } from '../domain/item-fields';
import type { ItemData, ItemValue } from '../domain/item-value';
import { fieldNamed, itemType, referencesTo, storedFields, type ItemType } from '../domain/inventory';

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

/** Interface column of each indexed interface field. */
const PART_COLUMNS: Readonly<Record<string, keyof InterfaceKeys | 'name'>> = {
  name: 'name',
  mac_address: 'mac',
  ip_address: 'ip',
  ipv6_address: 'ipv6',
  dns_name: 'dns_name',
};

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

    /** Items changed at or after `mtime` (seconds since 1970), in the order they came to be. */
    listSince: (type: ItemType, mtime: number): Promise<StoredItem[]> =>
      select(type, 'where t.mtime >= ? or t.mtime = 0 order by t.id', [mtime]),

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

    /** Items that can meet the criteria: all that do are among them. */
    async findCandidates(type: ItemType, narrowings: readonly Narrowing[]): Promise<StoredItem[]> {
      if (narrowings.length === 0) return this.list(type);
      const conditions = narrowings.map((narrowing) => condition(type, narrowing));
      return select(
        type,
        `where ${conditions.map(({ sql }) => sql).join(' and ')} order by t.id`,
        conditions.flatMap(({ bindings }) => bindings),
      );
    },

    /** One page in the order of names, and how many items there are. */
    async page(type: ItemType, page: { offset: number; limit: number; backwards: boolean }): Promise<StoredItem[]> {
      const order = page.backwards ? 'desc' : 'asc';
      return select(type, `order by t.name collate "C" ${order} limit ? offset ?`, [page.limit, page.offset]);
    },

    /** How many items of the type there are. */
    async count(type: ItemType): Promise<number> {
      const { rows } = await db.raw<{ rows: { count: number }[] }>(`select count(*)::int as count from ${type.table}`);
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

/** The condition on table alias `t` for a criterion; an index answers it unless it is a pattern. */
function condition(type: ItemType, { field, inPart, wanted, isGlob }: Narrowing): { sql: string; bindings: string[] } {
  if (inPart) {
    const column = PART_COLUMNS[field]!;
    if (column === 'name')
      return { sql: 't.id in (select system_id from interfaces where name = ?)', bindings: [wanted] };
    return {
      sql: `t.id in (select system_id from interfaces where ${column} = ?
            union all select system_id from interfaces where name = ?)`,
      bindings: [comparable(column, wanted) ?? '', wanted],
    };
  }
  const lower = wanted.toLowerCase();
  const known = fieldNamed(type.fields, field)!;
  if (isGlob) {
    const value = known.column ? `t.${field}` : `t.data ->> '${field}'`;
    return { sql: `lower(${value}) like ?`, bindings: [toLike(lower)] };
  }
  if (field === 'uid') return { sql: 't.uid = ?', bindings: [lower] };
  if (known.column && known.refersTo !== undefined) {
    const target = itemType(known.refersTo).table;
    return { sql: `t.${field} in (select name from ${target} where lower(name) = ?)`, bindings: [lower] };
  }
  if (known.column) return { sql: `lower(t.${field}) = ?`, bindings: [lower] };
  return { sql: `lower(t.data ->> '${field}') = ?`, bindings: [lower] };
}

/** A LIKE pattern that lets everything pass that the shell pattern does; it does not look beyond the first `[`. */
function toLike(glob: string): string {
  return glob
    .replace(/\[.*$/s, '*')
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('?', '_')
    .replaceAll('*', '%');
}
