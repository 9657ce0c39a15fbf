import { AppError, type ErrorKind } from '../domain/errors';
import type { Instant } from '../domain/event';
import { parseTargetName, type Caller } from '../domain/target';
import type { RunReader } from '../actions/read-runs';
import type { RecordMessage } from '../actions/record-message';
import type { EventReports } from '../actions/report-events';
import type { UploadLog } from '../actions/upload-log';
import type { Answer } from './answer';
import { toRunJson } from './run-json';
import type { HttpRequest, Route } from './server';
import { readStatusFields, readToken } from './status-fields';

/** What the API is made of. */
export interface IntakeApiDeps {
  now(): Instant;
  /** Who sends; '' for nobody in particular. Rejects with AppError for a token that is not valid. */
  identify(token: string, call: { peer: string; receivedAt: Instant }): Promise<Caller>;
  events: EventReports;
  recordMessage: RecordMessage;
  reader: Pick<RunReader, 'report'>;
  uploads: Pick<UploadLog, 'takeLog'>;
  /** Complains, at most once a minute about one thing. */
  warn(key: string, sentence: string, fields: Record<string, unknown>): void;
  /** Longest time an answer may take, milliseconds. */
  boundMs?: number;
}

/** Longest time an installer is kept waiting. */
const BOUND_MS = 5_000;
/** curtin sends its log with a failure: megabytes in base64. */
const MAX_WEBHOOK_BYTES = 8 * 2 ** 20;
const MAX_STATUS_BYTES = 64 * 2 ** 10;
/** The longest piece; a log may grow to 100 MiB by many. */
const MAX_LOG_BYTES = 32 * 2 ** 20;
/** Longest name of a system or profile, and of a file. */
const MAX_NAME = 300;

const USAGE = {
  webhook: 'POST the events of curtin, subiquity or cloud-init as JSON to /v1/webhook/subiquity/SYSTEM.',
  status: 'POST state, phase, percent, message or error to /v1/status/SYSTEM: curl -d percent=40 URL',
  log: 'POST the next lines of a log, or PUT all of it, to /v1/log/SYSTEM/FILE: curl --data-binary @FILE URL',
};

/**
 * What installers and scripts call over plain HTTP: `/v1/webhook/subiquity/SYSTEM` (and `/MAAS/metadata/status/SYSTEM`),
 * `/v1/status/SYSTEM` and `/v1/log/SYSTEM/FILE`. SYSTEM is a name, or `profile:NAME`. The Content-Type is not looked at.
 */
export function createIntakeApi(deps: IntakeApiDeps): Route[] {
  const boundMs = deps.boundMs ?? BOUND_MS;
  const route = (
    prefix: string,
    maxBodyBytes: number,
    usage: string,
    parts: number,
    handle: (request: HttpRequest, names: string[]) => Promise<Answer>,
  ): Route => ({
    prefix,
    maxBodyBytes,
    takesPut: true,
    async handle(request) {
      if (request.method === 'GET' || request.method === 'HEAD') {
        return { ...say(405, usage, request.method === 'HEAD'), headers: { Allow: 'POST, PUT' } };
      }
      const names = readNames(request.path.slice(prefix.length));
      if (names?.length !== parts) return say(names === null ? 400 : 404, usage);
      try {
        return await withinBound(handle(request, names), boundMs);
      } catch (error) {
        if (!(error instanceof AppError) || error.kind === 'bug') throw error;
        return say(statusOf(error), error.message);
      }
    },
  });

  const webhook = async (request: HttpRequest, name: string): Promise<Answer> => {
    const receivedAt = deps.now();
    const taken = await deps.events.report({
      name: parseTargetName(name),
      body: request.body.toString('utf8'),
      caller: await anyCaller(deps, request, receivedAt),
      receivedAt,
    });
    if (taken.ok) return json(200, { ok: true });
    deps.warn(`${taken.problem} ${name}`, 'Events of an installer were ignored.', {
      name,
      peer: request.peer,
      reason: taken.reason,
    });
    // An installer does not fail because nobody listens to it.
    return taken.problem === 'unknown' ? say(404, taken.reason) : json(202, { ok: false, ignored: taken.reason });
  };

  return [
    route('/v1/webhook', MAX_WEBHOOK_BYTES, USAGE.webhook, 2, async (request, [kind = '', name = '']) =>
      WEBHOOKS.has(kind) ? webhook(request, name) : say(404, USAGE.webhook),
    ),
    route('/MAAS/metadata/status', MAX_WEBHOOK_BYTES, USAGE.webhook, 1, (request, [name = '']) =>
      webhook(request, name),
    ),
    route('/v1/status', MAX_STATUS_BYTES, USAGE.status, 1, (request, [name = '']) => takeStatus(deps, request, name)),
    route('/v1/log', MAX_LOG_BYTES, USAGE.log, 2, (request, [name = '', file = '']) =>
      takeLog(deps, request, name, file),
    ),
  ];
}

