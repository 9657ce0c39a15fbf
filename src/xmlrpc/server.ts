import { createThrottle } from '../actions/throttled-log';
import { AppError } from '../domain/errors';
import type { Instant } from '../domain/event';
import type { Log } from '../log';
import { parseCall, serializeFault, serializeResponse, type Document } from './codec';
import { createDispatcher, runCall, type Dispatcher, type SessionChecker } from './dispatch';
import { cx, Fault, isInternal, toFault } from './fault';
import { introspectionMethods } from './introspection';
import { LIMITS, type Limits } from './limits';
import { defineMethod, type Method } from './method';
import { runMulticall } from './multicall';

/** Characters of a refusal that go into the log. */
const MAX_LOGGED = 200;

/** What the server is made of. */
export interface XmlRpcServerOptions {
  methods: Method[];
  sessions: SessionChecker;
  log: Pick<Log, 'error' | 'warn'>;
  /** Now, in milliseconds. */
  now: () => Instant;
  limits?: Limits;
}

/** XML-RPC from bytes to bytes; knows nothing of HTTP. */
export interface XmlRpcServer {
  /** Larger requests are refused. */
  readonly maxBodyBytes: number;
  /** Names of all methods, the server's own included. */
  readonly methodNames: string[];
  /**
   * Answers one request document. Never rejects: whatever goes wrong is a fault.
   *
   * @param peer - Address of the caller, no port.
   */
  handle(body: Uint8Array, peer: string): Promise<Document>;
  /** The document of a fault with this sentence, for requests that never get as far as `handle`. */
  refuse(sentence: string): string;
}

/**
 * Makes the server; `system.listMethods`, `methodHelp`, `methodSignature` and `multicall` come on top of `methods`.
 *
 * @throws Error when a name is used twice, or a session method has no token.
 */
export function createXmlRpcServer(options: XmlRpcServerOptions): XmlRpcServer {
  const { sessions, log, now, limits = LIMITS } = options;
  const warn = createThrottle(log, now);
  const report = (error: unknown, method: string): Fault => {
    if (isInternal(error)) log.error('A method failed', { method, error });
    else if (error instanceof AppError && error.kind !== 'unavailable') {
      // What is away says so itself, where it is noticed first.
      const fields = { method, code: error.code, detail: error.message.slice(0, MAX_LOGGED) };
      warn(`${method} ${error.code}`, 'A call was refused.', fields);
    }
    return toFault(error);
  };
  const methods = [...options.methods];
  // The dispatcher that multicall needs holds multicall itself, so it is made last.
  const late: { dispatch: Dispatcher } = {
    dispatch: () => {
      throw new Error('called before start-up');
    },
  };
  methods.push(
    ...introspectionMethods(methods),
    defineMethod({
      name: 'system.multicall',
      params: [{ name: 'calls', type: 'array' }],
      access: 'public',
      returns: 'array',
      summary:
        'Runs a list of calls, each a struct of methodName and params, in their order. Answers per call an array of ' +
        `its value, or the struct of its fault. At most ${limits.multicallEntries} calls.`,
      run: ([calls], call) =>
        runMulticall(
          {
            dispatch: late.dispatch,
            sessions,
            maxEntries: limits.multicallEntries,
            maxAnswer: limits.multicallAnswer,
            report,
          },
          calls ?? null,
          call,
        ),
    }),
  );
  late.dispatch = createDispatcher(methods);

  return {
    maxBodyBytes: limits.bodyBytes,
    methodNames: methods.map((method) => method.name),
    async handle(body, peer) {
      let name: string | null = null;
      try {
        const { method, params } = parseCall(body, limits);
        name = method;
        const ready = late.dispatch(method, params);
        return serializeResponse(await runCall(ready, { peer, receivedAt: now() }, sessions));
      } catch (error) {
        if (name === null && error instanceof Fault) {
          warn(`unreadable ${peer}`, 'A request could not be read.', {
            peer,
            detail: error.detail.slice(0, MAX_LOGGED),
          });
        }
        return serializeFault(report(error, name ?? ''));
      }
    },
    refuse: (sentence) => serializeFault(cx(sentence)),
  };
}
