import { AppError } from '../../domain/errors';
import type { ItemData } from '../../domain/item-value';
import type { Registered } from '../../actions/register-system';
import type { RunReader } from '../../actions/read-runs';
import { defineMethod, type Call, type Method } from '../method';
import { isStruct, struct } from '../value';
import { toJson, toRunStruct } from './run-struct';
import { identify, type StatusDeps } from './status';

/** What register_system is made of. */
export interface RegisterDeps extends Pick<StatusDeps, 'now' | 'reportTokens' | 'checkSession'> {
  reader: RunReader;
  /** Cobbler's setting register_new_installs: systems nobody knows may register themselves. */
  mayRegisterAnonymously(): boolean;
  /** Refuses a user who may not change the system of that name, if there is one. @throws Fault in Cobbler's words. */
  authorize(user: string, call: Call, name: unknown): Promise<void>;
  registerSystem(info: ItemData, options: { by: string | null; mayUpdate: boolean }): Promise<Registered>;
}

/** register_system. */
export function registerSystemMethods(deps: RegisterDeps): Method[] {
  return [
    defineMethod({
      name: 'register_system',
      params: [
        { name: 'info', type: 'struct' },
        { name: 'token', type: 'string', default: '' },
      ],
      access: 'public',
      returns: 'struct',
      summary:
        'Registers a system or brings it up to date (the same call twice changes nothing). info: struct with name, ' +
        'profile, interfaces, any field of a system, users (contacts to be told), kind, plan (default true: open a ' +
        'planned run). Answers system, created, run_id, run and report_token, with which the machine may report.',
      async run([info, token], call) {
        if (!isStruct(info)) throw new AppError('INVALID_ARGUMENT', 'info must be a struct.');
        const caller = await identify(deps, token ?? '', call);
        const isSession = caller.authority === 'session';
        if (!isSession && !deps.mayRegisterAnonymously()) {
          throw new AppError('NOT_ALLOWED', 'Registering needs a session: the setting register_new_installs is off.');
        }
        if (caller.user !== undefined) await deps.authorize(caller.user, call, info.name);
        const registered = await deps.registerSystem(toJson(info) as ItemData, {
          by: caller.user ?? null,
          mayUpdate: isSession,
        });
        const { run } = registered;
        return struct({
          system: registered.system,
          created: registered.created,
          run_id: run?.runId ?? '~',
          run: run ? toRunStruct(await deps.reader.report(run)) : '~',
          report_token: run ? deps.reportTokens.make(run.runId, deps.now()) : '~',
        });
      },
    }),
  ];
}
