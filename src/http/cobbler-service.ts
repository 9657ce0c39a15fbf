import { AppError } from '../domain/errors';
import type { Answer } from './answer';
import type { HttpRequest, Route } from './server';

/** What the service asks of the rest of the program. */
export interface CobblerServiceDeps {
  /** As run_install_triggers; rejects with what a caller over XML-RPC would get as a fault. Null for what was not given. */
  runTriggers(mode: string, type: 'system' | 'profile', name: string | null, peer: string): Promise<boolean>;
  /** As disable_netboot; false when there is no such system or the setting is off. Null for what was not given. */
  disableNetboot(name: string | null, peer: string): Promise<boolean>;
  /** A profile install asks not to be netbooted again: there is nothing to switch off, it is evidence. */
  noteProfileInstalled(profile: string, peer: string): Promise<void>;
  /** The fault string an error has over XML-RPC. */
  describeFault(error: unknown): string;
}

const PREFIX = '/cblr/svc';
/** Longest path that is looked at: no name is longer than 255. */
const MAX_PATH = 4_000;

/**
 * Cobbler's HTTP service, `/cblr/svc/op/OP/KEY/VALUE/…`, for what installers call: `trig` and `nopxe`. Percent signs are
 * decoded first, then `..`, `.` and empty parts are taken away, then the parts are read as keys and values. The query
 * is not looked at.
 */
export function createCobblerService(deps: CobblerServiceDeps): Route {
  return {
    prefix: PREFIX,
    // Some installers can only send POST; what they send is not looked at.
    maxBodyBytes: 64 * 1024,
    async handle(request) {
      const keys = readKeys(request.path);
      if (keys === null) return text(400, '# the path cannot be read');
      const op = keys.get('op') ?? 'index';
      if (op === 'index') return text(200, 'no mode specified');
      try {
        switch (op) {
          case 'trig':
            return await answer(request, () => trigger(deps, keys, request.peer));
          case 'nopxe':
            return await answer(request, () => disableNetboot(deps, keys, request.peer));
          default:
            return text(404, '# this operation is not available');
        }
      } catch (error) {
        const isAway = error instanceof AppError && error.kind === 'unavailable';
        return text(isAway ? 503 : 500, deps.describeFault(error));
      }
    },
  };
}

/** Somebody who only asks for headers must not change anything by that. */
async function answer(request: HttpRequest, act: () => Promise<boolean>): Promise<Answer> {
  if (request.method === 'HEAD') return text(200, '');
  return text(200, (await act()) ? 'True' : 'False');
}

/** The address is that of the caller; a profile wins over a system, as in Cobbler. */
function trigger(deps: CobblerServiceDeps, keys: ReadonlyMap<string, string>, peer: string): Promise<boolean> {
  const profile = keys.get('profile');
  const name = profile ?? keys.get('system') ?? null;
  return deps.runTriggers(keys.get('mode') ?? '?', profile === undefined ? 'system' : 'profile', name, peer);
}

async function disableNetboot(
  deps: CobblerServiceDeps,
  keys: ReadonlyMap<string, string>,
  peer: string,
): Promise<boolean> {
  const system = keys.get('system');
  const profile = keys.get('profile');
  if (system === undefined && profile !== undefined) {
    await deps.noteProfileInstalled(profile, peer);
    return false;
  }
  return deps.disableNetboot(system ?? null, peer);
}

/** Keys and values of a path below the prefix; null when it is no path. The last of two equal keys counts. */
function readKeys(path: string): Map<string, string> | null {
  if (path.length > MAX_PATH) return null;
  let decoded: string;
  try {
    decoded = decodeURIComponent(path.slice(PREFIX.length));
  } catch {
    return null;
  }
  const parts: string[] = [];
  for (const part of decoded.split('/')) {
    if (part === '..') parts.pop();
    else if (part !== '' && part !== '.') parts.push(part);
  }
  const keys = new Map<string, string>();
  for (let index = 0; index + 1 < parts.length; index += 2) keys.set(parts[index]!, parts[index + 1]!);
  return keys;
}

function text(status: number, body: string): Answer {
  return { status, contentType: 'text/plain;charset=utf-8', body };
}
