import { BLENDED_FIELDS } from '../../domain/autoinstall-data';
import { flattenItem } from '../../domain/inheritance';
import { INHERIT, type ItemData, textOf } from '../../domain/item-value';
import { ITEM_TYPES, itemType, type ItemType } from '../../domain/inventory';
import { drawFreeMac } from '../../actions/item-draft';
import { readBlended, readResolvedValue } from '../../actions/read-items';
import { readClasses, readRepos } from '../../actions/read-resources';
import { attributeError, cx, valueError } from '../fault';
import { holdsSecrets, isTruthy, redact, secretsOf, toItemStruct, toWire, wordOf } from '../item-wire';
import { defineMethod, type Method } from '../method';
import { struct, type Struct, type XmlRpcValue } from '../value';
import { asName, ANY_TOKEN, hasSession, type ItemMethodDeps } from './item-methods';
import { SECRET_SETTINGS } from './settings';

const SECRETS = [...SECRET_SETTINGS, ...ITEM_TYPES.flatMap(secretsOf)];
/** A random 128-bit uid (RFC 9562 §5.4) in hex, as items have it. */
const UID = /^[0-9a-f]{12}4[0-9a-f]{3}[89ab][0-9a-f]{15}$/;

/** get_T_as_rendered. `args`: name, and what may be a token. `{}` when there is no such item. */
export async function getRendered(
  deps: ItemMethodDeps,
  type: ItemType,
  args: readonly XmlRpcValue[],
): Promise<XmlRpcValue> {
  const blended = await readBlended(deps, type, asName(args[0]));
  if (!blended) return struct();
  const shown = await showBlended(deps, type, blended, args);
  // Classes by name here, where they are a list of names elsewhere.
  if (type.target === 'system') shown.mgmt_classes = byName(await readClasses(deps, blended));
  return shown;
}

async function showBlended(
  deps: ItemMethodDeps,
  type: ItemType,
  blended: ItemData,
  args: readonly XmlRpcValue[],
): Promise<Struct> {
  const shown = toItemStruct(await readable(deps, type, flattenItem(BLENDED_FIELDS, blended), args));
  if (blended.repos !== undefined) shown.repo_data = (await readRepos(deps, blended)).map(toItemStruct);
  return shown;
}

/** Blended values with the answer file, secrets hidden from whoever has no session. */
async function readable(
  deps: ItemMethodDeps,
  type: ItemType,
  blended: ItemData,
  args: readonly XmlRpcValue[],
): Promise<ItemData> {
  const values = { ...blended };
  if (type.boots) addAnswerFile(values);
  const hides = holdsSecrets(values, SECRETS) && !(await hasSession(deps, args));
  return hides ? redact(values, SECRETS) : values;
}

function byName(items: readonly ItemData[]): Struct {
  const named = struct();
  for (const item of items) named[textOf(item.name)] = toItemStruct(item);
  return named;
}

/**
 * The answer file under the names koan reads. As Cobbler 2 did, a template is named by its path: koan asks our
 * `op/ks` for whatever begins with a slash and takes anything else for an address. `autoinst` is left out rather than
 * empty, since koan looks at its first character.
 */
function addAnswerFile(values: ItemData): void {
  const file = textOf(values.autoinstall);
  const isPlace = file === '' || file.startsWith('/') || file.includes('://');
  values.kickstart = isPlace ? file : `${textOf(values.autoinstall_templates_dir)}/${file}`;
  if (file !== '') values.autoinst = values.kickstart;
}

