import type { ItemType } from '../../domain/inventory';
import { isDict, type ItemData, type ItemValue } from '../../domain/item-value';
import type { Client } from '../client';
import { ServerFault } from '../client-errors';
import { CliError } from '../cli-error';
import { isWireStruct, WireDouble, type WireValue } from '../wire';
import { withNil } from './former-values';
import { addItem, emptySite, IMPORTED_TYPES, type OldFile, type OldSite } from './old-site';

/** What the old server is asked with. */
export interface OldServer {
  client: Client;
  /** Of the old server; null = nobody logged in. */
  token: string | null;
}

/**
 * Logs in at the old server when a user is given.
 *
 * @throws CliError when it is away, or refuses.
 */
export async function openOldServer(client: Client, user: string | null, password: string): Promise<OldServer> {
  try {
    const token = user === null ? null : await client.call('login', [user, password]);
    if (token === null) await client.call('version', []);
    return { client, token: token === null ? null : String(token) };
  } catch (error) {
    throw explain(error, client.url);
  }
}

/** Everything the old server tells by its API, of Cobbler 2.8 or 3. @throws CliError when it is away. */
export async function readOldServer(server: OldServer, onProgress: (text: string) => void): Promise<OldSite> {
  const site = emptySite(server.client.url);
  try {
    for (const type of IMPORTED_TYPES) {
      await readItems(site, server, type);
      onProgress(`read ${type.plural}`);
    }
    site.settings = await readSettings(server);
  } catch (error) {
    throw explain(error, server.client.url);
  }
  return site;
}

async function readItems(site: OldSite, { client, token }: OldServer, type: ItemType): Promise<void> {
  const method = `get_${type.plural}`;
  const answer = await unlessUnknown(client.call(method, token === null ? [] : [token]));
  if (answer === null) return; // 2.8 has no menus
  if (!Array.isArray(answer)) throw new CliError(`${client.url} answers ${method} with something else than a list.`);
  answer.forEach((each, at) => {
    const value = withNil(toItemValue(each));
    addItem(site, type, value, { origin: method, fallback: `number ${at + 1}` });
  });
  site.complete.add(type.name);
}

async function readSettings({ client, token }: OldServer): Promise<ItemData | null> {
  const answer = await unlessUnknown(client.call('get_settings', token === null ? [] : [token]));
  const value = answer === null ? null : withNil(toItemValue(answer));
  return value !== null && isDict(value) ? value : null;
}

/** Ways to the files of answer files, by generation of the API. */
const FILE_METHODS = [
  { kind: 'template', list: 'get_autoinstall_templates', read: 'read_autoinstall_template' },
  { kind: 'snippet', list: 'get_autoinstall_snippets', read: 'read_autoinstall_snippet' },
  { kind: 'template', list: 'get_kickstart_templates', read: 'read_or_write_kickstart_template' },
  { kind: 'snippet', list: 'get_snippets', read: 'read_or_write_snippet' },
] as const;

/** Folders 2.8 names its files with. */
const FORMER_FOLDER = /^\/var\/lib\/cobbler\/(?:kickstarts|snippets)\//;

/** Templates and snippets, which only a user who logged in may read. Adds them to the site. */
export async function readOldFiles(
  site: OldSite,
  { client, token }: OldServer,
  onProgress: (text: string) => void,
): Promise<void> {
  if (token === null) return;
  for (const { kind, list, read } of FILE_METHODS) {
    const paths = await unlessUnknown(client.call(list, [token]));
    if (!Array.isArray(paths)) continue;
    for (const path of paths) {
      if (typeof path !== 'string') continue;
      const former = read.startsWith('read_or_write');
      const file = { kind, path: path.replace(FORMER_FOLDER, '') };
      const text = await readText(client, read, former ? [path, true, '', token] : [path, token]);
      addFile(site, file, text);
      onProgress(`read ${site.files.length} templates and snippets`);
    }
  }
}

function addFile(site: OldSite, file: Omit<OldFile, 'text'>, read: { text: string } | { why: string }): void {
  if ('text' in read) site.files.push({ ...file, text: read.text });
  else site.remarks.push({ what: 'refused', type: file.kind, name: file.path, field: null, why: read.why });
}

async function readText(
  client: Client,
  method: string,
  params: WireValue[],
): Promise<{ text: string } | { why: string }> {
  try {
    const text = await client.call(method, params);
    return typeof text === 'string' ? { text } : { why: 'the old server answers with something else than text' };
  } catch (error) {
    if (error instanceof ServerFault) return { why: `the old server says: ${error.message}` };
    throw explain(error, client.url);
  }
}

async function unlessUnknown(call: Promise<WireValue>): Promise<WireValue> {
  try {
    return await call;
  } catch (error) {
    if (error instanceof ServerFault && error.isUnknownMethod) return null;
    throw error;
  }
}

/** An answer as items hold it. */
export function toItemValue(value: WireValue): ItemValue {
  if (value instanceof Date) return value.toISOString();
  if (Buffer.isBuffer(value)) return value.toString('utf8');
  if (value instanceof WireDouble) return null;
  if (Array.isArray(value)) return value.map(toItemValue);
  if (!isWireStruct(value)) return value;
  return Object.fromEntries(Object.entries(value).map(([key, entry]) => [key, toItemValue(entry)]));
}

/** What the client says of Kickwatch, said of the old server. */
function explain(error: unknown, url: string): unknown {
  if (!(error instanceof CliError)) return error;
  return new CliError(`The old server, ${url}: ${error.message.replace('is not Kickwatch', 'is no Cobbler')}`, {
    hints: [
      'Its API is at http://HOST/cobbler_api, or at port 25151 of the machine itself.',
      'Users and passwords are given with --old-user and --old-password-file.',
    ],
    cause: error,
  });
}
