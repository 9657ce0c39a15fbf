import type { Event } from '../domain/event';
import type { RunState } from '../domain/run';

/** A committed event with what its line in a log needs. `ip` is the address it is filed under, `?` when there is none. */
export interface LoggedEvent extends Omit<Event, 'claimedAt'> {
  after: RunState;
  target: { type: 'system' | 'profile'; name: string };
  ip: string;
  mac: string | null;
}

/** Which event a line stands for. `time` is the moment it was recorded. */
export interface LineIdentity {
  time: number;
  run: string;
  seq: number;
}

/**
 * One line of provisioning.log: JSON, always the same keys in the same order, then what only some events have. `time` is
 * when it was recorded; `occurred` follows when that was another moment.
 */
export function provisioningLine(event: LoggedEvent): string {
  const { after, detail } = event;
  const fields = {
    time: new Date(event.recordedAt).toISOString(),
    run: event.runId,
    seq: event.seq,
    kind: event.kind,
    source: event.source,
    system: after.system,
    mac: event.mac,
    ip: event.ip,
    profile: after.profile,
    distro: after.distro,
    status: after.status,
    phase: after.phase,
    percent: after.percent,
    ...(detail.error && { error: detail.error.text }),
    ...(detail.reason !== undefined && { reason: detail.reason }),
    ...(detail.question !== undefined && { question: detail.question }),
    ...(detail.message !== undefined && { message: detail.message }),
    ...(detail.packagesDone !== undefined && { packages: detail.packagesDone }),
    ...(detail.packagesTotal !== undefined && { packages_total: detail.packagesTotal }),
    ...(detail.inferred && { inferred: true }),
    ...(detail.evidence && { evidence: true }),
    ...(detail.by !== undefined && { by: detail.by }),
    ...(event.occurredAt !== event.recordedAt && { occurred: new Date(event.occurredAt).toISOString() }),
  };
  return `${JSON.stringify(fields)}\n`;
}

/** Reads back which event a line of provisioning.log stands for; null for anything else. */
export function identifyLine(line: string): LineIdentity | null {
  try {
    const { time, run, seq } = JSON.parse(line) as { time?: unknown; run?: unknown; seq?: unknown };
    if (typeof time !== 'string' || typeof run !== 'string' || typeof seq !== 'number') return null;
    const at = Date.parse(time);
    return Number.isNaN(at) ? null : { time: at, run, seq };
  } catch {
    return null;
  }
}

/**
 * Cobbler's line about a start or stop: type, name, address, start or stop, seconds, between tabs. Null for events that
 * have none. Names and addresses cannot bring tabs or line ends of their own.
 *
 * @see Cobbler 3.3.7, `install.log`; readers split on any white space.
 */
export function installLine(event: LoggedEvent): string | null {
  const word = event.kind === 'install-started' ? 'start' : event.kind === 'install-finished' ? 'stop' : null;
  // What the server concluded itself was never said by an installer.
  if (word === null || event.source === 'kickwatch') return null;
  const seconds = event.occurredAt / 1000;
  return `${event.target.type}\t${oneWord(event.target.name)}\t${oneWord(event.ip)}\t${word}\t${seconds}\n`;
}

function oneWord(text: string): string {
  const word = text.replace(/[\s\u0000-\u001f\u007f-\u009f]+/gu, '_');
  return word === '' ? '?' : word;
}
