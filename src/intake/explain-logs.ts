import type { EventDraft, Instant } from '../domain/event';
import { phaseBand } from '../domain/phase';
import { planDraft, type PlanContext, type PlannedEvent, type TargetRuns } from '../domain/plan';
import type { RunState } from '../domain/run';
import { defaultLimits } from '../domain/stall';
import { createFileReader, emptyFileState, type FileFinding } from './file-reader';
import type { LogError, LogFact, LogVerdict, Outcome } from './log-verdict';
import { timeOfLine, withoutYear, type LineTime } from './line-time';

/** Lines whose time is remembered, per file; of later ones the last of these is. 8 bytes each. */
const MAX_TIMED_LINES = 2_000_000;
/** Longer than any install: files know no clock that could run out. */
const NEVER_MS = 10 * 365 * 86_400_000;
/** Places kept beside the first one that says a thing. */
const MAX_ALSO = 10;
/** Installers that merely accompany the one that does the work. */
const COMPANIONS = new Set(['kernel', 'boot-trail']);

/** One file being read. */
export interface LogFileSink {
  /** One whole line without its end. */
  line(text: string): void;
}

/** Takes files, line by line, and judges them as one run. */
export interface LogExplainer {
  /** Begins the next file; `name` is its bare name. */
  file(name: string): LogFileSink;
  verdict(): LogVerdict;
}

interface ReadFile {
  name: string;
  findings(): FileFinding[];
  /** Time of a line on the file's scale, never going back; null before the first. */
  keyOf(line: number): number | null;
  timeOf(line: number): LineTime | null;
  scale: LineTime['scale'] | null;
  first: LineTime | null;
  last: LineTime | null;
  lines: number;
}

interface PlacedFinding {
  finding: FileFinding;
  file: ReadFile;
  line: number | null;
  key: number;
  /** Nothing after it in its own file speaks against it. */
  isLast: boolean;
}

/**
 * Judges log files as one run, by the rules that judge a run as it goes. Files are read one after the other; what they say
 * is put in order by the times of the lines where the files carry comparable ones, else in the order of the files.
 *
 * @param options.source - name of the installer that wrote them, when the names and lines shall not decide.
 */
export function createLogExplainer(options: { source?: string | null } = {}): LogExplainer {
  const files: ReadFile[] = [];
  return {
    file(name) {
      const { read, sink } = readLogFile(name, options.source ?? null);
      files.push(read);
      return sink;
    },
    verdict: () => judge(files),
  };
}

function readLogFile(name: string, source: string | null): { read: ReadFile; sink: LogFileSink } {
  const reader = createFileReader({ file: name, state: emptyFileState(), source, sniff: true });
  const keys: number[] = [];
  /** Places where the time printed changes, for the words of facts. */
  const times: { line: number; time: LineTime }[] = [];
  let offset = 0;
  let key = -Infinity;
  const read: ReadFile = {
    name,
    findings: () => reader.finish().findings,
    keyOf: (line) => keys[Math.min(line, keys.length) - 1] ?? null,
    timeOf(line) {
      let low = 0;
      let high = times.length;
      while (low < high) {
        const middle = (low + high) >> 1;
        if (times[middle]!.line <= line) low = middle + 1;
        else high = middle;
      }
      return times[low - 1]?.time ?? null;
    },
    scale: null,
    first: null,
    last: null,
    lines: 0,
  };
  return {
    read,
    sink: {
      line(text) {
        read.lines += 1;
        const time = timeOfLine(text.slice(0, 2_000));
        if (time && (read.scale === null || time.scale === read.scale)) {
          read.scale = time.scale;
          read.first ??= time;
          if (time.text !== read.last?.text && times.length < MAX_TIMED_LINES) times.push({ line: read.lines, time });
          read.last = time;
          key = Math.max(key, time.ms);
        }
        if (keys.length < MAX_TIMED_LINES) keys.push(key);
        reader.read(text, offset);
        // Any number that grows does: it only has to tell lines apart.
        offset += text.length + 1;
      },
    },
  };
}

/** The time scale all files can be compared on; null when there is none. */
function commonScale(files: readonly ReadFile[]): 'dated' | 'yearless' | 'clock' | null {
  const scales = new Set(files.map((file) => file.scale));
  if (scales.size === 1) return [...scales][0] ?? null;
  return [...scales].every((scale) => scale === 'dated' || scale === 'yearless') ? 'yearless' : null;
}

