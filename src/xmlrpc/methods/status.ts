import { AppError } from '../../domain/errors';
import { PHASE_IDS } from '../../domain/phase';
import { RUN_STATUSES } from '../../domain/run';
import { parseTargetName, type Caller } from '../../domain/target';
import type { RecordMessage } from '../../actions/record-message';
import type { RunReader, TargetReport } from '../../actions/read-runs';
import type { ReportTokens } from '../../actions/report-tokens';
import { defineMethod, type Call, type Method, type Param, type Session } from '../method';
import { Double, isStruct, struct, type Struct, type XmlRpcValue } from '../value';
import { toEventStruct, toJson, toRunStruct } from './run-struct';

/** What the status methods are made of. */
export interface StatusDeps {
  now(): number;
  recordMessage: RecordMessage;
  reader: RunReader;
  reportTokens: ReportTokens;
  checkSession(token: XmlRpcValue): Promise<Session>;
  /** get_status `normal` and `text`, as Cobbler answers them. */
  installStatus(mode: 'normal' | 'text'): Promise<XmlRpcValue>;
}

const TOKEN: Param = { name: 'token', type: 'string' };
/** Runs get_runs answers when no limit is asked for. */
const DEFAULT_RUNS = 100;

/** update_status, get_status, get_runs, get_run and get_run_log. */
export function statusMethods(deps: StatusDeps): Method[] {
  return [
    defineMethod({
      name: 'update_status',
      params: [
        { name: 'name', type: 'string' },
        { name: 'status', type: 'struct' },
        { name: 'token', type: 'string', default: '' },
      ],
      access: 'public',
      concurrent: true,
      returns: 'struct',
      summary:
        `Reports how far an install is. status: struct with any of state (started, progress, heartbeat, waiting, ` +
        `error, terminated, finished, cancelled), phase (${PHASE_IDS.join(', ')}), percent, message, error, fatal, ` +
        `eta_seconds, event_id, occurred_at, run_id, kind. Answers what the run now is.`,
      async run([name, status, token], call) {
        const target = parseTargetName(requireText(name, 'name'));
        if (!isStruct(status)) throw invalid('status must be a struct.');
        const caller = await identify(deps, token ?? '', call);
        const recorded = await deps.recordMessage(
          {
            transport: 'update-status',
            receivedAt: call.receivedAt,
            peer: call.peer,
            target,
            hints: { status: toJson(status), by: caller.user },
            text: '',
          },
          caller,
        );
        const run = recorded.results.findLast((result) => result.run !== null)?.run;
        if (!run) throw new AppError('UNKNOWN_RUN', `There is no run of "${target.name}" this could be about.`);
        return toRunStruct(await deps.reader.report(run));
      },
    }),

    defineMethod({
      name: 'get_status',
      params: [
        { name: 'mode', type: 'string', default: 'normal' },
        { ...TOKEN, default: null },
      ],
      access: 'session',
      concurrent: true,
      resource: 'sync',
      returns: 'struct',
      summary:
        'normal: struct by address as Cobbler answers it; text: the same as a table; any other string names a system ' +
        'or profile (profile:NAME to be explicit) and answers everything known of it.',
      async run([mode]) {
        if (mode === 'normal' || mode === 'text') return deps.installStatus(mode);
        return toTargetStruct(await deps.reader.describeTarget(requireText(mode, 'mode')));
      },
    }),

    defineMethod({
      name: 'get_runs',
      params: [{ name: 'criteria', type: 'struct' }, TOKEN],
      access: 'session',
      concurrent: true,
      returns: 'array',
      summary:
        'Runs, newest first. criteria: struct with any of system, profile, status (a word or an array), since ' +
        '(seconds), limit (default 100, at most 1000); {} is all.',
      async run([criteria]) {
        const entries = await deps.reader.list(parseCriteria(criteria));
        return entries.map((entry) => toRunStruct(entry.report));
      },
    }),

    defineMethod({
      name: 'get_run',
      params: [{ name: 'run_id', type: 'string' }, TOKEN],
      access: 'session',
      concurrent: true,
      returns: 'struct',
      summary: 'One run by its number.',
      async run([runId]) {
        return toRunStruct(await deps.reader.get(requireText(runId, 'run_id')));
      },
    }),

    defineMethod({
      name: 'get_run_log',
      params: [{ name: 'run_id', type: 'string' }, { name: 'since', type: 'int' }, TOKEN],
      access: 'session',
      concurrent: true,
      returns: 'array',
      summary: 'The events of a run after the one numbered since (0 = from the first), oldest first, at most 1000.',
      async run([runId, since]) {
        if (typeof since !== 'number' || since < 0) throw invalid('since must be the seq of an event, 0 for all.');
        const events = await deps.reader.log(requireText(runId, 'run_id'), since);
        return events.map(toEventStruct);
      },
    }),
  ];
}

