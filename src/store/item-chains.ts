import type { Knex } from 'knex';
import { INHERIT, type ItemValue } from '../domain/item-value';
import { fieldNamed, ITEM_TYPES, itemType, type ItemType } from '../domain/inventory';
import type { TypedItem } from '../domain/inheritance';
import type { InventoryTarget } from '../domain/target';
import { readRow, type ItemRow } from './items';

/** Deepest tree that is walked: nobody nests profiles so far, and a loop must end. */
const MAX_DEPTH = 100;

/** Follows items to what they inherit from. */
export function createChainReader(db: Knex, options: { defaultOwners: readonly string[] }) {
  return {
    /**
     * The item of that name and what it inherits from, up to the top, in one query; empty when there is none.
     */
    async loadChain(type: ItemType, name: string): Promise<TypedItem[]> {
      const { rows } = await db.raw<{ rows: { type: string; item: ItemRow }[] }>(CHAIN_SQL.get(type.name)!, [
        type.name,
        name,
        MAX_DEPTH,
      ]);
      return rows.map((row) => readRow(itemType(row.type), row.item));
    },

    /** The item with that uid, whatever its type, and what it inherits from; empty when there is none. */
    async loadChainByUid(uid: string): Promise<TypedItem[]> {
      const selects = ITEM_TYPES.map((type) => `select '${type.name}' as type, name from ${type.table} where uid = ?`);
      const { rows } = await db.raw<{ rows: { type: string; name: string }[] }>(
        selects.join(' union all '),
        ITEM_TYPES.map(() => uid) as never,
      );
      const [found] = rows;
      return found ? this.loadChain(itemType(found.type), found.name) : [];
    },

    /** What the rules need of systems and profiles of these names, in one query. Type null: of both. */
    async findTargets(
      names: readonly { type: 'system' | 'profile' | null; name: string }[],
    ): Promise<InventoryTarget[]> {
      if (names.length === 0) return [];
      const { rows } = await db.raw<{ rows: TargetRow[] }>(TARGETS_SQL, [
        names.map((wanted) => wanted.type),
        names.map((wanted) => wanted.name),
        MAX_DEPTH,
        MAX_DEPTH,
      ] as never);
      return rows.map((row) => ({
        type: row.type,
        name: row.name,
        profile: row.profile,
        distro: row.distro,
        owners: readOwners(row.owners) ?? [...options.defaultOwners],
        addresses: row.addresses ?? [],
        macs: row.macs ?? [],
        netbootEnabled: row.netboot_enabled === true,
      }));
    },
  };
}

interface TargetRow {
  type: 'system' | 'profile';
  name: string;
  profile: string | null;
  distro: string | null;
  owners: ItemValue;
  addresses: string[] | null;
  macs: string[] | null;
  netboot_enabled: boolean | null;
}

function readOwners(value: ItemValue): string[] | null {
  return Array.isArray(value) ? value.map(String) : null;
}

/** Items of one type as (type, name, item, parent). */
function nodesOf(type: ItemType): string {
  const parents = type.parents.filter((parent) => fieldNamed(type.fields, parent)?.column);
  const parentType = parents.map((parent) => {
    const referred = fieldNamed(type.fields, parent)!.refersTo!;
    return `when t.${parent} is not null then '${referred}'`;
  });
  const parts = type.parts
    ? ` || jsonb_build_object('parts', (select jsonb_agg(jsonb_build_object('name', i.name, 'data', i.data) order by i.id)
        from interfaces i where i.system_id = t.id))`
    : '';
  return `select '${type.name}'::text as type, t.name, to_jsonb(t)${parts} as item,
    ${parents.length > 0 ? `case ${parentType.join(' ')} end` : 'null::text'} as parent_type,
    ${parents.length > 0 ? `coalesce(${parents.map((parent) => `t.${parent}`).join(', ')})` : 'null::text'} as parent_name
    from ${type.table} t`;
}

/** The type, those it inherits from, and so on: nothing else can be in a chain that starts with it. */
function typesAbove(type: ItemType): ItemType[] {
  const found = new Set([type]);
  for (const current of found) {
    for (const parent of current.parents) {
      const referred = fieldNamed(current.fields, parent)?.refersTo;
      if (referred !== undefined) found.add(itemType(referred));
    }
  }
  return [...found];
}

/** The planner looks up single names in the nodes by index. */
const CHAIN_SQL: ReadonlyMap<string, string> = new Map(
  ITEM_TYPES.map((type) => [
    type.name,
    `
with recursive nodes as not materialized (${typesAbove(type).map(nodesOf).join('\nunion all\n')}),
chain as (
  select 0 as level, n.* from nodes n where n.type = ? and n.name = ?
  union all
  select c.level + 1, n.* from chain c join nodes n on n.type = c.parent_type and n.name = c.parent_name
  where c.level < ?
)
select type, item from chain order by level`,
  ]),
);

/** Owners as stored, null for the inherit marker. */
const OWN_OWNERS = (alias: string): string => `nullif(${alias}.data -> 'owners', '"${INHERIT}"'::jsonb)`;

const TARGETS_SQL = `
with recursive wanted as (select distinct * from unnest(?::text[], ?::text[]) as w(type, name)),
found as (
  select 'system'::text as type, s.id, s.name, s.profile, s.image, ${OWN_OWNERS('s')} as owners,
    (s.data ->> 'netboot_enabled')::boolean as netboot_enabled
  from (select distinct name from wanted where type is null or type = 'system') w join systems s using (name)
  union all
  select 'profile', null, p.name, p.name, null, null, false
  from (select distinct name from wanted where type is null or type = 'profile') w join profiles p using (name)
),
up as (
  select p.name as start, p.parent, p.distro, ${OWN_OWNERS('p')} as owners, 0 as level
  from profiles p where p.name in (select profile from found)
  union all
  select u.start, p.parent, coalesce(u.distro, p.distro), coalesce(u.owners, ${OWN_OWNERS('p')}), u.level + 1
  from up u join profiles p on p.name = u.parent where u.level < ?
),
top as (select distinct on (start) start, distro, owners from up order by start, level desc),
image_up as (
  select i.name as start, i.parent, ${OWN_OWNERS('i')} as owners, 0 as level
  from images i where i.name in (select image from found)
  union all
  select u.start, i.parent, coalesce(u.owners, ${OWN_OWNERS('i')}), u.level + 1
  from image_up u join images i on i.name = u.parent where u.level < ?
),
image_top as (select distinct on (start) start, owners from image_up order by start, level desc)
select f.type, f.name, f.profile, t.distro, f.netboot_enabled,
  coalesce(f.owners, t.owners, ${OWN_OWNERS('d')}, it.owners) as owners, a.addresses, a.macs
from found f
left join top t on t.start = f.profile
left join distros d on d.name = t.distro
left join image_top it on it.start = f.image
left join lateral (
  select json_agg(i.mac order by i.id) filter (where i.mac is not null) as macs,
    (select json_agg(x.address order by x.id, x.address) from (
      select j.id, unnest(array[j.ip, j.ipv6]) as address from interfaces j where j.system_id = f.id) x
     where x.address is not null) as addresses
  from interfaces i where i.system_id = f.id
) a on true`;
