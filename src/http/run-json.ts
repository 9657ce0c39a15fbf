import type { Instant } from '../domain/event';
import type { ClockView } from '../domain/judgement';
import type { RunReport } from '../domain/run-report';

/** A moment in seconds since 1970; null when unknown. */
const seconds = (at: Instant | null): number | null => (at === null ? null : at / 1000);

/** A run as JSON: the names, times and words that update_status answers, with null for what is unknown. */
export function toRunJson(run: RunReport): Record<string, unknown> {
  return {
    run_id: run.runId,
    system: run.system,
    profile: run.profile,
    distro: run.distro,
    kind: run.kind,
    status: run.status,
    flags: run.flags,
    phase: run.phase,
    percent: run.percent,
    percent_origin: run.percentOrigin,
    eta_low: seconds(run.etaLow),
    eta_high: seconds(run.etaHigh),
    eta_origin: run.etaOrigin,
    planned_at: seconds(run.planned),
    started: seconds(run.started),
    last_heard: seconds(run.lastHeard),
    last_progress: seconds(run.lastProgress),
    phase_since: seconds(run.phaseSince),
    ended: seconds(run.ended),
    booted: seconds(run.booted),
    reason: run.reason,
    message: run.message,
    question: run.question,
    deadline: seconds(run.deadline),
    clocks: Object.fromEntries(run.clocks.map((clock) => [clock.clock.replace('-', '_'), toClockJson(clock)])),
    limits_origin: run.limitsOrigin,
    installer: run.installer,
    expected_seconds: run.expectedSeconds,
    integrity: run.integrity,
    integrity_reasons: run.integrityReasons,
    errors: run.errors.map(({ at, text, phase, source, fatal, file = null, line = null, context = [] }) => ({
      ...{ at: seconds(at), text, phase, source, fatal, file, line, context },
    })),
    addresses: run.addresses,
    packages_done: run.packagesDone,
    packages_total: run.packagesTotal,
    continues: run.continues,
    clock_skew: run.skewMs === null ? null : run.skewMs / 1000,
  };
}

function toClockJson({ elapsedMs, lateMs, stalledMs, usualMs, origin }: ClockView): Record<string, unknown> {
  return {
    elapsed: seconds(elapsedMs),
    late_after: seconds(lateMs),
    stalled_after: seconds(stalledMs),
    usual: seconds(usualMs),
    origin,
  };
}
