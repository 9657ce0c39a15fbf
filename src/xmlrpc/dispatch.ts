import { bindArguments } from './arguments';
import { cx, typeError } from './fault';
import type { Call, Method, Session } from './method';
import type { XmlRpcValue } from './value';

/** Who knows the sessions: answers the session of a live token and slides it forward. */
export interface SessionChecker {
  /** `token` is whatever the caller sent in its place. @throws Fault or AppError when it is not a live token. */
  check(token: XmlRpcValue): Promise<Session>;
}

/** A call that may run: its method is known, its arguments are counted. */
export interface ReadyCall {
  method: Method;
  args: XmlRpcValue[];
  /** What stands in place of the token; undefined when nobody asks for one. */
  token: XmlRpcValue | undefined;
}

/** Finds a method and binds its arguments, or throws the Fault of the original. */
export type Dispatcher = (name: string, params: XmlRpcValue[]) => ReadyCall;

/** Names that are attributes but no methods in Cobbler, with the Python type that then shows up in the fault. */
const ATTRIBUTES = new Map([
  ['api', 'CobblerAPI'],
  ['logger', 'Logger'],
  ['events', 'dict'],
  ['token_cache', 'dict'],
  ['object_cache', 'dict'],
  ['unsaved_items', 'dict'],
  ['timestamp', 'float'],
  ['shared_secret', 'str'],
  ['tftpgen', 'TFTPGen'],
  ['autoinstall_mgr', 'AutoInstallationManager'],
  ['load_items_lock', '_thread.lock'],
]);

/**
 * Makes the dispatcher of these methods.
 *
 * @throws Error when a name is used twice.
 */
export function createDispatcher(methods: Method[]): Dispatcher {
  const byName = new Map<string, { method: Method; tokenAt: number }>();
  for (const method of methods) {
    if (byName.has(method.name)) throw new Error(`method ${method.name} is defined twice`);
    const tokenAt = method.access === 'session' ? method.params.findIndex((param) => param.name === 'token') : -1;
    if (method.access === 'session' && tokenAt < 0) {
      throw new Error(`method ${method.name}: access is by session but there is no parameter "token"`);
    }
    byName.set(method.name, { method, tokenAt });
  }
  return (name, params) => {
    const found = byName.get(name);
    if (found === undefined) throw refuseName(name);
    const args = bindArguments(found.method, params);
    return { method: found.method, args, token: found.tokenAt < 0 ? undefined : (args[found.tokenAt] ?? null) };
  };
}

function refuseName(name: string): Error {
  if (name.startsWith('_') || name === 'background_load_items') return cx('forbidden method');
  const type = ATTRIBUTES.get(name);
  return type === undefined ? cx(`unknown remote method '${name}'`) : typeError(`'${type}' object is not callable`);
}

/** Runs a call after its token was checked. Rejects with whatever the check or the method throws. */
export async function runCall(ready: ReadyCall, call: Call, sessions: SessionChecker): Promise<XmlRpcValue> {
  const session = ready.token === undefined ? null : await sessions.check(ready.token);
  return await ready.method.run(ready.args, call, session);
}
