import { itemType } from '../../domain/inventory';
import { formatTaskLine, type Task } from '../../domain/task';
import { readEvents } from '../../actions/read-events';
import type { TaskRunner } from '../../actions/run-tasks';
import type { Touched } from '../../actions/authorize';
import { readOperation, splitNames } from '../../actions/task-kinds';
import type { PowerOperation, PowerState } from '../../actions/power';
import type { TaskStore } from '../../store/tasks';
import { attributeError, cx, typeError } from '../fault';
import { readHandle } from '../handles';
import { pythonType, toItemData } from '../item-wire';
import { defineMethod, type Method, type Param } from '../method';
import { Double, isStruct, struct, type XmlRpcValue } from '../value';
import { HANDLE, TOKEN } from './item-methods';

/** What the methods on tasks are made of. */
export interface TaskMethodDeps {
  tasks: Pick<TaskStore, 'find' | 'list' | 'markRead' | 'readLines'>;
  runner: Pick<TaskRunner, 'start' | 'runNow'>;
  /** Switches the power of a system and waits. Rejects with an AppError; null for a system that does not exist. */
  switchPower(system: string, operation: PowerOperation): Promise<PowerState | null>;
}

const EVENT_ID: Param = { name: 'event_id', type: 'string' };
const OPTIONS: Param = { name: 'options', type: 'struct' };

/** Calls that begin a task: name, the right that is asked for, the role of the task, and what it does. */
const BACKGROUND: readonly (readonly [name: string, resource: string, role: string, summary: string])[] = [
  ['aclsetup', 'aclsetup', 'aclsetup', 'Permissions of the command line: this server needs none, and says so.'],
  ['buildiso', 'buildiso', 'buildiso', 'Building ISO images: not done by this server, which says so.'],
  ['hardlink', 'hardlink', 'hardlink', 'Makes equal files of mirrored trees one.'],
  ['import', 'import', 'import', 'Importing media: not done by this server, which says so.'],
  ['mkloaders', 'mkloaders', 'mkloaders', 'Making boot loaders: not done by this server, which says so.'],
  ['power_system', 'power_system', 'power', 'Switches the power of systems (power: on, off, reboot, status).'],
  ['replicate', 'replicate', 'replicate', 'Copying another server: not done by this server, which says so.'],
  [
    'reposync',
    'reposync',
    'reposync',
    'Mirroring repos: not done by this server, which says so when there are some to mirror.',
  ],
  ['signature_update', 'sigupdate', 'sigupdate', 'Brings the catalogue of operating systems up to date.'],
  ['sync', 'sync', 'sync', 'Runs the triggers of a sync.'],
  ['syncsystems', 'syncsystems', 'syncsystems', 'Runs the triggers of a sync of some systems (systems: names).'],
  [
    'validate_autoinstall_files',
    'validate_autoinstall_files',
    'validate_autoinstall_files',
    'Checks the autoinstall files of all profiles and systems.',
  ],
];

/** Background tasks: beginning and reading them, and those of them that callers wait for. */
export function taskMethods(deps: TaskMethodDeps): Method[] {
  return [
    ...BACKGROUND.map((entry) => backgroundMethod(deps, entry)),
    ...readingMethods(deps),
    ...waitingMethods(deps),
  ];
}

function backgroundMethod(deps: TaskMethodDeps, [name, resource, role, summary]: (typeof BACKGROUND)[number]): Method {
  return defineMethod({
    name: `background_${name}`,
    params: [OPTIONS, TOKEN],
    access: 'session',
    resource,
    touches: ([options]) => (isStruct(options) ? systemsOf(options.systems) : []),
    returns: 'string',
    summary: `${summary} Answers the id of the background task; get_task_status tells how it stands.`,
    run: async ([options], _call, session) => {
      const given = toItemData(options ?? null);
      if (given === null) throw typeError(`'${pythonType(options ?? null)}' object does not support item assignment`);
      return deps.runner.start(role, given, session?.user ?? null);
    },
  });
}

