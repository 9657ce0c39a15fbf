import type { Knex } from 'knex';
import type { Field } from '../domain/item-fields';
import { ITEM_TYPES, looseReferencesTo, namesOf, type ItemType } from '../domain/inventory';

/** Every field that names the item takes the new name. Those with a column have it by their foreign key already. */
export async function followRename(
  db: Knex,
  type: ItemType,
  { from, to, at }: { from: string; to: string; at: number },
): Promise<void> {
  for (const { type: other, field } of namesOf(type)) {
    if (field.column) {
      await db.raw(`update ${other.table} set mtime = ? where ${field.name} = ?`, [at, to]);
    } else if (field.kind === 'list') {
      await db.raw(
        `update ${other.table} set mtime = ?, data = jsonb_set(data, '{${field.name}}', (
           select jsonb_agg(case when e.value = to_jsonb(?::text) then to_jsonb(?::text) else e.value end order by e.n)
           from jsonb_array_elements(data -> '${field.name}') with ordinality e(value, n)))
         where ${holds(field)}`,
        [at, from, to, from],
      );
    }
  }
  await followSaidTypes(db, type, from, to);
  await db.raw('update item_handles set item_name = ? where type = ? and item_name = ?', [to, type.name, from]);
}

/** Fields that name an item of a type said beside them. */
async function followSaidTypes(db: Knex, type: ItemType, from: string, to: string): Promise<void> {
  for (const other of ITEM_TYPES) {
    for (const field of other.fields) {
      if (field.followsType === undefined) continue;
      await db.raw(
        `update ${other.table} set data = jsonb_set(data, ?::text[], to_jsonb(?::text))
         where data ->> ? = ? and data ->> ? = ?`,
        [[field.name], to, field.followsType, type.name, field.name, from] as never,
      );
    }
  }
}

/** Items that can be without the removed ones forget their names. */
export async function takeNamesOut(db: Knex, type: ItemType, names: readonly string[], at: number): Promise<void> {
  for (const { type: other, field } of looseReferencesTo(type)) {
    if (field.column) {
      await db.raw(`update ${other.table} set mtime = ?, ${field.name} = null where ${field.name} = any(?::text[])`, [
        at,
        names,
      ] as never);
      continue;
    }
    await db.raw(
      `update ${other.table} set mtime = ?, data = jsonb_set(data, '{${field.name}}', coalesce((
         select jsonb_agg(e.value order by e.n)
         from jsonb_array_elements(data -> '${field.name}') with ordinality e(value, n)
         where e.value #>> '{}' <> all (?::text[])), '[]'))
       where jsonb_typeof(data -> '${field.name}') = 'array' and data -> '${field.name}' \\?| ?::text[]`,
      [at, names, names] as never,
    );
  }
}

/** True for rows whose list holds the one bound text. */
function holds(field: Field): string {
  const list = `data -> '${field.name}'`;
  return `jsonb_typeof(${list}) = 'array' and ${list} @> to_jsonb(?::text)`;
}
