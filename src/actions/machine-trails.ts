import type { EventDetail, EventDraft, Instant } from '../domain/event';
import { BOOT_TRAIL } from '../intake/boot-trail';
import { createLogReader, emptyLogState, type LogReader } from '../intake/log-reader';
import { readSighting, type Sighting } from '../intake/sighting';
import type { Binding, SenderBinder } from './bind-senders';
import { elapsed } from './elapsed';
import { COUNT_EVERY_MS } from './live-streams';

/** Machines remembered; the ones unseen for longest go first. */
const MAX_MACHINES = 20_000;
/** The same thing seen of one machine again so soon is one thing: a boot fetches dozens of files. */
const SAME_MS = 10_000;
/** A kernel fetched so long after the last one is another boot. */
const NEW_BOOT_MS = 60_000;
/** Network boots that wait for their lease: four lines of one second as a rule. */
const MAX_TRANSACTIONS = 5_000;
/** Facts kept of a machine until it is known who it is. */
const MAX_WAITING = 50;

interface Machine {
  ip: string | null;
  mac: string | null;
  reader: LogReader;
  lines: number;
  /** When each thing was seen last. */
  seen: Map<Sighting['what'], Instant>;
  waiting: Pick<EventDraft, 'kind' | 'detail' | 'receivedAt'>[];
  /** When what it fetched was told last: an install of 2,000 packages is not told 2,000 times. */
  countedAt: Instant;
}

/** What DHCP, TFTP and web servers say of the machines they serve. */
export interface MachineTrails {
  /** Reads one line of such a server; lines that say nothing of a machine are nothing. */
  read(line: { tag: string; text: string }): void;
  /** What was seen since the last call, a list per machine that is known. What merely counts waits for more, unless `isLast`. */
  takeDrafts(isLast?: boolean): Promise<EventDraft[][]>;
}

/** Builds the trails; leases that are seen go to the binder. */
export function createMachineTrails(deps: { binder: SenderBinder; now(): Instant }): MachineTrails {
  const machines = new Map<string, Machine>();
  const macOf = new Map<string, string>();
  /** Transactions in which a firmware asked for a network boot: the lease at their end is the firmware's. */
  const firmware = new Set<string>();
  let touched = new Set<Machine>();

  function machineOf({ ip, mac }: Sighting): Machine | null {
    const known = mac ?? (ip === null ? null : (macOf.get(ip) ?? null));
    const key = known ?? ip;
    if (key === null) return null;
    let machine = machines.get(key);
    if (machine) machines.delete(key);
    else
      machine = { ip, mac: known, reader: newReader(), lines: 0, seen: new Map(), waiting: [], countedAt: -Infinity };
    if (ip !== null) machine.ip = ip;
    machines.set(key, machine);
    if (machines.size > MAX_MACHINES) machines.delete(machines.keys().next().value!);
    return machine;
  }

  function remember(xid: string): void {
    firmware.add(xid);
    if (firmware.size > MAX_TRANSACTIONS) firmware.delete(firmware.values().next().value!);
  }

  function noteLease({ ip, mac }: Sighting, at: Instant): void {
    if (ip === null || mac === null) return;
    macOf.delete(ip);
    macOf.set(ip, mac);
    if (macOf.size > MAX_MACHINES) macOf.delete(macOf.keys().next().value!);
    deps.binder.noteLease({ ip, mac, at });
  }

  function note(machine: Machine, sighting: Sighting, at: Instant, line: { tag: string; text: string }): void {
    const since = elapsed(machine.seen.get(sighting.what) ?? -Infinity, at);
    machine.seen.set(sighting.what, at);
    const add = (kind: EventDraft['kind'], detail: EventDetail): void => {
      const last = machine.waiting.at(-1);
      const isCount = kind === 'progress-reported' && last?.kind === kind && last.detail.phase === detail.phase;
      if (isCount) machine.waiting.pop();
      const known = isCount ? last?.detail : {};
      machine.waiting.push({
        ...{ kind, receivedAt: at },
        detail: { ...known, ...detail, ...addressOf(machine), trail: true },
      });
      if (machine.waiting.length > MAX_WAITING) machine.waiting.shift();
    };
    const witness = { file: 'boot trail', text: sighting.text };
    switch (sighting.what) {
      case 'lease':
        if (since >= SAME_MS) add('system-booted', { message: 'asked for an address after its end', witness });
        return;
      case 'pxe':
      case 'loader':
      case 'kernel': {
        if (since < SAME_MS) return;
        const isKernel = sighting.what === 'kernel';
        if (isKernel && since >= NEW_BOOT_MS) machine.reader = newReader();
        add('netboot-seen', { phase: 'booting', witness, ...(isKernel && { kernel: true }) });
        return;
      }
      default:
        machine.lines += 1;
        readAsLog(machine, line, sighting.text);
        for (const { kind, detail } of machine.reader.finish().findings)
          add(kind, { ...detail, installer: BOOT_TRAIL.name });
    }
  }

  return {
    read({ tag, text }) {
      const sighting = readSighting(tag, text);
      if (!sighting) return;
      const at = deps.now();
      if (sighting.what === 'lease') noteLease(sighting, at);
      if (sighting.what === 'pxe' && sighting.xid !== null) remember(sighting.xid);
      const machine = machineOf(sighting);
      if (!machine) return;
      const isFirmware = sighting.what === 'lease' && sighting.xid !== null && firmware.delete(sighting.xid);
      note(machine, isFirmware ? { ...sighting, what: 'pxe' } : sighting, at, { tag, text });
      if (machine.waiting.length > 0) touched.add(machine);
    },

    async takeDrafts(isLast = false) {
      const now = deps.now();
      const isHeld = (machine: Machine): boolean =>
        elapsed(machine.countedAt, now) < COUNT_EVERY_MS &&
        machine.waiting.every(({ kind }) => kind === 'progress-reported');
      const held = isLast ? new Set<Machine>() : new Set([...touched].filter(isHeld));
      const due = [...touched].filter((machine) => !held.has(machine));
      touched = held;
      const found = await deps.binder.bind(
        due.map(({ ip, mac }) => ({ address: ip, mac, host: null, isRelay: false })),
      );
      return due.flatMap((machine, index) => {
        const binding = found[index];
        const { waiting } = machine;
        machine.waiting = [];
        if (waiting.at(-1)?.kind === 'progress-reported') machine.countedAt = now;
        return binding ? [waiting.map((fact) => toDraft(fact, binding))] : [];
      });
    },
  };
}

const newReader = (): LogReader =>
  createLogReader({ installer: BOOT_TRAIL, kind: 'tagged', file: 'boot trail', state: emptyLogState() });

/** `words` are those of the sighting: what was asked for, without the query and passwords a URL may carry. */
function readAsLog(machine: Machine, { tag, text }: { tag: string; text: string }, words: string): void {
  const line = BOOT_TRAIL.tagged(tag, '', text);
  if (line) machine.reader.read(line, words, { offset: machine.lines, line: machine.lines }, []);
}

function addressOf({ ip }: Machine): EventDetail {
  return ip === null ? {} : { address: ip };
}

function toDraft({ kind, detail, receivedAt }: Machine['waiting'][number], { target }: Binding): EventDraft {
  return { kind, target, source: 'boot-trail', receivedAt, claimedAt: null, dedupeKey: null, runId: null, detail };
}
