import type { Users } from '../../actions/users';
import { wordOf } from '../item-wire';
import { defineMethod, type Method, type Param } from '../method';
import { struct } from '../value';
import { toSeconds } from './run-struct';

const NAME: Param = { name: 'name', type: 'string' };
const PASSWORD: Param = { name: 'password', type: 'string' };
const TOKEN: Param = { name: 'token', type: 'string' };

/** add_user, set_user_password, remove_user, get_users: the server's own users, for administrators. */
export function userMethods(users: Users): Method[] {
  const access = 'session' as const;
  return [
    defineMethod({
      name: 'add_user',
      params: [NAME, PASSWORD, TOKEN],
      access,
      verb: ([name]) => `add_user ${wordOf(name).slice(0, 64)}`,
      returns: 'boolean',
      summary: 'Adds a user of the server’s own, who can log in besides those the authentication module knows.',
      run: ([name, password]) => users.add(name, password).then(() => true),
    }),
    defineMethod({
      name: 'set_user_password',
      params: [NAME, PASSWORD, TOKEN],
      access,
      verb: ([name]) => `set_user_password ${wordOf(name).slice(0, 64)}`,
      returns: 'boolean',
      summary: 'Gives a user of the server’s own another password, and ends the sessions it has.',
      run: ([name, password]) => users.setPassword(name, password).then(() => true),
    }),
    defineMethod({
      name: 'remove_user',
      params: [NAME, TOKEN],
      access,
      verb: ([name]) => `remove_user ${wordOf(name).slice(0, 64)}`,
      returns: 'boolean',
      summary: 'Removes a user of the server’s own, and ends the sessions it has.',
      run: ([name]) => users.remove(name).then(() => true),
    }),
    defineMethod({
      name: 'get_users',
      params: [TOKEN],
      access,
      returns: 'array',
      summary: 'The users of the server’s own: name, created, changed (of the password).',
      run: async () =>
        (await users.list()).map(({ name, createdAt, changedAt }) =>
          struct({ name, created: toSeconds(createdAt), changed: toSeconds(changedAt) }),
        ),
    }),
  ];
}
