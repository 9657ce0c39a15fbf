import { isIP } from 'node:net';
import { AppError } from '../domain/errors';
import type { Instant, TargetName } from '../domain/event';
import type { Caller } from '../domain/target';
import type { TriggerMode } from '../intake/cobbler-trigger';
import type { Message } from '../intake/source';
import type { FindReported } from './find-reported';

/** One call of an installer, its words checked. */
export interface TriggerCall {
  mode: 'pre' | 'post' | 'firstboot';
  type: 'system' | 'profile';
  name: string;
  /** The address the installer has, as it was named; `?` = unknown. */
  ip: string;
  caller: Caller;
  receivedAt: Instant;
}

/**
 * What came of a call. `refused`: the sender may not report that, which is complained of here and not there, since the
 * other side is an installer.
 */
export type TriggerOutcome = 'done' | 'refused' | 'unknown-target' | 'no-address' | 'bad-address';

/** What triggers are made of. */
export interface TriggerDeps {
  findReported: FindReported;
  /** Stores what a message says; resolves when that is committed. */
  record(message: Message, caller: Caller): Promise<unknown>;
  /** Removes the latest uploaded logs of the name; copies of runs stay. */
  clearUploads(name: string, peer: string | null): Promise<void>;
  /** Complains, at most once a minute about one thing; see `createThrottle`. */
  warn(key: string, sentence: string, fields: Record<string, unknown>): void;
  /** Runs the scripts of administrators later: no installer waits for them, or fails of them. Never throws. */
  runScripts?: ((mode: TriggerCall['mode'], args: readonly string[]) => void) | undefined;
}

/**
 * An installer says that it begins (pre), has ended (post), or that the new system is up (firstboot). Resolves when that
 * is committed. A new install begins with its old uploads gone.
 *
 * @throws AppError DATABASE_AWAY or OVERLOADED when it is to be tried again.
 */
export async function runInstallTriggers(deps: TriggerDeps, call: TriggerCall): Promise<TriggerOutcome> {
  const { mode, type, name, ip, caller } = call;
  const kind = mode === 'post' ? 'install-finished' : mode === 'pre' ? 'install-started' : 'system-booted';
  const found = await deps.findReported({ type, name }, caller, kind);
  if (!found.ok) {
    const fields = { mode, type, name, peer: caller.peer, reason: found.reason };
    deps.warn(`trigger ${type} ${name}`, 'An install trigger was ignored.', fields);
    // Cobbler's firstboot triggers ask nothing of the name: the installed system must not hear of it either.
    if (mode === 'firstboot') return 'done';
    return found.problem === 'refused' ? 'refused' : 'unknown-target';
  }
  if (mode !== 'firstboot') {
    if (ip === '') return 'no-address';
    if (ip !== '?' && isIP(ip) === 0) return 'bad-address';
  }
  const address = isIP(ip) === 0 ? null : found.mayName(ip) ? ip : caller.peer;
  // What the last install left unread belongs to its run: it is read before the new one opens.
  if (mode === 'pre') await clearQuietly(deps, name, address ?? caller.peer);
  if (!(await recordTrigger(deps, { ...call, ip: address ?? '?' }))) return 'refused';
  deps.runScripts?.(mode, [type, name, address ?? '?']);
  return 'done';
}

/**
 * The machine asked not to be netbooted again: kept as evidence of its run. Never fails, since netboot is off already.
 */
export async function noteNetbootDisabled(
  deps: Pick<TriggerDeps, 'record' | 'warn'>,
  call: { type: 'system' | 'profile'; name: string; caller: Caller; receivedAt: Instant },
): Promise<void> {
  try {
    await recordTrigger(deps, { ...call, mode: 'nopxe', ip: call.caller.peer ?? '?' });
  } catch (error) {
    const fields = { name: call.name, error: error instanceof Error ? error.message : String(error) };
    deps.warn(`nopxe ${call.name}`, 'That a machine asked for netboot to be off could not be noted.', fields);
  }
}

type Recorded = Omit<TriggerCall, 'mode'> & { mode: TriggerMode };

/** False when the write path refused it. */
async function recordTrigger(deps: Pick<TriggerDeps, 'record' | 'warn'>, call: Recorded): Promise<boolean> {
  const { mode, type, name, ip, caller, receivedAt } = call;
  const address = type === 'profile' ? (ip === '?' ? caller.peer : ip) : null;
  const target: TargetName = { type, name, address };
  const message: Message = {
    transport: 'trigger',
    receivedAt,
    peer: caller.peer,
    target,
    hints: { mode, ip },
    text: '',
  };
  try {
    await deps.record(message, caller);
    return true;
  } catch (error) {
    if (!(error instanceof AppError) || error.kind === 'unavailable' || error.kind === 'bug') throw error;
    deps.warn(`trigger ${type} ${name}`, 'An install trigger was ignored.', {
      mode,
      type,
      name,
      reason: error.message,
    });
    return false;
  }
}

async function clearQuietly(deps: TriggerDeps, name: string, peer: string | null): Promise<void> {
  try {
    await deps.clearUploads(name, peer);
  } catch (error) {
    const fields = { name, error: error instanceof Error ? error.message : String(error) };
    deps.warn(`clear ${name}`, 'The uploaded logs of the last install could not be removed.', fields);
  }
}
