import { stringify } from 'yaml';
import { fieldNamed, storedFields, type ItemType } from '../../domain/inventory';
import type { Field } from '../../domain/item-fields';
import { INHERIT } from '../../domain/item-value';
import { formatNumber, localTime } from '../format';
import { renderTable, type Cell } from '../table';
import { columnsOf, type Colors, type Terminal } from '../terminal';
import { padText, plain } from '../text-width';
import { isWireStruct, toJson, type WireStruct, type WireValue } from '../wire';
import { sortFields } from './cobbler-labels';
import { GROUPS, fieldWords } from './field-words';

/** Fields `--long` shows beside the name. `interfaces.X` is a field of a system's interfaces. */
const MAIN_FIELDS: Readonly<Record<string, readonly string[]>> = {
  distro: ['breed', 'os_version', 'arch', 'comment'],
  profile: ['distro', 'parent', 'autoinstall', 'comment'],
  system: ['profile', 'image', 'netboot_enabled', 'interfaces.mac_address', 'interfaces.ip_address', 'comment'],
  repo: ['breed', 'arch', 'mirror', 'comment'],
  image: ['image_type', 'arch', 'file', 'comment'],
  menu: ['display_name', 'parent', 'comment'],
  mgmtclass: ['class_name', 'packages', 'files', 'comment'],
  package: ['action', 'installer', 'version', 'comment'],
  file: ['action', 'path', 'owner', 'group', 'mode', 'comment'],
  contact: ['email', 'sms', 'webhook', 'enabled', 'comment'],
  subscription: ['contact', 'channel', 'scope_type', 'scope', 'reasons', 'enabled'],
  silence: ['system', 'profile', 'distro', 'owner', 'pattern', 'ends_at', 'author', 'reason'],
};

/** A table of items with their main fields. */
export function itemTable(type: ItemType, items: readonly WireStruct[], terminal: Terminal): string[] {
  const fields = ['name', ...(MAIN_FIELDS[type.name] ?? [])];
  const columns = fields.map((field, index) => ({
    title: field.replace(/^.*\./, '').replaceAll('_', ' '),
    ...(index > 0 && { shrinkTo: 8 }),
  }));
  const rows = items.map((item) => fields.map((field) => cellOf(type, item, field, terminal.colors)));
  return renderTable(columns, rows, { width: columnsOf(terminal), titleStyle: terminal.colors.dim });
}

function cellOf(type: ItemType, item: WireStruct, path: string, colors: Colors): Cell {
  const [part, name] = path.split('.');
  if (name !== undefined) {
    const parts = item[part!];
    const each = isWireStruct(parts) ? Object.values(parts).filter(isWireStruct) : [];
    return each
      .map((fields) => valueWords(fields[name] ?? ''))
      .filter((word) => word !== '')
      .join(' ');
  }
  const value = item[path] ?? '';
  const text = valueWords(value, fieldNamed(type.fields, path));
  return value === INHERIT ? { text: '(inherited)', style: colors.dim } : text;
}

/** A value as a person writes it on the command line. */
export function valueWords(value: WireValue, field?: Field): string {
  if (value === '~' || value === null) return '';
  if (typeof value === 'boolean') return value ? 'yes' : 'no';
  if (typeof value === 'number') {
    if (isMoment(field)) return value === 0 ? '' : localTime(value * 1000);
    return String(value);
  }
  if (Array.isArray(value)) return value.map((each) => valueWords(each)).join(' ');
  if (isWireStruct(value)) return Object.entries(value).map(pairWords).join(' ');
  return String(value);
}

/** Times are doubles that tell when: seconds since 1970. */
function isMoment(field: Field | undefined): boolean {
  return field?.kind === 'double' && /(?:time|_at)$/.test(field.name);
}

function pairWords([key, value]: [string, WireValue]): string {
  if (value === '~' || value === null) return key;
  if (Array.isArray(value)) return value.map((each) => pairWords([key, each])).join(' ');
  const text = isWireStruct(value) ? JSON.stringify(toJson(value)) : valueWords(value);
  return `${key}=${/[\s"]/.test(text) ? JSON.stringify(text) : text}`;
}

/**
 * One item for a person: what is set, by the headings of the help.
 *
 * @param all - also what is inherited or as it is by default.
 */
