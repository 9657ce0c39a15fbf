import type { LogVerdict, Outcome } from '../../intake/log-verdict';
import type { RunReport } from '../../domain/run-report';

/** What the server made of a replay, beside what its files say by themselves. */
export interface ReplayOutcome {
  /** null: the server has no run of it. */
  run: RunReport | null;
  verdict: LogVerdict;
  /** What differs, a sentence each; empty = the same. */
  differences: string[];
}

/** The outcome of a run in the words of a verdict. */
export function outcomeOfRun({ status, flags }: Pick<RunReport, 'status' | 'flags'>): Outcome | 'none' {
  switch (status) {
    case 'failed':
    case 'stalled':
      return status;
    case 'terminated':
    case 'cancelled':
      return 'aborted';
    case 'finished':
      return 'complete';
    case 'installing':
      return flags.includes('waiting') ? 'blocked' : 'running';
    default:
      return 'none';
  }
}

/** Holds the run against the verdict. Silence makes a run stall, which no file tells: stalled is as good as running. */
export function compareOutcome(run: RunReport | null, verdict: LogVerdict): ReplayOutcome {
  const differences: string[] = [];
  if (run === null) return { run, verdict, differences: ['the server has no run of it'] };
  const outcome = outcomeOfRun(run);
  const isSame = outcome === verdict.outcome || (outcome === 'stalled' && verdict.outcome === 'running');
  if (!isSame) differences.push(`${outcome} instead of ${verdict.outcome}`);
  const phase = run.phase === 'pending' ? null : run.phase;
  if (phase !== verdict.phase) differences.push(`phase ${phase ?? 'unknown'} instead of ${verdict.phase ?? 'unknown'}`);
  return { run, verdict, differences };
}
