import type { Instant } from '../../domain/event';
import { defineMethod, type Method } from '../method';
import { struct } from '../value';
import { toSeconds } from './run-struct';

/** A sender of live logs; see actions/take-syslog. */
export interface SenderAnswer {
  peer: string;
  host: string | null;
  target: string | null;
  boundBy: string | null;
  lines: number;
  lost: number;
  heardAt: Instant;
  refused: string | null;
}

/** get_senders: from whom this server hears live logs, and whom it takes each for. */
export function senderMethods(deps: { senders(): SenderAnswer[] }): Method[] {
  return [
    defineMethod({
      name: 'get_senders',
      params: [{ name: 'token', type: 'string' }],
      access: 'session',
      returns: 'array',
      summary:
        'The senders of live logs this server has heard of late, newest first, at most 1,000: peer, host, target ' +
        '(~ = nobody knows who it is), bound_by, lines, lost, heard, refused (why nothing of it is taken; ~ = it is).',
      run() {
        const senders = deps.senders().slice(0, 1_000);
        return Promise.resolve(
          senders.map(({ peer, host, target, boundBy, lines, lost, heardAt, refused }) =>
            struct({
              peer,
              host: host ?? '~',
              target: target ?? '~',
              bound_by: boundBy ?? '~',
              lines,
              lost,
              heard: toSeconds(heardAt),
              refused: refused ?? '~',
            }),
          ),
        );
      },
    }),
  ];
}
