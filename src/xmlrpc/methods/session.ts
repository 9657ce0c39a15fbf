import { statSync } from 'node:fs';
import { touchedBy, type Touched } from '../../actions/authorize';
import { AppError } from '../../domain/errors';
import { DIRECT_USER } from '../../domain/rights';
import type { SessionChecker } from '../dispatch';
import { attributeError, cx, valueError } from '../fault';
import { pythonType } from '../item-wire';
import { defineMethod, type Call, type Method, type Param, type Session } from '../method';
import { Double, struct, type XmlRpcValue } from '../value';

/** What the methods need of the sessions. */
export interface SessionsPort {
  login(user: unknown, password: unknown, peer?: string): Promise<string>;
  logout(token: unknown): Promise<boolean>;
  check(token: unknown): Promise<Session>;
  tokenCheck(token: unknown): Promise<boolean>;
}

/** What the methods need of the rights. */
export interface RightsPort {
  isAllowed(user: string, resource: string, touched: readonly Touched[]): Promise<boolean>;
  /** Cobbler's name of the authentication module. */
  authenticationModule: string;
}

/** The version of Cobbler whose API is spoken. */
const VERSION = [3, 3, 7] as const;
const TOKEN: Param = { name: 'token', type: 'string' };
const IGNORED_TOKEN: Param = { name: 'token', type: 'string', default: null };
const ACCESS_PARAMS: Param[] = [
  TOKEN,
  { name: 'resource', type: 'string' },
  { name: 'arg1', type: 'any', default: null },
  { name: 'arg2', type: 'any', default: null },
];

/**
 * The check of tokens in Cobbler's words. Unlike Cobbler the fault does not repeat the token: it would end up in the
 * logs of whoever called.
 */
export function createSessionChecker(sessions: Pick<SessionsPort, 'check'>): SessionChecker {
  return {
    async check(token) {
      try {
        return await sessions.check(token);
      } catch (error) {
        if (error instanceof AppError && error.code === 'TOKEN_MALFORMED') {
          throw valueError('"token" did not have the correct format or type!');
        }
        if (error instanceof AppError && error.code === 'TOKEN_UNKNOWN') throw cx('invalid token');
        throw error;
      }
    },
  };
}

/** Logging in and out, questions about a session, and who the server is. */
export function sessionMethods(deps: { sessions: SessionsPort; rights: RightsPort }): Method[] {
  const { sessions, rights } = deps;
  return [
    defineMethod({
      name: 'login',
      params: [
        { name: 'login_user', type: 'string' },
        { name: 'login_password', type: 'string' },
      ],
      access: 'public',
      returns: 'string',
      summary: 'Opens a session; answers its token. An empty user name logs in with the shared secret.',
      run: ([user, password], call) => login(sessions, user!, password!, call),
    }),
    defineMethod({
      name: 'logout',
      params: [TOKEN],
      access: 'public',
      returns: 'boolean',
      summary: 'Ends a session; false when there was none.',
      run: ([token]) => sessions.logout(token),
    }),
    defineMethod({
      name: 'token_check',
      params: [TOKEN],
      access: 'public',
      returns: 'boolean',
      summary: 'Tells whether a session lives, and extends its life.',
      run: ([token]) => sessions.tokenCheck(token),
    }),
    defineMethod({
      name: 'get_user_from_token',
      params: [TOKEN],
      access: 'session',
      resource: null,
      returns: 'string',
      summary: 'Name of the user of a session.',
      run: (_args, _call, session) => Promise.resolve(session!.user),
    }),
    defineMethod({
      name: 'get_authn_module_name',
      params: [TOKEN],
      access: 'session',
      resource: null,
      returns: 'string',
      summary: 'Name of the authentication module; only sessions of the shared secret may ask.',
      run: (_args, _call, session) => {
        if (session!.user === DIRECT_USER) return Promise.resolve(rights.authenticationModule);
        throw cx(`authorization failure for user ${session!.user} attempting to access authn module name`);
      },
    }),
    defineMethod({
      name: 'check_access',
      params: ACCESS_PARAMS,
      access: 'session',
      resource: null,
      returns: 'int',
      summary: 'Answers 1 when the session may use a resource (arg1: name or handle of the item), else a fault.',
      run: async ([, resource, arg1], _call, session) => {
        if (await mayUse(rights, session!.user, resource!, arg1!)) return 1;
        throw cx(`authorization failure for user ${session!.user}`);
      },
    }),
    defineMethod({
      name: 'check_access_no_fail',
      params: ACCESS_PARAMS,
      access: 'public',
      returns: 'int',
      summary: 'Answers 1 when the session may use a resource, else 0.',
      run: async ([token, resource, arg1]) => {
        const session = await sessions.check(token).catch((error: unknown) => {
          if (isNoSession(error)) return null;
          throw error;
        });
        return session !== null && (await mayUse(rights, session.user, resource!, arg1!)) ? 1 : 0;
      },
    }),
    ...versionMethods(),
    defineMethod({
      name: 'ping',
      params: [],
      access: 'public',
      returns: 'boolean',
      summary: 'Answers true.',
      run: () => Promise.resolve(true),
    }),
  ];
}

