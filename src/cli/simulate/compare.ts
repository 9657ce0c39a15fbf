import type { Instant } from '../../domain/event';
import { LOOP_REASON } from '../../domain/plan';
import type { RunReport } from '../../domain/run-report';
import type { Machine } from './fleet';

/** Runs opened this long before the first word still count: the clocks of two machines differ a little. */
const TOLERANCE_MS = 2_000;

/** What the server says of one machine, against what was played. */
export interface Comparison {
  machine: Machine;
  /** Status of its last run; null when there is none. */
  status: string | null;
  /** One sentence for each thing that is not as played; empty = all is right. */
  differences: string[];
}

/**
 * Holds the runs the server has of a machine against its script.
 *
 * @param runs - its runs, newest first; older ones than `since` are somebody else's story.
 * @param since - when the simulation began, by the server's clock.
 */
export function compareMachine(machine: Machine, runs: readonly RunReport[], since: Instant): Comparison {
  const { expected } = machine.script;
  const own = runs.filter((run) => run.started !== null && run.started >= since - TOLERANCE_MS);
  const last = own[0];
  if (!last) return { machine, status: null, differences: ['the server has no run of it'] };

  const differences: string[] = [];
  // A run that takes up another one, wrongly given up, is the same story.
  const opened = own.filter((run) => run.continues === null).length;
  if (opened !== expected.runs) differences.push(`${opened} runs instead of ${expected.runs}`);
  if (!(expected.statuses as readonly string[]).includes(last.status)) {
    differences.push(
      `${last.status}${last.reason ? ` (${last.reason})` : ''} instead of ${expected.statuses.join(' or ')}`,
    );
  }
  if (expected.error !== null && !last.errors.some((error) => error.fatal && error.text === expected.error)) {
    differences.push(`the error "${expected.error}" is not among its errors`);
  }
  if (expected.isLooping && !last.integrityReasons.includes(LOOP_REASON))
    differences.push('the install loop went unseen');
  if (expected.hasBooted && last.booted === null) differences.push('its first boot went unseen');
  if (last.status === 'finished' && last.percent !== 100)
    differences.push(`finished at ${last.percent ?? 'unknown'} %`);
  return { machine, status: last.status, differences };
}
