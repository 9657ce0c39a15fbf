import type { Instant } from '../domain/event';
import type { Touched } from '../actions/authorize';
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

/** Words for types in help and signatures. */
export type TypeName = 'string' | 'int' | 'boolean' | 'double' | 'struct' | 'array' | 'base64' | 'any';

/** One positional parameter as callers see it. Without `default` it is required. */
export interface Param {
  name: string;
  /** For help and signatures only: methods check their own values, with Cobbler's own fault texts. */
  type: TypeName;
  default?: XmlRpcValue;
}

/**
 * One XML-RPC method. Argument count, token check, faults, `system.listMethods`, `methodHelp` and `methodSignature`
 * all come from this entry.
 *
 * `access`: `public` = nobody is asked (a `token` parameter may exist and is ignored, as in Cobbler); `session` = the
 * parameter called `token` must be a live session token, checked and slid forward before `run`, and its user must have
 * the right `resource` (the name Cobbler's authorization modules know it by, the method's own when left out) on the
 * items that `touches` names. A method that changes, removes or copies an item must say so there.
 */
export interface Method {
  name: string;
  params: Param[];
  access: 'public' | 'session';
  /** null: every session may, it is about the session itself. */
  resource?: string | null;
  /** The items a call is about, as far as its arguments name them: their owners are asked. */
  touches?(args: readonly XmlRpcValue[]): Touched[] | Promise<Touched[]>;
  /** What the record of who did what calls it, where the name of the method does not say it. */
  verb?(args: readonly XmlRpcValue[]): string;
  /** Type word of the answer, for methodSignature. */
  returns: TypeName;
  /** One sentence for methodHelp. */
  summary: string;
  /**
   * In a `system.multicall`, may run at the same time as the entries beside it that say so too; they are started in
   * their order. Left out, an entry waits for those before it, so that new → modify → save stays what it says.
   */
  concurrent?: boolean;
  /** `args` holds one value per parameter, defaults filled in. Throws Fault or AppError. */
  run(args: XmlRpcValue[], call: Call, session: Session | null): Promise<XmlRpcValue>;
}

/**
 * Checks an entry at start-up and gives it its type.
 *
 * @throws Error when a caller could never satisfy it: a session method without `token`, a parameter without a default
 *   behind one that has one, the same parameter twice.
 */
export function defineMethod(method: Method): Method {
  const names = method.params.map((param) => param.name);
  if (new Set(names).size !== names.length) throw new Error(`method ${method.name}: two parameters have one name`);
  if (method.access === 'session' && !names.includes('token')) {
    throw new Error(`method ${method.name}: access is by session but there is no parameter "token"`);
  }
  const optional = method.params.findIndex((param) => 'default' in param);
  if (optional >= 0 && method.params.slice(optional).some((param) => !('default' in param))) {
    throw new Error(`method ${method.name}: a required parameter stands behind an optional one`);
  }
  return method;
}
