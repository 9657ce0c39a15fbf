import type { RightsPort } from '../../src/xmlrpc/methods/session';

/** Everybody with a session may do everything: for tests of something else. */
export const ALLOW_ALL: RightsPort = {
  isAllowed: () => Promise.resolve(true),
  authenticationModule: 'authentication.configfile',
};