/** The systems a task is about: their owners are asked. */
function systemsOf(systems: XmlRpcValue | undefined): Touched[] {
  const names = Array.isArray(systems) ? systems : typeof systems === 'string' ? splitNames(systems) : [];
  return names.map((name) => ({ type: 'system', name }));
}

function readingMethods({ tasks }: TaskMethodDeps): Method[] {
  const common = { access: 'public', concurrent: true } as const;
  return [
    defineMethod({
      ...common,
      name: 'get_events',
      params: [{ name: 'for_user', type: 'string', default: '' }],
      returns: 'struct',
      summary:
        'Background tasks of the last 7 days by id: time, name, state, who has seen it. With a user: those that the ' +
        'user has not seen as they stand now, which are seen then.',
      async run([user]) {
        if (typeof user !== 'string') throw typeError('"for_user" must be of type str (may be empty str)!');
        return eventsOf(await readEvents(tasks, user));
      },
    }),
    defineMethod({
      ...common,
      name: 'get_task_status',
      params: [EVENT_ID],
      returns: 'array',
      summary: 'How a background task stands: time, name, state (running, complete, failed), who has seen it.',
      async run([id]) {
        if (typeof id !== 'string') throw typeError('"event_id" must be of type str!');
        const task = await tasks.find(id);
        if (!task) throw cx('no event with that id');
        return eventOf(task);
      },
    }),
    defineMethod({
      ...common,
      name: 'get_event_log',
      params: [EVENT_ID],
      returns: 'string',
      summary: 'What a background task has logged; ? for an unknown id.',
      async run([id]) {
        if (typeof id !== 'string') throw typeError('"event_id" must be of type str!');
        const lines = await tasks.readLines(id);
        return lines.length === 0 ? '?' : lines.map((line) => `${formatTaskLine(id, line)}\n`).join('');
      },
    }),
  ];
}

const eventOf = (task: Task): XmlRpcValue => [
  new Double(task.createdAt / 1000),
  task.displayName,
  task.state,
  task.readBy,
];

function eventsOf(tasks: readonly Task[]): XmlRpcValue {
  const events = struct();
  for (const task of tasks) events[task.id] = eventOf(task);
  return events;
}

function waitingMethods(deps: TaskMethodDeps): Method[] {
  return [
    ...['sync', 'sync_dhcp'].map((name) =>
      defineMethod({
        name,
        params: [TOKEN],
        access: 'session',
        resource: 'sync',
        returns: 'boolean',
        summary:
          name === 'sync'
            ? 'Runs the triggers of a sync and waits for them.'
            : 'DHCP files are not written by this server: true at once.',
        run: async (_args, _call, session) => {
          if (name === 'sync_dhcp') return true;
          const { ok, error } = await deps.runner.runNow('sync', {}, session?.user ?? null);
          if (!ok) throw cx(error ?? 'sync failed');
          return true;
        },
      }),
    ),
    defineMethod({
      name: 'power_system',
      params: [HANDLE_OF_SYSTEM, { name: 'power', type: 'string' }, TOKEN],
      access: 'session',
      resource: 'power_system',
      touches: ([handle]) => [{ type: 'system', handle }],
      returns: 'boolean',
      summary: 'Switches the power of a system (on, off, reboot) and waits; with status: true when it is on.',
      async run([handle, power, token]) {
        const ref = readHandle(handle ?? null, itemType('system'), token ?? null);
        if (ref.kind === 'new') throw cx('no power type set for system');
        const state = await deps.switchPower(ref.name, readOperation(power));
        if (state === null) throw attributeError("'NoneType' object has no attribute 'power_type'");
        return power === 'status' ? state === 'on' : true;
      },
    }),
  ];
}

const HANDLE_OF_SYSTEM: Param = { ...HANDLE, name: 'system_id' };
