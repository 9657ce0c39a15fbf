import type { EventDetail, Instant } from '../domain/event';
import { isPhase, phaseOrder, type Phase } from '../domain/phase';
import type { RunReport } from '../domain/run-report';
import type { LogEntry } from './answers';
import { localTime } from './format';

/** One witness of a run: where its words came from, and what it saw. */
export interface RunWitness {
  /** The channel: trigger, update-status, syslog, anamon, webhook, boot-trail … */
  source: string;
  /** Whose words they were; empty for channels that carry no log. */
  installers: string[];
  events: number;
  firstAt: Instant;
  lastAt: Instant;
  /** Furthest phase it told of; null when it told of none. */
  phase: Phase | null;
}

/** One event that counts for the verdict. */
export interface Evidence {
  seq: number;
  at: Instant;
  source: string;
  /** In words of people: `phase packages`, `failed`, `first boot` … */
  what: string;
  /** The words behind it: the error, the question, the line; null for mere triggers. */
  text: string | null;
  file: string | null;
  line: number | null;
}

/** Why the verdict on a run is what it is. */
export interface RunExplanation {
  /** One sentence. */
  verdict: string;
  /** The events that decided, most important first. */
  because: Evidence[];
  integrity: { verdict: string; reasons: { reason: string; evidence: Evidence[] }[] };
  witnesses: RunWitness[];
  /** Everything that counted, in the order it came. */
  evidence: Evidence[];
  linesLost: number;
}

const ENDS = new Set(['install-finished', 'install-failed', 'install-terminated', 'run-cancelled']);
/** The server's own conclusions are no witness. */
const OWN_SOURCE = 'kickwatch';

/** Explains a run by its whole log, oldest event first. Pure. */
export function explainRun(run: RunReport, log: readonly LogEntry[]): RunExplanation {
  const telling = tellingEvents(log);
  const evidence = telling.map(toEvidence);
  const because = decisive(run, log).map(toEvidence);
  return {
    verdict: sentence(run, because),
    because,
    integrity: {
      verdict: run.integrity,
      reasons: run.integrityReasons.map((reason) => ({ reason, evidence: behind(reason, log).map(toEvidence) })),
    },
    witnesses: collectWitnesses(log),
    evidence,
    linesLost: log.reduce((sum, { detail }) => sum + (detail.linesLost ?? 0), 0),
  };
}

/** Events that changed the picture: a new phase, an error, a question, a clock, an end, a boot. */
function tellingEvents(log: readonly LogEntry[]): LogEntry[] {
  let furthest = -1;
  return log.filter((entry) => {
    const order = isPhase(entry.detail.phase) ? phaseOrder(entry.detail.phase) : -1;
    const isFurther = order > furthest;
    furthest = Math.max(furthest, order);
    return entry.kind === 'progress-reported' || entry.kind === 'heard' ? isFurther : true;
  });
}

function decisive(run: RunReport, log: readonly LogEntry[]): LogEntry[] {
  const last = (...kinds: string[]): LogEntry[] => log.filter(({ kind }) => kinds.includes(kind)).slice(-1);
  const end = log.find(({ kind, detail }) => ENDS.has(kind) && !detail.evidence);
  switch (run.status) {
    case 'finished':
      return [...(end ? [end] : []), ...log.filter(({ kind }) => kind === 'system-booted').slice(0, 1)];
    case 'failed':
      // What was read a moment later may have had the better words.
      return distinct([
        ...log.filter((entry) => isFailure(entry) && errorText(entry) === run.reason),
        ...(end ? [end] : []),
      ]);
    case 'terminated':
    case 'cancelled':
      return end ? [end] : [];
    case 'stalled':
      return [...last('run-stalled'), ...last('progress-reported', 'install-started')];
    case 'planned':
      return last('run-planned');
    default:
      if (run.flags.includes('waiting')) return last('waiting-reported');
      return [
        ...last('progress-reported', 'install-started', 'netboot-seen'),
        ...(run.flags.includes('late') ? last('run-late') : []),
      ];
  }
}

function isFailure({ kind }: LogEntry): boolean {
  return kind === 'install-failed' || kind === 'error-reported';
}

const errorText = ({ detail }: LogEntry): string | null => detail.error?.text ?? null;