function judge(files: readonly ReadFile[]): LogVerdict {
  const scale = commonScale(files);
  const placed = files.flatMap((file) => placeFindings(file, scale));
  if (scale !== null) placed.sort((a, b) => a.key - b.key);
  // No telling what came first: what nothing in its own file speaks against is said last.
  else placed.sort((a, b) => weight(a) - weight(b));
  const { log, runs } = replay(placed);
  const run = runs.at(-1) ?? null;
  const started = earliest(files);
  return {
    phase: run === null || run.phase === 'pending' ? null : run.phase,
    percent: run === null ? 0 : (run.percent ?? phaseBand(run.phase)[0]),
    outcome: outcomeOf(run),
    errors: errorsOf(runs, placed),
    question: run?.question ?? null,
    source: sourceOf(placed),
    facts: foldFacts(placed.flatMap((each) => factsOf(each, log))),
    started: started && shown(started.first!),
    ended: latest(files),
    lines: files.reduce((sum, file) => sum + file.lines, 0),
  };
}

function placeFindings(file: ReadFile, scale: ReturnType<typeof commonScale>): PlacedFinding[] {
  const findings = file.findings();
  return findings.map((finding, index) => {
    const line = finding.detail.witness?.line ?? finding.detail.error?.line ?? null;
    const key = line === null ? null : file.keyOf(line);
    const isComparable = key !== null && Number.isFinite(key) && scale !== null;
    const isLast = !findings.slice(index + 1).some(({ kind }) => kind === 'progress-reported');
    const ms = scale === 'yearless' && isComparable ? withoutYear({ ms: key, scale: file.scale!, text: '' }) : key;
    return { finding, file, line, key: isComparable ? ms! : -Infinity, isLast };
  });
}

function weight({ finding, isLast }: PlacedFinding): number {
  if (finding.kind === 'install-finished') return 2;
  return finding.kind === 'install-failed' && isLast ? 1 : 0;
}

/** Folds the findings as the write path would; the runs are in order, all but the last one were proven not to be the end. */
function replay(placed: readonly PlacedFinding[]): { log: Map<FileFinding, PlannedEvent[]>; runs: RunState[] } {
  const target: TargetRuns = { last: null, earlierStarts: [], finishedRuns: 0 };
  const log = new Map<FileFinding, PlannedEvent[]>();
  const runs = new Map<string, RunState>();
  const base = placed.reduce((least, { key }) => (Number.isFinite(key) ? Math.min(least, key) : least), Infinity);
  let at = 0;
  for (const { finding, key } of placed) {
    at = Math.max(at + 1, Number.isFinite(key) ? key - base : 0);
    const events = planDraft(target, draftOf(finding, at), contextOf(at, runs.size));
    log.set(finding, events);
    for (const { after } of events) runs.set(after.runId, after);
  }
  return { log, runs: [...runs.values()] };
}

function draftOf(finding: FileFinding, receivedAt: Instant): EventDraft {
  const { kind, detail, installer } = finding;
  return {
    kind,
    target: { type: 'system', name: 'the machine', address: null },
    source: 'log',
    receivedAt,
    claimedAt: null,
    dedupeKey: null,
    runId: null,
    detail: installer === null ? detail : { ...detail, installer },
  };
}

function contextOf(recordedAt: Instant, runs: number): PlanContext {
  let next = runs;
  return {
    recordedAt,
    nextRunId: () => String((next += 1)),
    mayNetboot: true,
    blindWindows: [],
    opening: () => ({
      system: null,
      profile: null,
      distro: null,
      owners: [],
      addresses: [],
      limits: defaultLimits({ stallAfterMs: NEVER_MS, giveUpMs: NEVER_MS }),
      expectedSeconds: null,
    }),
  };
}

function outcomeOf(run: RunState | null): Outcome {
  switch (run?.status) {
    case 'failed':
      return 'failed';
    case 'terminated':
    case 'cancelled':
      return 'aborted';
    case 'finished':
      return 'complete';
    case 'stalled':
      return 'stalled';
    default:
      return run?.waiting ? 'blocked' : 'running';
  }
}

