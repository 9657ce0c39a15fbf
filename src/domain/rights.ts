/** User of sessions opened with the shared secret: the server's own tools, and whoever can read its secrets. */
export const DIRECT_USER = '<DIRECT>';

/** Cobbler's authorization modules, by the names its configuration has for them. */
export const AUTHORIZATION_MODULES = [
  'authorization.allowall',
  'authorization.configfile',
  'authorization.ownership',
] as const;
export type AuthorizationModule = (typeof AUTHORIZATION_MODULES)[number];

/** Users by group, as `users.conf` names them. */
export type Groups = ReadonlyMap<string, ReadonlySet<string>>;

/** Groups whose members may do everything under `authorization.ownership`. */
const ADMIN_GROUPS = ['admin', 'admins'];

/** What belongs to nobody, so that under `authorization.ownership` only administrators may change it. */
const OF_ADMINS: ReadonlySet<string> = new Set([
  'modify_setting',
  'write_autoinstall_snippet',
  'remove_autoinstall_snippet',
  // Cobbler 2's read_or_write_snippet
  'modify_snippet',
  'modify_snippet',
]);

/** Who may log in is for administrators under every module: else one login would be good for any number of them. */
const OF_ADMINS_ALWAYS: ReadonlySet<string> = new Set(['add_user', 'remove_user', 'set_user_password', 'get_users']);

/** What is asked: may this user use this resource? */
export interface AccessQuestion {
  user: string;
  /** Cobbler's name of the right (`save_system`, `sync`), or the name of the method. */
  resource: string;
}

/** What the answers depend on. */
export interface AccessRules {
  module: AuthorizationModule;
  groups: Groups;
  /** ADMIN_USER: may do everything, whatever the module. */
  adminUser: string;
}

/**
 * Whether a user may use a resource: `owners` means that it depends on whose items the call is about, which
 * `ownsAll` decides; a call about no item is allowed then.
 */
export function decideAccess(rules: AccessRules, { user, resource }: AccessQuestion): 'yes' | 'no' | 'owners' {
  if (user === DIRECT_USER || user === rules.adminUser) return 'yes';
  const groups = groupsOf(rules.groups, user);
  const isAdmin = rules.module !== 'authorization.allowall' && ADMIN_GROUPS.some((group) => groups.has(group));
  if (OF_ADMINS_ALWAYS.has(resource)) return isAdmin ? 'yes' : 'no';
  switch (rules.module) {
    case 'authorization.allowall':
      return 'yes';
    case 'authorization.configfile':
      return groups.size > 0 ? 'yes' : 'no';
    case 'authorization.ownership':
      if (/^(?:get|read)/.test(resource)) return 'yes';
      if (groups.size === 0) return 'no';
      if (isAdmin) return 'yes';
      return OF_ADMINS.has(resource) ? 'no' : 'owners';
  }
}

/** True when the user owns every one of these items, by name or by group. What nobody owns is everybody's. */
export function ownsAll(rules: AccessRules, user: string, owners: readonly (readonly string[])[]): boolean {
  const names = new Set([user, ...groupsOf(rules.groups, user)]);
  return owners.every((ofItem) => ofItem.length === 0 || ofItem.some((owner) => names.has(owner)));
}

/** Cobbler reads the names in the file in lower case: `Anna` there is `anna`, and here `Anna` as well. */
function groupsOf(groups: Groups, user: string): Set<string> {
  const found = [...groups].filter(([, users]) =>
    [...users].some((name) => name === user || name.toLowerCase() === user),
  );
  return new Set(found.map(([group]) => group));
}
