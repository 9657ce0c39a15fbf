import { createAuthorizer } from './actions/authorize';
import { createBoundedWork } from './actions/bounded-work';
import type { InventoryDeps } from './actions/inventory-deps';
import { createLoginThrottle } from './actions/login-throttle';
import { createSessions, isSame, type Sessions } from './actions/sessions';
import { createUsers, type Users } from './actions/users';
import { createThrottle } from './actions/throttled-log';
import { AppError } from './domain/errors';
import { createAuthentication } from './auth/authentication';
import { hashPassword } from './auth/passwords';
import type { Modules } from './auth/modules';
import { createUserGroups } from './auth/user-groups';
import type { Log } from './log';
import type { Store } from './store/index';
import type { AccessPort, AccessRecord } from './xmlrpc/guard';

/**
 * Logins that are worked on and that wait. A guess at a password kept by scrypt takes a core and 32 MiB; others wait for
 * an answer from elsewhere. Two of the four threads Node has for such work stay free for files.
 */
const HASHING = { running: 2, waiting: 200 };
const ASKING = { running: 16, waiting: 200 };
const OVERLOADED = 'Too many logins at a time; try again in a few seconds, or keep the session.';

/** What sign-in and rights are made of. */
export interface AppAccessDeps {
  config: { adminUser: string; adminPassword: string };
  sharedSecret: string;
  modules: Modules;
  settings: InventoryDeps['settings'];
  store: Store;
  now(): number;
  log: Log;
}

/** Who may log in, and who may do what. */
export interface AppAccess {
  sessions: Sessions;
  users: Users;
  rights: AccessPort & {
    /** True for the token of a live session whose user may read what others must not see. */
    maySeeSecrets(token: unknown): Promise<boolean>;
  };
}

const OUTCOMES: Readonly<Record<AccessRecord['outcome'], string>> = {
  done: 'A user did something',
  failed: 'A user tried something that failed',
  refused: 'A user was refused for want of rights',
};

/** @throws Error with one sentence when the settings of the authentication module cannot be used. */
export async function createAppAccess(deps: AppAccessDeps): Promise<AppAccess> {
  const { modules, settings, store, now, log } = deps;
  const { adminUser } = deps.config;
  const warn = createThrottle(log, now);
  const tell = (sentence: string): void => warn(sentence, sentence);
  const hashing = createBoundedWork({ ...HASHING, sentence: OVERLOADED });
  const authenticate = await createAuthentication({
    modules,
    settings,
    admin: { user: adminUser, password: deps.config.adminPassword },
    sharedSecret: deps.sharedSecret,
    isSame,
    findPassword: (user) => store.users.findPassword(user),
    hashing,
    asking: createBoundedWork({ ...ASKING, sentence: OVERLOADED }),
    warn: tell,
  });
  const sessions = createSessions({
    store,
    now,
    authenticate,
    sharedSecret: deps.sharedSecret,
    throttle: createLoginThrottle(),
    lifetimeMs: () => Number(settings.auth_token_expiration) * 1000,
    onLogin({ user, peer, succeeded }) {
      if (succeeded) log.info('A user logged in', { user, peer });
      else warn(`login ${peer}`, 'A login failed', { user: user.slice(0, 100), peer });
    },
  });
  const groups = createUserGroups(`${modules.folder}/users.conf`, tell);
  if (modules.authorization !== 'authorization.allowall') await groups.read(); // says at once what is missing
  const authorizer = createAuthorizer({
    store,
    settings,
    module: modules.authorization,
    adminUser,
    readGroups: groups.read,
  });
  return {
    sessions,
    users: createUsers({ store, adminUser, hash: (password) => hashing.run(() => hashPassword(password)), now }),
    rights: {
      isAllowed: authorizer.isAllowed,
      describe: authorizer.describe,
      record: ({ outcome, ...entry }) => log.info(OUTCOMES[outcome], entry),
      async maySeeSecrets(token) {
        try {
          const { user } = await sessions.check(token);
          return await authorizer.isAllowed(user, 'see_secrets');
        } catch (error) {
          if (error instanceof AppError && error.code.startsWith('TOKEN_')) return false;
          throw error;
        }
      },
    },
  };
}