function distinct(entries: readonly LogEntry[]): LogEntry[] {
  return entries.filter((entry, index) => entries.findIndex(({ seq }) => seq === entry.seq) === index);
}

/** The events behind a reason of the integrity. */
function behind(reason: string, log: readonly LogEntry[]): LogEntry[] {
  if (reason.startsWith('errors were logged')) return log.filter(isFailure);
  if (reason.startsWith('wrong profile')) return log.filter(({ detail }) => detail.suspicion === reason);
  if (reason.startsWith('netboots again')) return log.filter(({ kind }) => kind === 'netboot-seen').slice(-1);
  if (reason.startsWith('install loop')) return log.filter(({ kind }) => kind === 'install-looped').slice(0, 1);
  if (reason.startsWith('never seen') || reason.startsWith('finished much faster')) return [];
  return log.filter((entry) => errorText(entry) === reason || entry.detail.reason === reason).slice(0, 1);
}

function collectWitnesses(log: readonly LogEntry[]): RunWitness[] {
  const witnesses = new Map<string, RunWitness>();
  for (const { source, detail, occurredAt } of log) {
    if (source === OWN_SOURCE || source === '') continue;
    let witness = witnesses.get(source);
    if (!witness) {
      witness = { source, installers: [], events: 0, firstAt: occurredAt, lastAt: occurredAt, phase: null };
      witnesses.set(source, witness);
    }
    witness.events += 1;
    witness.lastAt = occurredAt;
    const { installer, phase } = detail;
    if (installer !== undefined && !witness.installers.includes(installer)) witness.installers.push(installer);
    if (isPhase(phase) && (witness.phase === null || phaseOrder(phase) > phaseOrder(witness.phase)))
      witness.phase = phase;
  }
  return [...witnesses.values()].sort((a, b) => b.events - a.events);
}

function toEvidence({ seq, occurredAt, source, kind, detail }: LogEntry): Evidence {
  const { error, witness } = detail;
  return {
    seq,
    at: occurredAt,
    source: source === OWN_SOURCE ? 'the clocks' : (detail.installer ?? source),
    what: wordsOf(kind, detail),
    text: error?.text ?? detail.question ?? witness?.text ?? detail.reason ?? detail.message ?? null,
    file: error?.file ?? witness?.file ?? null,
    line: error?.line ?? witness?.line ?? null,
  };
}

const WORDS: Record<string, string> = {
  'run-planned': 'planned',
  'install-started': 'started',
  'install-finished': 'finished',
  'install-failed': 'failed',
  'install-terminated': 'terminated',
  'run-cancelled': 'cancelled',
  'system-booted': 'first boot',
  'netboot-disabled': 'netboot off',
  'netboot-seen': 'netboots',
  'waiting-reported': 'waits',
  'error-reported': 'error',
  'run-late': 'late',
  'run-stalled': 'stalled',
  'install-looped': 'install loop',
  'clock-extended': 'server away',
  heard: 'alive',
};

function wordsOf(kind: string, { phase, evidence }: EventDetail): string {
  if (evidence && kind !== 'install-started') return `late word: ${WORDS[kind] ?? kind}`;
  if (kind === 'progress-reported' || (kind === 'install-started' && evidence)) return `phase ${phase ?? '?'}`;
  return WORDS[kind] ?? kind;
}

/** `failed: PayloadError: no such repo`; of an install at work, where it stands. Times are local. */
function sentence(run: RunReport, because: readonly Evidence[]): string {
  const [first] = because;
  switch (run.status) {
    case 'finished':
      return `finished: ${because.map(({ what, source, at }) => `${what} (${source}) ${localTime(at)}`).join(', ') || 'reported complete'}`;
    case 'failed':
    case 'terminated':
    case 'cancelled':
    case 'stalled':
      return `${run.status}: ${run.reason ?? first?.text ?? 'no reason known'}`;
    case 'planned':
      return 'planned: nothing was heard of the machine yet';
    default: {
      if (run.flags.includes('waiting')) return `waiting for a human: ${run.question ?? 'no question known'}`;
      const late = run.flags.includes('late') ? ', later than usual' : '';
      return `${run.status}: in phase ${run.phase}${late}`;
    }
  }
}