/**
 * Who calls: a report token proves itself, any other text must be a live session, an empty one is nobody in particular.
 *
 * @throws AppError NOT_ALLOWED for a report token that is not ours; what the session check throws.
 */
export async function identify(
  deps: Pick<StatusDeps, 'checkSession' | 'reportTokens' | 'now'>,
  token: XmlRpcValue,
  call: Call,
): Promise<Caller> {
  if (token === '' || token === null || token === '~') return { peer: call.peer, authority: 'anonymous' };
  if (typeof token === 'string' && deps.reportTokens.looksLike(token)) {
    const checked = deps.reportTokens.check(token, deps.now());
    if (!checked) throw new AppError('NOT_ALLOWED', 'The report token is not valid.');
    return { peer: call.peer, authority: 'run', runId: checked.runId, expired: checked.expired };
  }
  const session = await deps.checkSession(token);
  return { peer: call.peer, authority: 'session', user: session.user };
}

function toTargetStruct(report: TargetReport): XmlRpcValue {
  if (report.type === 'system') {
    const latest = report.latest[0];
    const counts = struct({ ...report.counts });
    const planned = report.latest.filter((entry) => entry.report.status === 'planned');
    return struct({
      ...(latest ? toRunStruct(latest.report) : emptyRun(report)),
      runs: counts,
      planned: planned.map((entry) => toRunStruct(entry.report)),
    });
  }
  const byAddress = struct();
  for (const { address, report: run } of report.latest) byAddress[address] = toRunStruct(run);
  return byAddress;
}

/** A system that was never installed: the same keys, nothing known. */
function emptyRun(report: TargetReport): Struct {
  const nothing = toRunStruct({
    runId: '~',
    system: report.name,
    profile: report.item.profile,
    distro: report.item.distro,
    kind: '~',
    status: '~',
    flags: [],
    phase: 'pending',
    percent: null,
    percentOrigin: null,
    etaLow: null,
    etaHigh: null,
    etaOrigin: null,
    planned: null,
    started: null,
    lastHeard: null,
    lastProgress: null,
    phaseSince: null,
    ended: null,
    booted: null,
    reason: null,
    message: null,
    question: null,
    deadline: null,
    clocks: [],
    limitsOrigin: '~',
    installer: null,
    expectedSeconds: null,
    integrity: '~',
    integrityReasons: [],
    errors: [],
    addresses: [],
    packagesDone: null,
    packagesTotal: null,
    continues: null,
    skewMs: null,
    linesLost: 0,
  });
  return nothing;
}

const CRITERIA = ['system', 'profile', 'status', 'since', 'limit'];

/** Criteria for runs as clients write them; unknown keys are refused. @throws AppError INVALID_ARGUMENT. */
export function parseCriteria(criteria: XmlRpcValue | undefined) {
  if (criteria === null || criteria === '' || criteria === '~') criteria = struct();
  if (!isStruct(criteria)) throw invalid('criteria must be a struct; {} is all runs.');
  for (const key of Object.keys(criteria)) {
    if (!CRITERIA.includes(key)) throw invalid(`criteria has no field "${key}"; known are ${CRITERIA.join(', ')}.`);
  }
  const text = (key: string): string | null => (criteria[key] === undefined ? null : requireText(criteria[key], key));
  return {
    system: text('system'),
    profile: text('profile'),
    status: parseStatus(criteria.status),
    since: criteria.since === undefined ? null : requireNumber(criteria.since, 'since') * 1000,
    limit: criteria.limit === undefined ? DEFAULT_RUNS : requireLimit(criteria.limit),
  };
}

function parseStatus(value: XmlRpcValue | undefined): string[] | null {
  if (value === undefined) return null;
  const words = (Array.isArray(value) ? value : [value]).map((word) => requireText(word, 'status'));
  const unknown = words.find((word) => !(RUN_STATUSES as readonly string[]).includes(word));
  if (unknown !== undefined) throw invalid(`status "${unknown}" is none of ${RUN_STATUSES.join(', ')}.`);
  return words;
}

function requireLimit(value: XmlRpcValue): number {
  const limit = requireNumber(value, 'limit');
  if (!Number.isInteger(limit) || limit < 1) throw invalid('limit must be a whole number from 1.');
  return limit;
}

function requireNumber(value: XmlRpcValue, field: string): number {
  const number = value instanceof Double ? value.value : value;
  if (typeof number !== 'number' || !Number.isFinite(number)) throw invalid(`${field} must be a number.`);
  return number;
}

function requireText(value: XmlRpcValue | undefined, field: string): string {
  if (typeof value !== 'string') throw invalid(`${field} must be a string.`);
  return value;
}

function invalid(sentence: string): AppError {
  return new AppError('INVALID_ARGUMENT', sentence);
}