/** As update_status: a caller that may not, or says what cannot be, is told so. */
async function takeStatus(deps: IntakeApiDeps, request: HttpRequest, name: string): Promise<Answer> {
  const { peer } = request;
  const receivedAt = deps.now();
  const target = parseTargetName(name);
  const { status, token } = readStatusFields(request.body.toString('utf8'), request.query);
  const caller = await deps.identify(tokenOf(request) ?? token ?? '', { peer, receivedAt }).catch((error: unknown) => {
    // The words of the other API's clients.
    throw error instanceof AppError ? error : new AppError('TOKEN_UNKNOWN', undefined, { cause: error });
  });
  const hints = { status, by: caller.user };
  const recorded = await deps.recordMessage(
    { transport: 'update-status', receivedAt, peer, target, hints, text: '' },
    caller,
  );
  const run = recorded.results.findLast((result) => result.run !== null)?.run;
  if (!run) throw new AppError('UNKNOWN_RUN', `There is no run of "${target.name}" this could be about.`);
  return json(200, toRunJson(await deps.reader.report(run)));
}

async function takeLog(deps: IntakeApiDeps, request: HttpRequest, name: string, file: string): Promise<Answer> {
  const receivedAt = deps.now();
  const taken = await deps.uploads.takeLog({
    ...parseTargetName(name),
    file,
    data: request.body,
    whole: request.method === 'PUT' || new URLSearchParams(request.query).get('whole') === '1',
    caller: await anyCaller(deps, request, receivedAt),
    receivedAt,
  });
  return taken.ok ? json(200, { ok: true, bytes: taken.bytes }) : say(LOG_STATUS[taken.problem], taken.reason);
}

/** A token that is none makes nobody in particular: an installer does not fail of it. */
async function anyCaller(deps: IntakeApiDeps, request: HttpRequest, receivedAt: Instant): Promise<Caller> {
  const { peer } = request;
  const token = tokenOf(request);
  if (token === null) return { peer, authority: 'anonymous' };
  return deps.identify(token, { peer, receivedAt }).catch(() => ({ peer, authority: 'anonymous' }));
}

const WEBHOOKS = new Set(['subiquity', 'curtin', 'cloud-init', 'maas']);

/** What a log that is not taken is answered with. */
const LOG_STATUS = {
  off: 403,
  refused: 403,
  unknown: 404,
  away: 503,
  'no-room': 507,
  name: 400,
};

const STATUS: Record<ErrorKind, number> = {
  invalid: 400,
  denied: 403,
  'not-found': 404,
  conflict: 409,
  bug: 500,
  unavailable: 503,
};

function statusOf(error: AppError): number {
  return error.code === 'TOKEN_UNKNOWN' || error.code === 'TOKEN_MALFORMED' ? 401 : STATUS[error.kind];
}

/** The parts of a path, decoded; null when they cannot be. */
function readNames(path: string): string[] | null {
  const parts = path.split('/').filter((part) => part !== '');
  try {
    const names = parts.map((part) => decodeURIComponent(part));
    return names.some((name) => name.length > MAX_NAME || /[\p{Cc}]/u.test(name)) ? null : names;
  } catch {
    return null;
  }
}

/** OAuth, as curtin and MAAS sign, says who the sender is to MAAS: here it is nobody in particular. */
function tokenOf({ headers, query }: HttpRequest): string | null {
  const bearer = /^Bearer +(\S{1,4096})$/i.exec(headers.authorization?.trim() ?? '')?.[1];
  return bearer ?? readToken(query);
}

/** Rejects when the answer is not there in time; what was begun goes on. */
function withinBound<T>(answer: Promise<T>, boundMs: number): Promise<T> {
  return new Promise((resolve, reject) => {
    const timer = setTimeout(() => {
      reject(new AppError('DATABASE_AWAY', `The report could not be stored within ${boundMs / 1000} s; try again.`));
    }, boundMs);
    answer.then(resolve, reject).finally(() => clearTimeout(timer));
  });
}

function json(status: number, value: unknown): Answer {
  return { status, contentType: 'application/json', body: `${JSON.stringify(value)}\n` };
}

/** One sentence, for whoever reads what curl prints. */
function say(status: number, sentence: string, isHead = false): Answer {
  const answer = json(status, { error: sentence });
  const headers = status === 503 ? { 'Retry-After': '5' } : undefined;
  return { ...answer, ...(headers && { headers }), ...(isHead && { body: '' }) };
}
