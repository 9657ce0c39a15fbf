import type { Phase } from './phase';
import type { Judging, RunKind, RunLimits } from './run';

/** Milliseconds since 1970-01-01T00:00:00Z. The rules hold no Date: numbers compare, subtract and serialise as they are. */
export type Instant = number;

/** Facts a run can consist of, past tense. A new kind does not compile until `applyEvent` handles it. */
export const EVENT_KINDS = [
  'run-planned', // netboot switched on, or register_system asked for it
  'install-started', // an installer said it begins (pre trigger, state started, marker)
  'progress-reported', // phase, percent, packages or bytes; may carry a message
  'heard', // a sign of life without measurable progress: heartbeat, chatter
  'waiting-reported', // the installer asks a human
  'error-reported', // an error that does not end the run
  'install-failed', // an error that ends the run; `inferred` when read in a log instead of reported
  'install-terminated', // ended early without a word; `reason` says which way
  'install-finished', // reported complete
  'run-cancelled', // an administrator said so, or a planned run lost its reason
  'system-booted', // the new system was seen alive: a fact of its own, after the end
  'netboot-disabled', // the machine asked not to be netbooted again: a sign of life, never an end
  'netboot-seen', // the machine fetched what it boots an installer with: a loader, a kernel; `detail.phase` booting
  'run-late', // half the no-progress limit, or the total in phase, has passed
  'run-stalled', // the no-progress limit has passed
  'install-looped', // third start in two hours without a finish
  'clock-extended', // the server was blind: all clocks of the run move on by that window
] as const;
export type EventKind = (typeof EVENT_KINDS)[number];

/** An error as a source saw it. `file` and `line` (1-based) only when it was read in a log; `context` = lines around it. */
export interface ErrorSeen {
  text: string;
  file?: string;
  line?: number;
  context?: string[];
}

/** A line of a log as evidence: `line` counts from 1 and is absent for streams, `text` is cut to 300 characters. */
export interface Witness {
  file?: string;
  line?: number;
  text: string;
}

/** What a fact says. Every field is optional; which ones matter depends on the kind. JSON, stored as it is. */
export interface EventDetail {
  phase?: Phase;
  /** Whole install, 0–100, as the client reported it. */
  percent?: number;
  message?: string;
  packagesDone?: number;
  packagesTotal?: number;
  /** Of the package step: `download` 20–40 %, `install` 40–70 %, `scriptlets` 70–74 %. */
  packageStep?: 'download' | 'install' | 'scriptlets';
  bytesDone?: number;
  bytesTotal?: number;
  /** Where in the whole install, 0–99, a step that counts nothing stands: an estimate of ours, never the client's. */
  estimate?: number;
  /** The client's own estimate, seconds from the event. */
  etaSeconds?: number;
  error?: ErrorSeen;
  /** What the installer asks a human, for waiting-reported. */
  question?: string;
  /** Why: of a terminated run `started over`, `given up`, or words of the reporter. */
  reason?: string;
  /** The end was concluded, not reported: later progress may prove it wrong. */
  inferred?: boolean;
  /**
   * Of an inferred failure: what was read leaves no doubt (an exception report, a panic, a step that failed), so what other
   * logs still say proves nothing; only a finish does.
   */
  stands?: boolean;
  /** Of an inferred failure: how well its words explain it, 0–9. */
  explains?: number;
  /** Which installer's words these are: anaconda, debian-installer, subiquity … */
  installer?: string;
  /** The line that says it. */
  witness?: Witness;
  /** What machines at work leave too, on the servers they use and in their logs: it opens no run and begins none. */
  trail?: boolean;
  /** What of it makes the run suspicious: a reason for its integrity. */
  suspicion?: string;
  /** Lines of a live log that were lost since the last report: the sender was too fast for the limits. */
  linesLost?: number;
  /** A repeated start or a late line: kept as evidence, changes nothing but `lastHeardAt`. */
  evidence?: boolean;
  kind?: RunKind;
  /** Identity of one boot of the installer, when the client knows it. */
  bootId?: string;
  /** Address the message came from or named, for the run's address list. */
  address?: string;
  /** Set on the event that opens a run: the limits and the software it will be judged by, so that refolding needs no settings. */
  opened?: RunOpening;
  /**
   * Set on the event that enters a phase of a run nothing was learned about when it opened: what the runs of its installer
   * teach, by which it is judged from here on.
   */
  judgedBy?: Judging;
  /** clock-extended: the blind window. */
  blindFrom?: Instant;
  blindTo?: Instant;
  /** run-late: which clock. */
  clock?: 'no-progress' | 'total';
  /** netboot-seen: it was a kernel, so it is an installer that boots; a loader is fetched at every boot from the network. */
  kernel?: boolean;
  /** Who did it: a session's user, for run-planned and run-cancelled. */
  by?: string;
}

/** Everything a run is judged by, fixed when it opens. */
export interface RunOpening {
  kind: RunKind;
  system: string | null;
  profile: string | null;
  distro: string | null;
  owners: string[];
  /** Addresses on record; those it reports from are added as they are heard. */
  addresses: string[];
  limits: RunLimits;
  /** Median seconds of the profile's finished runs; null below five of them. */
  expectedSeconds: number | null;
  /** The run this one takes up, when an inferred end proved wrong. */
  continues: string | null;
}

/** What a source may say; the others are made by the write path and the watch loop. */
export const DRAFT_KINDS = [
  'run-planned',
  'install-started',
  'progress-reported',
  'heard',
  'waiting-reported',
  'error-reported',
  'install-failed',
  'install-terminated',
  'install-finished',
  'run-cancelled',
  'system-booted',
  'netboot-disabled',
  'netboot-seen',
] as const satisfies readonly EventKind[];
export type DraftKind = (typeof DRAFT_KINDS)[number];

/**
 * Whom a draft is about. A bare `name` resolves to a system first, then a profile; `type` makes it explicit.
 * `address` tells profile installs apart (one target per profile and peer).
 */
export interface TargetName {
  type: 'system' | 'profile' | null;
  name: string;
  address: string | null;
}

/** A parsed message, not stored yet. */
export interface EventDraft {
  kind: DraftKind;
  target: TargetName;
  /** Name of the source: update-status, trigger, anamon … */
  source: string;
  /** Arrival on our clock; the order of events is the order of arrival. */
  receivedAt: Instant;
  /** What the sender's clock claimed; null when it said nothing. */
  claimedAt: Instant | null;
  /** What the message itself identifies (event id, file and offset); a repeat within the target is dropped. */
  dedupeKey: string | null;
  /** The run the sender names; null = the target's own. */
  runId: string | null;
  detail: EventDetail;
}

/** A stored fact, immutable. `seq` counts the events of one run from 1; (runId, seq) identifies it. */
export interface Event {
  runId: string;
  seq: number;
  kind: EventKind;
  source: string;
  occurredAt: Instant;
  recordedAt: Instant;
  claimedAt: Instant | null;
  detail: EventDetail;
}
