import type { Audience, Contact } from '../domain/notification';

/** The contact that NOTIFY_EMAIL and NOTIFY_SMS maintain. */
export const ADMIN_CONTACT = 'admin';

/** Contacts who care for the server itself: `admin`, and whoever subscribed to every run. Disabled ones do not count. */
export function listAdministrators({
  contacts,
  subscriptions,
}: Pick<Audience, 'contacts' | 'subscriptions'>): Contact[] {
  const chosen = new Set([ADMIN_CONTACT]);
  for (const { contact, scope, enabled } of subscriptions) if (enabled && scope.kind === 'all') chosen.add(contact);
  return contacts.filter((contact) => contact.enabled && chosen.has(contact.name));
}
