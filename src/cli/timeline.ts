import type { Instant } from '../domain/event';
import { isPhase, phaseOrder, type Phase } from '../domain/phase';
import type { LogEntry } from './answers';

/** One phase a run went through. */
export interface TimelineEntry {
  phase: Phase;
  at: Instant;
  /** null while the run is in it. */
  until: Instant | null;
}

/**
 * The phases of a run with their times, read from its log, oldest first.
 *
 * @param ended - when the run ended; null while it goes on.
 */
export function readTimeline(log: readonly LogEntry[], ended: Instant | null): TimelineEntry[] {
  const entered: { phase: Phase; at: Instant }[] = [];
  for (const entry of log) {
    if (entry.detail.evidence === true || (ended !== null && entry.occurredAt > ended)) continue;
    const phase = phaseOf(entry);
    const last = entered.at(-1);
    if (phase === null || (last && phaseOrder(phase) <= phaseOrder(last.phase))) continue;
    entered.push({ phase, at: entry.occurredAt });
  }
  return entered.map((entry, index) => ({ ...entry, until: entered[index + 1]?.at ?? ended }));
}

function phaseOf(entry: LogEntry): Phase | null {
  if (entry.kind === 'install-finished') return 'complete';
  if (entry.kind === 'run-late' || entry.kind === 'run-stalled') return null;
  if (isPhase(entry.detail.phase)) return entry.detail.phase;
  return entry.kind === 'install-started' ? 'config' : null;
}
