import type { EventDraft, TargetName } from './event';

/** A system or profile as far as the rules need it. Addresses are IPv4 and IPv6 texts on record; owners are resolved. */
export interface InventoryTarget {
  type: 'system' | 'profile';
  name: string;
  /** Of a system: its profile, null for image systems. Of a profile: itself. */
  profile: string | null;
  distro: string | null;
  owners: string[];
  addresses: string[];
  macs: string[];
  netbootEnabled: boolean;
}

/**
 * The type and bare name a caller means: `profile:NAME` and `system:NAME` are explicit, everything else is left to
 * resolve to a system first, then a profile.
 */
export function parseTargetName(text: string, address: string | null = null): TargetName {
  const match = /^(system|profile):(.*)$/s.exec(text);
  if (!match) return { type: null, name: text, address };
  return { type: match[1] as 'system' | 'profile', name: match[2]!, address };
}

/** The item a name means among those found; undefined when none has it. A system wins over a profile. */
export function resolveTarget(
  name: Pick<TargetName, 'type' | 'name'>,
  found: ReadonlyMap<string, InventoryTarget>,
): InventoryTarget | undefined {
  const system = name.type === 'profile' ? undefined : found.get(`system:${name.name}`);
  return system ?? (name.type === 'system' ? undefined : found.get(`profile:${name.name}`));
}

/** Who sends a draft, and what that entitles to. */
export interface Caller {
  /** Address without port; null when the server itself speaks. */
  peer: string | null;
  /** `internal`: the server; `session`: a live session token; `run`: a run's report token; else anybody. */
  authority: 'internal' | 'session' | 'run' | 'anonymous';
  /** With authority `session`: whose. */
  user?: string;
  /** With authority `run`: the run the token was made for. */
  runId?: string;
  /** With authority `run`: the token is too old for anything but the end of its run. */
  expired?: boolean;
}

export const INTAKE_POLICIES = ['known', 'open', 'token'] as const;
export type IntakePolicy = (typeof INTAKE_POLICIES)[number];

const END_KINDS = new Set<string>(['install-failed', 'install-terminated', 'install-finished']);

/**
 * Why the caller may not report this draft; null when it may. `known` asks that the peer is one of the addresses on
 * record, where there are any, or trusted; `token` asks for a token; `open` asks nothing.
 */
export function refuseCaller(
  caller: Caller,
  draft: Pick<EventDraft, 'kind'>,
  target: InventoryTarget,
  policy: IntakePolicy,
  isTrusted: (peer: string) => boolean,
): string | null {
  if (draft.kind === 'run-cancelled' && caller.authority !== 'internal' && caller.authority !== 'session') {
    return 'Only an administrator can cancel a run: log in and pass the session token.';
  }
  switch (caller.authority) {
    case 'internal':
    case 'session':
      return null;
    case 'run':
      if (!caller.expired || END_KINDS.has(draft.kind)) return null;
      return 'The report token has expired; it may still report the end of its run.';
    case 'anonymous':
      break;
  }
  if (policy === 'open') return null;
  if (policy === 'token') return `A report about ${target.name} needs a token.`;
  if (target.addresses.length === 0) return null;
  if (caller.peer !== null && (target.addresses.includes(caller.peer) || isTrusted(caller.peer))) return null;
  return `${caller.peer ?? 'The caller'} is none of the addresses on record for ${target.name}.`;
}
