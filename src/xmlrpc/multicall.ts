import { makeFragment } from './codec';
import type { Dispatcher, ReadyCall, SessionChecker } from './dispatch';
import { FAULT_CODE, cx, typeError, type Fault } from './fault';
import type { Call, Session } from './method';
import { isStruct, struct, type Fragment, type XmlRpcValue } from './value';

/** What `system.multicall` is made of. */
export interface MulticallDeps {
  dispatch: Dispatcher;
  sessions: SessionChecker;
  maxEntries: number;
  /** Length of all answers together from which on no further entry is run. */
  maxAnswer: number;
  /** The fault of an error; logs it when it is the server's own. `method` is the name as far as it is known. */
  report(error: unknown, method: string): Fault;
}

/** `answer` is serialised already: a value that cannot be sent is the fault of its entry, not of the whole call. */
type Outcome = { answer: Fragment } | { fault: Fault };

/**
 * Runs the entries of one `system.multicall`: each answers an array of its one value, or the struct of its fault.
 *
 * Entries take effect in their order. Neighbours whose methods are `concurrent` are started in that order and then run
 * side by side, so that what they write can share transactions; any other entry waits for those before it and is
 * waited for.
 *
 * @throws Fault when `entries` is no array or too long.
 * @see https://mirrors.talideon.com/articles/multicall.html
 */
export async function runMulticall(deps: MulticallDeps, entries: XmlRpcValue, call: Call): Promise<XmlRpcValue[]> {
  if (!Array.isArray(entries)) throw typeError('system.multicall takes an array of structs');
  if (entries.length > deps.maxEntries) throw cx(`system.multicall takes at most ${deps.maxEntries} entries`);
  const ready = entries.map((entry) => prepare(deps, entry));
  const room = { left: deps.maxAnswer };
  const outcomes: Promise<Outcome>[] = [];
  for (let at = 0; at < ready.length;) {
    let end = at + 1;
    if (isConcurrent(ready[at])) while (end < ready.length && isConcurrent(ready[end])) end++;
    const batch = await startBatch(deps, ready.slice(at, end), call, room);
    outcomes.push(...batch);
    await Promise.all(batch);
    at = end;
  }
  return (await Promise.all(outcomes)).map((outcome) =>
    'fault' in outcome ? faultStruct(outcome.fault) : outcome.answer,
  );
}

type Prepared = ReadyCall | { fault: Fault };

function isConcurrent(entry: Prepared | undefined): boolean {
  return entry !== undefined && ('fault' in entry || entry.method.concurrent === true);
}

function prepare(deps: MulticallDeps, entry: XmlRpcValue): Prepared {
  let name = '';
  try {
    if (!isStruct(entry)) throw typeError('an entry of system.multicall must be a struct');
    const { methodName, params = [] } = entry;
    if (typeof methodName !== 'string') throw typeError('methodName must be a string');
    if (!Array.isArray(params)) throw typeError('params must be an array');
    name = methodName;
    if (name === 'system.multicall') throw cx('system.multicall inside system.multicall is refused');
    return deps.dispatch(name, params);
  } catch (error) {
    return { fault: deps.report(error, name) };
  }
}

/** What the answers of one multicall may still take. */
interface Room {
  left: number;
}

/** Checks the tokens first, each one once, so that the methods then start in order without waiting in between. */
async function startBatch(
  deps: MulticallDeps,
  entries: Prepared[],
  call: Call,
  room: Room,
): Promise<Promise<Outcome>[]> {
  const checked = new Map<XmlRpcValue, Session | { fault: Fault }>();
  for (const entry of entries) {
    if ('fault' in entry || entry.token === undefined || checked.has(entry.token)) continue;
    try {
      checked.set(entry.token, await deps.sessions.check(entry.token));
    } catch (error) {
      checked.set(entry.token, { fault: deps.report(error, entry.method.name) });
    }
  }
  return entries.map((entry) => {
    if ('fault' in entry) return Promise.resolve(entry);
    const session = entry.token === undefined ? null : (checked.get(entry.token) ?? null);
    return session !== null && 'fault' in session ? Promise.resolve(session) : run(deps, entry, call, session, room);
  });
}

async function run(
  deps: MulticallDeps,
  { method, args }: ReadyCall,
  call: Call,
  session: Session | null,
  room: Room,
): Promise<Outcome> {
  try {
    // Not run rather than run and not answered: the caller may ask again.
    if (room.left <= 0) throw cx('the answer of this system.multicall is too large; ask for less at once');
    const answer = makeFragment([await method.run(args, call, session)]);
    room.left -= answer.xml.length;
    return { answer };
  } catch (error) {
    return { fault: deps.report(error, method.name) };
  }
}

function faultStruct(fault: Fault): XmlRpcValue {
  return struct({ faultCode: FAULT_CODE, faultString: fault.faultString });
}
