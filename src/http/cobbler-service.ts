import { AppError } from '../domain/errors';
import type { Answer } from './answer';
import { type FileOps, fileOps } from './cobbler-files';
import { type InstallOps, installOps } from './cobbler-installs';
import { type InventoryOps, inventoryOps } from './cobbler-inventory';
import type { HttpRequest, Route } from './server';

/** What the service asks of the rest of the program. */
export interface CobblerServiceDeps extends InstallOps, FileOps, InventoryOps {
  /** The fault string an error has over XML-RPC. */
  describeFault(error: unknown): string;
}

/** A request, its path read. The last of two equal keys counts. */
export interface ServiceCall {
  keys: ReadonlyMap<string, string>;
  request: HttpRequest;
}

/** One operation: its text, which decides on the status; null = Cobbler's page for what it cannot do. */
export type ServiceOp = (call: ServiceCall) => Promise<string>;

const PREFIX = '/cblr/svc';
/** Longest path that is looked at: no name is longer than 255. */
const MAX_PATH = 4_000;

/**
 * Cobbler's HTTP service, `/cblr/svc/op/OP/KEY/VALUE/…`. Percent signs are decoded first, then `..`, `.` and empty parts
 * are taken away, then the parts are read as keys and values. The query is looked at by `script` alone.
 */
export function createCobblerService(deps: CobblerServiceDeps): Route {
  const ops = new Map<string, ServiceOp>([
    ['index', () => Promise.resolve('no mode specified')],
    ...Object.entries(installOps(deps)),
    ...Object.entries(fileOps(deps)),
    ...Object.entries(inventoryOps(deps)),
  ]);
  return {
    prefix: PREFIX,
    // Some installers can only send POST; what they send is not looked at.
    maxBodyBytes: 64 * 1024,
    async handle(request) {
      const keys = readKeys(request.path);
      if (keys === null) return text(400, '# the path cannot be read');
      const run = ops.get(keys.get('op') ?? 'index');
      if (run === undefined) return text(404, '# this operation is not available');
      try {
        const body = await run({ keys, request });
        return text(statusOf(body), body);
      } catch (error) {
        const isAway = error instanceof AppError && error.kind === 'unavailable';
        return text(isAway ? 503 : 500, deps.describeFault(error));
      }
    },
  };
}

/** Cobbler tells the status by what it answers; here by how that begins, as a file may hold such words further down. */
function statusOf(body: string): number {
  if (body.startsWith('# *** ERROR ***')) return 500;
  return /^# (?:profile|system|object) not found/.test(body) ? 404 : 200;
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
