import type { Field } from '../../domain/item-fields';
import {
  FieldError,
  INHERIT,
  isDict,
  isSameValue,
  textOf,
  without,
  type ItemData,
  type ItemValue,
  type SettingValues,
} from '../../domain/item-value';
import { checkComplete, fieldNamed, type ItemType } from '../../domain/inventory';
import { createAddressBook, type AddressBook } from './addresses';
import { isNothing, withNil } from './former-values';
import { IMPORTED_TYPES, type OldSite, type Remark } from './old-site';
import { createInitials, startsEmptyOnly, translate, type Initials, type Translated } from './translate';

/** Items of this server, by type and name, as the API shows them to a session. */
export type Present = ReadonlyMap<string, ReadonlyMap<string, ItemData>>;

/** What is to be done about one item. */
export interface Step {
  type: ItemType;
  name: string;
  action: 'add' | 'edit' | 'same';
  /** Steps down from the top of its tree: those above are made first. */
  level: number;
  /** What is written, in order. */
  attributes: ItemData;
}

/** Everything there is to do, parents first. */
export interface Plan {
  steps: Step[];
  remarks: Remark[];
}

/** What a plan is made from. */
export interface PlanInput {
  site: OldSite;
  present: Present;
  /** Cobbler's settings of this server. */
  settings: SettingValues;
  /** Interfaces that are only here go away, as items do. */
  prunes: boolean;
  /** Items that are here stay as they are. */
  keeps: boolean;
}

interface Planning extends PlanInput {
  plan: Plan;
  /** Names that can be referred to, by type: what is here, and what is going to be. */
  available: Map<string, Set<string>>;
  /** Who has which address. */
  addresses: AddressBook;
  initialOf: Initials;
}

/** What has to be done so that this server has what the old one has. Pure. */
export function planImport(input: PlanInput): Plan {
  const available = new Map(
    IMPORTED_TYPES.map(({ name }) => [name, new Set(input.present.get(name)?.keys() ?? [])] as const),
  );
  const plan: Plan = { steps: [], remarks: [...input.site.remarks] };
  const { settings } = input;
  const addresses = createAddressBook(settings);
  const planning: Planning = { ...input, plan, available, addresses, initialOf: createInitials(settings) };
  for (const type of IMPORTED_TYPES) planType(planning, type);
  return plan;
}

function planType(planning: Planning, type: ItemType): void {
  const items = new Map<string, Translated>();
  for (const old of planning.site.items.filter((item) => item.type === type)) {
    const twin = items.get(old.name);
    if (twin) {
      refuse(planning, type, old.name, `${old.origin}: ${twin.origin} has the same name and was taken`);
      continue;
    }
    const translated = translate(old, planning.initialOf, planning.plan.remarks);
    if (translated) items.set(old.name, translated);
  }
  if (type.parts) {
    for (const [name, values] of planning.present.get(type.name) ?? []) {
      if (!items.has(name)) planning.addresses.claim(name, values[type.parts.field] ?? null);
    }
  }
  for (const { item, level } of inTreeOrder(planning, type, items)) settle(planning, item, level);
}

/** Parents before children; those of a circle are refused. */
function* inTreeOrder(
  planning: Planning,
  type: ItemType,
  items: ReadonlyMap<string, Translated>,
): Generator<{ item: Translated; level: number }> {
  const levels = new Map<string, number>();
  for (const start of items.keys()) {
    const way: string[] = [];
    const walked = new Set<string>();
    let at: string | null = start;
    while (at !== null && items.has(at) && !levels.has(at) && !walked.has(at)) {
      way.push(at);
      walked.add(at);
      at = parentOf(items.get(at)!);
    }
    if (at !== null && walked.has(at)) {
      const circle = way.splice(way.indexOf(at));
      for (const name of circle) {
        levels.set(name, -1);
        refuse(planning, type, name, `its parents lead back to itself: ${[...circle, circle[0]].join(' → ')}`);
      }
    }
    let level = Math.max(0, (at === null ? undefined : levels.get(at)) ?? -1) + (at === null ? 0 : 1);
    for (const name of way.reverse()) {
      levels.set(name, level);
      yield { item: items.get(name)!, level };
      level += 1;
    }
  }
}

function parentOf(item: Translated): string | null {
  const parent = item.values.parent;
  return typeof parent === 'string' && parent !== '' && parent !== INHERIT ? parent : null;
}

function settle(planning: Planning, item: Translated, level: number): void {
  const { type, name } = item;
  const here = planning.present.get(type.name)?.get(name);
  const missing = dropMissing(planning, item);
  const whole = { ...planning.initialOf(type.fields), ...here, ...item.values };
  try {
    checkComplete(type, whole);
  } catch (error) {
    if (!(error instanceof FieldError)) throw error;
    const cause = missing.find(({ field }) => field !== null && type.requires?.oneOf.includes(field));
    return refuse(planning, type, name, cause?.why ?? error.message);
  }
  planning.plan.remarks.push(...missing);
  if (type.parts) item.values[type.parts.field] = settleParts(planning, item, here);
  planning.available.get(type.name)!.add(name);
  planning.plan.steps.push(here ? editStep(item, here, level, planning.keeps) : addStep(item, level));
}

