import { INHERIT, isDict, type ItemValue } from '../../domain/item-value';

/** Words for "nothing" and "as the parent has it". */
export function isNothing(value: ItemValue | undefined): boolean {
  if (value === undefined || value === null || value === false || value === '' || value === '~') return true;
  if (value === INHERIT) return true;
  return Array.isArray(value) ? value.length === 0 : isDict(value) && Object.keys(value).length === 0;
}

/** Fields of interfaces that Cobbler 2 named otherwise; `subnet` is an alias that everybody may write. */
export const FORMER_PART_FIELDS: Readonly<Record<string, string>> = {
  bonding: 'interface_type',
  bonding_master: 'interface_master',
};

/** What Cobbler 2 wrote, by type (or `interface`) and field, and what is meant by it. */
const FORMER_WORDS: Readonly<Record<string, Readonly<Record<string, string>>>> = {
  'repo arch': { '': 'none' },
  'repo breed': { '': 'none' },
  'repo mirror_type': { '': 'baseurl' },
  'image image_type': { 'virt-image': 'direct' },
  'interface interface_type': { '': 'na', master: 'bond', slave: 'bond_slave' },
};

/** Folders of answer files that Cobbler 2 and early 3 wrote whole. */
const TEMPLATE_FOLDER = /^\/(?:var\/lib\/cobbler\/(?:kickstarts|autoinstall_templates|templates)|etc\/cobbler)\//;

/** A value in today's words, and what was done to it; `why` null = nothing worth telling. */
export interface FormerValue {
  value: ItemValue;
  why: string | null;
}

/** The value of a field in today's words. `owner`: word for the type of item, or `interface`. */
export function formerValue(owner: string, field: string, value: ItemValue): FormerValue {
  if (typeof value !== 'string') return { value, why: null };
  if (field === 'autoinstall') {
    const inside = value.replace(TEMPLATE_FOLDER, '');
    if (inside !== value) return { value: inside, why: `${value} is written as ${inside}, below the templates` };
  }
  const words = FORMER_WORDS[`${owner} ${field}`];
  const meant = words && Object.hasOwn(words, value) ? words[value]! : value;
  return { value: meant, why: meant === value || value === '' ? null : `${value} is called ${meant} now` };
}

/** `~` stands for nil wherever the API answers, also inside structs; comparisons and items know nil only. */
export function withNil(value: ItemValue): ItemValue {
  if (value === '~') return null;
  if (Array.isArray(value)) return value.map(withNil);
  if (!isDict(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, withNil(entry)]));
}

/** Stars in place of a secret, as servers show it to those who must not know it. */
export function isRedaction(value: ItemValue): boolean {
  if (Array.isArray(value)) return value.some(isRedaction);
  return typeof value === 'string' && /^\*{3,}$/.test(value);
}

/** True when a struct in the value has the key `__proto__`, which clients in JavaScript cannot read back. */
export function holdsProto(value: ItemValue): boolean {
  if (Array.isArray(value)) return value.some(holdsProto);
  return isDict(value) && (Object.hasOwn(value, '__proto__') || Object.values(value).some(holdsProto));
}
