import { isSameValue, type ItemData } from '../domain/item-value';
import { completeValues, initialValues, itemType } from '../domain/inventory';
import { DEFAULT_REASONS, type Reason } from '../domain/notification';
import type { Store } from '../store/index';
import type { InventoryDeps, InventoryTransaction } from './inventory-deps';
import { createDraft } from './item-draft';
import { ADMIN_CONTACT } from './list-administrators';
import { storeItem } from './save-item';

/** What NOTIFY_EMAIL and NOTIFY_SMS say. */
export interface AdminAddresses {
  email: readonly string[];
  sms: readonly string[];
}

/** What the settings subscribe `admin` to, by channel. The endings of these problems come by themselves. */
const SUBSCRIPTIONS = [
  { channel: 'email', setting: 'NOTIFY_EMAIL', name: 'admin-email', reasons: DEFAULT_REASONS },
  { channel: 'sms', setting: 'NOTIFY_SMS', name: 'admin-sms', reasons: ['failed', 'stalled', 'terminated'] },
] as const satisfies readonly {
  channel: keyof AdminAddresses;
  setting: string;
  name: string;
  reasons: readonly Reason[];
}[];

/** Times the change is tried when another server makes it too. */
const ATTEMPTS = 4;

/**
 * Makes the contact `admin` and its subscriptions `admin-email` and `admin-sms` say what the settings say; at every
 * start, with the same outcome however often. Addresses and subscriptions that people added are kept; a setting that is
 * gone takes away its addresses and disables its subscription. Addresses of the settings that had been disabled after a
 * refusal are tried again.
 *
 * @returns what was changed, as names of items; empty when all was as it should be.
 */
export async function maintainAdminContact(deps: InventoryDeps, addresses: AdminAddresses): Promise<string[]> {
  for (let attempt = 1; ; attempt++) {
    try {
      return await deps.store.transaction((store, trx) =>
        maintain(store, { items: store.inventory, trx, deps }, addresses),
      );
    } catch (error) {
      if (attempt >= ATTEMPTS || !deps.isWriteConflict(error)) throw error;
    }
  }
}

async function maintain(store: Store, tx: InventoryTransaction, addresses: AdminAddresses): Promise<string[]> {
  await tx.items.lockNames(itemType('contact'), [ADMIN_CONTACT]);
  await tx.items.lockNames(
    itemType('subscription'),
    SUBSCRIPTIONS.map(({ name }) => name),
  );
  const changed: string[] = [];
  const contact: ItemData = {};
  const subscriptions: { name: string; values: ItemData; isWanted: boolean }[] = [];
  const current = (await tx.items.get(itemType('contact'), ADMIN_CONTACT))?.values ?? {};
  for (const { channel, setting, name, reasons } of SUBSCRIPTIONS) {
    const wanted = [...addresses[channel]];
    const made = await store.contacts.loadSettingAddresses(channel);
    if (wanted.length === 0 && made.length === 0) continue;
    const present = (current[channel] ?? []) as string[];
    const added = present.filter((address) => !made.includes(address));
    contact[channel] = [...new Set([...added, ...wanted])];
    // What was there before the setting stays when the setting goes.
    await store.contacts.saveSettingAddresses(
      channel,
      wanted.filter((address) => !added.includes(address)),
    );
    await store.contacts.enableAddresses(channel, wanted);
    const values = {
      contact: ADMIN_CONTACT,
      channel,
      reasons: [...reasons],
      scope_type: 'all',
      enabled: true,
      comment: `Kept by the setting ${setting}; changes are undone at the next start.`,
    };
    const isWanted = wanted.length > 0;
    subscriptions.push({ name, values: isWanted ? values : { enabled: false }, isWanted });
  }
  if (subscriptions.some(({ isWanted }) => isWanted)) contact.enabled = true;
  if (await keepItem(tx, 'contact', ADMIN_CONTACT, contact, Object.keys(contact).length > 0))
    changed.push(ADMIN_CONTACT);
  for (const { name, values, isWanted } of subscriptions) {
    if (await keepItem(tx, 'subscription', name, values, isWanted)) changed.push(name);
  }
  return changed;
}

/** Writes the fields that differ; makes the item when it is missing and wanted. True when something was written. */
async function keepItem(
  tx: InventoryTransaction,
  typeName: string,
  name: string,
  values: ItemData,
  mayMake: boolean,
): Promise<boolean> {
  const type = itemType(typeName);
  const before = await tx.items.get(type, name, { lock: true });
  if (!before && !mayMake) return false;
  const start = before
    ? completeValues(type.fields, before.values, tx.deps.settings)
    : initialValues(type.fields, tx.deps.settings);
  const draft = createDraft(tx, type, start, []);
  if (!before) await draft.write('name', name);
  let differs = !before;
  for (const [field, value] of Object.entries(values)) {
    if (isSameValue(start[field], value)) continue;
    await draft.write(field, value);
    differs = true;
  }
  if (differs) await storeItem(tx, { type, before, values: draft.values, by: null });
  return differs;
}