function mayUse(rights: RightsPort, user: string, resource: XmlRpcValue, arg1: XmlRpcValue): Promise<boolean> {
  const name = typeof resource === 'string' ? resource : '';
  return rights.isAllowed(user, name, touchedBy(name, arg1));
}

function isNoSession(error: unknown): boolean {
  return error instanceof AppError && (error.code === 'TOKEN_MALFORMED' || error.code === 'TOKEN_UNKNOWN');
}

function versionMethods(): Method[] {
  const [major, minor, patch] = VERSION;
  const builtAt = ctime(statSync(__filename).mtime);
  return [
    defineMethod({
      name: 'version',
      params: [IGNORED_TOKEN],
      access: 'public',
      returns: 'double',
      summary: 'Version of Cobbler whose API is spoken, as a number: 3.307 is 3.3.7.',
      run: () => Promise.resolve(new Double((major * 1000 + minor * 100 + patch) / 1000)),
    }),
    defineMethod({
      name: 'extended_version',
      params: [IGNORED_TOKEN],
      access: 'public',
      returns: 'struct',
      summary: 'Version of Cobbler whose API is spoken, in parts.',
      run: () =>
        Promise.resolve(
          struct({
            gitdate: '?',
            gitstamp: '?',
            builddate: builtAt,
            version: VERSION.join('.'),
            version_tuple: [...VERSION],
          }),
        ),
    }),
  ];
}

async function login(sessions: SessionsPort, user: XmlRpcValue, password: XmlRpcValue, call: Call): Promise<string> {
  // Cobbler hashes the password of a named user, and text is all it can hash.
  if (user !== '' && typeof password !== 'string') {
    throw attributeError(`'${pythonType(password)}' object has no attribute 'encode'`);
  }
  try {
    return await sessions.login(user, password, call.peer);
  } catch (error) {
    if (!(error instanceof AppError)) throw error;
    if (error.code === 'LOGIN_THROTTLED') throw cx(error.message);
    if (error.code !== 'LOGIN_FAILED') throw error;
    throw cx(user === '' ? 'login failed' : `login failed (${showUser(user)})`);
  }
}

/** Of a name that cannot be one, so much comes back in the fault. */
const MAX_SHOWN = 255;

/** A user name as Python's `%s` shows it; what is no name at all by its kind only. */
function showUser(user: XmlRpcValue): string {
  if (user === null) return 'None';
  if (typeof user === 'boolean') return user ? 'True' : 'False';
  if (typeof user === 'string') return user.length > MAX_SHOWN ? `${user.slice(0, MAX_SHOWN)}…` : user;
  if (typeof user === 'number' || typeof user === 'bigint') return String(user);
  return pythonType(user);
}

/** As C's ctime writes a moment: `Sun Nov 22 12:57:50 2026`, in UTC. */
function ctime(at: Date): string {
  const [day, date, month, year, time] = at.toUTCString().replace(',', '').split(' ');
  return `${day} ${month} ${String(Number(date)).padStart(2)} ${time} ${year}`;
}
