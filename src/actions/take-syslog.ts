import { AppError } from '../domain/errors';
import type { EventDraft, Instant } from '../domain/event';
import { isOver, type RunState } from '../domain/run';
import type { IntakePolicy } from '../domain/target';
import { isTrailTag } from '../intake/sighting';
import type { StreamLine } from '../intake/stream-reader';
import type { Lease } from '../store/senders';
import type { Binding, SenderBinder } from './bind-senders';
import type { Intake } from './intake';
import type { LiveLogs } from './keep-live-logs';
import { elapsed } from './elapsed';
import {
  beginAnew,
  callerOf,
  chooseDue,
  collect,
  dropRaw,
  join,
  openStream,
  readInto,
  takeDrafts,
  takeRaw,
  weightOf,
  type LiveStream,
} from './live-streams';
import { createMachineTrails } from './machine-trails';

/** Senders remembered; the ones unheard of for longest go first. A reader takes some 3 KB. */
const MAX_STREAMS = 20_000;
/** Characters that all of them may hold: lines no run is known for, findings of nobody known. */
const MAX_HELD_CHARS = 64 * 2 ** 20;
/** A sender unheard of for so long is forgotten: longer than the longest silence of an installer that was measured. */
const FORGET_MS = 6 * 60 * 60_000;
/** A sender counts as just heard for this long, so that the order is not changed for every line. */
const FRESH_MS = 1_000;
/** Who a sender is, is looked up again after this time; of one that nobody knows, after this one. */
const BOUND_MS = 60_000;
const UNBOUND_MS = 5_000;

/** One line of a sender, as the listener took it apart. */
export interface SenderLine extends StreamLine {
  /** The host the line names; null when it names none. */
  host: string | null;
  /** The whole line. */
  raw: string;
}

/** What came from one address. `lost` lines were left out, as they were too many. */
export interface SenderBatch {
  peer: string;
  lines: readonly SenderLine[];
  lost: number;
}

/** A sender as people may see it. */
export interface SenderView {
  peer: string;
  host: string | null;
  /** `system:web1`; null for nobody that is known. */
  target: string | null;
  boundBy: Binding['by'] | null;
  lines: number;
  lost: number;
  heardAt: Instant;
  refused: string | null;
}

/** What taking syslog in takes. */
export interface SyslogIntakeDeps {
  binder: SenderBinder;
  intake: Pick<Intake, 'submit'>;
  policy: IntakePolicy;
  isTrusted(peer: string): boolean;
  /** Keeps the lines with their runs. */
  logs: Pick<LiveLogs, 'keep'>;
  now(): Instant;
  warn(key: string, sentence: string, fields?: Record<string, unknown>): void;
}

/** Live logs: lines in, facts about runs out. */
export interface SyslogIntake {
  /** Reads lines. Quick, and never throws. */
  take(batch: readonly SenderBatch[]): void;
  /**
   * Hands on what the lines since the last call said; resolves when it is stored. Not two at a time.
   *
   * @param isLast - also what could wait a little: counts that merely grow go on once a second.
   */
  flush(isLast?: boolean): Promise<void>;
  /** The senders heard of late, the newest first. */
  senders(): SenderView[];
}

/**
 * Builds the intake of live logs. Lines of one address are one machine's, unless the address is trusted to speak for others
 * (a relay): then the host each line names tells them apart. What DHCP, TFTP and web servers log is about the machines they
 * serve, and believed from trusted addresses only.
 */
