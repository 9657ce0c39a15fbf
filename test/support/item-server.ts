import { itemMethods } from '../../src/xmlrpc/methods/items';
import { registerMethods } from '../../src/xmlrpc/methods/register';
import { settingMethods } from '../../src/xmlrpc/methods/settings';
import { xapiMethods } from '../../src/xmlrpc/methods/xapi';
import { parseResponse, serializeCall } from '../../src/xmlrpc/codec';
import { cx, valueError } from '../../src/xmlrpc/fault';
import { createXmlRpcServer } from '../../src/xmlrpc/server';
import type { XmlRpcValue } from '../../src/xmlrpc/value';
import type { TestInventory } from './inventory';

/** Tokens of two sessions that are always live. */
export const JANE = `${'jane'.repeat(8)}jn==`;
export const JOE = `${'joe1'.repeat(8)}je==`;

/** Methods on items over a test inventory, called through the real codec and dispatcher. */
export interface ItemServer {
  /** Sends a document, answers a document. */
  send(xml: string): Promise<string>;
  /** Sends a document and takes the answer piece by piece, as sockets do; answers its length in characters. */
  pieces(xml: string): Promise<number>;
  /** Calls a method. @throws Error with the fault string when the answer is a fault. */
  call(method: string, ...params: XmlRpcValue[]): Promise<XmlRpcValue>;
  /** Errors the server logged: each is a bug. */
  errors: unknown[];
}

/** Starts the methods on items in this process. */
export function startItemServer(inventory: TestInventory): ItemServer {
  const users = new Map([
    [JANE, 'jane'],
    [JOE, 'joe'],
  ]);
  const deps = {
    ...inventory.deps,
    isSession: (token: XmlRpcValue) => Promise.resolve(typeof token === 'string' && users.has(token)),
  };
  const errors: unknown[] = [];
  const server = createXmlRpcServer({
    methods: [
      ...itemMethods(deps),
      ...registerMethods(deps),
      ...settingMethods({ ...deps, modifySetting: () => Promise.resolve(false) }),
      ...xapiMethods(deps),
    ],
    sessions: {
      check(token) {
        if (typeof token !== 'string' || token.length !== 36) {
          return Promise.reject(valueError('"token" did not have the correct format or type!'));
        }
        const user = users.get(token);
        return user === undefined ? Promise.reject(cx('invalid token')) : Promise.resolve({ user });
      },
    },
    log: { error: (_sentence: string, data?: unknown) => errors.push(data), warn: () => undefined },
    now: inventory.deps.now,
  });
  const send = async (xml: string): Promise<string> => {
    const document = await server.handle(Buffer.from(xml), '127.0.0.1');
    return typeof document === 'string' ? document : [...document].join('');
  };
  return {
    errors,
    send,
    async pieces(xml) {
      const document = await server.handle(Buffer.from(xml), '127.0.0.1');
      let length = 0;
      for (const piece of typeof document === 'string' ? [document] : document) {
        length += piece.length;
        await new Promise((resolve) => setImmediate(resolve));
      }
      return length;
    },
    async call(method, ...params) {
      const answer = parseResponse(await send(serializeCall(method, params)));
      if ('fault' in answer) throw new Error((answer.fault as { faultString: string }).faultString);
      return answer.value;
    },
  };
}
