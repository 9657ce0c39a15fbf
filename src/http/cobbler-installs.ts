import type { ServiceCall, ServiceOp } from './cobbler-service';

/** What `trig` and `nopxe` take. */
export interface InstallOps {
  /** As run_install_triggers; rejects with what a caller over XML-RPC would get as a fault. Null for what was not given. */
  runTriggers(mode: string, type: 'system' | 'profile', name: string | null, peer: string): Promise<boolean>;
  /** As disable_netboot; false when there is no such system or the setting is off. Null for what was not given. */
  disableNetboot(name: string | null, peer: string): Promise<boolean>;
  /** A profile install asks not to be netbooted again: there is nothing to switch off, it is evidence. */
  noteProfileInstalled(profile: string, peer: string): Promise<void>;
}

/** What installers report by. */
export function installOps(deps: InstallOps): Record<'trig' | 'nopxe', ServiceOp> {
  return {
    trig: (call) => answer(call, () => trigger(deps, call)),
    nopxe: (call) => answer(call, () => disableNetboot(deps, call)),
  };
}

/** Somebody who only asks for headers must not change anything by that. */
async function answer({ request }: ServiceCall, act: () => Promise<boolean>): Promise<string> {
  if (request.method === 'HEAD') return '';
  return (await act()) ? 'True' : 'False';
}

/** The address is that of the caller; a profile wins over a system, as in Cobbler. */
function trigger(deps: InstallOps, { keys, request }: ServiceCall): Promise<boolean> {
  const profile = keys.get('profile');
  const name = profile ?? keys.get('system') ?? null;
  return deps.runTriggers(keys.get('mode') ?? '?', profile === undefined ? 'system' : 'profile', name, request.peer);
}

async function disableNetboot(deps: InstallOps, { keys, request }: ServiceCall): Promise<boolean> {
  const system = keys.get('system');
  const profile = keys.get('profile');
  if (system === undefined && profile !== undefined) {
    await deps.noteProfileInstalled(profile, request.peer);
    return false;
  }
  return deps.disableNetboot(system ?? null, request.peer);
}
