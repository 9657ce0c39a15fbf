import type { Instant } from '../domain/event';
import type { XmlRpcValue } from './value';

/** What a method knows of the caller besides its arguments. */
export interface Call {
  /** Address of the caller, no port; behind a trusted proxy the forwarded one. */
  peer: string;
  receivedAt: Instant;
}

/** A checked session. `user` is `<DIRECT>` for the shared secret. */
export interface Session {
  user: string;
}

/** One positional parameter as callers see it. Without `default` it is required. */
export interface Param {
  name: string;
  /** For help and signatures only: methods check their own values, with Cobbler's own fault texts. */
  type: 'string' | 'int' | 'boolean' | 'double' | 'struct' | 'array' | 'base64' | 'any';
  default?: XmlRpcValue;
}

/**
 * One XML-RPC method. Argument count, token check, faults, `system.listMethods`, `methodHelp` and `methodSignature`
 * all come from this entry.
 *
 * `access`: `public` = nobody is asked (a `token` parameter may exist and is ignored, as in Cobbler); `session` = the
 * parameter called `token` must be a live session token, checked and slid forward before `run`; `authorize(session,
 * args)` style checks come on top through `resource`, the name Cobbler's authorization modules know the right by.
 */
export interface Method {
  name: string;
  params: Param[];
  access: 'public' | 'session';
  resource?: string;
  /** Type word of the answer, for methodSignature. */
  returns: Param['type'];
  /** One sentence for methodHelp. */
  summary: string;
  /** `args` holds one value per parameter, defaults filled in. Throws Fault or AppError. */
  run(args: XmlRpcValue[], call: Call, session: Session | null): Promise<XmlRpcValue>;
}

/** Checks an entry at start-up and gives it its type. */
export function defineMethod(method: Method): Method {
  return method;
}
