import { matches } from '../domain/find';
import { narrow } from '../domain/narrow';
import { comparable } from '../domain/item-addresses';
import { FieldError, type ItemData, type ItemValue, textOf } from '../domain/item-value';
import { initialValues, itemType } from '../domain/inventory';
import { changeInventory, type InventoryDeps, type InventoryTransaction } from './inventory-deps';
import { createDraft, type Draft } from './item-draft';
import { storeItem } from './save-item';

/** What a machine says of itself when it registers. */
export interface Registration {
  name: ItemValue;
  profile: ItemValue;
  hostname: ItemValue;
  /** By name of the interface. */
  interfaces: Readonly<Record<string, ItemData>>;
}

/** From this many interfaces on it is no machine but a mistake. */
const TOO_MANY_INTERFACES = 64;
/** What clients send for an address they could not find out. */
const UNKNOWN = '?';
/** What is taken over from an interface besides its MAC address, when it is known. */
const TAKEN_OVER = ['ip_address', 'netmask', 'if_gateway', 'static'];

/**
 * Registers a machine nobody knows yet. Check and creation are one: of two machines that ask for one address at the
 * same time, one is told of the other.
 *
 * @throws FieldError with the reason it is refused, the first of: registration is off, something is missing, a name or
 *   address is taken, a value cannot be used.
 */
export async function registerNewSystem(deps: InventoryDeps, wanted: Registration): Promise<void> {
  refuseIncomplete(deps, wanted);
  const type = itemType('system');
  await changeInventory(deps, async (tx) => {
    await tx.items.lockNames(type, [textOf(wanted.name)]);
    await tx.items.lockAddresses();
    await refuseTaken(tx, wanted);
    const draft = createDraft(tx, type, initialValues(type.fields, deps.settings), []);
    await draft.write('name', wanted.name);
    await draft.write('profile', wanted.profile);
    if (isKnown(wanted.hostname)) await draft.write('hostname', wanted.hostname);
    await draft.write('netboot_enabled', false);
    for (const [name, fields] of Object.entries(wanted.interfaces)) await addInterface(draft, name, fields, wanted);
    await storeItem(tx, { type, before: null, values: draft.values, by: null });
  });
}

function refuse(reason: string): never {
  throw new FieldError('rule', reason);
}

function refuseIncomplete(deps: InventoryDeps, { name, profile, interfaces }: Registration): void {
  if (deps.settings.register_new_installs !== true) refuse('registration is disabled in cobbler settings');
  if (isEmpty(name)) refuse('no system name submitted');
  if (isEmpty(profile)) refuse('profile not submitted');
  const count = Object.keys(interfaces).length;
  if (count === 0) refuse('no interfaces submitted');
  if (count >= TOO_MANY_INTERFACES) refuse('too many interfaces submitted');
}

async function refuseTaken(tx: InventoryTransaction, { name, hostname, interfaces }: Registration): Promise<void> {
  const type = itemType('system');
  if (typeof name === 'string' && (await tx.items.has(type, name))) refuse('system name conflicts');
  if (typeof hostname === 'string' && isKnown(hostname)) {
    const candidates = await tx.items.findCandidates(type, narrow(type, { hostname }).narrowings);
    if (candidates.some((item) => matches(type, item.values, { hostname }))) refuse('hostname conflicts');
  }
  for (const [part, fields] of Object.entries(interfaces)) {
    const { mac_address: mac, ip_address: ip } = fields;
    if (typeof ip === 'string' && ip.includes('/')) refuse('no CIDR ips are allowed');
    if (isEmpty(mac)) refuse(`missing MAC address for interface ${part}`);
    if (await isTaken(tx, 'mac', mac)) refuse(`mac conflict: ${textOf(mac)}`);
    if (await isTaken(tx, 'ip', ip)) refuse(`ip conflict: ${textOf(ip)}`);
  }
}

async function isTaken(tx: InventoryTransaction, kind: 'mac' | 'ip', value: ItemValue | undefined): Promise<boolean> {
  if (typeof value !== 'string' || !isKnown(value)) return false;
  const none = { mac: null, ip: null, ipv6: null, dns_name: null };
  const holders = await tx.items.findConflicts([{ ...none, [kind]: comparable(kind, value) }], '');
  return holders.length > 0;
}

/** Bridges have no MAC address of their own, and one that is unknown makes no interface. */
async function addInterface(draft: Draft, name: string, fields: ItemData, { hostname }: Registration): Promise<void> {
  if (fields.mac_address === UNKNOWN || fields.bridge === 1 || fields.bridge === true || fields.bridge === '1') return;
  const change: ItemData = { [`mac_address-${name}`]: fields.mac_address ?? '' };
  for (const field of TAKEN_OVER) {
    const value = fields[field];
    if (value !== undefined && isKnown(value)) change[`${field}-${name}`] = value;
  }
  if (isKnown(hostname)) change[`dns_name-${name}`] = hostname;
  await draft.writeParts(change);
}

function isEmpty(value: ItemValue | undefined): boolean {
  return value === undefined || value === null || value === '' || value === 0 || value === false;
}

function isKnown(value: ItemValue | undefined): boolean {
  return !isEmpty(value) && value !== UNKNOWN;
}