/** Takes out names of items that neither are here nor come; answers what to say of it. */
function dropMissing({ available }: Planning, { type, name, values }: Translated): Remark[] {
  const remarks: Remark[] = [];
  for (const field of type.fields) {
    const value = values[field.name];
    if (field.refersTo === undefined || value === undefined || isNothing(value)) continue;
    const known = available.get(field.refersTo);
    const isMissing = (each: ItemValue): boolean => typeof each === 'string' && known?.has(each) !== true;
    const gone = (Array.isArray(value) ? value : [value]).filter(isMissing);
    if (gone.length === 0) continue;
    if (Array.isArray(value)) values[field.name] = value.filter((each) => !isMissing(each));
    else delete values[field.name];
    const why = `there is no ${field.refersTo} ${gone.map(textOf).join(', ')} here, nor was one taken`;
    remarks.push({ what: 'left out', type: type.name, name, field: field.name, why });
  }
  return remarks;
}

/** Interfaces without addresses somebody else has, and with those that are only here. */
function settleParts(planning: Planning, { type, name, values }: Translated, here: ItemData | undefined): ItemData {
  const field = type.parts!.field;
  const parts = (values[field] ?? {}) as ItemData;
  const present = here?.[field];
  const kept = !planning.prunes && isDict(present) ? without(present, Object.keys(parts)) : {};
  const all: ItemData = { ...parts, ...kept };
  for (const clash of planning.addresses.claim(name, all)) {
    const part = parts[clash.part];
    if (isDict(part)) part[clash.field] = '';
    const label = `${clash.part}.${clash.field}`;
    const why = `${clash.value} belongs to ${type.name} ${clash.holder}`;
    planning.plan.remarks.push({ what: 'left out', type: type.name, name, field: label, why });
  }
  return all;
}

function addStep({ type, name, values }: Translated, level: number): Step {
  const isWorthSaying = (field: Field): boolean =>
    Object.hasOwn(values, field.name) &&
    (typeof field.initial === 'function' || !isSameValue(field.initial, values[field.name]));
  const fields = type.fields.filter((field) => field.name === 'name' || isWorthSaying(field));
  return { type, name, action: 'add', level, attributes: pick(type, values, fields) };
}

function editStep({ type, name, values }: Translated, here: ItemData, level: number, keeps: boolean): Step {
  const written = keeps ? [] : Object.keys(values);
  const fields = type.fields.filter(
    (field) =>
      written.includes(field.name) &&
      !isSameValue(comparable(type, field, values[field.name]), comparable(type, field, here[field.name])),
  );
  return { type, name, action: fields.length === 0 ? 'same' : 'edit', level, attributes: pick(type, values, fields) };
}

/** A value as it is compared: nil is nil, and what starts out empty inherits, since it can never be emptied again. */
function comparable(type: ItemType, field: Field, value: ItemValue | undefined): ItemValue {
  const plain = withNil(value ?? null);
  if (field.kind === 'parts' && isDict(plain)) {
    return mapParts(plain, (part) =>
      Object.fromEntries(type.parts!.fields.map((each) => [each.name, comparable(type, each, part[each.name])])),
    );
  }
  return plain === '' && startsEmptyOnly(field) ? INHERIT : plain;
}

/** What is sent. Of interfaces only what a new one does not have by itself. */
function pick(type: ItemType, values: ItemData, fields: readonly Field[]): ItemData {
  const isOwn = (part: ItemData) => (field: Field) => !isSameValue(field.initial as ItemValue, part[field.name]);
  return Object.fromEntries(
    fields.map(({ name, kind }) => {
      const value = values[name] ?? null;
      if (kind !== 'parts' || !isDict(value)) return [name, value];
      const slim = (part: ItemData): ItemData =>
        Object.fromEntries(
          type.parts!.fields.filter(isOwn(part)).map((field) => [field.name, part[field.name] ?? null]),
        );
      return [name, mapParts(value, slim)];
    }),
  );
}

function mapParts(parts: ItemData, change: (part: ItemData) => ItemData): ItemData {
  return Object.fromEntries(Object.entries(parts).map(([name, part]) => [name, isDict(part) ? change(part) : part]));
}

function refuse({ plan }: Planning, type: ItemType, name: string, why: string): void {
  plan.remarks.push({ what: 'refused', type: type.name, name, field: null, why });
}

/** Takes a value out of a step; an edit without values is none. */
export function dropAttribute(step: Step, name: string): void {
  delete step.attributes[name];
  if (step.action === 'edit' && Object.keys(step.attributes).length === 0) step.action = 'same';
}

/** Fields of the step's item that name files, and are written by it. */
export function fileFieldsOf({ type, attributes, action }: Step): string[] {
  if (action === 'same') return [];
  return Object.keys(attributes).filter((name) => fieldNamed(type.fields, name)?.isFile && attributes[name] !== '');
}
