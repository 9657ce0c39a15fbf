import { AppError } from '../domain/errors';
import type { EventDraft, Instant, TargetName } from '../domain/event';
import type { RunState } from '../domain/run';
import type { Caller } from '../domain/target';
import { emptyLogState, type LogState } from '../intake/log-reader';
import { emptyEventState, readEvents, readWebhookBody, type EventState, type WebhookEvent } from '../intake/webhook';
import type { DraftResult } from './append-events';
import type { FindReported } from './find-reported';
import type { LogOutcome, LogPiece } from './upload-log';

/** One request with events. */
export interface EventCall {
  name: Pick<TargetName, 'type' | 'name'>;
  /** As it came: see readWebhookBody. */
  body: string;
  caller: Caller;
  receivedAt: Instant;
}

/** What became of them. */
export type EventOutcome =
  { ok: true; run: RunState | null } | { ok: false; problem: 'unknown' | 'refused'; reason: string };

/** What reading events takes. */
export interface EventDeps {
  findReported: FindReported;
  /** The open, else the latest run of a target; null when it never had one. */
  findRun(target: TargetName): Promise<RunState | null>;
  submit(drafts: EventDraft[], caller: Caller): Promise<DraftResult[]>;
  /** Keeps a file with the run. */
  takeLog(piece: LogPiece): Promise<LogOutcome>;
  /** Removes the latest logs of a name, as a new install begins. */
  clearLogs(name: string, peer: string | null): Promise<void>;
  warn(key: string, sentence: string, fields: Record<string, unknown>): void;
  now(): Instant;
}

/** Events of installers that report each step as it begins and ends. */
export interface EventReports {
  /**
   * Resolves when what the events say is durable; one that was told before says nothing new.
   *
   * @throws AppError INVALID_ARGUMENT for a body without events, DATABASE_AWAY and OVERLOADED when it is to be told again.
   */
  report(call: EventCall): Promise<EventOutcome>;
}

/** What one machine's installer has said, as this server heard it. */
interface Stream {
  type: 'system' | 'profile';
  name: string;
  state: EventState;
  runId: string | null;
}

/** Machines that are remembered. Beyond it, and after a restart, the run itself says how far its install is. */
const MAX_STREAMS = 5_000;
/** With several servers the others have heard the rest: after this time without an event here, the run is asked again. */
const REMEMBER_MS = 60_000;

/** Makes the reader of all machines' events. Its memory spares reading the run with every event; nothing else needs it. */
export function createEventReports(deps: EventDeps): EventReports {
  const streams = new Map<string, { usedAt: Instant; stream: Promise<Stream | Refusal> }>();

  /** `before` is what was known of it a while ago. */
  async function open(call: EventCall, before: Promise<Stream | Refusal> | undefined): Promise<Stream | Refusal> {
    const last = await before?.catch(() => undefined);
    const found = await deps.findReported(call.name, call.caller, 'progress-reported');
    if (!found.ok) return found;
    const { type, name } = found;
    const run = await deps.findRun({ type, name, address: type === 'profile' ? call.caller.peer : null });
    const log = stateOf(run, last && 'state' in last ? last.state.log : undefined);
    return { type, name, state: emptyEventState(log), runId: run?.runId ?? null };
  }

  function remembered(key: string, call: EventCall): Promise<Stream | Refusal> {
    const now = deps.now();
    const known = streams.get(key);
    streams.delete(key);
    const isFresh = known !== undefined && Math.abs(now - known.usedAt) < REMEMBER_MS;
    const stream = isFresh ? known.stream : open(call, known?.stream);
    if (streams.size >= MAX_STREAMS) streams.delete(streams.keys().next().value!);
    streams.set(key, { usedAt: now, stream });
    return stream;
  }

  /** What was read was not stored: it counts as never read. */
  function forget(key: string): void {
    streams.delete(key);
  }

  async function store(stream: Stream, call: EventCall, events: readonly WebhookEvent[]): Promise<EventOutcome> {
    const { caller, receivedAt } = call;
    const target: TargetName = {
      type: stream.type,
      name: stream.name,
      address: stream.type === 'profile' ? caller.peer : null,
    };
    const { drafts, state } = readEvents(events, stream.state, { target, receivedAt, peer: caller.peer });
    stream.state = state;
    if (drafts.length === 0) return { ok: true, run: null };
    // What the last install left belongs to its run. Else nothing is awaited between reading and handing on, so that the
    // order of arrival stays.
    if (drafts.some(({ kind }) => kind === 'install-started')) await clearLogs(stream, caller.peer);
    const results = await deps.submit(drafts, caller);
    const run = results.findLast((result) => result.run !== null)?.run ?? null;
    if (run !== null && run.runId !== stream.runId) {
      // Another run than the one this was remembered of: it begins with what is known of it.
      if (stream.runId !== null) stream.state = { ...stream.state, log: stateOf(run, stream.state.log) };
      stream.runId = run.runId;
    }
    return { ok: true, run };
  }

  async function clearLogs({ name }: Stream, peer: string | null): Promise<void> {
    try {
      await deps.clearLogs(name, peer);
    } catch (error) {
      deps.warn(`clear ${name}`, 'The logs of the last install could not be removed.', { name, error: wordsOf(error) });
    }
  }

  async function keepFiles(stream: Stream, call: EventCall, events: readonly WebhookEvent[]): Promise<void> {
    const { type, name } = stream;
    const { caller, receivedAt } = call;
    for (const file of events.flatMap((event) => event.files)) {
      const piece: LogPiece = { type, name, file: file.name, data: file.data, whole: true, caller, receivedAt };
      const outcome = await deps.takeLog(piece);
      if (outcome.ok) continue;
      const fields = { name, file: file.name, reason: outcome.reason };
      deps.warn(`file ${name}`, 'A file that came with an event was not kept.', fields);
    }
  }

  return {
    async report(call) {
      const events = readWebhookBody(call.body);
      const key = `${call.name.type ?? ''}\0${call.name.name}\0${call.caller.peer ?? ''}`;
      try {
        const stream = await remembered(key, call);
        if ('ok' in stream) {
          forget(key);
          return stream;
        }
        const outcome = await store(stream, call, events);
        await keepFiles(stream, call, events);
        return outcome;
      } catch (error) {
        forget(key);
        if (error instanceof AppError && (error.kind === 'denied' || error.kind === 'not-found')) {
          const problem = error.kind === 'denied' ? 'refused' : 'unknown';
          return { ok: false, problem, reason: error.message };
        }
        throw error;
      }
    },
  };
}

type Refusal = Extract<EventOutcome, { ok: false }>;

/** What a reader would know that had heard the run from its beginning; `before` is what it knows beside the run. */
function stateOf(run: RunState | null, before?: LogState): LogState {
  const state = { ...emptyLogState(), ownBoot: before?.ownBoot === true };
  if (run === null) return state;
  switch (run.status) {
    case 'installing':
    case 'stalled':
    case 'planned':
      return {
        ...state,
        phase: run.phase === 'pending' ? null : run.phase,
        percent: run.stepPercent,
        question: run.question,
      };
    case 'failed':
      return { ...state, phase: run.phase, failed: true };
    case 'finished':
      return { ...state, phase: 'complete', ended: true };
    default:
      return state;
  }
}

function wordsOf(error: unknown): string {
  return error instanceof Error ? error.message : String(error);
}
