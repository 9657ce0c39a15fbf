import { AppError } from '../../domain/errors';
import type { SendResult } from '../../actions/send-status';
import { defineMethod, type Method } from '../method';
import { struct, type XmlRpcValue } from '../value';
import { parseCriteria } from './status';

/** What the methods of this family need. */
export interface NotifyMethodDeps {
  sendStatus(criteria: ReturnType<typeof parseCriteria>, contacts: readonly string[], by: string): Promise<SendResult>;
  sendTest(contacts: readonly string[], by: string): Promise<SendResult>;
}

const CONTACTS = { name: 'contacts', type: 'any' } as const;
const TOKEN = { name: 'token', type: 'string' } as const;

/** send_status and send_test: messages on demand. */
export function notifyMethods(deps: NotifyMethodDeps): Method[] {
  return [
    defineMethod({
      name: 'send_status',
      params: [{ name: 'criteria', type: 'struct' }, CONTACTS, TOKEN],
      access: 'session',
      returns: 'struct',
      summary:
        'Tells contacts at once how matching machines stand now. criteria as for get_runs, the newest run of each ' +
        "machine counts; contacts: array of names, or one; empty means the caller's own. Answers contacts and runs.",
      async run([criteria, contacts], _call, session) {
        return toStruct(await deps.sendStatus(parseCriteria(criteria), parseNames(contacts), session!.user));
      },
    }),

    defineMethod({
      name: 'send_test',
      params: [CONTACTS, TOKEN],
      access: 'session',
      returns: 'struct',
      summary:
        'Sends a trial message to every address of the contacts, also to disabled ones, which are enabled when it ' +
        "arrives. contacts as for send_status; empty means the caller's own.",
      async run([contacts], _call, session) {
        return toStruct(await deps.sendTest(parseNames(contacts), session!.user));
      },
    }),
  ];
}

/** An array of names, one name, or nothing in any of the ways clients say it. */
function parseNames(value: XmlRpcValue | undefined): string[] {
  if (value === null || value === undefined || value === '' || value === '~') return [];
  const names = Array.isArray(value) ? value : [value];
  return names.map((name) => {
    if (typeof name === 'string' && name !== '') return name;
    throw new AppError('INVALID_ARGUMENT', 'contacts must be an array of names.');
  });
}

function toStruct(result: SendResult): XmlRpcValue {
  return struct({ contacts: result.contacts, runs: result.runs });
}