export function describeItem(type: ItemType, item: WireStruct, all: boolean, colors: Colors): string[] {
  const fields = storedFields(type.fields).filter(({ name, kind }) => name !== 'name' && kind !== 'parts');
  const shown = fields.filter((field) => all || (isSet(field, item[field.name] ?? '') && !field.readOnly));
  const lines = Object.values(GROUPS).flatMap((group) => {
    const own = shown.filter((field) => fieldWords(type.name, field.name).group === group);
    return own.map((field) => [field.name.replaceAll('_', '-'), field, item[field.name] ?? ''] as const);
  });
  const width = Math.max(0, ...lines.map(([title]) => title.length), ...partTitles(type, item, all));
  const hidden = fields.filter((field) => !field.readOnly).length - shown.filter((field) => !field.readOnly).length;
  return [
    colors.bold(plain(valueWords(item['name'] ?? ''))) + colors.dim(`  ${type.name}`),
    ...lines.map(([title, field, value]) => `  ${fieldLine(title, width, field, value, colors)}`),
    ...partLines(type, item, all, width, colors),
    ...(hidden > 0 ? [colors.dim(`  ${formatNumber(hidden)} more as inherited or by default (--all)`)] : []),
  ];
}

function fieldLine(title: string, width: number, field: Field, value: WireValue, colors: Colors): string {
  const text = value === INHERIT ? colors.dim('(inherited)') : plain(valueWords(value, field));
  return `${colors.dim(padText(title, width))}  ${text}`.trimEnd();
}

function partsOfItem(type: ItemType, item: WireStruct): [string, WireStruct][] {
  const parts = type.parts && item[type.parts.field];
  if (!isWireStruct(parts)) return [];
  return Object.entries(parts).filter((entry): entry is [string, WireStruct] => isWireStruct(entry[1]));
}

function partTitles(type: ItemType, item: WireStruct, all: boolean): number[] {
  return partsOfItem(type, item).flatMap(([, part]) => partFields(type, part, all).map(({ name }) => name.length + 2));
}

function partFields(type: ItemType, part: WireStruct, all: boolean): Field[] {
  return sortFields(type.parts!.fields).filter((field) => all || isSet(field, part[field.name] ?? ''));
}

function partLines(type: ItemType, item: WireStruct, all: boolean, width: number, colors: Colors): string[] {
  return partsOfItem(type, item).flatMap(([name, part]) => [
    `  ${colors.bold(plain(name))}`,
    ...partFields(type, part, all).map(
      (field) => `    ${fieldLine(field.name.replaceAll('_', '-'), width - 2, field, part[field.name] ?? '', colors)}`,
    ),
  ]);
}

/** True when the value says something: it is not inherited, not empty and not what a new item has. */
function isSet(field: Field, value: WireValue): boolean {
  if (value === INHERIT || value === '' || value === '~') return false;
  if (Array.isArray(value) && value.length === 0) return false;
  if (isWireStruct(value) && Object.keys(value).length === 0) return false;
  return typeof field.initial === 'function' || JSON.stringify(value) !== JSON.stringify(field.initial);
}

/** Items as one document of another format. */
export function formatItems(type: ItemType, items: readonly WireStruct[], format: 'json' | 'yaml' | 'csv'): string {
  const plainItems = items.map((item) => toJson(item) as Record<string, unknown>);
  if (format === 'json') return JSON.stringify(plainItems, null, 2);
  if (format === 'yaml') return stringify(plainItems).trimEnd();
  const fields = sortFields(storedFields(type.fields)).map(({ name }) => name);
  const rows = plainItems.map((item) => fields.map((field) => csvCell(item[field])));
  return [fields, ...rows].map((cells) => cells.join(',')).join('\r\n');
}

/** RFC 4180; what a spreadsheet would take for a formula is kept text. */
function csvCell(value: unknown): string {
  const text = typeof value === 'string' ? value : value === null || value === undefined ? '' : JSON.stringify(value);
  const safe = /^[=+@\t\r]/.test(text) ? `'${text}` : text;
  return /[",\r\n]/.test(safe) ? `"${safe.replaceAll('"', '""')}"` : safe;
}
