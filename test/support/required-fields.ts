import type { ItemValue } from '../../src/domain/item-value';

/**
 * What an item of each type needs besides its name to be saved, by type; nothing for those not named. Tests find the
 * distro `gd`, the profile `gp` and the contact `someone` there.
 */
export const REQUIRED_FIELDS: Readonly<Record<string, Record<string, ItemValue>>> = {
  profile: { distro: 'gd' },
  system: { profile: 'gp' },
  file: { path: '/etc/motd', owner: 'root', group: 'root', mode: '0644', template: 'motd' },
  subscription: { contact: 'someone' },
  silence: { pattern: 'rack12-*', ends_at: '2100-01-01T00:00:00Z' },
};
