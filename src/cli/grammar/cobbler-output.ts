import { ITEM_TYPES, type ItemType } from '../../domain/inventory';
import type { Field } from '../../domain/item-fields';
import { type ServerFault } from '../client-errors';
import { isWireStruct, type WireStruct, type WireValue } from '../wire';
import { cobblerLabel, reportedFields, sortFields } from './cobbler-labels';
import { actionsOf, COBBLER_TYPES, listedTypes } from './item-options';
import { pythonText } from './python-text';

/** What Cobbler 3.3.10's command line prints, recorded from it. Each function answers whole text without the last line end. */

/** The items of `report`: `label : value`, an empty line after each. */
export function reportText(type: ItemType, items: readonly WireStruct[]): string[] {
  return items.flatMap((item) => [...fieldLines(type.name, reportedFields(type), item), ...partLines(type, item), '']);
}

function fieldLines(typeName: string, fields: readonly Field[], item: WireStruct): string[] {
  return fields.map(
    ({ name, kind }) =>
      `${cobblerLabel(typeName, name).padEnd(30)} : ${pythonText(item[name] ?? '', kind === 'double')}`,
  );
}

/** A system's interfaces, each under a line with its name. */
function partLines({ parts }: ItemType, item: WireStruct): string[] {
  const all = parts && item[parts.field];
  if (!parts || !isWireStruct(all)) return [];
  return Object.keys(all)
    .sort()
    .flatMap((name) => {
      const part = all[name];
      const fields = isWireStruct(part) ? fieldLines(parts.word, sortFields(parts.fields), part) : [];
      return [`${'Interface ====='.padEnd(30)} : ${name}`, ...fields];
    });
}

/** `dumpvars`: all variables by name. */
export function variablesText(values: WireStruct): string[] {
  return Object.keys(values)
    .sort()
    .map((name) => `${name}: ${pythonText(values[name]!, isDoubleName(name))}`);
}

/** Fields that hold numbers with fractions, of any type. */
const DOUBLES = new Set(
  ITEM_TYPES.flatMap(({ fields }) => fields.filter(({ kind }) => kind === 'double').map(({ name }) => name)),
);

/** True when Python has the value of that name, a field or the setting it is inherited from, as a float. */
export function isDoubleName(name: string): boolean {
  return DOUBLES.has(name.replace(/^default_/, ''));
}

/** What a refusal looks like: of a change, and of anything else. */
export function faultText(fault: ServerFault, isChange: boolean): string {
  const detail = /^<(?:class|type) '[^']*'>:(.*)$/s.exec(fault.faultString)?.[1] ?? fault.faultString;
  if (isChange) return `exception on server: ${detail}`;
  if (fault.faultString.includes('cobbler.cexceptions.CX')) return fault.message;
  return [
    '### ERROR ###',
    'Unexpected remote error, check the server side logs for further info',
    fault.faultString,
  ].join('\n');
}

/** What is printed when the command line names nothing known. */
export function usageText(commands: readonly string[]): string {
  return [
    'usage',
    '=====',
    `cobbler <${COBBLER_TYPES.join('|')}> ... `,
    '        [add|edit|copy|get-autoinstall*|list|remove|rename|report] [options|--help]',
    'cobbler setting [edit|report]',
    `cobbler <${commands.join('|')}> [options|--help]`,
  ].join('\n');
}

/** The actions of a type, when none of them is named. */
export function typeUsage(name: string, actions: readonly string[]): string {
  return ['usage', '=====', ...[...actions].sort().map((action) => `cobbler ${name} ${action}`)].join('\n');
}

/** As `typeUsage`, of an item type. */
export function itemTypeUsage(type: ItemType): string {
  return typeUsage(type.name, actionsOf(type));
}

/** Types in `list` and `report` of everything: Cobbler's own nine. */
export function typesListed(): ItemType[] {
  return listedTypes().filter(({ name }) => (COBBLER_TYPES as readonly string[]).includes(name));
}

/** Names as `list` shows them. */
export function listText(names: readonly string[]): string[] {
  return names.map((name) => `   ${name}`);
}

/** `status`: the server's text, as it is. */
export function statusText(value: WireValue): string {
  return typeof value === 'string' ? value : '';
}
