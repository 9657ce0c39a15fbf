import { cx, typeError } from '../fault';
import { defineMethod, type Method, type Param } from '../method';
import { struct } from '../value';

const EVENT_ID: Param = { name: 'event_id', type: 'string' };

/** Reading of background tasks. There are none yet, so that no id is known. */
export function taskMethods(): Method[] {
  const common = { access: 'public', concurrent: true } as const;
  return [
    defineMethod({
      ...common,
      name: 'get_events',
      params: [{ name: 'for_user', type: 'string', default: '' }],
      returns: 'struct',
      summary: 'Background tasks by id: time, name, state, who has seen it. There are none on this server yet.',
      run([user]) {
        if (typeof user !== 'string') throw typeError('"for_user" must be of type str (may be empty str)!');
        return Promise.resolve(struct());
      },
    }),
    defineMethod({
      ...common,
      name: 'get_task_status',
      params: [EVENT_ID],
      returns: 'array',
      summary: 'How a background task stands: time, name, state, who has seen it.',
      run([id]) {
        if (typeof id !== 'string') throw typeError('"event_id" must be of type str!');
        throw cx('no event with that id');
      },
    }),
    defineMethod({
      ...common,
      name: 'get_event_log',
      params: [EVENT_ID],
      returns: 'string',
      summary: 'What a background task has logged; ? for an unknown id.',
      run([id]) {
        if (typeof id !== 'string') throw typeError('"event_id" must be of type str!');
        return Promise.resolve('?');
      },
    }),
  ];
}
