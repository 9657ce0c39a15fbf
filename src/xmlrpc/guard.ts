import type { Touched } from '../actions/authorize';
import { cx } from './fault';
import type { Call, Method, Session } from './method';
import type { XmlRpcValue } from './value';

/** Who may do what, and who keeps the record of it. */
export interface AccessPort {
  isAllowed(user: string, resource: string, touched: readonly Touched[]): Promise<boolean>;
  /** The items by type and name, as the record has them. */
  describe(touched: readonly Touched[]): Promise<string[]>;
  record(entry: AccessRecord): void;
}

/** Who did what, or was not let do it. Holds no argument besides names of items: those may be secrets. */
export interface AccessRecord {
  user: string;
  peer: string;
  /** The method, or what was asked of it. */
  verb: string;
  items: readonly string[];
  outcome: 'done' | 'failed' | 'refused';
}

/** Verbs that change nothing anybody sees: reading, and staging what a `save` publishes. */
const UNRECORDED = /^(?:get|find|has|read|check|is|new|modify)_(?!setting$)/;

/**
 * The methods with the check of rights in front of those for sessions, each with the right its entry names. The one
 * place where rights are checked: whatever runs a method runs this.
 */
export function guardMethods(methods: readonly Method[], access: AccessPort): Method[] {
  return methods.map((method) => (method.access === 'session' ? guard(method, access) : method));
}

function guard(method: Method, access: AccessPort): Method {
  return {
    ...method,
    async run(args, call, session) {
      if (session === null) throw new Error(`method ${method.name} was run without a session`);
      const touched = (await method.touches?.(args)) ?? [];
      if (method.resource !== null) {
        await requireAccess(
          access,
          { session, call, verb: verbOf(method, args) },
          method.resource ?? method.name,
          touched,
        );
      }
      if (UNRECORDED.test(method.name) || method.resource === null) return method.run(args, call, session);
      const items = await access.describe(touched);
      const entry = { user: session.user, peer: call.peer, verb: verbOf(method, args), items };
      try {
        const answer = await method.run(args, call, session);
        access.record({ ...entry, outcome: 'done' });
        return answer;
      } catch (error) {
        access.record({ ...entry, outcome: 'failed' });
        throw error;
      }
    },
  };
}

/**
 * Refuses a caller who has no right to a resource, and records that.
 *
 * @throws Fault in Cobbler's words.
 */
export async function requireAccess(
  access: Pick<AccessPort, 'isAllowed' | 'describe' | 'record'>,
  caller: { session: Session; call: Pick<Call, 'peer'>; verb: string },
  resource: string,
  touched: readonly Touched[],
): Promise<void> {
  const { user } = caller.session;
  if (await access.isAllowed(user, resource, touched)) return;
  const items = await access.describe(touched);
  access.record({ user, peer: caller.call.peer, verb: caller.verb, items, outcome: 'refused' });
  throw cx(`authorization failure for user ${user}`);
}

function verbOf(method: Method, args: readonly XmlRpcValue[]): string {
  return method.verb?.(args) ?? method.name;
}