/** Those that ended it first, the one whose words explain most in front; then what waits for a human; then what was got over. */
function errorsOf(runs: readonly RunState[], placed: readonly PlacedFinding[]): LogError[] {
  const last = runs.at(-1);
  if (!last) return [];
  const words = new Map(placed.map(({ finding }) => [finding.detail.error?.text, finding.explains ?? -1]));
  const isTold = (text: string): boolean => last.errors.some((error) => error.text === text);
  const own = last.errors.map(({ text, line, file, fatal, context }) => ({
    text,
    line: line ?? null,
    file: file ?? null,
    // The first failure ends the run, those after it are as fatal.
    severity: severityOf(last, fatal || (words.get(text) ?? -1) >= 0),
    context: context ?? [],
  }));
  const earlier = runs
    .slice(0, -1)
    .flatMap((run) => run.errors)
    .filter(({ text }) => !isTold(text))
    .map(({ text, line, file, context }) => ({
      text,
      line: line ?? null,
      file: file ?? null,
      severity: 'warning' as const,
      context: context ?? [],
    }));
  const order = ['fatal', 'blocked', 'error', 'warning'];
  return [...own, ...earlier].sort(
    (a, b) =>
      order.indexOf(a.severity) - order.indexOf(b.severity) || (words.get(b.text) ?? -1) - (words.get(a.text) ?? -1),
  );
}

function severityOf(run: RunState, fatal: boolean): LogError['severity'] {
  if (run.status === 'finished') return 'warning';
  if (fatal || run.status === 'failed') return fatal ? 'fatal' : 'error';
  return run.waiting ? 'blocked' : 'error';
}

/** The installer most of the findings are from. */
function sourceOf(placed: readonly PlacedFinding[]): string | null {
  const counts = new Map<string, number>();
  for (const { finding } of placed) {
    if (finding.installer === null) continue;
    const share = COMPANIONS.has(finding.installer) ? 0.001 : 1;
    counts.set(finding.installer, (counts.get(finding.installer) ?? 0) + share);
  }
  return [...counts].sort((a, b) => b[1] - a[1])[0]?.[0] ?? null;
}

function factsOf({ finding, file, line }: PlacedFinding, log: ReadonlyMap<FileFinding, PlannedEvent[]>): LogFact[] {
  if (finding.kind === 'heard') return [];
  const { detail } = finding;
  const after = log.get(finding)?.at(-1)?.after;
  const time = line === null ? null : file.timeOf(line);
  return [
    {
      kind: finding.kind,
      phase: detail.phase ?? null,
      percent: after?.percent ?? null,
      text: detail.error?.text ?? detail.question ?? detail.witness?.text ?? null,
      file: file.name,
      line,
      time: time && shown(time),
      installer: finding.installer,
      also: [],
    },
  ];
}

/** What several files say is one fact. */
function foldFacts(facts: readonly LogFact[]): LogFact[] {
  const folded = new Map<string, LogFact>();
  for (const fact of facts) {
    const said = fact.kind === 'progress-reported' ? fact.phase : `${fact.kind} ${fact.text}`;
    const known = folded.get(said ?? '');
    if (!known) folded.set(said ?? '', { ...fact });
    else if (known.also.length < MAX_ALSO) {
      known.also = [...known.also, { file: fact.file, line: fact.line, time: fact.time }];
    }
  }
  return [...folded.values()];
}

function shown(time: LineTime): string {
  return time.scale === 'dated' ? new Date(time.ms).toISOString() : time.text;
}

/** The file with the first time; where they cannot be compared, the first file that has one. */
function earliest(files: readonly ReadFile[]): ReadFile | null {
  const timed = files.filter((file) => file.first !== null);
  if (commonScale(timed) === null || timed.length === 0) return timed[0] ?? null;
  return timed.reduce((least, file) => (withoutYear(file.first!) < withoutYear(least.first!) ? file : least));
}

function latest(files: readonly ReadFile[]): string | null {
  const timed = files.filter((file) => file.last !== null);
  if (timed.length === 0) return null;
  if (commonScale(timed) === null) return shown(timed.at(-1)!.last!);
  return shown(timed.reduce((most, file) => (withoutYear(file.last!) > withoutYear(most.last!) ? file : most)).last!);
}