/** Methods that show items combined with what they inherit. */
export function renderedMethods(deps: ItemMethodDeps): Method[] {
  const common = { access: 'public', concurrent: true } as const;
  const blend = async (typeName: string, name: XmlRpcValue): Promise<XmlRpcValue> => {
    const type = itemType(typeName);
    const blended = await readBlended(deps, type, asName(name));
    if (!blended) throw cx(`${typeName} not found: ${wordOf(name)}`);
    return showBlended(deps, type, blended, []);
  };
  return [
    defineMethod({
      ...common,
      name: 'get_blended_data',
      params: [
        { name: 'profile', type: 'string', default: null },
        { name: 'system', type: 'string', default: null },
      ],
      returns: 'struct',
      summary: 'A profile or a system combined with all it inherits and the settings; the profile wins.',
      run: async ([profile, system]) => {
        if (isTruthy(profile)) return blend('profile', profile!);
        if (isTruthy(system)) return blend('system', system!);
        throw cx('internal error, no system or profile specified');
      },
    }),
    defineMethod({
      ...common,
      name: 'dump_vars',
      params: [
        { name: 'item_uuid', type: 'string' },
        { name: 'formatted_output', type: 'boolean', default: false },
        { name: 'remove_dicts', type: 'boolean', default: true },
      ],
      returns: 'any',
      summary: 'The item with that uid combined with all it inherits; formatted: as lines of text.',
      run: async ([uid, formatted, flat]) => dumpVars(deps, asName(uid), isTruthy(formatted), isTruthy(flat)),
    }),
    defineMethod({
      ...common,
      name: 'find_system_by_dns_name',
      params: [{ name: 'dns_name', type: 'string' }],
      returns: 'struct',
      summary: 'The system of that DNS name, as get_system_as_rendered shows it; {} when there is none.',
      run: async ([dnsName]) => {
        const keys = { mac: null, ip: null, ipv6: null, dns_name: asName(dnsName).toLowerCase() || null };
        const [holder] = await deps.store.inventory.findConflicts([keys], '');
        return holder ? getRendered(deps, itemType('system'), [holder.holder]) : struct();
      },
    }),
    defineMethod({
      ...common,
      name: 'get_item_resolved_value',
      params: [
        { name: 'item_uuid', type: 'string' },
        { name: 'attribute', type: 'string' },
      ],
      returns: 'any',
      summary: 'The effective value of one attribute of the item with that uid.',
      run: async ([uid, attribute]) => {
        if (typeof uid !== 'string' || !UID.test(uid)) {
          throw valueError('The given uuid did not have the correct format!');
        }
        return showResolved(deps, uid, asName(attribute));
      },
    }),
    defineMethod({
      ...common,
      name: 'get_random_mac',
      params: [{ name: 'virt_type', type: 'string', default: 'xenpv' }, ANY_TOKEN],
      returns: 'string',
      summary: 'A random MAC address that no system has; virt_type: vmware…, xen…, qemu… or kvm….',
      run: async ([virtType]) => {
        const word = asName(virtType);
        const maker = /^vmware/.test(word) ? 'vmware' : /^(xen|qemu|kvm)/.test(word) ? 'xen' : null;
        if (!maker) throw cx('virt mac assignment not yet supported');
        return drawFreeMac(deps.store.inventory, maker);
      },
    }),
  ];
}

async function dumpVars(deps: ItemMethodDeps, uid: string, formatted: boolean, flat: boolean): Promise<XmlRpcValue> {
  const [own] = await deps.store.inventory.loadChainByUid(uid);
  const type = own && itemType(own.type);
  const blended = type && (await readBlended(deps, type, textOf(own.values.name)));
  if (!blended) throw valueError(`Item with uuid "${uid}" does not exist!`);
  const shown = await readable(deps, type, flat ? flattenItem(BLENDED_FIELDS, blended) : blended, []);
  if (!formatted) return toItemStruct(shown);
  const lines = Object.keys(shown).sort();
  return lines.map((key) => `${key} : ${textOf(shown[key])}\n`).join('');
}

async function showResolved(deps: ItemMethodDeps, uid: string, attribute: string): Promise<XmlRpcValue> {
  const found = await readResolvedValue(deps, uid, attribute);
  if (!found) throw valueError(`Item with item_uuid "${uid}" did not exist!`);
  const { type, value } = found;
  if (value === undefined) throw attributeError(`Attribute "${attribute}" did not exist on item type "${type.name}".`);
  if (attribute === 'serial_baud_rate') return value === -1 ? 'DISABLED' : `B${textOf(value)}`;
  const shown = toItemStruct(redact({ [attribute]: value === INHERIT ? '' : value }, secretsOf(type)));
  return shown[attribute] ?? toWire(value);
}
