import { AppError } from '../domain/errors';
import type { Event, Instant } from '../domain/event';
import type { RunReport } from '../domain/run-report';
import type { Answer } from './answer';
import type { HttpRequest, Route } from './server';

/** What the page asks of the rest of the program. */
export interface RunPageDeps {
  /** Rejects when user and password prove nobody. */
  login(user: string, password: string, peer: string): Promise<void>;
  /** Both reject with AppError UNKNOWN_RUN for a number no run has. */
  getRun(runId: string): Promise<RunReport>;
  getLog(runId: string): Promise<Event[]>;
}

const PREFIX = '/runs';

/**
 * `/runs/NUMBER`, where the links in messages lead: the run and its log as plain text, for whoever can log in (HTTP
 * Basic, RFC 7617, with the credentials of the API).
 */
export function createRunPage(deps: RunPageDeps): Route {
  return {
    prefix: PREFIX,
    async handle(request) {
      const runId = /^\/runs\/(\d{1,18})$/.exec(request.path)?.[1];
      if (runId === undefined) return text(404, 'There is no such page.');
      const credentials = readBasic(request);
      if (credentials === null) return askToLogIn('Log in with the user and password of the API.');
      try {
        await deps.login(credentials.user, credentials.password, request.peer);
        return text(200, describe(await deps.getRun(runId), await deps.getLog(runId)));
      } catch (error) {
        if (!(error instanceof AppError)) throw error;
        if (error.kind === 'not-found') return text(404, error.message);
        if (error.kind === 'unavailable') return text(503, error.message);
        return askToLogIn(error.message);
      }
    },
  };
}

function readBasic(request: HttpRequest): { user: string; password: string } | null {
  const encoded = /^Basic ([A-Za-z0-9+/=]+)$/i.exec(request.headers.authorization ?? '')?.[1];
  if (encoded === undefined) return null;
  const [, user = '', password = ''] = /^([^:]*):(.*)$/s.exec(Buffer.from(encoded, 'base64').toString('utf8')) ?? [];
  // The empty user is the shared secret's, which is for programs on this machine.
  return user === '' ? null : { user, password };
}

function describe(run: RunReport, events: readonly Event[]): string {
  const percent = run.percent === null ? 'unknown' : `${run.percent} % (${run.percentOrigin ?? 'estimated'})`;
  const facts: [string, string | null][] = [
    ['Run', run.runId],
    ['System', run.system],
    ['Profile', run.profile],
    ['Distro', run.distro],
    ['Kind', run.kind],
    ['Status', [run.status, ...run.flags].join(', ')],
    ['Reason', run.reason],
    ['Phase', run.phase],
    ['Percent', percent],
    ['Started', time(run.started)],
    ['Last heard', time(run.lastHeard)],
    ['Ended', time(run.ended)],
    ['Booted', time(run.booted)],
    ['Integrity', [run.integrity, ...run.integrityReasons].join('; ')],
    ['Continues', run.continues],
  ];
  const lines = facts.flatMap(([name, value]) => (value === null ? [] : [`${name.padEnd(12)}${value}`]));
  const errors = run.errors.map((error) => `${time(error.at)}  ${error.fatal ? 'fatal  ' : ''}${error.text}`);
  if (errors.length > 0) lines.push('', 'Errors', ...errors);
  lines.push('', 'Log', ...events.map(describeEvent));
  return lines.join('\n');
}

function describeEvent(event: Event): string {
  const { phase, percent, message, reason, error } = event.detail;
  const words = [phase, percent === undefined ? null : `${percent} %`, message, reason, error?.text];
  return `${time(event.occurredAt)}  ${event.kind.padEnd(18)}${event.source.padEnd(14)}${words.filter(Boolean).join('  ')}`;
}

function time(at: Instant | null): string | null {
  return at === null
    ? null
    : new Date(at)
        .toISOString()
        .replace('T', ' ')
        .replace(/\.\d+Z$/, ' UTC');
}

/** Control characters in what machines said would let them write to whoever reads this in a terminal. */
function text(status: number, body: string): Answer {
  const plain = body.replace(/[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/g, ' ');
  return {
    status,
    body: `${plain}\n`,
    contentType: 'text/plain;charset=utf-8',
    headers: {
      'X-Content-Type-Options': 'nosniff',
      'Cache-Control': 'no-store',
    },
  };
}

function askToLogIn(sentence: string): Answer {
  const answer = text(401, sentence);
  return { ...answer, headers: { ...answer.headers, 'WWW-Authenticate': 'Basic realm="Kickwatch", charset="UTF-8"' } };
}
