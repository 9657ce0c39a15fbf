import { AppError } from '../../domain/errors';
import { itemType } from '../../domain/inventory';
import type { Caller } from '../../domain/target';
import { runInstallTriggers, type TriggerCall, type TriggerDeps } from '../../actions/run-install-triggers';
import type { UploadLog } from '../../actions/upload-log';
import { addressValueError, attributeError, cx, Fault, typeError } from '../fault';
import { readHandle } from '../handles';
import { defineMethod, type Call, type Method, type Param } from '../method';
import type { XmlRpcValue } from '../value';

/** What the calls of installers are made of. */
export interface InstallDeps {
  triggers: TriggerDeps;
  uploads: Pick<UploadLog, 'uploadLogData' | 'truncate'>;
  /** Who calls, by the token; a token that is none makes nobody in particular, as installers may not fail of it. */
  identify(token: XmlRpcValue, call: Call): Promise<Caller>;
  isSystem(name: string): Promise<boolean>;
}

/** Cobbler takes a token here and never looks at it. */
const UNCHECKED_TOKEN: Param = { name: 'token', type: 'string', default: null };
const TRIGGER_FAILED = 'Cobbler trigger failed: cobbler.modules.installation';

/** run_install_triggers, upload_log_data and clear_system_logs. */
export function installMethods(deps: InstallDeps): Method[] {
  return [
    defineMethod({
      name: 'run_install_triggers',
      params: [
        { name: 'mode', type: 'string' },
        { name: 'objtype', type: 'string' },
        { name: 'name', type: 'string' },
        { name: 'ip', type: 'string' },
        UNCHECKED_TOKEN,
      ],
      access: 'public',
      concurrent: true,
      returns: 'boolean',
      summary:
        'An installer begins (mode pre), has ended (post), or the new system is up (firstboot). objtype: system or ' +
        'profile; ip: its address, ? when it does not know. False for another mode or objtype.',
      run: (args, call) => callInstallTriggers(deps, args, call),
    }),

    defineMethod({
      name: 'upload_log_data',
      params: [
        { name: 'sys_name', type: 'string' },
        { name: 'file', type: 'string' },
        { name: 'size', type: 'int' },
        { name: 'offset', type: 'int' },
        { name: 'data', type: 'base64' },
        UNCHECKED_TOKEN,
      ],
      access: 'public',
      concurrent: true,
      returns: 'boolean',
      summary:
        'Stores a piece of an installer log of a system or profile at an offset. Offset -1 closes the file: size is ' +
        'then that of all of it. False when it is not taken; send it again then.',
      async run([name, file, size, offset, data, token], call) {
        if (typeof name !== 'string' || typeof file !== 'string') return false;
        if (token !== null && typeof token !== 'string') return false;
        const bytes = readBytes(data ?? null);
        const [length, at] = [readInt(size), readInt(offset)];
        if (bytes === null || length === null || at === null) return false;
        return deps.uploads
          .uploadLogData({
            name,
            // Uploaders of Cobbler 2 send text, and paths whose slashes become plus signs.
            file: typeof data === 'string' ? file.replaceAll('/', '+') : file,
            size: length,
            offset: at,
            data: bytes,
            caller: await identify(deps, token ?? null, call),
            receivedAt: call.receivedAt,
          })
          .catch((error: unknown) => {
            // What only a broken caller can ask for: Python's own words.
            if (error instanceof AppError && error.message.startsWith('[Errno ')) throw osError(error);
            throw error;
          });
      },
    }),

    defineMethod({
      name: 'clear_system_logs',
      params: [
        { name: 'object_id', type: 'string' },
        { name: 'token', type: 'string' },
      ],
      access: 'session',
      resource: 'clear_system_logs',
      touches: ([handle]) => [{ type: 'system', handle }],
      returns: 'boolean',
      summary: 'Empties the uploaded installer logs of a system; the copies kept with its runs stay.',
      async run([handle, token]) {
        const ref = readHandle(handle ?? null, itemType('system'), token ?? null);
        if (ref.kind !== 'saved') return true;
        if (!(await deps.isSystem(ref.name))) throw attributeError("'NoneType' object has no attribute 'name'");
        await deps.uploads.truncate(ref.name);
        return true;
      },
    }),
  ];
}

/**
 * run_install_triggers with positional arguments: mode, objtype, name, ip, token. The HTTP service calls it as well.
 *
 * @throws Fault in Cobbler's words for an unknown name and for an address that is none.
 */
export async function callInstallTriggers(
  deps: Pick<InstallDeps, 'triggers' | 'identify'>,
  [mode, type, name, ip, token]: readonly (XmlRpcValue | undefined)[],
  call: Call,
): Promise<boolean> {
  if (!isMode(mode) || (type !== 'system' && type !== 'profile')) return false;
  if (typeof name !== 'string') {
    if (mode === 'firstboot') return true;
    throw typeError('"name" must be of type str!');
  }
  const caller = await identify(deps, token ?? null, call);
  const address = typeof ip === 'string' ? ip : '';
  const outcome = await runInstallTriggers(deps.triggers, {
    mode,
    type,
    name,
    ip: address,
    caller,
    receivedAt: call.receivedAt,
  });
  switch (outcome) {
    case 'done':
      return true;
    case 'refused':
      return false;
    case 'no-address':
      if (typeof ip !== 'string') throw typeError('Invalid input, addr must be a string');
      throw cx(`${TRIGGER_FAILED}.${mode}_log`);
    case 'unknown-target':
      throw cx(`${TRIGGER_FAILED}.${mode}_log`);
    case 'bad-address':
      throw addressValueError(`Invalid IPv4 address format (${address})`);
  }
}

async function identify(deps: Pick<InstallDeps, 'identify'>, token: XmlRpcValue, call: Call): Promise<Caller> {
  try {
    return await deps.identify(token, call);
  } catch {
    return { peer: call.peer, authority: 'anonymous' };
  }
}

function isMode(mode: XmlRpcValue | undefined): mode is TriggerCall['mode'] {
  return mode === 'pre' || mode === 'post' || mode === 'firstboot';
}

/** An int; booleans are ints to Python. */
function readInt(value: XmlRpcValue | undefined): number | null {
  if (typeof value === 'boolean') return Number(value);
  return typeof value === 'number' && Number.isSafeInteger(value) ? value : null;
}

const BASE64_END = /^[A-Za-z0-9+/]{2}(?:[A-Za-z0-9+/]{2}|[A-Za-z0-9+/]=|==)$/;

/** Bytes, or their base64 text as uploaders of Cobbler 2 send it; null for anything else. */
function readBytes(data: XmlRpcValue): Uint8Array | null {
  if (data instanceof Uint8Array) return data;
  if (typeof data !== 'string') return null;
  const text = data.replace(/\s+/g, '');
  if (text === '') return new Uint8Array();
  // Not as one pattern: one that repeats a group takes memory with every turn.
  const isBase64 =
    text.length % 4 === 0 && !/[^A-Za-z0-9+/]/.test(text.slice(0, -4)) && BASE64_END.test(text.slice(-4));
  return isBase64 ? Buffer.from(text, 'base64') : null;
}

function osError(error: AppError): Fault {
  return new Fault('OSError', error.message, { cause: error });
}