export function createSyslogIntake(deps: SyslogIntakeDeps): SyslogIntake {
  const { now } = deps;
  /** By address, of relays by address and host; two hosts of one address may be the same machine and then the same stream. */
  const streams = new Map<string, LiveStream>();
  /** By address and the machine it turned out to be. */
  const machines = new Map<string, LiveStream>();
  let touched = new Set<LiveStream>();
  /** An address that is given away may be another machine's from now on. */
  function noteLease(lease: Lease): void {
    deps.binder.noteLease(lease);
    const stream = streams.get(lease.ip);
    if (stream) stream.boundAt = -Infinity;
  }
  const trails = createMachineTrails({ binder: { ...deps.binder, noteLease }, now });
  const isBelieved = (peer: string): boolean => deps.policy === 'open' || deps.isTrusted(peer);

  function streamOf(peer: string, host: string | null, isRelay: boolean): LiveStream {
    const key = isRelay && host !== null ? `${peer} ${host}` : peer;
    let stream = streams.get(key);
    if (!stream || now() - stream.heardAt >= FRESH_MS) {
      streams.delete(key);
      stream ??= openStream(key, peer, host, now());
      streams.set(key, stream); // and back in as the newest
      if (streams.size > MAX_STREAMS) streams.delete(streams.keys().next().value!);
    }
    stream.host = host ?? stream.host;
    return stream;
  }

  function takeLine(peer: string, line: SenderLine, isRelay: boolean): void {
    if (line.tag !== '' && isTrailTag(line.tag)) {
      if (isBelieved(peer)) trails.read(line);
      else {
        const sentence = 'A DHCP, TFTP or web server is not believed: its address is not in TRUSTED_NETWORKS.';
        deps.warn(`trail ${peer}`, sentence, { peer });
      }
      return;
    }
    const stream = streamOf(peer, meaningful(line.host), isRelay);
    readInto(stream, line, now());
    touched.add(stream);
  }

  /** Finds out who the streams are of that nobody asked about lately. */
  async function bindStreams(due: readonly LiveStream[]): Promise<void> {
    const at = now();
    const asked = due.filter(({ binding, boundAt }) => elapsed(boundAt, at) >= (binding ? BOUND_MS : UNBOUND_MS));
    const found = await deps.binder.bind(
      asked.map(({ peer, host }) => ({ address: peer, mac: null, host, isRelay: deps.isTrusted(peer) })),
    );
    asked.forEach((stream, index) => {
      const binding = found[index] ?? null;
      if (binding && stream.machine && !isSameMachine(stream.machine, binding.target)) beginAnew(stream);
      else if (!stream.binding || !binding) Object.assign(stream, { hasStart: false, runId: null });
      stream.machine = binding?.target ?? stream.machine;
      Object.assign(stream, { binding, boundAt: at });
      if (binding) joinTwin(stream, binding.target);
    });
  }

  /** An installer is `localhost` until it has its name: both are one stream, which goes on. */
  function joinTwin(stream: LiveStream, { type, name, address }: Binding['target']): void {
    const machine = `${stream.peer} ${type}:${name} ${address ?? ''}`;
    const twin = machines.get(machine);
    if (!twin || twin === stream || streams.get(twin.key) !== twin) {
      machines.delete(machine);
      machines.set(machine, stream);
      if (machines.size > MAX_STREAMS) machines.delete(machines.keys().next().value!);
      return;
    }
    join(twin, stream);
    stream.findings = [];
    streams.set(stream.key, twin);
    touched.add(twin);
  }

  /** Whoever floods us with lines of machines nobody knows, or a fleet that logs all day, does not fill the memory. */
  function boundMemory(): void {
    const held = [...new Set(streams.values())];
    let chars = held.reduce((sum, stream) => sum + weightOf(stream), 0);
    for (const stream of held) {
      if (chars <= MAX_HELD_CHARS) return;
      chars -= stream.rawChars;
      dropRaw(stream);
    }
    for (const stream of held.filter(({ binding }) => binding === null)) {
      if (chars <= MAX_HELD_CHARS) return;
      chars -= weightOf(stream);
      streams.delete(stream.key);
      touched.delete(stream);
    }
  }

  async function handOn(stream: LiveStream): Promise<void> {
    const { binding } = stream;
    if (!binding) return;
    const findings = stream.findings;
    const drafts = takeDrafts(stream, binding.target, now());
    if (drafts.length === 0) return;
    try {
      const results = await deps.intake.submit({ caller: callerOf(stream, binding, deps), drafts });
      stream.refused = null;
      const run = results.findLast((result) => result.run !== null)?.run;
      stream.isInstalling = run !== undefined && run !== null && !isOver(run);
      if (run && !stream.hasStart) startFrom(stream, run);
      stream.runId = run && stream.isInstalling ? run.runId : stream.runId;
    } catch (error) {
      keepOrRefuse(stream, findings, error);
    }
  }

  function keepOrRefuse(stream: LiveStream, findings: LiveStream['findings'], error: unknown): void {
    if (error instanceof AppError && error.kind !== 'unavailable' && error.kind !== 'bug') {
      stream.refused = error.message;
      Object.assign(stream, { binding: null, boundAt: now() });
      deps.warn(`refused ${stream.key}`, 'What a live log says was refused.', {
        peer: stream.peer,
        reason: error.message,
      });
      return;
    }
    stream.findings = [...findings, ...stream.findings];
    deps.warn('syslog', 'What live logs say cannot be stored; it is kept and tried again.', { error });
  }

  async function submitTrail(drafts: EventDraft[]): Promise<void> {
    try {
      await deps.intake.submit({ caller: { peer: null, authority: 'internal' }, drafts });
    } catch (error) {
      deps.warn('trail', 'What servers say of a machine could not be stored.', { error });
    }
  }

  return {
    take(batch) {
      for (const { peer, lines, lost } of batch) {
        const isRelay = deps.isTrusted(peer);
        for (const line of lines) takeLine(peer, line, isRelay);
        if (lost === 0) continue;
        const stream = streamOf(peer, null, false);
        stream.lost += lost;
        stream.lostUntold += lost;
        stream.heardAt = now();
        touched.add(stream);
      }
    },

    async flush(isLast = false) {
      const due = [...touched];
      touched = new Set();
      due.forEach(collect);
      for (const [key, { heardAt }] of streams) {
        if (now() - heardAt < FORGET_MS) break;
        streams.delete(key);
      }
      try {
        await bindStreams(due);
        const trail = await trails.takeDrafts(isLast);
        const heard = [...new Set([...due, ...touched])];
        const chosen = isLast ? heard : chooseDue(heard, now());
        await Promise.all([...chosen.map(handOn), ...trail.map(submitTrail)]);
      } catch (error) {
        deps.warn('syslog', 'What live logs say cannot be stored; it is kept and tried again.', { error });
      }
      for (const stream of due) {
        const kept = stream.binding && takeRaw(stream);
        if (kept) deps.logs.keep(kept.runId, kept.lines);
      }
      // Who has something to say and was not understood or could not be stored is asked again, heard or not.
      for (const stream of due) if (stream.findings.length > 0 && streams.has(stream.key)) touched.add(stream);
      if (due.length > 0) boundMemory();
    },

    senders: () =>
      [...new Set([...streams.values()].reverse())].map((stream) => ({
        ...{ peer: stream.peer, host: stream.host, lines: stream.lines, lost: stream.lost },
        ...{ heardAt: stream.heardAt, refused: stream.refused, boundBy: stream.binding?.by ?? null },
        target: stream.binding && `${stream.binding.target.type}:${stream.binding.target.name}`,
      })),
  };
}

function isSameMachine(a: Binding['target'], b: Binding['target']): boolean {
  return a.type === b.type && a.name === b.name && a.address === b.address;
}

/** Names that installers carry before they have one. */
function meaningful(host: string | null): string | null {
  return host === null || /^(?:localhost|\(none\)|ubuntu-server|ubuntu|debian|install|linux|-)(?:\.|$)/i.test(host)
    ? null
    : host;
}

function startFrom(stream: LiveStream, { phase, packagesDone, packagesTotal }: RunState): void {
  stream.hasStart = true;
  stream.reader.startFrom({ phase, packagesDone, packagesTotal });
}
