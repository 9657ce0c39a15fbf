import type { DraftKind, TargetName } from '../domain/event';
import { refuseCaller, resolveTarget, type Caller, type IntakePolicy, type InventoryTarget } from '../domain/target';

/** What is reported about, or why nothing may be. */
export type Reported =
  | {
      ok: true;
      type: 'system' | 'profile';
      name: string;
      /**
       * Whether the sender may name this address as the machine's: its own, one on record, or any when it is trusted.
       * Else a single sender could make up as many machines as it likes.
       */
      mayName(address: string): boolean;
    }
  | { ok: false; problem: 'unknown' | 'refused'; reason: string };

/** Looks up whom a report at install time is about, and whether its sender may report that. */
export type FindReported = (
  name: Pick<TargetName, 'type' | 'name'>,
  caller: Caller,
  kind: DraftKind,
) => Promise<Reported>;

/** What looking up takes: the inventory, the policy, and the run a report token may speak for. */
export interface FindReportedDeps {
  findTargets(names: { type: 'system' | 'profile' | null; name: string }[]): Promise<InventoryTarget[]>;
  policy: IntakePolicy;
  isTrusted(peer: string): boolean;
  /** The open, else the latest run of a target; null when it never had one. */
  findRun(target: TargetName): Promise<string | null>;
}

/**
 * The check in front of calls that do more than report: uploads write files, the pre trigger removes them. The write
 * path checks its drafts by the same rules again.
 */
export function createFindReported(deps: FindReportedDeps): FindReported {
  return async (name, caller, kind) => {
    const found = await deps.findTargets([{ type: name.type, name: name.name }]);
    const item = resolveTarget(name, new Map(found.map((target) => [`${target.type}:${target.name}`, target])));
    if (!item)
      return { ok: false, problem: 'unknown', reason: `No ${name.type ?? 'system or profile'} has that name.` };
    const refusal = refuseCaller(caller, { kind }, item, deps.policy, (peer) => deps.isTrusted(peer));
    if (refusal !== null) return { ok: false, problem: 'refused', reason: refusal };
    if (caller.authority === 'run') {
      const address = item.type === 'profile' ? caller.peer : null;
      const run = await deps.findRun({ type: item.type, name: item.name, address });
      if (run !== caller.runId)
        return { ok: false, problem: 'refused', reason: 'The report token is for another run.' };
    }
    const isBelieved =
      deps.policy === 'open' ||
      caller.authority === 'internal' ||
      caller.authority === 'session' ||
      caller.peer === null ||
      deps.isTrusted(caller.peer);
    const mayName = (address: string): boolean =>
      isBelieved || address === caller.peer || item.addresses.includes(address);
    return { ok: true, type: item.type, name: item.name, mayName };
  };
}
