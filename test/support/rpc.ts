import { writeFile } from 'node:fs/promises';
import nodePath from 'node:path';
import { createClient } from 'xmlrpc';

/** What a server answered instead of a value. */
export class RpcFault extends Error {
  readonly faultCode: number;

  constructor(faultCode: number, faultString: string) {
    super(faultString);
    this.name = 'RpcFault';
    this.faultCode = faultCode;
  }
}

/** Calls one method of a server; answers its value. @throws RpcFault when the server answers a fault. */
export type Rpc = <T = unknown>(method: string, ...params: unknown[]) => Promise<T>;

/** A client of the server at `url` (no path), made with the `xmlrpc` package as any script would. */
export function createRpc(url: string, path = '/RPC2'): Rpc {
  // A connection of its own for every call: a server that is stopped and started again meets no stale one.
  const client = createClient({ url: `${url}${path}`, headers: { Connection: 'close' } });
  return <T>(method: string, ...params: unknown[]) =>
    new Promise<T>((resolve, reject) => {
      client.methodCall(method, params, (error: unknown, value: unknown) => {
        if (!error) return resolve(value as T);
        const { faultCode, faultString } = error as { faultCode?: number; faultString?: string };
        reject(faultString === undefined ? (error as Error) : new RpcFault(faultCode ?? 0, faultString));
      });
    });
}

/** Logs in; answers the session's token. */
export async function login(rpc: Rpc, server: { user: string; password: string }): Promise<string> {
  return rpc<string>('login', server.user, server.password);
}

/** Makes and saves one item the way every Cobbler script does: new_T, modify_T field by field, save_T. */
export async function saveItem(
  rpc: Rpc,
  token: string,
  kind: string,
  fields: Readonly<Record<string, unknown>>,
): Promise<void> {
  const handle = await rpc(`new_${kind}`, token);
  for (const [field, value] of Object.entries(fields)) await rpc(`modify_${kind}`, handle, field, value, token);
  await rpc(`save_${kind}`, handle, token);
}

/** A distro `el9`, whose kernel and initrd are empty files in `folder`. */
export async function saveDistro(rpc: Rpc, token: string, folder: string): Promise<void> {
  const [kernel, initrd] = [nodePath.join(folder, 'vmlinuz'), nodePath.join(folder, 'initrd.img')];
  await writeFile(kernel, '');
  await writeFile(initrd, '');
  const software = { arch: 'x86_64', breed: 'redhat', os_version: 'rhel9', kernel, initrd };
  await saveItem(rpc, token, 'distro', { name: 'el9', ...software });
}
