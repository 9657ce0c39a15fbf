import { DEFAULT_REASONS, type Audience, type Contact, type Subscription } from '../../src/domain/notification';

/** A contact with an e-mail address and a telephone number. */
export function contact(name: string, rest: Partial<Contact> = {}): Contact {
  return {
    name,
    addresses: { email: [`${name}@example.org`], sms: ['+4930123456'] },
    timeZone: null,
    enabled: true,
    ...rest,
  };
}

/** A subscription by e-mail to every run, for the default reasons. */
export function subscription(of: string, rest: Partial<Subscription> = {}): Subscription {
  return {
    name: `${of}-mail`,
    contact: of,
    channel: 'email',
    scope: { kind: 'all', value: '' },
    reasons: DEFAULT_REASONS,
    progressEvery: null,
    digestMinutes: null,
    digestAt: null,
    enabled: true,
    ...rest,
  };
}

/** The named contacts with these subscriptions. */
export function audienceOf(subscriptions: Subscription[], contacts?: Contact[]): Audience {
  const names = [...new Set(subscriptions.map((entry) => entry.contact))];
  return { contacts: contacts ?? names.map((name) => contact(name)), subscriptions };
}
