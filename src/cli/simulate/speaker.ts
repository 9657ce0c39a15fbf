import type { Client } from '../client';
import { isAway } from '../client';
import { ServerAway, ServerFault, toClientError } from '../client-errors';
import { CliError } from '../cli-error';
import type { WireStruct } from '../wire';
import type { Machine } from './fleet';
import type { Saying } from './machine';
import type { Reception } from './runner';

/** Longest wait for the answer to a trigger. */
const TIMEOUT_MS = 30_000;

/**
 * Says things to the server as machines do: status messages and triggers, over XML-RPC and HTTP.
 *
 * @param options.nonce - part of every event id, so that two simulations of the same seed are two stories.
 * @param options.tokens - report tokens by machine; without one a machine speaks anonymously, as installers do.
 */
export function createSpeaker(
  client: Client,
  options: { nonce: string; tokens: ReadonlyMap<string, string> },
): (machine: Machine, say: Saying, key: string) => Promise<Reception> {
  async function speak({ name }: Machine, say: Saying, key: string): Promise<boolean> {
    switch (say.kind) {
      case 'status': {
        const status: WireStruct = { ...(say.status as WireStruct), event_id: `${options.nonce}:${key}` };
        await client.call('update_status', [name, status, options.tokens.get(name) ?? '']);
        return true;
      }
      case 'nopxe':
        return (await getService(client.url, `nopxe/system/${encodeURIComponent(name)}`)) !== 'False';
      case 'trigger':
        if (say.via === 'http') {
          const path = `trig/mode/${say.mode}/system/${encodeURIComponent(name)}`;
          return (await getService(client.url, path)) !== 'False';
        }
        // `?` = no address known: the machines of a simulation have none of their own.
        return (await client.call('run_install_triggers', [say.mode, 'system', name, '?'])) !== false;
    }
  }

  return async (machine, say, key) => {
    try {
      if (await speak(machine, say, key)) return { kind: 'accepted' };
      return { kind: 'refused', reason: `${say.kind} was answered with "False"` };
    } catch (error) {
      if (isAway(error)) return { kind: 'away', reason: error.message };
      if (error instanceof CliError)
        return { kind: 'refused', reason: error.message.replaceAll(machine.name, 'SYSTEM') };
      throw error;
    }
  };
}

/** Calls the HTTP service installers use. @throws ServerAway, CliError. */
async function getService(url: string, path: string): Promise<string> {
  const response = await fetch(`${url}/cblr/svc/op/${path}`, { signal: AbortSignal.timeout(TIMEOUT_MS) }).catch(
    (error: unknown) => {
      // fetch hides the network's word in `cause`.
      throw toClientError((error as { cause?: unknown }).cause ?? error, url, TIMEOUT_MS);
    },
  );
  const text = (await response.text()).trim();
  if (response.ok) return text;
  if (response.status >= 500) throw new ServerAway(`The server at ${url} answers HTTP ${response.status}.`);
  throw new ServerFault(`op/${path.split('/')[0]} is answered with HTTP ${response.status}`);
}
