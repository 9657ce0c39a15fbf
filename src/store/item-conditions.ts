import type { Narrowing, Order } from '../domain/narrow';
import { comparable, type InterfaceKeys } from '../domain/item-addresses';
import { fieldNamed, itemType, type ItemType } from '../domain/inventory';

/** SQL with the values of its `?`. */
export interface Condition {
  sql: string;
  bindings: unknown[];
}

/** Interface column of each indexed interface field, in comparable spelling. */
const PART_COLUMNS: Readonly<Record<string, keyof InterfaceKeys>> = {
  mac_address: 'mac',
  ip_address: 'ip',
  ipv6_address: 'ipv6',
  dns_name: 'dns_name',
};

/** `where …` on table alias `t` for all of them; nothing when there are none. */
export function whereAll(type: ItemType, narrowings: readonly Narrowing[]): Condition {
  const conditions = narrowings.map((narrowing) => toCondition(type, narrowing));
  if (conditions.length === 0) return { sql: '', bindings: [] };
  return {
    sql: `where ${conditions.map(({ sql }) => `(${sql})`).join(' and ')}`,
    bindings: conditions.flatMap(({ bindings }) => bindings),
  };
}

/** `order by …` on table alias `t`; the order of bytes is that of code points. */
export function orderBy(type: ItemType, order: Order): string {
  const direction = order.backwards ? 'desc' : 'asc';
  const byName = `t.name collate "C" ${direction}`;
  if (order.field === 'name') return `order by ${byName}`;
  const field = fieldNamed(type.fields, order.field)!;
  const value = field.column ? `t.${field.name}` : `t.data ->> '${field.name}'`;
  if (field.kind === 'double') return `order by ${value} ${direction}, ${byName}`;
  return `order by coalesce(${value}, '') collate "C" ${direction}, ${byName}`;
}

function toCondition(type: ItemType, narrowing: Narrowing): Condition {
  const condition = narrowing.inPart ? inPart(narrowing) : inItem(type, narrowing);
  return narrowing.negated ? { ...condition, sql: `not coalesce((${condition.sql}), false)` } : condition;
}

/** A condition on the item's own columns and fields; indexes answer the exact ones on names and references. */
function inItem(type: ItemType, narrowing: Narrowing): Condition {
  const { field: name, wanted, isGlob } = narrowing;
  const field = fieldNamed(type.fields, name)!;
  if (!field.column) return inJson('t.data', narrowing);
  const lower = wanted.toLowerCase();
  if (isGlob) return { sql: `lower(coalesce(t.${name}, '')) like ?`, bindings: [toLike(lower)] };
  if (wanted === '') return { sql: `coalesce(t.${name}, '') = ''`, bindings: [] };
  if (name === 'uid') return { sql: 't.uid = ?', bindings: [lower] };
  if (field.refersTo !== undefined) {
    const target = itemType(field.refersTo).table;
    return { sql: `t.${name} in (select name from ${target} where lower(name) = ?)`, bindings: [lower] };
  }
  return { sql: `lower(t.${name}) = ?`, bindings: [lower] };
}

/** A condition on any interface; one that is called what is wanted counts as well. */
function inPart(narrowing: Narrowing): Condition {
  const named = { sql: 'select system_id from interfaces where name = ?', bindings: [narrowing.wanted] };
  if (narrowing.field === 'name') return { sql: `t.id in (${named.sql})`, bindings: named.bindings };
  const column = narrowing.isGlob || narrowing.wanted === '' ? undefined : PART_COLUMNS[narrowing.field];
  const own = column
    ? { sql: `i.${column} = ?`, bindings: [comparable(column, narrowing.wanted) ?? ''] }
    : inJson('i.data', narrowing);
  return {
    sql: `t.id in (select i.system_id from interfaces i where ${own.sql} union all ${named.sql})`,
    bindings: [...own.bindings, ...named.bindings],
  };
}

/** A condition on a field of a JSON column. Flags, lists and structs may hold text instead: the inherit marker. */
function inJson(column: string, { field, wanted, isGlob, compare }: Narrowing): Condition {
  const [value, text] = [`${column} -> '${field}'`, `${column} ->> '${field}'`];
  const lower = wanted.toLowerCase();
  const asText: Condition = isGlob
    ? { sql: `lower(coalesce(${text}, '')) like ?`, bindings: [toLike(lower)] }
    : wanted === ''
      ? { sql: `coalesce(${text}, '') = ''`, bindings: [] }
      : { sql: `lower(${text}) = ?`, bindings: [lower] };
  const otherwise = (kind: string, sql: string, bindings: unknown[]): Condition => ({
    sql: `case jsonb_typeof(${value}) when '${kind}' then ${sql} else ${asText.sql} end`,
    bindings: [...bindings, ...asText.bindings],
  });
  switch (compare.kind) {
    case 'text':
      return asText;
    case 'flag':
      return otherwise('boolean', `${text} = ?`, [String(compare.flag)]);
    case 'words':
      return otherwise('array', `${value} @> ?::jsonb`, [JSON.stringify(compare.words)]);
    case 'pairs':
      return otherwise('object', `${value} @> ?::jsonb`, [JSON.stringify(compare.pairs)]);
  }
}

/** A LIKE pattern that lets everything pass that the shell pattern does; it does not look beyond the first `[`. */
function toLike(glob: string): string {
  return glob
    .replace(/\[.*$/s, '*')
    .replace(/[\\%_]/g, '\\$&')
    .replaceAll('?', '_')
    .replaceAll('*', '%');
}
