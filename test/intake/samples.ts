import { existsSync, readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import type { EventDraft } from '../../src/domain/event';
import { planDraft, type PlanContext, type TargetRuns } from '../../src/domain/plan';
import type { RunState } from '../../src/domain/run';
import { defaultLimits } from '../../src/domain/stall';
import { createLogExplainer } from '../../src/intake/explain-logs';
import type { LogVerdict } from '../../src/intake/log-verdict';
import { createFileReader, emptyFileState } from '../../src/intake/file-reader';

const FIXTURES = join(__dirname, '../../fixtures/intake');

/** What the lines of one real install support, and the words its error must have. */
export interface Sample {
  name: string;
  phase: string | null;
  outcome: LogVerdict['outcome'];
  error?: string;
  files: { name: string; lines: string[] }[];
}

/** Every real install there is, with the verdict its lines support; see fixtures/intake/README.md. */
export function loadSamples(): Sample[] {
  const verdicts = JSON.parse(readFileSync(join(FIXTURES, 'verdicts.json'), 'utf8')) as Record<
    string,
    Pick<Sample, 'phase' | 'outcome' | 'error'> & { files: string[] }
  >;
  return Object.entries(verdicts).map(([name, { files, ...verdict }]) => {
    const folder = folderOf(name);
    if (folder === undefined) throw new Error(`fixtures/intake has no sample ${name}`);
    return { name, ...verdict, files: files.map((file) => ({ name: file, lines: linesOf(join(folder, file)) })) };
  });
}

function folderOf(sample: string): string | undefined {
  return readdirSync(FIXTURES)
    .map((installer) => join(FIXTURES, installer, sample))
    .find((path) => existsSync(path));
}

function linesOf(path: string): string[] {
  const lines = readFileSync(path, 'utf8').split('\n');
  if (lines.at(-1) === '') lines.pop();
  return lines;
}

/** The verdict of `kickwatch explain --file` on the files. */
export function explain(files: Sample['files']): LogVerdict {
  const explainer = createLogExplainer();
  for (const { name, lines } of files) {
    const sink = explainer.file(name);
    for (const line of lines) sink.line(line);
  }
  return explainer.verdict();
}

/** A few lines of one file that arrive together. */
export interface Arrival {
  file: string;
  lines: readonly string[];
}

/** What the server makes of lines that arrive in this order, one file's beside the other's, a second apart. */
export function watch(arrivals: readonly Arrival[]): { phase: string | null; outcome: LogVerdict['outcome'] } {
  const target: TargetRuns = { last: null, earlierStarts: [], finishedRuns: 0 };
  const readers = new Map<string, ReturnType<typeof createFileReader>>();
  let offset = 0;
  let now = 0;
  for (const { file, lines } of arrivals) {
    now += 1_000;
    let reader = readers.get(file);
    if (!reader) readers.set(file, (reader = createFileReader({ file, state: emptyFileState(), sniff: true })));
    for (const line of lines) reader.read(line, (offset += line.length + 1));
    for (const { kind, detail, installer } of reader.finish().findings) {
      planDraft(
        target,
        draftOf(kind, installer === null ? detail : { ...detail, installer }, now),
        context(now, target),
      );
    }
  }
  return { phase: phaseOf(target.last), outcome: outcomeOf(target.last) };
}

const draftOf = (kind: EventDraft['kind'], detail: EventDraft['detail'], receivedAt: number): EventDraft => ({
  ...{ kind, detail, receivedAt },
  target: { type: 'system', name: 'web1', address: null },
  source: 'anamon',
  claimedAt: null,
  dedupeKey: null,
  runId: null,
});

function context(recordedAt: number, target: TargetRuns): PlanContext {
  return {
    recordedAt,
    nextRunId: () => String(Number(target.last?.runId ?? 0) + 1),
    mayNetboot: true,
    blindWindows: [],
    opening: () => ({
      ...{ system: 'web1', profile: null, distro: null, owners: [], addresses: [], expectedSeconds: null },
      limits: defaultLimits({ stallAfterMs: 1e12, giveUpMs: 1e12 }),
    }),
  };
}

function phaseOf(run: RunState | null): string | null {
  return run === null || run.phase === 'pending' ? null : run.phase;
}

function outcomeOf(run: RunState | null): LogVerdict['outcome'] {
  if (run?.status === 'failed') return 'failed';
  if (run?.status === 'finished') return 'complete';
  if (run?.status === 'terminated') return 'aborted';
  return run?.waiting ? 'blocked' : 'running';
}
